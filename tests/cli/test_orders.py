"""orders check, judge, rates, explain, diagram, waits and template: logs of orders through the rules of a procedure."""

import datetime as dt
import json
import re
import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from communitygov.cli.choice import only
from communitygov.cli.orders import is_share
from communitygov.measures.rules import Condition, Measure, Quantity
from communitygov.plugins.finding import load_profile
from communitygov.procedure.judge import judge
from communitygov.procedure.logs import read_mapping, read_own_log
from communitygov.procedure.ocel import write_ocel
from communitygov.procedure.open311 import open311_mapping
from communitygov.procedure.wording import FAULTS
from communitygov.profile.reading import read_profile
from communitygov.report.steps_json import steps_from_json
from communitygov.simulation.order_draw import draw_log
from communitygov.simulation.order_model import read_order_model
from communitygov.testing.strategies_cases import frame_of, logs
from communitygov.testing.strategies_procedure import procedures
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.files import write_frame
from communitygov.vocabulary.text import Title

LAMPS, EVENTS = "examples/lamps", "examples/lamps-events.csv"
UNTIL = ("--until", "2024-03-07")
END = dt.datetime(2024, 3, 8, tzinfo=ZoneInfo("Asia/Shanghai"))
LOGS = Path(__file__).parents[1] / "procedure" / "logs"

STEPS = {
    "report": "报修",
    "dispatch": "派单",
    "repair": "维修",
    "call_back": "回访",
    "send_back": "退回",
    "call": "请电力",
    "come": "到场",
}
ROLES = {"resident": "居民", "community": "社区", "team": "维修队", "power": "供电"}
FOREIGN = f"""
log:
  zone: Asia/Shanghai
  case: 工单号
  time: 时间
  time_form: YYYY/MM/DD hh:mm:ss
  ties: file_order
  activity: 动作
  steps: {{{", ".join(f"{theirs}: {ours}" for ours, theirs in STEPS.items())}}}
  actor: 经办
  role: 角色
  roles: {{{", ".join(f"{theirs}: {ours}" for ours, theirs in ROLES.items())}}}
  unit: 单位
  reason: 理由
  facts:
    请来: {{fact: called, kind: text}}
    满意: {{fact: satisfied, kind: flag}}
"""

RECEIPTS = """
profile:
  id: receipts
  title: {zh: 收件, en: Receipts}
  api: 1
  version: 0.1.0
  in_force: 2010
  last_verified: 2026-11-26
  sources: {log: {title: {zh: 日志, en: Log}}}
clauses: {R-01: {quote: 一, source: log, primitive: procedure}}
procedure:
  receipt:
    clause: R-01
    outcomes: {done: {zh: 完, en: done}}
    roles: {clerk: {title: {zh: 员, en: clerk}}}
    steps: {STEPS}
"""


@pytest.fixture(scope="module")
def rule():
    """The procedure of the example."""
    return read_profile(Path(LAMPS)).at(2024).procedure["repair"]


@pytest.fixture(scope="module")
def events(rule):
    """The log of the example."""
    return read_own_log(EVENTS, rule)


@pytest.fixture(scope="module")
def judged(rule, events):
    """What the library finds in it."""
    return judge(rule, events, END)


@pytest.fixture
def foreign(tmp_path, events):
    """The same log as a Chinese system would write it, and its mapping."""
    shown = events.sort("at", maintain_order=True).select(
        pl.col("case").alias("工单号"),
        pl.col("at").dt.convert_time_zone("Asia/Shanghai").dt.to_string("%Y/%m/%d %H:%M:%S").alias("时间"),
        pl.col("step").replace(STEPS).alias("动作"),
        pl.col("actor").alias("经办"),
        pl.col("role").replace(ROLES).alias("角色"),
        pl.col("unit").alias("单位"),
        pl.col("reason").alias("理由"),
        pl.col("fact.called").alias("请来"),
        pl.col("fact.satisfied").replace_strict({True: "是", False: "否"}, default=None).alias("满意"),
    )
    file = tmp_path / "their.csv"
    write_frame(shown, file, encoding="gb18030")
    mapping = tmp_path / "their.yaml"
    mapping.write_text(FOREIGN, encoding="utf-8")
    return file, mapping


class TestOwnLogs:
    @settings(max_examples=15)
    @given(st.data(), st.sampled_from([".csv", ".parquet", ".xlsx"]))
    def test_a_log_that_is_written_is_read_back_as_it_was(self, tmp_path_factory, data, suffix):
        """Whatever the procedure, the faults in the log and the kind of file: case, order, instants and facts stay."""
        procedure = data.draw(procedures())
        log = frame_of(procedure, data.draw(logs(procedure, faulty=True)))
        file = tmp_path_factory.mktemp("log") / f"log{suffix}"
        kept = log if suffix == ".parquet" else log.with_columns(pl.col(pl.String).replace("", None))  # an empty cell
        assert read_own_log(write_frame(log, file), procedure).equals(kept)

    def test_the_example_is_what_the_world_of_the_example_draws(self, rule, events):
        """Nobody has touched up the log that the pages judge: it is draw 0 of seed 2, to the second."""
        world = read_order_model("examples/lamps-world.yaml")
        drawn = draw_log(world, rule, dt.date(2024, 3, 1), dt.date(2024, 3, 7), seed=2, draw=0)
        assert drawn.with_columns(pl.col("at").dt.truncate("1s")).equals(events)

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("case,seq,step", "case,seq,stage", ("missing-column", "did you mean `stage`")),
            ("fact.phone", "fact.phon", ("unknown-column", "did you mean `fact.phone`")),
            ("case,seq", "case,number", ("missing-column", "`seq`")),
            (",1,report,2024-03-01T07", ",1,reprot,2024-03-01T07", ("unknown-step", "did you mean `report`")),
            ("+08:00,", ",", (f"{EVENTS[9:]}:2:4: naive-time", "write 2024-10-08T09:00:00+08:00")),
            ("T07:", "T7:", ("bad-cell", "ISO 8601", "bring a mapping")),
            (",2,dispatch", ",two,dispatch", ("bad-cell", "must hold a whole number, found `two`")),
            (",2,dispatch", ",1,dispatch", ("duplicate-row",)),
            (",2,dispatch", ",2,", ("missing-value", "`step`")),
        ],
    )
    def test_what_is_wrong_is_said_without_a_word_of_a_mapping_that_is_not_there(self, call, tmp_path, old, new, said):
        """A column, step, number or time that is wrong is named, with what is meant; the exit code is 1."""
        file = tmp_path / EVENTS[9:]
        file.write_text(Path(EVENTS).read_text("utf-8").replace(old, new), encoding="utf-8")
        done = call("orders", "check", LAMPS, file, *UNTIL)
        assert (done.code, done.out) == (1, "")
        assert [word for word in said if word not in done.err] == []
        assert "the mapping" not in done.err

    def test_an_empty_log_is_refused(self, call, tmp_path):
        """A table with a head alone has nothing to be judged, in whatever kind of file."""
        for suffix in (".csv", ".xlsx", ".parquet"):
            file = tmp_path / f"empty{suffix}"
            assert call("orders", "template", LAMPS, "-o", file).code == 0
            done = call("orders", "check", LAMPS, file, *UNTIL)
            assert (done.code, "empty-table" in done.err) == (1, True)

    def test_a_column_that_nobody_filled_in_may_be_absent(self, call, tmp_path, events):
        """Facts, actors and units are asked for only where the rules need them."""
        short = write_frame(events.drop("unit", "reason", "fact.phone"), tmp_path / "short.csv")
        found = call("orders", "check", LAMPS, short, *UNTIL, "--json").json
        assert (found["cases"], found["events"]) == (78, 321)

    def test_a_role_that_nobody_has_is_a_fault_of_the_log(self, call, tmp_path):
        """The log can be judged, and says so: whoever acted had no right to."""
        file = tmp_path / "log.csv"
        file.write_text(Path(EVENTS).read_text("utf-8").replace(",team,lamps", ",tram,lamps"), encoding="utf-8")
        counts = call("orders", "judge", LAMPS, file, *UNTIL, "--json").json["counts"]
        assert [one["what"] for one in counts if one["verdict"] == "wrong_role"] == ["tram"]


class TestForms:
    def test_a_foreign_log_has_the_verdicts_of_our_own(self, call, foreign):
        """The same events in another system's words, form of times and encoding are the same cases with the same
        faults."""
        file, mapping = foreign
        how = ("--mapping", mapping, "--encoding", "gb18030")
        ours = call("orders", "judge", LAMPS, EVENTS, *UNTIL, "--json")
        theirs = call("orders", "judge", LAMPS, file, *UNTIL, *how, "--json")
        assert (ours.code, theirs.code) == (1, 1)
        assert theirs.json == ours.json

    def test_ocel_needs_no_mapping_if_it_calls_things_as_we_do(self, call, events, tmp_path):
        """A log in OCEL whose cases are objects of type `case` is judged as it stands."""
        file = write_ocel(events, tmp_path / "log.json", object_type="case")
        ours = call("orders", "judge", LAMPS, EVENTS, *UNTIL, "--json").json
        assert call("orders", "judge", LAMPS, file, *UNTIL, "--json").json == ours
        other = write_ocel(events, tmp_path / "other.jsonocel", object_type="order")
        done = call("orders", "judge", LAMPS, other, *UNTIL)
        assert (done.code, "unknown-object-type" in done.err, "`order`" in done.err) == (1, True, True)

    def test_xes_is_read_through_a_mapping(self, call, tmp_path):
        """Told by its name or by --as; without a mapping nobody knows what its attributes are."""
        text = (
            '<log xmlns="http://www.xes-standard.org/"><trace><string key="concept:name" value="7"/><event>'
            '<string key="concept:name" value="asked"/><string key="org:role" value="who"/>'
            '<date key="time:timestamp" value="2024-03-01T09:00:00+08:00"/></event></trace></log>'
        )
        mapping = tmp_path / "log.yaml"
        mapping.write_text(
            "log: {case: 'case:concept:name', time: 'time:timestamp', activity: 'concept:name', role: 'org:role', "
            "steps: {asked: report}, roles: {who: resident}}",
            encoding="utf-8",
        )
        for name, how in (("log.xes", ()), ("log.txt", ("--as", "xes"))):
            (tmp_path / name).write_text(text, encoding="utf-8")
            done = call("orders", "judge", LAMPS, tmp_path / name, *UNTIL, *how, "--mapping", mapping, "--json")
            assert (done.code, done.json["cases"]) == (0, 1)
            assert call("orders", "judge", LAMPS, tmp_path / name, *UNTIL, *how).code == 2

    def test_open311_is_read_through_a_mapping(self, call, tmp_path):
        """Requests become cases whose steps are those of the procedure."""
        request = {
            "service_request_id": "638344",
            "status": "closed",
            "requested_datetime": "2024-03-01T09:00:00+08:00",
            "updated_datetime": "2024-03-01T10:00:00+08:00",
        }
        file, mapping = tmp_path / "requests.json", tmp_path / "requests.yaml"
        file.write_text(json.dumps([request]), encoding="utf-8")
        used = ("service_request_id", "requested_datetime", "closed_datetime")
        whole = open311_mapping()
        rest = [*whole.unused, *(name for name in whole.columns if name not in used)]
        mapping.write_text(
            "log:\n  case: service_request_id\n  events:\n"
            "    asked: {at: requested_datetime, step: report, as_role: resident}\n"
            "    sent: {at: closed_datetime, step: dispatch, as_role: community}\n"
            f"  unused: [{', '.join(rest)}]\n",
            encoding="utf-8",
        )
        found = call("orders", "check", LAMPS, file, *UNTIL, "--as", "open311", "--mapping", mapping, "--json").json
        assert {row["step"]: row["cases"] for row in found["steps"]} == {"report": 1, "dispatch": 1}
        done = call("orders", "check", LAMPS, file, *UNTIL)
        assert (done.code, "OCEL" in done.err) == (1, True)

    def test_a_real_log_is_brought_in(self, call, shared_data, tmp_path):
        """A Dutch municipality's receipts are read through their mapping, and counted as they were published."""
        mapping = LOGS / "receipt_events.yaml"
        steps = dict.fromkeys(read_mapping(mapping).steps.values())
        listed = ", ".join(f"{name}: {{by: [clerk], starts: true, closes: done}}" for name in steps)
        text = RECEIPTS.replace("STEPS", listed)
        (tmp_path / "profile.yaml").write_text(text, encoding="utf-8")
        file = shared_data / "real/orders/receipt_events.csv"
        how = ("--mapping", mapping, "--until", "2013-01-01", "--json")
        found = call("orders", "check", tmp_path, file, *how).json
        assert (found["cases"], found["events"], len(found["steps"])) == (1434, 8577, 27)


class TestCheck:
    def test_it_says_what_is_there(self, call, events, tmp_path):
        """Cases, events and how often each step; -o writes the frame of events, - alone on stdout."""
        done = call("orders", "check", LAMPS, EVENTS, *UNTIL)
        assert (done.code, done.out.splitlines()[0]) == (0, "78 cases, 321 events; fit to be judged")
        chinese = call("orders", "check", LAMPS, EVENTS, *UNTIL, "--lang", "zh").out
        assert "请供电部门" in chinese
        assert not re.search("[a-z]", chinese)
        found = call("orders", "check", LAMPS, EVENTS, *UNTIL, "--json").json
        assert {row["step"]: row["count"] for row in found["steps"]} == dict(events["step"].value_counts().rows())
        assert call("orders", "check", LAMPS, EVENTS, *UNTIL, "-o", "-").out == events.write_csv()

    def test_events_after_the_end_are_refused(self, call, events):
        """--until before the last event is a mistake; at the very instant of it is none."""
        last = events["at"].max()
        assert call("orders", "check", LAMPS, EVENTS, "--until", last.isoformat()).code == 0
        day = dt.datetime(2024, 3, 5, 16, tzinfo=dt.UTC)
        later = (
            ((last - dt.timedelta(seconds=1)).isoformat(), 1),
            ("2024-03-05", events.filter(pl.col("at") > day).height),
        )
        for until, rows in later:
            done = call("orders", "check", LAMPS, EVENTS, "--until", until)
            assert (done.code, f" {rows} row" in done.err) == (1, True)

    @pytest.mark.parametrize("until", ["yesterday", "2024-03-07T12:00", "2024-13-07", "9999-12-31", ""])
    def test_an_end_that_is_none_is_a_wrong_call(self, call, until):
        """A day, or an instant with its zone: without one it could be many instants."""
        done = call("orders", "check", LAMPS, EVENTS, "--until", until)
        assert (done.code, "bad-until" in done.err) == (2, True)


class TestJudge:
    def test_the_counts_are_those_of_the_library(self, call, judged, tmp_path):
        """What is printed, and what is written, is what `judge` finds; the exit code says that there is something."""
        verdicts, cases = tmp_path / "v.csv", tmp_path / "c.xlsx"
        done = call("orders", "judge", LAMPS, EVENTS, *UNTIL, "-o", verdicts, "--cases", cases)
        assert (done.code, done.out.splitlines()[0]) == (1, "78 cases, 4 of them with faults")
        written = pl.read_csv(verdicts)
        assert written.select("case", "verdict", "what").equals(judged.verdicts.select("case", "verdict", "what"))
        assert pl.read_excel(cases, infer_schema_length=None)["case"].to_list() == judged.cases["case"].to_list()
        found = call("orders", "judge", LAMPS, EVENTS, *UNTIL, "--json").json
        assert (found["procedure"], found["at_fault"]) == ("repair", judged.verdicts["case"].n_unique())
        assert sum(one["count"] for one in found["counts"]) == judged.verdicts.height

    def test_faults_are_told_in_both_languages(self, call):
        """By their names and the titles of what they are about, never by ids."""
        english = call("orders", "judge", LAMPS, EVENTS, *UNTIL).out
        chinese = call("orders", "judge", LAMPS, EVENTS, *UNTIL, "--lang", "zh").out
        assert re.search(r"^late +time to mend +1 +1$", english, re.MULTILINE)
        assert re.search(rf"^{FAULTS['late'].zh} +修好时限 +1 +1$", chinese, re.MULTILINE)
        assert not re.search("[a-z]", chinese)

    def test_a_reform_judges_the_same_log_otherwise(self, call):
        """Half the time to mend: whoever was late stays late, and others join them."""
        counts = []
        for more in ((), ("--reform", "examples/lamps-24-hours.yaml")):
            found = call("orders", "judge", LAMPS, EVENTS, *UNTIL, "--json", *more).json["counts"]
            counts.append({(one["verdict"], one["what"]): one["count"] for one in found})
        assert counts[1]["late", "mending"] > counts[0]["late", "mending"]
        assert counts[1]["late", "coming"] == counts[0]["late", "coming"]

    def test_without_faults_the_code_is_0(self, call, events, judged, tmp_path):
        """The cases in order alone: nothing is found."""
        good = events.filter(~pl.col("case").is_in(judged.verdicts["case"].implode()))
        file = write_frame(good, tmp_path / "good.parquet")
        done = call("orders", "judge", LAMPS, file, *UNTIL)
        assert (done.code, done.out) == (0, "74 cases, 0 of them with faults\n")

    def test_one_is_one_case(self, call, events, judged, tmp_path):
        """A log of a single case is counted as one has it, in `check` as in `judge`, with faults or without."""
        for case, faults in judged.cases.select("case", "faults").sort("faults").rows()[:: judged.cases.height - 1]:
            mine = events.filter(pl.col("case") == case)
            file = write_frame(mine, tmp_path / "one.parquet")
            said = call("orders", "judge", LAMPS, file, *UNTIL).out.splitlines()[0]
            assert said == f"1 case, {1 if faults else 0} with faults"
            assert call("orders", "check", LAMPS, file, *UNTIL).out.startswith(f"1 case, {mine.height} events; fit")

    def test_one_thing_goes_to_stdout(self, call, judged):
        """The faults or the cases, as CSV and nothing else; both, or one and JSON, are refused."""
        assert call("orders", "judge", LAMPS, EVENTS, *UNTIL, "-o", "-").out == judged.verdicts.write_csv()
        assert call("orders", "judge", LAMPS, EVENTS, *UNTIL, "--cases", "-").out == judged.cases.write_csv()
        for more in (("-o", "-", "--cases", "-"), ("--json", "--cases", "-"), ("--json", "-o", "-")):
            done = call("orders", "judge", LAMPS, EVENTS, *UNTIL, *more)
            assert (done.code, done.out, "two-outputs" in done.err) == (2, "", True)


def count(**where):
    return Quantity(what="count", where={key: Condition(**asked) for key, asked in where.items()})


def total(column):
    return Quantity(what="sum", columns=(column,))


class TestRates:
    def test_a_rate_stands_with_its_counts(self, call):
        """Numerator, base, cases and those left out, as a table, as JSON and as CSV."""
        (row,) = call("orders", "rates", LAMPS, EVENTS, *UNTIL, "--json").json["rows"]
        counts = {"numerator": 65, "base": 66, "rows": 78, "excluded": 0, "provisional": 0}
        assert row == {"rate": "in_time", "period": "2024-03", **counts}
        text = call("orders", "rates", LAMPS, EVENTS, *UNTIL).out
        assert re.search("mended in time +2024-03 +98.5% +of those whose time was up +65 +66 +78 +0", text)
        assert "按时修好率" in call("orders", "rates", LAMPS, EVENTS, *UNTIL, "--lang", "zh").out
        assert call("orders", "rates", LAMPS, EVENTS, *UNTIL, "-o", "-").out.startswith("rate,period,numerator,")

    def test_groups_and_days_add_up(self, call):
        """By owner, or by day, the counts are those of the whole, apart."""
        whole = call("orders", "rates", LAMPS, EVENTS, *UNTIL, "--dated", "closed", "--json").json["rows"]
        for how in (("--by", "owner"), ("--period", "day")):
            rows = call("orders", "rates", LAMPS, EVENTS, *UNTIL, "--dated", "closed", *how, "--json").json["rows"]
            assert len(rows) > 1
            for name in ("numerator", "base", "rows"):
                assert sum(row[name] for row in rows) == whole[0][name]
        assert re.search(
            "^mended in time +west +2024-03",
            call("orders", "rates", LAMPS, EVENTS, *UNTIL, "--dated", "closed", "--by", "owner").out,
            re.MULTILINE,
        )

    @pytest.mark.parametrize(("come", "said"), [(1, "1.00"), (2, "2.00")])
    def test_what_is_no_share_is_shown_as_a_number(self, call, tmp_path, write_csv, come, said):
        """So many departments come to one whistle: 2.00 report-ins a whistle, not 200%, and 1.00, not 100%."""
        day = "2024-03-01T09:0{}+08:00"
        acts = [
            ("discover", "community", "other"),
            ("whistle", "community", ""),
            *[("report_in", "department", "")] * come,
        ]
        rows = [["1", str(seq), act[0], day.format(seq), *act[1:]] for seq, act in enumerate(acts, 1)]
        file = write_csv(tmp_path / "w.csv", [["case", "seq", "step", "at", "role", "fact.kind"], *rows])
        text = call("orders", "rates", "zhanlanlu", file, *UNTIL, "--procedure", "whistle").out
        assert re.search(rf"{re.escape(said)} +report-ins a whistle", text)

    @pytest.mark.parametrize(
        ("numerator", "base", "share"),
        [
            (count(a={"flag": True}), count(), True),
            (count(a={"known": True, "flag": True}), count(a={"known": True}), True),
            (count(a={"flag": True}), count(b={"flag": True}), False),
            (count(a={"flag": True}), count(a={"flag": False}), False),
            (total("kept_count.d"), total("settled.d"), True),
            (total("kept_count.d"), total("settled.e"), False),
            (total("done.come"), total("count.call"), False),
            (total("done.come"), count(), False),
            (count(), None, False),
        ],
    )
    def test_a_rate_is_a_share_by_its_rule_alone(self, numerator, base, share):
        """It counts rows of its base, or kept of settled times; whatever the data, it has this one form."""
        unit = Title(zh="每次", en="each")
        rate = Measure(of="cases", numerator=numerator, base=base, unit=unit, period="month")
        assert is_share(rate) == share

    def test_every_rate_of_a_profile_has_the_form_its_unit_says(self):
        """What is 'of' some is a share; report-ins a whistle are none."""
        rates = {}
        for name, year in (("zhanlanlu", 2019), ("shijingshan", 2023), ("qufu", 2026)):
            profile = load_profile(name)
            for procedure in profile.at(max(year, profile.first_day.year)).procedure.values():
                rates |= procedure.rates
        assert len(rates) > 5
        assert {key: is_share(rate) for key, rate in rates.items()} == {
            key: rate.unit.en.startswith("of ") for key, rate in rates.items()
        }

    def test_a_procedure_without_rates_says_so(self, call, tmp_path, write_csv):
        """There is nothing to be taken of it."""
        rows = [["case", "seq", "step", "at", "role"], ["1", "1", "whistle", "2024-03-01T09:00+08:00", "street"]]
        done = call("orders", "rates", "beijing", write_csv(tmp_path / "w.csv", rows), *UNTIL)
        assert (done.code, "no-rates" in done.err) == (2, True)


class TestExplain:
    CASE = ("--case", "reports-2024-03-01-2")

    def test_each_event_and_deadline_is_told(self, call, tmp_path):
        """What happened, what was wrong and when it was due, in both languages, as JSON and as a page."""
        args = ("orders", "explain", LAMPS, EVENTS, *UNTIL, *self.CASE)
        assert all(word in call(*args).out for word in ("1. report", "time to mend", "[L-01]", "late"))
        assert all(word in call(*args, "--lang", "zh").out for word in ("1. 报修", "修好时限", "逾期"))
        steps = steps_from_json(call(*args, "--json").json)
        assert [step.facts["step"] for step in steps.children if step.key == "event"][:2] == ["report", "dispatch"]
        call(*args, "--html", tmp_path / "case.html")
        assert "time to mend" in (tmp_path / "case.html").read_text("utf-8")

    def test_only_what_is_public_is_told_where_that_is_asked_for(self, call, tmp_path, write_csv):
        """What Baoji's projects show of themselves, and nothing of who did what; before that day, that nothing is."""
        columns = ["case", "seq", "step", "at", "role", "actor"]
        facts = ["content", "organisation", "funding", "responsible_member"]
        acts = [["1", "1", "survey", "2024-03-01T09:00+08:00", "organiser", "Li"]]
        acts += [["1", "2", "disclose", "2024-03-02T09:00+08:00", "organiser", "Li", "a pavilion", "X", "fund", "Y"]]
        rows = [[*row, *[""] * (10 - len(row))] for row in acts]
        file = write_csv(tmp_path / "p.csv", [[*columns, *(f"fact.{name}" for name in facts)], *rows])
        asked = ("--procedure", "micro_governance", "--case", "1", "--public")
        text = call("orders", "explain", "baoji", file, "--until", "2024-03-03", *asked).out
        assert all(word in text for word in ("Four disclosures", "public since 2024-03-02 01:00", "a pavilion"))
        assert not any(word in text for word in ("Survey", "Li"))
        rows = [row for row in rows if row[1] == "1"]
        write_csv(tmp_path / "p.csv", [[*columns, *(f"fact.{name}" for name in facts)], *rows])
        assert (
            "尚未公开" in call("orders", "explain", "baoji", file, "--until", "2024-03-01", *asked, "--lang", "zh").out
        )

    def test_as_many_faults_as_are_judged(self, call, judged):
        """The explanation of every case at fault has the number of its faults that `judge` gives it."""
        at_fault = judged.cases.filter(pl.col("faults") > 0).select("case", "faults").rows()
        assert at_fault
        for case, faults in at_fault:
            told = call("orders", "explain", LAMPS, EVENTS, *UNTIL, "--case", case, "--json").json
            assert told["step"]["value"] == faults

    def test_a_timeline_is_drawn(self, call, tmp_path):
        """As SVG, and as nothing else."""
        args = ("orders", "explain", LAMPS, EVENTS, *UNTIL, *self.CASE, "--timeline")
        done = call(*args, tmp_path / "case.svg")
        assert (done.code, "case.svg" in done.err) == (0, True)
        assert (tmp_path / "case.svg").read_text("utf-8").startswith("<svg")
        assert "unknown-suffix" in call(*args, tmp_path / "case.png").err
        assert not (tmp_path / "case.png").exists()

    def test_a_case_that_is_not_there(self, call):
        """Is named, with the nearest that is."""
        done = call("orders", "explain", LAMPS, EVENTS, *UNTIL, "--case", "reports-2024-03-01-33")
        assert (done.code, done.out) == (2, "")
        assert re.search("unknown-case: .*did you mean `reports-2024-03-01-", done.err)


class TestDiagram:
    def test_the_form_is_that_of_the_file(self, call, tmp_path):
        """Mermaid unless the name or --form says otherwise; a file is told of on stderr alone."""
        mermaid = call("orders", "diagram", LAMPS).out
        assert mermaid.startswith("flowchart TB")
        for name, begins in (("a.mmd", "flowchart"), ("a.dot", "digraph"), ("a.gv", "digraph")):
            done = call("orders", "diagram", LAMPS, "-o", tmp_path / name)
            assert (done.out, name in done.err) == ("", True)
            assert (tmp_path / name).read_text("utf-8").startswith(begins)
        assert call("orders", "diagram", LAMPS, "--form", "dot").out.startswith("digraph")
        assert "must end in" in call("orders", "diagram", LAMPS, "-o", tmp_path / "lamps.png").err
        assert not (tmp_path / "lamps.png").exists()
        told = call("orders", "diagram", LAMPS, "--json").json
        assert (told["procedure"], told["form"], f"{told['text']}\n") == ("repair", "mermaid", mermaid)

    @pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
    def test_svg_is_drawn_by_graphviz(self, call, tmp_path):
        """Where it is installed."""
        call("orders", "diagram", LAMPS, "-o", tmp_path / "a.svg", "--lang", "zh")
        assert "路灯报修" in (tmp_path / "a.svg").read_text("utf-8")

    def test_of_several_procedures_one_is_named(self, call):
        """Without a name all are listed; a misspelt one has the nearest."""
        done = call("orders", "diagram", "baoji")
        assert (
            done.code,
            "baoji has 5 procedures; name one with --procedure: `five_people`, `five_orders`" in done.err,
        ) == (2, True)
        assert "did you mean `five_orders`" in call("orders", "diagram", "baoji", "--procedure", "five_order").err
        assert "街乡" in call("orders", "diagram", "beijing", "--procedure", "whistle", "--lang", "zh").out


class TestWaits:
    def test_all_that_happened_is_counted(self, call, events, judged):
        """Each case stands in one place unless it is closed, and each dispatch was waited for once."""
        rows = call("orders", "waits", LAMPS, EVENTS, *UNTIL, "--json").json["rows"]
        standing = sum(row["times"] for row in rows if row["next"] is None)
        assert standing == judged.cases.height - judged.cases["is_closed"].sum()
        dispatched = events.filter(pl.col("step") == "dispatch").height
        assert sum(row["times"] for row in rows if row["next"] == "dispatch") == dispatched

    def test_a_table_has_hours_and_names(self, call):
        """Titles of steps in the language of the call, and hours; files have the ids and microseconds."""
        text = call("orders", "waits", LAMPS, EVENTS, *UNTIL, "--lang", "zh").out
        assert "（停留在此）" in text
        assert not re.search("[a-z]", text)
        assert "call back" in call("orders", "waits", LAMPS, EVENTS, *UNTIL).out
        written = call("orders", "waits", LAMPS, EVENTS, *UNTIL, "-o", "-").out
        assert written.startswith("step,next,times,median,")

    def test_it_can_be_drawn(self, call, tmp_path):
        """As a picture, in the language of the call; another kind of file is refused."""
        args = ("orders", "waits", LAMPS, EVENTS, *UNTIL, "--picture")
        assert call(*args, tmp_path / "w.svg", "--lang", "zh").code == 0
        assert "派单" in (tmp_path / "w.svg").read_text("utf-8")
        assert call(*args, tmp_path / "w.gif").code == 2


class TestTemplate:
    def test_an_empty_table_has_the_columns_that_are_taken(self, call):
        """Those that are asked for, and one for each fact."""
        heads = call("orders", "template", LAMPS).out.strip().split(",")
        assert heads == pl.read_csv(EVENTS, n_rows=0).columns
        told = call("orders", "template", LAMPS, "--json").json
        assert [one["name"] for one in told["columns"]] == heads
        assert (told["procedure"], told["rows"]) == ("repair", [])


class TestWrongCalls:
    @pytest.mark.parametrize("what", ["index", "certification", "grid", "procedure"])
    def test_of_several_one_is_to_be_named(self, what):
        """How many there are is said in the plural of what they are."""
        with pytest.raises(UsageError) as error:
            only(what, {"a": 1, "b": 2}, None, profile="city")
        plural = {"index": "indexes"}.get(what, f"{what}s")
        assert f"city has 2 {plural}; name one with --{what}: `a`, `b`" in error.value.say("en")
        assert f"请用 --{what} 指明" in error.value.say("zh")

    @pytest.mark.parametrize(
        ("words", "code", "said"),
        [
            ((LAMPS, "nowhere.csv", *UNTIL), 2, "unreadable-file"),
            ((LAMPS, "README.md", *UNTIL), 2, "unknown-suffix"),
            ((LAMPS, EVENTS), 2, "--until"),
            ((LAMPS, EVENTS, *UNTIL, "--mapping", "nowhere.yaml"), 2, "unreadable-file"),
            ((LAMPS, EVENTS, *UNTIL, "--mapping", "examples/lamps-world.yaml"), 1, "missing-field"),
            ((LAMPS, EVENTS, *UNTIL, "--as", "excel"), 2, "wrong-call"),
            ((LAMPS, EVENTS, *UNTIL, "--as", "ocel"), 1, "bad-json"),
            ((LAMPS, EVENTS, *UNTIL, "--as", "xes"), 2, "needs-mapping"),
            ((LAMPS, EVENTS, *UNTIL, "--at", "2020"), 2, "not-in-force"),
            ((LAMPS, EVENTS, *UNTIL, "--reform", "nowhere.yaml"), 2, "unknown-reform"),
            ((LAMPS, EVENTS, *UNTIL, "--procedure", "repairs"), 2, "did you mean `repair`"),
            (("lamps", EVENTS, *UNTIL), 2, "lamps"),
            (("shijingshan", EVENTS, *UNTIL), 2, "`whistle`"),
            (("beijing", EVENTS, *UNTIL), 1, "unknown-column"),
        ],
    )
    @pytest.mark.parametrize("name", ["check", "judge"])
    def test_a_mistake_is_a_line(self, call, name, words, code, said):
        """Whatever it is about: the call, the profile, the log or its mapping."""
        done = call("orders", name, *words)
        assert (done.code, done.out) == (code, "")
        assert said in done.err

    def test_help_speaks_both_languages(self, call):
        """Every command says what it is for, and how it is called, in either."""
        for name in ("check", "judge", "rates", "explain", "diagram", "waits", "simulate", "template"):
            chinese = call("orders", name, "--help", "--lang", "zh").out
            assert re.search("[\u4e00-\u9fff]{6}", chinese)
            assert "用法" in chinese
            assert not re.search("[\u4e00-\u9fff]", call("orders", name, "--help", "--lang", "en").out)
