"""What a simulation gives back: frames of counts and shares, and everything that they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import ceil
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from communitygov.profile.profile import RuleSet
from communitygov.simulation.parameters import Declared
from communitygov.simulation.variants import Variant
from communitygov.simulation.worlds import numpy_or_refuse
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]
    Codes = NDArray[np.int8]

__all__ = ["QUANTILES", "QUANTITIES", "Assumption", "Question", "Simulation", "assumptions", "questions", "summary"]

LOW, HIGH = Fraction(1, 20), Fraction(19, 20)

QUANTILES = Title(
    zh="5%与95%为各次抽取由小到大排列后第⌈5%·n⌉与第⌈95%·n⌉个值，不作插值；均值为全部抽取之和除以次数。",
    en="5% and 95% are the values that stand at place ceil(5% n) and ceil(95% n) of all n draws in rising order, "
    "without interpolation; a mean is the sum over all draws divided by their number.",
)
"""How what is shown of many draws is computed."""

QUANTITIES: Mapping[str, Title] = MappingProxyType(
    {
        "watched": Title(zh="年末治理类社区", en="on the watch list at the year's end"),
        "came_onto_watch": Title(zh="年内列入治理类", en="came onto the watch list in the year"),
        "left_watch": Title(zh="年内退出治理类", en="left the watch list in the year"),
        "plaques_hung": Title(zh="挂牌", en="plaques hung"),
        "plaques_taken_down": Title(zh="摘牌", en="plaques taken down"),
        "plaques_hanging": Title(zh="年末在挂", en="plaques hanging at the year's end"),
        "award_money": Title(zh="奖励资金（分）", en="award money (fen)"),
    }
)
"""What ``Simulation.quantities`` counts."""


@frozen
class Assumption:
    """A value that the source does not give.

    Args:
        path: Where it stands in the rules.
        because: Why it is what it is.
    """

    path: str
    because: Title


@frozen
class Question:
    """A question that the source leaves open.

    Args:
        id: Its id.
        question: The question.
        chosen: The reading taken.
        name: What that reading is called.
        because: Why it is taken.
        clause: The clauses that leave it open.
    """

    id: str
    question: Title
    chosen: str
    name: Title
    because: Title
    clause: tuple[str, ...]


@frozen(eq=False)
class Simulation:
    """What the rules do to a world, year by year, under each variant.

    Shares and means are computed from whole counts and become floats only at the end; nothing is decided by them.
    ``low`` and ``high`` are 5% and 95% of draws (``QUANTILES``). Rows are in order of variant and year.

    Args:
        profile: The profile's name.
        certification: The certification's id.
        first: The first year shown.
        last: The last.
        draws: How many draws.
        seed: What the random numbers are made from; None of real data.
        subjects: How many subjects.
        variants: The variants; others are compared with the first.
        digests: For each variant and year, the digest of the whole rules at its beginning.
        stars: Certified at any tier: ``variant``, ``year``, ``certified`` (over all draws), ``base`` (subjects times
            draws), ``mean``, ``low``, ``high`` (shares).
        tiers: The same for each ``tier`` alone, as numbers: ``variant``, ``year``, ``tier``, ``total`` (over all
            draws), ``mean``, ``low``, ``high``, ``share`` (the mean's).
        quantities: ``variant``, ``year``, ``quantity`` (a name of ``QUANTITIES``), ``total``, ``mean``, ``low``,
            ``high``.
        truly_top: How many of those certified down to a tier are among as many best by latent quality: ``variant``,
            ``year``, ``tier`` (the cut), ``truly``, ``certified`` (over all draws), ``mean``, ``low``, ``high``
            (shares of a draw; null where nobody is certified). Empty of real data.
        expectations: ``variant``, ``expectation``, ``measure``, ``kind``, ``by`` (null without a date), ``met``,
            ``broken``, ``undetermined`` (numbers of draws), ``probability`` (met over draws; null if none is decided).
            A target is met if it is at its date (without a date, in the last period), a standard if in every period, a
            trend if over the whole run.
        moves: Against the first variant: ``variant``, ``year``, ``before``, ``after`` (tiers; null without one),
            ``change`` (``gains`` or ``loses``), ``total``, ``mean``.
        parameters: The model's parameters; empty of real data.
        assumptions: What the rules assume.
        questions: What the source leaves open, as the first variant reads it.
        unmeasured: Expectations that these frames cannot judge, with the reason.
        software: Names and versions of what made the random numbers.
        ladder: The tiers of all variants, highest first.
        codes: Per variant and year, the tier of each draw and subject as its place in the ladder, from 1; 0 without.
        counts: Per variant, year and quantity, its number in each draw.
        verdicts: Per variant and expectation, ``draw`` and ``met``.
        units: The subjects, in the order in which ``codes`` has them.
    """

    profile: str
    certification: str
    first: int
    last: int
    draws: int
    seed: int | None
    subjects: int
    variants: tuple[Variant, ...]
    digests: Mapping[str, Mapping[int, str]] = field(repr=False)
    stars: pl.DataFrame = field(repr=False)
    tiers: pl.DataFrame = field(repr=False)
    quantities: pl.DataFrame = field(repr=False)
    truly_top: pl.DataFrame = field(repr=False)
    expectations: pl.DataFrame = field(repr=False)
    moves: pl.DataFrame = field(repr=False)
    parameters: tuple[Declared, ...] = field(repr=False)
    assumptions: tuple[Assumption, ...] = field(repr=False)
    questions: tuple[Question, ...] = field(repr=False)
    unmeasured: Mapping[str, Title] = field(repr=False)
    software: str
    ladder: tuple[str, ...] = field(repr=False)
    codes: Mapping[tuple[str, int], Codes] = field(repr=False)
    counts: Mapping[tuple[str, int, str], Whole] = field(repr=False)
    verdicts: Mapping[tuple[str, str], pl.DataFrame] = field(repr=False)
    units: pl.Series = field(repr=False)

    def certified(self, variant: str, year: int) -> pl.DataFrame:
        """Return who was certified in each draw.

        Args:
            variant: The variant's name.
            year: The year; those before the first shown are there too, as far back as the simulation goes.

        Returns:
            One row per draw and subject: ``draw`` (from 0), ``subject``, ``tier`` (null without one).

        Raises:
            UsageError: If there is no such variant or year.
        """
        import polars as pl

        names = [one.name for one in self.variants]
        if variant not in names:
            hint = did_you_mean(variant, names)
            raise UsageError.because(
                "unknown-variant", zh=f"没有方案 `{variant}`{hint.zh}", en=f"there is no variant `{variant}`{hint.en}"
            )
        if (variant, year) not in self.codes:
            years = sorted(known for name, known in self.codes if name == variant)
            raise UsageError.because(
                "unknown-year",
                zh=f"没有模拟 {year} 年；有 {years[0]} 至 {years[-1]} 年",
                en=f"the year {year} is not simulated; {years[0]} to {years[-1]} are",
            )
        np = numpy_or_refuse()
        kind = pl.Enum(self.ladder)
        codes = pl.Series("tier", self.codes[variant, year])
        tiers = codes.replace_strict(dict(enumerate(self.ladder, 1)), default=None, return_dtype=kind)
        return pl.DataFrame(
            {
                "draw": np.repeat(np.arange(self.draws, dtype=np.int32), self.subjects),
                "subject": pl.concat([self.units] * self.draws, rechunk=True).cast(pl.String),
                "tier": tiers.cast(pl.String),
            }
        )

    def probability(self, variant: str, expectation: str) -> float | None:
        """Return how likely an expectation is met under a variant; None if no draw decides it.

        Args:
            variant: The variant's name.
            expectation: The expectation's id.

        Raises:
            UsageError: If the simulation judged no such expectation.
        """
        import polars as pl

        row = self.expectations.filter((pl.col("variant") == variant) & (pl.col("expectation") == expectation))
        if not row.height:
            known = self.expectations["expectation"].unique().to_list()
            hint = did_you_mean(expectation, known)
            raise UsageError.because(
                "unknown-expectation",
                zh=f"未评判要求 `{expectation}`（方案 {variant}）{hint.zh}",
                en=f"no expectation `{expectation}` was judged under {variant}{hint.en}",
            )
        return row["probability"][0]  # type: ignore[no-any-return]


def summary(values: Whole) -> dict[str, Any]:
    """Return the sum of a number over draws, its mean, and 5% and 95% of draws.

    Args:
        values: One number per draw.

    Example:
        >>> import numpy
        >>> summary(numpy.arange(1, 101))
        {'total': 5050, 'mean': 50.5, 'low': 5, 'high': 95}
    """
    np = numpy_or_refuse()
    rising, count = np.sort(values), len(values)
    total = int(values.sum())
    return {
        "total": total,
        "mean": float(Fraction(total, count)),
        "low": rising[ceil(LOW * count) - 1].item(),
        "high": rising[ceil(HIGH * count) - 1].item(),
    }


def shares(tops: Whole, bottoms: Whole) -> dict[str, Any]:
    """Return the mean of a ratio over draws, and 5% and 95% of them; draws without a base are left out.

    Args:
        tops: The numerator of each draw.
        bottoms: Its base.
    """
    np = numpy_or_refuse()
    based = bottoms > 0
    count, tops, bottoms = int(based.sum()), tops[based], bottoms[based]
    if not count:
        return {"mean": None, "low": None, "high": None}
    # Unlike ratios of whole numbers below 2**26 differ as floats too, in the same order; so these may be sorted.
    order = np.argsort(tops / bottoms, kind="stable")
    low, high = (
        float(Fraction(int(tops[at]), int(bottoms[at]))) for at in (order[ceil(q * count) - 1] for q in (LOW, HIGH))
    )
    # Added up base by base, since a sum of fractions of many bases grows long.
    sums = ((int(base), int(tops[bottoms == base].sum())) for base in np.unique(bottoms))
    mean = sum(Fraction(top, base) for base, top in sums) / count
    return {"mean": float(mean), "low": low, "high": high}


def assumptions(rules: RuleSet, sections: Sequence[str]) -> tuple[Assumption, ...]:
    """Return every value of some sections that the source does not give.

    Args:
        rules: The rules.
        sections: Dotted paths, such as ``certification.quality_star``.
    """
    found: dict[str, dict[str, str]] = {}
    for section in sections:
        for path, leaf in rules.find(section).leaves():
            if "assumed" in path[:-1]:
                i = path.index("assumed")
                name = ".".join([section, *path[:i], path[i + 1]])
                found.setdefault(name, {})[path[-1]] = leaf.text()
    return tuple(Assumption(path, Title(zh=said.get("zh", ""), en=said.get("en", ""))) for path, said in found.items())


def questions(rules: RuleSet) -> tuple[Question, ...]:
    """Return every question that the source leaves open, with the reading taken.

    Args:
        rules: The rules.
    """
    found = []
    for key, asked in rules.rules.interpretations.items():
        name = asked.names.get(asked.chosen) or Title(zh=asked.chosen, en=asked.chosen)
        found.append(Question(key, asked.question, asked.chosen, name, asked.because, tuple(asked.clause)))
    return tuple(found)


def frame_of(rows: Iterable[Mapping[str, Any]], schema: Mapping[str, Any]) -> pl.DataFrame:
    """Return rows as a frame.

    Args:
        rows: The rows.
        schema: The columns and their types.
    """
    import polars as pl

    return pl.DataFrame(list(rows), schema=dict(schema), orient="row")
