"""Units split, merge, move and change codes: nothing is lost, nothing overwritten, and what does not fit is refused."""

import datetime as dt
from random import Random

import polars as pl
import pytest
from attrs import evolve
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from communitygov.grid.adjust import adjust
from communitygov.grid.changes import Merge, Move, Part, Recode, Split, load_changes
from communitygov.grid.check import check_grid
from communitygov.grid.explain import findings_of
from communitygov.grid.rules import Bound, CodeForm, Grid, Kind, Level, Tally
from communitygov.grid.units import load_units
from communitygov.testing.strategies_grid import frame_of, grids, sound_town
from communitygov.vocabulary.crosswalk import carry
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.text import Title

BEFORE, DAY, NEXT = "2023-12-31", "2024-01-01", "2025-01-01"
SEEDS = st.integers(0, 2**32)
TOWNS = 3

tried = settings(
    max_examples=settings().max_examples // 3, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def bare(grid):
    """The rule without what chance breaks: sizes, tallies, coverage, names."""
    levels = {
        key: evolve(level, sizes={}, tallies={}, covers=False, covers_kinds=(), unique_names=False)
        for key, level in grid.levels.items()
    }
    return evolve(grid, levels=levels)


class Planner:
    """Changes drawn for a town, each with what it should come to: every unit is followed from the top, one by one."""

    def __init__(self, random, grid, rows, kinds=("recode", "move", "split", "merge")):
        self.random, self.grid, self.kinds = random, grid, kinds
        self.coded = next(iter(grid.levels.values())).code is not None
        self.old = {row["code"]: row for row in rows}
        self.below = {code: [row["code"] for row in rows if row["parent"] == code] for code in self.old}
        self.used, self.count = set(self.old), 0
        self.changes, self.units, self.pairs = [], set(), set()
        self.after, self.parts, self.stem, self.settled = {}, {}, {}, set()
        for level in grid.ordered:
            for row in rows:
                if row["level"] == level and row["code"] not in self.settled:
                    self.follow(row)

    def fresh(self, level, above):
        """A code that nobody has, below a unit."""
        form = self.grid.levels[level].code
        self.count += 1
        if form is None:
            return f"{level}-new{self.count}"
        # The significant digits of the unit above; a nine stands for each level that is skipped.
        start = "" if above is None else above[: self.own(above)]
        codes = [(start.ljust(form.own - 1, "9") + digit).ljust(form.digits, "0") for digit in "4568"]
        free = [code for code in codes if code not in self.used]
        if free:
            self.used.add(free[0])
        return free[0] if free else None

    def own(self, code):
        return len(code.rstrip("0"))

    def named(self, level):
        kinds = self.grid.levels[level].kinds
        kind = self.random.choice(list(kinds)) if kinds else None
        endings = kinds[kind].endings if kind else ()
        shows = any(one.endings or one.codes for one in kinds.values())
        return f"新{self.count}{endings[0] if endings else ''}", None if shows else kind

    def follow(self, row):
        code, above = row["code"], row["parent"]
        self.settled.add(code)
        upper = self.parts.get(code, self.after.get(above)) if above else None
        # A unit of its own is free of what is changed above it.
        stem = self.stem.get((above, upper)) if above else None
        kind = self.random.choice(self.kinds) if self.random.random() < 0.3 else None
        below = self.coded or self.random.random() < 0.5
        change = None if kind is None else getattr(self, kind)(row, upper, below)
        if change is None:
            start, new, goes = stem or ("", "", False)
            after = new + code[len(start) :] if goes and code.startswith(start) else code
            self.become(row, after, row["name"], upper, stem)
        else:
            self.changes.append(change)

    def become(self, row, after, name, upper, stem):
        self.after[row["code"]] = after
        self.stem[row["code"], after] = stem
        self.units.add((after, name, row["level"], upper))
        self.pairs.add((row["code"], after))

    def started(self, old, new, below):
        own = len(old) if not self.coded else max(self.own(old), self.own(new))
        return (old[:own], new[:own], below)

    def recode(self, row, upper, below):
        code = self.fresh(row["level"], upper)
        if code is None:
            return None
        name = self.random.choice([None, row["name"][:1] + row["name"]])
        self.become(row, code, name or row["name"], upper, self.started(row["code"], code, below))
        return Recode(row["code"], code, name, below=below)

    def move(self, row, upper, below):
        on = self.grid.levels[row["level"]].on
        targets = [code for code in self.after if self.old[code]["level"] in on and self.after[code] != upper]
        targets = [code for code in targets if sum(old == code for old, _ in self.pairs) == 1]
        if not targets or row["code"] in self.parts:
            return None
        to = self.after[self.random.choice(targets)]
        code = self.fresh(row["level"], to)
        if code is None:
            return None
        self.become(row, code, row["name"], to, self.started(row["code"], code, below))
        return Move(row["code"], to, code, below)

    def split(self, row, upper, below):
        codes = [self.fresh(row["level"], upper) for _ in range(2)]
        if row["parent"] is None or None in codes:
            return None
        into = {code: self.named(row["level"]) for code in codes}
        goes = {child: self.random.choice(codes) for child in self.below[row["code"]]}
        for code, (name, _) in into.items():
            self.become(row, code, name, upper, self.started(row["code"], code, below))
        self.parts |= goes
        parts = {
            code: Part(name, [child for child in goes if goes[child] == code], kind=kind)
            for code, (name, kind) in into.items()
        }
        return Split(row["code"], parts, below)

    def merge(self, row, upper, below):
        code = row["code"]
        others = [
            other
            for other in self.below.get(row["parent"], ())
            if other not in self.settled
            and self.old[other]["level"] == row["level"]
            and self.parts.get(other) == self.parts.get(code)
            # The children of both would have the same last digits.
            and not (self.coded and self.below[other] and self.below[code])
        ]
        new = self.fresh(row["level"], upper) if others else None
        if new is None:
            return None
        other = self.random.choice(others)
        self.settled.add(other)
        name, kind = self.named(row["level"])
        for one in (row, self.old[other]):
            self.become(one, new, name, upper, self.started(one["code"], new, below))
        return Merge([code, other], new, name, kind, below=below)


def planned(seed, grid, **kinds):
    random = Random(seed)
    rows = list({row["code"]: row for row in sound_town(random, grid)}.values())  # one of each code
    return load_units(grid, frame_of(rows)), Planner(random, grid, rows, **kinds)


def seen(units, day):
    """What units there are on a day."""
    return set(units.on(day).frame.select("code", "name", "level", "parent").iter_rows())


def refused(grid, units, *changes, on=DAY):
    """The codes of the problems for which changes are refused."""
    with pytest.raises(DataError) as caught:
        adjust(grid, units, changes, on=on)
    for problem in caught.value.problems:
        assert problem.message.zh != problem.message.en
    return [problem.code for problem in caught.value.problems]


class TestWhatChangesComeTo:
    @tried
    @given(grid=grids().map(bare), seed=SEEDS)
    def test_every_unit_becomes_what_it_does_when_followed_alone(self, grid, seed):
        """Codes, names, upper units and the map are those that a walk from the top gives, one unit at a time."""
        for town in range(TOWNS):
            units, plan = planned(seed + town, grid)
            if plan.changes:
                after = adjust(grid, units, plan.changes, on=DAY)
                assert seen(after.units, DAY) == plan.units
                assert set(after.codes.select("old", "new").iter_rows()) == plan.pairs

    @tried
    @given(grid=grids().map(bare), seed=SEEDS)
    def test_nothing_is_overwritten(self, grid, seed):
        """The day before, every unit is what it was, in all its columns but the day that it ends."""
        units, plan = planned(seed, grid)
        assume(plan.changes)
        after = adjust(grid, units, plan.changes, on=DAY).units
        was, old = after.on(BEFORE).frame, units.on(BEFORE).frame
        assert was.drop("until").equals(old.drop("until"))
        gone = was.filter(pl.col("until").is_not_null())
        assert gone["until"].cast(pl.String).unique().to_list() in ([], [BEFORE])

    @tried
    @given(grid=grids().map(bare), seed=SEEDS)
    def test_the_map_is_total_and_invertible_where_it_is_one_to_one(self, grid, seed):
        """G4: each unit of the day before is in the map, and each unit of the day comes of one of them."""
        units, plan = planned(seed, grid)
        assume(plan.changes)
        after = adjust(grid, units, plan.changes, on=DAY)
        codes = after.codes
        assert set(codes["old"]) == set(units.on(BEFORE).frame["code"])
        assert set(codes["new"]) == set(after.units.on(DAY).frame["code"])
        assert codes.select("old", "new").is_duplicated().sum() == 0
        single = codes.filter(~pl.col("change").is_in(["split", "merge"]))
        assert single["old"].is_unique().all()
        assert single["new"].is_unique().all()
        assert (codes.filter(pl.col("change") == "same").select(pl.col("old") == pl.col("new"))["old"]).all()

    @tried
    @given(grid=grids().map(bare), seed=SEEDS)
    def test_the_order_of_rows_and_of_changes_is_irrelevant(self, grid, seed):
        """G5: permuting both gives the same units and the same map."""
        units, plan = planned(seed, grid)
        assume(plan.changes)
        one = adjust(grid, units, plan.changes, on=DAY)
        mixed = load_units(grid, units.frame.select("code", "name", "level", kind="stated_kind", parent="parent"))
        shuffled = evolve(mixed, frame=mixed.frame.sample(fraction=1, shuffle=True, seed=seed % 1000))
        other = adjust(grid, shuffled, plan.changes[::-1], on=DAY)
        assert seen(one.units, DAY) == seen(other.units, DAY)
        assert set(one.codes.iter_rows()) == set(other.codes.iter_rows())

    @tried
    @given(grid=grids().map(bare), seed=SEEDS)
    def test_what_is_sound_stays_sound(self, grid, seed):
        """G1: after changes that are accepted the slow way finds nothing wrong with how units stand."""
        units, plan = planned(seed, grid)
        assume(plan.changes)
        after = adjust(grid, units, plan.changes, on=DAY)
        standing = {"orphan", "cycle", "wrong-level", "bad-code", "not-under-parent", "duplicate-code", "two-tops"}
        assert [one for one in findings_of(grid, after.units, on=DAY) if one[0] in standing] == []


class TestRoundTrips:
    @tried
    @given(grid=grids().map(bare), seed=SEEDS)
    def test_codes_there_and_back(self, grid, seed):
        """Units that get other codes, and a year later their old ones, are what they were."""
        units, plan = planned(seed, grid, kinds=("recode",))
        assume(plan.changes)
        there = adjust(grid, units, plan.changes, on=DAY)
        names = {row["code"]: row["name"] for row in units.frame.iter_rows(named=True)}
        back = [Recode(one.code, one.unit, names[one.unit], below=one.below) for one in plan.changes]
        assert seen(adjust(grid, there.units, back, on=NEXT).units, NEXT) == seen(units, BEFORE)

    @tried
    @given(grid=grids().map(bare), seed=SEEDS)
    def test_split_and_merged_again(self, grid, seed):
        """A unit whose parts are merged into its old code and name is what it was, and so is all below it."""
        units, plan = planned(seed, grid, kinds=("split",))
        assume(plan.changes)
        split = plan.changes[:1]
        there = adjust(grid, units, split, on=DAY)
        old = units.on(BEFORE).frame.row(units.on(BEFORE).row(split[0].unit), named=True)
        back = Merge(split[0].into, old["code"], old["name"], old["stated_kind"], below=split[0].below)
        assert seen(adjust(grid, there.units, [back], on=NEXT).units, NEXT) == seen(units, BEFORE)

    def test_one_part_may_keep_the_code(self):
        """A new community is taken out of an old one, which stays under its code."""
        grid, units = town()
        parts = {
            "1101": Part("甲", ["110101", "110102"], {"households": 30}),
            "1109": Part("新", [], {"households": 10}),
        }
        after = adjust(grid, units, [Split("1101", parts)], on=DAY)
        assert after.codes.filter(pl.col("old") == "1101").rows() == [
            ("1101", "1101", "split"),
            ("1101", "1109", "split"),
        ]
        assert ("110101", "一号楼", "building", "1101") in seen(after.units, DAY) & seen(units, DAY)


def day(text):
    return pl.lit(dt.date.fromisoformat(text))


def town():
    """Two streets; below the first two communities, one with two buildings."""
    grid = Grid(
        levels={
            "street": Level(order=1, code=CodeForm(digits=2)),
            "community": Level(
                order=2,
                on=("street",),
                code=CodeForm(digits=4, prefix=True),
                sizes={
                    "households": Bound(
                        at_least=10, at_most=50, exempt={"demolition": Title(zh="拆迁", en="demolition")}
                    )
                },
                tallies={"buildings": Tally(level="building")},
            ),
            "building": Level(order=3, on=("community",), code=CodeForm(digits=6, prefix=True)),
        }
    )
    assert not list(grid.check())
    rows = [
        ("11", "街", "street", None),
        ("1101", "甲", "community", 40),
        ("1102", "乙", "community", 20),
        ("110101", "一号楼", "building", None),
        ("110102", "二号楼", "building", None),
    ]
    return grid, load_units(grid, pl.DataFrame(rows, schema=["code", "name", "level", "households"], orient="row"))


class TestSizes:
    @given(SEEDS)
    def test_merging_preserves_sums(self, seed):
        """The households of a level are as many after units of it are merged as before."""
        random = Random(seed)
        grid = Grid(
            levels={
                "street": Level(order=1),
                "community": Level(order=2, on=("street",), sizes={"households": Bound(at_least=0)}),
            }
        )
        numbers = [random.randrange(10**12) for _ in range(random.randint(2, 8))]
        rows = [
            ("s", "街", "street", None, None),
            *((f"c{i}", f"社区{i}", "community", "s", n) for i, n in enumerate(numbers)),
        ]
        frame = pl.DataFrame(rows, schema=["code", "name", "level", "parent", "households"], orient="row")
        merged = [f"c{i}" for i in range(random.randint(2, len(numbers)))]
        after = adjust(grid, load_units(grid, frame), [Merge(merged, "c0", "新社区")], on=DAY)
        assert after.units.on(DAY).frame["households"].sum() == sum(numbers)
        assert after.units.on(DAY).frame["households"].dtype == pl.Int64

    def test_unknown_and_known_is_unknown(self):
        """A merged unit has no number where one of those that it is made of has none."""
        grid, units = town()
        units = evolve(units, frame=units.frame.with_columns(households=pl.when(pl.col("code") == "1101").then(40)))
        after = adjust(grid, units, [Merge(["1101", "1102"], "1101", "甲", below=True)], on=DAY).units
        assert after.on(DAY).frame["households"].to_list().count(None) == 4

    def test_a_reason_that_all_have_stays(self):
        """What was exempt of its bound for one reason stays so when merged; two reasons are none."""
        grid, units = town()
        reasons = pl.col("code").replace_strict({"1101": "demolition", "1102": "demolition"}, default=None)
        exempt = evolve(units, frame=units.frame.with_columns(exempt=reasons))
        after = adjust(grid, exempt, [Merge(["1101", "1102"], "1101", "甲")], on=DAY).units
        assert after.on(DAY).frame.filter(pl.col("code") == "1101")["exempt"].to_list() == ["demolition"]

    def test_parts_add_up(self):
        """What a split gives as sizes is what there was, given for all parts or none, of numbers that its level has."""
        grid, units = town()
        pair = {"1103": Part("一", ["110101"], {"households": 20}), "1104": Part("二", ["110102"], {"households": 19})}
        assert refused(grid, units, Split("1101", pair)) == ["sizes-differ"]
        some = {**pair, "1104": Part("二", ["110102"])}
        assert refused(grid, units, Split("1101", some)) == ["sizes-differ"]
        other = {**pair, "1104": Part("二", ["110102"], {"households": 20, "people": 3})}
        assert refused(grid, units, Split("1101", other)) == ["unknown-column"]

    def test_a_bound_that_held_must_hold(self):
        """A merge above the bound is refused by the finding's name; a unit that was above it may change its code."""
        grid, units = town()
        with pytest.raises(DataError, match=r"new-finding: change 1 \(merge 1101, 1102\): too-large: 1101") as caught:
            adjust(grid, units, [Merge(["1101", "1102"], "1101", "甲")], on=DAY)
        assert len(caught.value.problems) == 1
        large = evolve(units, frame=units.frame.with_columns(households=pl.col("households") * 10))
        adjust(grid, large, [Recode("1101", "1105", below=True)], on=DAY)

    @tried
    @given(grid=grids(), seed=SEEDS)
    def test_no_finding_that_was_not_there_before(self, grid, seed):
        """Under rules of every setting: accepted changes bring no new finding, refused ones would have."""
        units, plan = planned(seed, grid, kinds=("recode", "move", "split"))
        assume(plan.changes)
        free = adjust(bare(grid), evolve(units, grid=bare(grid)), plan.changes, on=DAY)
        was = {(finding, unit, rule) for finding, unit, _, _, rule, *_ in findings_of(grid, units, on=DAY)}
        kept = {(finding, new, rule) for finding, unit, rule in was for old, new in plan.pairs if old == unit}
        now = {(one[0], one[1], one[4]) for one in findings_of(grid, evolve(free.units, grid=grid), on=DAY)}
        new = {one for one in now - kept if one[0] != "tally-differs"}
        if new:
            assert set(refused(grid, units, *plan.changes)) == {"new-finding"}
        else:
            assert seen(adjust(grid, units, plan.changes, on=DAY).units, DAY) == plan.units


class TestRefusals:
    def test_codes_below_that_would_not_fit(self):
        """Where codes begin with those above, a unit gets another code with those below it, or not at all."""
        grid, units = town()
        with pytest.raises(DataError) as caught:
            adjust(grid, units, [Recode("1101", "1105")], on=DAY)
        assert [one.code for one in caught.value.problems] == ["new-finding", "new-finding"]
        assert all("below" in one.message.zh and "`below`" in one.message.en for one in caught.value.problems)
        assert "110501" in adjust(grid, units, [Recode("1101", "1105", below=True)], on=DAY).codes["new"]

    def test_all_problems_at_once(self):
        """Every change is looked at, whatever is wrong with the others."""
        grid, units = town()
        found = refused(
            grid,
            units,
            Recode("1109", "1108"),
            Merge(["1101", "1101"], "1107", "丙"),
            Move("1102", "11"),
            Split("1102", {"1105": Part("一"), "1106": Part("二")}),
            Merge(["110101", "11"], "110107", "丁"),
            Split("1101", {"1103": Part("一", ["110101"]), "1104": Part("二", ["110101", "1102"])}),
        )
        assert sorted(set(found)) == [
            "changed-twice",
            "changes-nothing",
            "levels-differ",
            "not-divided",
            "unknown-unit",
        ]
        assert found.count("not-divided") == 4  # one that goes twice, one not below it that moves too, one that is left
        assert refused(grid, units) == ["changes-nothing"]
        assert refused(grid, units, Merge([], "1107", "丙")) == ["changes-nothing"]

    @pytest.mark.parametrize("size", [2.5, -1, True, "20", None, 2**63])
    def test_a_number_that_counts_nothing(self, size):
        """Numbers of parts are whole and not below nothing; none is rounded."""
        grid, units = town()
        parts = {"1103": Part("一", [], {"households": size}), "1104": Part("二", [], {"households": 20})}
        assert refused(grid, units, Split("1102", parts)) == ["bad-change"]

    @pytest.mark.parametrize(
        "change",
        [
            "recode",
            Merge(["1101", "1102"], "1103", ""),
            Merge(["1101", "1102"], "1103", None),
            Merge(["1101", None], "1103", "新"),
            Merge(["1101", "1102"], None, "新"),
            Split("1102", {None: Part("一"), "1104": Part("二")}),
            Split("1102", {"1103": Part(None), "1104": Part("二")}),
            Move("1102", None),
            Recode("1102", 1103),
            Recode("1102", "1103", name=""),
        ],
    )
    def test_what_is_no_change(self, change):
        """A code or a name that is no text is told with the number of its change, beside what else is wrong."""
        grid, units = town()
        with pytest.raises(DataError) as caught:
            adjust(grid, units, [Recode("1109", "1108"), change], on=DAY)
        codes = {problem.code: problem for problem in caught.value.problems}
        assert set(codes) == {"bad-change", "unknown-unit"}
        assert "change 2" in codes["bad-change"].say("en")
        assert "第 2 项变动" in codes["bad-change"].say("zh")

    def test_the_first_day_has_none_before(self):
        """On the first day of the calendar nothing can have been otherwise the day before."""
        grid, units = town()
        with pytest.raises(UsageError, match="bad-period"):
            adjust(grid, units, [Recode("1102", "1103")], on=dt.date.min)

    def test_a_code_of_the_wrong_form(self):
        """A new code has the form of its level, even if the old one had not."""
        grid, units = town()
        assert refused(grid, units, Recode("1102", "11020")) == ["new-finding"]
        dirty = evolve(units, frame=units.frame.with_columns(code=pl.col("code").replace({"1102": "11023"})))
        assert refused(grid, dirty, Recode("11023", "11024")) == ["new-finding"]
        adjust(grid, dirty, [Recode("11023", "1102")], on=DAY)

    def test_a_code_that_is_taken(self):
        """No code stands for two units at a time, now or later; one that is given up that day is free."""
        grid, units = town()
        assert refused(grid, units, Recode("1102", "1101")) == ["code-taken"]
        assert (
            refused(grid, units, Recode("1102", "1103"), Move("1101", "11", "1103", below=True)) == ["code-taken"] * 2
        )
        swapped = adjust(grid, units, [Recode("1102", "1101"), Recode("1101", "1102", below=True)], on=DAY)
        assert swapped.codes.filter(pl.col("old") != pl.col("new"))["new"].sort().to_list() == [
            "1101",
            "1102",
            "110201",
            "110202",
        ]
        later = units.frame.filter(pl.col("code") == "1102")
        later = later.with_columns(code=pl.lit("1103"), since=day("2026-01-01"))
        planned = evolve(units, frame=pl.concat([units.frame, later]))
        assert refused(grid, planned, Recode("1102", "1103")) == ["code-taken"]
        doubled = evolve(units, frame=pl.concat([units.frame, later.with_columns(code=pl.lit("1102"))]))
        assert refused(grid, doubled, Recode("1102", "1103")) == ["changed-later"]
        doubled = evolve(units, frame=pl.concat([units.frame, units.frame.filter(pl.col("code") == "1102")]))
        assert "code-taken" in refused(grid, doubled, Recode("1102", "1103"))

    def test_levels_and_upper_units(self):
        """A unit moves to one that there is after the change, of a level that its own stands on."""
        grid, units = town()
        assert "unknown-unit" in refused(grid, units, Move("1101", "12", "1201", below=True))
        assert "new-finding" in refused(grid, units, Move("110102", "11", "110001"))
        after = adjust(grid, units, [Move("110102", "1103", "110302"), Recode("1102", "1103")], on=DAY)
        assert ("110302", "二号楼", "building", "1103") in seen(after.units, DAY)
        assert refused(grid, units, Move("1101", "11")) == ["changes-nothing"]
        assert refused(grid, units, Recode("1101", "1101")) == ["changes-nothing"]

    def test_merged_from_two_places(self):
        """Units that stand on several are merged only if it is said on which the new one stands."""
        grid = Grid(levels={"street": Level(order=1), "community": Level(order=2, on=("street",))})
        rows = [
            ("s", "街", "street", "x"),
            ("t", "镇", "street", "x"),
            ("a", "甲", "community", "s"),
            ("b", "乙", "community", "t"),
        ]
        units = load_units(grid, pl.DataFrame(rows, schema=["code", "name", "level", "parent"], orient="row"))
        assert "which-parent" in refused(grid, units, Merge(["a", "b"], "c", "丙"))
        after = adjust(grid, units, [Merge(["a", "b"], "c", "丙", parent="t")], on=DAY)
        assert ("c", "丙", "community", "t") in seen(after.units, DAY)

    def test_a_part_and_a_move_of_its_own(self):
        """A unit below a split one goes to a part or moves away, not both."""
        grid, units = town()
        parts = {"1103": Part("一", ["110101"], {"households": 20}), "1104": Part("二", [], {"households": 20})}
        after = adjust(grid, units, [Split("1101", parts, below=True), Move("110102", "1102", "110202")], on=DAY)
        assert ("110202", "二号楼", "building", "1102") in seen(after.units, DAY)
        both = {"1103": Part("一", ["110101", "110102"]), "1104": Part("二")}
        assert refused(grid, units, Split("1101", both, below=True), Move("110102", "1102", "110202")) == [
            "not-divided"
        ]

    def test_what_the_data_say_of_later_days(self):
        """Changes do not contradict rows that speak of later days, nor a unit's own end."""
        grid, units = town()
        new = units.frame.filter(pl.col("code") == "110102")
        new = new.with_columns(code=pl.lit("110103"), since=day("2026-01-01"))
        built = evolve(units, frame=pl.concat([units.frame, new]))
        assert refused(grid, built, Recode("1101", "1105", below=True)) == ["changed-later"]
        ends = pl.when(pl.col("code") == "1102").then(day(BEFORE))
        ended = evolve(units, frame=units.frame.with_columns(until=ends))
        assert refused(grid, ended, Recode("1102", "1105")) == ["already-ends"]
        assert refused(grid, ended, Recode("1101", "1105", below=True)) == ["already-ends"]
        adjust(grid, ended, [Recode("1101", "1105", below=True)], on="2023-12-31")

    def test_an_end_in_sight_is_kept(self):
        """A unit that ends next year still does under its new code."""
        grid, units = town()
        ends = pl.when(pl.col("code").is_in(["1101", "110101", "110102"])).then(day("2024-12-31"))
        ended = evolve(units, frame=units.frame.with_columns(until=ends))
        after = adjust(grid, ended, [Recode("1101", "1105", below=True)], on=DAY).units
        assert after.on(NEXT).frame["code"].to_list() == ["11", "1102"]
        assert "110502" in after.on("2024-12-31").frame["code"]

    def test_many_findings_are_counted(self):
        """Twenty are named, and how many more there are."""
        grid = Grid(
            levels={
                "street": Level(order=1, code=CodeForm(digits=2)),
                "community": Level(order=2, on=("street",), code=CodeForm(digits=4, prefix=True)),
            }
        )
        rows = [("11", "街", "street"), *((f"11{i}", f"社区{i}", "community") for i in range(10, 40))]
        units = load_units(grid, pl.DataFrame(rows, schema=["code", "name", "level"], orient="row"))
        with pytest.raises(DataError, match="10 more like these") as caught:
            adjust(grid, units, [Recode("11", "12")], on=DAY)
        assert len(caught.value.problems) == 21

    def test_outlines_are_not_in_the_way(self):
        """Units with outlines are adjusted without the library that compares these; what is merged has none."""
        grid, units = town()
        grid = evolve(grid, levels={**grid.levels, "community": evolve(grid.levels["community"], covers=True)})
        units = evolve(units, grid=grid, frame=units.frame.with_columns(geometry=pl.lit("{}")))
        after = adjust(grid, units, [Recode("1101", "1105", below=True)], on=DAY).units.on(DAY).frame
        assert after["geometry"].to_list() == ["{}"] * 5


class TestTables:
    def test_each_kind_of_change_is_read(self, tmp_path):
        """A table says the same as values do; a split and a merge take several rows."""
        grid, units = town()
        file = tmp_path / "changes.csv"
        file.write_text(
            "change,unit,code,name,parent,children,below,households\n"
            "split,1101,1103,一,,110101,true,25\n"
            "move,110102,110202,,1102,,,\n"
            "split,1101,1104,二,,,true,15\n"
            "recode,1102,1102,丙,,,,\n",
            encoding="utf-8",
        )
        parts = {"1103": Part("一", ["110101"], {"households": 25}), "1104": Part("二", [], {"households": 15})}
        changes = (Split("1101", parts, True), Move("110102", "1102", "110202"), Recode("1102", "1102", "丙"))
        read = load_changes(grid, file)
        assert read == changes
        assert [one.row for one in read] == [1, 2, 4]
        assert seen(adjust(grid, units, read, on=DAY).units, DAY) == seen(
            adjust(grid, units, changes, on=DAY).units, DAY
        )
        merge = pl.DataFrame(
            {"change": ["merge"] * 2, "unit": ["1101", "1102"], "code": "1105", "name": "丁", "kind": None}
        )
        assert load_changes(grid, merge) == (Merge(["1101", "1102"], "1105", "丁"),)

    def test_problems_name_the_row(self):
        """What was read from a table is named by its row."""
        grid, units = town()
        rows = pl.DataFrame({"change": ["recode"], "unit": ["1109"], "code": ["1108"]})
        with pytest.raises(DataError, match=r"row 1 \(recode 1109\): there is no unit"):
            adjust(grid, units, load_changes(grid, rows), on=DAY)

    def test_what_a_change_lacks_and_what_it_has_no_place_for(self):
        """A change needs its cells, takes no others, and its rows agree."""
        grid, _ = town()

        def problems(**columns):
            with pytest.raises(DataError) as caught:
                load_changes(grid, pl.DataFrame(columns))
            return [problem.code for problem in caught.value.problems]

        assert problems(change=["divide", "split"], unit=["1101", "1102"], code=[None, "1"]) == [
            "missing-setting",
            "unknown-choice",
        ]
        assert problems(change=["move"], unit=["1101"], parent=["11"], name=["x"]) == ["unused-setting"]
        assert problems(change=["merge"] * 2, unit=["1", "2"], code=["3"] * 2, name=["a", "b"]) == ["rows-differ"]
        assert problems(change=["merge"] * 2, unit=["1", "1"], code=["3"] * 2, name=["a", "a"]) == ["duplicate-row"]
        assert problems(change=["move"], unit=["1101"], parent=["11"], people=[1]) == ["unknown-column"]

    def test_a_number_of_what_is_not_split_is_no_news(self):
        """Only the parts of a split have numbers of their own: another row that gives one is not passed over."""
        grid, _ = town()
        two = {"code": ["3", "3"], "name": ["a", "a"], "parent": [None, None]}
        for columns in (
            {"change": ["merge"] * 2, "unit": ["1", "2"], **two, "households": [None, 7]},
            {"change": ["recode"], "unit": ["1"], "code": ["3"], "households": [7]},
            {"change": ["move"], "unit": ["1"], "parent": ["11"], "buildings": [0]},
        ):
            with pytest.raises(DataError, match="unused-setting") as caught:
                load_changes(grid, pl.DataFrame(columns))
            assert len(caught.value.problems) == 1


class TestCarrying:
    @tried
    @given(grid=grids().map(bare), seed=SEEDS)
    def test_orders_are_carried_along_the_map(self, grid, seed):
        """Along the map every order arrives at a unit that there is, and none is lost or counted twice."""
        units, plan = planned(seed, grid, kinds=("recode", "move", "merge"))
        assume(plan.changes)
        after = adjust(grid, units, plan.changes, on=DAY)
        there = units.on(BEFORE).frame
        orders = pl.DataFrame({"unit": there["code"], "orders": range(there.height)})
        carried = carry(orders, after.codes, {"orders": "sum"})
        assert set(carried["unit"]) == set(after.units.on(DAY).frame["code"])
        assert carried["orders"].sum() == orders["orders"].sum()


class TestFengxiang:
    """凤翔县 610322 of 2016 is 凤翔区 610305 of 2023."""

    def test_a_county_gets_another_code_with_all_below_it(self, shared_data):
        """Every code of 2016 becomes that under which the file of 2023 has the unit's street; nothing else changes."""
        folder = shared_data / "divisions"
        rows = pl.read_csv(folder / "baoji_6103.csv", infer_schema=False).with_columns(city_code=pl.lit("6103"))
        form = {key: CodeForm(digits=12, significant=n, prefix=True) for key, n in (("county", 6), ("street", 9))}
        grid = Grid(
            levels={
                "city": Level(order=1, code=CodeForm(digits=12, significant=4)),
                "county": Level(order=2, on=("city",), code=form["county"]),
                "street": Level(order=3, on=("county",), code=form["street"], unique_names=True),
                "community": Level(
                    order=4,
                    on=("street",),
                    code=CodeForm(digits=12, prefix=True),
                    kinds={"community": Kind(codes=("001-199",)), "village": Kind(codes=("200-599",))},
                ),
            }
        )
        above = {"city": ("city_code", "city"), "county": ("area_code", "area"), "street": ("street_code", "street")}
        units = load_units(grid, rows, level="community", above=above)
        after = adjust(grid, units, [Recode("610322", "610305", name="凤翔区", below=True)], on="2023")
        changed = after.codes.filter(pl.col("old") != pl.col("new"))
        assert changed.height == 1 + 12 + 237
        assert after.codes.height == units.frame.height
        assert set(changed["new"].str.slice(6)) == set(changed["old"].str.slice(6))
        assert (
            check_grid(grid, after.units, on="2023").frame.height
            == check_grid(grid, units, on="2023").frame.height
            == 0
        )
        later = pl.read_csv(folder / "baoji_6103_2023_names.csv", infer_schema=False)
        known = later.filter(pl.col("area") == "凤翔区").drop_nulls("code_2016")
        both = known.join(after.codes, left_on="code_2016", right_on="old")
        assert both.height == known.height == 155
        assert (both["new"].str.head(9) == both["street_code"]).all()
