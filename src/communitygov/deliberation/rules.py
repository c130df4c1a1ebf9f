"""What a profile can say about decisions: trees of shares for the quorum and for passing, with their days in force."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Literal, get_args

from communitygov.documents.rule import Finding, Rule, rule, term
from communitygov.vocabulary.numbers import Share
from communitygov.vocabulary.period import Period, within_days
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["FINEST", "MEASURES", "Base", "Decision", "MeasureName", "Threshold"]

MeasureName = Literal["heads", "households", "area", "votes"]
Base = Literal["all", "taking_part", "present", "cast"]

MEASURES: tuple[MeasureName, ...] = get_args(MeasureName)
FINEST = 10**6
"""The largest denominator of a share: with it, the products of counts and shares stay whole numbers of 63 bits."""


@rule
class Threshold(Rule):
    """A share that must be reached, or thresholds of which all or one must be.

    Args:
        measure: What is counted: ``heads``, ``households``, floor ``area``, or ``votes`` where members have several.
        at_least: The share that is enough (以上, which includes the number).
        more_than: The share that is not enough by itself (超过, 过半数).
        of: The base of the share: ``all`` of the register; those ``taking_part`` with any ballot, abstentions and
            proxies included; those ``present``; or votes ``cast``, abstentions left out.
        stratum: The part of the register that alone is counted, such as women.
        all_of: Thresholds that must all be reached.
        any_of: Thresholds of which one must be reached.
    """

    measure: MeasureName | None = term("计量", "Measure", default=None)
    at_least: Share | None = term("以上", "At least", default=None)
    more_than: Share | None = term("超过", "More than", default=None)
    of: Base | None = term("基数", "Of", default=None)
    stratum: str | None = term("类别", "Stratum", default=None)
    all_of: Mapping[str, Threshold] = term("均须", "All of", default={})
    any_of: Mapping[str, Threshold] = term("任一", "Any of", default={})

    @property
    def is_leaf(self) -> bool:
        """Whether it is a share itself, and no tree."""
        return not self.all_of and not self.any_of

    @property
    def share(self) -> Fraction:
        """The share of a leaf."""
        share = self.at_least if self.more_than is None else self.more_than
        assert share is not None, "a leaf without a bound has a finding"
        return share

    @property
    def parts(self) -> Iterator[tuple[str, Threshold]]:
        """The thresholds right below, with their ids."""
        yield from self.all_of.items()
        yield from self.any_of.items()

    def leaves(self, path: str) -> Iterator[tuple[str, Threshold]]:
        """Yield the shares at or below it, each with its dotted path.

        Args:
            path: Its own path, such as ``quorum``.
        """
        if self.is_leaf:
            yield path, self
        for key, part in self.parts:
            yield from part.leaves(f"{path}.{key}")

    def check(self) -> Iterator[Finding]:
        """Yield a finding if it is neither one share nor one tree, or no count could ever reach it, or any could."""
        yield from super().check()
        said = any(given is not None for given in (self.measure, self.at_least, self.more_than, self.of, self.stratum))
        if not self.is_leaf:
            if said or (self.all_of and self.any_of):
                zh, en = (
                    "all_of、any_of 与单项份额只能取一类",
                    "all_of, any_of and a share of its own exclude each other",
                )
                yield Finding((), "mixed-threshold", zh, en)
            return
        if not said:
            yield Finding((), "empty-threshold", "没有任何门槛", "asks nothing")
            return
        yield from self._check_leaf()

    def _check_leaf(self) -> Iterator[Finding]:
        bounds = {"at_least": self.at_least, "more_than": self.more_than}
        if sum(share is not None for share in bounds.values()) != 1:
            zh, en = "at_least 与 more_than 须取且只取一", "needs either at_least or more_than, and not both"
            yield Finding((), "not-one-bound", zh, en)
        for name in ("measure", "of"):
            if getattr(self, name) is None:
                zh, en = f"须写明 `{name}`", f"does not say `{name}`; a share is never without it"
                yield Finding((name,), "unnamed-base", zh, en)
        for name, share in bounds.items():
            if share is None:
                continue
            if not 0 <= share <= 1:
                yield Finding((name,), "bad-share", "不是 0 到 1 之间的份额", "is not a share from 0 to 1")
            elif share == (0 if name == "at_least" else 1):
                zh, en = "此门槛不可能有意义：必然达到或必然达不到", "is reached by any count, or by none"
                yield Finding((name,), "empty-range", zh, en)
            if share.denominator > FINEST:
                zh, en = "份额的分母不得超过一百万", "its denominator is over a million, too fine for exact counts"
                yield Finding((name,), "share-too-fine", zh, en)
        if self.stratum is not None and self.measure == "households":
            zh, en = "户不分类别；请按人计", "a household belongs to no stratum; count heads"
            yield Finding(("stratum",), "unknown-stratum", zh, en)


@rule
class Decision(Rule):
    """The rule for one kind of matter: when a vote is valid, and when the matter passes.

    Args:
        passes: What the yes votes must reach.
        quorum: What those who come must reach for the vote to be valid; without one any vote is.
        quorum_by: Who makes the quorum: those ``taking_part`` with a ballot, or those ``present``.
        abstention: What an abstention counts as: it takes part and is no vote cast (``taking_part``); a vote against
            (``no``); or somebody who did not take part (``absent``).
        proxy: Whether a ballot by proxy is a ``vote`` like any, or ``refused``.
        proxies_each: The most proxies that one person may hold; no limit if absent.
        no_answer: What silence counts as: ``absent``.
        strata: The parts of the register that thresholds speak of.
        source: The text that it stands in.
        article: Its article.
        since: The first period that it is in force in.
        until: The last; no end is known if absent.
        last_verified: When the text was last seen.
        revised: Since when a revised text is in force that was not seen. The rule must have ended by then.
    """

    passes: Threshold = term("通过", "Passes")
    quorum: Threshold | None = term("参加门槛", "Quorum", default=None)
    quorum_by: Literal["taking_part", "present"] = term("参加以何计", "Quorum by", default="taking_part")
    abstention: Literal["taking_part", "no", "absent"] = term("弃权计为", "Abstention", default="taking_part")
    proxy: Literal["vote", "refused"] = term("委托投票", "Proxy", default="vote")
    proxies_each: int | None = term("每人至多受托", "Proxies each", default=None, at_least=0)
    no_answer: Literal["absent"] = term("未表态计为", "No answer", default="absent")
    strata: Mapping[str, Title] = term("类别", "Strata", default={})
    source: str | None = term("来源", "Source", default=None, refers="source")
    article: str = term("条", "Article")
    since: Period = term("自", "Since")
    until: Period | None = term("至", "Until", default=None)
    last_verified: Period | None = term("最近核对", "Last verified", default=None)
    revised: Period | None = term("修订施行", "Revised", default=None)

    @property
    def trees(self) -> Iterator[tuple[str, Threshold]]:
        """The quorum, if there is one, and what passes."""
        if self.quorum is not None:
            yield "quorum", self.quorum
        yield "passes", self.passes

    def leaves(self) -> Iterator[tuple[str, Threshold]]:
        """Yield every share with its dotted path, the quorum's first."""
        for name, tree in self.trees:
            yield from tree.leaves(name)

    @property
    def counted(self) -> tuple[tuple[MeasureName, str | None], ...]:
        """The measures and strata that its shares speak of, each once, in the order of the shares."""
        found = ((leaf.measure, leaf.stratum) for _, leaf in self.leaves() if leaf.measure is not None)
        return tuple(dict.fromkeys(found))

    def in_force(self, day: dt.date) -> bool:
        """Return whether it is the law on a day.

        Args:
            day: The day of the decision that is to be judged.

        Example:
            >>> half = Threshold(measure="heads", more_than=Share(Fraction(1, 2)), of="present")
            >>> rule = Decision(passes=half, article="26", since=Period.parse("2010"), until=Period.parse("2025"))
            >>> rule.in_force(dt.date(2025, 12, 31)), rule.in_force(dt.date(2026, 1, 1))
            (True, False)
        """
        return within_days(day, self.since, self.until)

    def check(self) -> Iterator[Finding]:
        """Yield a finding for a span that holds nothing or claims a revised law, for strata, bases and proxies."""
        yield from super().check()
        if self.until is not None and self.until.last_day < self.since.first_day:
            yield Finding(("until",), "empty-range", "until 早于 since", "`until` ends before `since` begins")
        if self.revised is not None and (self.until is None or self.until.last_day >= self.revised.first_day):
            zh = "条文已修订而新文未见：until 须在 revised 之前"
            en = "claims days on which a revised text is in force that was not seen; end it before `revised`"
            yield Finding(("revised",), "unseen-revision", zh, en, also=(("until",),))
        if self.proxy == "refused" and self.proxies_each is not None:
            zh, en = "不许委托时 proxies_each 无用", "proxies_each belongs to proxies that vote"
            yield Finding(("proxies_each",), "unused-setting", zh, en)
        for path, leaf in self.leaves():
            keys = tuple(self._path_of(path))
            if leaf.stratum is not None and leaf.stratum not in self.strata:
                hint = did_you_mean(leaf.stratum, self.strata)
                zh, en = f"没有类别 `{leaf.stratum}`{hint.zh}", f"there is no stratum `{leaf.stratum}`{hint.en}"
                yield Finding((*keys, "stratum"), "unknown-stratum", zh, en)
            if keys[0] == "quorum" and leaf.of not in (None, "all"):
                zh, en = (
                    "参加门槛的基数只能是全体（all）",
                    "a quorum is a share of `all`: of whom else would they come?",
                )
                yield Finding((*keys, "of"), "quorum-base", zh, en)

    def _path_of(self, dotted: str) -> Iterator[str]:
        """Yield the keys under which a leaf stands in a document."""
        name, *ids = dotted.split(".")
        yield name
        tree: Threshold = dict(self.trees)[name]
        for key in ids:
            inside = "all_of" if key in tree.all_of else "any_of"
            yield from (inside, key)
            tree = getattr(tree, inside)[key]
