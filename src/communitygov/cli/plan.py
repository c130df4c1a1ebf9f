"""`communitygov plan`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from attrs import evolve

from communitygov.cli.bilingual import command, language, option
from communitygov.cli.choice import find_profile, find_reforms, profile_argument, rules_options
from communitygov.cli.columns import (
    data_argument,
    encoding_option,
    output_option,
    read_holders,
    rules_of_year,
    scores_table,
    year_of,
    year_options,
)
from communitygov.cli.data import dated_index
from communitygov.cli.facts import with_facts
from communitygov.cli.output import emit, emit_json, write_output
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.files import read_frame
from communitygov.vocabulary.frames import Column, Table
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Language, Title

if TYPE_CHECKING:
    import polars as pl

    from communitygov.certification.certify import Certified
    from communitygov.certification.rules import Certification
    from communitygov.profile.profile import Profile
    from communitygov.simulation.plan import Plan

__all__ = ["plan"]

_TITLES = {
    "subject": Title(zh="评价对象", en="subject"),
    "subjects": Title(zh="个数", en="subjects"),
    "year": Title(zh="年度", en="year"),
    "old": Title(zh="现行", en="as it stands"),
    "new": Title(zh="改后", en="with the change"),
    "old_reason": Title(zh="现行原因", en="reason"),
    "new_reason": Title(zh="改后原因", en="reason then"),
    "outcome": Title(zh="星级", en="tier"),
    "before": Title(zh="现行", en="as it stands"),
    "after": Title(zh="改后", en="with the change"),
    "difference": Title(zh="增减", en="difference"),
}
_NONE = Title(zh="无", en="none")


@command(
    zh="在同一数据上比较现行规则与改革（--reform）或另一种理解（--reading）：规则改了哪里，谁从哪一星级变到哪一星级，为什么。"
    "什么都不改变时也直说。用 --by 可看各街道等的得失。\n\n"
    "DATA 为评价数据（同 `communitygov score`）或得分（同 `communitygov certify`）。",
    en="Compare the rules as they stand with a reform (--reform) or another reading (--reading) on the same data: what "
    "changes in the rules, who moves from which tier to which, and why; and plainly so when nothing changes. --by "
    "shows which streets, say, gain and lose.\n\n"
    "DATA is data of the index (as for `communitygov score`) or scores (as for `communitygov certify`).",
    example="communitygov plan shijingshan scored.csv --year 2024 --reform examples/stricter-five-star.yaml",
)
@profile_argument
@data_argument
@year_options
@rules_options(at=False)
@option(
    "--by",
    metavar="COLUMN",
    zh="另按此列（如街道）计数；DATA 中每个对象只能有一个值",
    en="Count by this column as well, such as the street; in DATA a subject has one value of it",
)
@output_option
@encoding_option
def plan(
    profile: str,
    data: str,
    certification: str | None,
    year: int,
    holders: tuple[str, ...],
    facts: str | None,
    reforms: tuple[str, ...],
    readings: tuple[str, ...],
    by: str | None,
    output: str | None,
    encoding: str,
    as_json: bool,
) -> None:
    """Compare rules with a reform on the same data."""
    from communitygov.simulation.plan import plan as planned

    if not reforms and not readings:
        raise UsageError.because(
            "nothing-to-compare",
            zh="请用 --reform 或 --reading 说明改什么",
            en="say what to change with --reform or --reading",
        )
    found = find_profile(profile)
    sides = [rules_of_year(found, certification, year, *change) for change in (((), ()), (reforms, readings))]
    (rows, before), (_, after) = (
        _certified(found, rule, data, year, holders, facts, encoding, change, by)
        for (_, rule), change in zip(sides, (((), ()), (reforms, readings)), strict=True)
    )
    (old, rule), (new, _) = sides
    laid = find_reforms(found, reforms)
    own = "group" if rule.group_by is not None else None
    done = planned(old, new, before, after, group=by or own, facts=rows if by else None, reforms=laid)
    moved = done.moved.sort("subject")
    if output is not None:
        write_output(moved, output, encoding=encoding)
    if as_json:
        emit_json(_plain(done, moved))
    elif output != "-":
        lang = language()
        emit(_text(done, moved, rule, by or rule.group_by, lang))


def _certified(
    profile: Profile,
    rule: Certification,
    data: str,
    year: int,
    holders: tuple[str, ...],
    facts: str | None,
    encoding: str,
    change: tuple[tuple[str, ...], tuple[str, ...]],
    by: str | None,
) -> tuple[pl.DataFrame, Certified]:
    """Return data of the index, or scores, as read, and the certification of a year from them."""
    from communitygov.certification.certify import certify
    from communitygov.index.checks import merged_table
    from communitygov.index.score import score
    from communitygov.index.versions import versions_of

    _, index = dated_index(profile, rule.of, *change)

    def own(heads: Sequence[str]) -> Table:
        return scores_table(rule, heads) if "score" in heads else merged_table(versions_of(index))

    def table(heads: Sequence[str]) -> Table:
        return evolve(own(heads), columns=(*own(heads).columns, *beside(heads)))

    def beside(heads: Sequence[str]) -> list[Column]:
        """The column that is counted by, if it is none of the rules' own."""
        if by is not None and by not in heads:
            hint = did_you_mean(by, heads)
            raise UsageError.because(
                "missing-column",
                zh=f"{data} 没有 --by 所指的列 `{by}`{hint.zh}",
                en=f"{data} has no column `{by}`, named with --by{hint.en}",
            )
        if by is None or by in {column.name for column in own(heads).columns}:
            return []
        return [Column(by, "text", Title(zh=by, en=by), nullable=True)]

    rows = frame = read_frame(data, table, encoding=encoding)
    if "score" not in frame.columns:
        levels: Literal["all", "root"] = "all" if rule.tie_break else "root"
        frame = score(index, frame.drop(column.name for column in beside(frame.columns)), levels=levels)
    scores = with_facts(year_of(frame, rule, year, data), rule, year, data, facts, encoding)
    return rows, certify(rule, scores, read_holders(holders, rule, encoding), year=year)


def _plain(done: Plan, moved: pl.DataFrame) -> dict[str, Any]:
    from communitygov.report.tables import frame_rows

    return {
        "schema": "communitygov.plan/1",
        "period": done.period,
        "verdict": {"zh": done.verdict.zh, "en": done.verdict.en},
        "changes": [
            {
                "path": one.path,
                "old": None if one.old is None else one.old.text(),
                "new": None if one.new is None else one.new.text(),
                "layer": one.layer,
                "file": one.place.file,
                "line": one.place.line,
                "clause": list(one.clause),
                "text": {"zh": one.say("zh"), "en": one.say("en")},
            }
            for one in done.changes
        ],
        "moved": frame_rows(moved),
        "counts": frame_rows(done.counts),
        "groups": None if done.groups is None else frame_rows(done.groups),
        "group_outcomes": None if done.group_outcomes is None else frame_rows(done.group_outcomes),
    }


def _text(done: Plan, moved: pl.DataFrame, rule: Certification, by: str | None, lang: Language) -> str:
    from communitygov.report.tables import frame_text

    parts = [done.verdict.say(lang), "\n".join(f"  {change.say(lang)}" for change in done.changes)]
    titles = {**_TITLES, "group": Title(zh=by or "", en=by or "")}
    for frame in (done.counts, _by_tier(done.group_outcomes, rule), moved) if done.movers else ():
        if frame is not None:
            parts.append(frame_text(_said(frame, rule, lang), lang, titles=titles))
    return "\n\n".join(part for part in parts if part)


def _by_tier(frame: pl.DataFrame | None, rule: Certification) -> pl.DataFrame | None:
    """Return the outcomes of each group, highest tier first and none last."""
    import polars as pl

    if frame is None:
        return None
    order = {name: number for number, (name, _) in enumerate(rule.ladder)}
    return frame.sort("group", pl.col("outcome").replace_strict(order, default=len(order), return_dtype=pl.Int64))


def _said(frame: pl.DataFrame, rule: Certification, lang: Language) -> pl.DataFrame:
    """Return a frame with titles of tiers and reasons in place of their ids."""
    import polars as pl

    from communitygov.certification.phrases import REASONS

    tiers = {key: tier.name(key).say(lang) for key, tier in rule.tiers.items()}
    reasons = {key: reason.say(lang) for key, reason in REASONS.items()}
    words = {"outcome": tiers, "old": tiers, "new": tiers, "old_reason": reasons, "new_reason": reasons}
    columns = [pl.col(name).replace(said).fill_null(_NONE.say(lang)) for name, said in words.items()]
    return frame.with_columns(column for column in columns if column.meta.output_name() in frame.columns)
