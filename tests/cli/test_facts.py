"""What a certification needs beside the score: from the periods, from --facts, or an error that says where it goes."""

import random

import polars as pl
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from communitygov.certification.certify import certify
from communitygov.certification.rules import Leaving, Watch
from communitygov.certification.watch import watch
from communitygov.cli.columns import year_of
from communitygov.cli.facts import listed_at_end
from communitygov.plugins.finding import load_profile
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.period import Period

BARRED = ["--reading", "watch_and_star=barred"]
MORE = """
reform: more
from: 2022
changes:
  certification:
    quality_star: {{{}}}
"""


@pytest.fixture
def reform(tmp_path):
    """Write a reform of the certification, and return the options that lay it over the rules."""

    def write(change):
        file = tmp_path / "more.yaml"
        file.write_text(MORE.format(change), encoding="utf-8")
        return ["--reform", file]

    return write


@pytest.fixture(scope="module")
def many(call, rows, write_csv, tmp_path_factory):
    """Scores of forty communities in eight quarters: enough for a watch list."""
    chance = random.Random(11)
    table = [rows[0]]
    for number in range(40):
        good = chance.gauss(75, 4)
        for period in sorted({row[1] for row in rows[1:]}):
            values = [f"{min(100.0, max(0.0, chance.gauss(good, 6))):.1f}" for _ in rows[0][2:]]
            table.append([f"{number:03}", period, *values])
    folder = tmp_path_factory.mktemp("many")
    assert call("score", "shijingshan", write_csv(folder / "d.csv", table), "-o", folder / "scored.csv").code == 0
    return folder


def codes(done):
    return {line.split(": ")[0] for line in done.err.splitlines()}


class TestTieBreaks:
    def test_scores_that_break_ties_are_added_up_as_the_score_is(self, call, files, reform):
        """A tie-break by a node of the index is the sum of its points over the year, from scores or from data."""
        more = reform("tie_break: [service]")
        args = ["--year", "2023", *more, "--json"]
        done = call("certify", "shijingshan", files / "scored.csv", *args)
        assert done.code == 0
        rules = load_profile("shijingshan").at("2023").certification["quality_star"]
        wide = pl.read_csv(files / "scored.csv", schema_overrides={"subject": pl.String})
        sums = (
            wide.filter(pl.col("period").str.starts_with("2023"))
            .group_by("subject")
            .agg(pl.col("score", "service").sum().round(2))
        )
        wanted = certify(evolve(rules, tie_break=("service",)), sums, year=2023).frame
        found = {row["subject"]: (row["rank"], row["tier"]) for row in done.json["rows"]}
        assert found == {row["subject"]: (row["rank"], row["tier"]) for row in wanted.iter_rows(named=True)}
        assert call("plan", "shijingshan", files / "data.csv", *args).code == 0
        assert (
            call("plan", "shijingshan", files / "scored.csv", *args).json
            == call("plan", "shijingshan", files / "data.csv", *args).json
        )
        explained = ["explain", "certification", "shijingshan", files / "scored.csv", "--subject", "003", *args]
        assert call(*explained).code == 0

    def test_a_tie_is_broken_by_the_sum(self, call, write_csv, tmp_path, toy):
        """Of two with equal scores the one with more points of the node is ahead."""
        file = toy / "profile.yaml"
        text = file.read_text("utf-8").replace("    base: all\n", "    base: all\n    tie_break: [safety]\n")
        file.write_text(text, encoding="utf-8")
        rows = [["a", "2024H1", "5", "10", "1"], ["a", "2024H2", "5", "10", "1"]]
        rows += [["b", "2024H1", "5", "10", "3"], ["b", "2024H2", "5", "10", "0"]]
        scores = write_csv(tmp_path / "s.csv", [["subject", "period", "score", "maximum", "safety"], *rows])
        done = call("certify", toy, scores, "--year", "2024", "--json").json
        assert [(row["subject"], row["rank"]) for row in done["rows"]] == [("b", 1), ("a", 2)]


class TestFacts:
    def test_vetoes_and_groups_come_from_a_file_of_their_own(self, call, files, reform, write_csv, tmp_path):
        """--facts gives what the scores do not; what it says decides, for certify, explain and plan alike."""
        veto = "vetoes: {fire: {column: fire, when: before, title: {zh: 火灾, en: Fire}}}"
        more = reform(veto)
        scored = files / "scored.csv"
        best = call("certify", "shijingshan", scored, "--year", "2023", "--json").json["rows"][0]["subject"]
        rows = [[f"{number:03}", "true" if f"{number:03}" == best else "false"] for number in range(1, 13)]
        facts = write_csv(tmp_path / "f.csv", [["subject", "fire"], *rows])
        args = [scored, "--year", "2023", *more, "--facts", facts]
        done = call("certify", "shijingshan", *args, "--json")
        (row,) = [row for row in done.json["rows"] if row["subject"] == best]
        assert (row["tier"], row["reason"]) == (None, "veto")
        assert call("explain", "certification", "shijingshan", *args, "--subject", best).code == 0
        assert best in [row["subject"] for row in call("plan", "shijingshan", *args, "--json").json["moved"]]

    def test_facts_of_other_years_are_passed_over(self, call, files, reform, write_csv, tmp_path):
        """Where facts name years, those of the year count; a subject without one is named, not guessed."""
        more = reform("group_by: street")
        rows = [[f"{n:03}", year, "东" if n % 2 else "西"] for n in range(1, 13) for year in ("2022", "2023")]
        facts = write_csv(tmp_path / "f.csv", [["subject", "year", "street"], *rows])
        args = ["certify", "shijingshan", files / "scored.csv", "--year", "2023", *more, "--facts"]
        assert "西" in call(*args, facts).out
        short = write_csv(tmp_path / "s.csv", [["subject", "year", "street"], *rows[2:]])
        done = call(*args, short)
        assert (done.code, codes(done), "001" in done.err) == (1, {"missing-value"}, True)

    def test_a_column_that_is_needed_and_nowhere_is_named_with_its_file(self, call, files, reform, write_csv, tmp_path):
        """Whatever is absent, the error says which file must have it."""
        more = reform("group_by: street")
        args = ["certify", "shijingshan", files / "scored.csv", "--year", "2023", *more]
        done = call(*args)
        assert (done.code, "`street`" in done.err, "--facts" in done.err) == (1, True, True)
        facts = write_csv(tmp_path / "f.csv", [["subject", "stret"], ["001", "东"]])
        done = call(*args, "--facts", facts)
        assert (done.code, "`street`" in done.err, str(facts) in done.err) == (1, True, True)
        assert "--facts" in call(*args, "--lang", "zh").err

    def test_faulty_facts_are_said(self, call, files, reform, write_csv, tmp_path):
        """A subject twice, a column in two files, a file that is none: each is said, none is a traceback."""
        more = reform("group_by: street")
        args = ["certify", "shijingshan", files / "scored.csv", "--year", "2023", *more, "--facts"]
        twice = write_csv(tmp_path / "t.csv", [["subject", "street"], ["001", "东"], ["001", "西"]])
        assert codes(call(*args, twice)) == {"duplicate-row"}
        assert call(*args, tmp_path / "nowhere.csv").code == 2
        rows = [[f"{n:03}", "80", "东"] for n in range(1, 13)]
        yearly = write_csv(tmp_path / "y.csv", [["subject", "score", "street"], *rows])
        facts = write_csv(tmp_path / "f.csv", [["subject", "street"], *([row[0], "西"] for row in rows)])
        done = call("certify", "shijingshan", yearly, "--year", "2023", *more, "--facts", facts)
        assert (done.code, codes(done)) == (2, {"column-twice"})

    def test_a_group_may_stand_beside_the_periods(self, call, files, reform, write_csv, tmp_path):
        """A column of groups in the scores of periods is each subject's, if it is one in the year."""
        wide = pl.read_csv(files / "scored.csv", infer_schema=False)
        even = pl.col("subject").str.tail(1).cast(pl.Int64) % 2 == 0
        wide = wide.with_columns(street=pl.when(even).then(pl.lit("东")).otherwise(pl.lit("西")))
        wide.write_csv(tmp_path / "s.csv")
        args = ["--year", "2023", *reform("group_by: street")]
        assert "东" in call("certify", "shijingshan", tmp_path / "s.csv", *args).out
        moved = (pl.col("period") == "2023Q4") & (pl.col("subject") == "005")
        wide.with_columns(street=pl.when(moved).then(pl.lit("北")).otherwise("street")).write_csv(tmp_path / "m.csv")
        done = call("certify", "shijingshan", tmp_path / "m.csv", *args)
        assert (done.code, codes(done), "005" in done.err) == (1, {"two-groups"}, True)


class TestWatch:
    def test_who_is_on_the_watch_list_is_told_from_the_periods(self, call, many):
        """Under the reading that bars the watched, certify and plan need no column: the list is carried through."""
        args = [many / "scored.csv", "--year", "2023", *BARRED]
        done = call("certify", "shijingshan", *args, "--json")
        assert done.code == 0
        rule = (
            load_profile("shijingshan").at("2023", readings={"watch_and_star": "barred"}).certification["quality_star"]
        )
        wide = pl.read_csv(many / "scored.csv", schema_overrides={"subject": pl.String})
        listed = None
        for period in sorted(wide["period"].unique()):
            if period > "2022Q1":
                listed = watch(rule, wide, listed, period=period).listed
        held = {row["subject"]: row["tier"] for row in done.json["rows"]}
        assert set(listed["subject"])
        assert all(held[subject] is None for subject in listed["subject"])
        assert call("plan", "shijingshan", *args, "--json").code == 0

    @settings(max_examples=20, deadline=None)
    @given(st.data(), st.integers(1, 3), st.integers(1, 3), st.booleans())
    def test_what_is_told_is_so_whatever_the_list_was_before(self, data, enters, leaves, across):
        """Where the scores settle who is listed, that is so whoever stood on the list before, and since when."""
        periods = [str(Period.parse("2022Q2").next(n)) for n in range(7)]
        subjects = list("abcdef")
        watching = Watch(
            last=2, periods=enters, ties="in", rank_of="period", across_years=across, leaving=Leaving(after=leaves),
            starred="allowed",
        )  # fmt: skip
        rule = evolve(load_profile("shijingshan").at("2023").certification["quality_star"], watch=watching)
        here = data.draw(st.integers(0, 3))
        rows = [(one, when, data.draw(st.integers(0, 9))) for when in periods[here:] for one in subjects]
        scores = pl.DataFrame(rows, schema=["subject", "period", "score"], orient="row")
        told = listed_at_end(rule, scores, periods[3:])
        before = data.draw(st.dictionaries(st.sampled_from(subjects), st.sampled_from(periods[:3])))
        listed = pl.DataFrame({"subject": list(before), "since": list(before.values())}, schema=["subject", "since"])
        listed = listed.cast(pl.String)
        for period in periods[3:]:
            listed = watch(rule, scores, listed, period=period).listed
        if told is not None:
            assert set(told.filter("on_watch")["subject"]) == set(listed["subject"])
            assert told.height == len(subjects)

    def test_a_list_that_hangs_on_what_came_before_is_not_guessed(self, call, many, tmp_path):
        """Where the periods do not settle who is listed, the error says which file must have the column."""
        wide = pl.read_csv(many / "scored.csv", infer_schema=False)
        rule = load_profile("shijingshan").at("2023").certification["quality_star"]
        numbers = wide.with_columns(pl.col("score", "maximum").cast(pl.Float64))
        one = numbers.filter(pl.col("period") == "2023Q4")
        assert listed_at_end(rule, one, ["2023Q4"]) is None
        done = call("certify", "shijingshan", _yearly(wide, tmp_path), "--year", "2023", *BARRED)
        assert (done.code, "`on_watch`" in done.err, "--facts" in done.err) == (1, True, True)
        facts = tmp_path / "w.csv"
        wide.select("subject").unique().with_columns(on_watch=pl.lit("no")).write_csv(facts)
        assert call("certify", "shijingshan", tmp_path / "y.csv", "--year", "2023", *BARRED, "--facts", facts).code == 0


def _yearly(wide, folder):
    sums = wide.filter(pl.col("period").str.starts_with("2023")).with_columns(pl.col("score").cast(pl.Decimal(9, 2)))
    sums.group_by("subject").agg(pl.col("score").sum()).write_csv(folder / "y.csv")
    return folder / "y.csv"


class TestYears:
    def test_last_years_score_comes_from_last_years_rows(self, call, files, reform, write_csv, tmp_path):
        """A rule that holds a tier until the score changes finds last year's score where the data has that year."""
        more = reform("hold_until_change: true")
        assert call("certify", "shijingshan", files / "scored.csv", "--year", "2023", *more).code == 0
        assert "previous_score" in call("certify", "shijingshan", files / "scored.csv", "--year", "2022", *more).err
        table = [["subject", "year", "score"], ["a", "2022", "1"], ["a", "2023", "2"], ["b", "2023", "3"]]
        years = write_csv(tmp_path / "y.csv", table)
        assert call("certify", "shijingshan", years, "--year", "2023", *more).code == 0

    def test_years_of_another_kind_are_said(self, call, tmp_path):
        """Years as text in Parquet are an error of the column, not a year that is not there."""
        pl.DataFrame({"subject": ["a"], "year": ["2023"], "score": [1.0]}).write_parquet(tmp_path / "y.parquet")
        done = call("certify", "shijingshan", tmp_path / "y.parquet", "--year", "2023")
        assert (done.code, codes(done)) == (1, {"wrong-column-type"})

    @pytest.mark.parametrize("option", ["data", "--holders", "--facts", "--units"])
    def test_parquet_without_the_columns_is_said(self, call, files, tmp_path, option):
        """The columns of a Parquet file are looked at before anything is done with it, whatever it is for."""
        other = tmp_path / "o.parquet"
        pl.DataFrame({"thing": ["a"], "year": ["2023"]}).write_parquet(other)
        args = {
            "data": ["explain", "certification", "shijingshan", other, "--year", "2023", "--subject", "001"],
            "--units": ["simulate", "shijingshan", "--units", other],
        }
        default = [
            "explain",
            "certification",
            "shijingshan",
            files / "scored.csv",
            "--year",
            "2023",
            "--subject",
            "001",
        ]
        done = call(*args.get(option, [*default, option, other]))
        assert (done.code, "missing-column" in codes(done)) == (1, True)

    def test_a_row_without_a_year_or_a_period_is_not_dropped(self, call, files, write_csv, tmp_path):
        """A row that is of no year is an error, not one subject fewer."""
        table = [["subject", "year", "score"], ["a", "2023", "2"], ["b", "", "3"]]
        done = call("certify", "shijingshan", write_csv(tmp_path / "y.csv", table), "--year", "2023")
        assert (done.code, codes(done)) == (1, {"missing-value"})
        wide = pl.read_csv(files / "scored.csv", infer_schema=False)
        wide.with_columns(period=pl.when(pl.int_range(pl.len()) > 0).then("period")).write_csv(tmp_path / "p.csv")
        done = call("certify", "shijingshan", tmp_path / "p.csv", "--year", "2023")
        assert (done.code, "missing-value: " in done.err) == (1, True)

    @pytest.mark.parametrize("head", ["subject,score", "subject,year,score", "subject,period,score,maximum"])
    def test_a_table_of_heads_only_certifies_nobody(self, call, tmp_path, head):
        """A file without rows is an error, not a certification of nobody."""
        (tmp_path / "h.csv").write_text(f"{head}\n", encoding="utf-8")
        done = call("certify", "shijingshan", tmp_path / "h.csv", "--year", "2023", "--lang", "zh")
        assert (done.code, codes(done)) == (1, {"empty-table"})

    def test_a_frame_of_one_year_is_taken_as_it_is(self):
        """Yearly scores without a year are of the year that is asked for."""
        rule = load_profile("shijingshan").at("2023").certification["quality_star"]
        frame = pl.DataFrame({"subject": ["a"], "score": [1]})
        assert year_of(frame, rule, 2023, "x").equals(frame)
        with pytest.raises(DataError, match="empty-table"):
            year_of(frame.clear(), rule, 2023, "x")
