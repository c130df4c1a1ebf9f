"""One number of the rules set to another value: by a reform, or in the reforms that set it already."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from fractions import Fraction

from attrs import evolve

from communitygov.documents.layers import Layer, named
from communitygov.documents.node import Node, Path
from communitygov.documents.rule import Patch
from communitygov.profile.profile import Profile, Reform
from communitygov.profile.rules import ReformFile
from communitygov.simulation.variants import Variant
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.numbers import decimal_text, exact, share_text
from communitygov.vocabulary.period import Period
from communitygov.vocabulary.problem import Place
from communitygov.vocabulary.text import Title

__all__ = ["said_like", "varied", "with_value"]

_CALLER = Place("<caller>")


def varied(profile: Profile, base: Variant, leaf: str, value: Fraction) -> Variant:
    """Return a variant with another value of a leaf: in the reforms that set it, or else in one more.

    Args:
        profile: The profile.
        base: The variant.
        leaf: The leaf's dotted path.
        value: Its value.

    Raises:
        UsageError: As for ``with_value``.

    Example:
        >>> import communitygov
        >>> from communitygov.simulation.variants import as_it_stands
        >>> rules = communitygov.load_profile("shijingshan")
        >>> leaf = "certification.quality_star.tiers.five_star.share"
        >>> once = varied(rules, as_it_stands(), leaf, Fraction(1, 20))
        >>> twice = varied(rules, once, leaf, Fraction(1, 25))
        >>> rules.at(2024, reforms=twice.reforms).find(leaf).text(), len(twice.reforms)
        ('4%', 1)
    """
    path = tuple(leaf.split("."))
    found = [_set_in(reform, path) for reform in base.reforms]
    old = next((node for node in found if node is not None), None)
    if old is None:
        reform = with_value(profile, leaf, value, reforms=base.reforms, readings=base.readings)
        return Variant(reform.name, reform.title, (*base.reforms, reform), base.readings)
    node, said = _valued(leaf, old, value)
    pairs = zip(base.reforms, found, strict=True)
    reforms = [reform if was is None else _reset(reform, path, node) for reform, was in pairs]
    name = f"{leaf}={said}"
    return Variant(name, Title(zh=name, en=name), reforms, base.readings)


def _set_in(reform: Reform, path: Path) -> Node | None:
    """Return what a reform sets a leaf to; None if it does not set it."""
    node = reform.layer.patch.get(*path)
    return None if node is None or node.kind != "leaf" or node.is_removal else node


def _reset(reform: Reform, path: Path, node: Node) -> Reform:
    """Return a reform that says something else at one place."""
    layer = reform.layer
    patch = _put(layer.patch, path, named(node, f"reform {reform.name}"))
    return evolve(reform, layer=evolve(layer, patch=patch))


def _put(tree: Node, path: Path, node: Node) -> Node:
    if not path:
        return node
    below = tree[path[0]]
    return evolve(tree, children={**(tree.children or {}), path[0]: _put(below, path[1:], node)})


def with_value(
    profile: Profile,
    leaf: str,
    value: Fraction,
    *,
    reforms: Sequence[Reform] = (),
    readings: Mapping[str, str] | None = None,
) -> Reform:
    """Return the reform that sets one leaf, from the day on which it first stands.

    Args:
        profile: The profile.
        leaf: The leaf's dotted path.
        value: Its value.
        reforms: Reforms that lie there already; none of them sets the leaf, else the two would conflict.
        readings: The reading taken for each question named, one of which may have made the leaf.

    Raises:
        UsageError: If there is no such leaf on any day, it holds no number, or it holds a whole number and the value
            is none.

    Example:
        >>> import communitygov
        >>> rules = communitygov.load_profile("shijingshan")
        >>> less = with_value(rules, "certification.quality_star.tiers.five_star.share", Fraction(1, 20))
        >>> rules.at(2024, reforms=[less]).find("certification.quality_star.tiers.five_star.share").text()
        '5%'
    """
    old, day = _stands(profile, leaf, reforms, readings or {})
    node, said = _valued(leaf, old, value)
    for key in reversed(leaf.split(".")):
        node = Node(_CALLER, children={key: node})
    return _as_reform(f"{leaf}={said}", node, None if day == profile.first_day else Period.containing(day, "day"))


def _stands(
    profile: Profile, leaf: str, reforms: Sequence[Reform], readings: Mapping[str, str]
) -> tuple[Node, dt.date]:
    """Return a leaf and the first day on which it stands: that of the profile, or one on which the rules change."""
    missing: UsageError | None = None
    for day in profile.turns(reforms):
        rules = profile.at(day, reforms=reforms, readings=readings)
        try:
            return rules.find(leaf), day
        except UsageError as error:
            missing = missing or error
    assert missing is not None, "the first day is one on which the rules change"
    raise missing


def _valued(leaf: str, old: Node, value: Fraction) -> tuple[Node, str]:
    """Return a leaf with another value, written as it was, and its text."""
    text = old.text()
    try:
        exact(text)
    except ValueError:
        raise UsageError.because(
            "no-number", zh=f"`{leaf}` 不是数，而是 {text}", en=f"`{leaf}` holds no number but {text}"
        ) from None
    whole = isinstance(old.value, int)
    said = said_like(value, text)
    if whole and value.denominator != 1:
        raise UsageError.because(
            "not-whole",
            zh=f"`{leaf}` 是整数，不能取 {said}",
            en=f"`{leaf}` is a whole number and cannot be {said}",
        )
    return Node(_CALLER, value=int(value) if whole else said), said


def _as_reform(name: str, patch: Node, start: Period | None) -> Reform:
    patch = named(patch, f"reform {name}")
    return Reform(ReformFile(reform=name, from_=start, changes=Patch(patch)), Layer("reform", name, patch, start))


def said_like(value: Fraction, like: str) -> str:
    """Return a number as text: as a percentage where another is written so.

    Args:
        value: The number.
        like: The text of the other.

    Example:
        >>> said_like(Fraction(1, 20), "10%"), said_like(Fraction(1, 20), "0.1")
        ('5%', '0.05')
    """
    return share_text(value) if like.endswith("%") else decimal_text(value)
