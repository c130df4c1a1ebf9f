"""What `score` gives back: examples of every rule it follows."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from attrs import evolve

from communitygov.index.explain import explain_each
from communitygov.index.rules import Normalisation
from communitygov.index.score import score, score_unchecked
from communitygov.vocabulary.dated import Dated
from communitygov.vocabulary.errors import UsageError

POINTS = """
subject: community
period: quarter
maximum: 10
decimals: 1
weights: points
scale: {minimum: 0, maximum: 10, decimals: 1}
indicators:
"""


def frame(**columns):
    """One row per value, all of one quarter."""
    count = len(next(iter(columns.values())))
    return pl.DataFrame(
        {"subject": [f"s{i}" for i in range(count)], "period": ["2023Q1"] * count, **columns}, strict=False
    )


class TestColumns:
    """The result says whose and when, every node, the score, full marks and what was missing."""

    def test_all_levels(self, toy, toy_data):
        """Nodes come parents first, in the document's order; points are counted in the last published place."""
        assert score(toy, toy_data[:1]).to_dicts() == [
            {
                "subject": "a",
                "period": "2023Q1",
                "order": 342,
                "green": 380,
                "parks": 200,
                "litter": 180,
                "score": 722,
                "maximum": 1000,
                "missing": "",
            }
        ]

    def test_the_root_alone(self, toy, toy_data):
        """Asked for the root, nothing else is computed, and the digits are the same."""
        done = score(toy, toy_data, levels="root")
        assert done.columns == ["subject", "period", "score", "maximum", "missing"]
        assert done.equals(score(toy, toy_data).select(done.columns))

    def test_further_keys_stay(self, toy, toy_data):
        """A simulated draw is a key like subject and period, whatever its name."""
        drawn = pl.concat([toy_data.with_columns(leaf0=pl.lit(i)) for i in range(2)])
        done = score(toy, drawn, by=["leaf0"])
        assert done.columns[:4] == ["subject", "period", "leaf0", "order"]
        assert done["score"].to_list() == score(toy, toy_data)["score"].to_list() * 2

    def test_parents_are_computed_from_leaves(self, read_index):
        """Printed children need not add up to a printed parent: it is not the sum of what was rounded."""
        index = read_index(POINTS + "  a: {weight: 10, indicators: {b: {weight: 5}, c: {weight: 5}}}")
        row = score(index, frame(b=[0.1], c=[0.1])).row(0, named=True)
        assert (row["b"], row["c"], row["a"]) == (1, 1, 1)

    def test_a_name_that_is_taken_is_no_key(self, toy, toy_data):
        """A further key cannot bear the name of an indicator or of a result, nor stand twice."""
        with pytest.raises(UsageError) as error:
            score(toy, toy_data, by=["score", "green", "draw", "draw", "subjct"])
        assert str(error.value).splitlines() == [
            "bad-key: `draw` cannot be a further key column; it is taken",
            "bad-key: `green` cannot be a further key column; it is taken",
            "bad-key: `score` cannot be a further key column; it is taken",
            "missing-column: there is no column `subjct`",
        ]

    def test_a_key_that_is_no_column_is_refused_unchecked_too(self, toy, toy_data):
        """A further key must be there even where nothing else is looked at."""
        drawn = toy_data.with_columns(draw=pl.lit(1))
        with pytest.raises(UsageError, match="no column `drow`; did you mean `draw`"):
            score_unchecked(toy, drawn, by=["drow"])

    def test_other_levels_are_refused(self, toy, toy_data):
        """A level that is none is named."""
        with pytest.raises(UsageError, match="levels cannot be `rot`; did you mean `root`"):
            score(toy, toy_data, levels="rot")

    def test_no_rows(self, toy, toy_data):
        """A frame without rows gives a result without rows."""
        assert score(toy, toy_data[:0]).shape == (0, 9)


class TestValues:
    """A raw value is taken at its value, whatever type it comes in."""

    @pytest.mark.parametrize(
        "dtype", [pl.Int8, pl.UInt8, pl.Int64, pl.UInt64, pl.Int128, pl.Float32, pl.Float64, pl.Decimal(10, 3)]
    )
    def test_any_type_of_number(self, toy, dtype):
        """85 is 85 points of raw value as a whole number, a float or a decimal."""
        values = pl.Series([85, 0, 100]).cast(dtype)
        done = score(toy, frame(order=values, parks=values, litter=values))
        assert done["order"].to_list() == [340, 0, 400]

    def test_a_float_stands_for_its_decimal(self, toy):
        """0.1 + 0.2 is 0.3, and 85.3 is no more in 32 bits than in 64."""
        noisy = frame(order=[0.1 + 0.2], parks=[0.0], litter=[0.0])
        assert score(toy, noisy)["order"].to_list() == [1]
        narrow = frame(order=pl.Series([85.3], dtype=pl.Float32), parks=[0.0], litter=[0.0])
        assert score(toy, narrow)["order"].to_list() == [341]

    @pytest.mark.parametrize("name", ["polars", "lazy", "pyarrow", "duckdb"])
    def test_decimals_of_other_libraries(self, toy, backends, rows, name):
        """Decimals arrive as decimals where the backend has them."""
        values = pl.Series([Decimal("85.5")], dtype=pl.Decimal(5, 1))
        done = score(toy, backends[name](frame(order=values, parks=values, litter=values)))
        assert rows(done)[0]["order"] == 342

    def test_categories(self, toy, toy_data):
        """Subjects and periods may be categories; periods are compared by their text, not by their order."""
        given = toy_data.with_columns(
            pl.col("subject").cast(pl.Categorical), pl.col("period").cast(pl.Enum(["2023Q2", "2023Q1"]))
        )
        later = Dated(((dt.date(2023, 1, 1), toy), (dt.date(2023, 4, 1), evolve(toy, decimals=0, node=None))))
        assert score(later, given)["maximum"].to_list() == [1000, 1000, 10, 10]

    def test_halves_go_up(self, read_index):
        """0.05 of 10 points at one decimal is 0.1."""
        index = read_index(POINTS.replace("decimals: 1}", "decimals: 2}") + "  a: {weight: 10}")
        done = score(index, frame(a=[0.05, 0.04, 9.95]))
        assert done["a"].to_list() == [1, 0, 100]


class TestMeasuring:
    """How a raw value becomes a share, one way after another."""

    @pytest.mark.parametrize(
        ("rule", "higher", "lower"),
        [
            ("kind: none", [0, 20, 20, 100], [100, 80, 80, 0]),
            ("kind: goalposts, low: 2, high: 7, outside: clamp", [0, 0, 0, 100], [100, 100, 100, 0]),
            ("kind: min_max", [0, 20, 20, 100], [100, 80, 80, 0]),
            ("kind: rank", [0, 33, 33, 100], [100, 33, 33, 0]),
            ("kind: percentile", [25, 75, 75, 100], [100, 75, 75, 25]),
            ("kind: z_score, centre: 1/2, spread: 1/4", [27, 40, 40, 92], [73, 60, 60, 8]),
        ],
    )
    def test_each_way(self, read_index, rule, higher, lower):
        """Four values, two of them tied, measured as more is better and as less is better."""
        text = POINTS + f"  a: {{weight: 10, direction: DIR, normalisation: {{{rule}}}}}"
        values = frame(a=[0.0, 2.0, 2.0, 10.0])
        for direction, expected in (("higher", higher), ("lower", lower)):
            done = score(read_index(text.replace("DIR", direction)), values)
            assert (direction, expected) == (direction, done["a"].to_list())

    @pytest.mark.parametrize(
        ("rule", "alike"),
        [("kind: min_max", 0), ("kind: rank", 0), ("kind: percentile", 100)],
    )
    def test_where_all_are_alike(self, read_index, rule, alike):
        """Where nobody differs nobody stands out, and nothing is divided by nothing."""
        index = read_index(POINTS + f"  a: {{weight: 10, normalisation: {{{rule}}}}}")
        assert score(index, frame(a=[3.0, 3.0]))["a"].to_list() == [alike, alike]
        assert score(index, frame(a=[3.0]))["a"].to_list() == [alike]

    def test_a_deviation_where_all_are_alike(self, read_index):
        """A z-score of nobody's difference is the centre."""
        index = read_index(POINTS + "  a: {weight: 10, normalisation: {kind: z_score, centre: 0.4, spread: 0.1}}")
        assert score(index, frame(a=[3.3, 3.3, 3.3]))["a"].to_list() == [40, 40, 40]

    def test_others_are_those_of_the_period_and_the_draw(self, read_index):
        """Subjects are compared with those of their own period and draw, and with nobody that has no value."""
        index = read_index(POINTS + "  a: {weight: 10, missing: zero, normalisation: {kind: rank}}")
        values = pl.DataFrame(
            {
                "subject": ["x", "y", "x", "y", "x", "y"],
                "period": ["2023Q1"] * 4 + ["2023Q2"] * 2,
                "draw": [1, 1, 2, 2, 1, 1],
                "a": [1.0, 2.0, 2.0, 1.0, 5.0, None],
            }
        )
        assert score(index, values, by=["draw"])["a"].to_list() == [0, 100, 100, 0, 0, 0]

    def test_a_relative_share_is_rounded_where_declared(self, read_index):
        """A third is 0.3 at one place, and enters exactly as that."""
        rule = "{weight: 10, normalisation: {kind: rank, places: 1}}"
        index = read_index(POINTS.replace("decimals: 1\n", "decimals: 3\n") + f"  a: {rule}")
        assert score(index, frame(a=[1.0, 2.0, 3.0, 4.0]))["a"].to_list() == [0, 3000, 7000, 10000]

    def test_goalposts_off_the_grid(self, read_index):
        """Posts may be any fraction, not only values that can be measured."""
        rule = "{kind: goalposts, low: 1/3, high: 22/3, outside: clamp}"
        index = read_index(POINTS + f"  a: {{weight: 10, normalisation: {rule}}}")
        assert score(index, frame(a=[0.3, 0.4, 7.3, 7.4]))["a"].to_list() == [0, 1, 100, 100]

    def test_beyond_the_posts_any_number_will_do(self, read_index):
        """A value far too large to be counted is held at the post like any other."""
        rule = "{weight: 10, scale: {decimals: 9}, normalisation: {kind: goalposts, low: 0, high: 5, outside: clamp}}"
        index = read_index(POINTS + f"  a: {rule}")
        assert score(index, frame(a=[9.0e17, -9.0e17]))["a"].to_list() == [100, 0]
        assert score(index, frame(a=[9 * 10**18, -9 * 10**18]))["a"].to_list() == [100, 0]

    def test_large_values_that_are_nearly_alike(self, read_index):
        """A deviation of one in 4,503,599,627,370,496 is still a deviation."""
        rule = "{weight: 10, scale: {}, normalisation: {kind: z_score, centre: 1/2, spread: 1/4}}"
        index = read_index(POINTS + f"  a: {rule}")
        base = 2.0**52  # three of these add up to more than a float can hold exactly
        near, far = (score(index, frame(a=[x, x + 1, x + 3]))["a"].to_list() for x in (0.0, base))
        assert near == far

    @pytest.mark.parametrize("unit", [5e-324, 1e-200, 1e300])
    def test_values_whose_squares_no_float_can_hold(self, read_index, unit):
        """A deviation is a part of the range, however small or large that is."""
        rule = "{weight: 10, scale: {}, normalisation: {kind: z_score, centre: 1/2, spread: 1/4}}"
        index = read_index(POINTS + f"  a: {rule}")
        values = frame(a=[0.0, unit])
        assert score(index, values)["a"].to_list() == [25, 75]
        assert [steps.value for _, steps in explain_each(index, values)] == [Fraction(5, 2), Fraction(15, 2)]


class TestTogether:
    """How shares are put together, level by level."""

    TREE = POINTS + ("  a: {weight: 10, AGG indicators: {b: {weight: 5}, c: {weight: 5}, d: {weight: 0}}}")

    @pytest.mark.parametrize(
        ("way", "expected"),
        [("arithmetic", [50, 50, 100]), ("geometric", [40, 0, 100]), ("harmonic", [32, 0, 100])],
    )
    def test_three_means(self, read_index, way, expected):
        """The means of 0.2 and 0.8; of 0 and 1, where only the plain one forgives; of 1 and 1."""
        index = read_index(self.TREE.replace("AGG", f"aggregation: {way},"))
        done = score(index, frame(b=[2.0, 0.0, 10.0], c=[8.0, 10.0, 10.0], d=[0.0, 0.0, 0.0]))
        assert done["a"].to_list() == expected

    def test_a_level_may_have_its_own_way(self, read_index):
        """A level's way holds for its nodes, unless one says otherwise."""
        index = read_index("levels: {1: {aggregation: geometric}}" + self.TREE.replace("AGG", ""))
        assert score(index, frame(b=[2.0], c=[8.0], d=[0.0]))["a"].to_list() == [40]

    def test_shares_and_points_say_the_same(self, read_index):
        """A tree in shares scores as the tree in points that it stands for."""
        shares = (
            POINTS.replace("weights: points", "weights: shares")
            + "  a: {weight: 40%}\n  b: {weight: 3/5, indicators: {c: {weight: 1/3}, d: {weight: 2/3}}}"
        )
        points = POINTS + "  a: {weight: 4}\n  b: {weight: 6, indicators: {c: {weight: 2}, d: {weight: 4}}}"
        values = frame(a=[1.1, 7.9], c=[3.3, 0.2], d=[9.9, 4.4])
        assert score(read_index(shares), values).equals(score(read_index(points), values))


class TestMissing:
    """What a missing value counts as is declared, and what was missing is listed."""

    VALUES = frame(a=[5.0, None, 5.0, None], c=[10.0, 10.0, None, None], d=[5.0, 5.0, None, None])

    def index(self, read_index, policy, way="arithmetic"):
        text = POINTS.replace("indicators:", f"missing: {policy}\nindicators:")
        below = "indicators: {c: {weight: 2}, d: {weight: 4}}"
        return read_index(f"{text}  a: {{weight: 4}}\n  b: {{weight: 6, aggregation: {way}, {below}}}")

    def test_nothing_of_its_weight(self, read_index):
        """`zero` leaves the others what they are."""
        done = score(self.index(read_index, "zero"), self.VALUES)
        assert done["score"].to_list() == [60, 40, 20, 0]
        assert done["missing"].to_list() == ["", "a", "c,d", "a,c,d"]

    def test_no_score(self, read_index):
        """`not_scored` leaves every node above empty, and what is below complete."""
        done = score(self.index(read_index, "not_scored"), self.VALUES)
        assert done["score"].to_list() == [60, None, None, None]
        assert done["b"].to_list() == [40, 40, None, None]
        assert done["c"].to_list() == [20, 20, None, None]

    @pytest.mark.parametrize("way", ["arithmetic", "geometric", "harmonic"])
    def test_spread_over_the_others(self, read_index, way):
        """`reweigh` scores what is present as if it were all; where nothing is there is no score."""
        values = frame(a=[5.0, None, 5.0, None], c=[None, 10.0, None, None], d=[5.0, None, None, None])
        done = score(self.index(read_index, "reweigh", way), values)
        assert done["score"].to_list() == [50, 100, 50, None]
        assert done["b"].to_list() == [30, 60, None, None]
        assert done["a"].to_list() == [20, None, 20, None]

    def test_policies_side_by_side(self, read_index):
        """Each leaf has its own policy: one counts as nothing, the other's weight goes to the rest."""
        index = read_index(
            POINTS + "  a: {weight: 4, missing: zero}\n  b: {weight: 4, missing: reweigh}\n"
            "  c: {weight: 2, missing: not_scored}"
        )
        done = score(index, frame(a=[None, 10.0, None], b=[10.0, None, 10.0], c=[10.0, 10.0, None]))
        assert done["score"].to_list() == [60, 100, None]

    def test_a_node_that_weighs_nothing(self, read_index):
        """Nothing out of nothing is no reason to have no score."""
        index = read_index(
            POINTS.replace("indicators:", "missing: reweigh\nindicators:")
            + "  a: {weight: 10}\n  b: {weight: 0, indicators: {c: {weight: 0}}}"
        )
        done = score(index, frame(a=[5.0], c=[None]))
        assert (done["score"].to_list(), done["b"].to_list(), done["c"].to_list()) == ([50], [0], [None])

    def test_pandas_keeps_whole_numbers(self, read_index):
        """Points that are missing do not turn the others into floats."""
        done = score(self.index(read_index, "not_scored"), self.VALUES.to_pandas())
        assert {str(done[name].dtype) for name in ("a", "b", "c", "d", "score", "maximum")} == {"Int64"}


def test_rank_says_that_it_is_relative():
    """A rule that compares subjects is marked, so that nobody takes it for a fixed one."""
    assert [Normalisation(kind=kind).relative for kind in ("none", "min_max", "rank", "percentile")] == [
        False,
        True,
        True,
        True,
    ]
