"""Files of pabulib.org: what is written is read again, and what is no whole file is refused with its line."""

import polars as pl
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from communitygov.deliberation.pabulib import VOTE_TYPES, PbElection, parse_pb, pb_text, read_pb, write_pb
from communitygov.vocabulary.errors import DataError, UsageError

TOY = """\
META
key;value
description;"Streets; ""lamps"" too"
num_projects;2
num_votes;3
budget;100.5
vote_type;cumulative
PROJECTS
project_id;cost;name;selected
lamp;8.25;Lamp;1
lift;90;"A lift; inside";0
VOTES
voter_id;vote;points;age
ann;lamp,lift;3,2;40
bob;lift;5;
cyd;;;33
"""

COUNTED = """\
META
key;value
num_projects;2
num_votes;2
budget;100
vote_type;approval
PROJECTS
project_id;cost;votes
lift;90;1
lamp;8;2
VOTES
voter_id;vote
ann;lamp
bob;lamp,lift
"""

IDS = st.text(st.characters(codec="utf-8", categories=["L", "N", "S"]), min_size=1, max_size=4)
CELLS = st.text('a;",\n é#', max_size=6)


@st.composite
def pb_elections(draw: st.DrawFn) -> PbElection:
    """Elections of every kind, with quotes, semicolons and line breaks in what is free text."""
    kind = draw(st.sampled_from(VOTE_TYPES))
    pointed = kind in ("cumulative", "scoring")
    projects = draw(st.lists(IDS, min_size=1, max_size=4, unique=True))
    voters = draw(st.lists(IDS, max_size=4, unique=True))
    costs = draw(st.lists(st.integers(1, 10**6), min_size=len(projects), max_size=len(projects)))
    most = 1 if kind == "choose-1" else 4
    ballots = []
    for voter in voters:
        named = draw(st.lists(st.sampled_from(projects), unique=True, max_size=most))
        points = [draw(st.integers(0, 9)) if pointed else None for _ in named]
        ballots += [(voter, one, place, worth) for place, (one, worth) in enumerate(zip(named, points, strict=True), 1)]
        ballots += [] if named else [(voter, None, None, None)]
    meta = {
        "description": draw(CELLS),
        "num_projects": str(len(projects)),
        "num_votes": str(len(voters)),
        "budget": "1000.5",
        "vote_type": kind,
    }
    kinds = {"voter": pl.String, "project": pl.String, "place": pl.Int64, "points": pl.Int64}
    return PbElection(
        meta=meta,
        projects=pl.DataFrame(
            {"project": projects, "cost": costs, "name": [draw(CELLS) for _ in projects]},
            schema={"project": pl.String, "cost": pl.Int64, "name": pl.String},
        ),
        ballots=pl.DataFrame(ballots, schema=kinds, orient="row"),
        voters=pl.DataFrame(
            {"voter": voters, "age": [draw(CELLS) for _ in voters]}, schema={"voter": pl.String, "age": pl.String}
        ),
        decimals=1,
    )


def faults(text: str) -> list[tuple[str, int]]:
    with pytest.raises(DataError) as refused:
        parse_pb(text, name="toy.pb")
    return [(problem.code, problem.place.line) for problem in refused.value.problems]


class TestReading:
    def test_a_file_is_read_whole(self):
        """Money is whole numbers of the last place, ballots keep their order, and a blank one is there."""
        read = parse_pb(TOY)
        assert read.decimals == 2
        assert read.meta["description"] == 'Streets; "lamps" too'
        assert read.projects.select("project", "cost", "name").rows() == [
            ("lamp", 825, "Lamp"),
            ("lift", 9000, "A lift; inside"),
        ]
        assert read.ballots.rows() == [
            ("ann", "lamp", 1, 3),
            ("ann", "lift", 2, 2),
            ("bob", "lift", 1, 5),
            ("cyd", None, None, None),
        ]
        assert read.voters.rows() == [("ann", "40"), ("bob", ""), ("cyd", "33")]
        assert read.selected == ("lamp",)

    def test_places_become_points_as_the_caller_says(self):
        """Of three, the first place has 3 points, the second 2; a blank ballot has none."""
        assert parse_pb(TOY).ballots_by_place(3)["points"].to_list() == [3, 2, 3, None]

    def test_a_file_without_winners_has_none(self):
        """Where no column `selected` stands, nobody is said to have won."""
        read = parse_pb(TOY)
        assert evolve(read, projects=read.projects.drop("selected")).selected == ()

    def test_windows_lines_are_lines(self):
        """Line ends and a byte-order mark of another system change nothing."""
        assert parse_pb(TOY.replace("\n", "\r\n")) == parse_pb(TOY)


class TestWriting:
    @given(pb_elections())
    def test_what_is_written_is_read_again(self, election):
        """Round trip: any election of any kind of ballot is the same after writing and reading."""
        assert parse_pb(pb_text(election)) == election

    def test_a_file_comes_out_as_it_was(self):
        """A file written plainly is the same text again."""
        assert pb_text(parse_pb(TOY)) == TOY

    def test_a_file_is_written(self, tmp_path):
        """Through a file as through a text."""
        assert read_pb(write_pb(parse_pb(TOY), tmp_path / "toy.pb")) == parse_pb(TOY)

    def test_an_id_that_ballots_could_not_name_is_refused(self):
        """A comma in a project's id would make two votes of one."""
        read = parse_pb(TOY)
        bad = evolve(read, projects=read.projects.with_columns(pl.Series("project", ["a,b", "lift"])))
        with pytest.raises(DataError, match="`a,b` cannot be written"):
            pb_text(bad)


class TestBadFiles:
    def test_a_file_cut_at_any_line_is_refused(self):
        """However many lines are left, a file that lacks any is refused, and says what is missing."""
        lines = TOY.splitlines(keepends=True)
        for count in range(len(lines)):
            codes = {code for code, _ in faults("".join(lines[:count]))}
            assert codes & {"bad-pb", "pb-cut-off"}

    @pytest.mark.parametrize("left", ["bob;lamp,li", "bob;lamp", "bob;", "bob;lamp,"])
    def test_a_file_cut_inside_its_last_cell_is_refused_by_its_own_counts(self, left):
        """What is left of the last ballot can be read; the votes that the file says its projects had show the cut."""
        assert parse_pb(COUNTED)
        cut = COUNTED.removesuffix("bob;lamp,lift\n") + left
        assert {("pb-cut-off", 9), ("unknown-project", 14)} & set(faults(cut))

    def test_points_that_were_cut_are_found(self):
        """12 points of which a 1 is left."""
        whole = TOY.replace("selected\n", "selected;votes;score\n").replace("Lamp;1\n", "Lamp;1;1;3\n")
        whole = whole.replace('inside";0', 'inside";0;2;7')
        assert parse_pb(whole)
        assert faults(whole.replace("bob;lift;5", "bob;lift;")) == [("bad-number", 15)]
        assert faults(whole.replace("bob;lift;5", "bob;lift;4")) == [("pb-cut-off", 11)]
        assert faults(whole.replace("ann;lamp,lift;3,2", "ann;lamp;3")) == [("pb-cut-off", 11)] * 2

    @pytest.mark.parametrize(
        ("key", "value", "expected"),
        [
            ("max_length", "2", []),
            ("max_length", "1", [("bad-pb", 15)]),
            ("min_length", "2", [("bad-pb", 14)]),
            ("min_length", "1", []),
            ("max_length", "two", [("bad-number", 7)]),
            ("max_length", "-1", [("bad-number", 7)]),
            ("min_length", "1.5", [("bad-number", 7)]),
        ],
    )
    def test_ballots_are_as_long_as_the_file_allows(self, key, value, expected):
        """A ballot that names too many projects, or too few, is shown with its line; so is a length that is none."""
        text = COUNTED.replace("PROJECTS\n", f"{key};{value}\nPROJECTS\n")
        assert (faults(text) if expected else parse_pb(text) and []) == expected

    @given(st.integers(0, TOY.rindex("cyd") + len("cyd;;")))
    def test_a_file_cut_anywhere_before_its_last_cell_is_refused(self, at):
        """Nothing is read of a file that was cut inside a line."""
        assert faults(TOY[:at])

    @pytest.mark.parametrize(
        ("old", "new", "expected"),
        [
            ("lift;90;", "lift;dear;", [("bad-number", 11)]),
            ("lift;90;", "lift;-90;", [("bad-number", 11)]),
            ("budget;100.5", "budget;1/3", [("bad-number", 6)]),
            ("bob;lift;5", "bob;lfit;5", [("unknown-project", 15)]),
            ("bob;lift;5", "bob;lift;5,5", [("bad-pb", 15)]),
            ("bob;lift;5", "bob;lift;x", [("bad-number", 15)]),
            ("bob;lift;5;", "bob;lift", [("ragged-row", 15)]),
            ("bob;", "ann;", [("duplicate-row", 15)]),
            ("bob;", ";", [("bad-pb", 15)]),
            ("ann;lamp,lift;", "ann;lift,lift;", [("duplicate-row", 14)]),
            ("num_votes;3", "num_votes;4", [("pb-cut-off", 12)]),
            ("num_projects;2", "num_projects;3", [("pb-cut-off", 8)]),
            ("vote_type;cumulative", "vote_type;cumulativ", [("bad-pb", 7)]),
            ("key;value\n", "key;value\nbudget;1\n", [("bad-pb", 1)]),
            ("voter_id;vote;points;age", "voter_id;vote;point;age", [("bad-pb", 12)]),
            ("project_id;cost;name", "project_id;cost;cost", [("bad-pb", 8)]),
            ("voter_id;vote;points;age", "voter_id;vote;points;voter", [("bad-pb", 12)]),
            ("META\n", "hello;there\nMETA\n", None),
            ("cyd;;;33", 'cyd;;;"33', None),
        ],
    )
    def test_a_fault_is_found_in_its_line(self, old, new, expected):
        """Each fault has its code and its line, and nothing else is blamed."""
        assert TOY.count(old) == 1
        found = faults(TOY.replace(old, new))
        assert found == expected if expected is not None else found

    def test_choose_one_is_one(self):
        """A ballot of `choose-1` with two projects is refused; the kind of ballot is what the file says."""
        text = TOY.replace("cumulative", "choose-1")
        assert faults(text) == [("bad-pb", 14)]

    def test_a_file_that_is_not_there_is_named(self, tmp_path):
        """A path without a file, and a text that is not UTF-8, have their own errors."""
        with pytest.raises(UsageError, match="unreadable-file"):
            read_pb(tmp_path / "none.pb")
        with pytest.raises(UsageError, match="unreadable-file"):
            write_pb(parse_pb(TOY), tmp_path / "none" / "toy.pb")
        bad = tmp_path / "bad.pb"
        bad.write_bytes(b"META\n\xff")
        with pytest.raises(DataError, match=r"bad\.pb:2: not-utf8"):
            read_pb(bad)
