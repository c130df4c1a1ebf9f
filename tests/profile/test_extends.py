"""A profile laid over another."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from communitygov.documents.layers import Layer, apply
from communitygov.documents.reading import read_text
from communitygov.profile.profile import Profile, Reform
from communitygov.profile.reading import read_profile
from communitygov.vocabulary.errors import DocumentError, NotInForce, ProfileNotFound, UsageError
from communitygov.vocabulary.period import Period

HEAD = """\
profile:
  id: child
  api: 1
  version: 0.1.0
  extends: {profile: toy, version: "VERSION"}
  in_force: START
  last_verified: 2024-01-01
  sources: {order: {title: {zh: 街道细则, en: The street's order}}}
clauses:
  C-01: {quote: 本街道金星不超过五个, source: order, primitive: certification}
"""


@pytest.fixture
def child(tmp_path: Path, toy: Profile) -> Callable[..., Profile]:
    """Read a profile that extends the toy, or another profile, with documents of its own."""

    def read(
        rules: str = "", *, over: Profile | None = toy, version: str = ">=0.2,<1", start: str = "2023", **files: str
    ) -> Profile:
        folder = tmp_path / "child"
        (folder / "amendments").mkdir(parents=True, exist_ok=True)
        (folder / "profile.yaml").write_text(HEAD.replace("VERSION", version).replace("START", start), encoding="utf-8")
        if rules:
            (folder / "rules.yaml").write_text(rules, encoding="utf-8")
        for name, text in files.items():
            (folder / "amendments" / f"{name}.yaml").write_text(text, encoding="utf-8")

        def find(name: str) -> Profile:
            if over is None or name != over.name:
                raise ProfileNotFound.because(
                    "unknown-profile", zh=f"没有安装 `{name}`", en=f"no `{name}` is installed"
                )
            return over

        return read_profile(folder, find=find)

    return read


def amended(profile: Profile, year: int, changes: str) -> Profile:
    """Return a profile with one amendment more."""
    patch = read_text(changes, name=f"{year}.yaml", layer=f"amendment of {year}")
    return evolve(
        profile, amendments=(*profile.amendments, Layer("amendment", str(year), patch, Period.parse(str(year))))
    )


def capped(cap: int) -> str:
    return f"{{certification: {{star: {{cap: {cap}}}}}}}"


class TestOrder:
    def test_without_rules_of_its_own_a_child_is_its_parent(self, child: Callable[..., Profile], toy: Profile) -> None:
        """Everything is inherited, on every day, with the places where the parent wrote it."""
        street = child()
        for year in (2023, 2024):
            mine, theirs = street.at(year), toy.at(year)
            for section in ("index", "certification", "interpretations", "measures"):
                assert mine.root[section].digest == theirs.root[section].digest
            share = mine.find("certification.star.tiers.gold.share")
            assert (share.layer, share.place.file) == ("toy", "toy/rules.yaml")

    def test_own_documents_lie_over_the_whole_parent(self, child: Callable[..., Profile], toy: Profile) -> None:
        """A child's documents go before its parent's amendments, whatever their day, and the parent is as it was."""
        parent = amended(toy, 2025, capped(9))
        street = child("certification: {star: {cap: 5, clause: C-01}}", over=parent)
        assert [street.at(year).certification["star"].cap for year in (2023, 2025)] == [5, 5]
        assert [parent.at(year).certification["star"].cap for year in (2023, 2025)] == [None, 9]
        assert street.at(2025).clause("certification.star.cap") == ("C-01",)
        assert street.at(2025).find("certification.star.cap").was.text() == "9"

    def test_readings_lie_over_documents_and_amendments_over_readings(self, child: Callable[..., Profile]) -> None:
        """Within a child: own documents, then the readings taken, then amendments."""
        rules = """\
certification: {star: {cap: 5, least_group: 5}}
interpretations:
  few:
    clause: C-01
    question: {zh: 不超过几个？, en: How many at most?}
    readings:
      six: {certification: {star: {cap: 6, least_group: 6}}}
      seven: {certification: {star: {cap: 7, least_group: 7}}}
    chosen: six
    because: {zh: 示例。, en: An example.}
"""
        street = child(rules, later="amendment: later\nfrom: 2025\nchanges: {certification: {star: {cap: 8}}}\n")
        star = {year: street.at(year).certification["star"] for year in (2024, 2025)}
        assert [(one.cap, one.least_group) for one in star.values()] == [(6, 6), (8, 6)]
        seven = street.at(2025, readings={"few": "seven"}).certification["star"]
        assert (seven.cap, seven.least_group) == (8, 7)

    def test_a_child_takes_away_what_its_parent_has(self, child: Callable[..., Profile], toy: Profile) -> None:
        """A removal in a child's documents removes from the parent's rules, and only there."""
        street = child("certification: {star: {renewal: ~}}\ninterpretations: {reach: ~}\n")
        assert street.at(2024).certification["star"].renewal is None
        assert set(street.at(2024).rules.interpretations) == {"rounding"}
        assert toy.at(2024).certification["star"].renewal is not None

    def test_a_grandchild_is_laid_over_both(self, child: Callable[..., Profile], tmp_path: Path, toy: Profile) -> None:
        """Layers of three profiles lie over each other, the farthest lowest."""
        street = child("certification: {star: {cap: 5, ties: out}}")
        folder = tmp_path / "grandchild"
        folder.mkdir()
        head = (
            HEAD.replace("id: child", "id: lane").replace("profile: toy", "profile: child").replace("VERSION", "==0.1")
        )
        (folder / "all.yaml").write_text(
            head.replace("START", "2024") + "certification: {star: {cap: 2}}\n", encoding="utf-8"
        )
        lane = read_profile(folder, find={"child": street}.__getitem__)
        star = lane.at(2024).certification["star"]
        assert (star.cap, star.ties, star.decimals) == (2, "out", 1)
        assert [profile.name for profile in lane.lineage] == ["toy", "child", "lane"]


class TestChoices:
    def test_a_child_chooses_another_reading_of_its_parents_question(
        self, child: Callable[..., Profile], toy: Profile
    ) -> None:
        """The parent's other reading lies where the first lay; the parent itself keeps its own."""
        street = child("interpretations: {rounding: {chosen: up}}")
        rounding = street.at(2024).find("certification.star.rounding")
        assert (rounding.text(), rounding.layer, rounding.place.file) == (
            "ceiling",
            "reading rounding: up",
            "toy/questions.yaml",
        )
        assert street.at(2024).find("interpretations.rounding.chosen").layer == "child"
        assert toy.at(2024).certification["star"].rounding == "floor"

    def test_its_choice_goes_before_its_parents_amendment(self, child: Callable[..., Profile], toy: Profile) -> None:
        """What the parent decides later binds the parent; the child has decided for itself."""
        parent = amended(toy, 2025, "{interpretations: {rounding: {chosen: up}, reach: {chosen: moved_cut}}}")
        street = child("interpretations: {rounding: {chosen: down}}", over=parent)
        star = street.at(2025).certification["star"]
        assert (star.rounding, star.renewal.within) == ("floor", "moved_cut")

    def test_a_child_adds_a_reading_to_its_parents_question(self, child: Callable[..., Profile]) -> None:
        """The reading it adds can be taken, and so can those that the parent had."""
        rules = """\
interpretations:
  rounding:
    readings: {nearest: {certification: {star: {rounding: half_up}}}}
    chosen: nearest
"""
        street = child(rules)
        assert street.at(2024).certification["star"].rounding == "half_up"
        for reading, rounding in (("down", "floor"), ("up", "ceiling"), ("nearest", "half_up")):
            assert street.at(2024, readings={"rounding": reading}).certification["star"].rounding == rounding

    @pytest.mark.parametrize(
        ("readings", "column"),
        [
            ("{up: {certification: {star: {ties: out}}}}", 41),
            ("{up: ~}", 41),
            ("~", 30),
        ],
    )
    def test_a_child_rewrites_no_reading_of_its_parent(
        self, child: Callable[..., Profile], readings: str, column: int
    ) -> None:
        """The parent's would be laid down below it all the same; it adds one of another name instead."""
        with pytest.raises(DocumentError) as refused:
            child(f"interpretations: {{rounding: {{readings: {readings}}}}}")
        (problem,) = (one for one in refused.value.problems if one.code == "parents-reading")
        assert problem.say("en") == (
            f"child/rules.yaml:1:{column}: parents-reading: a reading of `rounding` that belongs to the profile this "
            "one extends cannot be changed or removed here; add one of another name and take it with `chosen`; theirs "
            f"stands at (toy/questions.yaml:{7 + ('up' in readings)}:7)"
        )

    def test_a_question_that_a_child_closes_can_be_chosen_no_more(
        self, child: Callable[..., Profile], toy: Profile, reform: Callable[..., Reform]
    ) -> None:
        """What the parent chose stands, or what the child writes in its place; callers and reforms find no question."""
        street = child("interpretations: {rounding: ~}\ncertification: {star: {rounding: half_up}}\n")
        assert street.at(2024).certification["star"].rounding == "half_up"
        assert child("interpretations: ~").at(2024).certification["star"].rounding == "floor"
        with pytest.raises(UsageError, match="there is no interpretation `rounding`"):
            street.at(2024, readings={"rounding": "up"})
        with pytest.raises(DocumentError, match="there is no interpretation `rounding`"):
            street.at(2024, reforms=[reform("{interpretations: {rounding: {chosen: up}}}")])
        assert toy.at(2024, readings={"rounding": "up"}).certification["star"].rounding == "ceiling"

    @pytest.mark.parametrize("changes", ["{interpretations: {rounding: ~}}", "{interpretations: ~}"])
    def test_a_reform_closes_no_question(self, toy: Profile, reform: Callable[..., Reform], changes: str) -> None:
        """Whether something is open is for the documents to say; a reform chooses, or writes what it wants."""
        with pytest.raises(DocumentError) as refused:
            toy.at(2024, reforms=[reform(changes)])
        assert {problem.code for problem in refused.value.problems} == {"not-for-patches"}

    def test_a_choice_is_not_taken_away(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """A reform that removes `chosen` leaves a question without an answer: that is one problem, told once."""
        with pytest.raises(DocumentError) as refused:
            toy.at(2024, reforms=[reform("{interpretations: {rounding: {chosen: ~}}}")])
        assert [problem.code for problem in refused.value.problems] == ["missing-field"]


class TestHeads:
    def test_a_head_speaks_for_its_own_profile_alone(self, child: Callable[..., Profile], toy: Profile) -> None:
        """A child has no title but its own; the sources of its parent's clauses are its as well."""
        about = child().at(2024).rules.profile
        assert (about.id, about.title) == ("child", None)
        assert set(about.sources) == {"plan", "order"}
        assert child("profile: {title: {zh: 街道, en: Street}}").at(2024).rules.profile.title.en == "Street"
        assert toy.at(2024).rules.profile.title.en == "Toy district"

    def test_nobody_verifies_a_child_by_verifying_its_parent(self, toy: Profile, tmp_path: Path) -> None:
        """Each head says when its own sources were last checked."""
        text = HEAD.replace("VERSION", ">=0").replace("START", "2023").replace("  last_verified: 2024-01-01\n", "")
        (tmp_path / "profile.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(DocumentError) as refused:
            read_profile(tmp_path, find=lambda _: toy)
        (problem,) = refused.value.problems
        assert (problem.code, problem.path) == ("missing-field", "profile")
        assert "last_verified" in problem.message.en
        assert problem.place.file.endswith("/profile.yaml")
        assert not problem.place.file.startswith("toy/")


class TestDays:
    def test_nothing_holds_before_its_parent_does(self, child: Callable[..., Profile]) -> None:
        """A child that says it holds earlier than its parent does not: there is nothing for it to lie over."""
        street = child(start="2020")
        assert street.first_day == dt.date(2023, 1, 1)
        with pytest.raises(NotInForce, match="child is not in force on 2020-01-01; it is from 2023-01-01"):
            street.at(2020)

    def test_nothing_holds_after_its_parent(self, child: Callable[..., Profile], toy: Profile) -> None:
        """Where the parent's rules are known only until a day, so are the child's."""
        short = evolve(toy, own=apply(toy.own, read_text("profile: {holds_until: 2024}"), []))
        assert child(over=short).last_day == dt.date(2024, 12, 31)

    def test_the_head_that_limits_it_is_shown(self, child: Callable[..., Profile], toy: Profile) -> None:
        """Out of force before its parent begins or after it ends, the parent's head is the place to look."""
        short = evolve(toy, own=apply(toy.own, read_text("profile: {holds_until: 2024}", name="toy/end.yaml"), []))
        places = {}
        for start, year in (("2020", 2020), ("2024", 2023), ("2024", 2025)):
            with pytest.raises(NotInForce) as refused:
                child(over=short, start=start).at(year)
            places[start, year] = str(refused.value.problems[0].place)
        assert places == {
            ("2020", 2020): "toy/profile.yaml:8:13",
            ("2024", 2023): "child/profile.yaml:6:13",
            ("2024", 2025): "toy/end.yaml:1:24",
        }

    @pytest.mark.parametrize(("until", "holds"), [("2023", True), ("2024", True), ("2025", False), ("2030", False)])
    def test_it_is_not_known_to_hold_for_longer_than_its_parent(
        self, child: Callable[..., Profile], toy: Profile, until: str, holds: bool
    ) -> None:
        """A child's last day is no later than that of the rules it lies over; what its head says is what holds."""
        short = evolve(toy, own=apply(toy.own, read_text("profile: {holds_until: 2024}", name="toy/end.yaml"), []))
        rules = f"profile: {{holds_until: {until}}}"
        if holds:
            street = child(rules, over=short)
            assert street.last_day == street.at(2023).rules.profile.holds_until.last_day
            return
        with pytest.raises(DocumentError) as refused:
            child(rules, over=short)
        assert refused.value.say("en") == (
            "child/rules.yaml:1:24: outlasts-parent: `holds_until` is later than that of the profile it extends, which "
            "is known to hold until 2024-12-31; see (toy/end.yaml:1:24)"
        )

    def test_it_is_checked_on_the_days_of_its_parents_amendments(
        self, child: Callable[..., Profile], toy: Profile
    ) -> None:
        """Rules that fit the parent of the first year and not that of the second are refused when they are read."""
        rules = "index: {care: {indicators: {services: {indicators: {repairs: {weight: 35}, cleaning: {weight: 25}}}}}}"
        with pytest.raises(DocumentError) as refused:
            child(rules)
        (problem,) = refused.value.problems
        assert problem.say("en") == (
            "child/rules.yaml:1:71: weights-do-not-add-up: the weights add up to 70, not 60: 10 too much "
            "(toy/rules.yaml:29:9) [T-02]"
        )


class TestParent:
    def test_one_that_is_not_installed_is_named(self, child: Callable[..., Profile]) -> None:
        """The problem stands at the name of the parent and says why it was not found."""
        with pytest.raises(ProfileNotFound) as refused:
            child(over=None)
        assert refused.value.say("en") == (
            "child/profile.yaml:5:22: parent-not-found: the profile `toy` that this one extends cannot be loaded: "
            "no `toy` is installed"
        )

    @pytest.mark.parametrize(
        "version", [">=0.2", "==0.2", "==0.2.0.0", "!=0.1", "<=0.2.0", "<0.10", ">0.1.9,<1", "> 0.1"]
    )
    def test_a_version_in_the_range_will_do(self, child: Callable[..., Profile], version: str) -> None:
        """Versions are compared number by number: 0.10 is after 0.2."""
        assert child(version=version).parent.version == "0.2.0"

    @pytest.mark.parametrize("version", ["<0.2", "==0.1", "!=0.2", ">0.2", ">=0.10", ">=0.2,<0.2.0", "<=0.1.9"])
    def test_a_version_out_of_the_range_is_refused(self, child: Callable[..., Profile], version: str) -> None:
        """The problem stands at the range, and says which version there is."""
        with pytest.raises(ProfileNotFound) as refused:
            child(version=version)
        assert refused.value.say("en") == (
            f"child/profile.yaml:5:36: parent-version: the profile `toy` is installed as 0.2.0, this one asks for "
            f"{version}; upgrade one of them"
        )

    def test_its_own_faults_are_shown_where_they_stand(self, toy_with: Callable[..., Profile], tmp_path: Path) -> None:
        """A parent that cannot be read says why, and where."""
        folder = tmp_path / "child"
        folder.mkdir()
        text = HEAD.replace("VERSION", ">=0").replace("START", "2023")
        (folder / "profile.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(ProfileNotFound) as refused:
            read_profile(folder, find=lambda _: toy_with({"more.yaml": "index: {care: {decimals: x}}"}))
        assert "expected a whole number, found `x`" in refused.value.say("en")
        assert "(toy/more.yaml:1:26)" in refused.value.say("zh")

    def test_its_absence_is_told_with_all_other_faults(self, child: Callable[..., Profile]) -> None:
        """A child with faults of its own and without a parent hears of both."""
        with pytest.raises(DocumentError) as refused:
            child("index: {care: {decimals: x}}", over=None)
        assert [problem.code for problem in refused.value.problems] == ["parent-not-found", "wrong-type"]

    def test_a_question_of_nobody_cannot_be_chosen(self, child: Callable[..., Profile]) -> None:
        """A child's own questions are not its parent's."""
        with pytest.raises(UsageError):
            child().parent.at(2024, readings={"few": "six"})
