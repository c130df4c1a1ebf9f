"""Proposing a split: a unit's buildings are divided among new units, evenly, and in one piece each if need be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from communitygov.grid.changes import Part, Split
from communitygov.grid.rules import Bound, Grid
from communitygov.grid.units import Units
from communitygov.vocabulary.errors import DataError, MissingExtra, UsageError
from communitygov.vocabulary.faults import Fault
from communitygov.vocabulary.frames import Column, Table, adopt, check_table
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import networkx as nx
    import polars as pl

    Graph = nx.Graph[str]

__all__ = ["ADJACENCY", "propose_split"]

ADJACENCY = Table(
    Title(zh="相邻表", en="adjacency"),
    (
        Column("one", "text", Title(zh="单元代码", en="unit's code")),
        Column("other", "text", Title(zh="相邻单元代码", en="code of a unit beside it")),
    ),
    ("one", "other"),
    open=True,
    unique=False,
)
"""Which units lie beside each other: one row per pair, either way round."""

Sizes = Mapping[str, int]


def propose_split(
    grid: Grid,
    units: Units,
    unit: str,
    into: Mapping[str, str],
    *,
    on: str | Period | dt.date,
    by: str = "households",
    adjacency: Any = None,
    below: bool = False,
) -> Split:
    """Propose how to split a unit, such as a community over its bound, by the units that stand on it.

    The proposal is made step by step and not by trying all: it is one that no single unit's change of part makes more
    even, not always the most even of all. It is the same whenever it is asked for. The new units are held to the bound
    of the old one's kind; a kind and a reason of exemption that the data state of it are stated of them.

    Args:
        grid: The rule.
        units: The units.
        unit: The code of the unit.
        into: The names of the new units by their codes, as many as there are to be.
        on: The day whose units are looked at, a day before the split is to hold; a period stands for its first.
        by: The number that is to be even, a column of whole numbers.
        adjacency: A frame of any kind with the columns of ``ADJACENCY``: then each part is in one piece. If absent,
            parts may be scattered. Pairs of other units are passed over.
        below: Whether codes below begin with the new codes from then on; it goes into the change.

    Returns:
        The change, for ``adjust``; with its sizes, if the unit's level has such a number.

    Raises:
        UsageError: If there is no such unit, or fewer than two new ones.
        DataError: If a unit below lacks its number or they do not add up to the unit's; if the new units are too few
            for the bound, or too many for what stands on it; if no division within the bound or in one piece each is
            found.
        MissingExtra: If there is adjacency and the extra ``graph`` is not installed.

    Example:
        >>> import polars as pl
        >>> from communitygov.grid.rules import Level
        >>> from communitygov.grid.units import load_units
        >>> grid = Grid(levels={"community": Level(order=1), "building": Level(order=2, on=("community",))})
        >>> rows = [("c", "C", "community", None, 90), *((f"b{i}", "B", "building", "c", 10 * i) for i in (2, 3, 4))]
        >>> columns = ["code", "name", "level", "parent", "households"]
        >>> units = load_units(grid, pl.DataFrame(rows, schema=columns, orient="row"))
        >>> proposed = propose_split(grid, units, "c", {"c": "C", "d": "D"}, on="2024")
        >>> {code: part.children for code, part in proposed.into.items()}
        {'c': ('b2', 'b3'), 'd': ('b4',)}
    """
    if len(into) < 2:
        raise UsageError.because("changes-nothing", zh="须拆成至少两个单元", en="a split is into at least two units")
    tree = units.on(on)
    row = tree.row(unit)
    level = grid.levels[tree.frame["level"][row]]
    children = tree.frame.filter((tree.above == row).fill_null(False))
    sizes = _sizes(children, by)
    exempt, stated_kind = tree.frame["exempt"][row], tree.frame["stated_kind"][row]
    bound = level.sizes.get(by)
    if bound is not None and (exempt in bound.exempt or (bound.kinds and tree.frame["kind"][row] not in bound.kinds)):
        bound = None
    _check_numbers(tree.frame.row(row, named=True), sizes, by, bound, len(into))
    graph = None if adjacency is None else _graph(adjacency, sizes)
    parts = _scattered(sizes, len(into)) if graph is None else _connected(graph, sizes, len(into))
    parts = _evened(parts, sizes, graph)
    if bound is not None:
        _check_bound(parts, sizes, bound, unit)
    parts.sort(key=min)
    numbers = {*level.sizes, *level.tallies}
    made = {
        code: Part(name, sorted(part), {by: _sum(part, sizes)} if by in numbers else {}, stated_kind, exempt)
        for (code, name), part in zip(into.items(), parts, strict=True)
    }
    return Split(unit, made, below)


def _sizes(children: pl.DataFrame, by: str) -> dict[str, int]:
    """Return the number of each unit, which each of them must have."""
    import narwhals as nw

    columns = (
        Column("code", "text", Title(zh="代码", en="code")),
        Column(by, "whole", Title(zh=by, en=by), minimum=Fraction(0)),
    )
    check_table(
        Table(Title(zh="下级单元", en="the units below"), columns, ("code",), open=True), nw.from_native(children)
    )
    return dict(children.sort("code").select("code", by).iter_rows())


def _check_numbers(row: Mapping[str, Any], sizes: Sizes, by: str, bound: Bound | None, parts: int) -> None:
    """Refuse what no division can make good."""
    total, stated = sum(sizes.values()), row.get(by)
    if stated is not None and stated != total:
        raise DataError.because(
            "sizes-differ",
            zh=f"`{row['code']}` 的 {by} 为 {stated}，其下合计 {total}",
            en=f"`{by}` of `{row['code']}` is {stated}; what stands on it adds up to {total}",
        )
    if len(sizes) < parts:
        raise _no_division(
            f"其下只有 {len(sizes)} 个单元，不足 {parts} 份", f"only {len(sizes)} units stand on it", parts
        )
    most = None if bound is None else bound.most
    if most is not None and total > most * parts:
        needed = "?" if most == 0 else -(-total // most)
        raise _no_division(
            f"合计 {total}，每份至多 {most}，至少须 {needed} 份", f"{total} need at least {needed} parts", parts
        )


def _no_division(zh: str, en: str, parts: int) -> DataError:
    return DataError.because("no-division", zh=f"无法分成 {parts} 份：{zh}", en=f"no division into {parts}: {en}")


def _check_bound(parts: Sequence[set[str]], sizes: Sizes, bound: Bound, unit: str) -> None:
    """Refuse a division that breaks the bound."""
    found = sorted(_sum(part, sizes) for part in parts)
    if (bound.most is not None and found[-1] > bound.most) or (
        bound.at_least is not None and found[0] < bound.at_least
    ):
        said = ", ".join(map(str, found))
        raise _no_division(
            f"`{unit}` 所得各份为 {said}，超出界限", f"`{unit}` comes to {said}, out of bounds", len(parts)
        )


def _graph(adjacency: Any, sizes: Sizes) -> Graph:
    """Return the units below as a graph, with an edge between those that lie beside each other."""
    import narwhals as nw

    try:
        import networkx
    except ModuleNotFoundError:
        raise MissingExtra.named("graph", "networkx") from None
    frame, _ = adopt(adjacency)
    itself = Title(zh="单元与自身相邻", en="a unit beside itself")
    check_table(ADJACENCY, frame, more=[Fault("bad-pair", "other", nw.col("one") == nw.col("other"), itself)])
    eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    graph: Graph = networkx.Graph()
    graph.add_nodes_from(sizes)
    pairs = (tuple(sorted(pair)) for pair in eager.select("one", "other").to_polars().iter_rows())
    graph.add_edges_from(sorted({pair for pair in pairs if pair[0] in sizes and pair[1] in sizes}))
    return graph


def _scattered(sizes: Sizes, count: int) -> list[set[str]]:
    """Return parts that need not be in one piece: the largest unit first, each to the part that has least."""
    parts: list[set[str]] = [set() for _ in range(count)]
    loads = [0] * count
    for code in sorted(sizes, key=lambda code: (-sizes[code], code)):
        # Of parts that have alike, an emptier one, so that none stays empty.
        least = min(range(count), key=lambda i: (loads[i], len(parts[i]), i))
        parts[least].add(code)
        loads[least] += sizes[code]
    return parts


def _connected(graph: Graph, sizes: Sizes, count: int) -> list[set[str]]:
    """Return parts in one piece each: pieces that do not touch have parts of their own."""
    import networkx

    pieces = sorted((set(piece) for piece in networkx.connected_components(graph)), key=min)
    if len(pieces) > count:
        raise _no_division(
            f"其下分为互不相邻的 {len(pieces)} 片", f"{len(pieces)} pieces do not touch each other", count
        )
    shares = [1] * len(pieces)
    for _ in range(count - len(pieces)):
        able = [i for i, piece in enumerate(pieces) if shares[i] < len(piece)]
        most = max(able, key=lambda i: (Fraction(_sum(pieces[i], sizes), shares[i]), -i))
        shares[most] += 1
    return [part for piece, share in zip(pieces, shares, strict=True) for part in _cut(graph, piece, sizes, share)]


def _sum(part: Iterable[str], sizes: Sizes) -> int:
    return sum(sizes[code] for code in part)


def _cut(graph: Graph, piece: set[str], sizes: Sizes, count: int) -> list[set[str]]:
    """Return a piece in parts: cut in two along an edge of a tree within it, where it comes nearest, and again."""
    if count == 1:
        return [piece]
    total = _sum(piece, sizes)
    best: tuple[int, int, list[str]] | None = None
    for side, load in _sides(graph, piece, sizes):
        for first in range(max(1, count - len(piece) + len(side)), min(count - 1, len(side)) + 1):
            off = abs(count * load - first * total)
            if best is None or off <= best[0]:
                key = (off, first, sorted(side))
                best = key if best is None else min(best, key)
    assert best is not None, "a leaf of a tree can be a part, and the rest is in one piece"
    side = set(best[2])
    return [*_cut(graph, side, sizes, best[1]), *_cut(graph, piece - side, sizes, count - best[1])]


def _sides(graph: Graph, piece: set[str], sizes: Sizes) -> Iterator[tuple[set[str], int]]:
    """Yield what hangs on each edge of the trees, broad and deep, that grow from each unit of a piece, and its load."""
    import networkx

    inside = _sorted(graph.subgraph(piece))
    for root in sorted(piece):
        for grown in (networkx.bfs_edges, networkx.dfs_edges):
            edges = list(grown(inside, root))
            hanging = {code: {code} for code in piece}
            for upper, code in reversed(edges):
                yield hanging[code], _sum(hanging[code], sizes)
                hanging[upper] |= hanging[code]


def _sorted(graph: Graph) -> Graph:
    """Return a graph whose units and edges are in the order of their codes, so that trees grow alike every time."""
    import networkx

    ordered: Graph = networkx.Graph()
    ordered.add_nodes_from(sorted(graph))
    ordered.add_edges_from(sorted((min(edge), max(edge)) for edge in graph.edges))
    return ordered


def _evened(parts: list[set[str]], sizes: Sizes, graph: Graph | None) -> list[set[str]]:
    """Return parts that no change of part of a single unit makes more even; each stays in one piece if it must."""
    loads = [_sum(part, sizes) for part in parts]
    while True:
        gains = [
            (sizes[code] * (loads[old] - loads[new] - sizes[code]), code, old, new)
            for old, part in enumerate(parts)
            for code in sorted(part)
            for new in range(len(parts))
            if new != old and sizes[code] and loads[old] - loads[new] > sizes[code] and len(part) > 1
        ]
        # The sum of squares falls with each, so that this comes to an end.
        gains.sort(key=lambda gain: (-gain[0], gain[1], gain[3]))
        fits = (gain for gain in gains if graph is None or _fits(graph, parts[gain[2]], parts[gain[3]], gain[1]))
        best = next(fits, None)
        if best is None:
            return parts
        _, code, old, new = best
        parts[old].remove(code)
        parts[new].add(code)
        loads[old] -= sizes[code]
        loads[new] += sizes[code]


def _fits(graph: Graph, old: set[str], new: set[str], moved: str) -> bool:
    """Return whether a unit touches the part that it would go to, and leaves its own in one piece."""
    import networkx

    return not new.isdisjoint(graph[moved]) and networkx.is_connected(graph.subgraph(old - {moved}))
