"""`communitygov template`, `score` and `certify`: one set of data through the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from communitygov.cli.bilingual import command, language, option
from communitygov.cli.choice import find_profile, find_reforms, one_reading_each, only, profile_argument, rules_options
from communitygov.cli.columns import (
    data_argument,
    encoding_option,
    output_option,
    read_holders,
    read_index_data,
    read_year,
    rules_of_year,
    year_options,
)
from communitygov.cli.output import emit, emit_frame
from communitygov.report.tables import frame_text, in_points
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

    from communitygov.certification.rules import Certification
    from communitygov.index.rules import Index
    from communitygov.profile.profile import Profile
    from communitygov.vocabulary.dated import Dated

__all__ = ["certify", "score", "template"]

index_option = option(
    "--index", "index", metavar="ID", zh="评价体系；只有一个时可省", en="The index; not needed if there is only one"
)

TITLES = {
    "subject": Title(zh="评价对象", en="subject"),
    "period": Title(zh="时期", en="period"),
    "year": Title(zh="年度", en="year"),
    "group": Title(zh="分组", en="group"),
    "score": Title(zh="得分", en="score"),
    "maximum": Title(zh="满分", en="maximum"),
    "missing": Title(zh="缺失", en="missing"),
    "rank": Title(zh="名次", en="rank"),
    "cut": Title(zh="名额线", en="cut"),
    "effective_rank": Title(zh="顺延后名次", en="effective rank"),
    "tier": Title(zh="星级", en="tier"),
    "reason": Title(zh="原因", en="reason"),
    "distance": Title(zh="距线", en="distance"),
    "base": Title(zh="基数", en="base"),
    "places": Title(zh="名额", en="places"),
    "line": Title(zh="分数线", en="line"),
    "candidates": Title(zh="候选", en="candidates"),
    "renewed": Title(zh="不占名额", en="take no place"),
    "certified": Title(zh="本级及以上", en="this or higher"),
    "in_tier": Title(zh="本级", en="in tier"),
}
"""Titles of columns."""


def dated_index(
    profile: Profile, index: str | None, reforms: tuple[str, ...], readings: tuple[str, ...]
) -> tuple[str, Dated[Index]]:
    """Return the index that a command is about, in its versions.

    Args:
        profile: The profile.
        index: The index's id, or None if there is only one.
        reforms: Files or names of reforms.
        readings: Each ``question=reading``.
    """
    taken, laid = one_reading_each(readings), find_reforms(profile, reforms)
    name, _ = only("index", profile.at(profile.first_day).index, index, profile=profile.name)
    return name, profile.history("index", name, reforms=laid, readings=taken)


@command(
    zh="生成评价数据的空表：每行一个评价对象和时期，每个末级指标一列。",
    en="Write an empty table for an index's data: one row per subject and period, one column per leaf indicator.",
    example="communitygov template shijingshan -o scores.xlsx",
)
@profile_argument
@index_option
@rules_options(at=False)
@output_option
@encoding_option
def template(
    profile: str,
    index: str | None,
    reforms: tuple[str, ...],
    readings: tuple[str, ...],
    output: str | None,
    encoding: str,
    as_json: bool,
) -> None:
    """Write an empty table for an index's data."""
    from communitygov.index.checks import merged_table
    from communitygov.index.score import template as empty
    from communitygov.index.versions import versions_of

    _, dated = dated_index(find_profile(profile), index, reforms, readings)
    columns = [
        {"name": column.name, "kind": column.kind, "title": {"zh": column.title.zh, "en": column.title.en}}
        for column in merged_table(versions_of(dated)).columns
    ]
    output = output if output is not None or as_json else "-"
    schema = "communitygov.template/1"
    emit_frame(
        empty(dated), schema=schema, as_json=as_json, output=output, encoding=encoding, more={"columns": columns}
    )


@command(
    zh="按评价体系给每个评价对象每个时期打分，各级得分一并给出。\n\n"
    "DATA 为 .csv、.parquet 或 .xlsx，列与 `communitygov template` 相同。",
    en="Score every subject and period by an index, at every level of its tree.\n\nDATA is a .csv, .parquet or .xlsx "
    "file with the columns of `communitygov template`.",
    example="communitygov score shijingshan scores.csv -o scored.csv",
)
@profile_argument
@data_argument
@index_option
@rules_options(at=False)
@output_option
@encoding_option
def score(
    profile: str,
    data: str,
    index: str | None,
    reforms: tuple[str, ...],
    readings: tuple[str, ...],
    output: str | None,
    encoding: str,
    as_json: bool,
) -> None:
    """Score subjects by an index."""
    import polars as pl

    from communitygov.index.score import present
    from communitygov.index.score import score as scored

    _, dated = dated_index(find_profile(profile), index, reforms, readings)
    frame = read_index_data(data, dated, encoding)
    result = scored(dated, frame)
    shown: pl.DataFrame = present(result, dated)
    places = max(one.decimals for one in dated)
    points = [name for name in shown.columns if name not in ("subject", "period", "missing")]
    shown = shown.with_columns(pl.col(points).cast(pl.Decimal(38, places)))
    titles = {path[-1]: node.name(path[-1]) for one in dated for path, node in one.nodes} | TITLES
    emit_frame(shown, schema="communitygov.scores/1", as_json=as_json, output=output, encoding=encoding, titles=titles)


@command(
    zh="按年度得分认定星级。\n\n"
    "DATA 为各期得分（`communitygov score` 的结果，有 period 列，按年加总）或年度得分（每个评价对象一行）。"
    "--holders 为此前的认定：subject、year、tier；上一年本命令的结果即可，没有星级的行略去。"
    "并列时的先后依各期得分加总；规则所需的其他列（一票否决、分组、on_watch）由 --facts 给出。",
    en="Certify subjects by their scores of a year.\n\nDATA has the scores of periods (what `communitygov score` "
    "wrote, with a column `period`; they are added up) or of years, one row per subject. --holders has earlier "
    "certifications: subject, year, tier; what this command wrote for last year will do, rows without a tier are "
    "left out. Scores that break ties are added up as the score is; other columns that the rule needs (vetoes, "
    "groups, on_watch) come from --facts.",
    example="communitygov certify shijingshan scored.csv --year 2023 --holders stars-2022.csv -o stars-2023.csv",
)
@profile_argument
@data_argument
@year_options
@rules_options(at=False)
@output_option
@encoding_option
def certify(
    profile: str,
    data: str,
    certification: str | None,
    year: int,
    holders: tuple[str, ...],
    facts: str | None,
    reforms: tuple[str, ...],
    readings: tuple[str, ...],
    output: str | None,
    encoding: str,
    as_json: bool,
) -> None:
    """Certify subjects by their scores of a year."""
    from communitygov.certification.certify import certify as certified

    _, rule = rules_of_year(find_profile(profile), certification, year, reforms, readings)
    scores, held = read_year(data, rule, year, encoding, facts), read_holders(holders, rule, encoding)
    result = certified(rule, scores, held, year=year)
    frame = in_points(result.frame.sort("rank", "subject", nulls_last=True), ("score", "distance"), rule.decimals)
    cuts = in_points(result.cuts, ("line",), rule.decimals)
    if not as_json and output != "-":
        emit(_cuts_text(rule, cuts))
    former = [] if result.former is None else _rows(result.former.select("subject", "year", "tier"))
    _tell_former(rule, former)
    more = {"year": year, "cuts": _rows(cuts), "former": former}
    schema = "communitygov.certified/1"
    shown = frame if output is not None or as_json else _named(rule, frame)
    emit_frame(shown, schema=schema, as_json=as_json, output=output, encoding=encoding, titles=TITLES, more=more)


def _tell_former(rule: Certification, former: list[dict[str, Any]]) -> None:
    """Say which tiers of the holders the rule does not have, beside the result: such a tier counts as held, no more."""
    names = sorted({row["tier"] for row in former})
    if names:
        hint = did_you_mean(names[0], rule.tiers)
        listed = "、".join(names), ", ".join(names)
        said = Title(
            zh=f"unknown-tier：{len(former)} 个获评记录的星级现行规则没有（{listed[0]}），"
            f"按曾持有而不属任何一级计{hint.zh}",
            en=f"unknown-tier: holders of tiers that the rule does not have: {len(former)} ({listed[1]}); such a tier "
            f"counts as held, and as none of the rule's{hint.en}",
        )
        emit(said.say(language()), err=True)


def _rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    from communitygov.report.tables import frame_rows

    return frame_rows(frame)


def _cuts_text(rule: Certification, cuts: pl.DataFrame) -> str:
    wanted = ["tier", "base", "places", "line", "renewed", "certified", "in_tier"]
    if rule.group_by is not None:
        wanted.insert(0, "group")
    return frame_text(_named(rule, cuts.select(wanted)), language(), titles=TITLES) + "\n"


def _named(rule: Certification, frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame with titles of tiers and reasons in place of their ids."""
    import polars as pl

    from communitygov.certification.phrases import REASONS

    lang = language()
    tiers = {key: tier.name(key).say(lang) for key, tier in rule.tiers.items()}
    reasons = {key: reason.say(lang) for key, reason in REASONS.items()}
    said = {"tier": tiers, "cut": tiers, "reason": reasons}
    shown = frame.with_columns(pl.col(name).replace(words) for name, words in said.items() if name in frame.columns)
    return shown.drop("group") if "group" in shown.columns and rule.group_by is None else shown
