"""The data that commands take: which columns are asked of which file, and which rows of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click
from attrs import evolve

from communitygov.cli.bilingual import option
from communitygov.cli.choice import find_reforms, one_reading_each, only
from communitygov.vocabulary.files import read_frame
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.frames import Column, Table
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
    "read_year",
    "rules_of_year",
    "scores_table",
    "year_of",
    "year_options",
]

F = TypeVar("F", bound=Callable[..., Any])

data_argument = click.argument("data")

output_option = option(
    "-o",
    "--output",
    metavar="FILE",
    zh="写入文件（.csv、.parquet、.xlsx）；- 为标准输出（CSV）",
    en="Write to a file (.csv, .parquet, .xlsx); - is CSV on stdout",
)

encoding_option = option(
    "--encoding",
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
    function = option(
        "--holders",
        multiple=True,
        metavar="FILE",
        zh="此前的认定；可多次",
        en="Earlier certifications; may be repeated",
    )(function)
    function = option(
        "--year", type=click.IntRange(1000, 2999), required=True, zh="认定的年度", en="The year that is certified"
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


def read_year(file: str, rule: Certification, year: int, encoding: str) -> pl.DataFrame:
    """Read the scores of one year: those of its periods added up, or yearly ones.

    Args:
        file: The file.
        rule: The certification.
        year: The year.
        encoding: The encoding of CSV.

    Raises:
        UsageError: If the file has no scores of the year.
        DataError: If the data is faulty.
    """
    return year_of(read_frame(file, lambda heads: scores_table(rule, heads), encoding=encoding), rule, year, file)


def scores_table(rule: Certification, heads: Sequence[str]) -> Table:
    """Return the declared columns of a file of scores: those of periods if it has such a column, else yearly ones.

    Args:
        rule: The certification.
        heads: The names of the file's columns.
    """
    from communitygov.certification.tables import periods_table

    if "period" in heads:
        return periods_table(rule)
    return evolve(rule.scores_table, columns=(*rule.scores_table.columns, _YEAR))


def year_of(frame: pl.DataFrame, rule: Certification, year: int, file: str) -> pl.DataFrame:
    """Return the scores of one year out of a frame of periods' or of yearly scores.

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

    from communitygov.certification.year import yearly

    if "period" in frame.columns:
        years = {str(period): _year_of(str(period), rule.year.starts) for period in frame["period"].unique()}
        known = {found for found in years.values() if found is not None}
        _check_known(year, known, file)
        mine = [period for period, found in years.items() if found in (year, None)]
        return yearly(rule, frame.filter(pl.col("period").cast(pl.String).is_in(mine)))  # type: ignore[no-any-return]
    if "year" in frame.columns:
        _check_known(year, set(frame["year"].drop_nulls()), file)
        return frame.filter(pl.col("year") == year).drop("year")
    return frame


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
