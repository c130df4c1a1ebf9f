"""Problems as text, as JSON, and as annotations of a GitHub workflow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Language

__all__ = ["PROBLEMS", "ProblemFormat", "problems_github", "problems_json", "problems_text"]

PROBLEMS = "communitygov.problems/1"
"""The name and version of the form of problems as JSON."""

ProblemFormat = Literal["text", "json", "github"]


def problems_text(problems: Iterable[Problem], lang: Language) -> str:
    """Write problems one a line.

    Args:
        problems: The problems.
        lang: The language of the messages.

    Example:
        >>> from communitygov.vocabulary.text import Title
        >>> problems_text([Problem("empty-file", Title(zh="空文件", en="the file is empty"))], "zh")
        'empty-file: 空文件'
    """
    return "\n".join(problem.say(lang) for problem in problems)


def problems_json(problems: Iterable[Problem]) -> dict[str, Any]:
    """Return problems as plain data for JSON, both languages in it.

    Args:
        problems: The problems.

    Returns:
        ``{"schema": "communitygov.problems/1", "problems": [...]}``.

    Example:
        >>> problems_json([])
        {'schema': 'communitygov.problems/1', 'problems': []}
    """
    return {"schema": PROBLEMS, "problems": [problem.as_json() for problem in problems]}


def problems_github(problems: Iterable[Problem], lang: Language) -> str:
    """Write problems as annotations of a GitHub workflow, one a line.

    Args:
        problems: The problems.
        lang: The language of the messages.

    Example:
        >>> from communitygov.vocabulary.text import Title
        >>> problems_github([Problem("empty-file", Title(zh="空文件", en="the file is empty"))], "en")
        '::error title=empty-file::the file is empty'
    """
    return "\n".join(problem.as_github(lang) for problem in problems)
