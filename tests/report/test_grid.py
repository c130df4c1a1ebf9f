"""Pictures of a grid: the tree in text and on a page, the diagram of its levels."""

import re
from html import unescape
from html.parser import HTMLParser
from random import Random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from communitygov.grid.check import check_grid
from communitygov.grid.explain_units import Town
from communitygov.grid.rules import Grid, Level, Post
from communitygov.grid.units import load_holders, load_units
from communitygov.report.grid import Limits, branches_of
from communitygov.report.grid_html import trunk_html, trunk_page
from communitygov.report.grid_mermaid import mermaid
from communitygov.report.grid_steps import rules_steps, trunk_steps
from communitygov.report.steps_text import steps_text
from communitygov.testing.strategies_grid import faulty_town, frame_of, grids, holders_of
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.text import Title

DAY = "2024"
ALL = Limits(depth=1000, width=1000, units=10_000)
tried = settings(
    max_examples=settings().max_examples // 3, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def drawn(seed, grid, limits):
    """A town with faults as it is drawn, its rows, and what was found in it."""
    random = Random(seed)
    rows = faulty_town(random, grid)
    units, held = load_units(grid, frame_of(rows)), holders_of(random, grid, rows)
    holders = load_holders(grid, frame_of(held)) if held else None
    checked = check_grid(grid, units, holders, on=DAY)
    tree = units.on(DAY)
    there = None if holders is None else holders.on(DAY)
    town = Town(grid, tuple(tree.frame.iter_rows(named=True)))
    return branches_of(tree, there, checked.frame, limits=limits), town, checked.frame


def every(branches):
    """Each branch, from above."""
    for branch in branches:
        yield branch
        yield from every(branch.branches)


class Page(HTMLParser):
    """What a browser makes of a page: its text, and whether each tag that opens is closed in its order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.text, self.addresses = [], "", []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.addresses += [value for name, value in attrs if name in ("href", "src")]
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("style", "title"):
            self.text += data


class TestBranches:
    @tried
    @given(grid=grids(), seed=st.integers(0, 2**32))
    def test_every_unit_is_drawn_once_and_counted_below_those_it_stands_on(self, grid, seed):
        """Without limits nothing is left out: units, numbers below, and findings, as rows followed slowly have them."""
        trunk, town, findings = drawn(seed, grid, ALL)
        branches = list(every(trunk.branches))
        assert sorted(one.code for one in branches) == sorted(row["code"] for row in town.rows)
        assert all(one.more == 0 for one in branches)
        shown = [row for one in branches for row in one.findings] + list(trunk.elsewhere)
        codes = [row["code"] for row in town.rows]
        twice = {code for code in codes if codes.count(code) > 1}
        assert sum(row["unit"] not in twice for row in shown) == sum(unit not in twice for unit in findings["unit"])
        chains = [[(one["code"], one["name"]) for one in town.chain(row)] for row in town.rows]
        for one in branches:
            if one.code in twice:
                continue
            below = [row for row, chain in zip(town.rows, chains, strict=True) if (one.code, one.name) in chain[1:]]
            counted = {}
            for row in filter(town.has_land, below):
                counted[row["level"]] = counted.get(row["level"], 0) + 1
            assert one.below == counted
            found = {row["code"] for row in below}
            if not found & twice:
                assert one.found_below == sum(unit in found for unit in findings["unit"])

    @tried
    @given(
        grid=grids(),
        seed=st.integers(0, 2**32),
        limits=st.builds(Limits, depth=st.integers(1, 3), width=st.integers(1, 3), units=st.integers(1, 9)),
    )
    def test_no_more_is_drawn_than_asked_and_the_rest_is_counted(self, grid, seed, limits):
        """A tree is never deeper, wider or larger than its limits, and says how many units each one leaves out."""

        def depth(branches):
            return 1 + max((depth(one.branches) for one in branches), default=0) if branches else 0

        trunk, town, _ = drawn(seed, grid, limits)
        branches = list(every(trunk.branches))
        assert depth(trunk.branches) <= limits.depth
        assert len(branches) <= limits.units
        assert all(len(one.branches) <= limits.width for one in branches)
        chains = [[one["code"] for one in town.chain(row)] for row in town.rows]
        assert len(trunk.branches) + trunk.more == sum(len(chain) == 1 for chain in chains)
        codes = [row["code"] for row in town.rows]
        for one in branches:
            if codes.count(one.code) == 1:
                assert len(one.branches) + one.more == sum(chain[1:2] == [one.code] for chain in chains)

    @tried
    @given(grid=grids(), seed=st.integers(0, 2**32))
    def test_a_finding_is_not_left_out_for_a_unit_in_order(self, grid, seed):
        """Where a unit in order is drawn, every unit beside it at or below which something was found is drawn too."""
        narrow, _, _ = drawn(seed, grid, Limits(depth=9, width=1, units=1000))
        wide, _, _ = drawn(seed, grid, ALL)
        every_one = {one.code: one for one in every(wide.branches)}
        for one in every(narrow.branches):
            if one.branches and not (one.branches[0].findings or one.branches[0].found_below):
                assert not any(other.findings or other.found_below for other in every_one[one.code].branches)

    def test_a_tree_begins_where_it_is_asked_to(self, town):
        """Only a unit and what is below it; one that is not there is named, with the nearest."""
        units, _ = town
        assert [one.code for one in branches_of(units.on(DAY), top="s1").branches] == ["s1"]
        with pytest.raises(UsageError, match="s9"):
            branches_of(units.on(DAY), top="s9")


@pytest.fixture
def town():
    """A street with fourteen communities, one of them without a head, and names that a browser would take for tags."""
    grid = Grid(
        title=Title(zh="网格 <i>", en="The grid & all"),
        levels={
            "street": Level(order=1, title=Title(zh="街道", en="Street")),
            "community": Level(order=2, on=("street",), title=Title(zh="社区", en="Community")),
        },
        posts={"head": Post(level="community", per_unit="exactly_one", title=Title(zh="负责人", en="Head"))},
    )
    rows = [{"code": "s1", "name": "古城<b>", "level": "street", "parent": None}]
    rows += [{"code": f"c{i:02}", "name": f"{i}“&社区", "level": "community", "parent": "s1"} for i in range(1, 15)]
    held = [{"unit": f"c{i:02}", "seat": "head", "holder": f"p{i}"} for i in range(1, 14)]
    return load_units(grid, pl.DataFrame(rows)), load_holders(grid, pl.DataFrame(held))


def seen(town, limits=None):
    """A town as it is drawn."""
    units, holders = town
    found = check_grid(units.grid, units, holders, on=DAY).frame
    return branches_of(units.on(DAY), holders.on(DAY), found, limits=limits)


class TestText:
    def test_the_tree_says_who_is_there_and_what_was_found(self, town):
        """Levels, numbers below, holders and findings stand in it; what is left out is counted."""
        text = steps_text(trunk_steps(seen(town, Limits(width=2))), "en")
        assert text == (
            "The grid & all, 2024-01-01\n"
            "  Street 1, Community 14; 1 finding\n"
            "- 古城<b> (Street): s1\n"
            "    Community 14; 1 finding below\n"
            "  - 1“&社区 (Community): c01\n"
            "    - Head: p1\n"
            "  - 14“&社区 (Community): c14\n"
            "    - ! `Head` is empty\n"
            "        appoint somebody, set it up or keep it\n"
            "  - ... 12 more"
        )

    def test_chinese_is_chinese(self, town):
        """Nothing but codes and holders is in Latin letters."""
        text = steps_text(trunk_steps(seen(town, Limits(width=2))), "zh")
        assert set(re.findall(r"[A-Za-z]\w*", text)) == {"i", "b", "s1", "c01", "c14", "p1"}
        assert "…… 还有 12 个" in text

    @tried
    @given(grid=grids())
    def test_the_rules_name_whatever_the_grid_has(self, grid):
        """Each level, post, body, record and matter is a step, and says something in both languages."""
        keys = {step.key for step in rules_steps(grid).walk()}
        assert keys >= {*grid.levels, *grid.seats, *grid.matters}
        for lang in ("zh", "en"):
            assert "None" not in steps_text(rules_steps(grid), lang)


class TestPage:
    def test_names_stay_names(self, town):
        """A name with brackets or an ampersand is shown as it is, and opens no tag; nothing is fetched."""
        for lang in ("zh", "en"):
            page = Page(trunk_page(seen(town), lang))
            assert "古城<b>" in page.text
            assert "14“&社区" in page.text
            assert page.addresses == []
            assert "http" not in trunk_page(seen(town), lang)

    def test_what_leads_to_a_finding_is_unfolded(self, town):
        """A finding is shown at its unit without a click; the way to it is open however deep."""
        html = trunk_html(seen(town), "en")
        assert "<details open><summary><b>古城&lt;b&gt;</b>" in html
        at, unit = html.index("cg-finding"), html.index("<b>14“&amp;社区</b>")
        # The style names the class once, before all units.
        assert html.index('class="cg-finding"') > unit > at
        assert html.count('class="cg-finding"') == 1

    @tried
    @given(grid=grids(), seed=st.integers(0, 2**32))
    def test_whatever_is_drawn_is_on_the_page(self, grid, seed):
        """Every unit drawn and every finding at it stands on a page that is whole."""
        trunk, _, _ = drawn(seed, grid, Limits())
        page = Page(trunk_page(trunk, "zh"))
        for one in every(trunk.branches):
            assert one.code in page.text
        shown = sum(len(one.findings) for one in every(trunk.branches)) + len(trunk.elsewhere)
        assert trunk_html(trunk, "zh").count('class="cg-finding"') == shown


NODE = re.compile(r'    ((?:level|seat)\d+)(?:\["(.*)"\]|\(\["(.*)"\]\)|\[\["(.*)"\]\]|\[\("(.*)"\)\])')
EDGE = re.compile(r"    (\w+) (?:-->|-\.-) (\w+)")
LABEL = re.compile(r"(?:[A-Za-z0-9 ,/'-]|[^\x00-\x7f]|#\d+;|<br/>)*")


def diagram(text):
    """The labels of a diagram's nodes by id, and its edges; every line must be one or the other."""
    head, *lines = text.split("\n")
    assert head == "flowchart TB"
    nodes, edges = {}, []
    for line in lines:
        node, edge = NODE.fullmatch(line), EDGE.fullmatch(line)
        assert node or edge, line
        if node:
            assert node[1] not in nodes
            label = next(one for one in node.groups()[1:] if one is not None)
            assert LABEL.fullmatch(label), label
            nodes[node[1]] = label
        else:
            edges.append((edge[1], edge[2]))
    assert {end for edge in edges for end in edge} <= set(nodes)
    return nodes, edges


class TestMermaid:
    @tried
    @given(
        title=st.text(min_size=1, max_size=30), key=st.sampled_from(["end", "graph", "click", "class", "社区", "a b"])
    )
    def test_no_title_breaks_the_diagram(self, title, key):
        """Whatever a title has in it, quotes, marks of Markdown or Mermaid's own words, it comes back as it was."""
        grid = Grid(levels={key: Level(order=1, title=Title(zh=title, en=title))})
        nodes, _ = diagram(mermaid(grid, "en"))
        assert list(nodes) == ["level1"]
        back = unescape(re.sub(r"#(\d+);", lambda found: f"&#{found[1]};", nodes["level1"].replace("&", "&amp;")))
        known = " ".join(title.split())
        # HTML has no control characters; no title needs one.
        if known.isprintable():
            assert back == known

    @tried
    @given(grid=grids(), seed=st.integers(0, 2**32))
    def test_every_level_and_seat_is_a_node_with_its_counts(self, grid, seed):
        """A level hangs below those that it stands on, a seat at its level; numbers are those of the day."""
        random = Random(seed)
        rows = faulty_town(random, grid)
        tree = load_units(grid, frame_of(rows)).on(DAY)
        for lang in ("zh", "en"):
            nodes, edges = diagram(mermaid(grid, lang, tree, None))
            assert len(nodes) == len(grid.levels) + len(grid.seats)
            assert len(edges) == sum(len(level.on) for level in grid.levels.values()) + len(grid.seats)
        town = Town(grid, tuple(tree.frame.iter_rows(named=True)))
        for number, key in enumerate(grid.ordered, 1):
            units = sum(row["level"] == key and town.has_land(row) for row in town.rows)
            assert nodes[f"level{number}"].split("<br/>")[1] == f"{units} unit{'' if units == 1 else 's'}"

    def test_holders_are_counted_where_they_have_a_place(self, town):
        """So many people in so many of the units that have the post."""
        units, holders = town
        nodes, _ = diagram(mermaid(units.grid, "en", units.on(DAY), holders.on(DAY)))
        assert nodes["seat1"] == "Head<br/>exactly one a unit<br/>13 holders in 13 of 14 units"
