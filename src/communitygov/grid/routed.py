"""Who takes matters: the result of routing, one by one and as frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from attrs import frozen

if TYPE_CHECKING:
    import polars as pl

__all__ = ["How", "Passed", "Routed", "Taken", "beside", "none_passed", "none_taken", "untaken"]

How = Literal["duty", "liaison", "stand_in", "nobody", "broken_chain"]
"""Why somebody takes a matter: it is the post's duty; the department's person is named for the unit; the post stands in
for those who do not; or nobody does, to the top, or to a unit whose own upper unit is not there."""


@frozen
class Passed:
    """An empty post that a matter passed on its way up: a finding of ``check_grid``, unless it may be held by ``any``.

    Args:
        unit: Where.
        post: Which.
        department: Of which department; None if the post is of none.
    """

    unit: str
    post: str
    department: str | None


@frozen
class Taken:
    """Who takes one matter.

    Args:
        at: The unit of its address.
        matter: The kind of matter.
        how: Why.
        unit: The unit whose post takes it; None if nobody does.
        post: The post.
        holders: All who hold the post there; they answer together.
        up: How many units above the address that is; None if nobody takes it.
        passed: The empty posts on the way.
    """

    at: str
    matter: str
    how: How
    unit: str | None
    post: str | None
    holders: tuple[str, ...]
    up: int | None
    passed: tuple[Passed, ...]


@frozen(eq=False)
class Routed:
    """Who takes each order.

    Args:
        frame: The orders, of the kind given, with ``taken_by`` (code of the unit), ``level``, ``post``, ``holder``
            (null unless there is exactly one), ``holders`` (how many), ``how``, ``up`` (units above the address) and
            ``passed`` (how many empty posts on the way).
        passed: One row per empty post that was passed: ``unit``, ``post``, ``department``, ``orders`` (how many passed
            it). Polars.
        key: The columns that name a row.
        outcome: The columns that are the result.
        because: The columns that say why.
    """

    frame: Any
    passed: pl.DataFrame
    key: tuple[str, ...] = ("unit", "matter")
    outcome: tuple[str, ...] = ("taken_by", "post", "holder")
    because: tuple[str, ...] = ("how", "up", "passed")


def none_taken() -> pl.DataFrame:
    """Return the table of who takes what, without rows."""
    import polars as pl

    texts = dict.fromkeys(["unit", "matter", "taken_by", "level", "post", "holder"], pl.String())
    return pl.DataFrame(
        schema={**texts, "holders": pl.Int64(), "how": pl.String(), "up": pl.Int64(), "passed": pl.Int64()}
    )


def none_passed() -> pl.DataFrame:
    """Return the table of empty posts that were passed, without rows."""
    import polars as pl

    return pl.DataFrame(schema={**dict.fromkeys(["unit", "post", "department"], pl.String()), "orders": pl.Int64()})


def untaken(going: pl.DataFrame, how: pl.Expr) -> pl.DataFrame:
    """Return those that nobody takes.

    Args:
        going: Units and matters, with how many empty posts were passed.
        how: Why nobody does.
    """
    import polars as pl

    return pl.concat(
        [none_taken(), going.select("unit", "matter", holders=pl.lit(0, dtype=pl.Int64), how=how, passed="passed")],
        how="diagonal",
    )


def beside(frame: Any, taken: pl.DataFrame) -> Any:
    """Return the orders with what is known of their unit and matter, in the kind of frame that they came in.

    Args:
        frame: The orders.
        taken: What is known, by unit and matter.
    """
    import narwhals as nw

    kind = frame.implementation
    frame = frame.with_columns(nw.col("unit", "matter").cast(nw.String))  # categories cannot be joined with texts
    other: Any
    if isinstance(frame, nw.LazyFrame) and kind.is_polars():
        other = nw.from_native(taken.lazy())
    elif kind.is_polars():
        other = nw.from_native(taken)
    elif kind.is_pandas():
        from communitygov.vocabulary.frames import nullable

        joined = frame.join(nullable(nw.from_native(taken.to_pandas())), on=["unit", "matter"], how="left")
        # Each order has one row still, in its place.
        return nw.from_native(joined.to_native().set_axis(frame.to_native().index, axis=0))
    else:
        return _beside_in_sql(frame, taken)
    return frame.join(other, on=["unit", "matter"], how="left")


def _beside_in_sql(frame: Any, taken: pl.DataFrame) -> Any:
    import narwhals as nw

    relation = frame.to_native()
    query = "select orders.*, table_.* exclude (unit, matter) from orders left join table_ using (unit, matter)"
    table_ = taken.to_arrow()  # noqa: F841 - found by its name in the query
    return nw.from_native(relation.query("orders", query))
