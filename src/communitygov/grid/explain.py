"""Why a grid is in order or not, and who takes a matter: the rules followed slowly, row by row.

The meaning of every rule is written here first; ``check_grid`` and ``route`` are tested against it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from communitygov.grid.check import cited
from communitygov.grid.dated import day_of
from communitygov.grid.explain_units import Row, Town, unit_findings
from communitygov.grid.findings import advice_of
from communitygov.grid.routed import How
from communitygov.grid.rules import Grid, Post, Seat
from communitygov.grid.tree import Tree
from communitygov.grid.units import Holders, Units
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["explain_route", "explain_unit", "findings_of"]

Held = Mapping[str, Any]
Found = tuple[str, str | None, str | None, str | None, str, str | None]


def findings_of(
    grid: Grid, units: Units, holders: Holders | None = None, *, on: str | Period | dt.date
) -> frozenset[Found]:
    """Return all that ``check_grid`` finds, worked out unit by unit; outlines are left out.

    Args:
        grid: The rule.
        units: The units.
        holders: Who or what is there; None if it is not known.
        on: The day.

    Returns:
        Finding, unit, seat, holder, rule and other of each: what names it in ``Checked.frame``.
    """
    town = Town(grid, tuple(units.on(on).frame.iter_rows(named=True)))
    found: set[Found] = {(code, unit, None, None, rule, None) for code, unit, rule in unit_findings(town)}
    if holders is not None:
        found |= set(_seat_findings(town, list(holders.on(on).iter_rows(named=True))))
    return frozenset(found)


def _seat_findings(town: Town, held: Sequence[Held]) -> Iterator[Found]:
    """Yield what is wrong with who or what is there."""
    for one in held:
        seat = town.grid.seats[one["seat"]]
        rule = f"{town.grid.section(one['seat'])}.{one['seat']}"
        unit = town.first(one["unit"])
        # A holder is somewhere: its unit is there on the day, and has such a seat.
        if unit is None:
            yield "unknown-unit", one["unit"], one["seat"], one["holder"], "levels", None
        elif not has_seat(seat, unit):
            yield "seat-elsewhere", one["unit"], one["seat"], one["holder"], rule, None
        # A post of departments is held for one of them.
        if isinstance(seat, Post) and seat.departments and one["department"] not in seat.departments:
            yield "wrong-department", one["unit"], one["seat"], one["holder"], rule, one["department"]
        # Nobody has more units than the rule allows, among those that have the seat.
        if seat.units_each is not None and unit is not None and has_seat(seat, unit):
            theirs = {
                other["unit"]
                for other in held
                if (other["seat"], other["holder"]) == (one["seat"], one["holder"])
                and (there := town.first(other["unit"])) is not None
                and has_seat(seat, there)
            }
            if len(theirs) > seat.units_each:
                yield "too-many-units", one["unit"], one["seat"], one["holder"], rule, None
    for key, seat in town.grid.seats.items():
        rule = f"{town.grid.section(key)}.{key}"
        departments = seat.departments if isinstance(seat, Post) else ()
        for unit in town.distinct():
            # Each unit that has the seat has its holders: for each department, if it is a post of departments.
            for department in departments or (None,):
                number = len(_holding(held, unit["code"], key, department))
                if has_seat(seat, unit) and seat.per_unit != "any" and not number:
                    yield "empty-seat", unit["code"], key, None, rule, department
                if has_seat(seat, unit) and seat.per_unit == "exactly_one" and number > 1:
                    yield "held-twice", unit["code"], key, None, rule, department


def has_seat(seat: Seat, unit: Row) -> bool:
    """Return whether a unit has a seat: it is of its level, and of one of its kinds if it names any.

    Args:
        seat: The post, body or record.
        unit: The unit.
    """
    return seat.level == unit["level"] and (not seat.kinds or unit["kind"] in seat.kinds)


def _holding(held: Sequence[Held], unit: str, seat: str, department: str | None) -> tuple[str, ...]:
    """Return who holds a seat of a unit, for a department if one is asked for."""
    mine = (one for one in held if (one["unit"], one["seat"]) == (unit, seat))
    return tuple(sorted({one["holder"] for one in mine if department is None or one["department"] == department}))


@frozen
class _Try:
    """A post that answers for a matter in a unit.

    Args:
        unit: The unit.
        post: The post.
        how: Why it answers.
        department: For which department.
        holders: Who holds it.
        up: How many units above the address.
    """

    unit: Row
    post: str
    how: How
    department: str | None
    holders: tuple[str, ...]
    up: int


def _tries(town: Town, held: Sequence[Held], at: Row, matter: str) -> Iterator[_Try]:
    """Yield each post that answers for a matter, from the address upward.

    In each unit the post that has its duty, then the department's person, then the post that stands in for others.
    """
    asked = town.grid.matters[matter]
    for up, unit in enumerate(town.chain(at)):
        for key, post in town.grid.posts.items():
            if asked.duty in post.duties and has_seat(post, unit):
                yield _Try(unit, key, "duty", None, _holding(held, unit["code"], key, None), up)
        for key, post in town.grid.posts.items():
            if asked.department in post.departments and has_seat(post, unit):
                holders = _holding(held, unit["code"], key, asked.department)
                yield _Try(unit, key, "liaison", asked.department, holders, up)
        for key, post in town.grid.posts.items():
            if post.stands_in and asked.duty not in post.duties and has_seat(post, unit):
                yield _Try(unit, key, "stand_in", None, _holding(held, unit["code"], key, None), up)


def explain_route(
    grid: Grid, units: Units, holders: Holders, *, on: str | Period | dt.date, at: str, matter: str
) -> Steps:
    """Say who takes a matter, and why: every unit on the way up, every post that answers for it, and who holds it.

    Args:
        grid: The rule.
        units: The units.
        holders: Who is there.
        on: The day; a period stands for its first.
        at: The code of the unit of the address.
        matter: The kind of matter.

    Returns:
        A tree whose root's value is the post's unit (None if nobody takes it), with the facts ``how``, ``unit``,
        ``post``, ``holders``, ``up`` and ``passed``; below it one step per unit on the way.

    Raises:
        UsageError: If there is no such unit or kind of matter.
    """
    tree = units.on(on)
    town, start = _way_up(tree, at)
    if matter not in grid.matters:
        hint = did_you_mean(matter, grid.matters)
        raise UsageError.because(
            "unknown-matter", zh=f"没有事项 `{matter}`{hint.zh}", en=f"no kind of matter `{matter}`{hint.en}"
        )
    held = _held_in(town, holders.on(on))
    tries: list[_Try] = []
    for one in _tries(town, held, start, matter):
        tries.append(one)
        if one.holders:
            break
    taken = tries[-1] if tries and tries[-1].holders else None
    chain = town.chain(start)
    last = chain[-1] if taken is None else taken.unit
    on_way = chain[: chain.index(last) + 1]
    how: How = taken.how if taken else "nobody" if town.is_top(last) else "broken_chain"
    passed = [one for one in tries if not one.holders]
    title = grid.matters[matter].name(matter)
    return Steps(
        "route",
        Title(zh=f"“{title.zh}”由谁办理", en=f"Who takes “{title.en}”"),
        None if taken is None else taken.unit["code"],
        text=_sentence(grid, taken, how, passed, last),
        clause=cited(grid, clause=grid.matters[matter].clause),
        children=tuple(_step(grid, unit, [one for one in tries if one.unit is unit]) for unit in on_way),
        facts={
            "how": how,
            "unit": None if taken is None else taken.unit["code"],
            "post": None if taken is None else taken.post,
            "holders": ", ".join(taken.holders) if taken else "",
            "up": None if taken is None else taken.up,
            "passed": len(passed),
        },
    )


def _way_up(tree: Tree, code: str) -> tuple[Town, Row]:
    """Return a unit and all that it stands on, and no other unit of what may be a country.

    Beside them is one unit of the highest level, by which the rule tells where the top is.

    Raises:
        UsageError: If there is no such unit.
    """
    import polars as pl

    rows: list[Row] = []
    above: str | None = code
    while above is not None and above not in {row["code"] for row in rows}:
        here = tree.frame.filter(pl.col("code") == above).head(1).rows(named=True)
        rows += here
        above = here[0]["parent"] if here else None
    if not rows:
        raise tree.without(code)
    return Town(tree.grid, (*rows, *tree.frame[tree.tops.head(1)].rows(named=True))), rows[0]


def _held_in(town: Town, held: pl.DataFrame) -> Sequence[Held]:
    """Return who or what is there in some units."""
    import polars as pl

    return held.filter(pl.col("unit").is_in([row["code"] for row in town.rows])).rows(named=True)


def _called(unit: Row) -> str:
    return f"{unit['name']}（{unit['code']}）"


_WHY = {
    "duty": Title(zh="属其职责", en="it is their duty"),
    "liaison": Title(zh="是该部门在此的联系人", en="they are the department's liaison there"),
    "stand_in": Title(zh="由其兜底", en="they stand in for those who do not take it"),
}


def _sentence(grid: Grid, taken: _Try | None, how: How, passed: Sequence[_Try], last: Row) -> Title:
    gone = Title(
        zh="".join(f"{one.unit['name']}的{grid.posts[one.post].name(one.post).zh}空缺；" for one in passed),
        en="".join(f"{grid.posts[one.post].name(one.post).en} of {one.unit['name']} is empty; " for one in passed),
    )
    if taken is None:
        zh = "直到最上级也无人办理" if how == "nobody" else f"{last['name']}的上级不存在，无法再上交"
        en = (
            "nobody takes it, up to the top"
            if how == "nobody"
            else f"the unit above {last['name']} is not there, so that it cannot be passed up"
        )
        return Title(zh=gone.zh + zh, en=gone.en + en)
    post = grid.posts[taken.post].name(taken.post)
    who = "、".join(taken.holders)
    why = _WHY[taken.how]
    above_zh = f"上 {taken.up} 级" if taken.up else "本单元"
    above_en = f"{taken.up} units up" if taken.up > 1 else "one unit up" if taken.up else "in the unit itself"
    return Title(
        zh=f"{gone.zh}{above_zh}，{taken.unit['name']}的{post.zh} {who} 办理：{why.zh}",
        en=f"{gone.en}{above_en}, {post.en} of {taken.unit['name']}, {', '.join(taken.holders)}: {why.en}",
    )


def _step(grid: Grid, unit: Row, tries: Sequence[_Try]) -> Steps:
    level = grid.levels[unit["level"]].name(unit["level"])
    return Steps(
        "unit",
        level,
        _called(unit),
        children=tuple(
            Steps(
                "post",
                grid.posts[one.post].name(one.post),
                "、".join(one.holders) or None,
                text=None if one.holders else Title(zh="空缺", en="empty"),
                clause=cited(grid, clause=grid.posts[one.post].clause),
                facts={"how": one.how, "department": one.department, "holders": len(one.holders)},
            )
            for one in tries
        ),
        text=None if tries else Title(zh="此处无岗位负责此事", en="no post answers for it here"),
    )


def explain_unit(
    grid: Grid, units: Units, holders: Holders | None = None, *, on: str | Period | dt.date, unit: str
) -> Steps:
    """Say all about one unit: on what it stands up to the top, who and what is there, and what was found.

    Args:
        grid: The rule.
        units: The units.
        holders: Who or what is there; None if it is not known.
        on: The day; a period stands for its first.
        unit: The unit's code.

    Returns:
        A tree: the chain of units, the seats with their holders, the findings with their mends.

    Raises:
        UsageError: If there is no such unit.
    """
    import polars as pl

    from communitygov.grid.check import check_grid

    town, me = _way_up(units.on(on), unit)
    held = [] if holders is None else _held_in(town, holders.on(on))
    chain = Steps(
        "chain",
        Title(zh="逐级上级", en="What it stands on"),
        children=tuple(
            Steps("unit", grid.levels[one["level"]].name(one["level"]), _called(one)) for one in town.chain(me)[1:]
        ),
    )
    seats = Steps(
        "seats", Title(zh="岗位、组织与台账", en="Posts, bodies and records"), children=tuple(_seats(grid, me, held))
    )
    mine = check_grid(grid, units, holders, on=on).frame.filter(pl.col("unit") == unit).rows(named=True)
    findings = Steps(
        "findings",
        Title(zh="检查发现", en="Findings"),
        len(mine),
        children=tuple(_finding(row) for row in mine),
    )
    level = grid.levels[me["level"]]
    kind = level.kinds.get(me["kind"])
    said = level.name(me["level"]) if kind is None else kind.name(me["kind"])
    return Steps(
        "unit",
        Title(zh=f"{me['name']}（{said.zh}）", en=f"{me['name']} ({said.en})"),
        unit,
        text=Title(zh=f"于 {day_of(on)}", en=f"on {day_of(on)}"),
        clause=cited(level, grid),
        children=(chain, seats, findings),
    )


def _seats(grid: Grid, unit: Row, held: Sequence[Held]) -> Iterator[Steps]:
    for key, seat in grid.seats.items():
        if has_seat(seat, unit):
            holders = _holding(held, unit["code"], key, None)
            yield Steps("seat", seat.name(key), "、".join(holders) or None, clause=cited(grid, clause=seat.clause))


def _finding(row: Mapping[str, Any]) -> Steps:
    advice = advice_of(row)
    return Steps(
        row["finding"],
        advice.says,
        text=advice.mend,
        clause=tuple(filter(None, row["clause"].split(", "))),
    )
