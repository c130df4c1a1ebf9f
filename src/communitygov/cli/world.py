"""What a simulation is run on: the options for years, draws and data, and the world they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click
from attrs import frozen

from communitygov.cli.bilingual import option
from communitygov.cli.columns import encoding_option, read_holders, read_index_data, read_units
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.numbers import exact
from communitygov.vocabulary.text import Language, Title

if TYPE_CHECKING:
    import polars as pl

    from communitygov.profile.profile import Profile
    from communitygov.simulation.worlds import World

__all__ = ["Facts", "parameters_text", "world_options"]

F = TypeVar("F", bound=Callable[..., Any])


@frozen
class Facts:
    """What a call says about the facts that rules are carried out on.

    Args:
        first: The first year.
        last: The last year.
        draws: How many draws.
        seed: The seed.
        certification: The certification's id.
        units: A file of real units.
        data: A file of real data.
        holders: Files of who held a tier before the first year.
        settings: Parameters of the model, each ``name=value``.
        encoding: The encoding of CSV.
    """

    first: int | None
    last: int | None
    draws: int | None
    seed: int
    certification: str | None
    units: str | None
    data: str | None
    holders: tuple[str, ...]
    settings: tuple[str, ...]
    encoding: str

    @classmethod
    def taken(cls, options: Mapping[str, Any]) -> Facts:
        """Return the facts that the options of ``world_options`` say.

        Args:
            options: The options of a call, by name.
        """
        return cls(**{name: options[name] for name in cls.__annotations__})

    def world(self, profile: Profile) -> World:
        """Return the world.

        Args:
            profile: The profile.

        Raises:
            CommunityGovError: If a file cannot be read or does not fit, or a parameter is unknown or out of range.
        """
        from communitygov.simulation.parameters import Parameters
        from communitygov.simulation.variants import certification_of
        from communitygov.simulation.worlds import World

        units = None if self.units is None else read_units(self.units, encoding=self.encoding)
        if self.data is None:
            settings = _settings(self.settings)
            Parameters.of(**settings)  # nothing but a parameter can be set, no other argument of the world
            return World.drawn(seed=self.seed, units=units, **settings)
        name = certification_of(profile, self.certification)
        index = profile.at(profile.first_day).certification[name].of
        frame = read_index_data(self.data, profile.history("index", index), self.encoding)
        return World.from_frames(frame, units=units)

    def arguments(self, profile: Profile) -> dict[str, Any]:
        """Return the arguments that ``simulate`` and ``ambiguities`` share.

        Args:
            profile: The profile.
        """
        return {
            "first": self.first,
            "last": self.last,
            "draws": self.draws,
            "certification": self.certification,
            "holders": self._holders(profile),
        }

    def _holders(self, profile: Profile) -> pl.DataFrame | None:
        from communitygov.simulation.variants import certification_of

        rules = profile.at(profile.first_day)
        rule = rules.certification[certification_of(profile, self.certification)]
        return read_holders(self.holders, rule, self.encoding)


_YEAR = click.IntRange(1000, 2999)
_OPTIONS = (
    option("--from", "first", type=_YEAR, metavar="YEAR", zh="首年", en="The first year"),
    option("--to", "last", type=_YEAR, metavar="YEAR", zh="末年", en="The last year"),
    option(
        "--draws",
        type=click.IntRange(min=1),
        metavar="N",
        zh="抽取次数；默认 200",
        en="How many draws; 200 if not given",
    ),
    option(
        "--seed",
        type=click.IntRange(min=0),
        default=1,
        show_default=True,
        metavar="N",
        zh="随机种子",
        en="The seed of the random numbers",
    ),
    option(
        "--certification",
        metavar="ID",
        zh="认定；只有一项时可省",
        en="The certification; not needed if there is only one",
    ),
    option(
        "--units",
        metavar="FILE",
        zh="真实单元的表，有 subject 或 code 列",
        en="A table of real units, with a column subject or code",
    ),
    option(
        "--data",
        metavar="FILE",
        zh="真实评价数据，代替抽取的",
        en="Real data of the index, in place of drawn ones",
    ),
    option(
        "--holders",
        metavar="FILE",
        multiple=True,
        zh="首年之前的认定；可多次",
        en="Who held a tier before the first year; may be repeated",
    ),
    option(
        "--set",
        "settings",
        metavar="NAME=VALUE",
        multiple=True,
        zh="设定模型参数；可多次",
        en="Set a parameter of the model; may be repeated",
    ),
    encoding_option,
)


def world_options(function: F) -> F:
    """Add the options that say which years, how many draws, and of which data.

    Args:
        function: The command.
    """
    for add in reversed(_OPTIONS):
        function = add(function)
    return function


def parameters_text(lang: Language) -> str:
    """Return the parameters of the model with their defaults, for the help text.

    Args:
        lang: The language.
    """
    from communitygov.simulation.parameters import Parameters

    head = Title(zh="模型参数（--set）：", en="Parameters of the model (--set):").say(lang)
    declared = Parameters().declared()
    wide = max(len(one.name) for one in declared)
    lines = [
        f"  {one.name:{wide}}  {one.default:>7g}  {one.title.say(lang)} ({one.unit.say(lang)})" for one in declared
    ]
    return "\n".join([head, *lines])


def _settings(texts: Sequence[str]) -> dict[str, Any]:
    found: dict[str, int | float] = {}
    for text in texts:
        name, _, value = (part.strip() for part in text.partition("="))
        try:
            number = exact(value)
            found[name] = int(number) if number.denominator == 1 else number.numerator / number.denominator
        except ValueError:
            raise UsageError.because(
                "bad-setting", zh=f"`{text}` 须写作 参数=数", en=f"write `{text}` as name=number"
            ) from None
    return found
