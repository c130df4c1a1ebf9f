"""What certify refuses, and how it says so: the column, the rows, the count."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from communitygov.certification.certify import certify
from communitygov.certification.rules import Certification, Veto
from communitygov.vocabulary.errors import DataError, UsageError

SCORES = {"subject": ["a", "b"], "score": [9000, 8000]}
HOLDERS = {"subject": ["a", "b"], "year": [2023, 2023], "tier": ["five_star", "four_star"]}


class TestScores:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"subject": ["a", "a"]}, "duplicate-row: column `subject`: the row is repeated; 2 rows: a"),
            ({"subject": ["a", None]}, "missing-value: column `subject`: the value is missing; 1 row: None"),
            ({"subject": [1, 2]}, "wrong-column-type: column `subject` must hold text, found Int64"),
            ({"score": ["9", "8"]}, "wrong-column-type: column `score` must hold scores, found String"),
            (
                {"score": [90.125, 80.0]},
                "too-many-decimals: column `score`: more than 2 decimals; 1 row: a (90.125)",
            ),
            (
                {"score": [float("nan"), float("inf")]},
                "not-finite: column `score`: not a finite number; 2 rows: a (nan), b (inf)",
            ),
            (
                {"score": [1e30, -1e30]},
                "too-large: column `score`: beyond 90071992547409, too large to be reckoned exactly; 2 rows: "
                "a (1000000000000000019884624838656), b (-1000000000000000019884624838656)",
            ),
            (
                {"score": pl.Series([2**63 + 5, 1], dtype=pl.UInt64)},
                "too-large: column `score`: beyond 100000000000000000, too large to be reckoned exactly; 1 row: "
                "a (9223372036854775813)",
            ),
            (
                {"score": pl.Series([Decimal("90.000000009"), Decimal(1)])},
                "too-many-decimals: column `score`: more than 2 decimals; 1 row: a (90.000000009)",
            ),
            (
                {"score": pl.Series([Decimal(10) ** 30, Decimal(1)], dtype=pl.Decimal(38, 2))},
                "too-large: column `score`: beyond 1000000000000000, too large to be reckoned exactly; 1 row: "
                "a (1000000000000000000000000000000.00)",
            ),
            ({"fire": ["yes", "no"]}, "wrong-column-type: column `fire` must hold true or false, found String"),
            ({"fire": [True, None]}, "missing-value: column `fire`: the value is missing; 1 row: b"),
            ({"street": ["x", None]}, "missing-value: column `street`: the value is missing; 1 row: b"),
            ({"survey": [1, None]}, "missing-value: column `survey`: the value is missing; 1 row: b"),
            (
                {"previous_score": [1.005, 1.0]},
                "too-many-decimals: column `previous_score`: more than 2 decimals; 1 row: a (1.005)",
            ),
        ],
    )
    def test_each_fault_names_column_and_rows(
        self, shijingshan: Callable[..., Certification], change: dict[str, Any], message: str
    ) -> None:
        """Exactly this message, and no other."""
        rule = shijingshan(
            vetoes={"fire": Veto(column="fire", when="before")},
            group_by="street",
            tie_break=("survey",),
            hold_until_change=True,
        )
        good = {**SCORES, "fire": [False, True], "street": ["x", "y"], "survey": [1, 2], "previous_score": [None, 1]}
        certify(rule, pl.DataFrame(good), year=2024)
        with pytest.raises(DataError) as caught:
            certify(rule, pl.DataFrame(good | change), year=2024)
        assert message == caught.value.say("en")

    def test_a_missing_column_is_offered_the_nearest_name(self, shijingshan: Any) -> None:
        """Misspelt, or not there at all."""
        with pytest.raises(DataError, match=r"has no column `score` .*; did you mean `scores`\?"):
            certify(shijingshan(), pl.DataFrame({"subject": ["a"], "scores": [1]}), year=2024)

    def test_a_key_column_must_be_there_without_gaps(self, shijingshan: Any) -> None:
        """And may not be a column with a meaning of its own."""
        with pytest.raises(
            DataError, match=r"missing-column: .*has no column `drawn`, named in `by`; did you mean `draw`"
        ):
            certify(shijingshan(), pl.DataFrame({**SCORES, "draw": [1, 2]}), year=2024, by=("drawn",))
        with pytest.raises(DataError, match="missing-value: column `draw`"):
            certify(shijingshan(), pl.DataFrame({**SCORES, "draw": [1, None]}), year=2024, by=("draw",))
        with pytest.raises(UsageError, match="reserved-column: `by` cannot name rank, subject"):
            certify(shijingshan(), pl.DataFrame({**SCORES, "rank": [1, 2]}), year=2024, by=("subject", "rank"))

    def test_what_is_no_frame(self, shijingshan: Any) -> None:
        """A list is none."""
        with pytest.raises(DataError, match="not-a-frame"):
            certify(shijingshan(), [1, 2], year=2024)

    def test_columns_that_the_rule_does_not_know_are_let_through(self, shijingshan: Any) -> None:
        """And left out of the result."""
        frame = certify(shijingshan(), pl.DataFrame({**SCORES, "remark": ["x", "y"]}), year=2024).frame
        assert "remark" not in frame.columns


class TestHolders:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (
                {"tier": ["five_star", "five-star"]},
                "unknown-tier: column `tier`: no such tier; known here: `five_star`, `four_star`; "
                "1 row: b 2023 (five-star)",
            ),
            ({"tier": ["five_star", None]}, "missing-value: column `tier`: the value is missing; 1 row: b 2023"),
            ({"subject": ["a", "a"]}, "duplicate-row: column `subject`: the row is repeated; 2 rows: a 2023"),
            ({"year": ["2023", "2023"]}, "wrong-column-type: column `year` must hold whole numbers, found String"),
        ],
    )
    def test_each_fault_names_column_and_rows(self, shijingshan: Any, change: dict[str, Any], message: str) -> None:
        """Exactly this message, and no other."""
        certify(shijingshan(), pl.DataFrame(SCORES), pl.DataFrame(HOLDERS), year=2024)
        with pytest.raises(DataError) as caught:
            certify(shijingshan(), pl.DataFrame(SCORES), pl.DataFrame(HOLDERS | change), year=2024)
        assert message == caught.value.say("en")

    @pytest.mark.parametrize("tier", ["Five_Star", "five star", "五星级", "Four stars"])
    def test_another_spelling_or_a_title_is_no_tier_of_earlier_rules(self, shijingshan: Any, tier: str) -> None:
        """It is one of the rule's, misspelt; holding it for one that is gone would be wrong in silence."""
        holders = pl.DataFrame(HOLDERS | {"tier": ["five_star", tier]})
        with pytest.raises(DataError, match=r"unknown-tier: .* b 2023"):
            certify(shijingshan(), pl.DataFrame(SCORES), holders, year=2024)

    def test_must_be_of_the_kind_of_the_scores(self, shijingshan: Any) -> None:
        """Polars beside pandas, lazy beside eager, are refused by name; PyArrow beside Polars goes."""
        scores, holders = pl.DataFrame(SCORES), pl.DataFrame(HOLDERS)
        with pytest.raises(DataError, match=r"holders is another kind of frame than the first \(pandas, polars\)"):
            certify(shijingshan(), scores, holders.to_pandas(), year=2024)
        with pytest.raises(DataError, match=r"\(polars lazy, polars\)"):
            certify(shijingshan(), scores, holders.lazy(), year=2024)
        assert certify(shijingshan(), scores, holders.to_arrow(), year=2024).frame.height == 2

    def test_all_faults_are_named_at_once(self, shijingshan: Any) -> None:
        """In Chinese as well."""
        bad = pl.DataFrame({"subject": ["a", "a"], "score": [1.001, 2.0]})
        with pytest.raises(DataError) as caught:
            certify(shijingshan(), bad, year=2024)
        assert sorted(p.code for p in caught.value.problems) == ["duplicate-row", "too-many-decimals"]
        assert "列 `score`：小数多于 2 位，共 1 行：a (1.001)" in caught.value.say("zh")
