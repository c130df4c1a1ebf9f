"""Which version of an index speaks for which row: the one in force on the first day of the row's period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from communitygov.documents.rule import hold_to_itself
from communitygov.index.promises import RESERVED
from communitygov.index.rules import Index
from communitygov.vocabulary.dated import Dated
from communitygov.vocabulary.errors import NotInForce, UsageError
from communitygov.vocabulary.period import Period, PeriodKind, is_period
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import narwhals as nw

__all__ = ["Version", "check_keys", "leaf_ids", "node_ids", "text_periods", "versions_of"]


@frozen
class Version:
    """An index and the periods that it speaks for.

    Args:
        index: The rules.
        first: Its first period, or None if it has always been in force.
        beyond: The first period that it no longer speaks for, or None if there is none.
    """

    index: Index
    first: Period | None = None
    beyond: Period | None = None

    def speaks_for(self) -> nw.Expr:
        """Return whether a row's period is one of this version's. Texts of periods of one kind sort by time."""
        import narwhals as nw

        period = nw.col("period")
        mine = is_period(period, self.index.period)
        if self.first is not None:
            mine = mine & (period >= str(self.first))
        if self.beyond is not None:
            mine = mine & (period < str(self.beyond))
        return mine


def versions_of(index: Index | Dated[Index]) -> tuple[Version, ...]:
    """Return the versions of an index that speak for any period at all, by date.

    Args:
        index: One index, in force always, or its dated versions.

    Raises:
        NotInForce: If no period begins between its first day and its last.
        DocumentError: If an index that was made in Python breaks one of its own rules; one that was built from a
            document has been checked.
    """
    if isinstance(index, Index):
        found = [Version(index)]
    else:
        found = []
        for day, last, rules in index.spans():
            end = None if last is None else last + dt.timedelta(days=1)
            first, beyond = _from(day, rules.period), None if end is None else _from(end, rules.period)
            if beyond is None or first.first_day < beyond.first_day:
                found.append(Version(rules, first, beyond))
    if not found:
        title = Title(zh="没有任何评价周期始于其生效期内", en="no period begins while the index is in force")
        raise NotInForce(Problem("not-in-force", title))
    hold_to_itself(*(version.index for version in found))
    return tuple(found)


def _from(day: dt.date, kind: PeriodKind) -> Period:
    """Return the first period of a kind that begins on or after a day."""
    period = Period.containing(day, kind)
    return period if period.first_day == day else period.next()


def text_periods(frame: Any) -> Any:
    """Return a frame whose periods are plain text, so that they can be compared; categories are not.

    Args:
        frame: A Narwhals frame.
    """
    import narwhals as nw

    if frame.collect_schema().get("period") in (nw.Categorical, nw.Enum):
        return frame.with_columns(nw.col("period").cast(nw.String))
    return frame


def leaf_ids(versions: Sequence[Version]) -> tuple[str, ...]:
    """Return the ids of all leaves, in the order of the first version that has each.

    Args:
        versions: The versions.
    """
    return tuple(dict.fromkeys(leaf.id for version in versions for leaf in version.index.leaves))


def node_ids(versions: Sequence[Version]) -> tuple[str, ...]:
    """Return the ids of all nodes, parents first, in the order of the first version that has each.

    Args:
        versions: The versions.
    """
    return tuple(dict.fromkeys(path[-1] for version in versions for path, _ in version.index.nodes))


def check_keys(versions: Sequence[Version], by: Sequence[str], columns: Sequence[str]) -> None:
    """Check the names of further key columns.

    Args:
        versions: The versions of the index.
        by: The names.
        columns: The columns of the frame.

    Raises:
        UsageError: If a name is that of an indicator or of a result column, stands twice, or is no column.
    """
    taken = RESERVED.union(leaf_ids(versions), node_ids(versions))
    problems = []
    for name in dict.fromkeys(by):
        if name in taken or list(by).count(name) > 1:
            problems.append(
                Problem(
                    "bad-key",
                    Title(zh=f"`{name}` 不能再作分组列", en=f"`{name}` cannot be a further key column; it is taken"),
                )
            )
        elif name not in columns:
            hint = did_you_mean(name, set(columns) - taken)
            problems.append(
                Problem(
                    "missing-column", Title(zh=f"没有列 `{name}`{hint.zh}", en=f"there is no column `{name}`{hint.en}")
                )
            )
    if problems:
        raise UsageError(problems)
