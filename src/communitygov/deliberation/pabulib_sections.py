"""The sections of a ``.pb`` text, and what can be wrong with them before anything is read from their cells."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping

from attrs import frozen

from communitygov.vocabulary.problem import Place, Problem, did_you_mean
from communitygov.vocabulary.text import Title

__all__ = [
    "MONEY", "NEEDED", "SECTIONS", "VOTE_TYPES", "Section", "bad_pb", "located", "meta_faults", "no_money",
    "sections_of",
]  # fmt: skip

VOTE_TYPES = ("approval", "cumulative", "scoring", "ordinal", "choose-1")
"""The kinds of ballots that the format knows."""

SECTIONS = ("META", "PROJECTS", "VOTES")
NEEDED = {
    "META": ("key", "value"),
    "PROJECTS": ("project_id", "cost"),
    "VOTES": ("voter_id", "vote"),
}
"""The columns that each section must have."""
MONEY = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,4})?", re.ASCII)
_LENGTH = re.compile(r"[0-9]{1,9}", re.ASCII)


@frozen
class Section:
    """One table of the text: the names of its columns, and its rows with their lines."""

    line: int
    heads: list[str]
    rows: list[list[str]]
    lines: list[int]

    def column(self, name: str) -> list[str]:
        """Return a column's cells.

        Args:
            name: Its name.
        """
        place = self.heads.index(name)
        return [row[place] for row in self.rows]


def located(code: str, zh: str, en: str, place: Place) -> Problem:
    """Return a problem with its place.

    Args:
        code: Its stable name.
        zh: The message in Chinese.
        en: The message in English.
        place: Where.
    """
    return Problem(code, Title(zh=zh, en=en), place)


def bad_pb(name: str, line: int, zh: str, en: str) -> Problem:
    """Return a fault of the format.

    Args:
        name: The file.
        line: The line.
        zh: The message in Chinese.
        en: The message in English.
    """
    return located("bad-pb", zh, en, Place(name, line))


def sections_of(text: str, name: str, problems: list[Problem]) -> dict[str, Section]:
    """Return the sections of a text; what is wrong with its rows goes to the problems.

    Args:
        text: The text.
        name: The file.
        problems: Where faults go.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True)
    found: dict[str, Section] = {}
    part: Section | None = None
    try:
        for row in reader:
            title = row[0].strip() if len(row) == 1 else ""
            if title in SECTIONS:
                if title in found:
                    problems.append(bad_pb(name, reader.line_num, f"{title} 出现两次", f"{title} stands twice"))
                part = found[title] = Section(reader.line_num, [], [], [])
            elif not row or (len(row) == 1 and not title):
                continue
            elif part is None:
                problems.append(bad_pb(name, reader.line_num, "META 之前有内容", "something stands before META"))
                return found
            elif not part.heads:
                part.heads.extend(head.strip() for head in row)
            elif len(row) != len(part.heads):
                problems.append(_ragged(name, reader.line_num, len(row), len(part.heads)))
                part.rows.append((row + [""] * len(part.heads))[: len(part.heads)])
                part.lines.append(reader.line_num)
            else:
                part.rows.append(row)
                part.lines.append(reader.line_num)
    except csv.Error as error:
        said = Title(zh="引号没有成对", en=f"not well-formed: {error}")
        problems.append(Problem("bad-csv", said, Place(name, reader.line_num)))
    for title, part in found.items():
        problems += _head_faults(name, title, part)
    return found


def _ragged(name: str, line: int, found: int, wanted: int) -> Problem:
    return located(
        "ragged-row",
        f"有 {found} 格，应为 {wanted} 格",
        f"{found} cells where there are {wanted} columns",
        Place(name, line),
    )


def _head_faults(name: str, title: str, part: Section) -> Iterator[Problem]:
    for needed in NEEDED[title]:
        if needed not in part.heads:
            hint = did_you_mean(needed, part.heads)
            zh, en = f"{title} 缺少列 `{needed}`{hint.zh}", f"{title} has no column `{needed}`{hint.en}"
            yield bad_pb(name, part.line, zh, en)
    for head in {head for head in part.heads if part.heads.count(head) > 1}:
        zh, en = f"{title} 的列 `{head}` 出现多次", f"{title} has the column `{head}` more than once"
        yield bad_pb(name, part.line, zh, en)
    mine = {"PROJECTS": "project", "VOTES": "voter"}.get(title)
    if mine in part.heads:
        yield bad_pb(name, part.line, f"{title} 不能有列 `{mine}`", f"{title} can have no column `{mine}`")


def meta_faults(name: str, part: Section | None, meta: Mapping[str, str]) -> Iterator[Problem]:
    """Yield what META lacks, has twice or cannot say.

    Args:
        name: The file.
        part: The section, if there is one.
        meta: Its entries.
    """
    if part is None:
        return
    for key in ("num_projects", "num_votes", "budget", "vote_type"):
        if key not in meta:
            yield bad_pb(name, part.line, f"META 缺少 `{key}`", f"META has no `{key}`")
    for key in {key for key in meta if sum(row[0] == key for row in part.rows) > 1}:
        yield bad_pb(name, part.line, f"META 的 `{key}` 出现多次", f"META has `{key}` more than once")
    lines = {row[0]: line for row, line in zip(part.rows, part.lines, strict=True)}
    if "vote_type" in meta and meta["vote_type"] not in VOTE_TYPES:
        hint = did_you_mean(meta["vote_type"], VOTE_TYPES)
        said = meta["vote_type"]
        yield bad_pb(name, lines["vote_type"], f"没有选票类型 `{said}`{hint.zh}", f"no vote type `{said}`{hint.en}")
    if "budget" in meta and not MONEY.fullmatch(meta["budget"].strip()):
        yield no_money(name, lines["budget"], meta["budget"])
    for key in ("min_length", "max_length"):
        if key in meta and not _LENGTH.fullmatch(meta[key].strip()):
            zh, en = f"`{key}` 须为整数，却是 `{meta[key]}`", f"`{key}` must be a whole number, found `{meta[key]}`"
            yield located("bad-number", zh, en, Place(name, lines[key]))


def no_money(name: str, line: int, text: str) -> Problem:
    """Return the fault of what is no amount of money.

    Args:
        name: The file.
        line: The line.
        text: What stands there.
    """
    return located("bad-number", f"`{text}` 不是金额", f"`{text}` is no amount of money", Place(name, line))
