"""Hypothesis strategies for grids: rules of every setting, and small towns that are sound or full of faults.

Needs the extra ``[test]``.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Literal

from attrs import evolve
from hypothesis import strategies as st

from communitygov.grid.rules import Body, Bound, CodeForm, Grid, Kind, Level, Matter, Post, Record, Tally
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["faulty_town", "frame_of", "grids", "holders_of", "sound_town"]

LEVELS = ("city", "street", "community", "grid", "door")
_ENDINGS = {"street": ("街道", "街道办事处"), "town": ("镇",)}
_PER_UNIT: tuple[Literal["exactly_one", "at_least_one", "any"], ...] = ("exactly_one", "at_least_one", "any")
_DUTY = {"repair": Title(zh="维修", en="repairs"), "visit": Title(zh="走访", en="visits")}


@st.composite
def grids(draw: st.DrawFn, coded: bool | None = None) -> Grid:
    """Draw a grid without faults.

    Args:
        draw: Hypothesis's.
        coded: Whether codes have a form, each with a prefix; drawn if None.
    """
    names = LEVELS[: draw(st.integers(2, 5))]
    forms: bool = draw(st.booleans()) if coded is None else coded
    levels = {name: draw(_levels(i, names, forms)) for i, name in enumerate(names)}
    for name, level in levels.items():
        above = [kind for other in level.on for kind in levels[other].kinds]
        if level.covers and above and draw(st.booleans()):
            kinds = (draw(st.sampled_from(above)),)
            levels[name] = evolve(level, covers_kinds=kinds)  # type: ignore[misc]  # rules are attrs classes
    seats = draw(_seats(levels))
    grid = Grid(levels=levels, departments={"police": Title(zh="公安", en="police")}, **seats)
    assert not list(grid.check())
    return grid


@st.composite
def _levels(draw: st.DrawFn, i: int, names: tuple[str, ...], coded: bool) -> Level:
    on = () if i == 0 else names[max(0, i - draw(st.sampled_from([1, 1, 2]))) : i]
    code = CodeForm(digits=len(names) + 1, significant=i + 1, prefix=i > 0) if coded else None
    kinds: dict[str, Kind] = {}
    shown = draw(st.sampled_from(["none", "codes", "endings", "stated"]))
    if i and shown == "codes" and coded and len(on) == 1:
        kinds = {"street": Kind(codes=("1-4",)), "town": Kind(codes=("5-6", "8"), territorial=draw(st.booleans()))}
    elif i and shown in ("endings", "stated"):
        kinds = {
            kind: Kind(
                endings=endings if shown == "endings" else (), territorial=kind == "street" or draw(st.booleans())
            )
            for kind, endings in _ENDINGS.items()
        }
    bound = Bound(
        at_least=draw(st.none() | st.integers(0, 3)),
        below=draw(st.integers(4, 9)),
        kinds=tuple(kinds)[:1] if draw(st.booleans()) else (),
        exempt=draw(st.sampled_from([{}, {"demolition": Title(zh="拆迁", en="demolition")}])),
    )
    covers = bool(on) and draw(st.booleans())
    below, tallied = names[i + 1 :], draw(st.booleans())
    return Level(
        order=i + 1,
        on=on,
        kinds=kinds,
        code=code,
        sizes=draw(st.sampled_from([{}, {"households": bound}])),
        tallies={"stated": Tally(level=draw(st.sampled_from(below)))} if below and tallied else {},
        covers=covers,
        unique_names=draw(st.booleans()),
    )


@st.composite
def _seats(draw: st.DrawFn, levels: dict[str, Level]) -> dict[str, Any]:
    def where() -> dict[str, Any]:
        level = draw(st.sampled_from(list(levels)))
        kinds = tuple(levels[level].kinds)[: draw(st.integers(0, 1))]
        each = draw(st.sampled_from([None, None, 1, 2]))
        return {"level": level, "kinds": kinds, "per_unit": draw(st.sampled_from(_PER_UNIT)), "units_each": each}

    posts: dict[str, Post] = {}
    taken: set[tuple[str, str]] = set()
    for name in ("head", "worker", "guard"):
        place = where()
        duties = {
            key: title for key, title in _DUTY.items() if draw(st.booleans()) and (place["level"], key) not in taken
        }
        departments = ("police",) if draw(st.booleans()) and (place["level"], "police") not in taken else ()
        stands_in = draw(st.booleans()) and (place["level"], "stands in") not in taken
        taken |= {(place["level"], key) for key in (*duties, *departments, *(["stands in"] if stands_in else []))}
        posts[name] = Post(duties=duties, departments=departments, stands_in=stands_in, **place)
    duties_known = sorted({duty for post in posts.values() for duty in post.duties})
    police = "police" if any(post.departments for post in posts.values()) else None
    matters = {
        f"m_{duty}": Matter(duty=duty, department=draw(st.sampled_from([None, police]))) for duty in duties_known
    }
    if police:
        matters["m_police"] = Matter(department=police)
    if any(post.stands_in for post in posts.values()):
        matters["m_any"] = Matter()
    return {
        "posts": posts,
        "bodies": {"committee": Body(**where())},
        "records": {"map": Record(**where())},
        "matters": matters,
    }


def sound_town(random: Random, grid: Grid, *, most: int = 3) -> list[dict[str, Any]]:
    """Return units that stand on each other as the rule asks, with codes and names that show their kinds.

    Sizes, tallies and coverage are drawn without regard to the rule.

    Args:
        random: Where chance comes from.
        grid: The rule.
        most: How many units of a level stand on one at most.
    """
    first, *lower = grid.ordered
    rows = [_unit(random, grid, first, "1", None)]
    for key in lower:
        level = grid.levels[key]
        for above in [row for row in rows if row["level"] in level.on]:
            for number in range(1, random.randint(0, most) + 1):
                rows.append(_unit(random, grid, key, f"{above['_own']}{number}", above))
    for row in rows:
        del row["_own"]
    return rows


def _unit(random: Random, grid: Grid, key: str, own: str, above: dict[str, Any] | None) -> dict[str, Any]:
    level = grid.levels[key]
    # Where a level is skipped, its place in the code is taken by a nine, which no unit of it has.
    own = own[:-1].ljust(level.order - 1, "9") + own[-1] if above is not None else own
    code = f"{key}-{own}" if level.code is None else own.ljust(level.code.digits, "0")
    kind = random.choice(list(level.kinds)) if level.kinds else None
    endings = level.kinds[kind].endings if kind is not None else ()
    name = random.choice(["东", "西"]) + (random.choice(endings) if endings else "")
    shows = any(one.endings or one.codes for one in level.kinds.values())
    return {
        "_own": own,
        "code": code,
        "name": name,
        "level": key,
        "kind": None if shows else kind,
        "parent": None if above is None else above["code"],
        "exempt": random.choice([None, None, None, "demolition"]) if level.sizes else None,
        "households": random.choice([None, *range(12)]) if level.sizes else None,
        "stated": random.choice([None, 0, 1, 2, 3]) if level.tallies else None,
    }


def faulty_town(random: Random, grid: Grid) -> list[dict[str, Any]]:
    """Return units some of which are as they should not be: repeated, lost, moved, misnamed, of another kind or level.

    Args:
        random: Where chance comes from.
        grid: The rule.
    """
    rows = sound_town(random, grid)
    for _ in range(random.randint(0, 4)):
        row = random.choice(rows)
        match random.randrange(8):
            case 0:
                rows.append(dict(random.choice(rows)))
            case 1 if len(rows) > 1:
                rows.remove(row)
            case 2:
                row["parent"] = random.choice(rows)["code"]
            case 3:
                row["level"] = random.choice(list(grid.levels))
            case 4:
                row["code"] = random.choice([row["code"][:-1] or "x", row["code"] + "0", "7" + row["code"][1:], "9"])
            case 5:
                row["kind"] = random.choice([None, "street", "town", "village"])
            case 6:
                row["name"] = random.choice(["东", "西镇", "东街道办事处"])
            case _:
                row["parent"] = None
    random.shuffle(rows)
    return rows


def holders_of(random: Random, grid: Grid, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return who or what is there: some posts empty, some held twice, some held where they are not.

    Args:
        random: Where chance comes from.
        grid: The rule.
        rows: The units.
    """
    held = []
    for row in rows:
        for key, seat in grid.seats.items():
            here = seat.level == row["level"]
            for _ in range(random.choice([0, 1, 1, 2]) if here else int(random.random() < 0.02)):
                departments: list[str | None] = [None]
                if isinstance(seat, Post) and seat.departments:
                    departments = ["police", "police", "police", None]
                held.append(
                    {
                        "unit": row["code"] if random.random() < 0.98 else "nowhere",
                        "seat": key,
                        "holder": f"p{random.randrange(12)}",
                        "department": random.choice(departments),
                    }
                )
    random.shuffle(held)
    return held


def frame_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Return units or holders as a frame; a column that nothing is in is one of text or of whole numbers.

    Args:
        rows: The rows.
    """
    import polars as pl

    whole = ("households", "stated")
    names = list(rows[0]) if rows else ["unit", "seat", "holder", "department"]
    schema: dict[str, Any] = {name: pl.Int64() if name in whole else pl.String() for name in names}
    return pl.DataFrame(rows, schema=schema)
