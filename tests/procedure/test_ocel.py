"""Object-centric logs: what is written is read back, and one type of object makes the cases."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from communitygov.procedure.logs import LogFact, LogMapping, read_log, read_mapping
from communitygov.procedure.ocel import ocel_mapping, read_ocel, write_ocel
from communitygov.vocabulary.errors import DataError, UsageError

MAPPINGS = Path(__file__).parent / "logs"
INSTANT = pl.Datetime("us", "UTC")
KINDS = ("string", "integer")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5).filter(str.strip)
MOMENTS = st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2099, 1, 1), timezones=st.just(dt.UTC))
FACTS: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "text": (pl.String, TEXTS),
    "whole": (pl.Int64, st.integers(1 - 10**18, 10**18 - 1)),
    "flag": (pl.Boolean, st.booleans()),
    "time": (INSTANT, MOMENTS),
}


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    """Draw a frame of events with facts of any kind, whatever of it is null."""
    kinds = draw(st.lists(st.sampled_from(sorted(FACTS)), max_size=4))
    rows = []
    for case in draw(st.lists(TEXTS, min_size=1, max_size=3, unique=True)):
        for seq in range(1, draw(st.integers(1, 3)) + 1):
            said = [draw(st.none() | TEXTS) for _ in range(4)]
            facts = [draw(st.none() | FACTS[kind][1]) for kind in kinds]
            rows.append((case, seq, draw(TEXTS), draw(MOMENTS), *said, *facts))
    schema = {"case": pl.String, "seq": pl.Int64, "step": pl.String, "at": INSTANT}
    schema |= dict.fromkeys(("actor", "role", "unit", "reason"), pl.String)
    schema |= {f"fact.f{i}": FACTS[kind][0] for i, kind in enumerate(kinds)}
    return pl.DataFrame(draw(st.permutations(rows)), schema, orient="row")


def log(tmp_path: Path, **changes: Any) -> Path:
    """Write a log of two orders, one of which two events share with the other."""
    whole: dict[str, Any] = {
        "objectTypes": [
            {"name": "order", "attributes": [{"name": "size", "type": "integer"}]},
            {"name": "officer", "attributes": []},
        ],
        "eventTypes": [
            {"name": "open", "attributes": []},
            {"name": "close", "attributes": [{"name": "solved", "type": "boolean"}]},
        ],
        "objects": [
            {
                "id": "o1",
                "type": "order",
                "attributes": [
                    {"name": "size", "time": "1970-01-01T00:00:00Z", "value": 3},
                    {"name": "size", "time": "2024-10-09T00:00:00Z", "value": 5},
                ],
            },
            {"id": "o2", "type": "order"},
            {"id": "li", "type": "officer"},
        ],
        "events": [
            {
                "id": "e1",
                "type": "open",
                "time": "2024-10-08T09:00:00+08:00",
                "relationships": [{"objectId": "o1", "qualifier": "order"}],
            },
            {
                "id": "e2",
                "type": "close",
                "time": "2024-10-10T09:00:00+08:00",
                "attributes": [{"name": "solved", "value": True}],
                "relationships": [
                    {"objectId": "o1", "qualifier": "order"},
                    {"objectId": "o1", "qualifier": "again"},
                    {"objectId": "o2", "qualifier": "order"},
                    {"objectId": "li", "qualifier": "by"},
                ],
            },
            {"id": "e3", "type": "open", "time": "2024-10-10T09:00:00Z", "relationships": []},
        ],
    }
    file = tmp_path / "log.json"
    file.write_text(json.dumps(whole | changes), encoding="utf-8")
    return file


ORDERS = LogMapping(
    object_type="order",
    case="case",
    time="time",
    activity="activity",
    steps={"open": "open", "close": "close"},
    actor="object.officer",
    facts={
        "event.solved": LogFact(fact="solved", kind="flag"),
        "case.size": LogFact(fact="size", kind="whole"),
        "shared": LogFact(fact="shared", kind="flag"),
    },
    unused=("event",),
)


class TestRoundTrip:
    @given(frames())
    def test_what_is_written_is_read_back(self, tmp_path_factory: pytest.TempPathFactory, events: pl.DataFrame) -> None:
        """The same frame, of the same kinds, by case and in the order of acts."""
        file = tmp_path_factory.mktemp("ocel") / "log.json"
        write_ocel(events, file, object_type="case")
        found = read_ocel(file, ocel_mapping(file, object_type="case"))
        expected = events.sort("case", "seq")
        assert expected.schema == found.schema
        assert expected.equals(found)

    def test_a_real_log_is_read_back(self, shared_data: Path, tmp_path: Path) -> None:
        """8,577 events of 1,434 objects."""
        events = read_log(
            shared_data / "real/orders/receipt_events.csv", read_mapping(MAPPINGS / "receipt_events.yaml")
        )
        file = write_ocel(events, tmp_path / "log.json", object_type="permit")
        assert events.equals(read_ocel(file, ocel_mapping(file, object_type="permit")))

    @pytest.mark.parametrize(
        ("column", "value", "code"),
        [
            ("reason", pl.lit(""), "bad-cell"),
            ("fact.n", pl.lit(10**18, pl.Int64), "too-large"),
            ("seq", pl.lit(2, pl.Int64), "bad-cell"),
            ("step", pl.lit(None, pl.String), "missing-value"),
            ("at", pl.col("at").dt.replace_time_zone(None), "wrong-column-type"),
            ("fact.n", pl.lit(0.5), "wrong-column-type"),
            ("score", pl.lit(1), "unknown-column"),
        ],
    )
    def test_what_could_not_be_read_back_is_not_written(
        self, tmp_path: Path, column: str, value: pl.Expr, code: str
    ) -> None:
        """It is refused by name, and no file is made."""
        row = {"case": "7", "seq": 1, "step": "a", "at": dt.datetime(2024, 10, 8, tzinfo=dt.UTC)}
        row |= {"actor": "x", "role": "x", "unit": "x", "reason": "x", "fact.n": 1}
        events = pl.DataFrame([row]).with_columns(value.alias(column))
        with pytest.raises(DataError) as error:
            write_ocel(events, tmp_path / "log.json", object_type="case")
        assert code in {one.code for one in error.value.problems}
        assert not (tmp_path / "log.json").exists()

    def test_nothing_and_nowhere_are_refused(self, tmp_path: Path) -> None:
        """A frame without rows has no types that a file could hold; a folder must be there."""
        events = pl.DataFrame([{"case": "7", "seq": 1, "step": "a", "at": dt.datetime(2024, 10, 8, tzinfo=dt.UTC)}])
        events = events.with_columns(
            pl.lit(None, pl.String).alias(name) for name in ("actor", "role", "unit", "reason")
        )
        with pytest.raises(DataError, match="empty-table"):
            write_ocel(events.clear(), tmp_path / "log.json", object_type="case")
        with pytest.raises(UsageError, match="no-folder"):
            write_ocel(events, tmp_path / "no" / "log.json", object_type="case")
        assert write_ocel(events, tmp_path / "log.json", object_type="case").exists()


class TestJson:
    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b'{"a": "\xff"}', "not in UTF-8"),
            (b"[" * 100_000, "nested too deeply"),
            (b'{"a": NaN}', "NaN is no number"),
            (b'{"a": 1, "a": 2}', "the key `a` stands twice in one object"),
        ],
    )
    def test_what_json_leaves_open_is_refused(self, tmp_path: Path, data: bytes, said: str) -> None:
        """A key that stands twice says two things, and only one of them would be read."""
        file = tmp_path / "log.json"
        file.write_bytes(data)
        with pytest.raises(DataError) as error:
            read_ocel(file, ORDERS)
        assert [(one.code, one.message.en) for one in error.value.problems] == [("bad-json", said)]

    def test_numbers_are_read_as_they_are_written(self, tmp_path: Path) -> None:
        """A decimal goes through no float."""
        text = log(tmp_path).read_text(encoding="utf-8").replace('"value": 3', '"value": 0.10000000000000000001')
        file = tmp_path / "exact.json"
        file.write_text(text, encoding="utf-8")
        mapping = evolve(ORDERS, facts={**ORDERS.facts, "case.size": LogFact(fact="size", kind="text")})
        assert read_ocel(file, mapping)["fact.size"][0] == "0.10000000000000000001"
        with pytest.raises(DataError, match=r"exact.json:1: bad-cell: column `case.size` must hold a whole number"):
            read_ocel(file, ORDERS)

    def test_the_first_20_faults_are_told_and_the_rest_counted(self, tmp_path: Path) -> None:
        """Of the structure, and of what does not fit together."""
        for events in ([{}] * 9, [{"id": "e", "type": "open", "time": ""}] * 30):
            with pytest.raises(DataError) as error:
                read_ocel(log(tmp_path, events=events), ORDERS)
            codes = [one.code for one in error.value.problems]
            assert (codes.count("bad-ocel"), codes.count("more-bad-cells")) in ((20, 1), (1, 1))


class TestMapping:
    def test_an_attribute_of_the_case_is_not_lost_to_one_of_events(self, tmp_path: Path) -> None:
        """Of one name, that of events keeps it, and that of the case is `case_` and its name."""
        types = [{"name": one, "attributes": [{"name": "size", "type": "integer"}]} for one in ("open", "close")]
        file = log(tmp_path, eventTypes=types)
        whole = json.loads(file.read_text(encoding="utf-8"))
        for event in whole["events"]:
            event["attributes"] = [{"name": "size", "value": 70}]
        file.write_text(json.dumps(whole), encoding="utf-8")
        mapping = ocel_mapping(file, object_type="order")
        assert {column: fact.fact for column, fact in mapping.facts.items()} == {
            "event.size": "size",
            "case.size": "case_size",
        }
        events = read_ocel(file, evolve(mapping, unused=(*mapping.unused, "object.officer")))
        assert events.select("case", "fact.size", "fact.case_size").rows() == [
            ("o1", 70, 3),
            ("o1", 70, 5),
            ("o2", 70, None),
        ]

    @pytest.mark.parametrize(("one", "other"), [("a b", "a-b"), ("fact.size", "size")])
    def test_two_attributes_that_would_be_one_fact_are_refused(self, tmp_path: Path, one: str, other: str) -> None:
        """By name, rather than one of them being left out."""
        attributes = [{"name": name, "type": "string"} for name in (one, other)]
        file = log(tmp_path, eventTypes=[{"name": name, "attributes": attributes} for name in ("open", "close")])
        with pytest.raises(DataError, match=rf"duplicate-column: `event.{one}` and `event.{other}` would both be"):
            ocel_mapping(file, object_type="order")


class TestForeign:
    def test_an_event_of_two_cases_is_two_rows_and_says_so(self, tmp_path: Path) -> None:
        """One of no case is none; who else takes part is a column; an attribute is what it was at that time."""
        events = read_ocel(log(tmp_path), ORDERS)
        expected = [
            ("o1", 1, "open", None, None, 3, False),
            ("o1", 2, "close", "li", True, 5, True),
            ("o2", 1, "close", "li", True, None, True),
        ]
        shown = ("case", "seq", "step", "actor", "fact.solved", "fact.size", "fact.shared")
        assert expected == events.select(shown).rows()

    def test_the_type_that_is_the_case_must_be_there(self, tmp_path: Path) -> None:
        """A misspelt one is told the nearest, and none is taken for granted."""
        with pytest.raises(DataError, match=r"unknown-object-type: .* `ordr`; did you mean `order`\?"):
            read_ocel(log(tmp_path), evolve(ORDERS, object_type="ordr"))
        with pytest.raises(DataError, match=r"say with `object_type` what is the case; known here: `officer`, `order`"):
            read_ocel(log(tmp_path), evolve(ORDERS, object_type=None))

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"events": 5}, "`events` must be a list"),
            ({"eventTypes": [{"name": "open"}]}, "`eventTypes/1` has no `attributes`"),
            ({"objects": []}, "the event `e1` is related to `o1`, and there is no such object"),
            ({"objectTypes": []}, "the object `o1` is of type `order`, which `objectTypes` does not have"),
            (
                {"eventTypes": [{"name": "open", "attributes": [{"name": "n", "type": "int"}]}]},
                "`eventTypes/1/attributes/1/type` must be one of string, time, integer, float, boolean",
            ),
            ({"events": [{"id": "", "type": "open", "time": "x"}]}, "`events/1/id` must not be empty"),
            (
                {"objectTypes": [{"name": "order", "attributes": []}, {"name": "order", "attributes": []}]},
                "the type of object `order` is declared twice",
            ),
            (
                {"eventTypes": [{"name": "open", "attributes": []}, {"name": "open", "attributes": []}]},
                "the type of event `open` is declared twice",
            ),
            (
                {"eventTypes": [{"name": "open", "attributes": [{"name": "n", "type": one} for one in KINDS]}]},
                "the type of event `open` declares its attribute `n` twice",
            ),
            (
                {
                    "events": [
                        {
                            "id": "e1",
                            "type": "open",
                            "time": "2024-10-08T09:00:00Z",
                            "attributes": [{"name": "solved", "value": value} for value in (True, False)],
                        }
                    ]
                },
                "the event `e1` has its attribute `solved` twice",
            ),
            (
                {
                    "objects": [
                        {"id": one, "type": "order", "attributes": [{"name": "size", "time": "soon", "value": 1}]}
                        for one in ("o1", "o2", "li")
                    ]
                },
                "object 1, `o1`: the time `soon` of its `size` is no good",
            ),
        ],
    )
    def test_what_is_not_ocel_is_refused_with_its_place(
        self, tmp_path: Path, changes: dict[str, Any], said: str
    ) -> None:
        """Each by the path of what is wrong, lists counted from 1, or by the names that do not fit together."""
        with pytest.raises(DataError) as error:
            read_ocel(log(tmp_path, **changes), ORDERS)
        assert {one.code for one in error.value.problems} <= {"bad-ocel"}
        assert any(said in one.message.en for one in error.value.problems)
