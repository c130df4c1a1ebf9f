"""A place's rules as text and as JSON: every value with its clause, where it stands, and who set it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

from communitygov.documents.node import Node, Path
from communitygov.profile.profile import Profile, RuleSet
from communitygov.profile.rules import Interpretation
from communitygov.vocabulary.problem import Place
from communitygov.vocabulary.text import Language, Title

__all__ = ["Value", "questions_text", "rules_json", "rules_text", "values"]

SCHEMA = "communitygov.rules/1"

_APART = ("profile", "clauses", "interpretations")
"""Sections that are shown in their own way, not as a tree of values."""

_SAID = ("title", "clause", "note", "assumed")
"""Keys that are said beside a rule, not below it."""

_OPEN = Title(zh="待解问题", en="Open questions")
_CHOSEN = Title(zh="采用", en="chosen")
_ASSUMED = Title(zh="假定", en="assumed")
_REMARK = Title(zh="注", en="note")


@frozen
class Value:
    """One value of a rule.

    Args:
        path: Where it stands in the rules.
        node: The value as located data.
        clause: The clauses that speak for it.
        assumed: Why this value, where no source gives it.
    """

    path: Path
    node: Node
    clause: tuple[str, ...]
    assumed: Title | None


def values(root: Node, path: Path = (), cited: tuple[str, ...] = ()) -> Iterator[Value]:
    """Yield every value at or below a node, texts apart.

    Args:
        root: The located data.
        path: Its path.
        cited: The clauses that speak for it from above.
    """
    cited = root.clause() or cited
    for key, child in (root.children or {}).items():
        if key in _SAID:
            continue
        if child.children is None:
            yield Value((*path, key), child, cited, _reason(root, key))
        elif not _is_title(child):
            yield from values(child, (*path, key), cited)


def rules_text(rules: RuleSet, lang: Language, path: str = "") -> str:
    """Write rules as an indented tree.

    Args:
        rules: The rules in force on a day.
        lang: The language of titles and remarks.
        path: A dotted path, to show only what stands there; everything but clauses and questions, if empty.

    Returns:
        Rules with their titles and clauses, and one line for each value: what it is, where it stands, who set it if
        not the profile's own documents, what it was before, and whether it is assumed.

    Raises:
        UsageError: If nothing stands at the path.

    Example:
        >>> import communitygov
        >>> rules = communitygov.load_profile("shijingshan").at("2023Q3")
        >>> print(rules_text(rules, "en", "certification.quality_star.tiers.five_star"))
        five_star: five stars [SJS-17]
          order: 1 (communitygov_shijingshan/certification.yaml:...)
          share: 10% (communitygov_shijingshan/certification.yaml:...)
    """
    if path:
        keys = path.split(".")
        return "\n".join(_lines(keys[-1], rules.find(path), rules.profile, lang, 0))
    lines: list[str] = []
    for key, child in (rules.root.children or {}).items():
        if key not in _APART:
            lines += ["", *_lines(key, child, rules.profile, lang, 0)]
    return "\n".join(lines[1:])


def questions_text(questions: Mapping[str, Interpretation], lang: Language) -> str:
    """Write open questions with their readings, the one chosen and why.

    Args:
        questions: The questions by id.
        lang: The language.
    """
    lines = [f"{_OPEN.say(lang)} ({len(questions)})"]
    for key, question in questions.items():
        lines.append(f"  {key}: {question.question.say(lang)} [{', '.join(question.clause)}]")
        for reading in question.readings:
            name = question.names.get(reading, Title(zh=reading, en=reading)).say(lang)
            named = f"{reading}: {name}" if name != reading else reading
            chosen = f" ({_CHOSEN.say(lang)}: {question.because.say(lang)})" if reading == question.chosen else ""
            lines.append(f"    {'*' if chosen else '-'} {named}{chosen}")
    return "\n".join(lines)


def rules_json(profile: Profile, rules: RuleSet, path: str = "") -> dict[str, Any]:
    """Return rules as plain data for JSON.

    Args:
        profile: The profile.
        rules: Its rules in force on a day.
        path: A dotted path, to give only the values there.

    Returns:
        ``{"schema": "communitygov.rules/1", ...}`` with the profile, the day, the digest, the layers over its own
        documents, every value with its clause and place, and the open questions.

    Raises:
        UsageError: If nothing stands at the path.
    """
    keys = tuple(path.split(".")) if path else ()
    start = rules.find(path) if path else rules.root
    found = [Value(keys, start, rules.clause(path), None)] if start.children is None else list(values(start, keys))
    return {
        "schema": SCHEMA,
        "profile": profile.name,
        "version": profile.version,
        "day": str(rules.day),
        "digest": rules.digest,
        "layers": [{"kind": layer.kind, "name": layer.name} for layer in rules.layers],
        "values": [_value(one) for one in found if keys or one.path[0] not in _APART],
        "questions": {} if keys else {key: _question(one) for key, one in rules.rules.interpretations.items()},
    }


def _lines(key: str, node: Node, profile: str, lang: Language, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if node.children is None:
        yield f"{indent}{key}: {node.text()} ({_provenance(node, profile, lang)})"
        return
    title = node.get("title")
    named = f": {_said(title, lang)}" if title is not None else ""
    clause = f" [{', '.join(node.clause())}]" if node.clause() else ""
    yield f"{indent}{key}{named}{clause}"
    note = node.get("note")
    if note is not None:
        yield f"{indent}  {_REMARK.say(lang)}: {' '.join(_said(note, lang).split())}"
    for name, child in node.children.items():
        if name in _SAID:
            continue
        if _is_title(child):
            yield f"{indent}  {name}: {_said(child, lang)}"
            continue
        lines = list(_lines(name, child, profile, lang, depth + 1))
        reason = _reason(node, name)
        if reason is not None:
            lines[0] += f" {_ASSUMED.say(lang)}: {reason.say(lang)}"
        yield from lines


def _provenance(node: Node, profile: str, lang: Language) -> str:
    if node.layer == profile and node.was is None:
        return str(Place(node.place.file, node.place.line))
    between = "，" if lang == "zh" else ", "
    return node.story().say(lang).removeprefix(f"{node.text()}{between}")


def _is_title(node: Node) -> bool:
    return node.children is not None and set(node.children) == {"zh", "en"}


def _said(node: Node, lang: Language) -> str:
    word = node.get(lang)
    return "" if word is None else word.text()


def _reason(node: Node, key: str) -> Title | None:
    reason = node.get("assumed", key)
    return None if reason is None else Title(zh=_said(reason, "zh"), en=_said(reason, "en"))


def _value(value: Value) -> dict[str, Any]:
    node, was = value.node, value.node.was
    return {
        "path": ".".join(value.path),
        "value": node.text(),
        "clause": list(value.clause),
        "layer": node.layer,
        "file": node.place.file,
        "line": node.place.line,
        "was": None if was is None else {"value": was.text(), "file": was.place.file, "line": was.place.line},
        "assumed": None if value.assumed is None else {"zh": value.assumed.zh, "en": value.assumed.en},
    }


def _question(question: Interpretation) -> dict[str, Any]:
    names = {key: question.names.get(key, Title(zh=key, en=key)) for key in question.readings}
    return {
        "question": {"zh": question.question.zh, "en": question.question.en},
        "clause": list(question.clause),
        "readings": {key: {"zh": name.zh, "en": name.en} for key, name in names.items()},
        "chosen": question.chosen,
        "because": {"zh": question.because.zh, "en": question.because.en},
    }
