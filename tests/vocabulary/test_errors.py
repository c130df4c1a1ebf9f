"""Errors: one root, all problems in each, in both languages."""

import pytest

from communitygov.vocabulary import errors
from communitygov.vocabulary.errors import CommunityGovError, DocumentError, MissingExtra, UsageError
from communitygov.vocabulary.problem import Place, Problem
from communitygov.vocabulary.text import Title

FIRST = Problem("a", Title(zh="甲", en="first"), Place("x.yaml", 1))
SECOND = Problem("b", Title(zh="乙", en="second"), Place("x.yaml", 2))


class TestErrors:
    @pytest.mark.parametrize("name", sorted(set(errors.__all__)))
    def test_every_error_is_caught_by_the_root(self, name):
        """One except clause is enough for all that is raised on purpose; each says what the user did."""
        error = getattr(errors, name)
        with pytest.raises(CommunityGovError):
            raise error(FIRST)
        assert error.__doc__.startswith(("You ", "The root"))

    def test_an_error_says_everything_that_is_wrong_in_reading_order(self):
        """Never only the first problem."""
        error = DocumentError([SECOND, FIRST, SECOND])
        assert error.problems == (FIRST, SECOND)
        assert str(error) == error.say("en") == "x.yaml:1: a: first\nx.yaml:2: b: second"
        assert error.say("zh") == "x.yaml:1: a: 甲\nx.yaml:2: b: 乙"

    def test_an_error_for_one_problem_is_of_its_own_class(self):
        """It can be raised in one line."""
        error = UsageError.because("bad-period", zh="不是时期", en="no period")
        assert type(error) is UsageError
        assert error.say("zh") == "bad-period: 不是时期"

    def test_a_missing_library_is_named_with_the_command_that_brings_it(self):
        """What to do is part of the message."""
        error = MissingExtra.named("report", "altair")
        assert type(error) is MissingExtra
        assert error.say("en") == ("missing-extra: altair is not installed; run pip install 'communitygov[report]'")
