"""A rule for sharing a budget from a file of its own, or from the name of a method, with settings laid over it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import get_args

from communitygov.deliberation.budget_rules import BudgetRule, Method
from communitygov.deliberation.pabulib import PbElection
from communitygov.documents.check import Checker
from communitygov.documents.layers import apply
from communitygov.documents.model import build
from communitygov.documents.node import Node
from communitygov.documents.reading import read_document, read_text
from communitygov.documents.schema import document_schema
from communitygov.vocabulary.errors import DocumentError, UsageError
from communitygov.vocabulary.numbers import decimal_text
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["read_budget_rule"]


def read_budget_rule(
    rule: str | Path, *, settings: Sequence[str] = (), election: PbElection | None = None
) -> BudgetRule:
    r"""Read a rule for sharing a budget.

    Args:
        rule: A YAML file that holds the fields of one ``BudgetRule``; or the name of a method, ``greedy`` or
            ``equal_shares``, whose other fields the settings give.
        settings: Fields laid over it, each ``name=value``, the value as YAML.
        election: A vote whose ``budget`` and ``decimals`` the rule takes where it has none of its own.

    Raises:
        UsageError: If there is neither such a file nor such a method, or a setting is not of that form.
        DocumentError: With every problem of the rule.

    Example:
        >>> terms = ["budget=100", "decimals=0", "counted=ballots", "least_votes=1", "not_fitting=skip", "ties=refuse"]
        >>> read_budget_rule("greedy", settings=terms).not_fitting
        'skip'
    """
    problems: list[Problem] = []
    node = _base(rule)
    for patch in map(_setting, settings):
        node = apply(node, patch, problems)
    if election is not None:
        said = {"decimals": str(election.decimals), "budget": decimal_text(election.budget)}
        rest = "".join(f"{name}: {value}\n" for name, value in said.items() if name not in (node.children or {}))
        node = apply(node, read_text(rest, name=".pb"), problems) if rest else node
    sound, faults = _checker().sift(node)
    problems.extend(faults)
    found = build(sound, BudgetRule, problems)
    if found is None or problems:
        raise DocumentError(problems)
    return found


def _base(rule: str | Path) -> Node:
    methods = get_args(Method)
    if str(rule) in methods:
        return read_text(f"method: {rule}\n", name=f"--rule {rule}")
    if not Path(rule).exists():
        hint = did_you_mean(str(rule), methods)
        zh, en = f"没有规则文件 `{rule}`，也没有此方法", f"there is no file `{rule}`, and no method of that name"
        raise UsageError.because("no-rule", zh=f"{zh}{hint.zh}", en=f"{en}{hint.en}")
    return read_document(rule)


def _setting(text: str) -> Node:
    name, sign, value = (part.strip() for part in text.partition("="))
    if not (name and sign and value):
        raise UsageError.because("bad-setting", zh=f"`{text}` 须写作 名称=值", en=f"write `{text}` as name=value")
    return read_text(f"{name}: {value}\n", name=f"--set {name}")


@cache
def _checker() -> Checker:
    title = Title(zh="预算分配规则", en="Rule for sharing a budget")
    return Checker(document_schema(BudgetRule, identifier="budget.schema.json", title=title))
