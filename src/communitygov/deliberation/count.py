"""Count votes: from a register and ballots to one row of counts per matter, in whole numbers, on any kind of frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from communitygov.deliberation.decide import Decided, decide_all
from communitygov.deliberation.rules import Decision
from communitygov.deliberation.tables import BALLOTS, CHOICES, COUNTS, column_of, register_table
from communitygov.vocabulary.errors import DataError, UsageError
from communitygov.vocabulary.frames import Fault, Table, adopt, check_table, find_faults, nullable
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import narwhals as nw
    import polars as pl

__all__ = ["One", "count_votes", "decide"]

_ROW = ("matter", "member")
_WEIGHTS = {"heads": "_one", "area": "area", "votes": "votes"}


@frozen
class One:
    """One matter decided, and who could have turned it alone.

    Args:
        decided: The outcome, a frame of one row.
        deciders: The members whose own ballot, turned from yes to no or from anything else to yes, would have turned
            passed into not passed, or rejected into passed; in order.
    """

    decided: Decided
    deciders: tuple[str, ...]

    @property
    def row(self) -> dict[str, Any]:
        """The outcome as a row."""
        found: dict[str, Any] = self.decided.frame.rows(named=True)[0]
        return found

    @property
    def outcome(self) -> str:
        """``passed``, ``rejected`` or ``undetermined``."""
        return str(self.row["outcome"])

    @property
    def flags(self) -> tuple[str, ...]:
        """What a reader must be told: ``no_show``, ``abstentions_decide``, ``one_owner_decides``."""
        found = [name for name in ("no_show", "abstentions_decide") if self.row[name]]
        return (*found, *(["one_owner_decides"] if self.deciders else []))


def count_votes(decision: Decision, register: Any, ballots: Any) -> Any:
    """Count the votes of matters.

    A member with several rows of the register counts as one head, with the sum of them. A household takes part if a
    member of it does, and has its members' choice where they agree; what they say apart is not known.

    Args:
        decision: The rule.
        register: One row per unit of a member, for each matter, as of its record date: ``matter``, ``member``, and what
            the rule counts: ``household``, ``area`` (whole units), ``votes``, ``in.<stratum>``. An area that is not
            known is null; whatever sum it belongs to is then not known.
        ballots: One row per matter and member who came: ``choice`` is ``yes``, ``no``, ``abstain``, ``unknown`` (given,
            but not known) or ``present`` (came, and gave none); ``proxy``, if it is there, who holds the member's
            mandate, null where the member came himself.

    Returns:
        What ``decide_all`` takes: one row per matter of the register.

    Raises:
        DataError: If a frame does not fit, a member votes twice, is not on the register, or a person holds more proxies
            than the rule allows.

    Example:
        >>> import polars as pl
        >>> from fractions import Fraction
        >>> from communitygov.deliberation.rules import Threshold
        >>> from communitygov.vocabulary.period import Period
        >>> half = Threshold(measure="heads", more_than=Fraction(1, 2), of="taking_part")
        >>> rule = Decision(passes=half, article="278", since=Period.parse("2021"))
        >>> register = pl.DataFrame({"matter": ["lift"] * 3, "member": ["a", "b", "b"]})
        >>> ballots = pl.DataFrame({"matter": ["lift"], "member": ["b"], "choice": ["yes"]})
        >>> count_votes(rule, register, ballots).select("heads.all", "heads.taking_part", "heads.yes").rows()
        [(2, 1, 1)]
    """
    members, back = adopt(register, register_table(decision))
    given, _ = adopt(ballots, BALLOTS)
    if members.implementation != given.implementation or type(members) is not type(given):
        kinds = f"{given.implementation.value}, {members.implementation.value}"
        raise DataError(
            Problem(
                "frames-of-two-kinds",
                Title(
                    zh=f"名册与表决票种类不同（{kinds}）；请用同一种",
                    en=f"register and ballots are two kinds of frame ({kinds}); use one kind",
                ),
            )
        )
    check_table(register_table(decision), members)
    members = _members(decision, members)
    given = _checked(decision, members, given)
    return back(_counts(decision, members, given))


def decide(decision: Decision, register: Any, ballots: Any) -> One:
    """Decide one matter from its register and its ballots.

    Args:
        decision: The rule.
        register: As for ``count_votes``, of one matter; ``matter`` may be left out.
        ballots: Likewise.

    Returns:
        The outcome, its frames Polars.

    Raises:
        DataError: As ``count_votes``, and if nobody is on the register.
        UsageError: If there are several matters.

    Example:
        >>> import polars as pl
        >>> from fractions import Fraction
        >>> from communitygov.deliberation.rules import Threshold
        >>> from communitygov.vocabulary.period import Period
        >>> half = Threshold(measure="heads", more_than=Fraction(1, 2), of="taking_part")
        >>> rule = Decision(passes=half, article="278", since=Period.parse("2021"))
        >>> register = pl.DataFrame({"member": ["a", "b", "c"]})
        >>> one = decide(rule, register, pl.DataFrame({"member": ["a", "b", "c"], "choice": ["yes", "no", "yes"]}))
        >>> one.outcome, one.deciders, one.flags
        ('passed', ('a', 'c'), ('one_owner_decides',))
    """
    import polars as pl

    tables = register_table(decision), BALLOTS
    named = [_one_matter(*pair) for pair in zip((register, ballots), tables, strict=True)]
    if named[0].is_empty():
        raise DataError.because("empty-table", zh="名册没有行", en="the register: there are no rows")
    matters = named[0]["matter"].n_unique()
    if matters > 1:
        raise UsageError.because(
            "which-matter",
            zh=f"有 {matters} 个议题；此处判定一个，多个请用 decide_all",
            en=f"there are {matters} matters; one is decided here, many by decide_all",
        )
    decided = decide_all(decision, count_votes(decision, *named))
    before = decided.frame["outcome"][0]
    if before == "undetermined":
        return One(decided, ())
    # One matter more for each ballot, in which that ballot alone is turned.
    cast = named[1].filter(pl.col("choice").is_in(["yes", "no", "abstain"]))
    turned = cast.select("matter", who="member").join(named[1], on="matter")
    own = pl.col("who") == pl.col("member")
    other = pl.when(pl.col("choice") == "yes").then(pl.lit("no")).otherwise(pl.lit("yes"))
    turned = turned.with_columns(matter="who", choice=pl.when(own).then(other).otherwise("choice")).drop("who")
    rolls = cast.select("matter", who="member").join(named[0], on="matter").with_columns(matter="who").drop("who")
    if rolls.is_empty():
        return One(decided, ())
    after = decide_all(decision, count_votes(decision, rolls, turned)).frame
    wanted = pl.col("outcome") != "passed" if before == "passed" else pl.col("outcome") == "passed"
    return One(decided, tuple(sorted(after.filter(wanted)["matter"])))


def _one_matter(native: Any, table: Table) -> pl.DataFrame:
    """Return a frame of one matter as a Polars frame, with its column if that was left out."""
    import polars as pl

    frame: pl.DataFrame = adopt(native, table)[0].lazy().collect("polars").to_native()
    return frame if "matter" in frame.columns else frame.with_columns(matter=pl.lit("matter"))


def _members(decision: Decision, register: Any) -> Any:
    """Return one row per member: what all the rows of one come to."""
    import narwhals as nw

    counted = {measure for measure, _ in decision.counted}
    sums = [name for name in ("area", "votes") if name in counted]
    flags = [f"in.{stratum}" for stratum in decision.strata]
    rows = register.with_columns(
        nw.lit(1).cast(nw.Int64).alias("_one"),
        *(nw.col(name).is_null().cast(nw.Int64).alias(f"_gap.{name}") for name in sums),
        *(nw.col(name).cast(nw.Int64).alias(name) for name in [*sums, *flags]),
    )
    found = rows.group_by(*_ROW).agg(
        nw.col("_one").max(),
        *(nw.col(name).sum() for name in sums),
        *(nw.col(f"_gap.{name}").sum() for name in sums),
        *(nw.col(name).max() for name in flags),
        *([nw.col("household").min()] if "households" in counted else []),
        *([nw.col("household").max().alias("_other")] if "households" in counted else []),
    )
    if "households" in counted:
        mask = nw.col("household") != nw.col("_other")
        two = Title(zh="同一成员列在两户", en="the member stands in two households")
        problems = find_faults(found, [Fault("two-households", "household", mask, two, reads=("household",))], _ROW)
        if problems:
            raise DataError(problems)
    found = nullable(found)
    known = [nw.when(nw.col(f"_gap.{name}") == 0).then(nw.col(name)).alias(name) for name in sums]
    return found.with_columns(*known) if known else found


def _checked(decision: Decision, members: Any, ballots: Any) -> Any:
    """Return the ballots that count, after checking them against the rule and the register."""
    import narwhals as nw

    choice = nw.col("choice")
    words = Title(zh=f"须为 {'、'.join(CHOICES)}", en=f"must be one of {', '.join(CHOICES)}")
    faults = [Fault("unknown-vote", "choice", ~choice.is_in(CHOICES), words, show=True, reads=("choice",))]
    check_table(BALLOTS, ballots, more=faults)
    known = members.select(*_ROW, "_one")
    named = ballots.join(known, on=list(_ROW), how="left")
    stranger = Title(zh="不在名册上", en="is not on the register")
    found = [Fault("not-on-register", "member", nw.col("_one").is_null(), stranger, reads=("member",))]
    proxied = "proxy" in ballots.collect_schema()
    if proxied and decision.proxies_each is not None:
        named = named.with_columns(nw.len().over("matter", "proxy").alias("_held"))
        many = ~nw.col("proxy").is_null() & (nw.col("_held") > decision.proxies_each)
        zh, en = f"受托超过 {decision.proxies_each} 人", f"holds more than {decision.proxies_each} proxies"
        found.append(Fault("proxy-over-cap", "proxy", many, Title(zh=zh, en=en), show=True, reads=("proxy",)))
    problems = find_faults(named, found, _ROW)
    if problems:
        raise DataError(problems)
    if proxied and decision.proxy == "refused":
        ballots = ballots.filter(nw.col("proxy").is_null())
    return ballots.select(*_ROW, "choice")


def _counts(decision: Decision, members: Any, ballots: Any) -> Any:
    import narwhals as nw

    rows = members.join(ballots, on=list(_ROW), how="left")
    rows = rows.with_columns(nw.col("choice").fill_null("absent"))
    said = {choice: (nw.col("choice") == choice).cast(nw.Int64) for choice in ("yes", "no", "abstain", "unknown")}
    rows = rows.with_columns(
        (nw.col("choice") != "absent").cast(nw.Int64).alias("_present"),
        *(said[choice].alias(f"_{choice}") for choice in said),
    )
    taking = nw.col("_yes") + nw.col("_no") + nw.col("_abstain") + nw.col("_unknown")
    rows = rows.with_columns(taking.alias("_taking_part"), nw.lit(1).cast(nw.Int64).alias("_all"))
    found = rows.select("matter").unique()
    for measure, stratum in decision.counted:
        part = rows if measure != "households" else _households(rows)
        part = part if stratum is None else part.filter(nw.col(f"in.{stratum}") == 1)
        weight = _WEIGHTS.get(measure, "_one")
        summed = _summed(part, measure, stratum, weight)
        found = found.join(summed, on="matter", how="left")
    # A matter without anybody of a stratum has no row there: nobody is none, not unknown.
    gone = [name for measure, stratum in decision.counted if stratum for name in _names(measure, stratum)]
    marks = [nw.col(f"_{name}").is_null() for name in gone]
    filled = [
        nw.when(mark).then(nw.lit(0)).otherwise(nw.col(name)).cast(nw.Int64).alias(name)
        for name, mark in zip(gone, marks, strict=True)
    ]
    names = [name for measure, stratum in decision.counted for name in _names(measure, stratum)]
    found = found.with_columns(*filled) if filled else found
    return found.select("matter", *names)


def _names(measure: str, stratum: str | None) -> list[str]:
    return [column_of(measure, stratum, count) for count in COUNTS]


def _summed(rows: Any, measure: str, stratum: str | None, weight: str) -> Any:
    """Return the counts of a measure: null where a weight in it is missing, or a choice that could belong to it is."""
    import narwhals as nw

    whole, names = nw.col(weight), dict(zip(COUNTS, _names(measure, stratum), strict=True))

    def gaps(count: str) -> nw.Expr:
        here = nw.col(f"_{count}")
        lost = whole.is_null().cast(nw.Int64) * here
        return lost + nw.col("_unknown") if count in ("yes", "no", "abstain") else lost

    rows = rows.select(
        "matter",
        *((whole.fill_null(0) * nw.col(f"_{count}")).alias(name) for count, name in names.items()),
        *(gaps(count).alias(f"_{name}") for count, name in names.items()),
    )
    found = rows.group_by("matter").agg(
        *(nw.col(name).sum() for name in names.values()),
        *(nw.col(f"_{name}").sum() for name in names.values()),
    )
    found = nullable(found)
    return found.with_columns(
        nw.when(nw.col(f"_{name}") == 0).then(nw.col(name)).cast(nw.Int64).alias(name) for name in names.values()
    )


def _households(rows: Any) -> Any:
    """Return one row per household: what its members did."""
    import narwhals as nw

    given = ("_present", "_yes", "_no", "_abstain", "_unknown", "_taking_part")
    homes = rows.group_by("matter", "household").agg(*(nw.col(name).max() for name in given))
    voiced = nw.col("_yes") + nw.col("_no") + nw.col("_abstain") + nw.col("_unknown")
    homes = homes.with_columns(voiced.alias("_voices"), nw.lit(1).cast(nw.Int64).alias("_one"))
    apart = ((nw.col("_voices") > 1) | (nw.col("_unknown") == 1)).cast(nw.Int64)
    homes = homes.with_columns(apart.alias("_apart"), nw.col("_one").alias("_all"))
    return homes.with_columns(
        nw.col("_apart").alias("_unknown"),
        *((nw.col(name) * (1 - nw.col("_apart"))).alias(name) for name in ("_yes", "_no", "_abstain")),
    )
