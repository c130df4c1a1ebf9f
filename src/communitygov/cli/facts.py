"""Columns that a certification needs beside the score: from the data, from ``--facts``, or told from the periods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import evolve

from communitygov.cli.bilingual import option
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.files import read_frame
from communitygov.vocabulary.frames import Column, Table, check_table
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

    from communitygov.certification.rules import Certification

__all__ = ["ON_WATCH", "facts_option", "listed_at_end", "needed", "tie_breaks", "with_facts"]

ON_WATCH = "on_watch"
"""The column that says who is on the watch list."""

facts_option = option(
    "--facts",
    metavar="FILE",
    zh="认定所需的其他列，每个评价对象（和年度）一行：一票否决、分组、on_watch 等",
    en="Further columns that the certification needs, one row per subject (and year): vetoes, groups, on_watch",
)


def needed(rule: Certification) -> tuple[Column, ...]:
    """Return the columns that a certification needs beside subject and score.

    Args:
        rule: The certification.
    """
    return tuple(column for column in rule.scores_table.columns if column.name not in ("subject", "score"))


def with_facts(
    scores: pl.DataFrame, rule: Certification, year: int, data: str, facts: str | None, encoding: str
) -> pl.DataFrame:
    """Return yearly scores with the columns that a file of facts adds.

    Args:
        scores: One row per subject.
        rule: The certification.
        year: The year.
        data: Where the scores come from, for the message.
        facts: The file: ``subject``, perhaps ``year``, and columns that the certification needs; None if there is none.
        encoding: The encoding of CSV.

    Raises:
        UsageError: If a column stands in both files.
        DataError: If the file is faulty, or a column that is needed stands in neither.
    """
    if facts is not None:
        found = _read(facts, rule, year, encoding)
        twice = [column.name for column in needed(rule) if column.name in found.columns and column.name in scores]
        if twice:
            listed = ", ".join(f"`{name}`" for name in twice)
            raise UsageError.because(
                "column-twice",
                zh=f"{listed} 既见于 {data}（或由其算出），又见于 {facts}；请只留一处",
                en=f"{listed} stands in {data}, or is worked out of it, and in {facts}; keep one of them",
            )
        scores = scores.join(found, on="subject", how="left")
    absent = [column for column in needed(rule) if column.required and column.name not in scores.columns]
    if absent:
        raise DataError(_absent(column, data, facts) for column in absent)
    return scores


def _absent(column: Column, data: str, facts: str | None) -> Problem:
    zh = f"认定需要列 `{column.name}`（{column.title.zh}）；{data} 未按年度给出"
    en = f"the certification needs the column `{column.name}` ({column.title.en}), not given for the year in {data}"
    if column.name == ON_WATCH:
        zh += "，其中各期得分也不足以断定"
        en += ", whose scores of periods do not settle it"
    where = Title(zh="请在 --facts 的文件中给出", en="give it in a file with --facts")
    if facts is not None:
        where = Title(zh=f"请在 {facts} 中给出", en=f"give it in {facts}")
    return Problem("missing-column", Title(zh=f"{zh}；{where.zh}", en=f"{en}; {where.en}"), path=column.name)


def _read(file: str, rule: Certification, year: int, encoding: str) -> pl.DataFrame:
    import narwhals as nw
    import polars as pl

    subject = rule.scores_table.column("subject")
    when = Column("year", "whole", Title(zh="年度", en="year"))
    known = {column.name: column for column in needed(rule)}

    def table(heads: Sequence[str]) -> Table:
        columns = [subject, *([when] if "year" in heads else []), *(known[name] for name in heads if name in known)]
        key = ("subject", "year") if "year" in heads else ("subject",)
        return Table(Title(zh="其他列的表", en="facts"), tuple(columns), key, open=True)

    frame = read_frame(file, table, encoding=encoding)
    declared = table(frame.columns)
    check_table(declared, nw.from_native(frame))
    if "year" in frame.columns:
        frame = frame.filter(pl.col("year") == year)
    return frame.select(column.name for column in declared.columns if column.name != "year")


def listed_at_end(rule: Certification, scores: pl.DataFrame, periods: Sequence[str]) -> pl.DataFrame | None:
    """Return who is on the watch list at the end of some periods, where that can be told from the scores.

    Who was listed before the first of them is not known. So the list is carried through them twice, from an empty list
    and from one with everybody on it: where both come to the same, it does not hang on what is not known.

    Args:
        rule: The certification, with a watch list.
        scores: The scores of periods.
        periods: The periods, in order, each with rows among the scores.

    Returns:
        One row per subject of the last period, with the column ``on_watch``; None if the scores do not settle it.

    Raises:
        DataError: If the scores are faulty.
    """
    import polars as pl

    from communitygov.certification.watch import watch

    before = str(Period.parse(periods[0]).next(-1))
    everybody = scores.select("subject").unique().with_columns(since=pl.lit(before))
    ends = []
    for begin in (None, everybody):
        listed = begin
        for period in periods:
            listed = watch(rule, scores, listed, period=period).listed
        assert listed is not None, "a year has a period"
        ends.append(set(listed["subject"]))
    if ends[0] != ends[1]:
        return None
    subjects = scores.filter(pl.col("period").cast(pl.String) == periods[-1]).select("subject")
    return subjects.with_columns(pl.col("subject").is_in(list(ends[0])).alias(ON_WATCH))


def tie_breaks(rule: Certification) -> tuple[Column, ...]:
    """Return the scores that ties are broken by, as columns that a file of periods may have.

    Args:
        rule: The certification.
    """
    named = (rule.scores_table.column(name) for name in rule.tie_break)
    return tuple(evolve(column, required=False, nullable=True) for column in named)
