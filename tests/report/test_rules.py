"""Rules, and what changes in them, as text and as JSON."""

import pytest

from communitygov.report.changes import shown_changes
from communitygov.report.rules import questions_text, rules_json, rules_text
from communitygov.report.values import chance_text
from communitygov.vocabulary.errors import UsageError


class TestRules:
    def test_every_value_of_the_rules_is_shown(self, shijingshan):
        """What JSON lists, the text shows, each value with its file."""
        rules = shijingshan.at("2024")
        lines = rules_text(rules, "zh").splitlines()
        for value in rules_json(shijingshan, rules)["values"]:
            key = value["path"].rpartition(".")[2]
            assert any(line.strip().startswith(f"{key}: ") and value["value"] in line for line in lines)

    def test_a_reading_is_named_where_it_sets_a_value(self, shijingshan):
        """A value that the text leaves open says which reading set it."""
        text = rules_text(shijingshan.at("2024"), "en", "certification.quality_star.rounding")
        assert text.startswith("rounding: floor (from reading quota_rounding: down, ")

    def test_an_unknown_path_names_the_nearest(self, shijingshan):
        """A misspelt path is an error that says what was meant."""
        with pytest.raises(UsageError, match="did you mean `tiers`"):
            rules_text(shijingshan.at("2024"), "en", "certification.quality_star.teirs")

    def test_the_reading_chosen_is_marked(self, shijingshan):
        """Each question has its readings, the one chosen with the reason."""
        asked = shijingshan.at("2024").rules.interpretations
        lines = questions_text(asked, "en").splitlines()
        assert lines[0] == f"Open questions ({len(asked)})"
        assert sum(line.startswith("    * ") for line in lines) == len(asked)


class TestChanges:
    def test_a_change_has_both_places_and_the_words_of_its_clause(self, shijingshan):
        """A changed value has its new and its old place, who changes it, and its clause word for word."""
        old, new = shijingshan.at("2024"), shijingshan.at("2024", readings={"renewal_reach": "moved_cut"})
        (change,) = shown_changes(old, new)
        assert change.path == "certification.quality_star.renewal.within"
        assert (change.was, change.value) == ("original_cut", "moved_cut")
        assert change.place.line == change.was_place.line + 1
        assert change.by.zh == "解释口径 renewal_reach: moved_cut"
        assert change.quotes == {"SJS-19": new.rules.clauses["SJS-19"].quote}

    @pytest.mark.parametrize(
        ("changes", "was", "value"),
        [("{renewal: ~}", "{within: original_cut, hold: this_or_higher, years: 1}", ""), ("{cap: 9}", "", "9")],
    )
    def test_what_is_removed_or_added_is_said(self, shijingshan, trial, changes, was, value):
        """A branch taken out is shown as it was; what is new was nothing."""
        reform = trial(f"changes: {{certification: {{quality_star: {changes}}}}}")
        (change,) = shown_changes(shijingshan.at("2024"), shijingshan.at("2024", reforms=[reform]))
        assert (change.was, change.value) == (was, value)
        assert change.by.en == "reform trial"

    def test_nothing_changes_between_equal_rules(self, shijingshan):
        """Rules are no different from themselves."""
        assert shown_changes(shijingshan.at("2024"), shijingshan.at("2024")) == ()


class TestChances:
    @pytest.mark.parametrize(
        ("chance", "said"),
        [
            (None, "?"),
            (0.0, "0%"),
            (0.001, "<1%"),
            (0.009, "<1%"),
            (0.01, "1%"),
            (0.5, "50%"),
            (0.996, ">99%"),
            (1.0, "100%"),
        ],
    )
    def test_what_is_nearly_certain_is_not_called_certain(self, chance, said):
        """100% and 0% are said of draws that all agree."""
        assert chance_text(chance) == said
