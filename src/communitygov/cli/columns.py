"""The data that commands take: which columns are asked of which file, and which rows of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click
from attrs import evolve

from communitygov.cli.bilingual import json_asked, option
from communitygov.cli.choice import find_reforms, one_reading_each, only
from communitygov.cli.facts import ON_WATCH, facts_option, listed_at_end, needed, tie_breaks, with_facts
from communitygov.vocabulary.columns import missing_values
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.files import read_frame
from communitygov.vocabulary.frames import SHOWN, Column, Table, find_faults
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

    from communitygov.certification.rules import Certification
    from communitygov.index.rules import Index
    from communitygov.profile.profile import Profile
    from communitygov.profile.ruleset import RuleSet
    from communitygov.vocabulary.dated import Dated

__all__ = [
    "data_argument",
    "encoding_option",
    "output_option",
    "read_holders",
    "read_index_data",
    "read_units",
    "read_year",
    "rules_of_year",
    "scores_table",
    "year_of",
    "year_options",
]

F = TypeVar("F", bound=Callable[..., Any])

data_argument = click.argument("data")


def _one_thing_on_stdout(ctx: click.Context, _: click.Parameter, value: str | None) -> str | None:
    if value == "-" and json_asked(ctx):
        raise UsageError.because(
            "two-outputs",
            zh="`-o -` 与 --json 都写到标准输出；请取其一",
            en="`-o -` and --json both write to stdout; take one of them",
        )
    return value


output_option = option(
    "-o",
    "--output",
    metavar="FILE",
    callback=_one_thing_on_stdout,
    zh="写入文件（.csv、.parquet、.xlsx）；- 为标准输出（CSV）",
    en="Write to a file (.csv, .parquet, .xlsx); - is CSV on stdout",
)

encoding_option = option(
    "--encoding",
    metavar="NAME",
    default="utf-8",
    show_default=True,
    zh="CSV 的编码，如 gb18030；utf-8 有无 BOM 均可",
    en="The encoding of CSV, such as gb18030; utf-8 with or without a byte-order mark",
)


def year_options(function: F) -> F:
    """Add the options that say which certification of which year, and who held what.

    Args:
        function: The command.
    """
    function = facts_option(function)
    function = option(
        "--holders",
        multiple=True,
        metavar="FILE",
        zh="此前的认定；可多次",
        en="Earlier certifications; may be repeated",
    )(function)
    function = option(
        "--year",
        type=click.IntRange(1000, 2999),
        required=True,
        metavar="YEAR",
        zh="认定的年度",
        en="The year that is certified",
    )(function)
    return option(
        "--certification",
        metavar="ID",
        zh="认定；只有一项时可省",
        en="The certification; not needed if there is only one",
    )(function)


def rules_of_year(
    profile: Profile, name: str | None, year: int, reforms: Iterable[str], readings: Iterable[str]
) -> tuple[RuleSet, Certification]:
    """Return the rules in force on the first day of a year of a certification, and the certification.

    Args:
        profile: The profile.
        name: The certification's id, or None if there is only one.
        year: The year, named after the calendar year in which it ends.
        reforms: Files or names of reforms.
        readings: Each ``question=reading``.

    Raises:
        CommunityGovError: Of every kind that the profile, its reforms and its readings can raise.
    """
    import datetime as dt

    laid, taken = find_reforms(profile, reforms), one_reading_each(readings)

    def at(when: dt.date) -> tuple[RuleSet, Certification]:
        rules = profile.at(when, reforms=laid, readings=taken)
        return rules, only("certification", rules.certification, name, profile=profile.name)[1]

    starts = at(dt.date(year, 12, 31))[1].year.starts
    return at(dt.date(year if starts == 1 else year - 1, starts, 1))


def read_index_data(file: str, index: Dated[Index], encoding: str) -> pl.DataFrame:
    """Read the data of an index.

    Args:
        file: The file.
        index: The index in its versions.
        encoding: The encoding of CSV.
    """
    from communitygov.index.checks import merged_table
    from communitygov.index.versions import versions_of

    return read_frame(file, merged_table(versions_of(index)), encoding=encoding)


def read_units(file: str, *, encoding: str) -> pl.DataFrame:
    """Read real units: one row each, named in a column ``subject``, or else ``code``.

    Args:
        file: The file.
        encoding: The encoding of CSV.
    """

    def table(heads: Sequence[str]) -> Table:
        name = "subject" if "subject" in heads else "code"
        return Table(
            Title(zh="单元表", en="units"), (Column(name, "text", Title(zh="单元", en="unit")),), (), open=True
        )

    frame = read_frame(file, table, encoding=encoding)
    return frame if "subject" in frame.columns else frame.rename({"code": "subject"})


def read_year(file: str, rule: Certification, year: int, encoding: str, facts: str | None = None) -> pl.DataFrame:
    """Read the scores of one year, those of its periods added up or yearly ones, and what else the rule needs.

    Args:
        file: The file.
        rule: The certification.
        year: The year.
        encoding: The encoding of CSV.
        facts: A file of further columns, if there is one.

    Raises:
        UsageError: If the file has no scores of the year.
        DataError: If the data is faulty, or lacks a column that the rule needs.
    """
    scores = year_of(read_frame(file, lambda heads: scores_table(rule, heads), encoding=encoding), rule, year, file)
    return with_facts(scores, rule, year, file, facts, encoding)


def scores_table(rule: Certification, heads: Sequence[str]) -> Table:
    """Return the declared columns of a file of scores: those of periods if it has such a column, else yearly ones.

    What a rule needs beside the scores may stand in another file, so that no column of it is required here.

    Args:
        rule: The certification.
        heads: The names of the file's columns.
    """
    from communitygov.certification.tables import periods_table

    if "period" in heads:
        table = periods_table(rule)
        return evolve(table, columns=(*table.columns, *tie_breaks(rule)))
    yearly = rule.scores_table
    beside = {column.name for column in needed(rule)}
    columns = [evolve(column, required=column.name not in beside) for column in yearly.columns]
    return evolve(yearly, columns=(*columns, _YEAR))


def year_of(frame: pl.DataFrame, rule: Certification, year: int, file: str) -> pl.DataFrame:
    """Return the scores of one year out of a frame of periods' or of yearly scores.

    Of periods, the scores that ties are broken by are added up as the score is, last year's score is added up where the
    rule needs it, and who is on the watch list at the year's end is told where the periods settle it.

    Args:
        frame: The frame.
        rule: The certification.
        year: The year.
        file: Where the frame comes from, for the message.

    Raises:
        UsageError: If the frame has no scores of the year.
        DataError: If the data is faulty.
    """
    import polars as pl

    if not frame.height:
        raise DataError.because("empty-table", zh=f"{file} 没有数据行", en=f"{file}: there are no rows")
    if "period" in frame.columns:
        return _year_of_periods(frame, rule, year, file)
    if "year" not in frame.columns:
        return frame
    problems = find_faults(_narwhals(frame), [missing_values(_YEAR)], ["subject"])
    if problems:
        raise DataError(problems)
    _check_known(year, set(frame["year"]), file)
    scores = frame.filter(pl.col("year") == year).drop("year")
    if _lacks(rule, "previous_score", frame) and (frame["year"] == year - 1).any():
        before = frame.filter(pl.col("year") == year - 1).select("subject", pl.col("score").alias("previous_score"))
        scores = scores.join(before, on="subject", how="left")
    return scores


def _year_of_periods(frame: pl.DataFrame, rule: Certification, year: int, file: str) -> pl.DataFrame:
    import polars as pl

    from communitygov.certification.year import periods_of, yearly

    years = {str(period): _year_of(str(period), rule.year.starts) for period in frame["period"].unique()}
    _check_known(year, {found for found in years.values() if found is not None}, file)
    text = pl.col("period").cast(pl.String)

    def added(name: str, which: int) -> pl.DataFrame:
        # What is of no year is left in: `yearly` names it.
        mine = [period for period, found in years.items() if found in (which, None)]
        rows = frame.filter(text.is_null() | text.is_in(mine)).with_columns(pl.col(name).alias("score"))
        sums = yearly(rule, rows).filter(pl.col("year") == which)
        return sums.select("subject", pl.col("score").alias(name))  # type: ignore[no-any-return]

    scores = added("score", year)
    for name in rule.tie_break:
        if name in frame.columns:
            scores = scores.join(added(name, year), on="subject", how="left")
    if _lacks(rule, "previous_score", scores) and year - 1 in years.values():
        before = added("score", year - 1).rename({"score": "previous_score"})
        scores = scores.join(before, on="subject", how="left")
    if rule.group_by is not None and rule.group_by in frame.columns:
        scores = scores.join(_groups(frame, rule.group_by, year, years, file), on="subject", how="left")
    if _lacks(rule, ON_WATCH, scores) and rule.watch is not None:
        listed = listed_at_end(rule, frame, periods_of(rule.year, year))
        if listed is not None:
            scores = scores.join(listed, on="subject", how="left")
    return scores


def _groups(frame: pl.DataFrame, name: str, year: int, years: Mapping[str, int | None], file: str) -> pl.DataFrame:
    """Return each subject's group, which may not differ between the periods of the year."""
    import polars as pl

    mine = [period for period, found in years.items() if found == year]
    groups = frame.filter(pl.col("period").cast(pl.String).is_in(mine)).select("subject", name).unique()
    several = groups.filter(pl.col("subject").is_duplicated())["subject"].unique().sort().to_list()
    if several:
        listed = ", ".join(map(str, several[:SHOWN]))
        raise DataError.because(
            "two-groups",
            zh=f"{file}：{year} 年度内 `{name}` 列有不止一个值的对象 {len(several)} 个：{listed}",
            en=f"{file}: {len(several)} subjects have more than one `{name}` in {year}: {listed}",
        )
    return groups


def _lacks(rule: Certification, name: str, frame: pl.DataFrame) -> bool:
    return name in {column.name for column in needed(rule)} and name not in frame.columns


def _narwhals(frame: pl.DataFrame) -> Any:
    import narwhals as nw

    return nw.from_native(frame)


def read_holders(files: Sequence[str], rule: Certification, encoding: str) -> pl.DataFrame | None:
    """Read earlier certifications; rows without a tier are left out.

    Args:
        files: The files.
        rule: The certification.
        encoding: The encoding of CSV.

    Returns:
        One row per subject and year, or None if there are no files.
    """
    import polars as pl

    wanted = [column.name for column in rule.holders_table.columns]
    frames = []
    for file in files:
        frame = read_frame(file, rule.holders_table, encoding=encoding)
        frame = frame.select(name for name in wanted if name in frame.columns)
        frames.append(frame.filter(pl.col("tier").is_not_null()) if "tier" in frame.columns else frame)
    return pl.concat(frames, how="diagonal_relaxed") if frames else None


_YEAR = Column("year", "whole", Title(zh="年度", en="year"), required=False)


def _year_of(text: str, starts: int) -> int | None:
    """Return the year that a period belongs to; None if the text is no period, which `yearly` will say."""
    try:
        day = Period.parse(text).first_day
    except ValueError:
        return None
    return day.year if starts == 1 or day.month < starts else day.year + 1


def _check_known(year: int, known: set[int], file: str) -> None:
    if known and year not in known:
        listed = ", ".join(str(one) for one in sorted(known))
        raise UsageError.because(
            "no-such-year",
            zh=f"{file} 中没有 {year} 年度的得分；有 {listed}",
            en=f"{file} has no scores of {year}; it has {listed}",
        )
