"""What passes through the stages of a certification in columns: a frame, the rule, and its cuts."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from attrs import evolve, frozen

from communitygov.certification.rules import Certification, Tier

__all__ = ["Cut", "Work", "any_of"]


@frozen
class Cut:
    """One cut, and what its columns are called.

    Args:
        number: 1 for the highest.
        id: The tier's id.
        tier: The tier.
        before: Columns of vetoes that keep a subject from being a candidate of it.
        bars: Columns of all vetoes that bar it.
        takers: What the windows over its takers are called; cuts with the same takers share them.
    """

    number: int
    id: str
    tier: Tier
    before: tuple[str, ...]
    bars: tuple[str, ...]
    takers: str

    @property
    def has_places(self) -> bool:
        """Whether its places are numbered."""
        return self.tier.share is not None or self.tier.number is not None

    def named(self, what: str) -> str:
        """Return the name of one of its columns.

        Args:
            what: What the column says.
        """
        return f"_{what}_{self.number}"

    def col(self, what: str) -> Any:
        """Return one of its columns.

        Args:
            what: What the column says.
        """
        import narwhals as nw

        return nw.col(self.named(what))


@frozen
class Work:
    """A frame on its way to a result, with the rule it goes through; working columns begin with an underscore.

    Args:
        certification: The rule.
        frame: The frame.
        by: Further key columns.
        year: The year certified.
        renewing: Whether anybody can be renewed.
        holding: Whether anybody can keep a tier because its score is unchanged.
        cuts: The cuts, highest first.
    """

    certification: Certification
    frame: Any
    by: tuple[str, ...]
    year: int
    renewing: bool
    holding: bool
    cuts: tuple[Cut, ...]

    @property
    def group(self) -> list[str]:
        """The columns that subjects are ranked within."""
        return [*self.by] if self.by and not self.certification.group_by else [*self.by, "group"]

    @property
    def scored(self) -> Any:
        """Whether a subject has a score."""
        import narwhals as nw

        return ~nw.col("score").is_null()

    def adding(self, columns: dict[str, Any]) -> Work:
        """Return the work with further columns.

        Args:
            columns: Expressions by name.
        """
        return evolve(self, frame=self.frame.with_columns(**columns)) if columns else self


def any_of(masks: list[Any]) -> Any:
    """Return whether any of some expressions is true; false if there are none.

    Args:
        masks: The expressions.
    """
    import narwhals as nw

    return reduce(or_, masks) if masks else nw.lit(False)
