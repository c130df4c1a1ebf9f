"""`communitygov grid route`, `adjust` and `template`: what is done with units that are in order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from communitygov.cli.asking import Asked, Form, asking
from communitygov.cli.bilingual import command, language, option
from communitygov.cli.choice import find_profile, profile_argument, rules_options
from communitygov.cli.columns import output_option
from communitygov.cli.explain import html_option, print_steps
from communitygov.cli.grid_data import (
    MOST,
    Given,
    Ground,
    given_of,
    grid_option,
    ground_of,
    on_option,
    units_argument,
    units_options,
)
from communitygov.cli.output import emit, emit_frame, emit_json, write_output
from communitygov.report.grid_steps import PARTS
from communitygov.report.tables import frame_rows, frame_text
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

    from communitygov.grid.rules import Grid
    from communitygov.vocabulary.frames import Table

__all__ = ["adjust", "route", "template"]

_TITLES = {
    "unit": Title(zh="单元", en="unit"),
    "level": Title(zh="层级", en="level"),
    "matter": Title(zh="事项", en="matter"),
    "taken_by": Title(zh="办理单元", en="taken by"),
    "name": Title(zh="名称", en="name"),
    "post": Title(zh="岗位", en="post"),
    "seat": Title(zh="岗位或组织", en="post or body"),
    "part": Title(zh="责任分工", en="part"),
    "holder": Title(zh="担任者", en="holder"),
    "holders": Title(zh="人数", en="holders"),
    "how": Title(zh="缘由", en="why"),
    "up": Title(zh="上交级数", en="units up"),
    "passed": Title(zh="途经空缺", en="empty posts passed"),
    "department": Title(zh="部门", en="department"),
    "orders": Title(zh="工单", en="orders"),
    "old": Title(zh="原代码", en="old code"),
    "new": Title(zh="新代码", en="new code"),
    "change": Title(zh="变动", en="change"),
}
"""Titles of columns."""

_HOW = {
    "duty": Title(zh="属其职责", en="their duty"),
    "liaison": Title(zh="部门联系人", en="the department's liaison"),
    "stand_in": Title(zh="兜底", en="stands in"),
    "nobody": Title(zh="无人办理", en="nobody takes it"),
    "broken_chain": Title(zh="上级不存在", en="the unit above is not there"),
}
"""Why somebody takes a matter, or nobody does, in words."""


@command(
    zh="查明一件事由谁办理，一处由谁负责。\n\n用 --at 列出此处逐级的责任人；再加 --matter 说明一件事："
    "经过的单元、岗位和担任者；或给出 ORDERS（列 unit、matter），成批得出由哪个单元、哪个岗位、谁办理，途经哪些空缺。",
    en="Find who takes a matter, or who is in charge of a place.\n\nWith --at the chain of those in charge is listed, "
    "from the unit upward. With --matter as well one matter is explained: the units on the way up, their posts and "
    "who holds them. Or ORDERS, a file with the columns unit and matter, gets for each order the unit, post and "
    "holder that takes it, and the empty posts that were passed.",
    example="communitygov grid route town units.csv --holders holders.csv --at 10100101 --matter lamp\n"
    "communitygov grid route town units.csv orders.csv --holders holders.csv -o routed.csv",
)
@profile_argument
@units_argument
@click.argument("orders", required=False)
@option("--holders", required=True, metavar="FILE", zh="担任者", en="Who holds which post of which unit")
@option("--at", "address", metavar="CODE", zh="所在单元的代码", en="The code of the unit of the address")
@option("--matter", metavar="ID", zh="事项", en="The kind of matter")
@grid_option
@on_option
@html_option
@rules_options(at=False)
@output_option
@units_options
def route(
    profile: str,
    units: str,
    orders: str | None,
    holders: str,
    address: str | None,
    matter: str | None,
    grid: str | None,
    on: str | None,
    html: Path | None,
    reforms: tuple[str, ...],
    readings: tuple[str, ...],
    output: str | None,
    level: str | None,
    above: tuple[str, ...],
    encoding: str,
    as_json: bool,
) -> None:
    """Find who takes a matter."""
    if (orders is None) == (address is None) or (address is None and matter is not None):
        raise UsageError.because(
            "one-or-many",
            zh="须给出 ORDERS，或者 --at（可加 --matter），二者取一",
            en="give ORDERS, or --at (with or without --matter), one of the two",
        )
    ground = ground_of(find_profile(profile), grid, on, reforms, readings)
    given = given_of(ground, units, holders, level=level, above=above, encoding=encoding)
    assert given.holders is not None, "the option is required"
    if orders is not None:
        _route_all(ground, given, orders, output, encoding, as_json=as_json)
        return
    assert address is not None, "there are no orders"
    if matter is None:
        _in_charge(ground, given, address, output, encoding, as_json=as_json)
        return
    from communitygov.grid.explain import explain_route

    steps = explain_route(ground.grid, given.units, given.holders, on=ground.day, at=address, matter=matter)
    if not as_json:
        emit(ground.about.say(language()))
    print_steps(steps, html, as_json=as_json)


def _in_charge(ground: Ground, given: Given, address: str, output: str | None, encoding: str, *, as_json: bool) -> None:
    from communitygov.grid.charge import in_charge

    assert given.holders is not None, "the option is required"
    frame = in_charge(ground.grid, given.units, given.holders, on=ground.day, at=address)
    plain = as_json or output is not None
    if not as_json and output != "-":
        emit(ground.about.say(language()) + "\n")
    schema, shown = "communitygov.grid_in_charge/1", frame if plain else _named(ground.grid, frame)
    emit_frame(
        shown, schema=schema, as_json=as_json, output=output, encoding=encoding, titles=_TITLES, more=ground.as_json
    )


def _route_all(ground: Ground, given: Given, orders: str, output: str | None, encoding: str, *, as_json: bool) -> None:
    from communitygov.grid.routing import route as routed_by
    from communitygov.grid.tables import ORDERS
    from communitygov.vocabulary.files import read_frame

    assert given.holders is not None, "the option is required"
    frame = read_frame(orders, ORDERS, encoding=encoding)
    routed = routed_by(ground.grid, given.units, given.holders, frame, on=ground.day)
    lang, passed = language(), routed.passed
    if as_json or output is not None:
        more = {**ground.as_json, "passed": frame_rows(passed)}
        schema = "communitygov.grid_route/1"
        emit_frame(routed.frame, schema=schema, as_json=as_json, output=output, encoding=encoding, more=more)
    if as_json or output == "-":
        return
    emit(ground.about.say(lang))
    if output is None:
        emit("\n" + frame_text(_named(ground.grid, routed.frame), lang, titles=_TITLES, most=MOST))
    if passed.height:
        said = Title(zh="途经的空缺岗位：", en="Empty posts that were passed:")
        shown = _named(ground.grid, passed)
        emit("\n" + said.say(lang) + "\n" + frame_text(shown, lang, titles=_TITLES, most=MOST))


def _named(grid: Grid, frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame with titles in place of ids."""
    import polars as pl

    lang = language()
    rules = {"level": grid.levels, "post": grid.posts, "seat": grid.seats, "matter": grid.matters}
    said = {column: {key: one.name(key).say(lang) for key, one in found.items()} for column, found in rules.items()}
    said["department"] = {key: title.say(lang) for key, title in grid.departments.items()}
    said["part"] = {key: title.say(lang) for key, title in PARTS.items()}
    said["how"] = {key: title.say(lang) for key, title in _HOW.items()}
    return frame.with_columns(pl.col(name).replace(words) for name, words in said.items() if name in frame.columns)


@command(
    zh="按变动表拆分、合并、划转单元或更换代码，自某日起；旧的写上截止日，不抹去。\n\n"
    "CHANGES 的列见 `communitygov grid template PROFILE changes`。丢失单元、代码重复或出现新问题的变动一概不做。",
    en="Split, merge, move and re-code units by a table of changes from a day on. What ends gets its last day, nothing "
    "is overwritten.\n\nFor the columns of CHANGES see `communitygov grid template PROFILE changes`. If a unit would "
    "be lost, a code stand twice or something new be wrong, nothing is done.",
    example="communitygov grid adjust town units.csv changes.csv --on 2025-01-01 -o adjusted.csv --codes codes.csv",
)
@profile_argument
@units_argument
@click.argument("changes")
@grid_option
@option(
    "--on",
    required=True,
    metavar="DAY",
    zh="变动自哪一天起，如 2024-01-01；时期取其首日",
    en="The day from which the changes hold, such as 2024-01-01; of a period its first",
)
@option("--codes", metavar="FILE", zh="新旧代码对照写入文件", en="Write the map from old to new codes to a file")
@rules_options(at=False)
@output_option
@units_options
def adjust(
    profile: str,
    units: str,
    changes: str,
    grid: str | None,
    on: str,
    codes: str | None,
    reforms: tuple[str, ...],
    readings: tuple[str, ...],
    output: str | None,
    level: str | None,
    above: tuple[str, ...],
    encoding: str,
    as_json: bool,
) -> None:
    """Split, merge, move and re-code units."""
    import polars as pl

    from communitygov.grid.adjust import adjust as adjusted_by
    from communitygov.grid.changes import load_changes
    from communitygov.grid.derived import skipping

    ground = ground_of(find_profile(profile), grid, on, reforms, readings)
    given = given_of(ground, units, None, level=level, above=above, encoding=encoding)
    read = load_changes(ground.grid, changes, encoding=encoding)
    done = adjusted_by(ground.grid, given.units, read, on=ground.day)
    if output is not None:
        # What a code's prefix names by the day is not written down, or it would hold for every day.
        by_day = pl.col("level").is_in(list(skipping(ground.grid)))
        parent = pl.when(by_day).then(pl.col("stated_parent")).otherwise(pl.col("parent")).alias("parent")
        frame = done.units.frame.with_columns(parent).drop("stated_kind", "stated_parent")
        write_output(frame, output, encoding=encoding)
    if codes is not None:
        write_output(done.codes, codes, encoding=encoding)
    if as_json:
        emit_json({"schema": "communitygov.grid_adjust/1", **ground.as_json, "rows": frame_rows(done.codes)})
    elif output != "-" and codes != "-":
        changed = done.codes.filter(pl.col("change") != "same")
        emit(ground.about.say(language()))
        emit("\n" + frame_text(changed, language(), titles=_TITLES, most=MOST))


@command(
    zh="生成空表：units 单元，holders 担任者，orders 工单，changes 变动。",
    en="Write an empty table: of units, holders, orders or changes.",
    example="communitygov grid template town units -o empty-units.csv",
)
@profile_argument
@click.argument("table", type=click.Choice(["units", "holders", "orders", "changes"]))
@grid_option
@asking(html=False)
def template(asked: Asked, form: Form, /, table: str, grid: str | None) -> None:
    """Write an empty table."""
    ground = ground_of(asked.profile, grid, asked.at, asked.reforms, asked.readings)
    found = _table(ground.grid, table)
    form.template(_empty(found), found.columns)


def _table(grid: Grid, name: str) -> Table:
    from communitygov.grid.changes import changes_table
    from communitygov.grid.tables import HOLDERS, ORDERS, units_table

    return {"units": units_table(grid), "holders": HOLDERS, "orders": ORDERS, "changes": changes_table(grid)}[name]


def _empty(table: Table) -> pl.DataFrame:
    import polars as pl

    kinds: dict[str, Any] = {"whole": pl.Int64(), "flag": pl.Boolean()}
    return pl.DataFrame(schema={column.name: kinds.get(column.kind, pl.String()) for column in table.columns})
