"""Charts: what they show, and what they are written as."""

import json
import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from communitygov.documents.model import build
from communitygov.documents.reading import read_text
from communitygov.index.rules import Index
from communitygov.report import drawing
from communitygov.report.charts import Line, Move, Point, Target, end_labels, index_chart, moves_chart, share_chart
from communitygov.report.drawing import altair, check_picture, cjk_font, draw_svg, write_picture
from communitygov.vocabulary.errors import MissingExtra, UsageError
from communitygov.vocabulary.text import Title

SHARE = Title(zh="占比", en="share")
NONE, STAR = Title(zh="无", en="none"), Title(zh="星", en="star")


def line(name, *means):
    points = tuple(Point(2022 + i, mean, max(0.0, mean - 0.02), min(1.0, mean + 0.02)) for i, mean in enumerate(means))
    return Line(Title(zh=name, en=name), points)


def texts(svg):
    """The words of a chart, lines of one label joined."""
    found = re.findall(r"<text[^>]*>(.*?)</text>", svg, re.DOTALL)
    return [re.sub(r"<[^>]+>", " ", one).strip() for one in found]


class TestShareChart:
    def test_each_line_is_named_at_its_end(self):
        """A line ends with its variant's name and its last mean; the target with its title and clause."""
        target = Target(Title(zh="过半", en="half"), Fraction(1, 2), 2023, ("X-1",))
        svg = draw_svg(
            share_chart([line("a", 0.3, 0.7), line("b", 0.3, 0.3)], "en", target=target, measured=SHARE), about="x"
        )
        words = texts(svg)
        assert {"a 70%", "b 30%", "half [X-1]", "share", "2022", "2023"} <= set(words)

    @given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
    def test_names_at_the_ends_never_cover_each_other(self, means):
        """However close lines end, their names stand apart, and inside the chart at the top."""
        names = [f"v{i}" for i in range(len(means))]
        lines = [line(name, 0.5, mean) for name, mean in zip(names, means, strict=True)]
        places = sorted(label["place"] for label in end_labels(lines, names))
        assert len(places) == len(means)
        assert all(b - a > 0.06 for a, b in pairwise(places))
        assert max(places) <= 1

    @pytest.mark.parametrize("means", [(0.45, 0.45), (0.55, 0.55), (0.9, 0.2)])
    def test_the_targets_words_stand_clear_of_the_lines(self, means):
        """The words beside the target line are on the side where no line passes."""
        spec = share_chart([line("a", *means)], "zh", target=Target(SHARE, Fraction(1, 2)), measured=SHARE).to_dict()
        mark = next(one["mark"] for one in spec["layer"] if one["mark"].get("dy") not in (None, 0))
        above = mark["dy"] < 0
        assert above == (means[0] < 0.5) or means == (0.9, 0.2)

    def test_one_year_is_a_chart_too(self):
        """A simulation of a single year still draws."""
        assert "a 30%" in texts(draw_svg(share_chart([line("a", 0.3)], "zh", measured=SHARE), about="x"))


class TestMovesChart:
    def test_gains_are_above_and_losses_below(self):
        """Each variant has a panel; gains are positive, losses negative, and both are named."""
        a, b, c = (Title(zh=name, en=name) for name in "abc")
        moves = [Move(b, 2023, NONE, STAR, True, 3.5), Move(c, 2023, STAR, NONE, False, 2.0)]
        chart = moves_chart(moves, [a, b, c], "en")
        numbers = [row["number"] for rows in _data(chart.to_dict()) for row in rows if "move" in row]
        assert sorted(numbers) == [-2.0, 3.5]
        assert {"none → star", "star → none", "b", "c"} <= set(texts(draw_svg(chart, about="x")))

    def test_only_losses_and_many_kinds_are_drawn(self):
        """More kinds of moves than there are shades share one."""
        a, b = Title(zh="a", en="a"), Title(zh="b", en="b")
        tiers = [Title(zh=str(i), en=str(i)) for i in range(6)]
        moves = [Move(b, 2023, tier, NONE, False, 1.0) for tier in tiers]
        assert draw_svg(moves_chart(moves, [a, b], "zh"), about="x").startswith("<svg")


class TestIndexChart:
    def test_every_indicator_has_its_share(self, shijingshan):
        """Each node is a box with its title and its share of the whole; leaves say how they are measured."""
        index = shijingshan.at("2023").index["quality_community"]
        words = texts(draw_svg(index_chart(index, index.name("x"), "zh"), about="x"))
        assert words.count("20%") == 5
        assert words.count("6.7%") == 15
        assert words.count("3.3%") == 30
        assert {"问卷调查", "实地考察", "查阅资料", "社区党建"} <= set(words)

    def test_long_names_are_wrapped_and_then_cut(self):
        """A name that does not fit its box goes on below, and is cut where there is no more room."""
        document = "subject: community\nperiod: year\nmaximum: 10\ndecimals: 1\nweights: points\n"
        document += "scale: {minimum: 0, maximum: 1, decimals: 0}\nindicators:\n"
        for number, weight in enumerate((7, 3)):
            document += (
                f"  i{number}: {{title: {{zh: {'很长的名字' * 12}, en: {'long name ' * 12}}}, weight: {weight}}}\n"
            )
        index = build(read_text(document), Index, [])
        boxes = max(_data(index_chart(index, Title(zh="体系", en="Index"), "zh").to_dict()), key=len)
        assert any(len(box["label"]) > 1 for box in boxes)
        assert any(box["label"][-1].endswith("…") for box in boxes)
        assert "not said" in texts(draw_svg(index_chart(index, Title(zh="体系", en="Index"), "en"), about="x"))


class TestFiles:
    def test_a_picture_says_what_it_shows(self, tmp_path):
        """An SVG has a name for those who cannot see it, and no fixed size."""
        file = write_picture(
            share_chart([line("a", 0.3, 0.4)], "zh", measured=SHARE), tmp_path / "x.svg", about='"甲" & 乙'
        )
        head = file.read_text("utf-8").partition(">")[0]
        assert 'aria-label="&quot;甲&quot; &amp; 乙"' in head
        assert "viewBox" in head
        assert ' width="' not in head

    def test_a_png_needs_a_font_with_chinese(self, tmp_path, monkeypatch):
        """Without such a font there would be boxes: the error says what to install; with one, a PNG is written."""
        chart = share_chart([line("a", 0.3, 0.4)], "zh", measured=SHARE)
        monkeypatch.setattr(drawing, "_FONT_FOLDERS", (str(tmp_path / "fonts"),))
        with pytest.raises(UsageError, match="no font with Chinese"):
            write_picture(chart, tmp_path / "x.png", about="x")
        with pytest.raises(UsageError, match="no font with Chinese"):
            drawing.draw_png(chart)
        (tmp_path / "fonts" / "deep").mkdir(parents=True)
        (tmp_path / "fonts" / "deep" / "NotoSansCJK-Regular.ttc").touch()
        file = write_picture(chart, tmp_path / "x.png", about="x")
        assert file.read_bytes().startswith(b"\x89PNG")

    @pytest.mark.parametrize(
        ("name", "found"),
        [("PingFang.ttc", True), ("msyh.ttc", True), ("wqy-microhei.ttc", True), ("DejaVuSans.ttf", False)],
    )
    def test_fonts_with_chinese_are_known_by_their_files(self, tmp_path, name, found):
        """The fonts of each system that have Chinese are found, others are not."""
        (tmp_path / name).touch()
        assert (cjk_font([str(tmp_path), "/no/such/folder"]) == tmp_path / name) is found

    def test_other_suffixes_are_refused(self):
        """A picture is SVG or PNG."""
        with pytest.raises(UsageError, match=r"must end in \.svg or \.png"):
            check_picture(Path("x.gif"))

    @pytest.mark.parametrize("name", ["altair", "vl_convert"])
    def test_without_the_extra_it_is_named(self, monkeypatch, name):
        """Where one of the libraries is missing, the error says what to install."""
        monkeypatch.setitem(__import__("sys").modules, name, None)
        with pytest.raises(MissingExtra, match=r"communitygov\[report\]"):
            altair()


def _data(spec):
    """Every table of values in a chart."""
    found = list(spec.get("datasets", {}).values())

    def visit(node):
        if isinstance(node, dict):
            if isinstance(node.get("values"), list) and node["values"] and isinstance(node["values"][0], dict):
                found.append(node["values"])
            for child in node.values():
                visit(child)
        elif isinstance(node, list):
            for child in node:
                visit(child)

    visit(json.loads(json.dumps(spec)))
    return found
