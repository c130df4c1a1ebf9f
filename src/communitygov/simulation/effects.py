"""Effects: what each part of a reform does on its own, and what it adds to the others."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from communitygov.documents.node import Node, Path
from communitygov.profile.profile import Profile, Reform
from communitygov.simulation.results import Simulation, frame_of
from communitygov.simulation.run import attempt
from communitygov.simulation.seek import met_in, undated
from communitygov.simulation.variants import Variant, as_it_stands
from communitygov.simulation.worlds import World
from communitygov.vocabulary.errors import CommunityGovError
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["EXACT_UP_TO", "Effects", "effects"]

EXACT_UP_TO = 8
"""How many leaves of a reform are taken in every order; of more, orders are sampled."""

_BATCH = 32
"""How many variants are simulated side by side, so that what is carried over fits into memory."""


@frozen(eq=False)
class Effects:
    """What each leaf of a reform does.

    ``frame`` has one row per leaf (or whole new part) that the reform sets or removes:

    - ``leaf``, ``before``, ``after`` (text; null where there is nothing);
    - ``alone`` (float): what it does on its own, against the rules without the reform;
    - ``averaged`` (float): what it adds, in the mean over the orders in which the leaves can be taken (Shapley); these
      add up to the whole, and are null where leaves cannot be taken apart;
    - ``share`` (float): its part of the whole; null where the whole does nothing;
    - ``error``, ``error_zh``: why the rules do not allow it on its own.

    Args:
        frame: As above.
        of: What is measured: an expectation's probability, or the mean share of certified subjects in the last year.
        before: That without the reform.
        after: That with it.
        orders: How many orders were taken.
        exact: Whether these were all there are.
        statement: The same in words.
    """

    frame: pl.DataFrame
    of: str
    before: Fraction
    after: Fraction
    orders: int
    exact: bool
    statement: Title


def effects(
    profile: Profile,
    world: World,
    reform: Reform,
    *,
    of: str | None = None,
    variant: Variant | None = None,
    orders: int = 40,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    **settings: Any,
) -> Effects:
    """Take a reform apart: what does each of its leaves do on its own, and what does it add to the others?

    Args:
        profile: The profile.
        world: The facts: drawn, or real.
        reform: The reform.
        of: What to measure: the probability of an expectation, by its id; the mean share of certified subjects in the
            last year if None.
        variant: The rules that the reform is laid over; as they stand if None.
        orders: How many orders to sample where the reform has more than 8 leaves.
        seed: What these orders are drawn from.
        progress: Told how much of a round is done, and how much there is.
        settings: ``first``, ``last``, ``draws``, ``certification``, ``holders``, as for ``simulate``.

    Returns:
        The effects, and over how many orders they were averaged.

    Raises:
        UsageError: If the expectation is not judged in a simulation.
        NotInForce: If the reform begins after the profile's last day.
        DocumentError: If the whole reform breaks a rule.

    Source:
        L. S. Shapley, A value for n-person games, 1953.

    Example:
        >>> import communitygov
        >>> from communitygov.simulation.varied import with_value
        >>> from communitygov.simulation.worlds import World
        >>> rules = communitygov.load_profile("shijingshan")
        >>> four = with_value(rules, "certification.quality_star.tiers.four_star.share", Fraction(2, 5))
        >>> done = effects(rules, World.drawn(seed=1), four, last=2022, draws=2)
        >>> str(done.before), str(done.after), done.frame["share"].to_list()
        ('42/143', '57/143', [1.0])
    """
    base = variant or as_it_stands()
    # What a reform changes is what stands on its first day, which may be more than stood on the profile's.
    day = max(profile.first_day, reform.layer.start.first_day) if reform.layer.start else profile.first_day
    root = profile.at(day, reforms=base.reforms, readings=base.readings).root
    parts = dict(_parts(reform.layer.patch, root, ()))
    paths = list(parts)
    everything = frozenset(paths)
    every = len(paths) <= EXACT_UP_TO
    sampled = [] if every else _orders(paths, orders, seed)
    chains = [frozenset(order[:i]) for order in sampled for i in range(len(order) + 1)]
    subsets = [frozenset(c) for i in range(len(paths) + 1) for c in combinations(paths, i)] if every else chains
    subsets += [frozenset(), everything, *(frozenset([path]) for path in paths)]
    asked = {**settings, "undated": of is not None and undated(profile, base, of), "aftermath": False}
    worth, errors = _worth(profile, world, reform, base, list(dict.fromkeys(subsets)), of, progress, asked)
    if everything in errors:
        raise errors[everything]
    before, after = worth[frozenset()], worth[everything]
    rows = []
    for path in paths:
        alone = frozenset([path])
        gain = _averaged(path, paths, worth) if every else _sampled(path, sampled, worth)
        whole = after - before
        error = errors.get(alone)
        rows.append(
            {
                "leaf": ".".join(path),
                "before": _text(root.get(*path)),
                "after": _text(parts[path]),
                "alone": None if error else float(worth[alone] - before),
                "averaged": None if gain is None else float(gain),
                "share": None if gain is None or not whole else float(gain / whole),
                "error": error.say("en") if error else None,
                "error_zh": error.say("zh") if error else None,
            }
        )
    count = factorial(len(paths)) if every else len(sampled)
    return Effects(_effects(rows), of or "certified", before, after, count, every, _orders_said(count, every, rows))


def _parts(patch: Node, base: Node | None, path: Path) -> Iterator[tuple[Path, Node]]:
    """Yield what a patch sets or removes, leaf by leaf; a part that is wholly new is one."""
    for key, node in (patch.children or {}).items():
        old = None if base is None else base.get(key)
        if node.children and old is not None and old.children is not None:
            yield from _parts(node, old, (*path, key))
        else:
            yield (*path, key), node


def _only(patch: Node, wanted: frozenset[Path], path: Path = ()) -> Node:
    """Return a patch without the parts that are not wanted."""
    children = {}
    for key, node in (patch.children or {}).items():
        here = (*path, key)
        if here in wanted:
            children[key] = node
        elif any(one[: len(here)] == here for one in wanted):
            children[key] = _only(node, wanted, here)
    return evolve(patch, children=children)


def _worth(
    profile: Profile,
    world: World,
    reform: Reform,
    base: Variant,
    subsets: Sequence[frozenset[Path]],
    of: str | None,
    progress: Callable[[int, int], None] | None,
    settings: Mapping[str, Any],
) -> tuple[dict[frozenset[Path], Fraction], dict[frozenset[Path], CommunityGovError]]:
    """Return what is measured under each part of a reform, and why a part cannot stand by itself."""
    worth: dict[frozenset[Path], Fraction] = {}
    refused: dict[frozenset[Path], CommunityGovError] = {}
    for start in range(0, len(subsets), _BATCH):
        batch = {f"part {start + i}": subset for i, subset in enumerate(subsets[start : start + _BATCH])}
        variants = []
        for name, subset in batch.items():
            layer = evolve(reform.layer, patch=_only(reform.layer.patch, subset))
            parts = (evolve(reform, layer=layer),) if subset else ()
            variants.append(Variant(name, reform.title, (*base.reforms, *parts), base.readings))
        found, errors = attempt(profile, world, [base, *variants], progress=progress, **settings)
        for name, subset in batch.items():
            if name in errors:
                refused[subset] = errors[name]
            else:
                worth[subset] = _measured(found, name, of)
    return worth, refused


def _measured(simulation: Simulation, variant: str, of: str | None) -> Fraction:
    if of is not None:
        return Fraction(met_in(simulation, variant, of), simulation.draws)
    certified = int((simulation.codes[variant, simulation.last] > 0).sum())
    return Fraction(certified, simulation.subjects * simulation.draws)


def _averaged(path: Path, paths: Sequence[Path], worth: Mapping[frozenset[Path], Fraction]) -> Fraction | None:
    """Return what a leaf adds, in the mean over all orders; None if some order passes through what is not allowed."""
    others = [one for one in paths if one != path]
    total = Fraction(0)
    for size in range(len(others) + 1):
        weight = Fraction(factorial(size) * factorial(len(others) - size), factorial(len(paths)))
        for chosen in combinations(others, size):
            without = frozenset(chosen)
            with_it = without | {path}
            if without not in worth or with_it not in worth:
                return None
            total += weight * (worth[with_it] - worth[without])
    return total


def _orders(paths: Sequence[Path], count: int, seed: int) -> list[list[Path]]:
    numbers = random.Random(seed)
    return [numbers.sample(paths, len(paths)) for _ in range(count)]


def _sampled(
    path: Path, orders: Sequence[Sequence[Path]], worth: Mapping[frozenset[Path], Fraction]
) -> Fraction | None:
    total = Fraction(0)
    for order in orders:
        at = list(order).index(path)
        without, with_it = frozenset(order[:at]), frozenset(order[: at + 1])
        if without not in worth or with_it not in worth:
            return None
        total += worth[with_it] - worth[without]
    return total / len(orders)


def _text(node: Node | None) -> str | None:
    return None if node is None or node.is_removal else node.text()


def _orders_said(count: int, every: bool, rows: Sequence[Mapping[str, Any]]) -> Title:
    if any(row["averaged"] is None for row in rows):
        return Title(
            zh="部分叶值单独或部分合用即违反规则，无从逐一归因；只给出能单独成立者的作用。",
            en="Some leaves break a rule without the others, so the whole cannot be shared out among them; what those "
            "do that can stand alone is given.",
        )
    if every:
        return Title(zh=f"对全部 {count} 种次序取平均。", en=f"Averaged over all {count} orders.")
    return Title(
        zh=f"叶值多于 {EXACT_UP_TO} 个，对抽取的 {count} 种次序取平均，为估计值。",
        en=f"More than {EXACT_UP_TO} leaves: averaged over {count} sampled orders, an estimate.",
    )


def _effects(rows: list[dict[str, Any]]) -> pl.DataFrame:
    import polars as pl

    numbers = dict.fromkeys(("alone", "averaged", "share"), pl.Float64)
    texts = dict.fromkeys(("leaf", "before", "after"), pl.String)
    return frame_of(rows, {**texts, **numbers, "error": pl.String, "error_zh": pl.String})
