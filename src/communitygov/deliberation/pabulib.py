"""Votes on a budget in the format of pabulib.org: ``.pb`` files, read and written.

The format is three tables in one text, parted by semicolons: META, PROJECTS and VOTES.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import cmp_using, field, frozen

from communitygov.deliberation.pabulib_sections import (
    MONEY,
    NEEDED,
    SECTIONS,
    VOTE_TYPES,
    Section,
    bad_pb,
    located,
    meta_faults,
    no_money,
    sections_of,
)
from communitygov.vocabulary.cells import Cells, typed
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.files import reason_of
from communitygov.vocabulary.frames import Table
from communitygov.vocabulary.numbers import decimal_text, exact
from communitygov.vocabulary.problem import Place, Problem, did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["VOTE_TYPES", "PbElection", "parse_pb", "pb_text", "projects_of", "read_pb", "write_pb"]

_POINTED = ("cumulative", "scoring")
_COUNTS = (("PROJECTS", "num_projects"), ("VOTES", "num_votes"))
_POINTS = re.compile(r"[0-9]{1,15}", re.ASCII)
_SHOWN = 20


def _same(one: Any, other: Any) -> bool:
    return bool(one.equals(other))


@frozen
class PbElection:
    """A vote on a budget, as a ``.pb`` file holds it.

    Args:
        meta: What the file says of the vote, as text, in the file's order: ``budget``, ``vote_type``, ``rule`` ...
        projects: One row per project: ``project`` (text), ``cost`` (Int64, in units of the last place), and the file's
            other columns as text, such as ``votes``, ``category`` and ``selected``.
        ballots: One row per voter and project named, in the file's order: ``voter``, ``project`` (null on a blank
            ballot), ``place`` (Int64, from 1, where on the ballot it stands), ``points`` (Int64, null where ballots
            have none).
        voters: One row per voter: ``voter``, and the file's other columns as text, such as ``age``.
        decimals: Places of the money: as few as the costs and the budget need.
    """

    meta: Mapping[str, str]
    projects: pl.DataFrame = field(eq=cmp_using(eq=_same))
    ballots: pl.DataFrame = field(eq=cmp_using(eq=_same))
    voters: pl.DataFrame = field(eq=cmp_using(eq=_same))
    decimals: int

    @property
    def budget(self) -> Fraction:
        """The money, in the currency's unit."""
        return exact(self.meta["budget"])

    @property
    def selected(self) -> tuple[str, ...]:
        """The official winners: the projects with ``selected`` 1; none if the file does not say."""
        if "selected" not in self.projects.columns:
            return ()
        rows = zip(self.projects["project"], self.projects["selected"], strict=True)
        return tuple(project for project, selected in rows if selected == "1")

    def ballots_by_place(self, most: int) -> pl.DataFrame:
        """Return the ballots with points by their places: ``most`` for the first, one less for each after it.

        The format does not say what a place is worth; who counts so says it.

        Args:
            most: The points of the first place; as many places have points.
        """
        import polars as pl

        points = (most + 1 - pl.col("place")).clip(lower_bound=0)
        return self.ballots.with_columns(pl.when(pl.col("project").is_not_null()).then(points).alias("points"))


def read_pb(file: str | Path) -> PbElection:
    r"""Read a ``.pb`` file.

    Args:
        file: The file, in UTF-8.

    Returns:
        What it holds.

    Raises:
        UsageError: If the file cannot be read.
        DataError: If it is no whole ``.pb`` file; all faults with file and line, of one kind the first 20.

    Source:
        pabulib.org: Data format for participatory budgeting instances.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "toy.pb"
        >>> _ = file.write_text(
        ...     "META\nkey;value\nnum_projects;1\nnum_votes;1\nbudget;10\nvote_type;approval\n"
        ...     "PROJECTS\nproject_id;cost;selected\nlamp;8;1\nVOTES\nvoter_id;vote\nann;lamp\n"
        ... )
        >>> read_pb(file).selected
        ('lamp',)
    """
    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise _no_access(file, error) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        said = Title(zh="不是 UTF-8", en="not UTF-8")
        raise DataError(Problem("not-utf8", said, Place(str(file), data[: error.start].count(b"\n") + 1))) from None
    return parse_pb(text, name=str(file))


def _no_access(file: str | Path, error: OSError) -> UsageError:
    return UsageError(Problem("unreadable-file", reason_of(error), Place(str(file))))


def parse_pb(text: str, *, name: str = "<text>") -> PbElection:
    r"""Read the text of a ``.pb`` file.

    Args:
        text: The text.
        name: What to call it in messages.

    Returns:
        What it holds.

    Raises:
        DataError: As ``read_pb``.

    Example:
        >>> parse_pb("META\nkey;value\nbudget;10\n", name="cut.pb")
        Traceback (most recent call last):
        communitygov.vocabulary.errors.DataError: cut.pb: bad-pb: there is no section PROJECTS
        cut.pb: bad-pb: there is no section VOTES
        cut.pb:1: bad-pb: META has no `num_projects`
        cut.pb:1: bad-pb: META has no `num_votes`
        cut.pb:1: bad-pb: META has no `vote_type`
    """
    problems: list[Problem] = []
    sections = sections_of(text, name, problems)
    for title in SECTIONS:
        if title not in sections:
            problems.append(bad_pb(name, 0, f"没有 {title} 部分", f"there is no section {title}"))
    meta_part = sections.get("META")
    meta = dict(row[:2] for row in meta_part.rows) if meta_part else {}
    problems += meta_faults(name, meta_part, meta)
    for title, key in _COUNTS:
        part, said = sections.get(title), meta.get(key)
        if part is not None and said is not None and said.strip() != str(len(part.rows)):
            problems.append(
                located(
                    "pb-cut-off",
                    f"{key} 为 {said}，而 {title} 有 {len(part.rows)} 行；文件可能被截断",
                    f"{key} is {said}, but {title} has {len(part.rows)} rows; the file may be cut off",
                    Place(name, part.line),
                )
            )
    if problems:
        raise DataError(problems)
    projects, decimals = _projects(name, sections["PROJECTS"], meta["budget"], problems)
    ballots, voters = _votes(name, sections["VOTES"], meta, sections["PROJECTS"], problems)
    if problems:
        raise DataError(problems)
    return PbElection(meta, projects, ballots, voters, decimals)


def _projects(name: str, part: Section, budget: str, problems: list[Problem]) -> tuple[pl.DataFrame, int]:
    """Return the projects, costs in units, and how many places money has."""
    import polars as pl

    ids, costs = [text.strip() for text in part.column("project_id")], []
    problems += _repeated(name, "project_id", ids, part.lines)
    for text, line in zip(part.column("cost"), part.lines, strict=True):
        if MONEY.fullmatch(text.strip()):
            costs.append(exact(text))
        else:
            problems.append(no_money(name, line, text))
    decimals = max(_places(money) for money in (exact(budget), *costs))
    if problems:
        return pl.DataFrame(), decimals
    columns = {"project": ids, "cost": [int(cost * 10**decimals) for cost in costs]}
    columns |= {head: part.column(head) for head in part.heads if head not in NEEDED["PROJECTS"]}
    kinds = {head: pl.Int64 if head == "cost" else pl.String for head in columns}
    return pl.DataFrame(columns, schema=kinds), decimals


def _places(money: Fraction) -> int:
    """Return how many decimals an amount needs; those of the format have four at most."""
    return next(places for places in range(5) if (money * 10**places).denominator == 1)


def _repeated(name: str, head: str, ids: Sequence[str], lines: Sequence[int]) -> list[Problem]:
    first: dict[str, int] = {}
    found = []
    for one, line in zip(ids, lines, strict=True):
        if not one:
            found.append(bad_pb(name, line, f"`{head}` 为空", f"`{head}` is empty"))
        elif first.setdefault(one, line) != line:
            zh, en = f"`{one}` 已在第 {first[one]} 行", f"`{one}` stands in line {first[one]} already"
            found.append(located("duplicate-row", zh, en, Place(name, line)))
    return found[:_SHOWN]


def _votes(
    name: str, part: Section, meta: Mapping[str, str], projects: Section, problems: list[Problem]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the ballots, one row per project named, and the voters."""
    import polars as pl

    kind = meta["vote_type"]
    pointed = kind in _POINTED
    if pointed and "points" not in part.heads:
        zh, en = f"`{kind}` 的选票须有列 `points`", f"ballots of `{kind}` need the column `points`"
        problems.append(bad_pb(name, part.line, zh, en))
        return pl.DataFrame(), pl.DataFrame()
    voters = [text.strip() for text in part.column("voter_id")]
    problems += _repeated(name, "voter_id", voters, part.lines)
    listed = pl.col("vote").str.split(",").alias("project")
    points = pl.col("points").str.split(",") if pointed else pl.lit(None, pl.List(pl.String)).alias("points")
    read: dict[str, Any] = {"voter": voters, "line": part.lines, "vote": part.column("vote")}
    if pointed:
        read["points"] = part.column("points")
    rows = pl.DataFrame(read, schema={head: pl.Int64 if head == "line" else pl.String for head in read})
    rows = rows.with_columns(listed, points)
    if pointed:
        uneven = rows.filter(pl.col("project").list.len() != pl.col("points").list.len())
        for line in uneven["line"][:_SHOWN]:
            problems.append(bad_pb(name, line, "项目数与分值数不同", "there are not as many points as projects"))
        if len(uneven):
            return pl.DataFrame(), pl.DataFrame()
    place = pl.int_ranges(1, pl.col("project").list.len() + 1, dtype=pl.Int64).alias("place")
    exploded = ["project", "place", "points"] if pointed else ["project", "place"]
    rows = rows.with_columns(place).drop("vote").explode(exploded)
    rows = rows.with_columns(
        pl.col("project").str.strip_chars(),
        pl.col("points").str.strip_chars() if pointed else pl.lit(None, pl.String).alias("points"),
    )
    blank = (pl.col("project") == "") & (pl.len().over("line") == 1)
    rows = rows.with_columns(pl.when(~blank).then(pl.col(head)).alias(head) for head in ("project", "place", "points"))
    problems += _ballot_faults(name, rows, kind, [text.strip() for text in projects.column("project_id")])
    problems += _length_faults(name, rows, meta)
    if not problems:
        problems += _sum_faults(name, rows, projects, pointed=pointed)
    if problems:
        return pl.DataFrame(), pl.DataFrame()
    others = [head for head in part.heads if head not in ("voter_id", "vote") and not (pointed and head == "points")]
    register = {"voter": voters, **{head: part.column(head) for head in others}}
    ballots = rows.select("voter", "project", "place", pl.col("points").cast(pl.Int64))
    return ballots, pl.DataFrame(register, schema=dict.fromkeys(register, pl.String))


def projects_of(election: PbElection, table: Table, name: str = "<text>") -> pl.DataFrame:
    """Return the projects of a vote with the columns that a rule reads, of their kinds.

    Args:
        election: The vote.
        table: The columns, such as ``rule.projects_table``; costs become units of the last place of its money.
        name: The file, for messages.

    Raises:
        DataError: If a column is missing, or a cell is not of its kind.
    """
    import polars as pl

    money = 10**election.decimals
    costs = [decimal_text(Fraction(cost, money)) for cost in election.projects["cost"]]
    texts = election.projects.with_columns(pl.Series("cost", costs, pl.String))
    return typed(Cells(name, texts, [0] * texts.height), table)


def _ballot_faults(name: str, rows: pl.DataFrame, kind: str, projects: Sequence[str]) -> Iterator[Problem]:
    import polars as pl

    known = set(projects)
    named = rows.filter(pl.col("project").is_not_null())
    for line, project in named.filter(~pl.col("project").is_in(projects)).select("line", "project").head(_SHOWN).rows():
        hint = did_you_mean(project, known)
        zh, en = f"没有项目 `{project}`{hint.zh}", f"there is no project `{project}`{hint.en}"
        yield located("unknown-project", zh, en, Place(name, line))
    twice = named.filter(pl.struct("line", "project").is_duplicated()).unique(["line", "project"], maintain_order=True)
    for line, project in twice.select("line", "project").head(_SHOWN).rows():
        zh, en = f"同一选票两次写了 `{project}`", f"the ballot names `{project}` twice"
        yield located("duplicate-row", zh, en, Place(name, line))
    if kind == "choose-1":
        for line in named.filter(pl.col("place") == 2)["line"][:_SHOWN]:
            yield bad_pb(name, line, "`choose-1` 的选票只能写一个项目", "a ballot of `choose-1` names one project")
    if kind in _POINTED:
        wrong = named.filter(~pl.col("points").str.contains(f"^{_POINTS.pattern}$"))
        for line, points in wrong.select("line", "points").head(_SHOWN).rows():
            zh, en = f"`{points}` 不是分值", f"`{points}` is no number of points"
            yield located("bad-number", zh, en, Place(name, line))


def _length_faults(name: str, rows: pl.DataFrame, meta: Mapping[str, str]) -> Iterator[Problem]:
    """Yield the ballots that name fewer or more projects than META allows; a blank one names none, and is no fault."""
    import polars as pl

    named = rows.filter(pl.col("project").is_not_null()).group_by("line", maintain_order=True).len("count")
    for key, wrong in (("min_length", pl.col("count").lt), ("max_length", pl.col("count").gt)):
        if key in meta:
            for line, count in named.filter(wrong(int(meta[key]))).head(_SHOWN).rows():
                zh, en = f"选票写了 {count} 个项目，{key} 为 {meta[key]}", f"{count} projects; {key} is {meta[key]}"
                yield bad_pb(name, line, zh, en)


def _sum_faults(name: str, rows: pl.DataFrame, projects: Section, *, pointed: bool) -> Iterator[Problem]:
    """Yield the projects whose votes or points, as the file says them, are not those of its ballots."""
    import polars as pl

    sums = rows.group_by("project").agg(pl.len().alias("votes"), pl.col("points").cast(pl.Int64).sum().alias("score"))
    found = {row["project"]: row for row in sums.rows(named=True)}
    words = {"votes": ("票", "votes"), "score": ("分", "points")}
    for head in ("votes", "score") if pointed else ("votes",):
        said = projects.column(head) if head in projects.heads else []
        for project, text, line in zip(projects.column("project_id"), said, projects.lines, strict=bool(said)):
            counted = found.get(project.strip(), {}).get(head, 0)
            if text.strip() and text.strip() != str(counted):
                zh = f"`{project.strip()}` 的 `{head}` 为 {text}，选票中却有 {counted} {words[head][0]}；文件可能被截断"
                en = f"`{head}` is {text}, but the ballots give {counted} {words[head][1]}; the file may be cut off"
                yield located("pb-cut-off", zh, en, Place(name, line))


def pb_text(election: PbElection) -> str:
    """Return an election as the text of a ``.pb`` file.

    What was read comes out again, except for spaces around ids, quotes that were not needed and zeros that end a cost.

    Args:
        election: The election.

    Raises:
        DataError: If an id is empty, has a comma or a line break in it or spaces around it, which a ballot could not
            tell apart.
    """
    import polars as pl

    named = [("project", one) for one in election.projects["project"]] + [
        ("voter", one) for one in election.voters["voter"]
    ]
    refused = [one for kind, one in named if not _can_be_named(one, commas=kind == "voter")]
    if refused:
        shown = ", ".join(f"`{one}`" for one in refused[:_SHOWN])
        zh, en = f"标识 {shown} 不能写入 .pb", f"the ids {shown} cannot be written in a .pb file"
        raise DataError(Problem("bad-pb", Title(zh=zh, en=en)))
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    writer.writerows([["META"], NEEDED["META"], *election.meta.items(), ["PROJECTS"]])
    money = 10**election.decimals
    projects = election.projects.with_columns(
        pl.Series("cost", [decimal_text(Fraction(cost, money)) for cost in election.projects["cost"]], pl.String)
    )
    writer.writerows([["project_id" if head == "project" else head for head in projects.columns], *projects.rows()])
    pointed = election.meta["vote_type"] in _POINTED
    joined = [pl.col("project").str.join(",").alias("vote")]
    if pointed:
        joined.append(pl.col("points").cast(pl.String).str.join(",").alias("points"))
    voters = election.voters.join(
        election.ballots.group_by("voter", maintain_order=True).agg(joined),
        on="voter",
        how="left",
        maintain_order="left",
    )
    heads = ["voter", "vote", *(["points"] if pointed else []), *election.voters.columns[1:]]
    writer.writerows([["VOTES"], ["voter_id", *heads[1:]], *voters.select(heads).rows()])
    return out.getvalue()


def _can_be_named(one: str, *, commas: bool) -> bool:
    return bool(one) and one == one.strip() and "\n" not in one and "\r" not in one and (commas or "," not in one)


def write_pb(election: PbElection, file: str | Path) -> Path:
    """Write an election to a ``.pb`` file.

    Args:
        election: The election.
        file: The file; one that is there is written over.

    Returns:
        The file.

    Raises:
        UsageError: If it cannot be written.
        DataError: As ``pb_text``.
    """
    path = Path(file)
    try:
        path.write_text(pb_text(election), encoding="utf-8", newline="")
    except OSError as error:
        raise _no_access(file, error) from None
    return path
