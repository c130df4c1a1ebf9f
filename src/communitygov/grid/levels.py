"""What a profile can say about the levels of a hierarchy: their codes, kinds of units, sizes and tallies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import combinations

from communitygov.documents.rule import Finding, Rule, rule, term
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["RESERVED", "Bound", "CodeForm", "Kind", "Level", "Tally"]

_RANGE = re.compile(r"(?P<low>[0-9]{1,18})(?:-(?P<high>[0-9]{1,18}))?", re.ASCII)


@rule
class CodeForm(Rule):
    """The form of the codes of a level's units.

    A code is ``digits`` long. Its first ``significant`` digits say which unit it is; the rest are zeros. So the
    national codes of 12 digits have 2 significant ones for a province and 9 for a street.

    Args:
        digits: How many digits a code has.
        significant: How many of them say which unit it is; all if absent.
        prefix: Whether a code begins with the significant digits of the unit that it stands on. The data then need
            not name that unit.
    """

    digits: int = term("位数", "Digits", at_least=1, at_most=30)
    significant: int | None = term("有效位数", "Significant", default=None, at_least=1, at_most=30)
    prefix: bool = term("前缀", "Prefix", default=False)

    @property
    def own(self) -> int:
        """How many digits say which unit it is."""
        return self.digits if self.significant is None else self.significant

    def check(self) -> Iterator[Finding]:
        """Yield a finding if more digits are significant than there are."""
        yield from super().check()
        if self.own > self.digits:
            yield Finding(
                ("significant",), "empty-range", "significant 大于 digits", "more significant digits than digits"
            )


@rule
class Kind(Rule):
    """A kind of units at a level, such as street and township, and how it shows.

    Args:
        codes: The numbers that a level adds to the code of the unit it stands on, such as ``001-199``.
        endings: The endings of names of this kind, such as 街道办事处 and 街道. They are spellings of one thing: what
            stands before the ending is the name that units are matched by.
        territorial: Whether such a unit has land. One without is not counted among the units of its level.
    """

    codes: tuple[str, ...] = term("代码段", "Codes", default=())
    endings: tuple[str, ...] = term("名称后缀", "Endings", default=())
    territorial: bool = term("有地域", "Territorial", default=True)

    @property
    def ranges(self) -> tuple[tuple[str, str], ...]:
        """The least and greatest number of each range of codes, as text of one length."""
        found = (_RANGE.fullmatch(text) for text in self.codes)
        return tuple((match["low"], match["high"] or match["low"]) for match in found if match is not None)

    def check(self) -> Iterator[Finding]:
        """Yield a finding for each range that is none, and for an ending that is empty."""
        yield from super().check()
        for i, text in enumerate(self.codes):
            match = _RANGE.fullmatch(text)
            low, high = (match["low"], match["high"] or match["low"]) if match else ("1", "0")
            if len(low) != len(high) or low > high:
                yield Finding(
                    ("codes", str(i)),
                    "bad-range",
                    f"`{text}` 不是代码段，应如 001-199，两端位数相同",
                    f"`{text}` is no range of codes such as 001-199, both ends equally long",
                )
        for i, text in enumerate(self.endings):
            if not text:
                yield Finding(("endings", str(i)), "empty-ending", "后缀不能为空", "an ending cannot be empty")


@rule
class Bound(Rule):
    """How large a unit may be.

    Args:
        at_least: The least number.
        at_most: The greatest number.
        below: A number that is already too large.
        kinds: The kinds of units that it is asked of; all if none are named.
        exempt: Reasons for which a unit may be of any size, by the word that the data have for them.
    """

    at_least: int | None = term("不少于", "At least", default=None, at_least=0)
    at_most: int | None = term("不多于", "At most", default=None, at_least=0)
    below: int | None = term("少于", "Below", default=None, at_least=1)
    kinds: tuple[str, ...] = term("类型", "Kinds", default=())
    exempt: Mapping[str, Title] = term("除外", "Exempt", default={})

    @property
    def most(self) -> int | None:
        """The greatest number that is allowed, if there is one."""
        limits = [
            limit for limit in (self.at_most, None if self.below is None else self.below - 1) if limit is not None
        ]
        return min(limits, default=None)

    def check(self) -> Iterator[Finding]:
        """Yield a finding if nothing is asked, or nothing can satisfy it."""
        yield from super().check()
        if self.at_least is None and self.most is None:
            yield Finding((), "empty-condition", "没有任何条件", "asks nothing")
        if self.at_least is not None and self.most is not None and self.at_least > self.most:
            yield Finding((), "empty-range", "下限大于上限", "the least is above the greatest")


@rule
class Tally(Rule):
    """A number that the data state for each unit of a level: how many units of another there are below it.

    Args:
        level: The level that is counted.
        kinds: The kinds of units that are counted; all that have land, if none are named.
    """

    level: str = term("层级", "Level")
    kinds: tuple[str, ...] = term("类型", "Kinds", default=())


@rule
class Level(Rule):
    """A level of the hierarchy.

    Args:
        order: Its place, 1 the highest.
        on: The levels that its units stand on: the one above, or several where one may be skipped. None at the top,
            where there is one unit.
        kinds: The kinds of its units; none if all are of one.
        code: The form of their codes; any if absent.
        sizes: How large a unit may be, by the column that says so, such as ``households`` or ``people``.
        tallies: Columns that state how many units there are below.
        covers: Whether its units together cover those that they stand on: none is left without, and where the data
            have outlines, these leave no gap and do not overlap.
        covers_kinds: The kinds of units that they cover; all if none are named.
        unique_names: Whether no two of its units below one unit have the same name.
    """

    order: int = term("次序", "Order", at_least=1)
    on: tuple[str, ...] = term("立于", "On", default=())
    kinds: Mapping[str, Kind] = term("类型", "Kinds", default={})
    code: CodeForm | None = term("代码", "Code", default=None)
    sizes: Mapping[str, Bound] = term("规模", "Sizes", default={})
    tallies: Mapping[str, Tally] = term("计数", "Tallies", default={})
    covers: bool = term("全覆盖", "Covers", default=False)
    covers_kinds: tuple[str, ...] = term("覆盖类型", "Covers kinds", default=())
    unique_names: bool = term("名称唯一", "Unique names", default=False)

    def check(self) -> Iterator[Finding]:
        """Yield a finding for each range of codes or ending of names that belongs to two kinds."""
        yield from super().check()
        yield from self._unused()
        if self.covers_kinds and not self.covers:
            yield Finding(
                ("covers_kinds",), "unused-setting", "covers_kinds 只用于 covers", "covers_kinds belong to covers"
            )
        for column, bound in self.sizes.items():
            for i, name in enumerate(bound.kinds):
                if name not in self.kinds:
                    hint = did_you_mean(name, self.kinds)
                    yield Finding(
                        ("sizes", column, "kinds", str(i)),
                        "unknown-reference",
                        f"没有类型 `{name}`{hint.zh}",
                        f"there is no kind `{name}`{hint.en}",
                    )
        ranges = sorted((*ends, key) for key, kind in self.kinds.items() for ends in kind.ranges)
        for (_, high, one), (low, _, other) in combinations(ranges, 2):
            if one != other and len(high) == len(low) and low <= high:
                yield _shared(other, "codes", one, low)
        seen: dict[str, str] = {}
        for key, kind in self.kinds.items():
            for ending in kind.endings:
                if seen.setdefault(ending, key) != key:
                    yield _shared(key, "endings", seen[ending], ending)

    def _unused(self) -> Iterator[Finding]:
        """Yield what is said and could never do anything."""
        if self.covers and not self.on:
            yield Finding(("covers",), "unused-setting", "顶层之上没有可覆盖的", "there is nothing above to cover")
        coded = any(kind.codes for kind in self.kinds.values())
        for key, kind in self.kinds.items():
            if kind.codes and self.code is None:
                yield Finding(
                    ("kinds", key, "codes"),
                    "unused-setting",
                    "此层没有 code，代码段无从比对",
                    "the level has no code form",
                )
            for i, (low, _) in enumerate(kind.ranges):
                if self.code is not None and len(low) > self.code.own:
                    yield Finding(
                        ("kinds", key, "codes", str(i)),
                        "bad-range",
                        f"代码段比代码的 {self.code.own} 位有效位还长",
                        f"the range is longer than the {self.code.own} significant digits of a code",
                    )
            if coded and kind.endings and not kind.codes:
                yield Finding(
                    ("kinds", key, "endings"),
                    "unused-setting",
                    "此层按代码段分类型，此类须有 codes",
                    "codes tell the kinds of this level; this one needs codes of its own",
                )
        for field, columns in (("sizes", self.sizes), ("tallies", self.tallies)):
            for column in columns:
                if column in RESERVED:
                    yield Finding(
                        (field, column),
                        "reserved-column",
                        f"列名 `{column}` 另有含义",
                        f"the column `{column}` means something else",
                    )


RESERVED = frozenset(
    {
        "code", "name", "level", "kind", "parent", "since", "until", "exempt", "geometry",
        "stated_kind", "stated_parent",
    }
)  # fmt: skip
"""Columns of units with a meaning of their own; no size or tally may take one."""


def _shared(key: str, field: str, other: str, what: str) -> Finding:
    return Finding(
        ("kinds", key, field),
        "ambiguous-kind",
        f"`{what}` 同时属于 `{other}` 与 `{key}`",
        f"`{what}` belongs to `{other}` and to `{key}`",
        also=(("kinds", other, field),),
    )
