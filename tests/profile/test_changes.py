"""What one set of rules says otherwise than another."""

from collections.abc import Callable

import pytest

from communitygov.profile.changes import Change, changes
from communitygov.profile.profile import Profile, Reform

GOLD = "certification.star.tiers.gold"


def only(found: tuple[Change, ...]) -> Change:
    """Return the one change there is."""
    (change,) = found
    return change


class TestChanges:
    def test_the_same_rules_say_nothing_otherwise(self, toy: Profile) -> None:
        """Rules are the same on days between which nothing came into force, and with themselves."""
        assert changes(toy.at("2023Q1"), toy.at("2023Q4")) == ()
        assert changes(toy.at(2024), toy.at(2024, reforms=[])) == ()

    def test_each_value_that_differs_is_named_with_both_places(
        self, toy: Profile, reform: Callable[..., Reform]
    ) -> None:
        """The path, both values, both places, the layer and the clause."""
        two = reform("{certification: {star: {ties: out, tiers: {gold: {share: 5%}}}}}")
        found = {one.path: one for one in changes(toy.at(2024), toy.at(2024, reforms=[two]))}
        assert set(found) == {"certification.star.ties", f"{GOLD}.share"}
        share = found[f"{GOLD}.share"]
        assert (share.old.text(), share.new.text(), share.layer, share.clause) == (
            "10%",
            "5%",
            "reform tried",
            ("T-04",),
        )
        assert (share.place.line, share.was_place.file, share.was_place.line) == (2, "toy/rules.yaml", 51)

    def test_what_is_added_or_removed_is_named_as_one(self, toy: Profile, reform: Callable[..., Reform]) -> None:
        """A branch that is new or gone is one change, with its values in it and not its titles and clauses."""
        bronze = (
            "{certification: {star: {renewal: ~, tiers: {bronze: {title: {zh: 铜, en: B}, order: 3, share: 50%}}}}}"
        )
        found = {one.path: one for one in changes(toy.at(2024), toy.at(2024, reforms=[reform(bronze)]))}
        added, removed = found["certification.star.tiers.bronze"], found["certification.star.renewal"]
        assert (added.old, added.was_place, removed.new) == (None, None, None)
        assert added.say("en").startswith("certification.star.tiers.bronze: {order: 3, share: 50%}, reform tried /")
        assert added.say("en").endswith(":2, was nothing [T-04]")
        assert removed.say("en").startswith("certification.star.renewal: removed, reform tried /")
        assert removed.say("en").endswith(
            ":2, was {hold: any, years: 1, within: original_cut} (toy/rules.yaml:53) [T-04]"
        )
        assert "：删除，改革方案 tried /" in removed.say("zh")
        assert added.say("zh").endswith(":2，原为 无 [T-04]")

    def test_an_amendment_makes_the_difference_between_two_days(self, toy: Profile) -> None:
        """From one year to the next, what came into force is what differs."""
        found = {one.path: one for one in changes(toy.at(2023), toy.at(2024))}
        weight = found["index.care.indicators.services.indicators.cleaning.weight"]
        assert (weight.old.text(), weight.new.text(), weight.layer) == ("30", "20", "amendment elderly-care")
        assert weight.say("zh") == (
            "index.care.indicators.services.indicators.cleaning.weight：20，修订 elderly-care "
            "toy/amendments/2024-elderly-care.yaml:13，原为 30 (toy/rules.yaml:31) [T-02]"
        )
        assert len(found) == 3

    def test_a_difference_that_is_taken_back_is_of_the_documents(
        self, toy: Profile, reform: Callable[..., Reform]
    ) -> None:
        """Seen from a reform, the rules as they stand differ by what the profile's own documents say."""
        reformed = toy.at(2024, reforms=[reform("{certification: {star: {tiers: {gold: {share: 5%}}}}}")])
        back = only(changes(reformed, toy.at(2024)))
        assert (back.layer, str(back.place)) == ("toy", "toy/rules.yaml:51:58")
        assert ", toy toy/rules.yaml:51, was 5% (" in back.say("en")

    def test_choosing_a_reading_is_told_by_what_it_changes(self, toy: Profile) -> None:
        """The choice itself is no rule; what the reading sets is, and it stands where the reading does."""
        up = only(changes(toy.at(2024), toy.at(2024, readings={"rounding": "up"})))
        assert (up.path, up.old.text(), up.new.text()) == ("certification.star.rounding", "floor", "ceiling")
        assert (up.layer, up.place.file) == ("reading rounding: up", "toy/questions.yaml")

    def test_what_a_reading_takes_away_is_told_by_the_reading(self, toy_with: Callable[..., Profile]) -> None:
        """A removal leaves nothing behind in the rules; the reading that makes it is named all the same."""
        question = """\
interpretations:
  holders:
    clause: T-04
    question: {zh: 上年有星的占名额吗？, en: Do holders take places?}
    readings:
      free: {certification: {star: {renewal: {years: 1}}}}
      taken: {certification: {star: {cap: 9, awards: ~}}}
    chosen: free
    because: {zh: 示例。, en: An example.}
certification: {star: {awards: {tiers: {gold: {amount: 1}}}}}
"""
        profile = toy_with({"more.yaml": question})
        found = {one.path: one for one in changes(profile.at(2024), profile.at(2024, readings={"holders": "taken"}))}
        assert found["certification.star.awards"].new is None
        assert found["certification.star.awards"].layer == "reading holders: taken"

    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_the_real_change_of_the_real_question(self, shijingshan: Profile, lang: str) -> None:
        """The open question of SJS-19 moves one value."""
        moved = only(changes(shijingshan.at(2024), shijingshan.at(2024, readings={"renewal_reach": "moved_cut"})))
        assert moved.path == "certification.quality_star.renewal.within"
        assert moved.clause == ("SJS-19",)
        assert "moved_cut" in moved.say(lang)
        assert "original_cut" in moved.say(lang)
