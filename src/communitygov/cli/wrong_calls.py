"""What click says of a wrong call, in both languages: its few sentences, told from the words that it says them in."""

from __future__ import annotations

import re

import click

from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["wrong_call"]

_KINDS = {"integer": "整数", "integer range": "整数", "float": "数", "float range": "数"}

_SENTENCES: tuple[tuple[str, str, str], ...] = (
    (r"Invalid value for '?(.+?)'?: (.+)", "{0} 的值有误：{1}", "the value of {0} is wrong: {1}"),
    (r"Invalid value: (.+)", "值有误：{0}", "the value is wrong: {0}"),
    (r"Missing (?:argument|option|parameter) '?(.+?)'?\.(?:\s.*)?", "缺少 {0}", "{0} is missing"),
    (r"Missing command\.?", "缺少命令", "a command is missing"),
    (r"No such option:? '?(.+?)'?\.?(?: \(?(?:Did|Possible) .*)?", "没有选项 {0}", "there is no option {0}"),
    (r"No such command '?(.+?)'?\.?(?: \(?(?:Did|Possible) .*)?", "没有命令 {0}", "there is no command {0}"),
    (r"Got unexpected extra arguments? \((.+)\)", "多余的参数 {0}", "nothing more is expected, found {0}"),
    (r"Option '(.+)' does not take a value\.", "选项 {0} 不带值", "the option {0} takes no value"),
    (r"Option '(.+)' requires an argument\.", "选项 {0} 须带值", "the option {0} needs a value"),
    (r"(.+) is not in the range (.+)\.", "{0} 不在范围 {1} 内", "{0} is not in the range {1}"),
    (r"(.+) is not a valid (.+)\.", "{0} 不是{1}", "{0} is not a valid {1}"),
    (r"(.+) is not one of (.+)\.", "{0} 不在 {1} 之中", "{0} is none of {1}"),
)
"""Each sentence of click's as a pattern, and what is said in its place, in Chinese and in English."""


def wrong_call(error: click.UsageError, ctx: click.Context | None = None) -> UsageError:
    """Return click's error as one of ours, in both languages, with the command whose help says more.

    Args:
        error: What click raised.
        ctx: The call, if the error does not know it.

    Example:
        >>> print(wrong_call(click.NoSuchOption("--yaer")).say("zh"))
        wrong-call: 没有选项 `--yaer`
    """
    said = _said(error.format_message())
    zh, en, where = said.zh, said.en, error.ctx or ctx
    near = getattr(error, "possibilities", None)
    if near:
        hint = did_you_mean(near[0], near)
        zh, en = f"{zh}{hint.zh}", f"{en}{hint.en}"
    elif where is not None:
        path = where.command_path
        zh, en = f"{zh}；见 `{path} --help`", f"{en}; see `{path} --help`"
    return UsageError.because("wrong-call", zh=zh, en=en)


def _said(message: str) -> Title:
    for pattern, zh, en in _SENTENCES:
        found = re.fullmatch(pattern, message, re.DOTALL)
        if found is None:
            continue
        parts = [_part(pattern, part) for part in found.groups()]
        return Title(zh=zh.format(*(part.zh for part in parts)), en=en.format(*(part.en for part in parts)))
    return Title(zh=message, en=message)


def _part(pattern: str, text: str) -> Title:
    """Return a word of a sentence: another sentence, a kind of number, or what the user wrote."""
    if pattern.startswith("Invalid") and any(re.fullmatch(one, text, re.DOTALL) for one, _, _ in _SENTENCES):
        return _said(text)
    if text in _KINDS:
        return Title(zh=_KINDS[text], en=text.removesuffix(" range"))
    shown = [f"`{part}`" for part in re.split(r"'(?:, | / )'", text.strip("'"))]
    return Title(zh="、".join(shown), en=", ".join(shown))
