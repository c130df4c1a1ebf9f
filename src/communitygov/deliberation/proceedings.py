"""What is recorded of meetings: frames, read and checked once, for the verb and for the explanation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

from attrs import evolve, frozen

from communitygov.deliberation.meeting_rules import Deliberation
from communitygov.deliberation.meeting_tables import (
    BALLOTS,
    MANDATES,
    MEETINGS,
    OBJECTIONS,
    RECUSALS,
    evaluations_table,
    members_table,
    motions_table,
    reports_table,
)
from communitygov.deliberation.proceedings_checks import Reader, Row, check_names, check_places, check_votes
from communitygov.deliberation.rules import Decision
from communitygov.documents.rule import hold_to_itself
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.frames import Table

__all__ = ["Law", "Proceedings", "Record", "is_changed", "read_record"]


class Law(Protocol):
    """Where rules of decisions stand, by day and id: a profile is one."""

    def at(self, when: Any, /) -> Any:
        """Return the rules of a day; they have ``decision(id)``."""


@frozen
class Proceedings:
    """What was recorded of meetings, as frames of any kind. The page on data has every column.

    Args:
        meetings: One row per meeting: ``meeting``, ``body``, ``on``.
        motions: One row per motion: ``motion``, ``meeting``; ``outcome`` of the vote, if ballots are not given; and
            what the rule asks for (``posted``, ``supporters``, ``proposer``, ``announced``).
        reports: One row per motion that a later meeting reported on.
        evaluations: One row per person who evaluated what became of a motion.
        objections: One row per objection to the outcome of a motion.
        register: One row per unit of a member of a body.
        ballots: One row per ballot. With register and ballots outcomes are computed.
        mandates: One row per mandate of a proxy.
        recusals: One row per member who may not vote on a motion.
    """

    meetings: Any
    motions: Any
    reports: Any = None
    evaluations: Any = None
    objections: Any = None
    register: Any = None
    ballots: Any = None
    mandates: Any = None
    recusals: Any = None


@frozen
class Record:
    """Proceedings that were read and checked. Days stand under ``_<column>`` in a row, as dates; instants likewise.

    Args:
        rule: The rule of the body.
        meetings: The meetings by id, in the order of bodies and days.
        motions: The motions of each meeting, in the order of ids.
        reports: The reports by motion and meeting.
        answers: The answers of those who evaluated, by motion and meeting.
        objections: The objections to each motion.
        register: The register of each body.
        ballots: The ballots on each motion.
        mandates: The mandates of each member; None if none are given, and ballots by proxy are taken at their word.
        recusals: Who may not vote on what.
        decisions: The rule of decisions of each motion, if ballots are given.
    """

    rule: Deliberation
    meetings: Mapping[str, Row]
    motions: Mapping[str, Sequence[Row]]
    reports: Mapping[tuple[str, str], Row]
    answers: Mapping[tuple[str, str], Sequence[str]]
    objections: Mapping[str, Sequence[Row]]
    register: Mapping[str, Sequence[Row]]
    ballots: Mapping[str, Sequence[Row]]
    mandates: Mapping[str, Sequence[Row]] | None
    recusals: frozenset[tuple[str, str]]
    decisions: Mapping[str, Decision]

    @cached_property
    def named(self) -> Mapping[str, Row]:
        """The motions by id."""
        return {row["motion"]: row for rows in self.motions.values() for row in rows}

    def of_body(self, body: str) -> list[str]:
        """Return the meetings of a body, by day.

        Args:
            body: The body.
        """
        return [key for key, row in self.meetings.items() if row["body"] == body]


def read_record(rule: Deliberation, proceedings: Proceedings, law: Law | Decision | None = None) -> Record:
    """Read and check what was recorded of meetings.

    Args:
        rule: The rule of the body.
        proceedings: What was recorded.
        law: Where the rules of decisions stand, or the one of all motions; needed if ballots are given.

    Raises:
        DocumentError: If a rule that was made in Python breaks one of its own promises.
        DataError: If a frame does not fit, a day is no day, two meetings of a body are on one day, something names a
            meeting, motion, participant or answer that there is not, a report is out of its place, or the record holds
            what the rule does not say how to take.
        UsageError: If ballots are given without a register or a rule of decisions.
        NotInForce: If no rule of that id is in force on the day of a meeting.
    """
    hold_to_itself(rule)
    if proceedings.ballots is not None and (proceedings.register is None or law is None):
        raise UsageError.because(
            "votes-not-given",
            zh="给出表决票时，须同时给出名册与表决规则",
            en="with ballots, give the register and the rule of decisions too",
        )
    reader = Reader()
    rows = _read(reader, rule, proceedings)
    meetings, motions = rows["meetings"], rows["motions"]
    check_names(reader, rule, rows)
    reader.settle()
    held = {row["meeting"]: row for row in sorted(meetings, key=lambda row: (row["body"], row["_on"]))}
    check_places(reader, held, {row["motion"]: row for row in motions}, [*rows["answers"], *rows["reports"]])
    reader.settle()
    decisions = {} if proceedings.ballots is None else _decisions(rule, law, held, motions)
    if decisions:
        rows["register"] = reader.rows(_register(rule, decisions), proceedings.register)
        reader.settle()
        reader.days(rows["register"], "member", "since", "until")
        check_votes(reader, rule, rows, mandated=proceedings.mandates is not None)
        reader.settle()
    return Record(
        rule,
        held,
        {**dict.fromkeys(held, ()), **_grouped(sorted(motions, key=lambda row: row["motion"]), "meeting")},
        {(row["motion"], row["meeting"]): row for row in rows["reports"]},
        {key: [row["answer"] for row in mine] for key, mine in _grouped(rows["answers"], "motion", "meeting").items()},
        _grouped(rows["objections"], "motion"),
        _grouped(rows.get("register", ()), "body"),
        _grouped(rows["ballots"], "motion"),
        None if proceedings.mandates is None else _grouped(rows["mandates"], "member"),
        frozenset((row["motion"], row["member"]) for row in rows["recusals"]),
        decisions,
    )


_DAYS = {
    "meetings": ("meeting", "on"),
    "motions": ("motion", "posted", "announced", "due"),
    "reports": ("motion", "done"),
    "objections": ("objection", "on", "answered"),
}
_INSTANTS = {"motions": ("motion", "closes"), "ballots": ("member", "at"), "mandates": ("member", "given", "revoked")}


def _read(reader: Reader, rule: Deliberation, given: Proceedings) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every frame but the register, with their days and instants."""
    rows = {
        "meetings": reader.rows(MEETINGS, given.meetings),
        "motions": reader.rows(motions_table(rule, voted=given.ballots is not None), given.motions),
        "reports": reader.rows(reports_table(rule), given.reports),
        "answers": reader.rows(evaluations_table(rule), given.evaluations),
        "objections": reader.rows(OBJECTIONS, given.objections),
        "ballots": reader.rows(BALLOTS, given.ballots),
        "mandates": reader.rows(MANDATES, given.mandates),
        "recusals": reader.rows(RECUSALS, given.recusals),
    }
    reader.settle()
    for name, (who, *columns) in _DAYS.items():
        reader.days(rows[name], who, *columns)
    for name, (who, *columns) in _INSTANTS.items():
        reader.instants(rows[name], who, *columns)
    return rows


def _register(rule: Deliberation, decisions: Mapping[str, Decision]) -> Table:
    """Return the columns of the register that the rules of decisions of all motions need together."""
    tables = [members_table(rule, one) for one in {id(one): one for one in decisions.values()}.values()]
    columns = {column.name: column for table in tables for column in table.columns}
    return evolve(tables[0], columns=tuple(columns.values()))


def is_changed(decision: Decision, motion: Row) -> bool:
    """Return whether the rule of a motion is another one than at its first vote, by the digest.

    Args:
        decision: The rule.
        motion: The motion.

    Raises:
        UsageError: If the motion has a digest, and the rule was made in Python, so that it has none.
    """
    if motion["digest"] is None:
        return False
    if decision.node is None:
        zh = f"议题 `{motion['motion']}` 有规则摘要，而规则不是由文件读入，无从比较"
        en = f"motion `{motion['motion']}` has a digest, and its rule was made in Python, not read from a document"
        raise UsageError.because("no-digest", zh=zh, en=en)
    return decision.node.digest != str(motion["digest"])


def _grouped(rows: Iterable[Row], *names: str) -> dict[Any, list[Row]]:
    found: dict[Any, list[Row]] = {}
    for row in rows:
        found.setdefault(row[names[0]] if len(names) == 1 else tuple(row[name] for name in names), []).append(row)
    return found


def _decisions(
    rule: Deliberation, law: Law | Decision | None, held: Mapping[str, Row], motions: Sequence[Row]
) -> dict[str, Decision]:
    """Return the rule of decisions of each motion, of the day of its meeting."""
    if isinstance(law, Decision):
        return {row["motion"]: law for row in motions}
    assert law is not None, "it was asked for"
    known: dict[str, list[Decision]] = {}
    by_day: dict[tuple[str, dt.date], Decision] = {}
    found = {}
    for row in motions:
        name, day = row["rule"] or rule.decides_by, held[row["meeting"]]["_on"]
        if name is None:
            raise UsageError.because(
                "no-decision-rule",
                zh=f"议题 `{row['motion']}` 未写表决规则，方案也未写 decides_by",
                en=f"motion `{row['motion']}` names no rule of decisions, and the profile says no decides_by",
            )
        if (name, day) not in by_day:
            # The same rule on another day is the same object here, so that its motions are decided together.
            new = law.at(day.isoformat()).decision(name)
            same = known.setdefault(name, [])
            by_day[name, day] = next((one for one in same if one == new), new)
            same.append(new)
        found[row["motion"]] = by_day[name, day]
    return found
