"""`communitygov meeting`: which meetings are in order, what came of their motions, and the record of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from communitygov.cli.bilingual import command, language, option
from communitygov.cli.choice import find_profile, only, profile_argument, rules_at, rules_options
from communitygov.cli.columns import encoding_option, output_option
from communitygov.cli.explain import html_option, print_steps
from communitygov.cli.output import emit, emit_frame
from communitygov.report.tables import frame_rows, frame_text
from communitygov.vocabulary.files import read_frame
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    from communitygov.deliberation.meeting import Held

__all__ = ["meeting"]

_TITLES = {
    "meeting": Title(zh="会议", en="meeting"),
    "body": Title(zh="议事主体", en="body"),
    "on": Title(zh="日期", en="day"),
    "in_order": Title(zh="合规", en="in order"),
    "unreported": Title(zh="未通报", en="not reported on"),
    "motion": Title(zh="议题", en="motion"),
    "outcome": Title(zh="结果", en="outcome"),
    "faults": Title(zh="问题", en="faults"),
}
_MOST = 60


@command(
    zh="按方案的议事规则检查会议与议题。MEETINGS：meeting、body、on；MOTIONS：motion、meeting、outcome（表决结果），"
    "规则需要时另有 posted、supporters；--reports 为通报：motion、meeting。--meeting 打印一次会议的记录。"
    "有会议不合规或议题无效时，退出码为 1。",
    en="Check meetings and motions by a profile's rule of deliberation. MEETINGS has meeting, body and on; MOTIONS has "
    "motion, meeting and outcome (of the vote), and posted and supporters where the rule asks for them; --reports has "
    "motion and meeting. --meeting prints the record of one. The exit code is 1 if a meeting is not in order or a "
    "motion has no valid outcome.",
    example="communitygov meeting qufu meetings.csv motions.csv --deliberation council  # exit code 1",
)
@profile_argument
@click.argument("meetings")
@click.argument("motions")
@option("--reports", metavar="FILE", zh="通报记录", en="What meetings reported on")
@option("--deliberation", metavar="ID", zh="议事规则；只有一项时可省", en="The rule, if there are several")
@option("--meeting", "one", metavar="MEETING", zh="打印这次会议的记录", en="Print the record of this meeting")
@html_option
@rules_options()
@output_option
@encoding_option
@click.pass_context
def meeting(
    ctx: click.Context,
    profile: str,
    meetings: str,
    motions: str,
    reports: str | None,
    deliberation: str | None,
    one: str | None,
    html: Path | None,
    at: str | None,
    reforms: tuple[str, ...],
    readings: tuple[str, ...],
    output: str | None,
    encoding: str,
    as_json: bool,
) -> None:
    """Check meetings."""
    import polars as pl

    from communitygov.deliberation.meeting import MEETINGS, REPORTS, hold_meetings, motions_table
    from communitygov.deliberation.meeting_explain import explain_meeting

    found = find_profile(profile)
    there = rules_at(found, at, reforms, readings).deliberation
    _, rule = only("deliberation", there, deliberation, profile=found.name)
    held = read_frame(meetings, MEETINGS, encoding=encoding)
    put = read_frame(motions, motions_table(rule), encoding=encoding)
    told = None if reports is None else read_frame(reports, REPORTS, encoding=encoding)
    if one is not None:
        print_steps(explain_meeting(rule, held, put, told, meeting=one), html, as_json=as_json)
        return
    done = hold_meetings(rule, held, put, told)
    if as_json or output is not None:
        more = {"meetings": frame_rows(done.meetings)}
        schema = "communitygov.meeting/1"
        emit_frame(done.motions, schema=schema, as_json=as_json, output=output, encoding=encoding, more=more)
    if not as_json and output != "-":
        _print(done)
    wrong = done.meetings.filter(pl.col("in_order") == "false").height
    ctx.exit(1 if wrong or done.motions.filter(pl.col("outcome") == "invalid").height else 0)


def _print(done: Held) -> None:
    import polars as pl

    from communitygov.deliberation.meeting import FAULTS
    from communitygov.deliberation.meeting_explain import OUTCOMES

    lang = language()
    emit(frame_text(done.meetings, lang, titles=_TITLES, most=_MOST))
    outcomes = {name: word.say(lang) for name, word in OUTCOMES.items()}
    faults = [
        "; ".join(FAULTS[name].say(lang) for name in text.split(",") if name)
        for text in done.motions["faults"].to_list()
    ]
    told = done.motions.with_columns(pl.col("outcome").replace(outcomes), pl.Series("faults", faults, dtype=pl.String))
    emit("\n" + frame_text(told, lang, titles=_TITLES, most=_MOST))
