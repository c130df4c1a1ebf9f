"""What a profile says about itself, and the whole of what it can say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from communitygov.certification.rules import Certification
from communitygov.deliberation.budget_rules import BudgetRule
from communitygov.deliberation.meeting_rules import Deliberation, check_deliberations
from communitygov.deliberation.rules import Decision
from communitygov.documents.fields import terms
from communitygov.documents.rule import Finding, Patch, Rule, rule, term
from communitygov.grid.rules import Grid
from communitygov.index.rules import Index
from communitygov.measures.facts import check_facts, check_schemes
from communitygov.measures.rules import Contradiction, Expectation, Fact, Measure, Report, Scheme
from communitygov.procedure.rules import Procedure
from communitygov.provisions.disclosure_rules import DisclosureDuty
from communitygov.provisions.funding_rules import Funding, check_fundings
from communitygov.provisions.matching import Matching
from communitygov.provisions.points_rules import Points
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Title

__all__ = [
    "API",
    "NAME",
    "SECTIONS",
    "TEXTS",
    "About",
    "AmendmentFile",
    "ClauseText",
    "Extends",
    "Interpretation",
    "ReformFile",
    "Rules",
    "Source",
    "bad_name",
]

API = 1
"""The profile API that this library speaks: what documents can say and what hooks a plugin may give."""

NAME = re.compile(r"\w[^/\\\n]*")
"""What a profile, a reform or an amendment may be called: something, and no path."""

Primitive = Literal[
    "index",
    "certification",
    "grid",
    "procedure",
    "deliberation",
    "target",
    "standard",
    "report",
    "scheme",
    "fact",
    "calendar",
    "disclosure",
    "matching",
    "points",
    "funding",
    "access",
    "none",
]


@rule
class Source(Rule):
    """A published text that rules are taken from.

    Args:
        publisher: Who published it.
        published: When.
        number: Its document number.
        url: Where.
    """

    publisher: Title | None = term("发布者", "Publisher", default=None)
    published: Period | None = term("发布日期", "Published", default=None)
    number: str | None = term("文号", "Number", default=None)
    url: str | None = term("网址", "URL", default=None)


@rule
class Extends(Rule):
    """The profile that this one is laid over.

    Args:
        profile: Its name.
        version: The versions that will do, such as ``>=0.1,<0.2``.
    """

    profile: str = term("上级方案", "Profile")
    version: str = term("版本范围", "Version")


@rule
class About(Rule):
    """What a profile says about itself.

    Args:
        id: Its name.
        api: The profile API it speaks.
        version: Its version.
        extends: The profile it is laid over.
        in_force: The first period its rules hold in.
        holds_until: The last period they are known to hold in.
        last_verified: When its sources were last checked.
        sources: The texts it is taken from.
    """

    id: str = term("标识", "Id")
    api: int = term("接口版本", "API", at_least=1)
    version: str = term("版本", "Version")
    extends: Extends | None = term("上级", "Extends", default=None)
    in_force: Period = term("生效", "In force")
    holds_until: Period | None = term("有效至", "Holds until", default=None)
    last_verified: Period = term("最近核对", "Last verified")
    sources: Mapping[str, Source] = term("来源", "Sources")


@rule
class ClauseText(Rule):
    """A numbered, quoted passage of a source.

    Args:
        quote: The passage, word for word.
        source: Which text it stands in.
        primitive: The kind of rule it makes.
        status: ``in_force``, or what the source only announces (``announced``) or recommends (``proposed``).
        not_modelled: Why no rule is made of it, or not yet.
    """

    quote: str = term("原文", "Quote")
    source: str = term("来源", "Source", refers="source")
    primitive: Primitive = term("治理要素", "Primitive")
    status: Literal["in_force", "announced", "proposed"] = term("状态", "Status", default="in_force")
    not_modelled: Title | None = term("未建模", "Not modelled", default=None)


@rule
class Interpretation(Rule):
    """A question that the text leaves open, its possible readings, and the one chosen.

    Args:
        question: The question.
        readings: Each reading, as a patch over the profile.
        names: What the readings are called.
        chosen: The reading in force.
        because: Why this one.
    """

    question: Title = term("问题", "Question")
    readings: Mapping[str, Patch] = term("各种理解", "Readings")
    names: Mapping[str, Title] = term("理解名称", "Names", default={})
    chosen: str = term("采用", "Chosen")
    because: Title = term("理由", "Because")

    def check(self) -> Iterator[Finding]:
        """Yield a finding if there is nothing to choose from, or the choice is none of it."""
        yield from super().check()
        if len(self.readings) < 2:
            yield Finding(("readings",), "one-reading", "至少须有两种理解", "needs at least two readings")
        for key in self.names:
            if key not in self.readings:
                hint = did_you_mean(key, self.readings)
                yield Finding(
                    ("names", key),
                    "unknown-reference",
                    f"没有理解 `{key}`{hint.zh}",
                    f"there is no reading `{key}`{hint.en}",
                )
        for key, patch in self.readings.items():
            for section in ("interpretations", "profile"):
                if patch.get(section) is not None:
                    yield Finding(
                        ("readings", key, section),
                        "not-for-patches",
                        f"一种理解不能修改 `{section}`",
                        f"a reading cannot change `{section}`",
                    )
        if self.chosen not in self.readings:
            hint = did_you_mean(self.chosen, self.readings)
            yield Finding(
                ("chosen",),
                "unknown-reference",
                f"没有理解 `{self.chosen}`{hint.zh}",
                f"there is no reading `{self.chosen}`{hint.en}",
            )


@rule
class Rules(Rule):
    """The whole of what a profile can say.

    Args:
        profile: About itself.
        clauses: The passages it rests on.
        interpretations: Open questions.
        index: Indexes.
        certification: Certifications.
        grid: Grids.
        procedure: Procedures.
        deliberation: How bodies deliberate.
        decisions: Rules of decisions, each with its own days in force.
        budgets: Rules by which a budget is shared among projects.
        disclosures: What must be made public of whom.
        funding: Formulas of funding.
        points: Systems of points.
        matching: Who is brought together with whom.
        measures: Measures.
        expectations: Targets, standards and trends.
        facts: Figures of the source.
        contradictions: Figures that cannot all hold.
        schemes: Named schemes.
        reports: Reports.
    """

    profile: About = term("方案", "Profile")
    clauses: Mapping[str, ClauseText] = term("条款", "Clauses", default={})
    interpretations: Mapping[str, Interpretation] = term("解释口径", "Interpretations", default={})
    index: Mapping[str, Index] = term("评价体系", "Index", default={})
    certification: Mapping[str, Certification] = term("认定", "Certification", default={})
    grid: Mapping[str, Grid] = term("网格", "Grid", default={})
    procedure: Mapping[str, Procedure] = term("流程", "Procedure", default={})
    deliberation: Mapping[str, Deliberation] = term("协商议事", "Deliberation", default={})
    decisions: Mapping[str, Decision] = term("表决规则", "Decisions", default={})
    budgets: Mapping[str, BudgetRule] = term("预算分配", "Budgets", default={})
    disclosures: Mapping[str, DisclosureDuty] = term("公开要求", "Disclosures", default={})
    funding: Mapping[str, Funding] = term("经费", "Funding", default={})
    points: Mapping[str, Points] = term("积分", "Points", default={})
    matching: Mapping[str, Matching] = term("结对", "Matching", default={})
    measures: Mapping[str, Measure] = term("指标口径", "Measures", default={})
    expectations: Mapping[str, Expectation] = term("要求", "Expectations", default={})
    facts: Mapping[str, Fact] = term("事实", "Facts", default={})
    contradictions: Mapping[str, Contradiction] = term("矛盾", "Contradictions", default={})
    schemes: Mapping[str, Scheme] = term("工作布局", "Schemes", default={})
    reports: Mapping[str, Report] = term("报告", "Reports", default={})

    def check(self) -> Iterator[Finding]:
        """Yield every promise between sections that does not hold."""
        yield from super().check()
        yield from self._check_decimals()
        yield from check_facts(self.facts, self.node)
        yield from check_schemes(self.schemes, self._entries)
        yield from check_fundings(self.funding)
        yield from check_deliberations(self.deliberation, self.procedure, self.decisions)

    def _check_decimals(self) -> Iterator[Finding]:
        for key, certification in self.certification.items():
            index = self.index.get(certification.of)
            if index is not None and index.decimals != certification.decimals:
                yield Finding(
                    ("certification", key, "decimals"),
                    "decimals-differ",
                    f"分数小数位须与评价体系 `{certification.of}` 的 {index.decimals} 一致",
                    f"its scores have {index.decimals} decimals in the index `{certification.of}`",
                    also=(("index", certification.of, "decimals"),),
                )

    def _entries(self, path: str) -> int | None:
        value: object = self
        for key in path.split("."):
            if isinstance(value, Rule):
                known = terms(type(value)).get(key)
                value = None if known is None else getattr(value, known.attribute)
            else:
                value = value.get(key) if isinstance(value, Mapping) else None
        return len(value) if isinstance(value, Mapping) else None


TEXTS = ("clauses", "interpretations", "contradictions")
"""Sections that hold what a source says and leaves open, and no rule."""

SECTIONS = (
    "index",
    "certification",
    "grid",
    "procedure",
    "deliberation",
    "decisions",
    "budgets",
    "disclosures",
    "funding",
    "points",
    "matching",
    "measures",
    "expectations",
    "facts",
    "contradictions",
    "schemes",
    "reports",
)
"""The sections whose entries are rules and figures, each under an id."""


@rule
class ReformFile(Rule):
    """A file that holds one reform: a change that somebody proposes.

    Args:
        reform: Its name.
        from_: The first period it holds in; always, if absent.
        until: The last period it holds in; no end, if absent.
        because: Why it is proposed.
        changes: What it changes.
    """

    reform: str = term("改革方案", "Reform")
    from_: Period | None = term("自", "From", default=None)
    until: Period | None = term("至", "Until", default=None)
    because: Title | None = term("理由", "Because", default=None)
    changes: Patch = term("修改", "Changes")

    def check(self) -> Iterator[Finding]:
        """Yield a finding if it would never hold, or could not be named."""
        yield from super().check()
        yield from _check_name("reform", self.reform)
        yield from _check_span(self.from_, self.until)


@rule
class AmendmentFile(Rule):
    """A file that holds one amendment: a dated change that is in force.

    Args:
        amendment: Its name.
        from_: The first period it holds in.
        until: The last period it holds in; no end, if absent.
        changes: What it changes.
    """

    amendment: str = term("修订", "Amendment")
    from_: Period = term("自", "From")
    until: Period | None = term("至", "Until", default=None)
    changes: Patch = term("修改", "Changes")

    def check(self) -> Iterator[Finding]:
        """Yield a finding if it would never hold, or could not be named."""
        yield from super().check()
        yield from _check_name("amendment", self.amendment)
        yield from _check_span(self.from_, self.until)


def bad_name(name: str) -> Title:
    """Return what is wrong with a name that is none.

    Args:
        name: The name.
    """
    return Title(
        zh=f"`{name}` 不能作名称；名称以字母或数字开头，不含斜杠",
        en=f"`{name}` is no name; a name begins with a letter or a digit and has no slash in it",
    )


def _check_name(key: str, name: str) -> Iterator[Finding]:
    if not NAME.fullmatch(name):
        told = bad_name(name)
        yield Finding((key,), "bad-name", told.zh, told.en)


def _check_span(start: Period | None, until: Period | None) -> Iterator[Finding]:
    if start is not None and until is not None and until.last_day < start.first_day:
        yield Finding(("until",), "empty-range", "until 早于 from", "`until` ends before `from` begins")
