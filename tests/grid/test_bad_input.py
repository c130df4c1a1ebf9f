"""Bad data of units and holders: each a clear error that names the row, in both languages, and nothing half loaded."""

import datetime as dt
import json
import resource
import time

import polars as pl
import pytest
from attrs import evolve

from communitygov.grid.check import check_grid
from communitygov.grid.explain import findings_of
from communitygov.grid.rules import Body, CodeForm, Grid, Kind, Level, Post
from communitygov.grid.units import load_holders, load_units
from communitygov.vocabulary.errors import CommunityGovError, DataError, UsageError

DAY = "2024"
GRID = Grid(
    levels={
        "street": Level(order=1, code=CodeForm(digits=6, significant=3)),
        "community": Level(
            order=2,
            on=("street",),
            code=CodeForm(digits=6, prefix=True),
            kinds={"community": Kind(codes=("001-199",)), "village": Kind(codes=("200-399",))},
        ),
    },
    posts={"head": Post(level="community", per_unit="exactly_one")},
    bodies={"committee": Body(level="community", per_unit="any")},
)
"""Codes of six digits, of which the first of a province may be a zero."""

HEAD = "code,name,level\n"
ROWS = "011000,东街道,street\n011001,何家坟社区,community\n011201,张庄村,community\n"


def load(tmp_path, text, *, name="units.csv", **keywords):
    """Load a file of a text."""
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_units(GRID, file, **keywords)


def refused(call, code, *words, error=DataError):
    """Hold an error to its code and to what it must say in either language."""
    with pytest.raises(error) as caught:
        call()
    problems = [problem for problem in caught.value.problems if problem.code == code]
    assert problems, caught.value
    for lang in ("zh", "en"):
        said = "\n".join(problem.say(lang) for problem in problems)
        for word in words:
            assert word in said
    assert any("一" <= char <= "鿿" for char in caught.value.say("zh"))
    return caught.value


def found(units, *, grid=GRID):
    """What is found in units, by finding and unit."""
    return check_grid(grid, units, on=DAY).frame.select("finding", "unit").rows()


class TestWhatIsRight:
    def test_the_rows_that_are_broken_below_are_sound(self, tmp_path):
        """Nothing is wrong with them, so that what is refused below is what was changed."""
        units = load(tmp_path, HEAD + ROWS)
        assert found(units) == []
        assert units.frame["parent"].to_list() == [None, "011000", "011000"]


class TestColumns:
    @pytest.mark.parametrize("column", ["code", "name", "level"])
    def test_a_missing_column_is_named(self, tmp_path, column):
        """With the name that was meant, if one is like it."""
        head = HEAD.replace(column, f"{column}s")
        refused(lambda: load(tmp_path, head + ROWS), "missing-column", f"`{column}`", f"`{column}s`")

    def test_a_column_beside_each_row_is_missing(self, tmp_path):
        """A level above that is told to stand in a column that is not there."""
        above = {"street": ("street_code", "street")}
        call = lambda: load(tmp_path, "code,name\n011001,x\n", level="community", above=above)  # noqa: E731
        refused(call, "missing-column", "`street_code`", "`street`")

    @pytest.mark.parametrize("keywords", [{"level": "comunity"}, {"above": {"comunity": ("code", "name")}}])
    def test_a_level_that_is_none_in_a_call(self, tmp_path, keywords):
        """The nearest is named."""
        refused(
            lambda: load(tmp_path, HEAD + ROWS, **keywords),
            "unknown-level",
            "`comunity`",
            "`community`",
            error=UsageError,
        )

    def test_an_empty_table(self, tmp_path):
        """A head without rows, a file without anything, and a frame of no rows."""
        refused(lambda: load(tmp_path, HEAD), "empty-table")
        refused(lambda: load(tmp_path, ""), "empty-table")
        empty = pl.DataFrame(schema=dict.fromkeys(("code", "name", "level"), pl.String()))
        refused(lambda: load_units(GRID, empty), "empty-table")

    def test_what_is_no_table(self):
        """A list of rows is no frame."""
        refused(lambda: load_units(GRID, [("011000", "x")]), "not-a-frame", "list")


class TestRows:
    def test_a_ragged_row(self, tmp_path):
        """Its line is told, and how many cells it has."""
        refused(lambda: load(tmp_path, HEAD + ROWS + "011002,少一格\n"), "ragged-row", "units.csv:5", "2", "3")

    @pytest.mark.parametrize(("row", "named"), [(",无代码,community", "code"), ("011003,,community", "name")])
    def test_a_value_that_is_missing(self, tmp_path, row, named):
        """The column and the row are told."""
        refused(lambda: load(tmp_path, HEAD + ROWS + row + "\n"), "missing-value", f"`{named}`")

    def test_a_level_that_is_none(self, tmp_path):
        """Its row, what stands there, and the levels that there are."""
        call = lambda: load(tmp_path, HEAD + ROWS + "011003,x,village\n")  # noqa: E731
        refused(call, "unknown-level", "011003 (village)", "`community`, `street`")

    @pytest.mark.parametrize("day", ["2023-02-30", "23/8/1", "soon"])
    @pytest.mark.parametrize("column", ["since", "until"])
    def test_a_date_that_is_none(self, tmp_path, column, day):
        """Its line is told where units come from a file, its code where they come from a frame."""
        text = f"code,name,level,{column}\n011000,x,street,2023\n011001,y,community,{day}\n"
        refused(lambda: load(tmp_path, text), "bad-cell", "units.csv:3:4", f"`{column}`", day)
        rows = pl.DataFrame({"code": ["011000"], "name": "x", "level": "street", column: day})
        refused(lambda: load_units(GRID, rows), "bad-period", f"`{column}`", "011000")

    def test_an_end_before_its_beginning(self, tmp_path):
        """Until 2020, since 2023."""
        text = "code,name,level,since,until\n011000,x,street,,\n011001,y,community,2023,2020\n"
        refused(lambda: load(tmp_path, text), "empty-range", "011001", "`until`")

    def test_every_fault_is_told_at_once(self, tmp_path):
        """A person mends a table once, not once a fault."""
        error = refused(lambda: load(tmp_path, HEAD + "011000,,street\n011001,x,\n"), "missing-value", "011000")
        assert [problem.path for problem in error.problems] == ["level", "name"]


class TestCodesAsNumbers:
    def test_a_column_of_numbers_is_refused(self):
        """Whoever reads codes as numbers has lost zeros; it is told before anything is made of them."""
        rows = pl.DataFrame({"code": [11000, 11001], "name": ["x", "y"], "level": ["street", "community"]})
        refused(lambda: load_units(GRID, rows), "wrong-column-type", "`code`")

    def test_text_without_its_zeros_is_found(self, tmp_path):
        """Text that went through a number once: each code is named, with what would mend it."""
        units = load(tmp_path, HEAD + ROWS.replace("\n0", "\n").removeprefix("0"))
        bad = [one for one in check_grid(GRID, units, on=DAY).problems() if one.code == "bad-code"]
        assert [problem.context["unit"] for problem in bad] == ["11000", "11001", "11201"]
        assert all("丢了零" in problem.say("zh") and "lost zeros" in problem.say("en") for problem in bad)


class TestHierarchy:
    def test_two_tops_are_both_named(self, tmp_path):
        """A part on its own, or a unit above that was left out."""
        assert found(load(tmp_path, HEAD + ROWS + "012000,西街道,street\n")) == [
            ("two-tops", "011000"),
            ("two-tops", "012000"),
        ]

    def test_a_parent_that_does_not_exist_is_named(self, tmp_path):
        """Both the unit and the code that it stands on."""
        units = load(tmp_path, HEAD + ROWS + "013001,z,community\n")
        checked = check_grid(GRID, units, on=DAY)
        assert checked.frame.select("finding", "unit", "found").rows() == [("orphan", "013001", "013000")]
        (problem,) = checked.problems()
        for lang in ("zh", "en"):
            assert "013001" in problem.say(lang)
            assert "013000" in problem.say(lang)

    def test_ten_levels_deep_where_the_rule_has_two(self):
        """Each unit that stands on one of its own level is named, and its chain ends at the top all the same."""
        codes = [f"c{i}" for i in range(10)]
        rows = pl.DataFrame({"code": codes, "name": codes, "level": ["street"] + ["community"] * 9})
        rows = rows.with_columns(parent=pl.col("code").shift(1))
        grid = Grid(levels={"street": Level(order=1), "community": Level(order=2, on=("street",))})
        units = load_units(grid, rows)
        assert found(units, grid=grid) == [("wrong-level", code) for code in codes[2:]]
        assert units.on(DAY).chain("c9") == tuple(reversed(codes))

    def test_levels_that_the_rule_does_not_have(self):
        """A hierarchy of ten levels is not loaded as if it had two."""
        rows = pl.DataFrame({"code": list("abcdefghij"), "name": "x", "level": [f"l{i}" for i in range(10)]})
        refused(lambda: load_units(GRID, rows), "unknown-level", "a (l0)")

    def test_a_million_children_of_one_unit(self):
        """Loaded and checked in seconds, and the one that is wrong among them is found."""
        grid = Grid(levels={"street": Level(order=1), "community": Level(order=2, on=("street",), unique_names=True)})
        numbers = pl.int_range(1_000_000, eager=True)
        children = pl.DataFrame({"code": "c" + numbers.cast(pl.String), "name": "n" + numbers.cast(pl.String)})
        children = children.with_columns(level=pl.lit("community"), parent=pl.lit("s"))
        top = pl.DataFrame({"code": ["s", "c999999"], "name": ["s", "again"], "level": ["street", "community"]})
        top = top.with_columns(parent=pl.Series([None, "s"]))
        began = time.process_time()
        units = load_units(grid, pl.concat([top, children]))
        assert found(units, grid=grid) == [("duplicate-code", "c999999")]
        assert units.on(DAY).chain("c999998") == ("c999998", "s")
        # Time of the processor, on however slow and busy a machine; 30 times what it takes where this was written.
        assert time.process_time() - began < 120
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 8 * 2**20


class TestFiles:
    def test_two_encodings_in_one_file(self, tmp_path):
        """The line at which the second begins is told, and what to do."""
        text = (HEAD + ROWS).encode() + "011003,西里社区,community\n".encode("gb18030")
        refused(lambda: load(tmp_path, text), "not-in-encoding", "units.csv:5", "gb18030")

    def test_another_encoding_may_be_said(self, tmp_path):
        """A Chinese Excel's file is read by its own encoding."""
        units = load(tmp_path, (HEAD + ROWS).encode("gb18030"), encoding="gb18030")
        assert units.frame["name"].to_list() == ["东街道", "何家坟社区", "张庄村"]

    def test_a_file_that_is_not_there(self, tmp_path):
        """Whatever its kind."""
        for name in ("units.csv", "units.parquet", "units.geojson"):
            refused(lambda name=name: load_units(GRID, tmp_path / name), "unreadable-file", name, error=UsageError)

    @pytest.mark.parametrize("text", ["{", "[]", '{"type": "Feature"}', '{"type": "FeatureCollection"}', "[" * 99_999])
    def test_geojson_that_is_none(self, tmp_path, text):
        """No JSON, no collection, or nested without end."""
        refused(lambda: load(tmp_path, text, name="u.geojson"), "bad-geojson", "u.geojson")

    def test_geojson_in_another_encoding(self, tmp_path):
        """It is UTF-8 by its standard."""
        refused(lambda: load(tmp_path, "东".encode("gb18030"), name="u.geojson"), "bad-geojson", "UTF-8")

    @pytest.mark.parametrize(
        ("feature", "words"),
        [
            ({"type": "Point"}, ["2"]),
            ({"type": "Feature", "properties": {"code": "c", "tags": ["a"]}}, ["2", "`tags`"]),
            ({"type": "Feature", "properties": {"code": 7}}, ["`code`"]),
            ({"type": "Feature", "properties": "abc"}, ["2", "`properties`"]),
            ({"type": "Feature", "properties": [["code", "c"]]}, ["2", "`properties`"]),
            ({"type": "Feature", "properties": {"code": "c", "geometry": "old"}}, ["2", "`geometry`"]),
            ({"type": "Feature", "properties": {"code": "c"}, "geometry": "here"}, ["2", "`geometry`"]),
        ],
    )
    def test_a_feature_that_is_none_is_named(self, tmp_path, feature, words):
        """By its number, and by the property that cannot be a column."""
        sound = {"type": "Feature", "properties": {"code": "011000", "name": "x", "level": "street"}}
        whole = json.dumps({"type": "FeatureCollection", "features": [sound, feature]})
        refused(lambda: load(tmp_path, whole, name="u.geojson"), "bad-geojson", *words)


class TestHolders:
    @pytest.mark.parametrize(
        ("change", "code", "words"),
        [
            ({"seat": "hed"}, "unknown-seat", ["011001 hed p1 (hed)", "`head`"]),
            ({"department": "fire"}, "unknown-department", ["011001 head p1 (fire)"]),
            ({"since": "yesterday"}, "bad-period", ["`since`"]),
            ({"since": "2023", "until": "2020"}, "empty-range", ["011001 head p1"]),
            ({"holder": None}, "missing-value", ["`holder`"]),
            ({"unit": 11001}, "wrong-column-type", ["`unit`"]),
        ],
    )
    def test_what_does_not_fit_is_named(self, change, code, words):
        """A seat or department that is none, a date, a missing holder, codes as numbers."""
        sound = {"unit": "011001", "seat": "committee", "holder": "o1"}
        row = {"unit": "011001", "seat": "head", "holder": "p1", **change}
        rows = pl.DataFrame([row] if code == "wrong-column-type" else [sound, row])
        refused(lambda: load_holders(GRID, rows), code, *words)

    def test_a_missing_column_is_named(self):
        """Before anything is loaded."""
        rows = pl.DataFrame({"unit": ["011001"], "seat": ["head"], "person": ["p1"]})
        refused(lambda: load_holders(GRID, rows), "missing-column", "`holder`")


def test_all_errors_have_one_root(tmp_path):
    """Who catches that one catches all that can be wrong with a table."""
    with pytest.raises(CommunityGovError):
        load(tmp_path, HEAD)


class TestOneLevel:
    def test_a_row_that_says_another_level_is_named(self):
        """The level of all rows cannot be said over the level of one."""
        rows = pl.DataFrame({"code": ["011000", "011001"], "name": ["a", "b"], "level": ["street", "community"]})
        refused(lambda: load_units(GRID, rows, level="street"), "other-level", "`street`", "011001")

    @pytest.mark.parametrize("level", [["street"], [None]])
    def test_a_column_that_says_the_same_or_nothing_is_let_through(self, level):
        """What is said twice is said once; what is not said is said for all rows."""
        rows = pl.DataFrame({"code": ["011000"], "name": ["a"], "level": level})
        assert load_units(GRID, rows, level="street").frame["level"].to_list() == ["street"]


class TestLevelsBeside:
    ROWS = pl.DataFrame({"code": ["011001"], "name": ["b"], "sc": ["011"], "sn": ["东街道"]})

    def loaded(self, rows):
        return load_units(GRID, rows, level="community", above={"street": ("sc", "sn")}).frame["code"].to_list()

    @pytest.mark.parametrize("kind", [pl.String, pl.Categorical, pl.Enum(["011", "东街道", "011001", "b"])])
    @pytest.mark.parametrize("columns", [["sc", "sn"], ["code", "name"]])
    def test_categories_are_texts(self, kind, columns):
        """Whatever text a column is of, the same units are loaded."""
        assert self.loaded(self.ROWS.with_columns(pl.col(columns).cast(kind))) == ["011000", "011001"]

    @pytest.mark.parametrize("column", ["sc", "sn"])
    def test_numbers_are_refused_by_name(self, column):
        """A code that was read as a number has lost its zeros."""
        refused(lambda: self.loaded(self.ROWS.with_columns(pl.lit(11).alias(column))), "wrong-column-type", column)

    @pytest.mark.parametrize("column", ["sc", "sn"])
    def test_a_value_that_is_missing_is_named_by_its_row(self, column):
        """The row is the one that was given, not one that was made of it."""
        rows = pl.concat([self.ROWS, self.ROWS.with_columns(pl.lit(None, dtype=pl.String).alias(column))])
        refused(lambda: self.loaded(rows), "missing-value", f"`{column}`", "011001")


class TestShortCodes:
    def test_a_parent_may_be_given_without_its_zeros(self):
        """As its own code may; one that a unit has as it is stays as it is."""
        plain = evolve(GRID.levels["community"], code=None, kinds={})
        grid = Grid(levels={**GRID.levels, "community": plain})
        rows = {"code": ["011", "c", "d"], "name": ["a", "b", "c"], "level": ["street", "community", "community"]}
        rows |= {"parent": [None, "011", "011000"]}
        assert load_units(grid, pl.DataFrame(rows)).frame["parent"].to_list() == [None, "011000", "011000"]

    def test_a_holders_unit_may_be_given_without_its_zeros(self):
        """By the form of the level that the post is at."""
        posts = {"chief": Post(level="street", per_unit="any"), "head": Post(level="community", per_unit="any")}
        grid = Grid(levels=GRID.levels, posts=posts)
        rows = {"unit": ["011", "011000", "011"], "seat": ["chief", "chief", "head"], "holder": ["a", "b", "c"]}
        assert load_holders(grid, pl.DataFrame(rows)).frame["unit"].to_list() == ["011000", "011000", "011"]


class TestWhatACodeShows:
    @pytest.mark.parametrize(("code", "kind"), [("011001", "community"), ("01100x", None), ("0110010", None)])
    def test_only_a_code_of_its_form_shows_a_kind(self, code, kind):
        """A code that is too long or has a letter in it is no number between two others, whatever its text."""
        rows = pl.DataFrame({"code": ["011000", code], "name": ["a", "b"], "level": ["street", "community"]})
        units = load_units(GRID, rows)
        assert units.frame["kind"].to_list()[1] == kind
        slow = findings_of(GRID, units, on=DAY)
        assert frozenset(check_grid(GRID, units, on=DAY).frame.select("finding", "unit").iter_rows()) == frozenset(
            row[:2] for row in slow
        )


class TestDays:
    def test_a_time_is_in_its_day(self):
        """A unit that is there until a day is there at noon of it."""
        rows = {"code": ["011000"], "name": ["a"], "level": ["street"], "until": ["2024-06-30"]}
        units = load_units(GRID, pl.DataFrame(rows))
        assert units.on(dt.datetime(2024, 6, 30, 12)).frame.height == 1
        assert units.on(dt.datetime(2024, 7, 1)).frame.height == 0
