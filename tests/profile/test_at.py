"""The rules in force on a day."""

import datetime as dt
from collections.abc import Callable

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from communitygov.documents.layers import Layer
from communitygov.documents.reading import read_text
from communitygov.profile.profile import Profile, Reform
from communitygov.profile.reading import read_profile
from communitygov.vocabulary.errors import NotInForce, UsageError
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.text import Title

CAP = "certification.star.cap"


class TestAt:
    @pytest.mark.parametrize(
        "when",
        [2024, "2024", "2024Q1", "2024-01-01", Period.parse("2024H1"), dt.date(2024, 1, 1), dt.datetime(2024, 1, 1)],
    )
    def test_a_period_stands_for_its_first_day(self, toy: Profile, when: object) -> None:
        """Any way of writing a period, or a day, gives the rules of its first day."""
        assert toy.at(when).day == dt.date(2024, 1, 1)

    def test_what_is_no_period_is_refused(self, toy: Profile) -> None:
        """A text that is no period is a mistake of the caller, said in one sentence."""
        with pytest.raises(UsageError, match="`next year` is no period, such as 2023"):
            toy.at("next year")

    def test_before_the_first_day_nothing_is_in_force(self, toy: Profile) -> None:
        """The first rules are never carried back: the day before is *not in force*, in both languages."""
        with pytest.raises(NotInForce) as refused:
            toy.at("2022-12-31")
        assert refused.value.say("en") == (
            "toy/profile.yaml:8:13: not-in-force: toy is not in force on 2022-12-31; "
            "it is from 2023-01-01 until further notice"
        )
        assert "toy 在 2022-12-31 未生效；生效期为 2023-01-01 至 今" in refused.value.say("zh")

    def test_after_the_last_known_day_nothing_is_in_force(self, toy_with: Callable[..., Profile], toy: Profile) -> None:
        """A profile that says until when it holds is not in force the day after, and is on its last day."""
        text = (toy.folder / "profile.yaml").read_text(encoding="utf-8")
        short = toy_with({"profile.yaml": text.replace("  in_force: 2023", "  in_force: 2023\n  holds_until: 2024Q2")})
        assert short.last_day == dt.date(2024, 6, 30)
        assert short.at("2024-06-30").day == short.last_day
        with pytest.raises(NotInForce, match="it is from 2023-01-01 until 2024-06-30"):
            short.at("2024-07-01")
        assert short.history("index", "care").until == short.last_day

    def test_amendments_hold_from_their_day_on(self, toy: Profile) -> None:
        """The day before an amendment the old rules hold, on its day the new."""
        before, after = toy.at("2023-12-31"), toy.at("2024-01-01")
        assert [len(one.index["care"].leaves) for one in (before, after)] == [4, 5]
        assert [layer.name for layer in before.layers] == []
        assert [layer.name for layer in after.layers] == ["elderly-care"]

    def test_an_amendment_with_an_end_gives_way_to_what_was_before(self, toy_with: Callable[..., Profile]) -> None:
        """After the last period of an amendment the rules are those without it."""
        text = "amendment: cap\nfrom: 2025\nuntil: 2026\nchanges: {certification: {star: {cap: 9}}}\n"
        profile = toy_with({"amendments/cap.yaml": text})
        assert [profile.at(year).certification["star"].cap for year in (2024, 2025, 2026, 2027)] == [None, 9, 9, None]
        assert profile.at(2024).digest == profile.at(2027).digest

    def test_the_same_rules_are_one_object(self, toy: Profile, shijingshan: Profile) -> None:
        """What was resolved once is shared: between days, and with reforms that do not touch it."""
        assert toy.at("2023Q1").index["care"] is toy.at("2023Q3").index["care"]
        assert shijingshan.at(2023).certification["quality_star"] is shijingshan.at(2030).certification["quality_star"]


def capped(day: str, cap: int) -> Layer:
    """Return an amendment that caps the stars from a day on."""
    patch = read_text(f"certification: {{star: {{cap: {cap}}}}}", name=f"{day}.yaml")
    return Layer("amendment", f"cap of {day}", patch, Period.parse(day))


class TestLaterAmendments:
    @given(years=st.sets(st.integers(2024, 2040), max_size=6), year=st.integers(2023, 2042))
    def test_rules_in_force_do_not_depend_on_them(self, toy: Profile, years: set[int], year: int) -> None:
        """L7: the rules of a day are the same whatever is added later."""
        layers = [capped(str(one), one) for one in sorted(years)]
        everything = evolve(toy, amendments=(*toy.amendments, *layers))
        known = [layer for layer in layers if layer.start.first_day <= dt.date(year, 1, 1)]
        then = evolve(toy, amendments=(*toy.amendments, *known))
        assert everything.at(year).digest == then.at(year).digest
        assert everything.at(year).certification["star"].cap == max((one for one in years if one <= year), default=None)

    def test_they_go_by_their_days_and_not_by_their_files(self, toy: Profile) -> None:
        """Of two amendments the later wins, in whatever order their files were read."""
        layers = (capped("2026", 6), capped("2025", 5))
        for amendments in (layers, layers[::-1]):
            profile = evolve(toy, amendments=amendments)
            assert [profile.at(year).certification["star"].cap for year in (2024, 2025, 2026)] == [None, 5, 6]


class TestHistory:
    def test_versions_begin_on_the_days_of_amendments(self, toy: Profile) -> None:
        """A rule's history has one version for each time that it changed, and none for changes of other rules."""
        index = toy.history("index", "care")
        assert [day for day, _ in index.versions] == [dt.date(2023, 1, 1), dt.date(2024, 1, 1)]
        assert [len(one.leaves) for one in index] == [4, 5]
        assert [day for day, _ in toy.history("certification", "star").versions] == [dt.date(2023, 1, 1)]

    def test_reforms_and_readings_are_laid_over_every_version(
        self, toy: Profile, reform: Callable[..., Reform]
    ) -> None:
        """A reform begins and ends versions; a reading holds in all of them."""
        cap = reform("{certification: {star: {cap: 4}}}", start="2025", until="2026")
        star = toy.history("certification", "star", reforms=[cap], readings={"rounding": "up"})
        assert [(day.year, one.cap, one.rounding) for day, one in star.versions] == [
            (2023, None, "ceiling"),
            (2025, 4, "ceiling"),
            (2027, None, "ceiling"),
        ]

    def test_a_reform_without_dates_makes_no_version(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """What always holds changes every version and begins none."""
        star = toy.history("certification", "star", reforms=[reform("{certification: {star: {cap: 4}}}")])
        assert [(day.year, one.cap) for day, one in star.versions] == [(2023, 4)]

    def test_a_rule_that_comes_later_is_not_in_force_before(self, toy_with: Callable[..., Profile]) -> None:
        """The history of a rule that an amendment brings and another takes away lies between their days."""
        measure = "{of: scored, period: quarter, unit: {zh: 分, en: points}, numerator: {what: mean, columns: [score]}}"
        profile = toy_with(
            {
                "amendments/mean.yaml": f"amendment: mean\nfrom: 2025\nchanges: {{measures: {{mean: {measure}}}}}\n",
                "amendments/none.yaml": "amendment: none\nfrom: 2027\nchanges: {measures: {mean: ~}}\n",
            }
        )
        mean = profile.history("measures", "mean")
        assert mean.at("2025").of == mean.at("2026").of == "scored"
        for year in ("2024", "2027"):
            with pytest.raises(NotInForce):
                mean.at(year)

    def test_what_the_profile_never_had_is_refused(self, toy: Profile) -> None:
        """A name that stands in no version is a mistake, and the nearest is named."""
        with pytest.raises(UsageError, match="toy index has no `caer`; did you mean `care`"):
            toy.history("index", "caer")
        with pytest.raises(UsageError, match="toy has no `indexes`; did you mean `index`"):
            toy.history("indexes", "care")


class TestDigest:
    def test_it_is_of_what_the_rules_say(self, toy_with: Callable[..., Profile], toy: Profile) -> None:
        """The same rules in one file, in another order, without comments, have the same digest."""
        files = ["questions.yaml", "rules.yaml", "profile.yaml"]
        lines = [
            line
            for name in files
            for line in (toy.folder / name).read_text(encoding="utf-8").splitlines()
            if not line.startswith("#")
        ]
        one = toy_with({})
        for name in files:
            (one.folder / name).unlink()
        (one.folder / "all.yaml").write_text("\n".join(lines), encoding="utf-8")
        again = read_profile(one.folder)
        assert [again.at(year).digest for year in (2023, 2024)] == [toy.at(year).digest for year in (2023, 2024)]

    def test_it_tells_two_rule_sets_apart(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """A leaf that differs makes another digest; the readings taken count as well."""
        plain = toy.at(2024)
        assert toy.at(2024, reforms=[reform("{certification: {star: {cap: 3}}}")]).digest != plain.digest
        assert toy.at(2024, readings={"rounding": "up"}).digest != plain.digest
        assert toy.at(2024, readings={"rounding": "down"}).digest == plain.digest


class TestRuleSet:
    def test_a_value_is_found_by_its_path_and_so_are_its_clauses(self, toy: Profile) -> None:
        """A dotted path leads to the value; the clause of the nearest rule above speaks for it."""
        rules = toy.at(2024)
        assert rules.find("certification.star.tiers.gold.share").text() == "10%"
        assert rules.clause("certification.star.tiers.gold.share") == ("T-04",)
        assert rules.clause("index.care.indicators.services.indicators.elderly_care.weight") == ("T-05",)

    def test_a_wrong_path_names_the_nearest_key(self, toy: Profile) -> None:
        """A path that leads nowhere says at which key, and what was meant."""
        with pytest.raises(UsageError, match=r"there is no `gould` on the way to .*; did you mean `gold`"):
            toy.at(2024).find("certification.star.tiers.gould.share")

    def test_a_profile_knows_itself(self, toy: Profile) -> None:
        """Its name, version and first day are those of its head."""
        assert (toy.name, toy.version, toy.first_day, toy.last_day) == ("toy", "0.2.0", dt.date(2023, 1, 1), None)
        assert toy.reforms["wider-silver"].title == Title(zh="银星扩大到40%（下一步）", en="Silver for 40% (announced)")
