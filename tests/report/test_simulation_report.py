"""The report of a simulation: one page that says everything and needs nothing."""

import re
from html.parser import HTMLParser

import pytest
from attrs import evolve

from communitygov.profile.coverage import coverage
from communitygov.report.contents import Block
from communitygov.report.page import page
from communitygov.report.simulation import contents, pictures, target_of, write_report
from communitygov.simulation.run import simulate
from communitygov.simulation.variants import Variant
from communitygov.simulation.worlds import World
from communitygov.vocabulary.text import Title

VOID = {"meta", "link", "img", "br", "hr", "input"}


class Tags(HTMLParser):
    """Collects tags, attributes and words, and checks that what is opened is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.words = [], [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.words.append(data)


def read(file):
    tags = Tags()
    tags.feed(file.read_text("utf-8"))
    assert tags.open == []
    return tags


@pytest.fixture(scope="module")
def written(simulated, shijingshan, tmp_path_factory):
    """The English and the Chinese page, in a folder of their own."""
    folder = tmp_path_factory.mktemp("report")
    files = write_report(simulated, shijingshan, folder / "report.html", lang="en", other="report.zh-CN.html")
    files += write_report(simulated, shijingshan, folder / "report.zh-CN.html", lang="zh", other="report.html")
    return folder, files


class TestPage:
    def test_it_names_nothing_outside_itself(self, written):
        """No script, style, font or picture is fetched: only the other language and the page's own parts are linked."""
        folder, _ = written
        for name in ("report.html", "report.zh-CN.html"):
            tags = read(folder / name)
            text = (folder / name).read_text("utf-8")
            assert not {tag for tag, _ in tags.seen} & {"script", "link", "img", "iframe", "object", "image", "use"}
            links = {attrs["href"] for _, attrs in tags.seen if "href" in attrs}
            assert {link for link in links if not link.startswith("#")} <= {"report.html", "report.zh-CN.html"}
            assert not re.search(r"url\(|@import|src=", text)
            assert set(re.findall(r"https?://[^\"' <]+", text)) <= {
                "http://www.w3.org/2000/svg",
                "http://www.w3.org/1999/xlink",
            }

    def test_every_section_of_the_contents_is_there(self, written):
        """Links at the head lead to sections of the page."""
        folder, _ = written
        tags = read(folder / "report.html")
        ids = {attrs["id"] for _, attrs in tags.seen if "id" in attrs}
        links = {attrs["href"][1:] for _, attrs in tags.seen if attrs.get("href", "").startswith("#")}
        assert {"star_share", "gains_and_losses", "index_tree", "tables", "rules", "questions", "assumed"} == links
        assert links <= ids

    def test_rules_changed_stand_with_place_clause_and_quote(self, written):
        """A changed rule is shown with what it was, the file and line of both, and the words of its clause."""
        folder, _ = written
        words = "".join(read(folder / "report.html").words)
        assert "certification.quality_star.renewal.within" in words
        assert re.search(r"no-renewal\.yaml:\d+", words)
        assert re.search(r"interpretations\.yaml:\d+", words)
        assert "连年获得星级认定的社区不占当年星级社区名额，实行顺延递补" in words
        assert "No different from the rules as they stand" in words

    def test_every_assumption_and_every_question_is_listed(self, written, shijingshan):
        """Each assumed value with its reason, each open question with all its readings, in the page's language."""
        folder, _ = written
        words = "".join(read(folder / "report.zh-CN.html").words)
        found = coverage(shijingshan)
        for one in found.assumptions:
            assert one.path in words
            assert one.because.zh in words
        for key, question in found.questions.items():
            assert key in words
            assert question.question.zh in words
            assert question.because.zh in words
            for name in question.names.values():
                assert name.zh in words

    def test_figures_seed_digests_and_versions_are_there(self, written, simulated):
        """What a figure rests on is said: the shares, the seed, the digest of the rules, the software."""
        folder, _ = written
        words = "".join(read(folder / "report.html").words)
        share = next(row["mean"] for row in simulated.stars.iter_rows(named=True) if row["year"] == 2025)
        assert f"{share:.1%}" in words
        assert simulated.digests["moved"][2025] in words
        for part in ("communitygov 0.", "polars ", "numpy ", "award money", "watch list", "Half of all communities"):
            assert part in words
        assert "The model that the scores are drawn from" in words

    def test_words_of_documents_do_not_become_tags(self, written):
        """A title with a tag in it is shown as it is written."""
        folder, _ = written
        assert "Original <cut>" in read(folder / "report.html").words
        assert "<cut>" not in (folder / "report.html").read_text("utf-8")

    def test_charts_keep_their_text(self, written):
        """The words of a chart are text, in both languages, in fonts with Chinese."""
        folder, _ = written
        svg = (folder / "star_share.zh-CN.svg").read_text("utf-8")
        assert ">顺延后的线内 100%</text>" in svg.replace("\n", "")
        assert "Noto Sans CJK SC" in svg
        assert 'role="img"' in svg
        assert (folder / "index_tree.svg").read_text("utf-8").count("<text") > 30

    def test_each_page_has_its_charts_beside_it(self, written):
        """Beside the page lies each chart, with the language in its name if the page has it."""
        _, files = written
        assert [file.name for file in files] == [
            "report.html",
            "star_share.svg",
            "gains_and_losses.svg",
            "index_tree.svg",
            "report.zh-CN.html",
            "star_share.zh-CN.svg",
            "gains_and_losses.zh-CN.svg",
            "index_tree.zh-CN.svg",
        ]

    def test_the_same_simulation_gives_the_same_page(self, written, simulated, shijingshan, tmp_path):
        """Nothing of the day or the machine is in the page."""
        folder, _ = written
        again = write_report(simulated, shijingshan, tmp_path / "report.html", other="report.zh-CN.html")
        assert again[0].read_bytes() == (folder / "report.html").read_bytes()


class TestContents:
    def test_one_variant_has_no_comparison(self, shijingshan):
        """With nothing to compare, there is no chart of gains and losses, and nothing is changed."""
        done = simulate(shijingshan, World.drawn(seed=1), last=2022, draws=2)
        assert [picture.name for picture in pictures(done, shijingshan)] == ["star_share", "index_tree"]
        (side,) = contents(done, shijingshan).sides
        assert side.changes == ()
        assert side.about == Title(zh="", en="")

    def test_real_data_has_no_model(self, shijingshan, rounds):
        """Real data are not drawn: no parameters, no seed, no true quality."""
        done = simulate(shijingshan, World.from_frames(rounds), undated=True)
        found = contents(done, shijingshan)
        assert found.model is None
        assert dict(found.provenance)[Title(zh="随机种子", en="seed")] == "-"
        assert '<h2 id="model">' not in page(found, {one.name: "" for one in found.pictures}, "en")

    def test_a_profile_without_a_share_as_target_has_no_line(self, shijingshan, trial):
        """The line across is the source's own share of all certified; where there is none, none is drawn."""
        reform = trial("changes: {expectations: {half_are_stars: {at_least: ~, more_than: 50%}}}")
        shifted = shijingshan.at(2025, reforms=[reform])
        assert target_of(shijingshan.at(2025)).year == 2025
        assert target_of(shifted) is None

    def test_what_a_scheme_does_not_have_is_left_out(self, shijingshan, trial):
        """No watch list, no expectation that cannot be judged, nobody with five stars: their figures are left out."""
        star = "{watch: ~, tiers: {five_star: {share: ~, threshold: 400}}}"
        gone = "{in_front: ~, a_festival_every_year: ~}"
        reform = trial(f"changes: {{certification: {{quality_star: {star}}}, expectations: {gone}}}")
        world = World.drawn(seed=1)
        done = simulate(shijingshan, world, last=2022, draws=2, undated=True, variants=[Variant.of_reform(reform)])
        blocks = {block.title.en: block for block in contents(done, shijingshan).blocks}
        assert "on the watch list at the year's end" not in blocks
        assert "What the source asks for that is not judged here" not in blocks
        assert blocks["Truly among the best, of those with five stars or more"].rows == (("2022", "-"),)

    def test_a_page_says_what_it_has(self, simulated, shijingshan):
        """Without contradictions, folded tables or chances, their sections are left out."""
        found = contents(simulated, shijingshan)
        bare = evolve(
            found,
            contradictions=(),
            blocks=(Block(Title(zh="表", en="Table"), (Title(zh="甲", en="a"),), ((True,), (None,))),),
            sides=tuple(evolve(side, chances=()) for side in found.sides),
        )
        text = page(bare, {one.name: "" for one in found.pictures}, "en")
        assert "contradictions" not in text
        assert "More figures" not in text
        assert "Chance of" not in text
        assert "<td>yes</td>" in text

    def test_a_reform_that_adds_is_said_to_add(self, shijingshan, trial):
        """What a reform adds is marked as new, with its place."""
        reform = trial("changes: {certification: {quality_star: {cap: 70}}}")
        done = simulate(shijingshan, World.drawn(seed=1), last=2022, draws=2, variants=[Variant.of_reform(reform)])
        text = page(contents(done, shijingshan), {"star_share": "", "index_tree": ""}, "en")
        assert "<ins>70</ins> <span class='quiet'>(added)</span>" in text
