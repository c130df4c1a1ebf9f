"""From ``--reading`` and ``--reform`` to the variants that are compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING

from communitygov.cli.choice import find_reforms, readings_of
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    from communitygov.profile.profile import Profile, Reform
    from communitygov.simulation.variants import Variant

__all__ = ["variants_of"]


def variants_of(
    profile: Profile, reforms: Iterable[str], readings: Iterable[str], *, each: bool = False
) -> list[Variant]:
    """Return the variants that a call asks for.

    A question with one reading is answered so in every variant. Of a question with several readings each is a variant
    of its own (of several such questions, each combination). Reforms are one variant together, or one each; beside
    them stands the variant without reforms, unless readings are compared, which are that already.

    Args:
        profile: The profile.
        reforms: Files or names of reforms.
        readings: Each ``question=reading``.
        each: Whether each reform is a variant of its own.

    Raises:
        UsageError: If there is no such reform, question or reading.
        DocumentError: With every problem of a reform's file.

    Example:
        >>> import communitygov
        >>> profile = communitygov.load_profile("shijingshan")
        >>> [variant.name for variant in variants_of(profile, ["two-goals"], ["quota_rounding=up"])]
        ['quota_rounding=up', 'two-goals']
    """
    from communitygov.simulation.variants import Variant, as_it_stands

    asked = readings_of(readings)
    fixed = {question: several[0] for question, several in asked.items() if len(several) == 1}
    varied = {question: several for question, several in asked.items() if len(several) > 1}
    names = _names(profile, asked)
    found = [_of_readings(dict(zip(varied, taken, strict=True)), fixed, names) for taken in product(*varied.values())]
    if not varied:
        found = [_of_readings(fixed, {}, names) if fixed else as_it_stands()]
    laid = find_reforms(profile, reforms)
    together = [[reform] for reform in laid] if each else [laid] if laid else []
    found += [Variant(_joined(group), _titled(group), tuple(group), fixed) for group in together]
    return found


def _names(profile: Profile, asked: Mapping[str, Sequence[str]]) -> dict[tuple[str, str], Title]:
    """Return what each reading is called; an unknown one is an error of the profile's."""
    names = {}
    for question, readings in asked.items():
        for reading in readings:
            rules = profile.at(profile.first_day, readings={question: reading}).rules
            name = rules.interpretations[question].names.get(reading, Title(zh=reading, en=reading))
            names[question, reading] = Title(zh=name.zh, en=name.en[:1].upper() + name.en[1:])
    return names


def _of_readings(taken: Mapping[str, str], fixed: Mapping[str, str], names: Mapping[tuple[str, str], Title]) -> Variant:
    from communitygov.simulation.variants import Variant

    titles = [names[pair] for pair in taken.items()]
    title = Title(zh="，".join(one.zh for one in titles), en=", ".join(one.en for one in titles))
    name = ",".join(f"{question}={reading}" for question, reading in taken.items())
    return Variant(name, title, readings={**fixed, **taken})


def _joined(reforms: Sequence[Reform]) -> str:
    return "+".join(reform.name for reform in reforms)


def _titled(reforms: Sequence[Reform]) -> Title:
    return Title(
        zh=" + ".join(reform.title.zh for reform in reforms), en=" + ".join(reform.title.en for reform in reforms)
    )
