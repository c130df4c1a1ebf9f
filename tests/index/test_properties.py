"""What is true of every index: properties I1 to I8, on drawn rules and drawn data."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from fractions import Fraction
from random import Random

import polars as pl
import pytest
from attrs import evolve
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from communitygov.index.explain import explain, explain_each
from communitygov.index.rules import Constraint, Indicator, Method, Normalisation, Scale, ends
from communitygov.index.score import score
from communitygov.testing.strategies_index import data, dated_indexes, drawn_data, indexes
from communitygov.vocabulary.dated import Dated
from communitygov.vocabulary.errors import DataError, DocumentError


def tried(percent=100):
    """Try a property on as many examples as the profile says, or on a part of them where each is slow."""
    return settings(
        max_examples=settings.default.max_examples * percent // 100,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )


seeds = st.integers(0, 2**32)
QUARTERS = ["2022Q1", "2022Q2", "2022Q3", "2022Q4"]


def changed(indicators, change):
    """Return a tree with each node changed, leaves and branches alike."""
    return {
        key: change(key, evolve(node, indicators=changed(node.indicators, change))) for key, node in indicators.items()
    }


class TestTreeI1:
    """The weights of every node's children sum exactly to the parent's."""

    @tried(40)
    @given(index=indexes())
    def test_leaves_share_the_whole_exactly(self, index):
        """No weight is lost or counted twice on the way down."""
        assert sum((leaf.share for leaf in index.leaves), Fraction(0)) == 1

    @tried(40)
    @given(index=indexes(), drawn=st.data(), gap=st.sampled_from([Fraction(1, 1000), Fraction(-1, 3), Fraction(2)]))
    def test_a_gap_is_refused_by_how_much(self, index, drawn, gap):
        """An index whose weights miss their sum by any fraction scores nobody."""
        key = drawn.draw(st.sampled_from(sorted(index.indicators)))
        node = index.indicators[key]
        assume(not node.indicators)
        broken = evolve(index, indicators={**index.indicators, key: evolve(node, weight=node.weight + gap)})
        with pytest.raises(DocumentError, match="weights-do-not-add-up"):
            score(broken, pl.DataFrame({"subject": ["a"], "period": ["2022Q1"]}))

    @tried(40)
    @given(index=indexes(), drawn=st.data(), of=st.sampled_from(["weight", "count"]))
    def test_a_method_must_make_up_its_share(self, index, drawn, of):
        """Exactly the least share satisfies a constraint; a hair more is refused."""
        asked = drawn.draw(st.sets(st.sampled_from([leaf.id for leaf in index.leaves])))
        tree = changed(index.indicators, lambda key, node: evolve(node, method="asked") if key in asked else node)
        index = evolve(index, indicators=tree, methods={"asked": Method()})
        share = index.share_of("asked", of)
        chosen = [leaf for leaf in index.leaves if leaf.id in asked]
        whole = Fraction(len(chosen), len(index.leaves)) if of == "count" else sum(leaf.share for leaf in chosen)
        assert whole == share

        def codes(at_least):
            constraint = Constraint(method="asked", at_least=at_least, of=of)
            return [finding.code for finding in evolve(index, constraints={"half": constraint}).check()]

        assert codes(share) == []
        assert codes(share + Fraction(1, 10**9)) == ["method-share-too-small"]


class TestMonotoneI2:
    """Raising one indicator's value, all else equal, never lowers anything above it."""

    @tried(40)
    @given(index=indexes(real=True), seed=seeds, drawn=st.data())
    def test_better_is_never_worse(self, index, seed, drawn):
        """No ancestor falls when a leaf gets better, relative measuring and missing values included."""
        frame = drawn_data(Random(seed), index, subjects=3)
        leaf = drawn.draw(st.sampled_from(index.leaves))
        better = _moved(frame, leaf)
        assume(better is not None)
        before, after = (explain(index, f, "s0", "2022Q1") for f in (frame, better))
        for key in (*leaf.path, "score"):
            was, now = before.find(key), after.find(key)
            assert (was.value is None) == (now.value is None)
            assert was.value is None or now.value >= was.value

    @tried(40)
    @given(index=indexes(relative=False, policies=["refuse"]), seed=seeds, drawn=st.data())
    def test_better_is_strictly_better_where_nothing_binds(self, index, seed, drawn):
        """Every ancestor gains before it is rounded, if the leaf weighs anything and is not held at a post."""
        frame = drawn_data(Random(seed), index, subjects=1)
        leaf = drawn.draw(st.sampled_from(index.leaves))
        better = _moved(frame, leaf)
        assume(better is not None and leaf.share > 0)
        low, high = ends(leaf)
        assume(all(low <= Fraction(f[leaf.id][0]) <= high for f in (frame, better)))
        before, after = (explain(index, f, "s0", "2022Q1") for f in (frame, better))
        for key in (*leaf.path, "score"):
            assert after.find(key).facts["points"] > before.find(key).facts["points"]


def _moved(frame, leaf):
    """Return the frame with the first subject's value one unit better, or None if that leaves the scale."""
    value = frame[leaf.id][0]
    if value is None:
        return None
    step = 10.0 ** -(leaf.scale.decimals or 0) * (-1 if leaf.direction == "lower" else 1)
    moved = round(value + step, 9)
    low, high = leaf.scale.minimum, leaf.scale.maximum
    if leaf.normalisation.kind == "goalposts" and leaf.normalisation.outside == "refuse":
        low, high = ends(leaf)
    if (low is not None and moved < low) or (high is not None and moved > high):
        return None
    return frame.with_columns(pl.Series(leaf.id, [moved, *frame[leaf.id].to_list()[1:]]))


class TestSeparableI3:
    """With fixed scales and goalposts a score is one's own affair; what compares subjects says so."""

    @tried(40)
    @given(index=indexes(relative=False, real=True), seed=seeds)
    def test_others_change_nothing(self, index, seed):
        """Other data for one community leaves every other score as it was."""
        frame, other = (drawn_data(Random(seed + i), index, subjects=3) for i in (0, 1))
        mixed = pl.concat([other[:1], frame[1:]])
        assert score(index, frame)[1:].equals(score(index, mixed)[1:])

    @pytest.mark.parametrize("kind", ["min_max", "rank", "percentile", "z_score"])
    def test_a_relative_way_is_declared_and_does_change_others(self, toy, kind):
        """Each way of measuring that lets others change a score is `relative`, and no other is."""
        settings_of = {"centre": Fraction(1, 2), "spread": Fraction(1, 6)} if kind == "z_score" else {}
        leaf = evolve(toy.indicators["order"], normalisation=Normalisation(kind=kind, **settings_of))
        index = evolve(toy, indicators={**toy.indicators, "order": leaf}, node=None)
        assert leaf.normalisation.relative

        def mine(others):
            columns = {"order": [50, *others], "parks": [50] * 3, "litter": [50] * 3}
            keys = {"subject": ["a", "b", "c"], "period": ["2023Q1"] * 3}
            return score(index, pl.DataFrame({**keys, **columns}))["score"][0]

        assert mine([10, 60]) != mine([60, 90])
        assert not Normalisation(kind="none").relative
        assert not Normalisation(kind="goalposts", low=0, high=1).relative


class TestBoundsI4:
    """All minima give 0, all maxima full marks, everything else lies between; order is irrelevant."""

    @tried(40)
    @given(index=indexes(relative=False, real=True))
    def test_ends(self, index):
        """The worst possible subject has 0 points at every node, the best full marks."""
        rows = []
        for worst in (True, False):
            values = {}
            for leaf in index.leaves:
                low, high = ends(leaf)
                unit = Fraction(10 ** (9 if leaf.scale.decimals is None else leaf.scale.decimals))
                assume(low * unit % 1 == 0 and high * unit % 1 == 0)
                values[leaf.id] = float(low if worst == (leaf.direction == "higher") else high)
            rows.append({"subject": "worst" if worst else "best", "period": "2022Q1", **values})
        worst, best = score(index, pl.DataFrame(rows)).to_dicts()
        assert {0} == {worst[path[-1]] for path, _ in index.nodes} | {worst["score"]}
        assert best["maximum"] == best["score"]

    @tried(40)
    @given(index=indexes(real=True), seed=seeds)
    def test_between(self, index, seed):
        """No score is below 0 or above full marks."""
        done = score(index, drawn_data(Random(seed), index, subjects=5), levels="root")
        scored = done.filter(pl.col("score").is_not_null())
        assert scored.filter((pl.col("score") < 0) | (pl.col("score") > pl.col("maximum"))).is_empty()

    @tried(40)
    @given(index=indexes(real=True), seed=seeds)
    def test_order_is_irrelevant(self, index, seed):
        """Children the other way round, columns the other way round, rows shuffled: the same digits."""

        def turned(nodes):
            return {
                key: evolve(node, indicators=turned(node.indicators)) for key, node in reversed(list(nodes.items()))
            }

        frame = drawn_data(Random(seed), index, subjects=4, periods=["2022Q2", "2022Q1"])
        done = score(index, frame)
        other = score(
            evolve(index, indicators=turned(index.indicators)),
            frame.select(reversed(frame.columns)).sample(fraction=1.0, shuffle=True, seed=seed),
        )
        keys = [name for name in done.columns if name != "missing"]
        assert done.sort("subject", "period").select(keys).equals(other.sort("subject", "period").select(keys))


class TestUnitsI5:
    """What a value is counted in, and how many points there are, changes nobody's standing."""

    @tried(40)
    @given(index=indexes(), seed=seeds, factor=st.integers(1, 9), shift=st.integers(-50, 50))
    def test_other_raw_units(self, index, seed, factor, shift):
        """The same affine change of raw values and of their goalposts leaves every score as it was."""

        def moved(value):
            return None if value is None else Fraction(value) * factor + shift

        def change(_, node):
            if node.indicators:
                return node
            scale, rule = node.scale, node.normalisation
            return evolve(
                node,
                scale=evolve(scale, minimum=moved(scale.minimum), maximum=moved(scale.maximum)),
                normalisation=evolve(rule, low=moved(rule.low), high=moved(rule.high)),
            )

        frame = drawn_data(Random(seed), index, subjects=4)
        other = evolve(index, indicators=changed(index.indicators, change))
        assume(not list(other.check()))
        places = {leaf.id: leaf.scale.decimals for leaf in index.leaves}
        values = [(pl.col(name) * factor + shift).round(places[name]) for name in places]
        assert score(index, frame).equals(score(other, frame.with_columns(values)))

    @tried(40)
    @given(index=indexes(), seed=seeds, factor=st.sampled_from([2, 3, 10]))
    def test_other_full_marks(self, index, seed, factor):
        """Full marks and weights times one constant change no rank and no share of full marks."""
        tree = index.indicators
        if index.weights == "points":
            tree = changed(tree, lambda _, node: evolve(node, weight=node.weight * factor))
        other = evolve(index, indicators=tree, maximum=index.maximum * factor)
        assume(not list(other.check()))
        frame = drawn_data(Random(seed), index, subjects=4)
        before, after = ([steps for _, steps in explain_each(rules, frame)] for rules in (index, other))
        for was, now in zip(before, after, strict=True):
            assert was.facts.get("share") == now.facts.get("share")
            assert was.value is None or now.facts["points"] == was.facts["points"] * factor


class TestVersionsI6:
    """A quarter is scored by the version in force in it, whatever is added later."""

    @tried(30)
    @given(index=dated_indexes(versions=3), seed=seeds)
    def test_what_comes_later_changes_nothing(self, index, seed):
        """Taking away later versions leaves the scores of earlier quarters as they were."""
        frame = drawn_data(Random(seed), index, subjects=3, periods=["2022Q4", "2023Q1", "2023Q4"])
        done = score(index, frame)
        for kept in (1, 2):
            early = frame.filter(pl.col("period") < f"{2022 + kept}")
            known = Dated(index.versions[:kept])
            ids = {leaf.id for version in known for leaf in version.leaves}
            ids |= {"subject", "period"}
            now = score(known, early.select(name for name in early.columns if name in ids))
            then = done.filter(pl.col("period") < f"{2022 + kept}").select(now.columns)
            assert then.equals(now)

    @tried(30)
    @given(index=dated_indexes(real=True), seed=seeds)
    def test_again_is_the_same(self, index, seed):
        """The same rules and data give the same bytes."""
        frame = drawn_data(Random(seed), index, subjects=4, periods=["2022Q4", "2023Q1"])
        assert score(index, frame).serialize() == score(index, frame.clone()).serialize()

    def test_the_first_day_of_the_period_decides(self, toy, toy_data):
        """A version that begins within a quarter speaks from the next quarter on."""
        doubled = evolve(toy, decimals=1, node=None)
        index = Dated(((dt.date(2022, 1, 1), toy), (dt.date(2023, 2, 1), doubled)))
        assert score(index, toy_data)["maximum"].to_list() == [1000, 1000, 100, 100]


class TestYearI7:
    """A year is the sum of its published quarters, each rounded once."""

    @tried(40)
    @given(index=indexes(), seed=seeds)
    def test_the_year_is_the_sum_of_the_published(self, index, seed):
        """Four quarters scored together are the four scored apart, and their sum is exact."""
        frame = drawn_data(Random(seed), index, subjects=3, periods=QUARTERS)
        together = score(index, frame, levels="root")
        apart = pl.concat(
            score(index, frame.filter(pl.col("period") == quarter), levels="root") for quarter in QUARTERS
        )
        assert together.equals(apart)
        published = Counter()
        for keys, steps in explain_each(index, frame):
            published[keys["subject"]] += (steps.value or 0) * 10**index.decimals
        year = together.group_by("subject").agg(pl.col("score").sum())
        assert dict(year.iter_rows()) == published

    def test_it_is_not_the_rounded_sum_of_what_was_not_published(self, toy):
        """Four quarters of 1.005 points make 4.04, not 4.02: nothing is rounded twice or later."""
        index = evolve(
            toy, indicators={"order": Indicator(weight=10)}, scale=Scale(minimum=0, maximum=1000, decimals=1), node=None
        )
        frame = pl.DataFrame({"subject": ["a"] * 4, "period": QUARTERS, "order": [100.5] * 4})
        assert score(index, frame)["score"].sum() == 404


class TestMissingI8:
    """Without a policy there is no score; whatever is left out or stood in for is listed."""

    @tried(40)
    @given(index=indexes(real=True, policies=["not_scored", "zero", "reweigh"]), drawn=st.data())
    def test_what_is_missing_is_listed(self, index, drawn):
        """The result names exactly the indicators without a value, and scores nobody whose policy forbids it."""
        frame = drawn.draw(data(index))
        policies = {leaf.id: leaf.missing for leaf in index.leaves}
        for given_row, row in zip(frame.to_dicts(), score(index, frame).to_dicts(), strict=True):
            gaps = [name for name in policies if given_row[name] is None]
            assert ",".join(gaps) == row["missing"]
            if "not_scored" in {policies[name] for name in gaps}:
                assert row["score"] is None

    @tried(40)
    @given(index=indexes(policies=["refuse"]), seed=seeds, drawn=st.data())
    def test_without_a_policy_it_is_refused_by_name(self, index, seed, drawn):
        """A gap that nothing may stand for is an error that names column, subject and period."""
        frame = drawn_data(Random(seed), index, subjects=3)
        name = drawn.draw(st.sampled_from([leaf.id for leaf in index.leaves]))
        broken = frame.with_columns(pl.when(pl.col("subject") != "s1").then(pl.col(name)).alias(name))
        assume(frame.height > 1)
        with pytest.raises(DataError) as error:
            score(index, broken)
        assert f"missing-value: column `{name}`: the value is missing; 1 row: s1 2022Q1" == str(error.value)

    @tried(40)
    @given(index=indexes(relative=False, policies=["reweigh"]), seed=seeds, drawn=st.data())
    def test_reweighing_keeps_proportions(self, index, seed, drawn):
        """A score is what the values present earn of what they could earn."""
        frame = drawn_data(Random(seed), index, subjects=1)
        steps = explain(index, frame, "s0", "2022Q1")
        found = {leaf.id: steps.find(leaf.id).facts.get("share") for leaf in index.leaves}
        present = [leaf for leaf in index.leaves if found[leaf.id] is not None]
        weight = sum((leaf.share for leaf in present), Fraction(0))
        if not weight:
            assert steps.value is None
        else:
            assert sum(leaf.share * found[leaf.id] for leaf in present) / weight == steps.facts["share"]
