"""grid check, show, route, adjust and template: units and holders through the rules of a grid."""

import datetime as dt
import json
import re

import polars as pl
import pytest

from communitygov.grid.geojson import read_geojson
from communitygov.report.steps_json import steps_from_json

GRID = """
profile:
  id: town
  title: {zh: 小镇, en: Town}
  api: 1
  version: 0.1.0
  in_force: 2024
  last_verified: 2026-11-21
  sources:
    plan: {title: {zh: 某镇方案, en: The plan}}
clauses:
  T-01: {quote: 一, source: plan, primitive: grid}
  T-02: {quote: 二, source: plan, primitive: fact}
facts:
  communities: {clause: T-02, value: 3, unit: {zh: 个社区, en: communities}, as_of: 2023-06}
grid:
  territory:
    clause: T-01
    title: {zh: 辖区, en: Territory}
    levels:
      street:
        title: {zh: 街道, en: Street}
        order: 1
        code: {digits: 6, significant: 3}
      community:
        title: {zh: 社区, en: Community}
        order: 2
        on: [street]
        code: {digits: 6, prefix: true}
        sizes: {households: {at_most: 5000}}
    posts:
      head:
        title: {zh: 负责人, en: Head}
        level: community
        per_unit: exactly_one
        duties: {repair: {zh: 维修, en: Repairs}}
      chief:
        title: {zh: 主任, en: Chief}
        level: street
        per_unit: exactly_one
        duties: {repair: {zh: 维修, en: Repairs}}
    matters:
      lamp: {title: {zh: 路灯, en: A lamp}, duty: repair}
    counts:
      communities: {fact: communities, level: community}
"""
UNITS = [
    ["code", "name", "street_code", "street", "households"],
    ["101001", "东社区", "101", "古城街道", "3000"],
    ["101002", "西社区", "101", "古城街道", "6000"],
]
HELD = [["unit", "seat", "holder"], ["101001", "head", "p1"], ["101000", "chief", "p2"]]
HOW = ("--level", "community", "--above", "street=street_code,street")


@pytest.fixture
def town(tmp_path, write_csv):
    """A folder with a profile, two communities of a street and who is there; one is too large and has no head."""
    folder = tmp_path / "town"
    folder.mkdir()
    (folder / "profile.yaml").write_text(GRID, encoding="utf-8")
    write_csv(tmp_path / "units.csv", UNITS)
    write_csv(tmp_path / "held.csv", HELD)
    write_csv(tmp_path / "orders.csv", [["unit", "matter", "no"], ["101001", "lamp", "1"], ["101002", "lamp", "2"]])
    changes = [
        ["change", "unit", "code", "name", "households"],
        ["split", "101002", "101003", "西一社区", "2500"],
        ["split", "101002", "101004", "西二社区", "3500"],
    ]
    write_csv(tmp_path / "changes.csv", changes)
    return folder


@pytest.fixture
def there(town):
    """The files beside the profile, by name."""
    return lambda name: town.parent / name


class TestCheck:
    def test_findings_are_named_and_the_code_is_one(self, call, town, there):
        """What is wrong, where and what would mend it, in both languages; nothing wrong is code 0."""
        for lang, words in (("en", ("more than 5000", "`head` is empty")), ("zh", ("多于 5000", "`head` 空缺"))):
            done = call("grid", "check", town, there("units.csv"), "--holders", there("held.csv"), *HOW, "--lang", lang)
            assert done.code == 1
            assert all(word in done.out for word in words)
        large = [*UNITS[:2], ["101002", "西社区", "101", "古城街道", "4000"]]
        sound = there("units.csv").with_name("sound.csv")
        sound.write_text("\n".join(",".join(row) for row in large), encoding="utf-8")
        done = call("grid", "check", town, sound, *HOW)
        assert (done.code, "nothing found" in done.out, "not checked posts.head" in done.out) == (0, True, True)

    def test_json_and_files_have_what_is_shown(self, call, town, there):
        """The findings in JSON are those of the file, and those of the page and the map."""
        out = {name: there(f"out.{name}") for name in ("csv", "geojson", "html")}
        args = ["--holders", there("held.csv"), *HOW, "--geojson", out["geojson"], "--html", out["html"], "--json"]
        data = call("grid", "check", town, there("units.csv"), *args).json
        assert data["schema"] == "communitygov.grid_check/1"
        assert [row["finding"] for row in data["rows"]] == ["too-large", "empty-seat"]
        assert data["tops"] == ["101000"]
        call("grid", "check", town, there("units.csv"), *args[:-1], "-o", out["csv"])
        assert pl.read_csv(out["csv"], infer_schema=False)["finding"].to_list() == ["too-large", "empty-seat"]
        units = read_geojson(out["geojson"])
        found = dict(units.select("code", "finding").iter_rows())
        assert found == {"101000": None, "101001": None, "101002": "too-large, empty-seat"}
        assert units["findings"].sum() == 2
        assert out["html"].read_text("utf-8").count('class="cg-finding"') == 2

    def test_a_map_is_taken_back_with_the_same_findings(self, call, town, there):
        """GeoJSON that was written loads as units, in which the same is found."""
        held, file = ("--holders", there("held.csv")), there("out.geojson")
        first = call("grid", "check", town, there("units.csv"), *held, *HOW, "--geojson", file, "--json").json
        again = call("grid", "check", town, file, *held, "--json").json
        assert again["rows"] == first["rows"]

    def test_figures_stand_beside_what_is_found_with_both_dates(self, call, town, there):
        """A figure that differs is told with its date and the day of the data; it is no finding."""
        done = call("grid", "check", town, there("units.csv"), *HOW, "--against", "--on", "2025-03-01")
        assert "the source states 3 communities (2023-06), the data have 2 (2025-03-01), 1 fewer" in done.out
        data = call("grid", "check", town, there("units.csv"), *HOW, "--against", "--json").json
        assert [(row["stated"], row["found"]) for row in data["against"]] == [(3, 2)]
        assert [row["finding"] for row in data["rows"]] == ["too-large"]

    def test_the_day_is_told(self, call, town, there):
        """Without --on it is today; a day before the rules were in force takes the first of them, and says so."""
        today = call("grid", "check", town, there("units.csv"), *HOW, "--json").json
        assert dt.date.fromisoformat(today["day"]) - dt.date.today() <= dt.timedelta(days=1)
        old = call("grid", "check", town, there("units.csv"), *HOW, "--on", "2016-07-31")
        assert "units of 2016-07-31, rules of 2024-01-01" in old.out

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("--above", "street"), "bad-above"),
            (("--above", "stret=street_code,street"), "unknown-level"),
            (("--grid", "teritory"), "territory"),
            (("--on", "yesterday"), "bad-period"),
        ],
    )
    def test_a_wrong_call_is_told(self, call, town, there, words, said):
        """A mistake in the call ends with 2 and one line that names it."""
        done = call("grid", "check", town, there("units.csv"), "--level", "community", *words)
        assert (done.code, done.out) == (2, "")
        assert said in done.err


class TestShow:
    def test_without_units_the_rules_with_their_clauses(self, call, town, there):
        """Levels, posts and matters, as text, as JSON and as a diagram."""
        text = call("grid", "show", town).out
        assert all(
            word in text for word in ("Street", "Community", "Head", "A lamp", "[T-01]", "households at most 5,000")
        )
        assert "路灯" in call("grid", "show", town, "--lang", "zh").out
        keys = {step.key for step in steps_from_json(call("grid", "show", town, "--json").json).walk()}
        assert keys >= {"street", "community", "head", "chief", "lamp"}
        assert call("grid", "show", town, "--mermaid").out.startswith("flowchart TB\n")
        call("grid", "show", town, "--html", there("rules.html"))
        assert "<b>Head</b>" in there("rules.html").read_text("utf-8")

    def test_with_units_the_tree(self, call, town, there):
        """Units, counts, holders and findings, from the top or below a unit."""
        args = [town, there("units.csv"), "--holders", there("held.csv"), *HOW]
        text = call("grid", "show", *args).out
        assert "- 古城街道 (Street): 101000" in text
        assert "Head: p1" in text
        assert "! `Head` is empty" in text
        assert "古城" not in call("grid", "show", *args, "--below", "101001").out
        assert "1 holder in 1 of 2 units" in call("grid", "show", *args, "--mermaid").out

    def test_one_unit_in_full(self, call, town, there):
        """What it stands on, who is there and what was found; units are needed for it."""
        args = [town, there("units.csv"), *HOW]
        assert "6000 is more than 5000" in call("grid", "show", *args, "--unit", "101002").out
        done = call("grid", "show", *args, "--unit", "101009")
        assert (done.code, "101001" in done.err or "101002" in done.err) == (2, True)
        assert call("grid", "show", town, "--unit", "101002").code == 2

    def test_several_grids_are_all_shown(self, call):
        """A profile with several shows each; a diagram needs one named."""
        grids = steps_from_json(call("grid", "show", "qufu", "--json").json).children
        assert len(grids) == 3
        assert call("grid", "show", "qufu", "--mermaid").code == 2
        assert "网格员" in call("grid", "show", "qufu", "--grid", "territory", "--mermaid", "--lang", "zh").out


class TestRoute:
    def test_one_matter_is_explained(self, call, town, there):
        """Where the head is missing the chief takes it; the empty post is told."""
        args = [town, there("units.csv"), "--holders", there("held.csv"), *HOW, "--at", "101002", "--matter", "lamp"]
        assert "Head of 西社区 is empty; one unit up, Chief of 古城街道, p2" in call("grid", "route", *args).out
        steps = steps_from_json(call("grid", "route", *args, "--json").json)
        assert (steps.value, steps.facts["passed"]) == ("101000", 1)

    def test_orders_are_routed_in_bulk(self, call, town, there):
        """Each order gets who takes it, as one that is explained does; further columns stay."""
        args = [town, there("units.csv"), there("orders.csv"), "--holders", there("held.csv"), *HOW]
        data = call("grid", "route", *args, "--json").json
        taken = {row["no"]: (row["taken_by"], row["holder"], row["passed"]) for row in data["rows"]}
        assert taken == {"1": ("101001", "p1", 0), "2": ("101000", "p2", 1)}
        assert data["passed"] == [{"unit": "101002", "post": "head", "department": None, "orders": 1}]
        text = call("grid", "route", *args, "--lang", "zh").out
        assert not re.search(r"\b(lamp|chief|duty)\b", text)
        call("grid", "route", *args, "-o", there("routed.csv"))
        assert pl.read_csv(there("routed.csv"))["holder"].to_list() == ["p1", "p2"]

    def test_one_or_many(self, call, town, there):
        """Orders and an address are two calls; neither is none; a matter without an address is none either."""
        held = ("--holders", there("held.csv"), *HOW)
        for more in ([], [there("orders.csv"), "--at", "101001", "--matter", "lamp"], ["--matter", "lamp"]):
            assert call("grid", "route", town, there("units.csv"), *more, *held).code == 2

    def test_an_address_alone_has_its_chain_of_those_in_charge(self, call, town, there):
        """From the unit upward, each post with who holds it."""
        args = [town, there("units.csv"), "--at", "101001", "--holders", there("held.csv"), *HOW]
        rows = call("grid", "route", *args, "--json").json["rows"]
        assert [row["up"] for row in rows] == sorted(row["up"] for row in rows)
        assert {"unit": "101001", "holder": "p1"}.items() <= rows[0].items()
        assert not re.search(r"\b(seat|holder|community)\b", call("grid", "route", *args, "--lang", "zh").out)


class TestAdjust:
    def test_units_are_split_and_the_map_says_so(self, call, town, there):
        """The old unit ends the day before, the new begin; what was too large is in order afterwards."""
        out, codes = there("new.csv"), there("codes.csv")
        args = [town, there("units.csv"), there("changes.csv"), *HOW, "--on", "2025-01-01", "-o", out, "--codes", codes]
        done = call("grid", "adjust", *args)
        assert (done.code, "split" in done.out) == (0, True)
        mapped = pl.read_csv(codes, infer_schema=False).filter(pl.col("change") == "split")
        assert sorted(mapped["new"]) == ["101003", "101004"]
        assert call("grid", "check", town, out, "--on", "2025-01-01").code == 0
        before = call("grid", "check", town, out, "--on", "2024-12-31", "--json").json
        assert [(row["finding"], row["unit"]) for row in before["rows"]] == [("too-large", "101002")]
        as_json = call("grid", "adjust", *args[:-4], "--json").json
        assert {row["change"] for row in as_json["rows"]} == {"same", "split"}

    def test_what_does_not_fit_is_not_done(self, call, town, there, write_csv):
        """A change of a unit that is not there writes nothing, and names the unit."""
        rows = [["change", "unit", "code", "name"], ["recode", "101009", "101003", ""]]
        write_csv(there("changes.csv"), rows)
        args = [town, there("units.csv"), there("changes.csv"), *HOW, "--on", "2025", "-o", there("new.csv")]
        done = call("grid", "adjust", *args)
        assert (done.code, there("new.csv").exists()) == (1, False)
        assert "101009" in done.err


class TestTemplate:
    def test_empty_tables_have_the_columns_that_are_taken(self, call, town, there):
        """Units, holders, orders and changes, with the sizes that the grid asks for."""
        heads = {
            name: call("grid", "template", town, name).out.strip().split(",")
            for name in ("units", "holders", "orders", "changes")
        }
        assert heads["units"][:3] == ["code", "name", "level"]
        assert "households" in heads["units"]
        assert heads["orders"] == ["unit", "matter"]
        data = json.loads(call("grid", "template", town, "holders", "--json").out)
        assert [one["name"] for one in data["columns"]] == heads["holders"]
