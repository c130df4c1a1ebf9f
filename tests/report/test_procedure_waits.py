"""Where cases wait: the times between steps are exact, and the chart says them."""

import datetime as dt
import re
from collections import defaultdict

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.procedure.samples import START, five_orders

from communitygov.procedure.explain import fold
from communitygov.procedure.rules import Procedure, Role, Step
from communitygov.procedure.waits import waits
from communitygov.report.drawing import draw_svg
from communitygov.report.procedure_waits import waits_chart
from communitygov.testing.strategies_cases import frame_of, logs
from communitygov.testing.strategies_procedure import procedures
from communitygov.vocabulary.clock import instant_of
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.text import Title

tried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def histories(draw):
    """A procedure and a log of its cases, with faults or without."""
    procedure = draw(procedures())
    return procedure, draw(logs(procedure, faulty=draw(st.booleans()), most=6, events=20))


def slowly(procedure, log):
    """The waits of a log, one case after the other: the times by pair of steps, and how many go back in time."""
    times, back = defaultdict(list), defaultdict(int)
    for acts in log.cases.values():
        states = fold(procedure, acts, log.at).states[1:]
        main = [(act, state) for act, state in zip(acts, states, strict=True) if act.step in procedure.main]
        for i, (act, state) in enumerate(main):
            if state.place.is_closed:
                continue
            after = main[i + 1][0] if i + 1 < len(main) else None
            pair = act.step, None if after is None else after.step
            wait = (instant_of(log.at) if after is None else after.at) - act.at
            times[pair] += [wait] if wait >= 0 else []
            back[pair] += wait < 0
    return times, back


class TestWaits:
    @tried
    @given(histories())
    def test_each_pair_of_steps_has_the_times_of_its_cases(self, history):
        """In bulk there is a row for each pair that follows in some case not closed, and its times are the fold's."""
        procedure, log = history
        frame = waits(procedure, frame_of(procedure, log), log.at)
        times, back = slowly(procedure, log)
        rows = {(row["step"], row["next"]): row for row in frame.to_dicts()}
        assert rows.keys() == times.keys()
        assert len(rows) == frame.height
        for pair, row in rows.items():
            assert row["times"] == len(times[pair])
            assert row["back_in_time"] == back[pair]

    @tried
    @given(histories())
    def test_a_median_is_the_least_that_half_take_at_most(self, history):
        """It is one of the times; half or more take at most so long, and fewer than half take less. Likewise 90%."""
        procedure, log = history
        found, _ = slowly(procedure, log)
        for row in waits(procedure, frame_of(procedure, log), log.at).to_dicts():
            times = found[row["step"], row["next"]]
            for name, tenths in (("median", 5), ("percentile_90", 9)):
                if not times:
                    assert row[name] is None
                    continue
                assert row[name] in times
                assert 10 * sum(one <= row[name] for one in times) >= tenths * len(times)
                assert 10 * sum(one < row[name] for one in times) < tenths * len(times)

    @tried
    @given(histories())
    def test_every_open_case_stands_at_one_step(self, history):
        """Those that stand somewhere are those with a step of the main line that are not closed."""
        procedure, log = history
        frame = waits(procedure, frame_of(procedure, log), log.at)
        states = [fold(procedure, acts, log.at).states[-1] for acts in log.cases.values()]
        expected = sum(bool(state.place.step) and not state.place.is_closed for state in states)
        assert frame.filter(pl.col("next").is_null())["times"].sum() == expected

    @tried
    @given(histories(), st.randoms(use_true_random=False))
    def test_the_order_of_rows_does_not_matter(self, history, random):
        """A shuffled log says the same, in the order of the procedure's steps."""
        procedure, log = history
        frame = frame_of(procedure, log)
        rows = list(range(frame.height))
        random.shuffle(rows)
        found = waits(procedure, frame, log.at)
        assert found.equals(waits(procedure, frame[rows], log.at))
        order = [*procedure.steps].index
        steps = [order(step) for step in found["step"]]
        assert steps == sorted(steps)

    @pytest.mark.parametrize("kind", ["lazy", "pandas", "arrow", "duckdb"])
    def test_every_kind_of_frame_says_the_same(self, kind):
        """Lazy Polars, pandas, PyArrow and DuckDB give back their own kind, with the same rows."""
        frame = orders()
        expected = waits(five_orders(), frame, START + dt.timedelta(days=9))
        found = waits(five_orders(), given_as(kind, frame), START + dt.timedelta(days=9))
        if kind == "lazy":
            back = found.collect()
        elif kind == "duckdb":
            back = found.pl()
        else:
            back = pl.DataFrame(found)
        assert back.sort("step", "next").to_dicts() == expected.sort("step", "next").to_dicts()

    def test_what_is_asked_beside_the_main_line_is_waiting_too(self):
        """From being accepted to being handled all of the time counts, the question to the resident among it."""
        found = waits(five_orders(), orders(), START + dt.timedelta(days=9)).filter(pl.col("step") == "accept")
        assert found.select("next", "times", "median").rows() == [("handle", 1, 5 * 3_600_000_000)]

    def test_a_wrong_log_is_refused(self):
        """A step that is none is named."""
        with pytest.raises(DataError, match="handel"):
            waits(five_orders(), orders().with_columns(step=pl.lit("handel")), START + dt.timedelta(days=9))


def orders():
    """Two cases: one that is solved after a question, and one that was dispatched."""
    done = [("order", 0), ("dispatch", 1), ("accept", 2), ("ask", 3), ("answer", 6), ("handle", 7), ("verify", 8)]
    rows = [("a", seq, step, hour) for seq, (step, hour) in enumerate(done, 1)] + [
        ("b", 1, "order", 0),
        ("b", 2, "dispatch", 5),
    ]
    frame = pl.DataFrame(rows, schema=["case", "seq", "step", "hour"], orient="row")
    at = pl.lit(START) + pl.duration(hours=pl.col("hour"))
    satisfied = pl.when(pl.col("step") == "verify").then(True)
    return frame.select("case", "seq", "step", at=at, **{"fact.satisfied": satisfied})


def given_as(kind, frame):
    if kind == "lazy":
        return frame.lazy()
    if kind == "pandas":
        return frame.to_pandas()
    arrow = frame.to_arrow()
    if kind == "arrow":
        return arrow
    return pytest.importorskip("duckdb").sql("select * from arrow")


def texts(svg):
    return [re.sub(r"<[^>]+>", "", one).strip() for one in re.findall(r"<text[^>]*>(.*?)</text>", svg, re.DOTALL)]


class TestChart:
    @settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
    @given(histories(), st.sampled_from(["zh", "en"]))
    def test_every_pair_and_every_standing_case_is_in_the_chart(self, history, lang):
        """A bar for each pair that was passed, and one for each step where a case stands, in the frame's order."""
        procedure, log = history
        frame = waits(procedure, frame_of(procedure, log), log.at)
        spec = waits_chart(procedure, frame, lang).to_dict()
        # What stands alone has its data beside it, not in it.
        panels = {panel["name"]: panel.get("data", spec.get("data"))["values"] for panel in spec["vconcat"]}
        passed = frame.filter(pl.col("next").is_not_null() & (pl.col("times") > 0))
        assert [row["place"] for row in panels.get("passed", [])] == [
            f"{row['step']} → {row['next']}" for row in passed.to_dicts()
        ]
        assert [row["value"] * 3_600_000_000 for row in panels.get("passed", [])] == pytest.approx(
            passed["median"].to_list()
        )
        standing = frame.filter(pl.col("next").is_null())
        assert [(row["place"], row["value"]) for row in panels["standing"]] == standing.select("step", "times").rows()

    @pytest.mark.parametrize("kind", ["lazy", "pandas", "arrow", "duckdb"])
    def test_it_is_drawn_of_every_kind_of_frame(self, kind):
        """The words of the chart are those of the waits, from whatever frame they come."""
        found = waits(five_orders(), given_as(kind, orders()), START + dt.timedelta(days=9))
        words = texts(draw_svg(waits_chart(five_orders(), found, "en"), about="x"))
        assert {"accept → handle", "5.0 / 5.0 (1 time)", "order → dispatch", "1.0 / 5.0 (2 times)"} <= set(words)
        assert {"dispatch", "1 (median 211 hours)"} <= set(words)

    def test_steps_with_one_title_keep_their_own_bars(self):
        """Two steps of one name are told apart by their ids."""
        same = Title(zh="办", en="Do")
        steps = {
            "a": Step(by=("r",), starts=True, title=same, next=("b",)),
            "b": Step(by=("r",), title=same, next=("a",)),
        }
        rows = {"case": ["x", "x"], "seq": [1, 2], "step": ["a", "b"], "at": [START, START]}
        rule = Procedure(roles={"r": Role()}, steps=steps)
        spec = waits_chart(rule, waits(rule, pl.DataFrame(rows), START), "zh").to_dict()
        assert spec["vconcat"][0]["data"]["values"][0]["place"] == "办 [a] → 办 [b]"

    def test_it_says_so_where_nobody_waits(self):
        """Without cases the chart has no bars, and words instead."""
        frame = waits(five_orders(), orders().clear(), START)
        assert frame.is_empty()
        assert "no case stands anywhere" in texts(draw_svg(waits_chart(five_orders(), frame, "en"), about="x"))
