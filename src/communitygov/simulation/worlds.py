"""Worlds: the facts that rules are applied to, real or drawn from a stated model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from attrs import Attribute, evolve, field, frozen

from communitygov.simulation.given import (
    FACTS,
    as_polars,
    check_known,
    check_one_of,
    check_units,
    taken_data,
    taken_facts,
)
from communitygov.simulation.parameters import Parameters
from communitygov.vocabulary.errors import DataError, MissingExtra, UsageError
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    from types import ModuleType

    import polars as pl

__all__ = ["World", "enumerated", "numpy_or_refuse", "read_units", "whole_number"]


def numpy_or_refuse() -> ModuleType:
    """Return numpy.

    Raises:
        MissingExtra: If it is not installed (extra ``simulation``).
    """
    try:
        import numpy
    except ImportError:
        raise MissingExtra.named("simulation", "numpy") from None
    return numpy


Per = Literal["cell", "leaf"]
"""What one value is drawn for: a quality and method, or a leaf."""

Latent = Literal["each_draw", "once"]
"""How often the communities' own quality is drawn."""


def _one_of(words: Any) -> Callable[[Any, Attribute[Any], object], None]:
    return lambda _, one, value: check_one_of(one.name, value, get_args(words))


@frozen(eq=False)
class World:
    """The facts that rules are applied to: real data, or drawn from the model of ``Parameters``.

    Args:
        units: One row per subject: ``subject`` and any columns that groups are made of, such as ``street``.
        parameters: The model's parameters; None if the data are real.
        seed: What the random numbers are made from; the same seed gives the same numbers.
        per: Draw one value per quality and method, which its leaves share (``cell``), or one per ``leaf``.
        latent: Draw the communities' own quality anew in each draw, or ``once``, so that draws differ only in what
            visits and questionnaires get wrong.
        data: Real raw values: ``subject``, ``period`` and a column per leaf.
        facts: Real true-or-false facts: ``subject``, ``year`` and a column per veto.

    Example:
        >>> world = World.drawn(seed=7, communities=3)
        >>> world.units["subject"].to_list()
        ['c1', 'c2', 'c3']
    """

    units: pl.DataFrame = field(repr=False)
    parameters: Parameters | None
    seed: int = 0
    per: Per = field(default="cell", validator=_one_of(Per))
    latent: Latent = field(default="each_draw", validator=_one_of(Latent))
    data: pl.DataFrame | None = field(default=None, repr=False)
    facts: pl.DataFrame | None = field(default=None, repr=False)
    _kept: dict[object, tuple[int, Any]] = field(factory=dict, init=False, repr=False)
    """The state of each process at the last period asked for, so that the next one need not begin from the start."""

    @classmethod
    def drawn(
        cls,
        parameters: Parameters | None = None,
        *,
        seed: int = 0,
        units: Any = None,
        per: Per = "cell",
        latent: Latent = "each_draw",
        **values: float,
    ) -> World:
        """Return a world drawn from the model.

        Args:
            parameters: All parameters at once; else the defaults.
            seed: A whole number, 0 or more.
            units: A frame of real units, one row per ``subject``; it sets their number.
            per: Draw per quality and method, or per leaf.
            latent: Draw the communities' own quality in each draw, or once.
            values: Single parameters by name.

        Raises:
            UsageError: If an argument or parameter is unknown or out of range, or units and ``communities`` do not
                agree.
            DataError: If units have no subjects, or one twice.
            MissingExtra: If numpy is not installed (extra ``simulation``).
        """
        import polars as pl

        numpy_or_refuse()
        if not whole_number(seed, 0):
            raise UsageError.because(
                "bad-seed",
                zh=f"种子须为不小于0的整数，却是 {seed!r}",
                en=f"a seed is a whole number of 0 or more, not {seed!r}",
            )
        if parameters is not None and values:
            raise UsageError.because(
                "parameters-twice",
                zh="参数或整体给出，或逐个给出，不可兼用",
                en="give all parameters at once or single ones by name, not both",
            )
        if units is not None:
            units = as_polars(units)
            count = check_units(units)
            if values.setdefault("communities", count) != count or (parameters or Parameters()).communities not in (
                count,
                Parameters().communities,
            ):
                raise UsageError.because(
                    "communities-differ",
                    zh=f"单元表有 {count} 个社区，与参数 communities 不符",
                    en=f"the units are {count} communities, and the parameter `communities` says otherwise",
                )
        if parameters is None:
            parameters = Parameters.of(**values)
        elif units is not None:
            parameters = evolve(parameters, communities=int(values["communities"]))
        if units is None:
            width = len(str(parameters.communities))
            names = [f"c{i:0{width}}" for i in range(1, parameters.communities + 1)]
            units = pl.DataFrame({"subject": names}, schema={"subject": pl.String})
        return cls(units, parameters, seed, per, latent)

    @classmethod
    def from_frames(cls, data: Any, *, units: Any = None, facts: Any = None) -> World:
        """Return a world of real data.

        Args:
            data: A frame of any kind, one row per ``subject`` and ``period`` with a column of raw values per leaf, as
                ``score`` takes it.
            units: A frame, one row per ``subject``, with the columns of groups; the data's subjects if None.
            facts: A frame, one row per ``subject`` and ``year`` with a true-or-false column per veto; what it does not
                say of a subject and year is false. Without it no veto strikes.

        Raises:
            DataError: If a frame does not fit: a column is missing or of another kind, a row stands twice, a period is
                none, or a subject is no unit.

        Example:
            >>> import polars as pl
            >>> World.from_frames(pl.DataFrame({"subject": ["a"], "period": ["2023"], "x": [1]})).is_real
            True
        """
        data = taken_data(data)
        units = data.select("subject").unique(maintain_order=True) if units is None else as_polars(units)
        check_units(units)
        check_known(units, data, Title(zh="数据", en="data"))
        if facts is not None:
            facts = taken_facts(facts)
            check_known(units, facts, FACTS)
        return cls(units, None, data=data, facts=facts)

    @property
    def is_real(self) -> bool:
        """Whether the data are real, so that every draw would be the same."""
        return self.data is not None

    @property
    def size(self) -> int:
        """The number of subjects."""
        return self.units.height


def enumerated(world: World) -> World:
    """Return a world whose subjects are an enumeration, in the order of its units.

    Args:
        world: The world.
    """
    import polars as pl

    kind = pl.Enum(world.units["subject"].cast(pl.String))
    named = pl.col("subject").cast(pl.String).cast(kind)
    data, facts = (None if one is None else one.with_columns(named) for one in (world.data, world.facts))
    return evolve(world, units=world.units.with_columns(named), data=data, facts=facts)


def whole_number(value: object, least: int) -> bool:
    """Return whether something is a whole number, and large enough.

    Args:
        value: Whatever was handed over.
        least: The least number that will do.
    """
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def read_units(file: str | Path, *, encoding: str = "utf-8") -> pl.DataFrame:
    """Read real units from a CSV file of administrative divisions.

    Args:
        file: The file; its column ``code`` or ``subject`` names the units, all others are kept as they are.
        encoding: ``utf-8`` (with or without a byte-order mark) or another, such as ``gb18030``.

    Returns:
        One row per unit with the column ``subject`` first, as ``World.drawn(units=...)`` takes it.

    Raises:
        DataError: If the file cannot be read, has neither column, or names a unit twice.
    """
    import polars as pl

    try:
        text = Path(file).read_bytes().decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
        frame = pl.read_csv(text.encode(), infer_schema=False)
    except (OSError, UnicodeDecodeError, LookupError, pl.exceptions.PolarsError) as error:
        raise DataError.because(
            "unreadable-units", zh=f"无法读取 {file}：{error}", en=f"cannot read {file}: {error}"
        ) from None
    name = next((name for name in ("subject", "code") if name in frame.columns), None)
    if name is None:
        listed = ", ".join(frame.columns)
        raise DataError.because(
            "missing-column",
            zh=f"{file} 须有 code 或 subject 列，现有 {listed}",
            en=f"{file} needs a column code or subject, found {listed}",
        )
    frame = frame.rename({name: "subject"}).select("subject", pl.exclude("subject"))
    check_units(frame)
    return frame
