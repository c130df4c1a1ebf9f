"""A log in XES is the same log as a table, whatever of it is packed, nested, or left to the globals."""

import gzip
from pathlib import Path
from xml.sax.saxutils import quoteattr

import polars as pl
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from communitygov.procedure.logs import LogFact, LogMapping, events_of, read_log, read_mapping
from communitygov.procedure.xes import read_xes, xes_cells
from communitygov.vocabulary.cells import Cells
from communitygov.vocabulary.errors import DataError

MAPPINGS = Path(__file__).parent / "logs"
PLAIN = LogMapping(
    case="case:concept:name",
    time="time:timestamp",
    ties="file_order",
    activity="concept:name",
    steps={"A": "ask", "B": "reply"},
)
AT = '<date key="time:timestamp" value="2024-10-08T09:00:00+08:00"/>'


def attribute(key: str, value: str, kind: str = "string") -> str:
    return f"<{kind} key={quoteattr(key)} value={quoteattr(value)}/>"


def event(*attributes: str) -> str:
    return f"<event>{AT}{''.join(attributes)}</event>"


def log(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "log.xes"
    file.write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n<log xes.version="2.0">{text}</log>', encoding="utf-8")
    return file


def as_xes(rows: pl.DataFrame) -> str:
    """Write a table of a log as XES: a trace per case, in the order of the file."""
    keys = {"activity": "concept:name", "time": "time:timestamp", "group": "org:group", "resource": "org:resource"}
    parts = []
    for (case,), mine in rows.group_by("case", maintain_order=True):
        parts.append(f"<trace>{attribute('concept:name', str(case))}")
        for row in mine.iter_rows(named=True):
            inside = [attribute(keys[name], row[name], "date" if name == "time" else "string") for name in keys]
            parts.append(f"<event>{''.join(inside)}</event>")
        parts.append("</trace>")
    return f'<log xmlns="http://www.xes-standard.org/">{"".join(parts)}</log>'


class TestColumns:
    @pytest.mark.parametrize("packed", [False, True])
    def test_the_receipt_phase_in_xes_is_the_one_in_csv(self, shared_data: Path, tmp_path: Path, packed: bool) -> None:
        """8,577 events come out the same, packed with gzip or not."""
        source = shared_data / "real/orders/receipt_events.csv"
        mapping = read_mapping(MAPPINGS / "receipt_events.yaml")
        text = as_xes(pl.read_csv(source, infer_schema=False)).encode()
        file = tmp_path / ("log.xes.gz" if packed else "log.xes")
        file.write_bytes(gzip.compress(text, 1) if packed else text)
        named = evolve(
            mapping,
            case="case:concept:name",
            time="time:timestamp",
            activity="concept:name",
            actor="org:resource",
            unit="org:group",
        )
        events = read_xes(file, named)
        assert events.height == 8577
        assert events.equals(read_log(source, mapping))

    @given(st.lists(st.lists(st.sampled_from("AB"), min_size=1, max_size=3), min_size=1, max_size=4))
    def test_a_trace_is_a_case_and_its_events_are_rows(
        self, tmp_path_factory: pytest.TempPathFactory, traces: list[list[str]]
    ) -> None:
        """As a table with the attributes of the trace on each row would say it."""
        text = "".join(
            f"<trace>{attribute('concept:name', f'c{i}')}"
            + "".join(event(attribute("concept:name", one)) for one in trace)
            + "</trace>"
            for i, trace in enumerate(traces)
        )
        file = log(tmp_path_factory.mktemp("xes"), text)
        rows = [(f"c{i}", "2024-10-08T09:00:00+08:00", one) for i, trace in enumerate(traces) for one in trace]
        table = pl.DataFrame(rows, [PLAIN.case, "time:timestamp", "concept:name"], orient="row")
        expected = events_of(Cells("log.csv", table, range(2, len(rows) + 2)), PLAIN)
        assert expected.equals(read_xes(file, PLAIN))

    def test_declared_events_are_kept(self, tmp_path: Path) -> None:
        """Those whose life-cycle transition is one of those declared; a missing one is that of the globals."""
        text = (
            f'<global scope="event">{attribute("lifecycle:transition", "complete")}</global>'
            f"<trace>{attribute('concept:name', '7')}"
            + event(attribute("concept:name", "A"), attribute("lifecycle:transition", "start"))
            + event(attribute("concept:name", "A"), attribute("lifecycle:transition", "complete"))
            + event(attribute("concept:name", "B"))
            + "</trace>"
        )
        mapping = evolve(PLAIN, keep={"lifecycle:transition": ("complete",)})
        assert read_xes(log(tmp_path, text), mapping)["step"].to_list() == ["ask", "reply"]

    def test_what_is_nested_has_the_keys_around_it(self, tmp_path: Path) -> None:
        """An attribute in another, and those of a list, one a line; a trace may say of itself behind its events."""
        text = (
            "<trace>"
            + event(
                attribute("concept:name", "A"),
                '<string key="place" value="hall"><int key="floor" value="3"/></string>',
                f'<list key="who"><values>{attribute("name", "x")}{attribute("name", "y")}</values></list>',
            )
            + f"{attribute('concept:name', '7')}</trace>"
        )
        (row,) = xes_cells(log(tmp_path, text)).frame.rows(named=True)
        assert {key: row[key] for key in ("place", "place/floor", "who/name", "case:concept:name")} == {
            "place": "hall",
            "place/floor": "3",
            "who/name": "x\ny",
            "case:concept:name": "7",
        }
        facts = {"place/floor": LogFact(fact="floor", kind="whole")}
        mapping = evolve(PLAIN, facts=facts, unused=("place", "who/name"))
        assert read_xes(log(tmp_path, text), mapping)["fact.floor"].to_list() == [3]


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (event(attribute("concept:name", "A")), "an event outside a <trace> is of no case"),
            ("<trace><case/></trace>", "<case> cannot stand here"),
            ("<trace><event><string value='x'/></event></trace>", "<string> has no key"),
            ("<trace><event><string key='x'/></event></trace>", "the attribute `x` has no value"),
            (f"<trace>{event(attribute('a', '1'), attribute('a', '2'))}</trace>", "the attribute `a` stands twice"),
            ("<trace></trace>", "a <trace> without events; remove it"),
            (
                f"<trace>{attribute('concept:name', '7')}{event(attribute('case:concept:name', '8'))}</trace>",
                "the attribute `case:concept:name` of an event would pass for one of its trace; rename or move it",
            ),
            ("<global scope='case'></global>", '<global> needs scope="trace" or "event"'),
        ],
    )
    def test_what_is_not_xes_is_refused_with_its_line(self, tmp_path: Path, text: str, said: str) -> None:
        """Never passed over: an event or an attribute that cannot be placed would be lost."""
        with pytest.raises(DataError) as error:
            read_xes(log(tmp_path, text), PLAIN)
        (problem,) = error.value.problems
        assert (problem.code, problem.message.en) == ("bad-xes", f"not XES: {said}")
        assert problem.place is not None
        assert problem.place.line == 2

    @given(st.lists(st.sampled_from("78"), min_size=1, max_size=4))
    def test_two_traces_of_one_name_are_refused(
        self, tmp_path_factory: pytest.TempPathFactory, names: list[str]
    ) -> None:
        """They are two cases, and would be one: each after the first is named with its line and that of the first."""
        traces = (
            f"\n<trace>{attribute('concept:name', one)}{event(attribute('concept:name', 'A'))}</trace>" for one in names
        )
        file = log(tmp_path_factory.mktemp("xes"), "".join(traces))
        again = [(i + 3, names.index(one) + 3) for i, one in enumerate(names) if one in names[:i]]
        if not again:
            assert read_xes(file, PLAIN)["case"].to_list() == sorted(names)
            return
        with pytest.raises(DataError) as error:
            read_xes(file, PLAIN)
        places = [(one.place, *one.also) for one in error.value.problems]
        assert [tuple(place and place.line for place in both) for both in places] == again
        assert {one.code for one in error.value.problems} == {"duplicate-row"}

    def test_a_trace_is_the_case_that_the_mapping_says(self, tmp_path: Path) -> None:
        """Traces of one name are told apart by what the mapping has as the case; many of one are counted."""
        inside = f"{attribute('concept:name', '7')}{event(attribute('concept:name', 'A'))}"
        text = "".join(f"<trace>{attribute('id', str(i))}{inside}</trace>" for i in range(30))
        mapping = evolve(PLAIN, case="case:id", unused=("case:concept:name",))
        assert read_xes(log(tmp_path, text), mapping)["case"].n_unique() == 30
        with pytest.raises(DataError, match=r"more-bad-cells: 9 more traces like these"):
            read_xes(log(tmp_path, text), evolve(PLAIN, unused=("case:id",)))

    def test_a_log_without_events_is_none(self, tmp_path: Path) -> None:
        """It is told, rather than made an empty frame; what it says of itself is no event."""
        with pytest.raises(DataError, match=r"log.xes: empty-table: the log has no events"):
            read_xes(log(tmp_path, attribute("concept:name", "all")), PLAIN)

    def test_a_cut_off_package_is_refused(self, tmp_path: Path) -> None:
        """A gzip file without its end is no log, rather than a shorter one."""
        file = tmp_path / "log.xes.gz"
        file.write_bytes(gzip.compress(b"<log>" + b" " * 100_000 + b"</log>")[:-12])
        with pytest.raises(DataError, match=r"log.xes.gz: bad-xml: the gzip file is broken or cut off"):
            read_xes(file, PLAIN)

    def test_an_event_is_named_by_its_line(self, tmp_path: Path) -> None:
        """What is wrong with one is told with the line that it begins in."""
        text = f"\n<trace>{attribute('concept:name', '7')}\n{event(attribute('concept:name', 'C'))}</trace>"
        with pytest.raises(DataError, match=r"log.xes:4: unknown-activity: `C` in column `concept:name`"):
            read_xes(log(tmp_path, text), PLAIN)
