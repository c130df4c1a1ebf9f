"""orders simulate: drawn orders under several variants of a procedure."""

import re
import sys
from pathlib import Path

import polars as pl
import pytest

from communitygov.cli import progress

LAMPS, WORLD, REFORM = "examples/lamps", "examples/lamps-world.yaml", "examples/lamps-24-hours.yaml"
DAYS = ("--from", "2024-03-01", "--to", "2024-03-05")
SHORT = (*DAYS, "--draws", "1")

BEIJING = """
orders:
  arrivals: {whistles: {step: whistle, per_day: 3}}
  steps:
    whistle: {takes: {hours: 0, counted: elapsed}, units: [street]}
    end: {takes: {hours: 2, counted: elapsed}}
  facts:
    result: {weights: {solved: 3, unsolved: 1}}
"""
OURS = """
profile:
  id: ours
  title: {zh: 我们, en: Ours}
  api: 1
  version: 0.1.0
  extends: {profile: beijing, version: '>=0.1'}
  in_force: 2018
  last_verified: 2026-11-26
  sources: {plan: {title: {zh: 本地方案, en: A plan of ours}}}
clauses: {O-01: {quote: 一, source: plan, primitive: procedure}}
procedure:
  whistle:
    clause: O-01
    clock: {zone: Asia/Shanghai, calendar: cn_statutory}
"""


def simulate(call, *words):
    """Simulate the lamps, over a few days."""
    return call("orders", "simulate", LAMPS, WORLD, *SHORT, *words)


@pytest.fixture(scope="module")
def beside(call):
    """What comes of five days as the rules stand, and with half the time to mend."""
    return simulate(call, "--reform", REFORM, "--json").json


def means(done, frame, key, *names):
    """Return a mean by variant."""
    rows = [row for row in done[frame] if tuple(row[name] for name in key) == names]
    return {row["variant"]: row["mean"] for row in rows}


class TestVariants:
    def test_all_meet_the_same_orders(self, beside):
        """A deadline that nobody looks at while working changes who is late, and nothing of what comes in or is
        done."""
        assert set(beside["digests"]) == {"as_it_stands", "24-hours"}
        assert len(set(beside["digests"].values())) == 2
        for count in {row["count"] for row in beside["cases"]}:
            found = means(beside, "cases", ("count",), count)
            assert found["as_it_stands"] == found["24-hours"]

    def test_less_time_makes_more_late(self, beside):
        """Those who are late within 48 hours are late within 24."""
        late = means(beside, "faults", ("verdict", "what"), "late", "mending")
        assert late["24-hours"] > late.get("as_it_stands", 0)
        in_time = means(beside, "rates", ("rate",), "in_time")
        assert in_time["24-hours"] < in_time["as_it_stands"] <= 1

    def test_the_same_seed_is_the_same_world(self, call, beside):
        """A call that is repeated gives the same; another seed another."""
        again = simulate(call, "--reform", REFORM, "--each", "--json").json
        assert again == beside
        assert simulate(call, "--reform", REFORM, "--seed", "2", "--json").json["cases"] != beside["cases"]


class TestWhatIsShown:
    def test_rates_faults_and_cases_in_both_languages(self, call):
        """By their titles, without an id; opened stands before closed."""
        english = simulate(call, "--reform", REFORM).out
        assert "2024-03-01 to 2024-03-05, 1 draws, seed 1" in english
        assert english.index("mended in time 2024") < english.index("late: time to mend") < english.index("opened")
        assert english.index("opened") < english.index("closed") < english.index("repaired")
        chinese = simulate(call, "--lang", "zh").out
        assert re.search(r"^按时修好率 2024 +\d+\.\d%", chinese, re.MULTILINE)
        assert not re.search("[a-z]", chinese)

    def test_rates_can_be_taken_over_months(self, call):
        """Each month stands on its own."""
        done = call("orders", "simulate", LAMPS, WORLD, "--from", "2024-03-30", "--to", "2024-04-02", "--draws", "1")
        by_month = call(
            *("orders", "simulate", LAMPS, WORLD, "--from", "2024-03-30", "--to", "2024-04-02", "--draws", "1"),
            *("--period", "month", "--json"),
        )
        assert "2024-04" not in re.sub("2024-04-02", "", done.out)
        assert {"2024-04"} <= {row["period"] for row in by_month.json["rates"]} <= {"2024-03", "2024-04"}

    def test_a_rate_of_nothing_is_not_shown(self, call):
        """On a holiday orders come in, nobody works, and no time is up; that is no rate of 0."""
        done = call("orders", "simulate", LAMPS, WORLD, "--from", "2024-05-04", "--to", "2024-05-04", "--draws", "1")
        assert done.code == 0
        assert "mended in time" not in done.out
        assert re.search(r"^opened +[1-9]", done.out, re.MULTILINE)

    def test_which_orders_are_counted_is_said(self, call):
        """And that those of the last days are late for no fault of their own, if they are."""
        days = ("--count-from", "2024-03-02", "--count-to", "2024-03-03")
        done = simulate(call, *days, "--json").json
        assert (done["count_from"], done["count_to"]) == days[1::2]
        assert "\ncounted: orders of 2024-03-02 to 2024-03-03\n" in simulate(call, *days).out
        assert "which biases every figure" in simulate(call, *days[:2]).out
        assert "\n计入 2024-03-01 起的全部工单；末几日的截止时可能尚未办完" in simulate(call, "--lang", "zh").out

    def test_a_kind_of_fault_that_one_variant_has_is_none_in_the_other(self, call):
        """A zero stands there, not a dash."""
        rows = re.findall(r"^(?:late|overdue|no-show): .*$", simulate(call, "--reform", REFORM).out, re.MULTILINE)
        assert any(re.search(r"  0\.0 \(0\.0 - 0\.0\)  +[1-9]", row) for row in rows)
        assert not any(row.endswith("-") or "  -  " in row for row in rows)

    def test_tables_are_those_of_the_json(self, call, beside, tmp_path):
        """Every result, as CSV, in a folder that is made for it."""
        folder = tmp_path / "new" / "tables"
        done = simulate(call, "--reform", REFORM, "--tables", folder)
        assert str(folder) in done.err
        for name in ("rates", "faults", "cases"):
            assert pl.read_csv(folder / f"{name}.csv", infer_schema_length=None).height == len(beside[name])

    def test_a_bar_is_shown_on_a_terminal_that_waits(self, call, monkeypatch, capfd):
        """How many logs are drawn and judged, on stderr, if it takes longer than a second; never in a file."""
        told = []
        monkeypatch.setattr(progress, "on_terminal", lambda err=False: True)
        monkeypatch.setattr(progress.time, "monotonic", iter(range(0, 10_000, 2)).__next__)
        monkeypatch.setattr("rich.progress.Progress.update", lambda self, task, **how: told.append(how))
        simulate(call, "--reform", REFORM)
        assert told == [{"completed": 1, "total": 2}, {"completed": 2, "total": 2}]


class TestClocks:
    def test_without_one_nothing_is_simulated(self, call):
        """The procedure is named, and what would mend it, before all that its world may have wrong."""
        done = call("orders", "simulate", "beijing", WORLD, *SHORT)
        assert (done.code, done.out) == (2, "")
        mended = "`clock: {zone: Asia/Shanghai, calendar: cn_statutory}`"
        assert re.search(f"no-clock: .*`whistle` of beijing .*{mended}", done.err)
        assert "没有时钟" in call("orders", "simulate", "beijing", WORLD, *SHORT, "--lang", "zh").err

    def test_what_the_message_says_mends_it(self, call, tmp_path):
        """A profile that extends the one without a clock, and gives it one, can be simulated."""
        (tmp_path / "ours").mkdir()
        for name, text in (("world.yaml", BEIJING), ("ours/profile.yaml", OURS)):
            (tmp_path / name).write_text(text, encoding="utf-8")
        assert call("orders", "simulate", "beijing", tmp_path / "world.yaml", *SHORT).code == 2
        done = call("orders", "simulate", tmp_path / "ours", tmp_path / "world.yaml", *SHORT, "--json")
        assert done.code == 0
        assert done.json["cases"]

    def test_a_world_can_have_it_instead(self, call, tmp_path):
        """Nothing of the profile need be written for that."""
        clock = "orders:\n  clock: {zone: Asia/Shanghai, calendar: cn_statutory}"
        (tmp_path / "world.yaml").write_text(BEIJING.replace("orders:", clock), encoding="utf-8")
        done = call("orders", "simulate", "beijing", tmp_path / "world.yaml", *SHORT, "--json")
        assert done.code == 0
        assert {row["count"]: row["mean"] for row in done.json["cases"]}["opened"] > 0


class TestWrongCalls:
    @pytest.mark.parametrize(
        ("words", "code", "said"),
        [
            ((LAMPS, "nowhere.yaml", *SHORT), 2, "unreadable-file"),
            ((LAMPS, REFORM, *SHORT), 1, "the field `orders` is missing"),
            ((LAMPS, WORLD, "--from", "2024-03-05", "--to", "2024-03-01"), 2, "empty-span"),
            ((LAMPS, WORLD, *SHORT, "--count-from", "2024-03-06"), 2, "empty-span"),
            ((LAMPS, WORLD, "--from", "2024-03", "--to", "2024-03-05"), 2, "bad-day"),
            ((LAMPS, WORLD, "--from", "2020-03-01", "--to", "2020-03-05"), 2, "not-in-force"),
            ((LAMPS, WORLD, "--to", "2020-03-05"), 2, "`--from` is missing"),
            ((LAMPS, WORLD, *DAYS, "--draws", "0"), 2, "`0` is not in the range"),
            ((LAMPS, WORLD, *DAYS, "--seed", "-1"), 2, "`-1` is not in the range"),
            ((LAMPS, WORLD, *SHORT, "--reform", REFORM, "--reform", REFORM), 2, "repeated-reform"),
            ((LAMPS, WORLD, *SHORT, "--procedure", "repairs"), 2, "did you mean `repair`"),
            (("baoji", WORLD, *SHORT), 2, "`five_orders`"),
            (("zhanlanlu", WORLD, *SHORT, "--procedure", "whistle"), 2, "unknown-reference: steps.call_back"),
        ],
    )
    def test_a_mistake_is_a_line(self, call, words, code, said):
        """Of the days, the world, the procedure or the reform."""
        done = call("orders", "simulate", *words)
        assert (done.code, done.out) == (code, "")
        assert said in done.err

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("per_day: 12", "per_day: -1", "cannot be below 0"),
            ("step: report", "step: reprot", "did you mean `report`"),
            ("desks: 12", "desk: 12", "did you mean `desks`"),
            ("    satisfied: {weights: {true: 85, false: 15}}", "", "the step `call_back` needs it"),
            ("hours: 4, spread", "hours: four, spread", "four"),
        ],
    )
    def test_a_world_that_does_not_fit_is_refused(self, call, tmp_path, old, new, said):
        """With the place in it, and what would do."""
        text = Path(WORLD).read_text("utf-8")
        assert old in text
        (tmp_path / "world.yaml").write_text(text.replace(old, new), encoding="utf-8")
        done = call("orders", "simulate", LAMPS, tmp_path / "world.yaml", *SHORT)
        assert (done.code in (1, 2), done.out) == (True, "")
        assert said in done.err

    def test_without_numpy_the_extra_is_named(self, call, monkeypatch):
        """What is to be installed, in one line."""
        monkeypatch.setitem(sys.modules, "numpy", None)
        done = simulate(call)
        assert (done.code, "simulation" in done.err) == (2, True)
