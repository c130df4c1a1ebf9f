"""What the report of a simulation says, before it is a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen

from communitygov.profile.coverage import Assumption
from communitygov.profile.rules import Interpretation
from communitygov.report.charts import Line, Target
from communitygov.vocabulary.problem import Place
from communitygov.vocabulary.text import Language, Title

__all__ = ["Block", "Change", "Contents", "Picture", "Side"]


@frozen
class Change:
    """A value that a variant changes.

    Args:
        path: Where it stands in the rules, as a dotted path.
        value: The new value; empty if it is removed.
        was: The value before; empty if there was none.
        place: Where the new one is written.
        was_place: Where the old one is written.
        by: Who changes it: a reform or a reading.
        quotes: The clauses that speak for it, word for word.
    """

    path: str
    value: str
    was: str
    place: Place
    was_place: Place | None
    by: Title
    quotes: Mapping[str, str]


@frozen
class Side:
    """One variant, for the head of the page.

    Args:
        line: Its share of stars, year by year.
        about: What it is: why a reform is proposed, or the question that a reading answers.
        chances: The probability that each target is met, by the target's title.
        changes: What it changes in the rules as they stand.
    """

    line: Line
    about: Title
    chances: tuple[tuple[Title, float | None], ...] = ()
    changes: tuple[Change, ...] = ()


@frozen
class Block:
    """A table with a title.

    Args:
        title: Its title.
        heads: The titles of its columns.
        rows: Its rows; a `Title` is said in the page's language.
        about: How to read it.
        wide: Whether it takes the whole width of the page.
        folded: Whether it is shown only when asked for.
    """

    title: Title
    heads: tuple[Title, ...]
    rows: tuple[tuple[Any, ...], ...]
    about: Title | None = None
    wide: bool = False
    folded: bool = False


@frozen
class Picture:
    """A chart with a title.

    Args:
        name: The stem of its file.
        title: Its title.
        about: What it shows, for those who cannot see it, and how to read it.
        draw: Makes the chart in a language.
    """

    name: str
    title: Title
    about: Title
    draw: Callable[[Language], Any]


@frozen
class Contents:
    """The whole report of a simulation.

    Args:
        title: Its title.
        subtitle: What was simulated: years, draws, communities.
        sides: The variants.
        target: The share to be reached, if there is one.
        pictures: The charts, in order.
        blocks: The tables, in order.
        assumptions: The values that no source gives.
        questions: The open questions, by id.
        tried: The readings that variants take, by question.
        contradictions: Where sources contradict themselves.
        model: The parameters of the drawn world; None if the data are real.
        provenance: Where it all comes from: seed, digests, versions.
    """

    title: Title
    subtitle: Title
    sides: tuple[Side, ...]
    target: Target | None
    pictures: tuple[Picture, ...]
    blocks: tuple[Block, ...]
    assumptions: tuple[Assumption, ...]
    questions: Mapping[str, Interpretation]
    tried: Mapping[str, tuple[str, ...]]
    contradictions: tuple[Title, ...]
    model: Block | None
    provenance: tuple[tuple[Title, str], ...] = field(default=())
