"""What is known of units is carried to their new codes as declared, exactly, or refused by name."""

from fractions import Fraction
from random import Random

import duckdb
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from communitygov.vocabulary.crosswalk import Divided, carry
from communitygov.vocabulary.errors import DataError, UsageError

POLICY = {
    "year": "key",
    "orders": "sum",
    "homes": Divided("share"),
    "low": "least",
    "high": "greatest",
    "star": "copy",
    "old": "drop",
}
KINDS = {
    "polars": lambda frame: frame,
    "lazy": lambda frame: frame.lazy(),
    "pandas": lambda frame: frame.to_pandas(use_pyarrow_extension_array=True),
    "pandas, nullable": lambda frame: frame.to_pandas().astype(dict.fromkeys(WHOLE, "Int64")),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": lambda frame: duckdb.sql("select * from frame"),
}
WHOLE = ("orders", "homes", "low", "high", "old")

seeds = st.integers(0, 2**32)
tried = settings(max_examples=settings().max_examples // 4)


def rows_of(frame):
    """The rows of a frame of any kind, in an order of their own, with None for what is missing."""
    if isinstance(frame, pl.LazyFrame):
        frame = frame.collect()
    elif isinstance(frame, duckdb.DuckDBPyRelation):
        frame = frame.pl()
    elif not isinstance(frame, pl.DataFrame):
        frame = pl.from_pandas(frame) if hasattr(frame, "iloc") else pl.from_arrow(frame)
    return sorted(frame.rows(), key=repr)


def drawn(seed, *, split=True):
    """A map from some units to others, and a frame of numbers that can be carried along it."""
    random = Random(seed)
    olds = [f"o{i}" for i in range(random.randint(1, 8))]
    pairs = [
        {"old": old, "new": new, "share": random.randint(0, 3) + (i == 0)}
        for old in olds
        for i, new in enumerate(
            random.sample(["n1", "n2", "n3", *olds], random.choice([1, 1, 1, 2, 3]) if split else 1)
        )
    ]
    totals = {old: sum(pair["share"] for pair in pairs if pair["old"] == old) for old in olds}
    parts = {old: sum(pair["old"] == old for pair in pairs) for old in olds}

    def number(times=1):
        return random.choice([None, 0, *(random.randint(-(10**9), 10**9) * times for _ in range(4))])

    rows = [
        {
            "unit": old,
            "year": year,
            "orders": number() if parts[old] == 1 else None,
            "homes": number(totals[old]),
            "low": number(),
            "high": number(),
            "star": "five" if year == 2023 else None,
            "old": number(),
        }
        for old in olds
        for year in (2022, 2023)
        if random.random() < 0.9
    ]
    random.shuffle(rows)
    schema = {"unit": pl.String, "year": pl.Int64, "orders": pl.Int64, "homes": pl.Int64}
    schema |= {"low": pl.Int64, "high": pl.Int64, "star": pl.String, "old": pl.Int64}
    return pl.DataFrame(rows, schema=schema), pl.DataFrame(pairs)


def carried_slowly(frame, codes):
    """What comes of a frame under ``POLICY``, one new row at a time, in fractions."""
    rows, pairs = frame.rows(named=True), codes.rows(named=True)
    found = []
    for new, year in {(pair["new"], row["year"]) for pair in pairs for row in rows if row["unit"] == pair["old"]}:
        mine = [
            (row, pair)
            for row in rows
            for pair in pairs
            if (pair["old"], pair["new"], year) == (row["unit"], new, row["year"])
        ]

        def all_of(name, mine=mine):
            values = [row[name] for row, _ in mine]
            return None if None in values else values

        def homes(row, pair):
            own = [other for other in pairs if other["old"] == pair["old"]]
            return (
                row["homes"] * Fraction(pair["share"], sum(other["share"] for other in own))
                if len(own) > 1
                else row["homes"]
            )

        orders, low, high = all_of("orders"), all_of("low"), all_of("high")
        same = len(mine) == 1 and len([pair for pair in pairs if pair["new"] == new]) == 1
        same = same and mine[0][1]["old"] == new and len([pair for pair in pairs if pair["old"] == new]) == 1
        found.append(
            (
                new,
                year,
                orders and sum(orders),
                None if all_of("homes") is None else sum(homes(row, pair) for row, pair in mine),
                low and min(low),
                high and max(high),
                mine[0][0]["star"],
                mine[0][0]["old"] if same else None,
            )
        )
    return sorted(found, key=repr)


class TestEveryPolicy:
    @tried
    @given(seeds)
    def test_all_at_once_and_one_at_a_time(self, seed):
        """Columns at once give what a slow count in fractions gives, for maps that split and merge at will."""
        frame, codes = drawn(seed)
        expected = [
            tuple(int(one) if isinstance(one, Fraction) else one for one in row) for row in carried_slowly(frame, codes)
        ]
        assert rows_of(carry(frame, codes, POLICY)) == sorted(expected, key=repr)

    @settings(max_examples=settings().max_examples // 10)
    @given(seeds)
    @pytest.mark.parametrize("kind", KINDS)
    def test_frames_of_every_kind(self, kind, seed):
        """Whatever kind the frame is of, what comes back is of that kind and says the same."""
        frame, codes = drawn(seed)
        given_ = KINDS[kind](frame)
        result = carry(given_, codes, POLICY)
        assert type(result) is type(given_)
        assert rows_of(result) == rows_of(carry(frame, codes, POLICY))
        assert rows_of(carry(given_, KINDS["pyarrow"](codes), POLICY)) == rows_of(result)
        assert rows_of(carry(given_, codes.lazy(), POLICY)) == rows_of(result)


class TestProperties:
    @tried
    @given(seeds)
    def test_the_identity_changes_nothing(self, seed):
        """Along a map of every unit to itself each row stays, in its order, with its columns and their types."""
        frame, _ = drawn(seed)
        codes = pl.DataFrame({"old": frame["unit"].unique()}).with_columns(new="old", share=1)
        assert carry(frame, codes, POLICY).equals(frame)
        assert carry(frame, codes, POLICY).schema == frame.schema

    @tried
    @given(seeds)
    def test_there_and_back_along_a_one_to_one_map(self, seed):
        """What is carried along a map that is one to one, and back along its inverse, is what it was."""
        frame, _ = drawn(seed)
        olds = frame["unit"].unique().sort().to_list()
        news = Random(seed).sample([*olds, "x", "y"], len(olds))
        codes = pl.DataFrame(
            {"old": olds, "new": news, "share": 1}, schema_overrides=dict.fromkeys(("old", "new"), pl.String)
        )
        policy = {**POLICY, "old": "copy"}
        there = carry(frame, codes, policy)
        assert carry(there, codes.rename({"old": "new", "new": "old"}), policy).equals(frame)

    @tried
    @given(seeds)
    def test_a_sum_is_preserved(self, seed):
        """Nothing is lost or counted twice: by merging under sum, by splitting under a share."""
        frame, codes = drawn(seed)
        frame = frame.with_columns(pl.col("homes").fill_null(0))
        result = carry(frame, codes, POLICY)
        assert result["homes"].sum() == frame["homes"].sum()
        whole, merging = drawn(seed, split=False)
        whole = whole.with_columns(pl.col("orders").fill_null(0))
        assert carry(whole, merging, POLICY)["orders"].sum() == whole["orders"].sum()

    @tried
    @given(seeds)
    def test_the_order_of_rows_is_irrelevant(self, seed):
        """Rows of frame and map in another order give the same rows."""
        frame, codes = drawn(seed)
        mixed = carry(frame[::-1], codes[::-1], POLICY)
        assert rows_of(mixed) == rows_of(carry(frame, codes, POLICY))


def refused(frame, codes, policy, **named):
    """The codes of the problems for which something is not carried, each said in both languages."""
    with pytest.raises((DataError, UsageError)) as caught:
        carry(pl.DataFrame(frame), pl.DataFrame(codes), policy, **named)
    for problem in caught.value.problems:
        assert problem.message.zh != problem.message.en
    return [problem.code for problem in caught.value.problems]


MERGE = {"old": ["a", "b"], "new": ["m", "m"]}
SPLIT = {"old": ["a", "a"], "new": ["x", "y"], "homes": [1, 2]}


class TestRefusals:
    def test_every_column_has_a_policy(self):
        """There is no default: each column without a policy is named, and each policy without a column."""
        frame = {"unit": ["a", "b"], "orders": [1, 2], "stars": [1, 2]}
        assert refused(frame, MERGE, {}) == ["no-policy", "no-policy"]
        assert refused(frame, MERGE, {"orders": "sum", "star": "drop"}) == ["missing-column", "no-policy"]
        assert refused(frame, MERGE, {"orders": "add", "stars": "drop"}) == ["unknown-choice"]
        assert refused(frame, MERGE, {"orders": "sum", "stars": "drop"}, unit="subject") == [
            "missing-column",
            "no-policy",
        ]

    def test_a_copy_needs_one_value(self):
        """Where predecessors differ, or one is missing, there is nothing to copy."""
        for other in (2, None):
            assert refused({"unit": ["a", "b"], "score": [1, other]}, MERGE, {"score": "copy"}) == [
                "predecessors-differ"
            ]

    def test_a_sum_cannot_be_split(self):
        """What of a split unit's number is whose must be said, and must come out whole."""
        frame = {"unit": ["a"], "orders": [4]}
        assert refused(frame, SPLIT, {"orders": "sum"}) == ["split-sum"]
        assert refused(frame, SPLIT, {"orders": Divided("homes")}) == ["not-divisible"]
        assert refused(frame, {**SPLIT, "homes": [0, 0]}, {"orders": Divided("homes")}) == ["no-share"]
        assert refused(frame, SPLIT, {"orders": Divided("people")}) == ["missing-column"]
        assert carry(
            pl.DataFrame(frame), pl.DataFrame({**SPLIT, "homes": [0, 2]}), {"orders": Divided("homes")}
        ).rows() == [
            ("x", 0),
            ("y", 4),
        ]

    def test_units_and_rows(self):
        """A unit that the map does not know, a row that stands twice and a pair that stands twice are named."""
        assert refused({"unit": ["c"], "n": [1]}, MERGE, {"n": "sum"}) == ["unknown-unit"]
        assert refused({"unit": ["a", "a"], "n": [1, 1]}, MERGE, {"n": "copy"}) == ["duplicate-row"]
        assert refused({"unit": ["a"], "n": [1]}, {"old": ["a", "a"], "new": ["b", "b"]}, {"n": "sum"}) == [
            "duplicate-row"
        ]
        nowhere = {"old": ["a", "b"], "new": ["m", None]}
        assert refused({"unit": ["a"], "n": [1]}, nowhere, {"n": "sum"}) == ["missing-value"]

    @pytest.mark.parametrize("policy", ["copy", "drop"])
    @pytest.mark.parametrize("kind", [*KINDS, "pandas, objects"])
    @pytest.mark.parametrize("value", [[1, 2], {"a": 1}])
    def test_what_has_no_order_is_refused(self, kind, policy, value):
        """Lists and structs, of which none is the least, are told by name and not carried as missing."""
        frame = pl.DataFrame({"unit": ["a", "b"], "n": [value, value], **dict.fromkeys(WHOLE, 0)})
        given_ = KINDS.get(kind, lambda frame: frame.to_pandas())(frame)
        with pytest.raises(DataError, match=r"wrong-column-type.*`n`"):
            carry(given_, pl.DataFrame(MERGE), {"n": policy, **dict.fromkeys(WHOLE, "copy")})

    @pytest.mark.parametrize("name", ["_rows", "_new", "_row", "_least_n", "_x"])
    @pytest.mark.parametrize("kind", KINDS)
    def test_names_that_are_reckoned_with(self, kind, name):
        """A column that begins as the inner ones do is told to be renamed."""
        frame = pl.DataFrame({"unit": ["a"], "n": [1], name: [2], **dict.fromkeys(WHOLE, 0)})
        policy = dict.fromkeys(frame.columns[1:], "copy")
        with pytest.raises(DataError, match=f"reserved-name.*`{name}`"):
            carry(KINDS[kind](frame), pl.DataFrame(MERGE), policy)

    def test_only_whole_numbers_are_added(self):
        """A float is not added up, a word has no least; a number that could leave 63 bits is refused."""
        assert refused({"unit": ["a"], "n": [1.5]}, MERGE, {"n": "sum"}) == ["wrong-column-type"]
        assert refused({"unit": ["a"], "n": ["five"]}, MERGE, {"n": "least"}) == ["wrong-column-type"]
        assert refused({"unit": ["a", "b"], "n": [2**62, 2**62]}, MERGE, {"n": "sum"}) == ["too-large"]
        assert refused({"unit": ["a"], "n": [2**61]}, SPLIT, {"n": Divided("homes")}) == ["too-large"]


class TestExamples:
    def test_orders_go_along_one_by_one(self):
        """A log whose rows have a number of their own keeps every row; each has its unit's new code."""
        orders = pl.DataFrame({"order": [7, 8, 9], "unit": ["b", "a", "b"], "matter": ["lamp", "lift", "lamp"]})
        codes = pl.DataFrame({"old": ["a", "b"], "new": ["m", "m"]})
        assert carry(orders, codes, {"order": "key", "matter": "copy"}).rows() == [
            (7, "m", "lamp"),
            (8, "m", "lift"),
            (9, "m", "lamp"),
        ]

    def test_what_changed_has_none(self):
        """Under drop a unit that was merged or has another code has no value, nor one that the map calls moved."""
        frame = pl.DataFrame({"unit": ["a", "b", "c", "d"], "star": ["x", "y", "z", "w"]})
        codes = pl.DataFrame({"old": ["a", "b", "c", "d"], "new": ["a", "b", "e", "b"]})
        assert carry(frame, codes, {"star": "drop"}).rows() == [("a", "x"), ("b", None), ("e", None)]
        moved = codes.with_columns(change=pl.Series(["move", "merge", "recode", "merge"]))
        assert carry(frame, moved, {"star": "drop"})["star"].to_list() == [None] * 3

    @pytest.mark.parametrize("values", [["k", "k", None, "l"], [3, 3, None, 4]])
    @pytest.mark.parametrize("ordered", [False, True])
    def test_categories_of_pandas_stay_what_they_are(self, values, ordered):
        """Texts or numbers, ordered or not, each comes back as its category; missing ones stay missing."""
        codes = pl.DataFrame({"old": list("abcd"), "new": list("mmcd")})
        frame = pd.DataFrame({"unit": list("abcd"), "kind": pd.Categorical(values, ordered=ordered)})
        result = carry(frame, codes, {"kind": "copy"})
        assert result["kind"].dtype == frame["kind"].dtype
        assert [None if value != value else value for value in result["kind"]] == [values[0], None, values[3]]
        assert [value == value for value in carry(frame, codes, {"kind": "drop"})["kind"]] == [False, False, True]
        with pytest.raises(DataError, match="predecessors-differ"):
            carry(frame, codes.with_columns(new=pl.lit("m")), {"kind": "copy"})

    def test_a_column_without_any_value_is_copied(self):
        """Of no type at all, it is as missing for the new unit."""
        frame = pl.DataFrame({"unit": ["a", "b"], "kind": [None, None]})
        assert carry(frame, pl.DataFrame(MERGE), {"kind": "copy"})["kind"].to_list() == [None]

    def test_other_types_are_copied(self):
        """Flags, days, floats and categories are copied as they are."""
        frame = pl.DataFrame({"unit": ["a", "b"], "flag": [True, True], "share": [0.1, 0.1], "day": ["2023-01-01"] * 2})
        frame = frame.with_columns(pl.col("day").str.to_date(), kind=pl.Series(["k", "k"], dtype=pl.Categorical))
        codes = pl.DataFrame({"old": ["a", "b"], "new": ["m", "m"]})
        result = carry(frame, codes, dict.fromkeys(frame.columns[1:], "copy"))
        assert result.row(0)[1:] == frame.row(0)[1:]
        assert result.schema == frame.schema
