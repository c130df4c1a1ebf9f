"""Reforms: read, dated, composed, and held against the profile they would change."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from communitygov.profile.changes import changes
from communitygov.profile.profile import Profile, Reform
from communitygov.profile.reading import read_reform
from communitygov.vocabulary.errors import DocumentError

CAP = "certification.star.cap"


class TestDates:
    def test_a_reform_holds_from_its_first_day_to_its_last(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """Before `from` and after `until` the rules are those without it, to the digest."""
        cap = reform("{certification: {star: {cap: 3}}}", start="2025", until="2026")
        for year in (2024, 2027):
            assert toy.at(year, reforms=[cap]).digest == toy.at(year).digest
            assert cap.layer not in toy.at(year, reforms=[cap]).layers
        for day in ("2025-01-01", "2026-12-31"):
            rules = toy.at(day, reforms=[cap])
            assert rules.certification["star"].cap == 3
            assert rules.layers[-1] is cap.layer

    def test_without_dates_it_always_holds(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """A reform that names no day is laid over every day."""
        cap = reform("{certification: {star: {cap: 3}}}")
        assert {toy.at(year, reforms=[cap]).certification["star"].cap for year in (2023, 2024, 2040)} == {3}

    def test_it_may_begin_with_the_profile_itself(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """What begins on the first day in force cuts no period in two."""
        cap = reform("{certification: {star: {cap: 3}}}", start="2023-01-01")
        assert toy.at(2023, reforms=[cap]).certification["star"].cap == 3

    @pytest.mark.parametrize(
        ("changes", "start", "following"),
        [
            ("{certification: {star: {cap: 3}}}", "2024Q2", "2025-01-01"),
            ("{certification: {star: {cap: 3}}}", "2024-12-31", "2025-01-01"),
            ("{index: {care: {missing: zero}}}", "2024-02", "2024-04-01"),
            ("{index: {care: {missing: zero}}}", "2024-10-02", "2025-01-01"),
            ("{interpretations: {rounding: {chosen: up}}}", "2024Q3", "2025-01-01"),
            ("{index: {new: {title: {zh: 新, en: New}, period: half}}}", "2024Q2", "2024-07-01"),
            ("{certification: {new: {year: {starts: 10}}}}", "2024Q2", "2024-10-01"),
        ],
    )
    def test_it_begins_on_a_boundary_or_is_told_the_next(
        self, toy: Profile, reform: Callable[..., Reform], changes: str, start: str, following: str
    ) -> None:
        """An index changes with a period, a certification with a year; one that is new has periods of its own."""
        problems = toy.problems_of(reform(changes, start=start))
        (problem,) = [one for one in problems if one.code == "not-on-boundary"]
        assert problem.message.en.endswith(f"the next that does is {following}")
        assert problem.place is not None
        assert problem.place.line == 2
        assert [one for one in toy.problems_of(reform(changes, start=following)) if one.code == problem.code] == []

    def test_what_has_no_period_changes_on_any_day(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """A target may change in the middle of a month; so may what is new and says no period, which it then lacks."""
        later = reform("{expectations: {third_are_stars: {by: 2026}}}", start="2024-02-13")
        assert toy.problems_of(later) == ()
        for section in ("index", "certification"):
            new = reform(f"{{{section}: {{new: {{title: {{zh: 新, en: New}}}}}}}}", start="2024-02-13")
            assert {problem.code for problem in toy.problems_of(new)} == {"missing-field"}

    def test_a_year_that_begins_in_summer_has_its_boundary_there(
        self, toy_with: Callable[..., Profile], toy: Profile, reform: Callable[..., Reform]
    ) -> None:
        """The boundary is that of the rules in force, not the calendar's."""
        text = (toy.folder / "rules.yaml").read_text(encoding="utf-8").replace("starts: 1", "starts: 7")
        late = (toy.folder / "reforms" / "wider-silver.yaml").read_text(encoding="utf-8").replace("2025", "2025Q3")
        summer = toy_with({"rules.yaml": text, "reforms/wider-silver.yaml": late})
        cap = "{certification: {star: {cap: 3}}}"
        assert summer.problems_of(reform(cap, start="2024Q3")) == ()
        (problem,) = summer.problems_of(reform(cap, start="2025"))
        assert problem.message.en.endswith("the next that does is 2025-07-01")

    def test_one_that_never_comes_is_not_tried(self, toy_with: Callable[..., Profile], toy: Profile) -> None:
        """A shipped reform that begins after the last day in force has nothing to be laid over."""
        text = (toy.folder / "profile.yaml").read_text(encoding="utf-8")
        short = toy_with({"profile.yaml": text.replace("  in_force: 2023", "  in_force: 2023\n  holds_until: 2023")})
        assert short.problems_of(short.reforms["wider-silver"]) == ()


class TestComposition:
    def test_several_reforms_are_laid_down_together(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """Each does what it does alone, in whatever order they are named."""
        cap = reform("{certification: {star: {cap: 3}}}", name="cap")
        gold = reform("{certification: {star: {tiers: {gold: {share: 5%}}}}}", name="gold")
        rules = toy.at(2024, reforms=[cap, gold])
        assert (rules.find(CAP).layer, rules.find(CAP).text()) == ("reform cap", "3")
        share = rules.find("certification.star.tiers.gold.share")
        assert (share.layer, share.text()) == ("reform gold", "5%")
        assert toy.at(2024, reforms=[gold, cap]).digest == rules.digest

    def test_promises_are_held_to_the_composed_rules(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """Two halves of a change, each of which would break the weights alone, may make a whole."""
        more = reform("{index: {care: {indicators: {safety: {indicators: {lights: {weight: 25}}}}}}}", name="more")
        less = reform("{index: {care: {indicators: {safety: {indicators: {patrols: {weight: 15}}}}}}}", name="less")
        for alone in (more, less):
            with pytest.raises(DocumentError, match="weights-do-not-add-up"):
                toy.at(2024, reforms=[alone])
        assert toy.at(2024, reforms=[more, less]).index["care"].leaves[-1].share == Fraction(15, 100)

    def test_two_that_say_the_same_do_not_conflict(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """The same value and the same removal, said twice, are said once."""
        one = reform("{certification: {star: {cap: 3, renewal: ~}}}", name="one")
        other = reform("{certification: {star: {cap: 3, renewal: ~, ties: out}}}", name="other")
        star = toy.at(2024, reforms=[one, other]).certification["star"]
        assert (star.cap, star.renewal, star.ties) == (3, None, "out")

    def test_reforms_of_different_times_do_not_conflict(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """Only what holds on one day can say two things of it."""
        early = reform("{certification: {star: {cap: 3}}}", name="early", until="2024")
        late = reform("{certification: {star: {cap: 5}}}", name="late", start="2025")
        assert [toy.at(year, reforms=[early, late]).certification["star"].cap for year in (2024, 2025)] == [3, 5]


GOLD = "{{certification: {{star: {{tiers: {{gold: {{share: {}}}}}}}}}}}"


class TestSpelling:
    @pytest.mark.parametrize("spelling", ["5%", "0.05", "1/20", "5e-2", '"0.050"'])
    def test_a_number_is_one_value_however_it_is_written(
        self, toy: Profile, reform: Callable[..., Reform], spelling: str
    ) -> None:
        """It makes no conflict and the same digest; what is shown is what was written."""
        one, other = reform(GOLD.format("5%"), name="one"), reform(GOLD.format(spelling), name="other")
        rules = toy.at(2024, reforms=[other])
        assert toy.at(2024, reforms=[one, other]).digest == rules.digest == toy.at(2024, reforms=[one]).digest
        share = rules.find("certification.star.tiers.gold.share")
        assert (share.text(), share.layer) == ("0.05" if "e" in spelling else spelling.strip('"'), "reform other")

    @pytest.mark.parametrize("spelling", ["10%", "0.1", "1/10"])
    def test_to_write_a_number_in_another_way_changes_nothing(
        self, toy: Profile, reform: Callable[..., Reform], spelling: str
    ) -> None:
        """No change is listed, and the digest stays."""
        base, again = toy.at(2024), toy.at(2024, reforms=[reform(GOLD.format(spelling))])
        assert (again.digest, changes(base, again)) == (base.digest, ())

    def test_a_text_is_no_number_even_if_it_looks_like_one(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """Titles are compared as they are written."""
        title = "{{index: {{care: {{title: {{en: '{}'}}}}}}}}"
        one, other = reform(title.format("5%"), name="one"), reform(title.format("0.05"), name="other")
        with pytest.raises(DocumentError, match=r"conflict on `index\.care\.title\.en`"):
            toy.at(2024, reforms=[one, other])


class TestBlame:
    @pytest.mark.parametrize(
        ("patch", "told"),
        [
            (
                "services: {clause: T-02}\nsafety: {weight: 41}",
                {"weights-do-not-add-up": "safety: {weight: 41}"},
            ),
            (
                "safety: {indicators: {lights: ~}}\nservices: {weight: 60}",
                dict.fromkeys(("weights-do-not-add-up", "method-share-too-small", "counts-differ"), "lights: ~"),
            ),
            (
                "safety: {indicators: {lights: {method: visit}}}\nservices: {weight: 60}",
                {"method-share-too-small": "method: visit"},
            ),
            (
                "safety: {indicators: {lights: {method: survye}}}",
                dict.fromkeys(("unknown-reference", "method-share-too-small"), "method: survye"),
            ),
        ],
    )
    @pytest.mark.parametrize(
        "beside",
        [
            "title: {zh: 关怀指数}",
            "title: {zh: 新}",
            "counts: {1: 2}",
            "constraints: {survey_half: {clause: T-03}}",
            "clause: T-02",
            "maximum: 100",
        ],
    )
    def test_a_broken_promise_is_shown_at_the_value_that_broke_it(
        self, toy: Profile, reform: Callable[..., Reform], patch: str, told: dict[str, str], beside: str
    ) -> None:
        """Not at one beside it that the promise does not rest on, or that says what stood there before."""
        lines = [beside, "indicators:", *(f"  {line}" for line in patch.split("\n"))]
        text = "\n  index:\n    care:\n" + "\n".join(f"      {line}" for line in lines)
        found = toy.problems_of(reform(text))
        assert {problem.code for problem in found} == set(told)
        for problem in found:
            assert problem.place is not None
            line = Path(problem.place.file).read_text(encoding="utf-8").split("\n")[problem.place.line - 1]
            key, _, value = told[problem.code].rpartition(": ")
            assert line[: problem.place.column - 1].endswith(f"{key}: ")
            assert line[problem.place.column - 1 :].startswith(value)

    @pytest.mark.parametrize("patch", ["{weight: 41}", "~", "{indicators: {lights: {weight: 21}}}"])
    @pytest.mark.parametrize("order", [1, -1])
    def test_an_innocent_reform_is_not_blamed(
        self, toy: Profile, reform: Callable[..., Reform], patch: str, order: int
    ) -> None:
        """Wherever it stands among the others, and however near to what is broken."""
        near = "" if patch == "~" else ", safety: {title: {zh: 全}}"
        services = "services: {weight: 60, title: {zh: 务}}"
        innocent = reform(f"{{index: {{care: {{indicators: {{{services}{near}}}}}}}}}", name="innocent")
        guilty = reform(f"{{index: {{care: {{indicators: {{safety: {patch}}}}}}}}}", name="guilty")
        with pytest.raises(DocumentError) as refused:
            toy.at(2023, reforms=[innocent, guilty][::order])
        assert {Path(problem.place.file).stem for problem in refused.value.problems if problem.place} == {"guilty"}

    def test_of_two_reforms_that_say_the_same_one_is_shown(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """Both changed the value; neither is told that it did not."""
        both = [reform("{index: {care: {maximum: 90}}}", name=name) for name in ("one", "other")]
        with pytest.raises(DocumentError) as refused:
            toy.at(2023, reforms=both)
        (problem,) = refused.value.problems
        assert problem.place is not None
        assert Path(problem.place.file).stem == "one"


class TestClauses:
    def test_a_reform_cites_clauses_of_its_profile(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """A clause that the profile does not have is unknown, at the head as well as in what it changes."""
        known = reform("{certification: {star: {cap: 3}}}", head="clause: [T-04, T-07]\n", name="known")
        assert toy.problems_of(known) == ()
        unknown = reform("{certification: {star: {clause: T-40}}}", head="clause: [T-04, T-77]\n", name="unknown")
        assert [(one.code, one.message.en[:26], one.place.line) for one in toy.problems_of(unknown) if one.place] == [
            ("unknown-reference", "there is no clause `T-77`;", 2),
            ("unknown-reference", "there is no clause `T-40`;", 3),
        ]

    def test_it_may_bring_a_clause_and_its_source(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """A clause that a reform adds is one that it can cite."""
        changes = (
            "{profile: {sources: {draft: {title: {zh: 草案, en: Draft}}}},"
            " clauses: {D-01: {quote: 金星不超过三个, source: draft, primitive: certification}},"
            " certification: {star: {cap: 3, clause: [T-04, D-01]}}}"
        )
        draft = reform(changes, head="clause: D-01\n")
        assert toy.problems_of(draft) == ()
        assert toy.at(2024, reforms=[draft]).clause(CAP) == ("T-04", "D-01")


class TestReading:
    def test_all_its_faults_are_told_at_once_with_a_profile_at_hand(self, toy: Profile, tmp_path: Path) -> None:
        """Faults against the schema and against the rules come together, each with the clause of the rule it is in."""
        file = tmp_path / "both.yaml"
        file.write_text(
            "reform: both\nchanges: {certification: {star: {ties: maybe, tiers: {gold: {share: 1/2}}}}}\n",
            encoding="utf-8",
        )
        for over, codes in ((None, ["unknown-choice"]), (toy, ["unknown-choice", "cuts-not-nested"])):
            with pytest.raises(DocumentError) as refused:
                read_reform(file, over=over)
            assert [problem.code for problem in refused.value.problems] == codes
        assert [problem.clause for problem in refused.value.problems] == [("T-04",), ("T-04",)]

    def test_a_good_one_is_read_alike_with_a_profile_or_without(self, toy: Profile) -> None:
        """What is tried on a profile is the same reform."""
        file = toy.folder / "reforms" / "wider-silver.yaml"
        alone, tried = read_reform(file), read_reform(file, over=toy)
        assert (alone.name, alone.layer.patch.digest) == (tried.name, tried.layer.patch.digest)

    def test_a_file_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        """A missing file is a problem with its name, not a traceback."""
        with pytest.raises(DocumentError, match=r"nowhere\.yaml: unreadable-file: cannot be read: No such file"):
            read_reform(tmp_path / "nowhere.yaml")
