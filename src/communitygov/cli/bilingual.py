"""Commands and options that speak Chinese and English, and turn every mistake of a user into lines on stderr."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar

import click

from communitygov.cli.wrong_calls import wrong_call
from communitygov.vocabulary.errors import CommunityGovError, MissingExtra, NotInForce, ProfileNotFound, UsageError
from communitygov.vocabulary.files import reason_of
from communitygov.vocabulary.text import Language, Title

__all__ = [
    "Command",
    "Group",
    "Option",
    "ask_json",
    "command",
    "default_language",
    "fail",
    "group",
    "json_asked",
    "language",
    "option",
]

_LANG, _JSON = "communitygov.lang", "communitygov.json"
_CALLED_WRONGLY = (UsageError, ProfileNotFound, MissingExtra, NotInForce)
_EXAMPLE = Title(zh="示例：", en="Example:")
_USAGE = Title(zh="用法：", en="Usage: ")
_OPTIONS = Title(zh="选项", en="Options")
_COMMANDS = Title(zh="命令", en="Commands")
_STOPPED = Title(zh="已中止", en="stopped")
_HELP = Title(zh="显示此说明", en="Show this message and exit.")
_CLICKS_OWN = {"[OPTIONS]": "[选项]", "COMMAND [ARGS]...": "命令 [参数]...", "required": "必填", "default: ": "默认："}
"""What click puts into usage lines and behind options, in Chinese."""

F = TypeVar("F", bound=Callable[..., Any])


def default_language(environ: Mapping[str, str] | None = None) -> Language:
    """Return the language of the locale: Chinese if it is a Chinese one, else English.

    Args:
        environ: The environment; the process's own, if None.

    Example:
        >>> default_language({"LANG": "zh_CN.UTF-8"}), default_language({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"})
        ('zh', 'en')
    """
    environ = os.environ if environ is None else environ
    found = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    return "zh" if found.lower().startswith("zh") else "en"


def language(ctx: click.Context | None = None) -> Language:
    """Return the language of a call: what ``--lang`` says, or the locale's.

    Args:
        ctx: The call; the current one, if None; where there is none, the locale decides.
    """
    ctx = ctx or click.get_current_context(silent=True)
    found = None if ctx is None else ctx.meta.get(_LANG)
    return found if found in ("zh", "en") else default_language()


def json_asked(ctx: click.Context) -> bool:
    """Return whether a call asks for JSON.

    Args:
        ctx: The call.
    """
    return bool(ctx.meta.get(_JSON))


def ask_json(ctx: click.Context, _: click.Parameter | None = None, value: bool = True) -> bool:
    """Remember whether JSON is asked for.

    Args:
        ctx: The call.
        value: Whether it is.
    """
    ctx.meta[_JSON] = value
    return value


def _set_language(ctx: click.Context, _: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        ctx.meta[_LANG] = value
    return value


def _look_ahead(ctx: click.Context, args: Sequence[str]) -> None:
    """Remember the language and the form that a call asks for, before anything can be wrong with the rest of it."""
    for i, word in enumerate(args):
        if word == "--":
            return
        name, sign, value = word.partition("=")
        if name == "--lang":
            value = value if sign else "".join(args[i + 1 : i + 2])
            if value in ("zh", "en"):
                ctx.meta[_LANG] = value
        elif word == "--json":
            ctx.meta[_JSON] = True


def fail(ctx: click.Context, error: CommunityGovError) -> NoReturn:
    """Say what is wrong on stderr, and end: with 2 if the command was called wrongly, else with 1.

    Args:
        ctx: The call.
        error: What was raised.
    """
    if ctx.meta.get(_JSON):
        import json

        from communitygov.report.problems import problems_json

        click.echo(json.dumps(problems_json(error.problems), ensure_ascii=False), err=True)
    else:
        click.echo(error.say(language(ctx)), err=True)
    ctx.exit(2 if isinstance(error, _CALLED_WRONGLY) else 1)


def _refuse(ctx: click.Context, error: click.UsageError) -> NoReturn:
    """Say click's error as one of ours; where it only says to look at the help, leave it to show that."""
    if ctx.resilient_parsing or isinstance(error, click.exceptions.NoArgsIsHelpError):
        raise error
    fail(ctx, wrong_call(error, ctx))


def _clicks_own(text: str, ctx: click.Context) -> str:
    if language(ctx) == "zh":
        for english, chinese in _CLICKS_OWN.items():
            text = text.replace(english, chinese)
    return text


class _Speaking(click.Command):
    """What commands and groups share: a text and an example in both languages."""

    def __init__(
        self, *args: Any, about: Title, example: str, more: Callable[[Language], str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.about = about
        self.example = example
        self.more = more

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments of a call; what is wrong with them is said in the language and form that they ask for.

        Args:
            ctx: The call.
            args: Its arguments.
        """
        _look_ahead(ctx, args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            _refuse(ctx, error)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command.

        Args:
            ctx: The call.
        """
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            _refuse(ctx, error)
        except CommunityGovError as error:
            fail(ctx, error)
        except KeyboardInterrupt:
            click.echo(_STOPPED.say(language(ctx)), err=True)
            ctx.exit(1)
        except OSError as error:
            if error.errno in (errno.EPIPE, None):
                raise
            reason, name = reason_of(error), "" if error.filename is None else f"{error.filename}: "
            zh, en = f"{name}无法读写：{reason.zh}", f"{name}cannot be read or written: {reason.en}"
            fail(ctx, UsageError.because("unreadable-file", zh=zh, en=en))

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return the option ``--help``, explained in the language of the call.

        Args:
            ctx: The call.
        """
        found = super().get_help_option(ctx)
        if found is not None:
            found.help = _HELP.say(language(ctx))
        return found

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the usage line.

        Args:
            ctx: The call.
            formatter: Where to.
        """
        pieces = " ".join(_clicks_own(piece, ctx) for piece in self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, prefix=_USAGE.say(language(ctx)))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options.

        Args:
            ctx: The call.
            formatter: Where to.
        """
        records = [param.get_help_record(ctx) for param in self.get_params(ctx) if isinstance(param, click.Option)]
        with formatter.section(_OPTIONS.say(language(ctx))):
            formatter.write_dl([record for record in records if record is not None])

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        with formatter.indentation():
            for paragraph in self.about.say(language(ctx)).split("\n\n"):
                formatter.write_text(paragraph)
                formatter.write_paragraph()
            formatter.write_text(_EXAMPLE.say(language(ctx)))
            for line in self.example.splitlines():
                formatter.write(f"{' ' * formatter.current_indent}  {line}\n")

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.more is not None:
            formatter.write(f"\n{self.more(language(ctx))}\n")


class Command(_Speaking):
    """One command. A mistake of the user's ends it with lines on stderr, never with a traceback."""


class Group(_Speaking, click.Group):
    """A command with commands below it."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, and then the commands.

        Args:
            ctx: The call.
            formatter: Where to.
        """
        super().format_options(ctx, formatter)
        with formatter.section(_COMMANDS.say(language(ctx))):
            formatter.write_dl([(name, about.say(language(ctx))) for name, about in self.abouts(ctx).items()])

    def abouts(self, ctx: click.Context) -> dict[str, Title]:
        """Return what each command below is for, by name.

        Args:
            ctx: The call.
        """
        found = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        return {name: one.about for name, one in found.items() if isinstance(one, _Speaking)}


class Option(click.Option):
    """An option with a text in both languages.

    Args:
        about: What it is.
    """

    def __init__(self, *args: Any, about: Title, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.about = about

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the option's line of the help text.

        Args:
            ctx: The call.
        """
        record = super().get_help_record(ctx)
        if record is None:
            return None
        return record[0], f"{self.about.say(language(ctx))} {_clicks_own(record[1], ctx)}".rstrip()


def option(*names: str, zh: str, en: str, **settings: Any) -> Callable[[F], F]:
    """Return a decorator that gives a command an option.

    Args:
        names: How it is written.
        zh: What it is, in Chinese.
        en: The same in English.
        settings: Whatever click takes.
    """
    return click.option(*names, cls=Option, about=Title(zh=zh, en=en), **settings)


_lang_option = option(
    "--lang",
    zh="语言；默认按系统区域",
    en="The language; by default the locale's",
    type=click.Choice(["zh", "en"]),
    is_eager=True,
    expose_value=False,
    callback=_set_language,
)
_SETTINGS = {"help_option_names": ["-h", "--help"]}


def command(
    *, zh: str, en: str, example: str, more: Callable[[Language], str] | None = None
) -> Callable[[Callable[..., Any]], Command]:
    """Return a decorator that makes a command, with ``--lang`` and ``--json``.

    Args:
        zh: What it does, in Chinese.
        en: The same in English.
        example: A call that a reader can try, or several, one a line.
        more: What stands at the end of its help text.
    """

    def decorate(function: Callable[..., Any]) -> Command:
        as_json = option(
            "--json", "as_json", zh="输出 JSON", en="Print JSON", is_flag=True, is_eager=True, callback=ask_json
        )
        about, settings = Title(zh=zh, en=en), dict(_SETTINGS)
        made = click.command(cls=Command, about=about, example=example, more=more, context_settings=settings)
        return made(as_json(_lang_option(function)))

    return decorate


def group(*, zh: str, en: str, example: str, cls: type[Group] = Group) -> Callable[[Callable[..., Any]], Group]:
    """Return a decorator that makes a group of commands, with ``--lang``.

    Args:
        zh: What they are for, in Chinese.
        en: The same in English.
        example: A call that a reader can try.
        cls: The kind of group.
    """

    def decorate(function: Callable[..., Any]) -> Group:
        about = Title(zh=zh, en=en)
        made = click.group(cls=cls, about=about, example=example, context_settings=dict(_SETTINGS))
        return made(_lang_option(function))

    return decorate
