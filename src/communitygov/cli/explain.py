"""`communitygov explain index` and `communitygov explain certification`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from communitygov.cli.bilingual import command, group, language, option
from communitygov.cli.choice import find_profile, profile_argument, rules_options
from communitygov.cli.columns import (
    data_argument,
    encoding_option,
    read_holders,
    read_index_data,
    read_year,
    rules_of_year,
    year_options,
)
from communitygov.cli.data import dated_index, index_option
from communitygov.cli.output import emit, emit_json, on_terminal

if TYPE_CHECKING:
    from communitygov.vocabulary.steps import Steps

__all__ = ["explain", "html_option", "print_steps"]

subject_option = option(
    "--subject", required=True, metavar="SUBJECT", zh="评价对象", en="The subject whose result is explained"
)
html_option = option(
    "--html",
    metavar="FILE",
    type=click.Path(path_type=Path),
    zh="另写一个可展开的网页",
    en="Also write it as a web page that unfolds",
)


@group(
    zh="逐步说明一个结果的由来：每一步的值、条款、出处，可据以复算。",
    en="Explain one result step by step: every value with its clause and source, enough to compute it again.",
    example="communitygov explain index shijingshan scores.csv --subject 古城 --period 2023Q3",
)
def explain() -> None:
    """Explain one result."""


@command(
    zh="说明一个评价对象某一时期的得分。DATA 同 `communitygov score`。",
    en="Explain one subject's score of a period. DATA is that of `communitygov score`.",
    example="communitygov explain index shijingshan scores.csv --subject 古城 --period 2023Q3",
)
@profile_argument
@data_argument
@subject_option
@option("--period", required=True, metavar="PERIOD", zh="时期，如 2023Q3", en="The period, such as 2023Q3")
@index_option
@rules_options(at=False)
@html_option
@encoding_option
def index(
    profile: str,
    data: str,
    subject: str,
    period: str,
    index: str | None,
    reforms: tuple[str, ...],
    readings: tuple[str, ...],
    html: Path | None,
    encoding: str,
    as_json: bool,
) -> None:
    """Explain a score."""
    from communitygov.index.explain import explain as explained

    _, dated = dated_index(find_profile(profile), index, reforms, readings)
    print_steps(explained(dated, read_index_data(data, dated, encoding), subject, period), html, as_json=as_json)


@command(
    zh="说明一个评价对象某一年度的星级。DATA 与 --holders 同 `communitygov certify`。",
    en="Explain one subject's tier of a year. DATA and --holders are those of `communitygov certify`.",
    example="communitygov explain certification shijingshan scored.csv --year 2023 --subject 古城",
)
@profile_argument
@data_argument
@subject_option
@year_options
@rules_options(at=False)
@html_option
@encoding_option
def certification(
    profile: str,
    data: str,
    subject: str,
    certification: str | None,
    year: int,
    holders: tuple[str, ...],
    facts: str | None,
    reforms: tuple[str, ...],
    readings: tuple[str, ...],
    html: Path | None,
    encoding: str,
    as_json: bool,
) -> None:
    """Explain a tier."""
    from communitygov.certification.explain import explain as explained

    _, rule = rules_of_year(find_profile(profile), certification, year, reforms, readings)
    scores, held = read_year(data, rule, year, encoding, facts), read_holders(holders, rule, encoding)
    print_steps(explained(rule, scores, held, year=year, subject=subject), html, as_json=as_json)


def print_steps(steps: Steps, html: Path | None, *, as_json: bool) -> None:
    """Print an explanation: as a tree on a terminal, else as text, or as JSON; and perhaps write it as HTML.

    Args:
        steps: The explanation.
        html: The file to write, or None.
        as_json: Whether to print JSON.
    """
    from communitygov.report.steps_html import steps_html
    from communitygov.report.steps_json import steps_json
    from communitygov.report.steps_text import steps_text, steps_tree
    from communitygov.report.whole import whole_page

    lang = language()
    if html is not None:
        html.write_text(whole_page(steps_html(steps, lang), steps.title.say(lang), lang), encoding="utf-8")
    if as_json:
        emit_json(steps_json(steps))
    elif on_terminal():
        from rich.console import Console

        Console().print(steps_tree(steps, lang))
    else:
        emit(steps_text(steps, lang))


explain.add_command(index)
explain.add_command(certification)
