"""The stages of a simulated period and year: each runs one of the library's verbs, once for all that share its facts.

A stage's result is kept under what it was made from: the digests of the rules that it reads and the very results that
it goes on from. Variants that do not differ in these share it, so trying a reading of a plaque's rule scores nothing
again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from communitygov.certification.certify import certify_unchecked
from communitygov.certification.rules import Certification
from communitygov.certification.watch import watch, watch_unchecked
from communitygov.certification.year import yearly, yearly_unchecked
from communitygov.index.score import score, score_unchecked
from communitygov.simulation.carried import BY, KEYS, Certs, Lift, Scored, Watching, Yearly
from communitygov.simulation.drawing import MONTHS, draw, flags
from communitygov.simulation.rows import Rows, ordered
from communitygov.simulation.variants import Course, Term
from communitygov.simulation.worlds import World, numpy_or_refuse
from communitygov.vocabulary.period import Period

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Stages"]

T = TypeVar("T")
F = TypeVar("F", bound="Scored | Yearly | Certs")

_ELSEWHERE = ("year", "watch", "awards", "plaques", "listing", "consequences", "title", "note")
"""Parts of a certification's rules that who is certified does not rest on, but for what other stages made of them."""

_ROWS = 600_000
"""How many rows are drawn and scored at once, at most, where one period has fewer: what fits into memory.

A tree of rules is put into columns once for all of them, which costs more than the columns of a small world do.
"""


class Stages:
    """The stages on one world, with what has been worked out in the period at hand.

    Args:
        world: The world; its subjects are an enumeration, in the order of the units.
        draws: How many draws.
        nodes: The nodes of an index whose points are wanted, beside the score.
        told: The columns of a certification that are wanted, beside those that go on.
        ladder: The tiers of all variants, highest first.
        years: For how many years holders are remembered: as many as the rules of any variant and year look back on.
    """

    def __init__(
        self,
        world: World,
        draws: int,
        nodes: frozenset[str],
        told: frozenset[str],
        ladder: tuple[str, ...],
        years: int,
    ) -> None:
        self.world, self.draws, self.nodes, self.told = world, draws, nodes, told
        self.ladder, self.years = ladder, years
        self.rows = Rows.of(world, draws)
        self._now: dict[object, Any] = {}
        self._always: dict[object, Any] = {}
        self._alike: dict[type, list[Scored | Yearly | Certs]] = {}
        self._scored: dict[tuple[str, Period, Lift | None], Scored] = {}

    def once(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """Return what has been made under a key in this period, or make it.

        Args:
            key: What the result is made from: digests, and the very results that it goes on from.
            make: Makes it.
        """
        if key not in self._now:
            self._now[key] = make()
        return self._now[key]  # type: ignore[no-any-return]

    def always(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """Return what has been made under a key in any period, or make it: what rests on rules alone, and is small.

        Args:
            key: What the result is made from: digests.
            make: Makes it.
        """
        if key not in self._always:
            self._always[key] = make()
        return self._always[key]  # type: ignore[no-any-return]

    def _known(self, made: F) -> F:
        """Return a result, or the equal one that another variant has come to in this period, so that they go on as one.

        Args:
            made: The result.
        """
        alike = self._alike.setdefault(type(made), [])
        for one in alike:
            if one.frame.equals(made.frame):
                return one  # type: ignore[return-value]
        alike.append(made)
        return made

    def turn(self, period: Period) -> None:
        """Forget the results of the period before.

        Args:
            period: The period that begins.
        """
        self._now.clear()
        self._alike.clear()
        self._scored = {key: one for key, one in self._scored.items() if key[1] >= period}

    def scored(self, course: Course, period: Period, ahead: Sequence[Period], lift: Lift | None) -> Scored:
        """Score a period.

        Args:
            course: The rules.
            period: The period.
            ahead: It and the periods after it, some of which are scored at once where they are small.
            lift: What remediation has added.
        """
        digest = course.index_digest(period)
        key = (digest, period, lift)
        if key not in self._scored:
            rows = self.draws * self.world.size
            many = 1 if lift is not None else max(1, _ROWS // rows)
            batch = []
            for one in ahead[:many]:
                if course.index_digest(one) != digest:
                    break
                batch.append(one)
            for one, scores in zip(batch, self._score(course, batch, lift), strict=True):
                self._scored[digest, one, lift] = Scored(one, scores)
        self._scored[key] = self._known(self._scored[key])
        return self._scored[key]

    def _score(self, course: Course, periods: Sequence[Period], lift: Lift | None) -> list[pl.DataFrame]:
        import polars as pl

        index = course.index(periods[0])
        points = None if lift is None else dict.fromkeys(periods, lift.points)
        leaves = tuple((leaf.id, leaf.path[0], leaf.method, leaf.scale, leaf.direction) for leaf in index.leaves)
        key = ("draw", repr(leaves), tuple(periods), lift)
        data = self.once(key, lambda: draw(self.world, index, periods, self.draws, lift=points))
        known = {path[-1] for path, _ in index.nodes}
        wanted = sorted(self.nodes & known)
        levels = "all" if wanted else "root"
        verb = score if self.world.is_real else score_unchecked
        frame = verb(index, data.lazy(), levels=levels, by=BY)  # type: ignore[arg-type]
        scores = frame.select(*KEYS, "period", "score", "maximum", *wanted).collect()
        if self.world.is_real:
            scores = scores.sort("period", *KEYS)
            return [scores.filter(pl.col("period").cast(pl.String) == str(period)) for period in periods]
        rows = self.draws * self.world.size
        return [scores.slice(i * rows, rows) for i in range(len(periods))]

    def watched(self, course: Course, term: Term, recent: Sequence[Scored], before: Watching | None) -> Watching | None:
        """Bring the watch list up to the latest of some periods.

        Args:
            course: The rules.
            term: The year that the period lies in.
            recent: The scores of this period and of those before it, the latest last.
            before: The list as it stood.
        """
        rule = term.certification.watch
        if rule is None:
            return None
        back = max(rule.periods, rule.leaving.after)
        back += term.certification.year.periods if rule.rank_of == "year_to_date" else 0
        recent = recent[-back:]
        year = term.certification.year
        asked = course.digest(term, "decimals"), course.digest(term, at=("watch",), without=("starred",))
        key = ("watch", *asked, year.starts, year.periods, before, *recent)
        checked = term.full and (self.world.is_real or self.world.size < 2 * rule.last)
        verb = watch if checked else watch_unchecked
        return self.once(key, lambda: self._watch(verb, term.certification, recent, before))

    def _watch(
        self, verb: Callable[..., Any], rule: Certification, recent: Sequence[Scored], before: Watching | None
    ) -> Watching:
        import polars as pl

        scores = pl.concat([self._that_matter(rule, one, before) for one in recent])
        listed = None if before is None else before.listed.lazy()
        period = str(recent[-1].period)
        frame = verb(rule, scores.lazy(), listed, period=period, by=BY).frame
        on = frame.select(*KEYS, "since", "listed", "change").filter((pl.col("change") != "none") | pl.col("listed"))
        found = on.collect().sort(KEYS)
        listed_now = found.filter("listed").select(*KEYS, "since")
        changes = found.filter(pl.col("change").is_in(["enters", "leaves"])).select(*KEYS, "change")
        counts = {
            "watched": self.rows.per_draw(listed_now),
            "came_onto_watch": self.rows.per_draw(changes.filter(pl.col("change") == "enters")),
            "left_watch": self.rows.per_draw(changes.filter(pl.col("change") == "leaves")),
        }
        return Watching(listed_now, changes, counts)

    def _that_matter(self, rule: Certification, scored: Scored, before: Watching | None) -> pl.DataFrame:
        """Return the rows of a period that can bear on a watch list; the others only cost time.

        Who is not among the last places of the period and not on the list neither enters nor leaves, and is ahead of
        all who are among them, so that their ranks do not hang on it. That is so where nobody's score is missing, and
        periods are not added up. Where subjects are too few for a list, all are needed to say how many there are.
        """
        import polars as pl

        frame = scored.frame.select(*KEYS, "period", "score")
        last = rule.watch.last if rule.watch is not None and rule.watch.rank_of == "period" else self.world.size
        if self.world.is_real or 2 * last > self.world.size:
            return frame

        def among() -> Any:
            np = numpy_or_refuse()
            scores = frame["score"].to_numpy().reshape(self.draws, self.world.size)
            return (scores <= np.partition(scores, last - 1, axis=1)[:, [last - 1]]).ravel()

        marks = self.once(("last", scored, last), among)
        if before is not None:
            marks = marks | self.once(("listed", before), lambda: self.rows.marks(before.listed))
        return frame.filter(pl.Series(marks))

    def listens(self, course: Course) -> bool:
        """Return whether who is certified can hang on the watch list, in any year: who is on it then came earlier.

        Args:
            course: The rules.
        """
        model = self.world.parameters
        barring = {veto.column for term in course.terms for veto in term.certification.barriers.values()}
        return "on_watch" in barring or (model is not None and bool(model.remediation))

    def lifted(self, period: Period, before: Lift | None, watching: Watching | None) -> Lift | None:
        """Return what remediation has added after a period; None where the world knows no effect of it.

        Args:
            period: The period.
            before: What it had added before.
            watching: The watch list of the period.
        """
        model = self.world.parameters
        if model is None or not model.remediation:
            return None
        return self.once(
            ("lift", period, before, watching),
            lambda: self._lift(model.correlation ** (MONTHS[period.kind] / 12), model.remediation, before, watching),
        )

    def _lift(self, keep: float, gain: float, before: Lift | None, watching: Watching | None) -> Lift:
        np = numpy_or_refuse()
        points = np.zeros(self.draws * self.world.size, dtype=np.float32)
        if before is not None:
            points += np.float32(keep) * before.points
        if watching is not None:
            points[self.rows.places(watching.listed)] += np.float32(gain)
        return Lift(points)

    def year(self, course: Course, term: Term, scored: Sequence[Scored]) -> Yearly:
        """Add up the scores of a year.

        Args:
            course: The rules.
            term: The year.
            scored: The scores of its periods.
        """
        key = ("year", course.digest(term, "year", "decimals", "tie_break"), term.year, *scored)
        return self.once(key, lambda: self._year(term.certification, term.year, scored))

    def _year(self, rule: Certification, year: int, scored: Sequence[Scored]) -> Yearly:
        import polars as pl

        same = len({str(one.frame["maximum"][0]) for one in scored if one.frame.height}) == 1
        verb = yearly_unchecked if same and not self.world.is_real else yearly
        found: pl.DataFrame | None = None
        for name in ("score", *rule.tie_break):
            parts = [one.slim().with_columns(one.frame[name].alias("score")) for one in scored]
            sums = verb(rule, pl.concat(parts).lazy(), by=BY).filter(pl.col("year") == year)
            column = sums.select(*KEYS, pl.col("score").alias(name)).collect()
            if column.height < self.rows.frame.height:
                column = self.rows.frame.join(column, on=KEYS, how="left")
            column = self.rows.in_order(column)
            found = column if found is None else found.with_columns(column[name])
        assert found is not None
        return self._known(Yearly(found))

    def certified(
        self,
        course: Course,
        term: Term,
        scores: Yearly,
        last: Yearly | None,
        before: Certs | None,
        watching: Watching | None,
    ) -> Certs:
        """Certify a year.

        Args:
            course: The rules.
            term: The year.
            scores: The year's scores.
            last: The scores of the year before.
            before: The certification of the year before.
            watching: The watch list at the year's end.
        """
        rule = term.certification
        parts = course.digest(term, without=_ELSEWHERE)
        barring = "on_watch" in {veto.column for veto in rule.barriers.values()}
        holding = last if rule.hold_until_change else None
        key = ("certify", parts, barring, term.year, scores, holding, before, watching if barring else None)
        return self.once(key, lambda: self._certify(rule, term.year, scores, holding, before, watching))

    def _certify(
        self,
        rule: Certification,
        year: int,
        scores: Yearly,
        last: Yearly | None,
        before: Certs | None,
        watching: Watching | None,
    ) -> Certs:
        import polars as pl

        # Its place among all rows stands for a subject of a draw, so that one number finds what it held.
        frame = self._with_facts(rule, year, scores, last, watching).drop("subject").with_row_index("subject")
        holders = None if before is None else before.holders.lazy()
        result = certify_unchecked(rule, frame.lazy(), holders, year=year, by=BY).frame
        # What nobody asks for is not computed: the result is lazy.
        columns = ["score", "rank", "tier", *(("group",) if rule.group_by else ())]
        columns += [name for name in ("group", "reason") if name in self.told and name not in columns]
        found = result.select("subject", *columns).collect()
        found = ordered(found, found["subject"].to_numpy()).select(columns)
        told = self.rows.frame.select("subject", pl.lit(year, pl.Int64).alias("year"), *BY)
        return self._as_certs(pl.concat([told, found], how="horizontal"), before, scores)

    def nobody(self, course: Course, term: Term, before: Certs | None) -> Certs:
        """Return the certification of a year that is not wholly in force: of nobody.

        Args:
            course: The rules.
            term: The year.
            before: The certification of the year before.
        """
        import polars as pl

        def make() -> Certs:
            empty = {name: pl.lit(None, dtype) for name, dtype in _columns(pl).items() if name != "group"}
            frame = self.rows.frame.with_columns(pl.lit(term.year, pl.Int64).alias("year"), self._groups(rule), **empty)
            return self._as_certs(frame, before, None)

        rule = term.certification
        return self.once(("nobody", term.year, before, rule.group_by), make)

    def _groups(self, rule: Certification) -> pl.Series:
        """Return the group of each of all rows, as ``certify`` gives it."""
        import polars as pl

        if rule.group_by is None:
            return pl.repeat("", self.rows.frame.height, dtype=pl.String, eager=True).alias("group")
        return pl.concat([self.world.units[rule.group_by].cast(pl.String)] * self.draws).alias("group")

    def _as_certs(self, frame: pl.DataFrame, before: Certs | None, scores: Yearly | None) -> Certs:
        import polars as pl

        ever = frame["tier"].is_not_null()
        holders = frame.select("year", "tier").with_row_index("subject").filter(ever)
        if before is not None:
            earliest = frame["year"][0] - self.years + 1
            holders = pl.concat([before.holders.filter(pl.col("year") >= earliest), holders])
            ever = ever | before.ever
        made = Certs(frame.with_columns(ever.alias("ever")), holders, ever, scores, self._codes(frame["tier"]))
        known = self._known(made)
        return known if known.holders.equals(holders) else made

    def given(self, holders: pl.DataFrame, first: int) -> Certs:
        """Return holders that were handed over, as the certification of the year before the first.

        Args:
            holders: A Polars frame, all before the first year: ``subject``, ``year``, ``tier``.
            first: The first year simulated.
        """
        import polars as pl

        subject = self.world.units.schema["subject"]
        typed = holders.select(
            pl.col("subject").cast(pl.String).cast(subject),
            pl.col("year").cast(pl.Int64),
            pl.col("tier").cast(pl.String),
        )
        everywhere = typed.join(pl.select(pl.int_range(self.draws, dtype=pl.Int32).alias("draw")), how="cross")
        of_last = everywhere.filter(pl.col("year") == first - 1).select(*KEYS, "tier")
        empty = {name: pl.lit(None, dtype) for name, dtype in _columns(pl).items() if name != "tier"}
        frame = self.rows.in_order(self.rows.frame.join(of_last, on=KEYS, how="left"))
        frame = frame.with_columns(pl.lit(first - 1, pl.Int64).alias("year"), **empty)
        holders = everywhere.select(pl.Series("subject", self.rows.places(everywhere)).cast(pl.UInt32), "year", "tier")
        ever = pl.Series("ever", self.rows.marks(everywhere))
        return Certs(frame, holders, ever, None, self._codes(frame["tier"]))

    def _codes(self, tiers: pl.Series) -> Any:
        """Return tiers as small numbers: their place in the ladder, from 1; 0 for none, and for one that is none."""
        import polars as pl

        places = tiers.cast(pl.Enum(self.ladder), strict=False).to_physical()
        return (places.cast(pl.Int8) + 1).fill_null(0).to_numpy()

    def _with_facts(
        self, rule: Certification, year: int, yearly: Yearly, last: Yearly | None, watching: Watching | None
    ) -> pl.DataFrame:
        """Add what the rule asks for beside the scores: groups, facts that bar, last year's scores."""
        import polars as pl

        scores = yearly.frame
        columns = {veto.column for veto in rule.barriers.values()}
        if "on_watch" in columns:
            columns.discard("on_watch")
            assert watching is not None, "only a watch list bars those on it"
            scores = scores.with_columns(pl.Series("on_watch", self.rows.marks(watching.listed)))
        if columns:
            facts = flags(self.world, sorted(columns), year, self.draws)
            facts = facts.with_columns(pl.col("subject").cast(scores.schema["subject"]))
            scores = scores.join(facts, on=KEYS, how="left").with_columns(pl.col(*columns).fill_null(False))
        if rule.group_by is not None:
            scores = scores.join(self.world.units.select("subject", rule.group_by), on="subject", how="left")
        scores = self.rows.in_order(scores)
        if rule.hold_until_change:
            previous = pl.lit(None, pl.Int64) if last is None else last.frame["score"]
            scores = scores.with_columns(previous.alias("previous_score"))
        return scores


def _columns(pl: Any) -> dict[str, Any]:
    return {"group": pl.String, "score": pl.Int64, "rank": pl.Int64, "tier": pl.String, "reason": pl.String}
