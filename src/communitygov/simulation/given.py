"""What a simulation is given: frames of any kind, taken in as Polars, and what must hold of them before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, get_args

from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.frames import Column, Fault, Table, adopt, check_table
from communitygov.vocabulary.period import PeriodKind, is_period
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["FACTS", "UNITS", "as_polars", "check_known", "check_one_of", "check_units", "taken_data", "taken_facts"]

UNITS = Title(zh="单元表", en="units")
"""What a table of units is called."""

FACTS = Title(zh="事实表", en="facts")
"""What a table of facts that bar is called."""

_DATA = Title(zh="评价数据", en="data")
_SUBJECT = Column("subject", "text", Title(zh="评价对象", en="subject"))
_YEAR = Column("year", "whole", Title(zh="年度", en="year"))
_PERIOD = Column("period", "period", Title(zh="时期", en="period"))


def as_polars(native: Any) -> pl.DataFrame:
    """Return a frame of any kind as one of Polars, in which a simulation reckons.

    Args:
        native: A frame of any kind that the library takes, eager or lazy.

    Raises:
        DataError: If it is no frame.
    """
    import narwhals as nw

    frame, _ = adopt(native)
    return (frame.collect() if isinstance(frame, nw.LazyFrame) else frame).to_polars()


def check_one_of(name: str, value: object, known: Sequence[str]) -> None:
    """Refuse an argument that is none of some words.

    Args:
        name: The argument.
        value: What was handed over for it.
        known: The words.

    Raises:
        UsageError: If it is none of them.
    """
    if value not in known:
        hint = did_you_mean(str(value), known)
        raise UsageError.because(
            "bad-parameter",
            zh=f"`{name}` 不能是 {value!r}{hint.zh}",
            en=f"`{name}` cannot be {value!r}{hint.en}",
        )


def check_units(units: pl.DataFrame) -> int:
    """Return how many units there are.

    Args:
        units: One row per unit.

    Raises:
        DataError: If there are none, one stands twice, or they are not named by text.
    """
    import polars as pl

    problem = None
    if "subject" not in units.columns:
        hint = did_you_mean("subject", units.columns)
        problem = ("missing-column", f"单元表缺少列 `subject`{hint.zh}", f"the units have no column `subject`{hint.en}")
    elif not units.height or units["subject"].null_count():
        problem = ("no-subjects", "单元表为空，或有空缺的 subject", "the units are empty, or a subject is missing")
    elif units.schema["subject"] not in (pl.String, pl.Categorical, pl.Enum):
        kind = units.schema["subject"]
        problem = (
            "wrong-column-type",
            f"单元表的列 `subject` 须为文字，却是 {kind}",
            f"column `subject` of the units must hold text, found {kind}",
        )
    elif units["subject"].n_unique() != units.height:
        twice = units.filter(units["subject"].is_duplicated())["subject"].unique(maintain_order=True).to_list()
        listed = ", ".join(map(str, twice[:20]))
        problem = ("duplicate-row", f"单元重复：{listed}", f"units that stand twice: {listed}")
    if problem is not None:
        code, zh, en = problem
        raise DataError(Problem(code, Title(zh=zh, en=en), path="subject"))
    return units.height


def taken_data(native: Any) -> pl.DataFrame:
    """Return real data of an index; the values of its leaves are checked when they are scored.

    Args:
        native: One row per ``subject`` and ``period``.

    Raises:
        DataError: If they do not fit.
    """
    import narwhals as nw

    frame = as_polars(native)
    text = nw.col("period").cast(nw.String)
    none = ~reduce(or_, (is_period(text, kind) for kind in get_args(PeriodKind)))
    message = Title(zh="不是时期（如 2023Q3）", en="no period, such as 2023Q3")
    wrong = Fault("bad-period", "period", none, message, show=True)
    table = Table(_DATA, (_SUBJECT, _PERIOD), ("subject", "period"), open=True)
    # Kinds of columns first, of no rows: whether a text is a period can be told of texts only.
    check_table(table, nw.from_native(frame.head(0)))
    check_table(table, nw.from_native(frame), more=[wrong])
    return frame


def taken_facts(native: Any) -> pl.DataFrame:
    """Return real facts; whether a rule's columns are among them is checked where the rules are known.

    Args:
        native: One row per ``subject`` and ``year``.

    Raises:
        DataError: If they do not fit.
    """
    import narwhals as nw

    frame = as_polars(native)
    check_table(Table(FACTS, (_SUBJECT, _YEAR), ("subject", "year"), open=True), nw.from_native(frame))
    return frame


def check_known(units: pl.DataFrame, frame: pl.DataFrame, what: Title) -> None:
    """Refuse subjects that are no units.

    Args:
        units: The units.
        frame: A frame with ``subject``.
        what: What it is called.

    Raises:
        DataError: If there are any; they are named.
    """
    import polars as pl

    known = units["subject"].cast(pl.String)
    named = frame["subject"].cast(pl.String)
    strangers = named.filter(~named.is_in(known.implode())).unique().sort().to_list()
    if strangers:
        listed = [str(one) for one in strangers[:20]]
        raise DataError.because(
            "unknown-subject",
            zh=f"单元表中没有{what.zh}里的 {'、'.join(listed)}（共 {len(strangers)} 个）",
            en=f"the units lack {len(strangers)} subjects of the {what.en}: {', '.join(listed)}",
        )
