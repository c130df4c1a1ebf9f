"""Reforms, and the rules of one place in force on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from attrs import field, frozen

from communitygov.certification.rules import Certification
from communitygov.deliberation.budget_rules import BudgetRule
from communitygov.deliberation.meeting_rules import Deliberation
from communitygov.deliberation.rules import Decision
from communitygov.documents.check import clause_at
from communitygov.documents.layers import Layer
from communitygov.documents.node import Node
from communitygov.grid.rules import Grid
from communitygov.index.rules import Index
from communitygov.procedure.rules import Procedure
from communitygov.profile.rules import ReformFile, Rules
from communitygov.provisions.disclosure_rules import DisclosureDuty
from communitygov.provisions.funding_rules import Funding
from communitygov.provisions.matching import Matching
from communitygov.provisions.points_rules import Points
from communitygov.vocabulary.errors import NotInForce, UsageError
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["Reform", "RuleSet"]


@frozen
class Reform:
    """A change that somebody proposes.

    Args:
        head: What its file says.
        layer: The same as a layer.
    """

    head: ReformFile
    layer: Layer

    @property
    def name(self) -> str:
        """Its name."""
        return self.head.reform

    @property
    def title(self) -> Title:
        """Its title."""
        return self.head.name(self.head.reform)


@frozen(eq=False)
class RuleSet:
    """The rules of one place in force on a day, after every layer.

    Args:
        profile: The profile's name.
        day: The day.
        root: The rules as located data.
        rules: The rules as a model.
        layers: The layers that lie over the profile's own documents, in order.
    """

    profile: str
    day: dt.date
    root: Node = field(repr=False)
    rules: Rules = field(repr=False)
    layers: tuple[Layer, ...] = field(default=(), repr=False)

    @property
    def digest(self) -> str:
        """The SHA-256 of what the rules say, wherever it was written."""
        return self.root.digest

    @property
    def index(self) -> Mapping[str, Index]:
        """The indexes by id."""
        return self.rules.index

    @property
    def certification(self) -> Mapping[str, Certification]:
        """The certifications by id."""
        return self.rules.certification

    @property
    def grid(self) -> Mapping[str, Grid]:
        """The grids by id."""
        return self.rules.grid

    @property
    def procedure(self) -> Mapping[str, Procedure]:
        """The procedures by id."""
        return self.rules.procedure

    @property
    def decisions(self) -> Mapping[str, Decision]:
        """The rules of decisions in force on the day, by id."""
        return {name: rule for name, rule in self.rules.decisions.items() if rule.in_force(self.day)}

    @property
    def deliberation(self) -> Mapping[str, Deliberation]:
        """How bodies deliberate by rules in force on the day, by id."""
        return {name: rule for name, rule in self.rules.deliberation.items() if rule.in_force(self.day)}

    @property
    def budgets(self) -> Mapping[str, BudgetRule]:
        """The rules by which budgets are shared, by id."""
        return self.rules.budgets

    @property
    def disclosures(self) -> Mapping[str, DisclosureDuty]:
        """What must be made public of whom by rules in force on the day, by id."""
        return {name: rule for name, rule in self.rules.disclosures.items() if rule.in_force(self.day)}

    @property
    def funding(self) -> Mapping[str, Funding]:
        """The formulas of funding by id."""
        return self.rules.funding

    @property
    def points(self) -> Mapping[str, Points]:
        """The systems of points by id."""
        return self.rules.points

    @property
    def matching(self) -> Mapping[str, Matching]:
        """Who is brought together with whom, by id."""
        return self.rules.matching

    def decision(self, name: str) -> Decision:
        """Return the rule by which a matter that is decided on the day is judged.

        Args:
            name: Its id.

        Raises:
            UsageError: If there is no such rule on any day.
            NotInForce: If the rule is not in force on the day; it says so where a later text is in force but not known.

        Example:
            >>> import communitygov
            >>> from pathlib import Path
            >>> law = communitygov.read_profile(Path("profiles/cn_law/src/communitygov_cn_law"))
            >>> law.at("2025").decision("village_representatives").article
            '26'
            >>> law.at("2026").decision("village_representatives")  # doctest: +IGNORE_EXCEPTION_DETAIL
            Traceback (most recent call last):
            communitygov.vocabulary.errors.NotInForce: decision-revised: ...
        """
        rule = self.rules.decisions.get(name)
        if rule is None:
            hint = did_you_mean(name, self.rules.decisions)
            raise UsageError.because(
                "unknown-name",
                zh=f"{self.profile} 没有表决规则 `{name}`{hint.zh}",
                en=f"{self.profile} has no decision rule `{name}`{hint.en}",
            )
        if rule.in_force(self.day):
            return rule
        span = f"{rule.since.first_day} - {'' if rule.until is None else rule.until.last_day}"
        if rule.revised is not None and self.day >= rule.revised.first_day:
            zh = f"表决规则 `{name}` 的法律自 {rule.revised} 起施行修订文本，其条文未见，故不作判定（原文 {span}）"
            en = f"the law of `{name}` was revised as of {rule.revised}; its new text was not seen (old text {span})"
            raise NotInForce(Problem("decision-revised", Title(zh=zh, en=en), path=f"decisions.{name}"))
        zh, en = f"表决规则 `{name}` 在 {self.day} 不生效（{span}）", f"`{name}` is not in force on {self.day} ({span})"
        raise NotInForce(Problem("decision-not-in-force", Title(zh=zh, en=en), path=f"decisions.{name}"))

    def find(self, path: str) -> Node:
        """Return the located value at a dotted path.

        Args:
            path: Such as ``certification.quality_star.tiers.five_star.share``.

        Raises:
            UsageError: If nothing stands there; it names the nearest key that does.

        Example:
            >>> import communitygov
            >>> rules = communitygov.load_profile("shijingshan").at(2024)
            >>> rules.find("certification.quality_star.tiers.five_star.share").text()
            '10%'
        """
        node = self.root
        for key in path.split("."):
            below = node.get(key)
            if below is None:
                hint = did_you_mean(key, node.children or ())
                raise UsageError.because(
                    "unknown-path",
                    zh=f"`{path}` 中没有 `{key}`{hint.zh}",
                    en=f"there is no `{key}` on the way to `{path}`{hint.en}",
                )
            node = below
        return node

    def clause(self, path: str) -> tuple[str, ...]:
        """Return the clauses that speak for a dotted path.

        Args:
            path: The path.

        Example:
            >>> import communitygov
            >>> communitygov.load_profile("shijingshan").at(2024).clause(
            ...     "certification.quality_star.tiers.five_star.share"
            ... )
            ('SJS-17',)
        """
        return clause_at(self.root, path.split("."))
