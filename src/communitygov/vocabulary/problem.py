"""Problems: what is wrong in a document or a frame, where, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from attrs import field, frozen

from communitygov.vocabulary.text import Language, Title

__all__ = ["Place", "Problem", "did_you_mean", "nearest", "sort_problems"]


@frozen(order=True)
class Place:
    """Where in a file something stands.

    Args:
        file: The file's path, as the user gave it.
        line: Its line, from 1; 0 for the file as a whole.
        column: Its column, from 1; 0 for the line as a whole.
    """

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])


@frozen
class Problem:
    """One thing that is wrong, said so that the person who made it can mend it.

    Args:
        code: A stable name such as ``unknown-field``; every code stands in ``docs/problems.md``.
        message: What is wrong, what was expected and what to do, in both languages.
        place: Where, if in a file.
        also: Other places that take part, such as the other side of a conflict.
        clause: The clauses that the rule at this place cites.
        path: The dotted path of the rule, or the row and column of the data.
        context: What the message was made of, for machines.

    Example:
        >>> from communitygov.vocabulary.text import Title
        >>> p = Problem("bad-share", Title(zh="不是份额", en="not a share"), Place("x.yaml", 3, 9), clause=("SJS-17",))
        >>> print(p.say("en"))
        x.yaml:3:9: bad-share: not a share [SJS-17]
    """

    code: str
    message: Title
    place: Place | None = None
    also: tuple[Place, ...] = ()
    clause: tuple[str, ...] = ()
    path: str = ""
    context: dict[str, object] = field(factory=dict, eq=False, repr=False)

    def say(self, lang: Language) -> str:
        """Return the problem on one line.

        Args:
            lang: The language of the message.
        """
        where = f"{self.place}: " if self.place else ""
        clause = f" [{', '.join(self.clause)}]" if self.clause else ""
        also = "".join(f" ({place})" for place in self.also)
        return f"{where}{self.code}: {self.message.say(lang)}{also}{clause}"

    def as_json(self) -> dict[str, object]:
        """Return the problem as plain data, both languages in it."""
        place = self.place
        return {
            "code": self.code,
            "message": {"zh": self.message.zh, "en": self.message.en},
            "file": place.file if place else None,
            "line": place.line if place else None,
            "column": place.column if place else None,
            "also": [str(p) for p in self.also],
            "clause": list(self.clause),
            "path": self.path,
        }

    def as_github(self, lang: Language) -> str:
        """Return the problem as a GitHub workflow annotation.

        Args:
            lang: The language of the message.
        """
        place = self.place or Place("")
        clause = f" [{', '.join(self.clause)}]" if self.clause else ""
        also = "".join(f" ({p})" for p in self.also)
        message = _escape(f"{self.message.say(lang)}{also}{clause}")
        where = f"file={_escape(place.file, ':,')},line={place.line or 1},col={place.column or 1},"
        return f"::error {where if place.file else ''}title={_escape(self.code, ':,')}::{message}"


def _escape(text: str, more: str = "") -> str:
    for char in "%\r\n" + more:
        text = text.replace(char, f"%{ord(char):02X}")
    return text


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the name most like a word, if one is like it at all.

    Args:
        word: What was written.
        known: What could have been written.

    Example:
        >>> nearest("fve_star", ["four_star", "five_star"])
        'five_star'
    """
    near = difflib.get_close_matches(word, sorted(set(known)), n=1, cutoff=0.6)
    return near[0] if near else None


def did_you_mean(word: str, known: Iterable[str], most: int = 12) -> Title:
    """Return a hint that names the nearest valid names, or all of them when few.

    Args:
        word: What was written.
        known: What could have been written.
        most: How many are few.

    Example:
        >>> did_you_mean("shaer", ["share", "number"]).en
        '; did you mean `share`?'
    """
    names: Sequence[str] = sorted(set(known))
    near = nearest(word, names)
    if near is not None:
        return Title(zh=f"；是否想写 `{near}`？", en=f"; did you mean `{near}`?")
    if not names:
        return Title(zh="", en="")
    shown = ", ".join(f"`{name}`" for name in names[:most]) + (" ..." if len(names) > most else "")
    return Title(zh=f"；可用的有 {shown}", en=f"; known here: {shown}")


def sort_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return problems in the order a person reads them, without repeats: by file, line, column, code.

    Args:
        problems: In any order.
    """

    def key(problem: Problem) -> tuple[Place, str, str]:
        return (problem.place or Place(""), problem.code, problem.message.en)

    found: dict[tuple[object, ...], Problem] = {}
    for problem in problems:
        found.setdefault((problem.code, problem.place, problem.message), problem)
    return tuple(sorted(found.values(), key=key))
