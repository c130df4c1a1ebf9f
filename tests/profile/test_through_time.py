"""What holds on one day must hold on all: lapses, later days, changed readings, layers that never come."""

import datetime as dt
from collections.abc import Callable

import pytest

from communitygov.profile.coverage import try_everything
from communitygov.profile.profile import Profile, Reform
from communitygov.vocabulary.errors import DocumentError, NotInForce

LATER = "reform: wider-silver\nfrom: YEAR\nchanges: {certification: {star: {tiers: {silver: {share: 40%}}}}}\n"
LAPSE = "amendment: lapse\nfrom: 2026\nuntil: 2026\nchanges: {certification: {star: ~}}\n"
CULTURE = """\
interpretations:
  culture:
    clause: T-02
    question: {zh: 文化是一级指标吗？, en: Is culture of the first level?}
    readings:
      without: {index: {care: {counts: {1: 2}}}}
      with:
        index:
          care:
            counts: {1: 3}
            indicators:
              safety: {weight: 20, indicators: {lights: {weight: 20}, patrols: ~}}
              culture:
                title: {zh: 文化, en: Culture}
                weight: 20
                indicators: {choir: {title: {zh: 合唱, en: Choir}, weight: 20, method: survey}}
    chosen: CHOSEN
    because: {zh: 示例。, en: An example.}
"""


def refused(read: Callable[[], object]) -> list[str]:
    """Return what is said of something that must be refused."""
    with pytest.raises(DocumentError) as found:
        read()
    return [problem.say("en") for problem in found.value.problems]


class TestLapses:
    def test_a_rule_that_lapses_and_resumes_is_in_force_again(self, toy_with: Callable[..., Profile]) -> None:
        """Its history says on every day what the rules of that day say: the rule, or that it is not in force."""
        profile = toy_with({"amendments/lapse.yaml": LAPSE, "reforms/wider-silver.yaml": LATER.replace("YEAR", "2027")})
        star = profile.history("certification", "star")
        for year in (2023, 2025, 2027, 2030):
            assert star.at(year) == profile.at(year).certification["star"]
        assert profile.at(2026).certification == {}
        with pytest.raises(NotInForce, match="from 2023-01-01 until 2025-12-31, from 2027-01-01 until further notice"):
            star.at(2026)
        assert star.until is None

    def test_a_rule_that_lapses_for_good_ends_the_day_before(self, toy_with: Callable[..., Profile]) -> None:
        """Without an end of the lapse there is no gap, only an end."""
        ended = LAPSE.replace("until: 2026\n", "")
        files = {"amendments/lapse.yaml": ended, "reforms/wider-silver.yaml": "reform: none\nchanges: {}\n"}
        profile = toy_with(files)
        assert profile.history("certification", "star").until == dt.date(2025, 12, 31)


class TestBoundaries:
    def test_who_removes_a_section_removes_all_that_is_in_it(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """In the middle of a year a certification is no more taken away with its section than on its own."""
        for changes in ("{certification: ~}", "{certification: {star: ~}}"):
            (line,) = refused(lambda changes=changes: toy.at(2024, reforms=[reform(changes, start="2023-02-15")]))
            assert "not-on-boundary" in line
            assert "changes `certification.star` on 2023-02-15" in line
        whole = reform("{certification: ~}", start="2024", until="2024")
        assert dict(toy.at(2024, reforms=[whole]).certification) == {}

    @pytest.mark.parametrize(("chosen", "other"), [("without", "with"), ("with", "without")])
    def test_a_reading_is_no_way_round_a_fixed_level(
        self, toy_with: Callable[..., Profile], chosen: str, other: str
    ) -> None:
        """An amendment that chooses a reading may add or take away what it may itself, and nothing of a fixed level."""
        question = CULTURE.replace("CHOSEN", chosen)
        assert len(toy_with({"culture.yaml": question}).at(2025).index["care"].indicators) == 2 + (chosen == "with")
        amendment = f"amendment: culture\nfrom: 2025\nchanges: {{interpretations: {{culture: {{chosen: {other}}}}}}}\n"
        lines = refused(lambda: toy_with({"culture.yaml": question, "amendments/culture.yaml": amendment}))
        assert lines == [
            "toy/amendments/culture.yaml:3:39: fixed-level: level 1 is not dynamic; amendment culture may neither add "
            "nor remove `culture` [T-02]"
        ]

    def test_levels_that_are_dynamic_may_be_read_anew(self, toy_with: Callable[..., Profile]) -> None:
        """The same choice passes where the level is declared dynamic."""
        dynamic = "amendment: culture\nfrom: 2025\nchanges:\n  interpretations: {culture: {chosen: with}}\n"
        question = CULTURE.replace("CHOSEN", "without")
        rules = "amendment: free\nfrom: 2024Q2\nchanges: {index: {care: {levels: {1: {dynamic: true}}}}}\n"
        files = {"culture.yaml": question, "amendments/culture.yaml": dynamic, "amendments/free.yaml": rules}
        assert len(toy_with(files).at(2025).index["care"].indicators) == 3


class TestLaterDays:
    def test_a_reform_that_breaks_on_a_later_day_is_refused(self, toy_with: Callable[..., Profile]) -> None:
        """A shipped reform is tried on every day on which it holds and the rules change."""
        weights = "{index: {care: {indicators: {services: {indicators: {cleaning: {weight: 30}}}}}}}"
        text = f"reform: as-it-was\nfrom: 2023\nUNTILchanges: {weights}\n"
        lines = refused(lambda: toy_with({"reforms/was.yaml": text.replace("UNTIL", "")}))
        assert [line.partition(": the")[0] for line in lines] == ["toy/reforms/was.yaml:3:82: weights-do-not-add-up"]
        assert toy_with({"reforms/was.yaml": text.replace("UNTIL", "until: 2023\n")}).reforms["as-it-was"].name

    def test_a_reading_that_breaks_on_a_later_day_is_named(self, toy_with: Callable[..., Profile]) -> None:
        """Every reading is tried on every day on which the rules change, not on the first alone."""
        weights = (
            "{index: {care: {indicators: {services: {indicators: {repairs: {weight: 35}, cleaning: {weight: 25}}}}}}}"
        )
        question = CULTURE.replace("CHOSEN", "without").partition("      with:\n")[0] + (
            f"      uneven: {weights}\n    chosen: without\n    because: {{zh: 示例。, en: An example.}}\n"
        )
        profile = toy_with({"culture.yaml": question})
        assert profile.at(2023, readings={"culture": "uneven"}).index["care"].maximum == 100
        assert {problem.code for problem in try_everything(profile)} == {"weights-do-not-add-up"}

    def test_readings_that_differ_on_a_later_day_differ(self, toy_with: Callable[..., Profile], toy: Profile) -> None:
        """Two readings of a question that comes up with an amendment are no two words for one thing."""
        questions = (toy.folder / "questions.yaml").read_text(encoding="utf-8")
        settled = "amendment: up\nfrom: 2023\nuntil: 2023\nchanges: {certification: {star: {rounding: ceiling}}}\n"
        profile = toy_with({"questions.yaml": questions, "amendments/up.yaml": settled})
        assert try_everything(profile) == ()

    def test_each_of_two_broken_amendments_is_named(self, toy_with: Callable[..., Profile]) -> None:
        """A fault that is gone does not hide the next one at its place; one that carries on is told once."""
        text = "amendment: {}\nfrom: {}\nuntil: {}\nchanges: {{index: {{care: {{maximum: {}}}}}}}\n"
        files = {
            "amendments/a.yaml": text.format("a", 2025, 2025, 90),
            "amendments/b.yaml": text.format("b", 2026, 2028, 80),
            "amendments/c.yaml": "amendment: c\nfrom: 2027\nchanges: {index: {care: {title: {zh: 新}}}}\n",
        }
        places = [line.partition(": ")[0] for line in refused(lambda: toy_with(files))]
        assert places == ["toy/amendments/a.yaml:4:35", "toy/amendments/b.yaml:4:35"]

    @pytest.mark.parametrize(
        ("file", "text", "said"),
        [
            (
                "amendments/late.yaml",
                "amendment: late\nfrom: 2026",
                "late.yaml:2:7: never-in-force: amendment late never",
            ),
            ("amendments/soon.yaml", "amendment: soon\nfrom: 2020\nuntil: 2021", "soon.yaml:3:8: never-in-force"),
            ("reforms/late.yaml", "reform: late\nfrom: 2026", "late.yaml:2:7: never-in-force: reform late never"),
        ],
    )
    def test_a_layer_that_never_holds_is_named(
        self, toy_with: Callable[..., Profile], toy: Profile, file: str, text: str, said: str
    ) -> None:
        """An amendment or a reform that misses the days of its profile is no rule on any of them."""
        head = (toy.folder / "profile.yaml").read_text(encoding="utf-8")
        short = head.replace("  in_force: 2023", "  in_force: 2023\n  holds_until: 2025")
        (problem,) = try_everything(toy_with({"profile.yaml": short, file: f"{text}\nchanges: {{}}\n"}))
        assert said in problem.say("en")
        assert "从不生效" in problem.say("zh")


class TestClausesNotInForce:
    GOLD = "certification: {star: {tiers: {gold: {clause: T-07}}}}\n"

    def test_no_rule_in_force_rests_on_what_is_only_announced(self, toy_with: Callable[..., Profile]) -> None:
        """Such a clause is carried by a reform; a document that cites it for a rule is refused where it does."""
        lines = refused(lambda: toy_with({"gold.yaml": self.GOLD}))
        assert lines == [
            "toy/gold.yaml:1:47: clause-not-in-force: the source only announces the clause `T-07`, so no rule in force "
            "can rest on it; make the rule a reform in reforms/ (toy/profile.yaml:19:79) [T-07]"
        ]

    @pytest.mark.parametrize("head", ["clause: T-07\n", ""])
    def test_nor_does_an_amendment(self, toy_with: Callable[..., Profile], head: str) -> None:
        """An amendment is in force: neither its head nor what it changes cites such a clause."""
        changes = self.GOLD.replace("T-07", "T-04") if head else self.GOLD
        lines = refused(
            lambda: toy_with(
                {"amendments/gold.yaml": f"amendment: gold\nfrom: 2025\n{head}changes: {{{changes[:-1]}}}\n"}
            )
        )
        assert [line.split(": ")[1] for line in lines] == ["clause-not-in-force"]

    def test_a_reform_or_an_open_question_may(
        self, toy: Profile, toy_with: Callable[..., Profile], reform: Callable[..., Reform]
    ) -> None:
        """What is proposed, asked or contradicted is no rule in force."""
        assert toy.at(2025, reforms=[reform(f"{{{self.GOLD[:-1]}}}", start="2025")]).clause(
            "certification.star.tiers.gold"
        ) == ("T-07",)
        asked = CULTURE.replace("CHOSEN", "without").replace("T-02", "T-07")
        contradiction = "contradictions: {two: {clause: T-07, says: {zh: 矛盾, en: They part.}}}\n"
        assert toy_with({"asked.yaml": asked, "two.yaml": contradiction}).at(2023).rules.contradictions
