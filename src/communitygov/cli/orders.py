"""`communitygov orders`: logs through the rules of a procedure, its diagram, and orders that are drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from communitygov.cli.bilingual import command, group, language, option
from communitygov.cli.choice import profile_argument, rules_options
from communitygov.cli.columns import output_option
from communitygov.cli.explain import html_option, print_steps
from communitygov.cli.orders_data import (
    Brought,
    brought,
    log_argument,
    log_options,
    procedure_of,
    procedure_option,
)
from communitygov.cli.orders_simulate import simulate
from communitygov.cli.output import emit, emit_frame, emit_json, write_output
from communitygov.report.tables import frame_rows, frame_text
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

    from communitygov.procedure.judge import Judged

__all__ = ["orders"]

_TITLES = {
    "case": Title(zh="件", en="case"),
    "verdict": Title(zh="差错", en="verdict"),
    "what": Title(zh="所涉", en="what"),
    "count": Title(zh="数量", en="count"),
    "cases": Title(zh="件数", en="cases"),
    "rate": Title(zh="比率", en="rate"),
    "period": Title(zh="时期", en="period"),
    "value": Title(zh="数值", en="value"),
    "numerator": Title(zh="分子", en="numerator"),
    "base": Title(zh="分母", en="base"),
    "rows": Title(zh="件数", en="cases"),
    "excluded": Title(zh="除外", en="left out"),
    "step": Title(zh="环节", en="step"),
    "next": Title(zh="其后", en="next"),
    "times": Title(zh="次数", en="times"),
    "median_hours": Title(zh="中位小时", en="median hours"),
    "percentile_90_hours": Title(zh="九成以内小时", en="hours to 90%"),
}
"""Titles of columns."""


@group(
    zh="按流程规则检查、评判工单留痕，计算比率，画流程图，模拟工单。",
    en="Judge logs of orders by the rules of a procedure, take its rates, draw it, and simulate orders.",
    example="communitygov orders judge lamps events.csv --until 2024-06-30",
)
def orders() -> None:
    """Orders through the rules of a procedure."""


def _judged(found: Brought) -> Judged:
    from communitygov.procedure.judge import judge

    return judge(found.procedure, found.events, found.until)


@command(
    zh="检查一份日志可否评判：读入、按对应文件换成环节与事实、核对每一列每一行，并说明有多少件、多少条、哪些环节。",
    en="Check whether a log can be judged: read it, turn it into steps and facts through its mapping, hold every "
    "column and row against the procedure, and say how many cases, events and steps there are.",
    example="communitygov orders check lamps events.csv --until 2024-06-30",
)
@profile_argument
@log_argument
@procedure_option
@log_options
@rules_options()
@output_option
def check(
    profile: str,
    log: str,
    procedure: str | None,
    mapping: str | None,
    form: str | None,
    until: str,
    encoding: str,
    at: str | None,
    reforms: tuple[str, ...],
    readings: tuple[str, ...],
    output: str | None,
    as_json: bool,
) -> None:
    """Check a log."""
    import polars as pl

    from communitygov.procedure.rows import check_events

    found = brought(procedure_of(profile, procedure, at, reforms, readings), log, mapping, form, until, encoding)
    check_events(found.procedure, found.events, found.until)
    if output is not None:
        write_output(found.events, output, encoding=encoding)
    steps = found.events.group_by("step").agg(count=pl.len(), cases=pl.col("case").n_unique())
    steps = steps.sort("count", "step", descending=[True, False])
    cases, events = found.events["case"].n_unique(), found.events.height
    if as_json:
        emit_json({"schema": "communitygov.orders/1", "cases": cases, "events": events, "steps": frame_rows(steps)})
        return
    said = Title(zh=f"{cases} 件，{events} 条留痕，可以评判", en=f"{cases} cases, {events} events; it can be judged")
    emit(said.say(language()))
    emit(frame_text(steps, language(), titles=_TITLES))


@command(
    zh="按流程评判日志：每处差错（次序、角色、同一人、逾期、未说明理由、缺少环节等），退出码 1。\n\n"
    "-o 写出逐条差错，--cases 写出每件一行的结果。",
    en="Judge a log by a procedure: every fault (order, role, same person, late, unexplained, missing step and so on); "
    "the exit code is 1 if there are any.\n\n-o writes every fault, --cases one row for each case.",
    example="communitygov orders judge lamps events.csv --until 2024-06-30 -o verdicts.csv --cases cases.csv",
)
@profile_argument
@log_argument
@procedure_option
@log_options
@option("--cases", metavar="FILE", zh="另写每件一行", en="Also write one row for each case")
@rules_options()
@output_option
@click.pass_context
def judge(
    ctx: click.Context,
    profile: str,
    log: str,
    procedure: str | None,
    mapping: str | None,
    form: str | None,
    until: str,
    encoding: str,
    cases: str | None,
    at: str | None,
    reforms: tuple[str, ...],
    readings: tuple[str, ...],
    output: str | None,
    as_json: bool,
) -> None:
    """Judge a log."""
    import polars as pl

    found = brought(procedure_of(profile, procedure, at, reforms, readings), log, mapping, form, until, encoding)
    judged = _judged(found)
    if output is not None:
        write_output(judged.verdicts, output, encoding=encoding)
    if cases is not None:
        write_output(judged.cases, cases, encoding=encoding)
    counts = judged.verdicts.group_by("verdict", "what").agg(count=pl.len(), cases=pl.col("case").n_unique())
    counts = counts.sort("count", "verdict", "what", descending=[True, False, False])
    at_fault = judged.verdicts["case"].n_unique()
    if as_json and output != "-":
        told = {"cases": judged.cases.height, "at_fault": at_fault, "counts": frame_rows(counts)}
        emit_json({"schema": "communitygov.judged/1", "procedure": found.name, **told})
    elif output != "-":
        zh = f"{judged.cases.height} 件，其中 {at_fault} 件有差错"
        emit(Title(zh=zh, en=f"{judged.cases.height} cases, {at_fault} of them with faults").say(language()))
        emit(frame_text(_worded(found, counts), language(), titles=_TITLES) if counts.height else "")
    ctx.exit(1 if at_fault else 0)


def _worded(found: Brought, counts: pl.DataFrame) -> pl.DataFrame:
    """Return faults with their names and those of what they are about, in the language of the call."""
    import polars as pl

    from communitygov.procedure.wording import FAULTS, title_of

    lang = language()
    verdicts = [FAULTS[verdict].say(lang) for verdict in counts["verdict"]]
    what = [title_of(found.procedure, key).say(lang) for key in counts["what"]]
    return counts.with_columns(verdict=pl.Series(verdicts, dtype=pl.String), what=pl.Series(what, dtype=pl.String))


@command(
    zh="计算流程的各项比率，逐项并列分子、分母、件数和除外件数。",
    en="Take the rates of a procedure, each with its numerator, base, cases and how many were left out.",
    example="communitygov orders rates lamps events.csv --until 2024-06-30 --period month",
)
@profile_argument
@log_argument
@procedure_option
@log_options
@option(
    "--period",
    type=click.Choice(["year", "half", "quarter", "month", "day"]),
    zh="周期；默认各比率自己的",
    en="The period; by default that of each rate",
)
@option("--by", multiple=True, metavar="COLUMN", zh="分组列；可多次", en="A column of groups; may be repeated")
@option(
    "--dated",
    type=click.Choice(["opened", "closed"]),
    default="opened",
    show_default=True,
    zh="按开始还是办结之日归期",
    en="Whether a case is of the day it was opened or closed",
)
@rules_options()
@output_option
def rates(
    profile: str,
    log: str,
    procedure: str | None,
    mapping: str | None,
    form: str | None,
    until: str,
    encoding: str,
    period: Any,
    by: tuple[str, ...],
    dated: Any,
    at: str | None,
    reforms: tuple[str, ...],
    readings: tuple[str, ...],
    output: str | None,
    as_json: bool,
) -> None:
    """Take rates."""
    import polars as pl

    from communitygov.procedure.rates import rates as taken

    found = brought(procedure_of(profile, procedure, at, reforms, readings), log, mapping, form, until, encoding)
    values = taken(found.procedure, _judged(found), by, period, dated).frame
    titles = [found.procedure.rates[key].name(key).say(language()) for key in values["rate"]]
    if not as_json and output is None:
        share = (pl.col("numerator") / pl.col("base") * 100).round(1).cast(pl.String) + "%"
        values = values.with_columns(rate=pl.Series(titles, dtype=pl.String), value=share)
        values = values.select("rate", *by, "period", "value", "numerator", "base", "rows", "excluded")
    emit_frame(
        values,
        schema="communitygov.order_rates/1",
        as_json=as_json,
        output=output,
        encoding=encoding,
        titles=_TITLES,
    )


@command(
    zh="逐条说明一件的经过：每条留痕、差错、期限。",
    en="Explain what became of one case: every event, what was wrong, and its deadlines.",
    example="communitygov orders explain lamps events.csv --until 2024-06-30 --case 2024-001",
)
@profile_argument
@log_argument
@procedure_option
@log_options
@option("--case", required=True, metavar="ID", zh="件", en="The case")
@option(
    "--timeline",
    metavar="FILE",
    type=click.Path(path_type=Path),
    zh="另画成时间线（.svg）",
    en="Also draw it as a timeline (.svg)",
)
@html_option
@rules_options()
def explain(
    profile: str,
    log: str,
    procedure: str | None,
    mapping: str | None,
    form: str | None,
    until: str,
    encoding: str,
    case: str,
    timeline: Path | None,
    html: Path | None,
    at: str | None,
    reforms: tuple[str, ...],
    readings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Explain one case."""
    from communitygov.procedure.explain import explain_case
    from communitygov.procedure.rows import acts_in, check_events
    from communitygov.report.procedure_timeline import timeline as drawn

    found = brought(procedure_of(profile, procedure, at, reforms, readings), log, mapping, form, until, encoding)
    check_events(found.procedure, found.events, found.until)
    acts = acts_in(found.events, case)
    if not acts:
        hint = did_you_mean(case, found.events["case"].unique())
        raise UsageError.because(
            "unknown-case", zh=f"日志中没有件 `{case}`{hint.zh}", en=f"the log has no case `{case}`{hint.en}"
        )
    if timeline is not None:
        timeline.write_text(drawn(found.procedure, acts, found.until, language(), case=case), encoding="utf-8")
    print_steps(explain_case(found.procedure, case, acts, found.until), html, as_json=as_json)


@command(
    zh="画出流程：环节、角色、期限、回路。默认输出 Mermaid；--form dot 为 Graphviz 文本，svg 需装有 Graphviz。",
    en="Draw a procedure: steps, roles, deadlines and loops. Mermaid by default; --form dot is the text for Graphviz, "
    "svg needs Graphviz to be installed.",
    example="communitygov orders diagram beijing --procedure whistle --form mermaid",
)
@profile_argument
@procedure_option
@option(
    "--form",
    type=click.Choice(["mermaid", "dot", "svg"]),
    default="mermaid",
    show_default=True,
    zh="格式",
    en="The form",
)
@rules_options()
@option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), zh="写入文件", en="Write it to a file")
def diagram(
    profile: str,
    procedure: str | None,
    form: str,
    at: str | None,
    reforms: tuple[str, ...],
    readings: tuple[str, ...],
    output: Path | None,
    as_json: bool,
) -> None:
    """Draw a procedure."""
    from communitygov.report.procedure_graphviz import graphviz, svg
    from communitygov.report.procedure_mermaid import mermaid

    name, rule = procedure_of(profile, procedure, at, reforms, readings)
    text = {"mermaid": mermaid, "dot": graphviz, "svg": svg}[form](rule, language())
    if output is not None:
        output.write_text(text, encoding="utf-8")
    if as_json:
        emit_json({"schema": "communitygov.diagram/1", "procedure": name, "form": form, "text": text})
    elif output is None:
        emit(text)


@command(
    zh="件在哪里等：从一环节到下一环节多久，现在多少件停在何处。",
    en="Where cases wait: how long it takes from each step to the next one, and how many stand where now.",
    example="communitygov orders waits lamps events.csv --until 2024-06-30 --picture waits.svg",
)
@profile_argument
@log_argument
@procedure_option
@log_options
@option("--picture", metavar="FILE", zh="另画成图（.svg 或 .png）", en="Also draw it (.svg or .png)")
@rules_options()
@output_option
def waits(
    profile: str,
    log: str,
    procedure: str | None,
    mapping: str | None,
    form: str | None,
    until: str,
    encoding: str,
    picture: str | None,
    at: str | None,
    reforms: tuple[str, ...],
    readings: tuple[str, ...],
    output: str | None,
    as_json: bool,
) -> None:
    """Say where cases wait."""
    import polars as pl

    from communitygov.procedure.waits import waits as waiting

    found = brought(procedure_of(profile, procedure, at, reforms, readings), log, mapping, form, until, encoding)
    frame = waiting(found.procedure, found.events, found.until)
    if picture is not None:
        from communitygov.report.drawing import write_picture
        from communitygov.report.procedure_waits import waits_chart

        about = Title(zh="件在哪里等", en="Where cases wait").say(language())
        write_picture(waits_chart(found.procedure, frame, language()), picture, about=about)
    if not as_json and output is None:
        hours = [(pl.col(name) / 3_600_000_000).round(1).alias(f"{name}_hours") for name in ("median", "percentile_90")]
        frame = frame.select("step", "next", "times", *hours)
    emit_frame(frame, schema="communitygov.waits/1", as_json=as_json, output=output, encoding=encoding, titles=_TITLES)


for _one in (check, judge, rates, explain, diagram, waits, simulate):
    orders.add_command(_one)
