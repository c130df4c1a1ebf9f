"""`communitygov orders explain`, `diagram` and `waits`: one case, a procedure, and where cases wait."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from communitygov.cli.bilingual import command, language, option
from communitygov.cli.choice import profile_argument, rules_options
from communitygov.cli.columns import output_option
from communitygov.cli.explain import html_option, print_steps
from communitygov.cli.orders_data import (
    Wanted,
    log_argument,
    log_options,
    procedure_of,
    procedure_option,
    step_titles,
    wanting,
)
from communitygov.cli.output import emit, emit_frame, emit_json
from communitygov.vocabulary.clock import DAY
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

    from communitygov.procedure.rules import Procedure

__all__ = ["diagram", "explain", "waits"]

_HOUR = DAY // 24
_FORMS = {**dict.fromkeys(("", ".mmd", ".md", ".txt"), "mermaid"), ".dot": "dot", ".gv": "dot", ".svg": "svg"}
"""The form of a diagram, by the suffix of its file."""

_TITLES = {
    "step": Title(zh="环节", en="step"),
    "next": Title(zh="其后", en="next"),
    "times": Title(zh="次数", en="times"),
    "median_hours": Title(zh="中位小时", en="median hours"),
    "percentile_90_hours": Title(zh="九成以内小时", en="hours to 90%"),
}
"""Titles of columns."""

_STILL = Title(zh="（停留在此）", en="(stands here)")


@command(
    zh="逐条说明一件的经过：每条留痕、差错、期限。",
    en="Explain what became of one case: every event, what was wrong, and its deadlines.",
    example="communitygov orders explain examples/lamps examples/lamps-events.csv --until 2024-03-07 \\\n"
    "  --case reports-2024-03-01-2",
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
@option(
    "--public",
    is_flag=True,
    zh="只列可公开的：公开了什么、隐去什么、至何时",
    en="Only what is public of it: what is shown, what is hidden, until when",
)
@html_option
@rules_options()
@wanting
def explain(
    wanted: Wanted,
    /,
    case: str,
    timeline: Path | None,
    public: bool,
    html: Path | None,
    as_json: bool,
) -> None:
    """Explain one case."""
    from communitygov.procedure.explain import explain_case
    from communitygov.procedure.public import explain_public
    from communitygov.procedure.rows import acts_in, check_events
    from communitygov.report.procedure_timeline import timeline as drawn

    if timeline is not None and timeline.suffix.lower() != ".svg":
        zh, en = f"{timeline}：时间线须以 .svg 结尾", f"{timeline}: a timeline must end in .svg"
        raise UsageError.because("unknown-suffix", zh=zh, en=en)
    found = wanted.brought()
    check_events(found.procedure, found.events, found.until)
    acts = acts_in(found.events, case)
    if not acts:
        hint = did_you_mean(case, found.events["case"].unique())
        raise UsageError.because(
            "unknown-case", zh=f"日志中没有件 `{case}`{hint.zh}", en=f"the log has no case `{case}`{hint.en}"
        )
    if timeline is not None:
        _write(timeline, drawn(found.procedure, acts, found.until, language(), case=case))
    if public:
        print_steps(explain_public(found.procedure, case, acts, found.until), html, as_json=as_json)
        return
    print_steps(explain_case(found.procedure, case, acts, found.until), html, as_json=as_json)


@command(
    zh="画出流程：环节、角色、期限、回路。mermaid 与 dot 为文本，无需安装任何程序；svg 需装有 Graphviz。",
    en="Draw a procedure: steps, roles, deadlines and loops. mermaid and dot are text, for which nothing needs to be "
    "installed; svg needs Graphviz.",
    example="communitygov orders diagram beijing --procedure whistle",
)
@profile_argument
@procedure_option
@option(
    "--form",
    type=click.Choice(["mermaid", "dot", "svg"]),
    zh="格式；默认按 -o 的文件名（.dot、.gv、.svg），否则为 mermaid",
    en="The form; by default told from the name of -o (.dot, .gv, .svg), else mermaid",
)
@rules_options()
@option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), zh="写入文件", en="Write it to a file")
def diagram(
    profile: str,
    procedure: str | None,
    form: str | None,
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
    suffix = "" if output is None else output.suffix.lower()
    if form is None and suffix not in _FORMS:
        zh, en = (
            f"{output}：须以 {'、'.join(_FORMS)} 结尾，或给出 --form",
            f"{output} must end in {', '.join(_FORMS)}; or give --form",
        )
        raise UsageError.because("unknown-suffix", zh=zh, en=en)
    form = form or _FORMS[suffix]
    text = {"mermaid": mermaid, "dot": graphviz, "svg": svg}[form](rule, language())
    if output is not None:
        _write(output, text)
    if as_json:
        emit_json({"schema": "communitygov.diagram/1", "procedure": name, "form": form, "text": text})
    elif output is None:
        emit(text)


@command(
    zh="件在哪里等：从一环节到下一环节多久，现在多少件停在何处。",
    en="Where cases wait: how long it takes from each step to the next one, and how many stand where now.",
    example="communitygov orders waits examples/lamps examples/lamps-events.csv --until 2024-03-07 --picture waits.svg",
)
@profile_argument
@log_argument
@procedure_option
@log_options
@option("--picture", metavar="FILE", zh="另画成图（.svg 或 .png）", en="Also draw it (.svg or .png)")
@rules_options()
@output_option
@wanting
def waits(
    wanted: Wanted,
    /,
    picture: str | None,
    output: str | None,
    as_json: bool,
) -> None:
    """Say where cases wait."""
    from communitygov.procedure.waits import waits as waiting

    found = wanted.brought()
    frame = waiting(found.procedure, found.events, found.until)
    if picture is not None:
        from communitygov.report.drawing import write_picture
        from communitygov.report.procedure_waits import waits_chart

        about = Title(zh="件在哪里等", en="Where cases wait").say(language())
        write_picture(waits_chart(found.procedure, frame, language()), picture, about=about)
    if not as_json and output is None:
        frame = _shown(found.procedure, frame)
    emit_frame(
        frame, schema="communitygov.waits/1", as_json=as_json, output=output, encoding=wanted.encoding, titles=_TITLES
    )


def _shown(procedure: Procedure, frame: pl.DataFrame) -> pl.DataFrame:
    """Return waits with the names of steps, in hours."""
    import polars as pl

    hours = [(pl.col(name) / _HOUR).round(1).alias(f"{name}_hours") for name in ("median", "percentile_90")]
    shown = step_titles(procedure, frame, "step", "next").with_columns(pl.col("next").fill_null(_STILL.say(language())))
    return shown.select("step", "next", "times", *hours)


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    emit(Title(zh=f"已写入 {file}", en=f"wrote {file}").say(language()), err=True)
