"""Errors: one root, and one class for each thing a person can have done."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from communitygov.vocabulary.problem import Problem, sort_problems
from communitygov.vocabulary.text import Language, Title

__all__ = [
    "CommunityGovError",
    "DataError",
    "DocumentError",
    "MissingExtra",
    "NotInForce",
    "ProfileNotFound",
    "UsageError",
]


class CommunityGovError(Exception):
    """The root of all errors that the library raises on purpose.

    Args:
        problems: Everything that is wrong, never only the first thing.

    Attributes:
        problems: The same, in reading order.
    """

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = sort_problems([problems] if isinstance(problems, Problem) else problems)
        super().__init__("\n".join(problem.say("en") for problem in self.problems))

    @classmethod
    def because(cls, code: str, *, zh: str, en: str) -> Self:
        """Return the error for one problem that has no place in a file.

        Args:
            code: The problem's stable name.
            zh: The message in Chinese.
            en: The message in English.
        """
        return cls(Problem(code, Title(zh=zh, en=en)))

    def say(self, lang: Language) -> str:
        """Return all problems, one a line.

        Args:
            lang: The language of the messages.
        """
        return "\n".join(problem.say(lang) for problem in self.problems)


class DocumentError(CommunityGovError):
    """You wrote a document that breaks its schema or one of its own rules."""


class DataError(CommunityGovError):
    """You handed over a frame that the rules cannot be applied to."""


class NotInForce(CommunityGovError):
    """You asked for rules on a day on which they are not in force."""


class ProfileNotFound(CommunityGovError):
    """You named a profile that is not installed, or not in the version asked for."""


class UsageError(CommunityGovError):
    """You called a function or a command with arguments that do not fit."""


class MissingExtra(CommunityGovError):
    """You asked for something whose optional libraries are not installed."""

    @classmethod
    def named(cls, extra: str, library: str) -> Self:
        """Return the error for one absent library.

        Args:
            extra: The extra that brings it.
            library: The library's import name.
        """
        command = f"pip install 'communitygov[{extra}]'"
        return cls(
            Problem(
                "missing-extra",
                Title(
                    zh=f"缺少可选组件 {library}，请运行 {command}",
                    en=f"{library} is not installed; run {command}",
                ),
            )
        )
