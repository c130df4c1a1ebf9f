"""How much of its sources a profile models, and whether everything that it offers can be taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from attrs import frozen

from communitygov.documents.node import Node, Path
from communitygov.profile.patches import never_in_force
from communitygov.profile.profile import Profile
from communitygov.profile.rules import TEXTS, ClauseText, Interpretation, Rules
from communitygov.vocabulary.errors import DocumentError
from communitygov.vocabulary.problem import Place, Problem, sort_problems
from communitygov.vocabulary.text import Title

__all__ = ["Assumption", "ProfileCoverage", "SourceCoverage", "coverage", "try_everything"]


@frozen
class SourceCoverage:
    """How the clauses of one source are taken up. Each clause counts once, in the first that holds.

    Args:
        source: The source's id.
        title: Its title.
        modelled: Clauses that a rule in force cites.
        proposed: Clauses that only a reform or an amendment that ships with the profile cites.
        open: Clauses that only an open question or a contradiction cites.
        not_modelled: Clauses of which no rule is made yet, with the reason.
        context: Clauses that are no rule at all.
        uncited: Clauses that nothing cites and nothing explains.
    """

    source: str
    title: Title
    modelled: tuple[str, ...]
    proposed: tuple[str, ...]
    open: tuple[str, ...]
    not_modelled: tuple[str, ...]
    context: tuple[str, ...]
    uncited: tuple[str, ...]

    @property
    def clauses(self) -> int:
        """How many clauses the source has."""
        groups = (self.modelled, self.proposed, self.open, self.not_modelled, self.context, self.uncited)
        return sum(len(group) for group in groups)


@frozen
class Assumption:
    """A value that no source gives.

    Args:
        path: Where it stands, as a dotted path.
        value: The value taken, as a document would write it; empty if it is the library's default, or a whole branch.
        because: Why this one.
        place: Where its reason is written.
        clause: The clauses of the rule that it belongs to.
    """

    path: str
    value: str
    because: Title
    place: Place
    clause: tuple[str, ...] = ()


@frozen
class ProfileCoverage:
    """How much of its sources a profile models, assumes and leaves open.

    Args:
        sources: Each source's clauses.
        assumptions: The values that no source gives.
        questions: The open questions, by id.
        contradictions: The titles of contradictions, by id.
        problems: A problem for each of the profile's own clauses that nothing cites and nothing explains.
    """

    sources: tuple[SourceCoverage, ...]
    assumptions: tuple[Assumption, ...]
    questions: Mapping[str, Interpretation]
    contradictions: Mapping[str, Title]
    problems: tuple[Problem, ...]


def coverage(profile: Profile) -> ProfileCoverage:
    """Count how much of its sources a profile models.

    Args:
        profile: The profile; its rules of the first day in force are counted, with the reforms and amendments that
            ship with it.

    Example:
        >>> import communitygov
        >>> found = coverage(communitygov.load_profile("shijingshan"))
        >>> [source.source for source in found.sources if source.uncited]
        []
    """
    rules = profile.at(profile.first_day)
    ruled: set[str] = set()
    asked: set[str] = set()
    for key, section in (rules.root.children or {}).items():
        if key != "clauses":
            (asked if key in TEXTS else ruled).update(_cited(section))
    proposed: set[str] = set()
    for one in profile.lineage:
        for layer in (*one.amendments, *(reform.layer for reform in one.reforms.values())):
            for node in (layer.patch, layer.file):
                proposed.update(() if node is None else _cited(node))
    groups: dict[str, dict[str, list[str]]] = {}
    for key, clause in rules.rules.clauses.items():
        group = _group(key, clause, ruled, proposed, asked)
        groups.setdefault(clause.source, {}).setdefault(group, []).append(key)
    return ProfileCoverage(
        sources=tuple(_source(key, rules.rules, found) for key, found in groups.items()),
        assumptions=tuple(_assumptions(rules.root)),
        questions=rules.rules.interpretations,
        contradictions={key: one.name(key) for key, one in rules.rules.contradictions.items()},
        problems=tuple(_uncited(profile, groups)),
    )


def try_everything(profile: Profile) -> tuple[Problem, ...]:
    """Take every reading of every question, and every reform that ships with a profile, one at a time, on every day.

    Days are those on which the rules change; between them nothing does.

    Args:
        profile: The profile.

    Returns:
        What cannot be taken, each pair of readings of one question between which there is no difference, and each
        amendment or reform that never holds while the profile does.

    Example:
        >>> import communitygov
        >>> try_everything(communitygov.load_profile("shijingshan"))
        ()
    """
    problems: list[Problem] = []
    days = profile.turns()
    asked = [(key, one) for day in days for key, one in profile.at(day).rules.interpretations.items()]
    for key, question in dict(reversed(asked)).items():
        taken: dict[str, list[dict[str, str]]] = {}
        for reading in question.readings:
            try:
                roots = [profile.at(day, readings={key: reading}).root for day in days]
            except DocumentError as error:
                problems.extend(error.problems)
            else:
                taken[reading] = [_ruled(root) for root in roots]
        for one, other in combinations(taken, 2):
            if taken[one] == taken[other]:
                problems.append(_alike(key, question, one, other))
    for reform in profile.reforms.values():
        problems.extend(profile.problems_of(reform))
    for layer in (*profile.amendments, *(reform.layer for reform in profile.reforms.values())):
        problems.extend(never_in_force(layer, profile.first_day, profile.last_day))
    return sort_problems(problems)


def _ruled(root: Node) -> dict[str, str]:
    """Return the digest of each section that holds rules."""
    return {name: node.digest for name, node in (root.children or {}).items() if name not in TEXTS}


def _cited(node: Node) -> Iterator[str]:
    yield from node.clause()
    for child in (node.children or {}).values():
        yield from _cited(child)


def _group(key: str, clause: ClauseText, ruled: set[str], proposed: set[str], asked: set[str]) -> str:
    if clause.primitive == "none":
        return "context"
    for group, cited in (("modelled", ruled), ("proposed", proposed), ("open", asked)):
        if key in cited:
            return group
    return "uncited" if clause.not_modelled is None else "not_modelled"


def _source(key: str, rules: Rules, found: Mapping[str, list[str]]) -> SourceCoverage:
    names = ("modelled", "proposed", "open", "not_modelled", "context", "uncited")
    groups = {name: tuple(found.get(name, ())) for name in names}
    return SourceCoverage(key, rules.profile.sources[key].name(key), **groups)


def _uncited(profile: Profile, groups: Mapping[str, Mapping[str, list[str]]]) -> Iterator[Problem]:
    for found in groups.values():
        for key in found.get("uncited", ()):
            node = profile.own.get("clauses", key)
            if node is not None:  # a parent's clause is its parent's matter
                yield Problem(
                    "uncited-clause",
                    Title(
                        zh=f"没有规则引用条款 `{key}`；请引用它，或以 `not_modelled:` 说明原因",
                        en=f"no rule cites the clause `{key}`; cite it, or say why not with `not_modelled:`",
                    ),
                    node.key or node.place,
                    path=f"clauses.{key}",
                )


def _assumptions(root: Node, path: Path = (), cited: tuple[str, ...] = ()) -> Iterator[Assumption]:
    """Yield every value that is assumed at or below a node, in the order of the documents."""
    cited = root.clause() or cited
    for name, reason in ((root.get("assumed") or root).children or {}).items() if root.get("assumed") else ():
        words = {lang: text.text() for lang, text in (reason.children or {}).items()}
        value = root.get(name)
        text = "" if value is None or value.children is not None else value.text()
        yield Assumption(".".join((*path, name)), text, Title(**words), reason.place, cited)
    for key, child in (root.children or {}).items():
        if not (path == () and key in TEXTS) and key != "assumed":
            yield from _assumptions(child, (*path, key), cited)


def _alike(key: str, question: Interpretation, one: str, other: str) -> Problem:
    place = question.readings[other].place
    return Problem(
        "readings-do-not-differ",
        Title(
            zh=f"解释口径 `{key}` 的两种理解 `{one}` 与 `{other}` 得出同样的规则",
            en=f"the readings `{one}` and `{other}` of the interpretation `{key}` give the same rules",
        ),
        place,
        also=(question.readings[one].place,),
        clause=question.clause,
        path=f"interpretations.{key}.readings.{other}",
    )
