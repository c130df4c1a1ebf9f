"""Requests of Open311: opened, perhaps closed, and nobody's address taken along unasked."""

import datetime as dt
import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import polars as pl
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from communitygov.procedure.logs import LogEvent, LogFact, LogMapping
from communitygov.procedure.open311 import PERSONAL, open311_mapping, read_open311
from communitygov.vocabulary.errors import DataError, UsageError

REQUEST = {
    "service_request_id": "638344",
    "status": "closed",
    "status_notes": "Duplicate request.",
    "service_name": "Sidewalk and Curb Issues",
    "service_code": "006",
    "description": None,
    "agency_responsible": "Public Works",
    "service_notice": None,
    "requested_datetime": "2010-04-14T06:37:38-08:00",
    "updated_datetime": "2010-04-14T10:37:38-08:00",
    "expected_datetime": "2010-04-15T06:37:38-08:00",
    "address": "8TH AVE and JUDAH ST",
    "address_id": "545483",
    "zipcode": "94122",
    "lat": 37.762221815,
    "long": -122.4651145,
    "media_url": None,
}


def answer(tmp_path: Path, *requests: dict[str, Any]) -> Path:
    file = tmp_path / "requests.json"
    file.write_text(json.dumps(requests), encoding="utf-8")
    return file


def in_xml(tmp_path: Path, *requests: dict[str, Any]) -> Path:
    file = tmp_path / "requests.xml"
    inside = "\n".join(
        "<request>"
        + "".join(f"<{k}>{'' if v is None else escape(str(v))}</{k}>" for k, v in request.items())
        + "</request>"
        for request in requests
    )
    file.write_text(f"<?xml version='1.0'?>\n<service_requests>\n{inside}\n</service_requests>", encoding="utf-8")
    return file


def utc(hour: int, day: int = 14) -> dt.datetime:
    return dt.datetime(2010, 4, day, hour, 37, 38, tzinfo=dt.UTC)


class TestRequests:
    def test_a_closed_request_is_two_events_and_the_second_is_approximate(self, tmp_path: Path) -> None:
        """The example of the standard: opened when asked for, closed when last updated, which is marked."""
        events = read_open311(answer(tmp_path, REQUEST))
        opened, closed = events.rows(named=True)
        assert (opened["step"], opened["at"], opened["reason"]) == ("opened", utc(14), None)
        assert (closed["step"], closed["at"], closed["reason"]) == ("closed", utc(18), "Duplicate request.")
        assert (opened["fact.closed_is_approximate"], closed["fact.closed_is_approximate"]) == (None, True)
        for row in (opened, closed):
            assert (row["case"], row["unit"], row["fact.agency"]) == ("638344", "Public Works", "Public Works")
            assert (row["fact.service_code"], row["fact.expected"]) == ("006", utc(14, 15))

    @given(st.lists(st.sampled_from(["open", "closed", "Closed"]), min_size=1, max_size=5))
    def test_json_and_xml_say_the_same(self, tmp_path_factory: pytest.TempPathFactory, statuses: list[str]) -> None:
        """An open request is one event, a closed one two."""
        folder = tmp_path_factory.mktemp("open311")
        requests = [REQUEST | {"service_request_id": str(i), "status": one} for i, one in enumerate(statuses)]
        events = read_open311(answer(folder, *requests))
        assert events.equals(read_open311(in_xml(folder, *requests)))
        assert events.height == sum(1 if one == "open" else 2 for one in statuses)

    def test_no_personal_field_is_taken_unless_it_is_named(self, tmp_path: Path) -> None:
        """Address, place and description stay out of the frame, wherever in it."""
        file = answer(tmp_path, REQUEST | {"description": "my neighbour"})
        plain = read_open311(file)
        assert not {f"fact.{name}" for name in PERSONAL} & {*plain.columns}
        said = {str(value) for row in plain.rows() for value in row}
        assert not said & {"8TH AVE and JUDAH ST", "545483", "94122", "37.762221815", "-122.4651145", "my neighbour"}
        asked = read_open311(file, open311_mapping(personal=["lat"]))
        assert asked["fact.lat"].to_list() == ["37.762221815"] * 2
        with pytest.raises(UsageError, match=r"`lng` is no personal field; did you mean `long`\?"):
            open311_mapping(personal=["lng"])

    def test_what_a_city_adds_must_be_named(self, tmp_path: Path) -> None:
        """As unused, or with a place in a mapping of one's own; its words stay as they were written."""
        file = answer(tmp_path, REQUEST | {"token": 1.50, "more": {"ward": 3}})
        with pytest.raises(DataError, match=r"unknown-column: .* what column `token` is"):
            read_open311(file)
        assert read_open311(file, open311_mapping(unused=["token", "more"])).height == 2
        mapping = open311_mapping(unused=["token"])
        mapping = evolve(mapping, facts={**mapping.facts, "more": LogFact(fact="more", kind="text")})
        assert read_open311(file, mapping)["fact.more"].to_list() == ['{"ward": 3}'] * 2

    def test_a_mapping_names_what_is_there(self, tmp_path: Path) -> None:
        """A standard field that no request has need not be named; one that is asked for is empty then."""
        asked = LogMapping(
            case="service_request_id",
            ties="file_order",
            unit="agency_responsible",
            events={
                "opened": LogEvent(at="requested_datetime", step="opened"),
                "closed": LogEvent(at="closed_datetime", step="closed"),
            },
            unused=("status", "updated_datetime", "closed_is_approximate"),
        )
        names = ("service_request_id", "status", "requested_datetime", "updated_datetime")
        few = {name: REQUEST[name] for name in names}
        events = read_open311(answer(tmp_path, few), asked)
        assert events.select("step", "unit").rows() == [("opened", None), ("closed", None)]
        with pytest.raises(DataError, match=r"unknown-column: .* what column `address` is"):
            read_open311(answer(tmp_path, few, few | {"address": "8TH AVE"}), asked)

    def test_opened_and_closed_at_one_instant_was_opened_first(self, tmp_path: Path) -> None:
        """What is closed on the spot keeps the order in which things happen."""
        file = answer(tmp_path, REQUEST | {"updated_datetime": REQUEST["requested_datetime"]})
        assert read_open311(file)["step"].to_list() == ["opened", "closed"]


class TestRefused:
    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"status": "solved"}, "unknown-status: the status of request `638344` must be open or closed"),
            ({"updated_datetime": None}, "missing-value: request `638344` is closed and has no updated_datetime"),
            ({"requested_datetime": "yesterday"}, "bad-cell: column `requested_datetime`: `yesterday` must be a time"),
            ({"service_request_id": None}, "missing-value: column `service_request_id` must not be empty"),
        ],
    )
    def test_a_faulty_request_is_named_by_its_number(self, tmp_path: Path, change: dict[str, Any], said: str) -> None:
        """From 1; in XML by its line."""
        other = REQUEST | {"service_request_id": "1"}
        for file, line in ((answer, 2), (in_xml, 4)):
            with pytest.raises(DataError) as error:
                read_open311(file(tmp_path, other, REQUEST | change))
            (problem,) = error.value.problems
            assert problem.place is not None
            assert problem.place.line == line
            assert said in problem.say("en")

    def test_what_is_no_list_of_requests_is_refused(self, tmp_path: Path) -> None:
        """An error that a server answered with, or another XML, is no log."""
        file = tmp_path / "requests.json"
        file.write_text('{"code": 404}', encoding="utf-8")
        with pytest.raises(DataError, match="bad-open311: not a list of Open311 requests: the file must be a list"):
            read_open311(file)
        other = tmp_path / "requests.xml"
        other.write_text("<errors><error/></errors>", encoding="utf-8")
        with pytest.raises(DataError, match=r"requests.xml:1: bad-open311: .* needs <service_requests> here"):
            read_open311(other)
        with pytest.raises(UsageError, match=r"must end in \.json or \.xml"):
            read_open311(tmp_path / "requests.csv")

    def test_no_requests_are_no_log(self, tmp_path: Path) -> None:
        """An empty answer is told, rather than made an empty frame."""
        with pytest.raises(DataError, match="empty-table"):
            read_open311(answer(tmp_path))
        assert isinstance(read_open311(answer(tmp_path, REQUEST)), pl.DataFrame)
