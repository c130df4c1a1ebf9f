"""`communitygov meeting`: which meetings are in order, what came of their motions and after, and the minutes of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from communitygov.cli.asking import Asked, Form, asking
from communitygov.cli.bilingual import command, language, option
from communitygov.cli.choice import day_of_option, find_profile, profile_argument
from communitygov.cli.output import emit, gap, write_output
from communitygov.report.tables import frame_rows, frame_text
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

    from communitygov.deliberation.meeting import Held
    from communitygov.deliberation.meeting_rules import Deliberation
    from communitygov.deliberation.proceedings import Law, Proceedings
    from communitygov.vocabulary.frames import Table
    from communitygov.vocabulary.steps import Steps

__all__ = ["meeting"]

_TITLES = {
    "meeting": Title(zh="会议", en="meeting"),
    "body": Title(zh="议事主体", en="body"),
    "on": Title(zh="日期", en="day"),
    "in_order": Title(zh="合规", en="in order"),
    "owes": Title(zh="须通报", en="owes"),
    "lacks": Title(zh="未通报", en="lacks"),
    "motion": Title(zh="议题", en="motion"),
    "decided_at": Title(zh="议决会议", en="decided at"),
    "outcome": Title(zh="结果", en="outcome"),
    "faults": Title(zh="问题", en="faults"),
    "announced": Title(zh="公布", en="announced"),
    "differs": Title(zh="与公布不符", en="differs"),
    "owner": Title(zh="责任者", en="owner"),
    "due": Title(zh="期限", en="due"),
    "done": Title(zh="落实", en="carried out"),
    "late_days": Title(zh="逾期天数", en="days late"),
    "stands": Title(zh="状态", en="stands"),
    "evaluated": Title(zh="评议", en="evaluated"),
}
_MOST = 60


@command(
    zh="按方案的议事规则检查会议与议题。MEETINGS：meeting、body、on；MOTIONS：motion、meeting、outcome（表决结果），"
    "规则需要时另有 posted、supporters 等列。给出 --register 与 --ballots 时，结果由表决票重算，--law 写明表决规则"
    "所在的方案。--meeting 打印一次会议的记录，--minutes 写成会议记录。有会议不合规、议题无效或与公布不符时，"
    "退出码为 1。",
    en="Check meetings and motions by a profile's rule of deliberation. MEETINGS has meeting, body and on; MOTIONS has "
    "motion, meeting and outcome (of the vote), and posted, supporters and the like where the rule asks for them. With "
    "--register and --ballots outcomes are computed from the ballots; --law names the profile that has the rules of "
    "decisions. --meeting prints the record of one, --minutes writes it. The exit code is 1 if a meeting is not in "
    "order, a motion has no valid outcome, or another outcome was announced.",
    example="communitygov meeting qufu meetings.csv motions.csv --deliberation council  # exit code 1",
)
@profile_argument
@click.argument("meetings")
@click.argument("motions")
@option("--reports", metavar="FILE", zh="通报记录", en="What meetings reported on")
@option("--evaluations", metavar="FILE", zh="评议记录", en="How items were evaluated")
@option("--objections", metavar="FILE", zh="异议记录", en="Objections to outcomes")
@option("--register", metavar="FILE", zh="名册", en="The register")
@option("--ballots", metavar="FILE", zh="表决票", en="The ballots")
@option("--mandates", metavar="FILE", zh="委托记录", en="Mandates of proxies")
@option("--recusals", metavar="FILE", zh="回避记录", en="Who is recused from what")
@option(
    "--law", metavar="PROFILE", zh="表决规则所在的方案；默认同 PROFILE", en="The profile with the rules of decisions"
)
@option("--rule", metavar="ID", zh="议题未写时的表决规则", en="The rule of decisions of motions that name none")
@option("--on", "day", metavar="DAY", zh="查看之日", en="The day on which one looks")
@option("--deliberation", metavar="ID", zh="议事规则；只有一项时可省", en="The rule, if there are several")
@option("--meeting", "one", metavar="MEETING", zh="打印这次会议的记录", en="Print the record of this meeting")
@option(
    "--minutes",
    metavar="FILE",
    type=click.Path(path_type=Path),
    zh="写这次会议的会议记录（.md、.html，或表格）",
    en="Write the minutes of this meeting (.md, .html, or a table)",
)
@asking()
@click.pass_context
def meeting(
    ctx: click.Context,
    asked: Asked,
    form: Form,
    /,
    meetings: str,
    motions: str,
    law: str | None,
    rule: str | None,
    day: str | None,
    deliberation: str | None,
    one: str | None,
    minutes: Path | None,
    **files: str | None,
) -> None:
    """Check meetings."""
    from communitygov.deliberation.meeting import hold_meetings
    from communitygov.deliberation.meeting_explain import explain_meeting

    _, how = asked.only("deliberation", asked.rules.deliberation, deliberation)
    # A profile is asked again for each day of a meeting: its rules of decisions change with the law.
    statutes: Law = asked.profile if law is None else find_profile(law)
    given = _read(how, {"meetings": meetings, "motions": motions, **files}, rule, form)
    looked = None if day is None else day_of_option("on", day)
    if minutes is not None and one is None:
        zh, en = "请用 --meeting 指明写哪次会议的记录", "name the meeting whose minutes are wanted with --meeting"
        raise UsageError.because("which-meeting", zh=zh, en=en)
    if one is not None:
        record = explain_meeting(how, given, statutes, meeting=one, at=looked)
        if minutes is not None:
            _write(record, minutes, form.encoding)
        form.steps(record)
        ctx.exit(1 if record.value == "false" or any(map(_is_amiss, record.children)) else 0)
    done = hold_meetings(how, given, statutes, at=looked)
    more = {name: frame_rows(getattr(done, name)) for name in ("meetings", "owed", "items", "ballots")}
    form.frame(done.motions, "communitygov.meeting/1", more)
    if form.for_people:
        _print(done)
    ctx.exit(1 if _is_wrong(done) else 0)


def _read(how: Deliberation, files: Mapping[str, str | None], rule: str | None, form: Form) -> Proceedings:
    """Read the files; motions that name no rule of decisions get the one that was named for them."""
    import polars as pl

    from communitygov.deliberation import meeting_tables as tables
    from communitygov.deliberation.proceedings import Proceedings

    voted = files["ballots"] is not None
    kinds: dict[str, Table | Callable[[Sequence[str]], Table]] = {
        "meetings": tables.MEETINGS,
        "motions": tables.motions_table(how, voted=voted),
        "reports": tables.reports_table(how),
        "evaluations": tables.evaluations_table(how),
        "objections": tables.OBJECTIONS,
        "ballots": tables.BALLOTS,
        "mandates": tables.MANDATES,
        "recusals": tables.RECUSALS,
        "register": tables.members_named,
    }
    frames: dict[str, Any] = {name: form.read(file, kinds[name]) for name, file in files.items() if file is not None}
    if rule is not None:
        put = frames["motions"]
        named = pl.col("rule").fill_null(rule) if "rule" in put.columns else pl.lit(rule).alias("rule")
        frames["motions"] = put.with_columns(named)
    return Proceedings(**frames)


def _write(record: Steps, file: Path, encoding: str) -> None:
    from communitygov.report.minutes import minutes_frame, minutes_html, minutes_markdown
    from communitygov.report.whole import whole_page

    if file.suffix == ".md":
        file.write_text(minutes_markdown(record, language()), encoding="utf-8")
    elif file.suffix in (".html", ".htm"):
        lang = language()
        file.write_text(whole_page(minutes_html(record, lang), record.title.say(lang), lang), encoding="utf-8")
    else:
        write_output(minutes_frame(record), str(file), encoding=encoding)


def _is_amiss(step: Steps) -> bool:
    """Return whether a step is a motion without a valid outcome, or with another than was announced."""
    if not step.key.startswith("motion."):
        return False
    told_otherwise = step.facts["announced"] not in (None, step.value) and not step.facts["faults"]
    return step.value == "invalid" or told_otherwise


def _is_wrong(done: Held) -> bool:
    import polars as pl

    wrong = done.meetings.filter(pl.col("in_order") == "false").height
    wrong += done.motions.filter((pl.col("outcome") == "invalid") | pl.col("differs")).height
    return bool(wrong)


def _print(done: Held) -> None:
    import polars as pl

    from communitygov.deliberation.aftermath import STATES
    from communitygov.deliberation.casting import LEFT_OUT
    from communitygov.deliberation.meeting import FAULTS
    from communitygov.deliberation.meeting_explain import OUTCOMES

    lang = language()

    def said(words: Mapping[str, Title]) -> dict[str, str]:
        return {name: word.say(lang) for name, word in words.items()}

    def show(frame: pl.DataFrame) -> None:
        # A column that nothing is said in is no use to a reader.
        told = [name for name in frame.columns if frame[name].null_count() < frame.height] or frame.columns
        emit(frame_text(frame.select(told), lang, titles=_TITLES, most=_MOST))

    show(done.meetings)
    lacking = done.owed.filter(pl.col("answered") != "true").select("meeting", "motion", "decided_at", "outcome")
    if lacking.height:
        emit("\n" + Title(zh="未通报或未评议的事项：", en="not answered for:").say(lang))
        show(lacking.with_columns(pl.col("outcome").replace(said(OUTCOMES))))
    faults = [
        "; ".join(FAULTS[name].say(lang) for name in text.split(",") if name)
        for text in done.motions["faults"].to_list()
    ]
    gap()
    told = done.motions.with_columns(
        pl.col("outcome", "announced").replace(said(OUTCOMES)), pl.Series("faults", faults, dtype=pl.String)
    )
    show(told if told["differs"].any() else told.drop("announced", "differs"))
    items = done.items.drop("back_to").with_columns(pl.col("stands").replace(said(STATES)))
    if items["due"].null_count() < items.height or (done.items["stands"] != "final").any():
        gap()
        show(items)
    gone = done.ballots.filter(~pl.col("counts")).select("motion", "member", pl.col("why").replace(said(LEFT_OUT)))
    if gone.height:
        emit("\n" + Title(zh="不计的票：", en="ballots that do not count:").say(lang))
        show(gone)
