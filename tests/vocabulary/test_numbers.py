"""Numbers: read exactly from their text, rounded half up, written back."""

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from communitygov.vocabulary.numbers import decimal_text, exact, half_up, share_text, to_units

fractions = st.fractions(min_value=-(10**6), max_value=10**6, max_denominator=10**6)
decimals = st.integers(0, 9)
ending = st.builds(lambda units, places: Fraction(units, 10**places), st.integers(-(10**12), 10**12), decimals)


class TestReading:
    @given(fractions)
    def test_what_is_written_is_read_back(self, value):
        """Writing a number and reading it again is the identity, as a number and as a share."""
        assert exact(decimal_text(value)) == value
        assert exact(share_text(value)) == value

    @given(st.integers(-(10**29), 10**29), st.integers(1, 30))
    def test_a_decimal_is_its_digits_over_a_power_of_ten(self, units, places):
        """0.3 is 3/10, with no float on the way."""
        digits = str(abs(units)).rjust(places + 1, "0")
        text = f"{'-' if units < 0 else ''}{digits[:-places]}.{digits[-places:]}"
        assert exact(text) == Fraction(units, 10**places)
        assert exact(text + "%") == Fraction(units, 10 ** (places + 2))

    @given(st.integers(0, 10**30 - 1), st.integers(1, 10**30 - 1))
    def test_a_ratio_is_in_lowest_terms(self, top, bottom):
        """2/4 is 1/2."""
        assert exact(f"{top}/{bottom}") == Fraction(top, bottom)
        assert exact(f"+{top}/{bottom}") == -exact(f"-{top}/{bottom}")

    @pytest.mark.parametrize(
        "text",
        [
            *("", "ten", "1/0", "1/00", "5%%", "%", ".5", "5.", "1e3", "0x1F", "1,000", "1/3%", "--1", "5 %", "nan"),
            *("１０%", "٣", "1" * 31, "0." + "1" * 31, "1/" + "1" * 31),
        ],
    )
    def test_what_is_no_number_is_refused(self, text):
        """Nothing is guessed, and digits of other scripts are no digits."""
        with pytest.raises(ValueError, match="not a number"):
            exact(text)

    def test_space_around_a_number_does_not_matter(self):
        """A value from a form may bring spaces along."""
        assert exact(" 10% ") == Fraction(1, 10)


class TestRounding:
    @given(fractions)
    @example(Fraction(5, 2))
    @example(Fraction(-5, 2))
    def test_the_nearest_whole_number_is_taken_and_of_two_the_greater(self, value):
        """Half up: no whole number is nearer, and the next greater one is farther."""
        rounded = half_up(value)
        assert abs(rounded - value) <= Fraction(1, 2)
        assert rounded + 1 - value > Fraction(1, 2)

    @given(fractions, decimals)
    def test_units_are_the_digits_that_are_shown(self, value, places):
        """What is published and what is shown are the same digits."""
        units = to_units(value, places)
        assert exact(decimal_text(value, places)) == Fraction(units, 10**places)

    @given(ending)
    def test_a_number_that_ends_is_written_out_without_needless_zeros(self, value):
        """Exactly as many places as it has."""
        text = decimal_text(value)
        assert "/" not in text
        assert "." not in text or not text.endswith("0")

    @given(fractions, st.integers(1, 9))
    def test_as_many_places_are_shown_as_asked_for(self, value, places):
        """86.3 with two places is 86.30."""
        assert len(decimal_text(value, places).partition(".")[2]) == places


class TestWriting:
    @pytest.mark.parametrize(
        ("value", "places", "text"),
        [
            (Fraction(0), None, "0"),
            (Fraction(0), 2, "0.00"),
            (Fraction(-1, 8), None, "-0.125"),
            (Fraction(-1, 1000), 2, "0.00"),
            (Fraction(-5, 2), 0, "-2"),
            (Fraction(86), 2, "86.00"),
            (Fraction(1, 3), None, "1/3"),
            (Fraction(-1, 3), None, "-1/3"),
        ],
    )
    def test_a_number_is_written_as_people_write_it(self, value, places, text):
        """A zero before the point, no minus before nothing, a ratio where the decimals do not end."""
        assert decimal_text(value, places) == text

    @pytest.mark.parametrize(
        ("value", "places", "text"),
        [(Fraction(1, 2), None, "50%"), (Fraction(1, 3), None, "1/3"), (Fraction(1, 3), 1, "33.3%")],
    )
    def test_a_share_is_written_in_percent_where_it_ends(self, value, places, text):
        """Or as a ratio, so that nothing is lost."""
        assert share_text(value, places) == text
