"""`communitygov orders`: logs of orders through the rules of a procedure, and the commands that show and draw them."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

from communitygov.cli.asking import Asked, Form, asking
from communitygov.cli.bilingual import command, group, language, option
from communitygov.cli.choice import profile_argument, rules_options
from communitygov.cli.columns import output_option
from communitygov.cli.orders_data import (
    Brought,
    Wanted,
    log_argument,
    log_options,
    procedure_option,
    step_titles,
    wanting,
)
from communitygov.cli.orders_show import diagram, explain, waits
from communitygov.cli.orders_simulate import simulate
from communitygov.cli.output import emit, emit_frame, emit_json, write_output
from communitygov.cli.progress import progress
from communitygov.report.tables import frame_rows, frame_text
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.numbers import decimal_text, share_text
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

    from communitygov.measures.rules import Condition, Measure
    from communitygov.procedure.judge import Judged

__all__ = ["is_share", "orders"]

_TITLES = {
    "verdict": Title(zh="差错", en="verdict"),
    "what": Title(zh="所涉", en="what"),
    "count": Title(zh="数量", en="count"),
    "cases": Title(zh="件数", en="cases"),
    "rate": Title(zh="比率", en="rate"),
    "period": Title(zh="时期", en="period"),
    "value": Title(zh="数值", en="value"),
    "unit": Title(zh="单位", en="unit"),
    "numerator": Title(zh="分子", en="numerator"),
    "base": Title(zh="分母", en="base"),
    "rows": Title(zh="件数", en="cases"),
    "excluded": Title(zh="除外", en="left out"),
    "provisional": Title(zh="暂定", en="provisional"),
    "step": Title(zh="环节", en="step"),
}
"""Titles of columns."""


@group(
    zh="按流程规则检查、评判工单留痕，计算比率，画流程图，模拟工单。",
    en="Judge logs of orders by the rules of a procedure, take its rates, draw it, and simulate orders.",
    example="communitygov orders check examples/lamps examples/lamps-events.csv --until 2024-03-07",
)
def orders() -> None:
    """Orders through the rules of a procedure."""


def _judged(found: Brought) -> Judged:
    from communitygov.procedure.judge import judge

    with progress(Title(zh="评判", en="judging")) as tell:
        return judge(found.procedure, found.events, found.until, tell=tell)


@command(
    zh="检查一份日志可否评判：读入、按对应文件换成环节与事实、核对每一列每一行，并说明有多少件、多少条、哪些环节。",
    en="Check whether a log can be judged: read it, turn it into steps and facts through its mapping, hold every "
    "column and row against the procedure, and say how many cases, events and steps there are.",
    example="communitygov orders check examples/lamps examples/lamps-events.csv --until 2024-03-07",
)
@profile_argument
@log_argument
@procedure_option
@log_options
@rules_options()
@output_option
@wanting
def check(
    wanted: Wanted,
    /,
    output: str | None,
    as_json: bool,
) -> None:
    """Check a log."""
    import polars as pl

    from communitygov.procedure.rows import check_events

    found = wanted.brought()
    check_events(found.procedure, found.events, found.until)
    if output is not None:
        write_output(found.events, output, encoding=wanted.encoding)
    steps = found.events.group_by("step").agg(count=pl.len(), cases=pl.col("case").n_unique())
    steps = steps.sort("count", "step", descending=[True, False])
    cases, events = found.events["case"].n_unique(), found.events.height
    if as_json:
        told = {"procedure": found.name, "cases": cases, "events": events}
        emit_json({"schema": "communitygov.orders/1", **told, "steps": frame_rows(steps)})
    elif output != "-":
        counted = f"{_counted(cases, 'case')}, {_counted(events, 'event')}"
        said = Title(zh=f"{cases:,} 件，{events:,} 条留痕，可以评判", en=f"{counted}; fit to be judged")
        emit(said.say(language()))
        emit(frame_text(step_titles(found.procedure, steps, "step"), language(), titles=_TITLES))


@command(
    zh="按流程评判日志：每处差错（次序、角色、同一人、逾期、未说明理由、缺少环节等），退出码 1。\n\n"
    "-o 写出逐条差错，--cases 写出每件一行的结果。",
    en="Judge a log by a procedure: every fault (order, role, same person, late, unexplained, missing step and so on); "
    "the exit code is 1 if there are any.\n\n-o writes every fault, --cases one row for each case.",
    example="communitygov orders judge examples/lamps examples/lamps-events.csv --until 2024-03-07 \\\n"
    "  -o verdicts.csv --cases cases.csv  # exit code 1: there are faults",
)
@profile_argument
@log_argument
@procedure_option
@log_options
@option("--cases", metavar="FILE", zh="另写每件一行", en="Also write one row for each case")
@rules_options()
@output_option
@wanting
@click.pass_context
def judge(
    ctx: click.Context,
    wanted: Wanted,
    /,
    cases: str | None,
    output: str | None,
    as_json: bool,
) -> None:
    """Judge a log."""
    import polars as pl

    if cases == "-" and (output == "-" or as_json):
        raise UsageError.because(
            "two-outputs",
            zh="`--cases -`、`-o -` 与 --json 都写到标准输出；请取其一",
            en="`--cases -`, `-o -` and --json all write to stdout; take one of them",
        )
    found = wanted.brought()
    judged = _judged(found)
    if output is not None:
        write_output(judged.verdicts, output, encoding=wanted.encoding)
    if cases is not None:
        write_output(judged.cases, cases, encoding=wanted.encoding)
    marks = pl.col("provisional").sum().cast(pl.Int64)
    counts = judged.verdicts.group_by("verdict", "what").agg(
        count=pl.len(), cases=pl.col("case").n_unique(), provisional=marks
    )
    counts = counts.sort("count", "verdict", "what", descending=[True, False, False])
    at_fault = judged.verdicts["case"].n_unique()
    if as_json:
        told = {"cases": judged.cases.height, "at_fault": at_fault, "counts": frame_rows(counts)}
        emit_json({"schema": "communitygov.judged/1", "procedure": found.name, **told})
    elif "-" not in (output, cases):
        every = judged.cases.height
        en = f"{_counted(every, 'case')}, {at_fault:,}{'' if every == 1 else ' of them'} with faults"
        emit(Title(zh=f"{every:,} 件，其中 {at_fault:,} 件有差错", en=en).say(language()))
        shown = _settled_apart(_worded(found, counts))
        emit(frame_text(shown, language(), titles=_TITLES) if counts.height else "")
    ctx.exit(1 if at_fault else 0)


def _settled_apart(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a table for people without the column of what is provisional, if nothing is."""
    return frame if frame["provisional"].sum() else frame.drop("provisional")


def _worded(found: Brought, counts: pl.DataFrame) -> pl.DataFrame:
    """Return faults with their names and those of what they are about, in the language of the call."""
    import polars as pl

    from communitygov.procedure.wording import FAULTS, title_of

    lang = language()
    verdicts = [FAULTS[verdict].say(lang) for verdict in counts["verdict"]]
    about = counts.select("what", "verdict").rows()
    what = [title_of(found.procedure, *one).say(lang) for one in about]
    return counts.with_columns(verdict=pl.Series(verdicts, dtype=pl.String), what=pl.Series(what, dtype=pl.String))


@command(
    zh="计算流程的各项比率，逐项并列分子、分母、件数和除外件数。",
    en="Take the rates of a procedure, each with its numerator, base, cases and how many were left out.",
    example="communitygov orders rates examples/lamps examples/lamps-events.csv --until 2024-03-07 --period day",
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
@wanting
def rates(
    wanted: Wanted,
    /,
    period: Any,
    by: tuple[str, ...],
    dated: Any,
    output: str | None,
    as_json: bool,
) -> None:
    """Take rates."""
    from communitygov.procedure.rates import rates as taken

    found = wanted.brought()
    values = taken(found.procedure, _judged(found), by, period, dated).frame
    if not as_json and output is None:
        values = _settled_apart(_shown(found, values))
    emit_frame(
        values,
        schema="communitygov.order_rates/1",
        as_json=as_json,
        output=output,
        encoding=wanted.encoding,
        titles=_TITLES,
    )


def _shown(found: Brought, values: pl.DataFrame) -> pl.DataFrame:
    """Return rates with their names, their values and what these are counted in, in the language of the call.

    A share is shown as a percentage; what is none, such as reports for each whistle, as a number with two places.
    """
    import polars as pl

    lang, of = language(), found.procedure.rates
    ratios = [None if not base else Fraction(top, base) for top, base in values.select("numerator", "base").rows()]
    keys = values["rate"].to_list()
    shares = {key for key, rate in of.items() if is_share(rate)}
    texts = [
        None if ratio is None else share_text(ratio, 1) if key in shares else decimal_text(ratio, 2)
        for key, ratio in zip(keys, ratios, strict=True)
    ]
    worded = values.with_columns(
        rate=pl.Series([of[key].name(key).say(lang) for key in keys], dtype=pl.String),
        value=pl.Series(texts, dtype=pl.String),
        unit=pl.Series([of[key].unit.say(lang) for key in keys], dtype=pl.String),
    )
    columns = values.columns
    after = columns.index("period") + 1
    return worded.select(*columns[:after], "value", "unit", *columns[after:])


def is_share(rate: Measure) -> bool:
    """Return whether a rate is a part of its base by its rule, whatever the data: so it has one form, always.

    Either it counts rows of its base, each condition of the base being one of its own; or it is how often a deadline
    was kept, of the times that this was settled.

    Args:
        rate: The rate.

    Example:
        >>> from communitygov.measures.rules import Measure, Quantity
        >>> came, called = (Quantity(what="sum", columns=(name,)) for name in ("done.come", "count.call"))
        >>> unit = Title(zh="每次召集到场数", en="came for each call")
        >>> is_share(Measure(of="cases", numerator=came, base=called, unit=unit, period="month"))
        False
    """
    part, base = rate.numerator, rate.base
    if base is None or part.what != base.what:
        return False
    kept = [column.replace("settled.", "kept_count.", 1) for column in base.columns if column.startswith("settled.")]
    if part.what == "sum" and list(part.columns) != kept:
        return False
    return all(key in part.where and _asks(part.where[key], asked) for key, asked in base.where.items())


def _asks(condition: Condition, asked: Condition) -> bool:
    """Return whether a condition asks all that another does, in the same words."""
    from communitygov.measures.rules import Condition

    nothing = Condition()
    names = ("one_of", "known", "flag", "at_least", "at_most", "decimals")
    return all(getattr(asked, name) in (getattr(nothing, name), getattr(condition, name)) for name in names)


def _counted(number: int, one: str) -> str:
    return f"{number:,} {one}{'' if number == 1 else 's'}"


@command(
    zh="生成流程的留痕空表：每行一条留痕，一列一项事实；照此填写的日志不需对应文件。",
    en="Write an empty table of events for a procedure: one row for each event, one column for each fact. A log "
    "written so needs no mapping.",
    example="communitygov orders template examples/lamps -o empty-events.csv",
)
@profile_argument
@procedure_option
@asking(html=False)
def template(asked: Asked, form: Form, /, procedure: str | None) -> None:
    """Write an empty table of events."""
    from communitygov.procedure.rows import events_frame
    from communitygov.procedure.tables import events_table

    name, rule = asked.only("procedure", asked.rules.procedure, procedure)
    form.template(events_frame(rule, ()), events_table(rule).columns, {"procedure": name})


for _one in (check, judge, rates, explain, diagram, waits, simulate, template):
    orders.add_command(_one)
