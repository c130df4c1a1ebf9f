"""Goal seek: one number of the rules varied until a target is met."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from attrs import frozen

from communitygov.profile.profile import Profile
from communitygov.simulation.results import Simulation, frame_of
from communitygov.simulation.run import attempt
from communitygov.simulation.variants import Variant, as_it_stands
from communitygov.simulation.varied import said_like, varied
from communitygov.simulation.worlds import World
from communitygov.vocabulary.errors import CommunityGovError, UsageError
from communitygov.vocabulary.numbers import exact, share_text
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Sought", "met_in", "seek", "undated"]

_AT_ONCE = 9
"""How many values are tried side by side in one round."""


@frozen(eq=False)
class Sought:
    """The least value of a leaf at which an expectation is met often enough.

    Args:
        leaf: The leaf's dotted path.
        expectation: The expectation's id.
        probability: How often it must be met.
        value: The least value on the grid that was found to reach it; None if none did.
        grid: The least and the greatest value of the grid, and its step.
        tried: The values tried, rising: ``value`` (text), ``met`` and ``draws`` (numbers of draws), ``probability``,
            ``enough`` (Boolean), ``error``, ``error_zh`` (why the rules do not allow a value).
        monotone: Whether, among the values tried, a higher one never reached it less often than a lower one.
        statement: What was found, and how far it can be relied on.
        draws: How many draws.
        seed: What the random numbers are made from; None of real data.
    """

    leaf: str
    expectation: str
    probability: Fraction
    value: Fraction | None
    grid: tuple[Fraction, Fraction, Fraction]
    tried: pl.DataFrame
    monotone: bool
    statement: Title
    draws: int
    seed: int | None


def seek(
    profile: Profile,
    world: World,
    *,
    leaf: str,
    expectation: str,
    low: Fraction | str,
    high: Fraction | str,
    step: Fraction | str,
    probability: Fraction | str | float = Fraction(9, 10),
    variant: Variant | None = None,
    progress: Callable[[int, int], None] | None = None,
    **settings: Any,
) -> Sought:
    """Find the least value of a leaf at which an expectation is met with a given probability.

    The values of a grid are tried in rounds, each narrowing the range in which the first that is enough must lie, as a
    bisection does. That is right where a higher value never makes it less likely; whether it did, among the values
    tried, is said.

    Where a reform of the variant sets the leaf, it is what the reform sets that is varied, for as long as it holds.

    Args:
        profile: The profile.
        world: The facts: drawn, or real.
        leaf: The leaf's dotted path, such as ``certification.quality_star.tiers.four_star.share``.
        expectation: The expectation's id.
        low: The least value of the grid, exact: ``20%``, ``1/3``, ``0.2``.
        high: Its greatest.
        step: Its step.
        probability: How often the expectation must be met, of all draws.
        variant: The rules that the leaf is changed in; as they stand if None.
        progress: Told how much of a round is done, and how much there is.
        settings: ``first``, ``last``, ``draws``, ``certification``, ``holders``, as for ``simulate``.

    Returns:
        The value, every value tried, and how far the answer can be relied on.

    Raises:
        UsageError: If the leaf, the expectation or the grid make no sense.

    Example:
        >>> import communitygov
        >>> from communitygov.simulation.worlds import World
        >>> found = seek(
        ...     communitygov.load_profile("shijingshan"),
        ...     World.drawn(seed=1),
        ...     leaf="certification.quality_star.tiers.four_star.share",
        ...     expectation="half_are_stars",
        ...     low="10%",
        ...     high="50%",
        ...     step="20%",
        ...     draws=4,
        ...     last=2025,
        ... )
        >>> str(found.value)
        '3/10'
    """
    grid = _grid(low, high, step)
    wanted = _probability(probability)
    base = variant or as_it_stands()
    asked = {**settings, "undated": undated(profile, base, expectation), "aftermath": False}
    tried: dict[int, dict[str, Any]] = {}
    lower, upper = 0, len(grid) - 1
    like = ""
    while True:
        places = [i for i in _spread(lower, upper) if i not in tried]
        variants = [varied(profile, base, leaf, grid[i]) for i in places]
        like = like or variants[0].name
        simulation, errors = attempt(profile, world, [base, *variants], progress=progress, **asked)
        for i, one in zip(places, variants, strict=True):
            tried[i] = _trial(simulation, errors, one.name, expectation, wanted)
        inside = [i for i in sorted(tried) if lower <= i <= upper]
        first = next((i for i in inside if tried[i]["enough"]), None)
        if first is None or first == lower:
            break
        below = max(i for i in inside if i < first)
        if first - below <= 1:
            break
        lower, upper = below, first
    rows = [tried[i] for i in sorted(tried)]
    value = next((grid[i] for i in sorted(tried) if tried[i]["enough"]), None)
    known = [Fraction(row["met"], row["draws"]) for row in rows if row["error"] is None]
    monotone = all(one <= other for one, other in pairwise(known))
    steps = (grid[0], grid[-1], _number(step, "step"))
    said = _found(
        leaf,
        expectation,
        [said_like(one, like) for one in (grid[0] if value is None else value, *steps)],
        wanted,
        (value is not None, value == grid[0]),
        (len(rows), len(grid)),
        monotone,
    )
    return Sought(
        leaf, expectation, wanted, value, steps, _trials(rows), monotone, said, simulation.draws, simulation.seed
    )


def undated(profile: Profile, variant: Variant, expectation: str) -> bool:
    """Return whether an expectation has no date, or is not known, so that all must be judged.

    Args:
        profile: The profile.
        variant: The rules that it stands in.
        expectation: Its id.
    """
    rules = profile.at(profile.first_day, reforms=variant.reforms, readings=variant.readings).rules
    return expectation not in rules.expectations or rules.expectations[expectation].by is None


def _number(text: Fraction | str, what: str) -> Fraction:
    if isinstance(text, Fraction):
        return text
    try:
        return exact(str(text))
    except ValueError:
        raise UsageError.because(
            "not-a-number",
            zh=f"{what} 须为精确的数，如 20%、1/3、0.2，却是 {text!r}",
            en=f"{what} must be an exact number such as 20%, 1/3 or 0.2, not {text!r}",
        ) from None


def _probability(value: Fraction | str | float) -> Fraction:
    share = _number(repr(value) if isinstance(value, float) else value, "probability")
    if not 0 < share <= 1:
        raise UsageError.because(
            "bad-probability",
            zh=f"概率须在0与1之间，却是 {value}",
            en=f"a probability lies between 0 and 1, not {value}",
        )
    return share


def _grid(low: Fraction | str, high: Fraction | str, step: Fraction | str) -> list[Fraction]:
    least, most, by = _number(low, "low"), _number(high, "high"), _number(step, "step")
    if by <= 0 or least > most:
        raise UsageError.because(
            "empty-range",
            zh=f"网格为空：自 {least} 至 {most}，步长 {by}",
            en=f"the grid is empty: from {least} to {most} by {by}",
        )
    return [least + i * by for i in range(int((most - least) / by) + 1)]


def _spread(lower: int, upper: int) -> list[int]:
    """Return places from one end of a range to the other, both included, evenly spread."""
    count = min(_AT_ONCE, upper - lower + 1)
    return sorted({lower + round(i * (upper - lower) / max(count - 1, 1)) for i in range(count)})


def _trial(
    simulation: Simulation,
    errors: Mapping[str, CommunityGovError],
    name: str,
    expectation: str,
    wanted: Fraction,
) -> dict[str, Any]:
    error = errors.get(name)
    row = {
        "value": name.rpartition("=")[2],
        "met": None,
        "draws": simulation.draws,
        "probability": None,
        "enough": False,
    }
    if error is not None:
        return {**row, "error": error.say("en"), "error_zh": error.say("zh")}
    met = met_in(simulation, name, expectation)
    share = Fraction(met, simulation.draws)
    enough = share >= wanted
    return {**row, "met": met, "probability": float(share), "enough": enough, "error": None, "error_zh": None}


def met_in(simulation: Simulation, variant: str, expectation: str) -> int:
    """Return in how many draws an expectation is met.

    Args:
        simulation: The simulation.
        variant: The variant's name.
        expectation: The expectation's id.

    Raises:
        UsageError: If the simulation does not decide it in any draw.
    """
    import polars as pl

    frame = simulation.verdicts.get((variant, expectation))
    if frame is None or (frame["met"] == "undetermined").all():
        known = [name for one, name in simulation.verdicts if one == variant]
        hint = Title(zh="", en="") if expectation in known else did_you_mean(expectation, known)
        raise UsageError.because(
            "unknown-expectation",
            zh=f"所模拟的年份无从评判要求 `{expectation}`{hint.zh}",
            en=f"the years simulated do not decide an expectation `{expectation}`{hint.en}",
        )
    return frame.filter(pl.col("met") == "true").height


def _trials(rows: list[dict[str, Any]]) -> pl.DataFrame:
    import polars as pl

    numbers = {"met": pl.Int64, "draws": pl.Int64, "probability": pl.Float64, "enough": pl.Boolean}
    return frame_of(rows, {"value": pl.String, **numbers, "error": pl.String, "error_zh": pl.String})


def _found(
    leaf: str,
    expectation: str,
    said: Sequence[str],
    wanted: Fraction,
    reached: tuple[bool, bool],
    counts: tuple[int, int],
    monotone: bool,
) -> Title:
    """Say what was found: whether any value reached it and it is the grid's lowest, of how many tried and all."""
    at, low, high, step = said
    tried, size = counts
    odds = share_text(wanted)
    grid_zh, grid_en = f"{low} 至 {high}、步长 {step}，共 {size} 个值，试了 {tried} 个", f"{low} to {high} by {step}"
    if not reached[0]:
        zh = f"`{leaf}` 在 {grid_zh}，没有一个使 `{expectation}` 以 {odds} 的概率达到。"
        en = f"No value of {leaf} from {grid_en} was found to meet `{expectation}` with probability {odds}; "
        en += f"{tried} of {size} were tried."
    else:
        zh = f"`{leaf}` 取 {at} 时 `{expectation}` 以 {odds} 的概率达到；网格为 {grid_zh}。"
        en = f"{leaf} at {at} meets `{expectation}` with probability {odds}; the grid goes from {grid_en}, "
        en += f"{size} values of which {tried} were tried."
    if reached[1]:
        zh, en = f"{zh}这是网格的下端，更小的值未试。", f"{en} This is the grid's lower end; less was not tried."
    if not monotone:
        zh = f"{zh}注意：所试之值并非越大越易达到，因此可能漏掉更小的值。"
        en = f"{en} Beware: among the values tried a higher one is not always met more often, so a lower value may "
        en += "have been passed over."
    return Title(zh=zh, en=en)
