"""`communitygov grid`: units and holders through the rules of a grid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from communitygov.cli.bilingual import command, group, language, option
from communitygov.cli.choice import find_profile, only, profile_argument, rules_options
from communitygov.cli.columns import output_option
from communitygov.cli.explain import html_option, print_steps
from communitygov.cli.grid_data import (
    MOST,
    Given,
    Ground,
    checked_of,
    given_of,
    grid_option,
    ground_of,
    holders_option,
    on_option,
    rules_of_day,
    units_argument,
    units_options,
)
from communitygov.cli.grid_use import adjust, route, template
from communitygov.cli.output import emit, emit_frame
from communitygov.report.tables import frame_rows, frame_text
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    from communitygov.grid.counts import Against
    from communitygov.grid.findings import Checked
    from communitygov.report.grid import Trunk

__all__ = ["grid"]

_PAGE = 2000
"""So many units stand on a page."""

_TITLES = {
    "finding": Title(zh="发现", en="finding"),
    "level": Title(zh="层级", en="level"),
    "said": Title(zh="说明", en="what is wrong"),
    "clause": Title(zh="条款", en="clause"),
}
"""Titles of columns."""

pages_option = option(
    "--html",
    metavar="FILE",
    type=click.Path(path_type=Path),
    zh="另写成网页：单元树，可展开，注明发现",
    en="Also write a web page: the tree of units, which unfolds, with what was found",
)


@group(
    zh="按网格规则检查、显示、调整单元，查明一件事由谁办理。",
    en="Check, draw and adjust the units of a grid, and find who takes a matter.",
    example="communitygov grid check town units.csv --holders holders.csv",
)
def grid() -> None:
    """Units and holders through the rules of a grid."""


@command(
    zh="检查某日的单元与担任者：每处发现写明单元、规则、条款和改法，退出码 1；也说明哪些没有查、为什么。\n\n"
    "UNITS 为 .csv、.parquet、.xlsx 或 .geojson，列见 `communitygov grid template PROFILE units`。",
    en="Check the units and holders of a day. Everything found is named with its unit, rule and clause and what would "
    "mend it, and the exit code is 1; what was not checked, and why, is said too.\n\nUNITS is a .csv, .parquet, .xlsx "
    "or .geojson file; for its columns see `communitygov grid template PROFILE units`.",
    example="communitygov grid check town units.csv --holders holders.csv --against",
)
@profile_argument
@units_argument
@holders_option
@grid_option
@on_option
@option(
    "--against",
    "compare",
    is_flag=True,
    zh="并列来源的数字与数据中的数目，各注日期",
    en="Also say the figures of the source beside those of the data, each with its date",
)
@option(
    "--geojson",
    metavar="FILE",
    type=click.Path(path_type=Path),
    zh="另写成 GeoJSON：单元连同发现",
    en="Also write the units with what was found as GeoJSON",
)
@pages_option
@rules_options(at=False)
@output_option
@units_options
@click.pass_context
def check(
    ctx: click.Context,
    profile: str,
    units: str,
    holders: str | None,
    grid: str | None,
    on: str | None,
    compare: bool,
    geojson: Path | None,
    html: Path | None,
    reforms: tuple[str, ...],
    readings: tuple[str, ...],
    output: str | None,
    level: str | None,
    above: tuple[str, ...],
    encoding: str,
    as_json: bool,
) -> None:
    """Check the units and holders of a day."""
    from communitygov.grid.counts import against

    ground = ground_of(find_profile(profile), grid, on, reforms, readings)
    given = given_of(ground, units, holders, level=level, above=above, encoding=encoding)
    checked = checked_of(ground, given)
    figures = None
    if compare:
        facts = ground.rules.rules.facts
        figures = against(ground.grid, facts, given.units, given.holders, on=ground.day)
    if geojson is not None:
        _write_geojson(geojson, given, checked)
    if html is not None:
        _write_page(html, ground, given, checked)
    _print_checked(ground, checked, figures, output, encoding, as_json=as_json)
    ctx.exit(1 if checked.frame.height else 0)


def _print_checked(
    ground: Ground, checked: Checked, figures: Against | None, output: str | None, encoding: str, *, as_json: bool
) -> None:
    import polars as pl

    lang = language()
    words = [problem.message for problem in checked.problems()]
    rows = checked.frame.with_columns(
        message_zh=pl.Series([one.zh for one in words], dtype=pl.String),
        message_en=pl.Series([one.en for one in words], dtype=pl.String),
    )
    unchecked = [
        {
            "rule": one.rule,
            "why": {"zh": one.why.zh, "en": one.why.en},
            "clause": list(one.clause),
            "count": one.count,
        }
        for one in checked.unchecked
    ]
    more: dict[str, Any] = {**ground.as_json, "tops": list(checked.tops), "unchecked": unchecked}
    if figures is not None:
        more["against"] = frame_rows(figures.frame)
    schema = "communitygov.grid_check/1"
    if as_json or output is not None:
        emit_frame(rows, schema=schema, as_json=as_json, output=output, encoding=encoding, more=more)
    if as_json or output == "-":
        return
    emit("\n".join(one.say(lang) for one in _lines(ground, checked)))
    if output is None and rows.height:
        said = rows.select("finding", "level", pl.col(f"message_{lang}").alias("said"), "clause")
        emit("\n" + frame_text(said, lang, titles=_TITLES, most=MOST))
    if figures is not None:
        emit("\n" + figures.say(lang))


def _lines(ground: Ground, checked: Checked) -> list[Title]:
    """Return what is said of a check beside its findings."""
    from communitygov.report.grid_steps import found_of

    lines = [ground.about, found_of(checked.frame.height)]
    counts = checked.frame["finding"].value_counts(sort=True).rows()
    lines += [Title(zh=f"  {name} {number:,}", en=f"  {name} {number:,}") for name, number in counts]
    tops = ", ".join(checked.tops[:10]) + (" ..." if len(checked.tops) > 10 else "")
    lines.append(Title(zh=f"顶层：{tops}", en=f"at the top: {tops}"))
    for one in checked.unchecked:
        clause = f" [{', '.join(one.clause)}]" if one.clause else ""
        lines.append(
            Title(
                zh=f"未查 {one.rule}：{one.why.zh}（{one.count:,} 个）{clause}",
                en=f"not checked {one.rule}: {one.why.en} ({one.count:,}){clause}",
            )
        )
    return lines


def _write_geojson(file: Path, given: Given, checked: Checked) -> None:
    import json

    from communitygov.grid.geojson import feature_collection, with_findings

    data = feature_collection(with_findings(given.tree, checked))
    file.write_text(json.dumps(data, ensure_ascii=False) + "\n", encoding="utf-8")
    _wrote(file)


def _write_page(file: Path, ground: Ground, given: Given, checked: Checked, top: str | None = None) -> None:
    from communitygov.report.grid_html import trunk_page

    file.write_text(trunk_page(_trunk(ground, given, checked, top, whole=True), language()), encoding="utf-8")
    _wrote(file)


def _wrote(file: Path) -> None:
    emit(Title(zh=f"已写入 {file}", en=f"wrote {file}").say(language()), err=True)


def _trunk(ground: Ground, given: Given, checked: Checked, top: str | None = None, *, whole: bool = False) -> Trunk:
    from communitygov.report.grid import Limits, branches_of

    limits = Limits(depth=len(ground.grid.levels), width=100, units=_PAGE) if whole else Limits()
    return branches_of(given.tree, given.held, checked.frame, top=top, limits=limits)


@command(
    zh="显示一个方案的网格：没有 UNITS 时为层级、岗位、组织、台账、责任分工与事项，各附条款；有 UNITS 时为单元树，"
    "大的只画一部分；--unit 说明一个单元的全部。",
    en="Show a profile's grid. Without UNITS its levels, posts, bodies, records, responsibilities and matters, each "
    "with its clauses; with UNITS the tree of units, of a large one a part; --unit says all about one unit.",
    example="communitygov grid show town\ncommunitygov grid show town units.csv --unit 10100101",
)
@profile_argument
@click.argument("units", required=False)
@holders_option
@grid_option
@on_option
@option("--unit", metavar="CODE", zh="只说明这个单元", en="Say all about this unit")
@option(
    "--below",
    metavar="CODE",
    zh="只画这个单元及其下",
    en="Draw only this unit and what is below it",
)
@option(
    "--mermaid",
    "as_mermaid",
    is_flag=True,
    zh="输出 Mermaid 图：层级与岗位，有 UNITS 时附数目",
    en="Print a Mermaid diagram of levels and posts, with counts if there are UNITS",
)
@html_option
@rules_options(at=False)
@units_options
def show(
    profile: str,
    units: str | None,
    holders: str | None,
    grid: str | None,
    on: str | None,
    unit: str | None,
    below: str | None,
    as_mermaid: bool,
    html: Path | None,
    reforms: tuple[str, ...],
    readings: tuple[str, ...],
    level: str | None,
    above: tuple[str, ...],
    encoding: str,
    as_json: bool,
) -> None:
    """Show a grid, or the units of one."""
    from communitygov.report.grid_mermaid import mermaid
    from communitygov.report.grid_steps import trunk_steps

    found = find_profile(profile)
    if units is None:
        needs = next(
            (name for name, value in (("--unit", unit), ("--below", below), ("--holders", holders)) if value), None
        )
        if needs is not None:
            raise UsageError.because("needs-units", zh=f"{needs} 需要 UNITS", en=f"{needs} needs UNITS")
        _show_rules(found, grid, on, reforms, readings, html, as_mermaid=as_mermaid, as_json=as_json)
        return
    ground = ground_of(found, grid, on, reforms, readings)
    given = given_of(ground, units, holders, level=level, above=above, encoding=encoding)
    if as_mermaid:
        emit(mermaid(ground.grid, language(), given.tree, given.held))
    elif unit is not None:
        from communitygov.grid.explain import explain_unit

        steps = explain_unit(ground.grid, given.units, given.holders, on=ground.day, unit=unit)
        print_steps(steps, html, as_json=as_json)
    else:
        checked = checked_of(ground, given)
        if html is not None:
            _write_page(html, ground, given, checked, below)
        if not as_json:
            emit(ground.about.say(language()))
        print_steps(trunk_steps(_trunk(ground, given, checked, below)), None, as_json=as_json)


def _show_rules(
    found: Any,
    name: str | None,
    on: str | None,
    reforms: tuple[str, ...],
    readings: tuple[str, ...],
    html: Path | None,
    *,
    as_mermaid: bool,
    as_json: bool,
) -> None:
    """Show one grid of a profile, or all if none is named."""
    from communitygov.report.grid_mermaid import mermaid
    from communitygov.report.grid_steps import rules_steps
    from communitygov.vocabulary.steps import Steps

    rules, _ = rules_of_day(found, on, reforms, readings)
    if as_mermaid:
        emit(mermaid(only("grid", rules.grid, name, profile=found.name)[1], language()))
        return
    grids = dict(rules.grid) if name is None else dict([only("grid", rules.grid, name, profile=found.name)])
    steps = [rules_steps(one, key) for key, one in grids.items()]
    about = Title(zh=f"{found.name} 的网格，{rules.day} 的规则", en=f"The grids of {found.name}, rules of {rules.day}")
    print_steps(Steps("grids", about, len(steps), children=tuple(steps)), html, as_json=as_json)


for _command in (check, show, route, adjust, template):
    grid.add_command(_command)
