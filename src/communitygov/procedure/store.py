"""Stores: where the entries of cases are kept, and what is asked of a place that keeps them.

A store is anything that has the five methods of `Store`. This module has the protocol, its error, and a store in
memory; `communitygov.procedure.store_sql` has SQLite and PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Protocol, Self

from communitygov.procedure.chain import Entry, erase, verify
from communitygov.vocabulary.errors import CommunityGovError, UsageError
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

__all__ = ["Conflict", "MemoryStore", "Piece", "Store", "check_pieces", "check_versions"]

Piece = tuple[Sequence[Entry], int]
"""Entries of one case, and how many of that case the writer has seen."""

Ends = Mapping[str, tuple[int, str]]
"""How many entries a case has, and the hash of its last one; a case without entries is not there."""


class Conflict(CommunityGovError):
    """You appended to a case that another writer had appended to first; read what is new and decide again.

    Attributes:
        versions: By case, how many entries were expected and how many were found.
    """

    versions: Mapping[str, tuple[int, int]]

    @classmethod
    def over(cls, versions: Mapping[str, tuple[int, int]]) -> Self:
        """Return the error for all cases that another writer was first at.

        Args:
            versions: By case, how many entries were expected and how many were found.
        """
        error = cls(
            Problem(
                "version-conflict",
                Title(
                    zh=f"件 {case} 应有 {expected} 条，已有 {found} 条：他人先写入了，请读取新增的再决定",
                    en=f"{case} was expected to have {expected} entries and has {found}: another writer was first; "
                    "read what is new and decide again",
                ),
                path=case,
                context={"expected": expected, "found": found},
            )
            for case, (expected, found) in versions.items()
        )
        error.versions = dict(versions)
        return error


class Store(Protocol):
    """What keeps the entries of cases: they are appended, never changed, and never lost.

    The version of a case is the number of its entries. A writer says which version it has seen, so of two that have
    seen the same only one is let in.
    """

    def append(self, entries: Sequence[Entry], expected: int) -> None:
        """Add entries to a case: all of them, for good when this returns, or none.

        Args:
            entries: Entries of one case that continue its chain; at least one.
            expected: How many entries of the case the writer has seen; 0 for a new case.

        Raises:
            Conflict: If the case has more or fewer entries; nothing was written.
            UsageError: If the entries do not continue the chain.
        """

    def read(self, case: str, after: int = 0) -> tuple[Entry, ...]:
        """Return the entries of a case in order; none if there is no such case.

        Args:
            case: The case's id.
            after: Leave out so many from the start.
        """

    def cases(self) -> Iterator[str]:
        """Yield the ids of all cases in the order of their code points, without holding them all in memory."""

    def entries(self) -> Iterator[Entry]:
        """Yield all entries in the order of case and place, without holding them all in memory."""

    def erase(self, case: str, fact: str) -> int:
        """Erase a personal value, and its salt, from all entries of a case; what is hashed stays.

        Args:
            case: The case's id.
            fact: The value's name.

        Returns:
            The number of values erased; those erased before do not count.
        """


class MemoryStore:
    """A store that lives as long as the process: for tests and notebooks.

    Threads may share it.

    Example:
        >>> from communitygov.procedure.chain import canonical, sealed, verify_all
        >>> store = MemoryStore()
        >>> store.append([sealed("order-1", 1, canonical({"step": "register"}))], expected=0)
        >>> store.append([sealed("order-1", 1, canonical({"step": "reject"}))], expected=0)
        Traceback (most recent call last):
        ...
        communitygov.procedure.store.Conflict: version-conflict: order-1 was expected to have 0 entries and has 1: ...
        >>> len(store.read("order-1")), list(verify_all(store.entries()))
        (1, [])
    """

    def __init__(self) -> None:
        self._chains: dict[str, tuple[Entry, ...]] = {}
        self._lock = Lock()

    def append(self, entries: Sequence[Entry], expected: int) -> None:
        """Add entries to a case, as `Store.append` says.

        Args:
            entries: Entries of one case that continue its chain; at least one.
            expected: How many entries of the case the writer has seen.

        Raises:
            Conflict: If the case has more or fewer entries.
            UsageError: If the entries do not continue the chain.
        """
        self.append_many([(entries, expected)])

    def append_many(self, batch: Iterable[Piece]) -> None:
        """Add entries to many cases: to all of them, or on a conflict to none.

        Args:
            batch: For each case its entries and how many the writer has seen; each case once.

        Raises:
            Conflict: If any case has more or fewer entries; all such cases are named and nothing was written.
            UsageError: If any entries do not continue their chain, or a case stands twice.
        """
        pieces = check_pieces(batch)
        with self._lock:
            chains = {case: self._chains[case] for case in pieces if case in self._chains}
            check_versions(pieces, {case: (len(chain), chain[-1].hash) for case, chain in chains.items()})
            self._chains.update({case: (*chains.get(case, ()), *entries) for case, (entries, _) in pieces.items()})

    def read(self, case: str, after: int = 0) -> tuple[Entry, ...]:
        """Return the entries of a case in order; none if there is no such case.

        Args:
            case: The case's id.
            after: Leave out so many from the start.
        """
        return self._chains.get(case, ())[max(after, 0) :]

    def cases(self) -> Iterator[str]:
        """Yield the ids of all cases in the order of their code points."""
        yield from sorted(self._chains)

    def entries(self) -> Iterator[Entry]:
        """Yield all entries in the order of case and place."""
        for case in self.cases():
            yield from self._chains[case]

    def erase(self, case: str, fact: str) -> int:
        """Erase a personal value, and its salt, from all entries of a case.

        Args:
            case: The case's id.
            fact: The value's name.

        Returns:
            The number of values erased now.
        """
        with self._lock:
            before = self.read(case)
            after = tuple(erase(entry, fact) for entry in before)
            if before:
                self._chains[case] = after
            return sum(new is not old for new, old in zip(after, before, strict=True))


def check_pieces(batch: Iterable[Piece]) -> dict[str, Piece]:
    """Return a batch by case; for those who write a store.

    Args:
        batch: As in `MemoryStore.append_many`.

    Raises:
        UsageError: If a piece is empty, is of several cases, or is the second of its case.
    """
    pieces: dict[str, Piece] = {}
    for entries, expected in batch:
        cases = {entry.case for entry in entries}
        if len(cases) != 1 or not cases.isdisjoint(pieces):
            names = ", ".join(f"`{case}`" for case in sorted(cases))
            raise UsageError.because(
                "bad-append",
                zh=f"一次写入的每一段须为一件的至少一条留痕，每件只可一段；此段为 {names or '空'}",
                en=f"each piece that is appended is of one case, has at least one entry, and is the only one of its "
                f"case; this one is of {names or 'none'}",
            )
        pieces[cases.pop()] = (entries, expected)
    return pieces


def check_versions(pieces: Mapping[str, Piece], ends: Ends) -> None:
    """Refuse what does not continue the chains that are there; for those who write a store.

    So a store never holds a chain that does not verify, unless it was changed behind its back.

    Args:
        pieces: What is to be appended, by case.
        ends: How many entries each of these cases has, and the hash of its last one.

    Raises:
        Conflict: If another writer was first at any case; all such cases are named.
        UsageError: If entries do not continue the chain of their case, or do not verify.
    """
    nothing = (0, "")
    late = {
        case: (expected, ends.get(case, nothing)[0])
        for case, (_, expected) in pieces.items()
        if expected != ends.get(case, nothing)[0]
    }
    if late:
        raise Conflict.over(late)
    problems: list[Problem] = []
    for case, (entries, _) in pieces.items():
        count, last = ends.get(case, nothing)
        problems.extend(finding.problem() for finding in verify(entries, after=count, previous=last))
    if problems:
        raise UsageError(problems)
