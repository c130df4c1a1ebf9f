"""Why a subject is on a list, or not: each expectation of the list followed slowly, for one subject and year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from communitygov.certification.columns import check
from communitygov.certification.facts import exact_units, narrowed, unknown_subject
from communitygov.certification.phrases import clauses_of
from communitygov.certification.rules import Certification
from communitygov.certification.tables import demands_table
from communitygov.measures.explain import explain_expectation
from communitygov.measures.rules import Expectation, Measure
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.faults import read_columns
from communitygov.vocabulary.frames import adopt
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

__all__ = ["LISTING_REASONS", "conditions_of", "explain_listing"]

LISTING_REASONS: dict[str, Title] = {
    "all_met": Title(zh="各项要求均达到，列入", en="every expectation is met, it is listed"),
    "not_met": Title(zh="有一项要求未达到", en="an expectation is not met"),
    "undetermined": Title(zh="有一项要求无法判断", en="an expectation cannot be judged"),
}
"""Every reason that a list gives, for people."""


def conditions_of(
    certification: Certification, measures: Mapping[str, Measure], expectations: Mapping[str, Expectation]
) -> dict[str, tuple[Expectation, Measure]]:
    """Return the expectations that a list is made by, with their measures.

    Args:
        certification: The rule, with a renovation list.
        measures: The measures of the rule set, by id.
        expectations: Its expectations, by id.

    Raises:
        UsageError: If there is no list, or an expectation is none for a list.
    """
    if certification.listing is None or not certification.listing.expectations:
        raise UsageError.because("no-listing", zh="此认定没有重点名录", en="this certification has no renovation list")
    found = {}
    for name in certification.listing.expectations:
        expectation = expectations.get(name)
        if expectation is None:
            hint = did_you_mean(name, expectations)
            raise UsageError.because(
                "unknown-reference", zh=f"没有要求 `{name}`{hint.zh}", en=f"there is no expectation `{name}`{hint.en}"
            )
        measure = measures.get(expectation.measure or "")
        asked = None if measure is None else (measure.of, measure.by, measure.period)
        if measure is None or expectation.kind not in ("condition", "standard") or asked != _ASKED:
            raise UsageError.because(
                "not-for-a-list",
                zh=f"要求 `{name}` 不能用于名录：须为 condition 或 standard，"
                "其指标取自 demands、按 subject、以年为周期",
                en=f"the expectation `{name}` is none for a list: it must be a condition or a standard on a yearly "
                "measure of demands by subject",
            )
        found[name] = (expectation, measure)
    return found


_ASKED = ("demands", "subject", "year")


def explain_listing(
    certification: Certification,
    demands: Any,
    subject: str,
    *,
    year: int,
    measures: Mapping[str, Measure],
    expectations: Mapping[str, Expectation],
    by: Mapping[str, object] | None = None,
) -> Steps:
    """Return why a subject is on the list in a year, or not.

    Args:
        certification: The rule, with a renovation list.
        demands: The rows that ``listing`` takes.
        subject: The subject.
        year: The year.
        measures: The measures of the rule set, by id.
        expectations: Its expectations, by id.
        by: The value of each further key column.

    Returns:
        Steps whose value is whether it is listed, and below it each expectation with its verdict. The facts are
        ``reason`` and ``expectation``, as ``listing`` gives them.

    Raises:
        DataError: If the frame does not fit, or has no row of the subject in the year.
        UsageError: If the certification has no renovation list, or an expectation is none for a list.

    Source:
        SJS-34: communities with concentrated demands and limited improvement.

    Example:
        >>> import polars as pl
        >>> import communitygov
        >>> rules = communitygov.load_profile("shijingshan").at(2024)
        >>> row = {"subject": ["a"], "year": [2024], "demands": [99], "score": [36000], "previous_score": [36000]}
        >>> why = explain_listing(
        ...     rules.certification["quality_star"],
        ...     pl.DataFrame(row),
        ...     "a",
        ...     year=2024,
        ...     measures=rules.rules.measures,
        ...     expectations=rules.rules.expectations,
        ... )
        >>> why.text.en
        'a, 2024: not listed; Concentrated demands: an expectation is not met'
        >>> why.children[0].children[0].text.en
        'Demands of the year, 2024: 99 demands; at least 100 is asked for: not met'
    """
    import polars as pl

    by = by or {}
    named = conditions_of(certification, measures, expectations)
    frame, _ = adopt(demands)
    check(demands_table(certification), frame, by=tuple(by))
    year_rows = narrowed(frame, {**by, "year": year})
    mine = read_columns(narrowed(year_rows, {"subject": subject}))
    row = {name: values[0] for name, values in mine.items() if values}
    if not row:
        raise unknown_subject(subject, read_columns(year_rows.select("subject"))["subject"])
    scores = [exact_units(row[name], certification.decimals) for name in ("score", "previous_score")]
    row["score"], row["previous_score"] = now, before = scores
    row["improvement"] = None if now is None or before is None else now - before
    one, key = pl.DataFrame([row], infer_schema_length=None), {**by, "subject": subject}
    steps = {name: explain_expectation(wanted, of, one, by=key) for name, (wanted, of) in named.items()}
    reason, decisive = _decided(steps)
    listed = Title(zh="列入", en="listed") if decisive is None else Title(zh="不列入", en="not listed")
    why = LISTING_REASONS[reason]
    if decisive is not None:
        name = steps[decisive].title
        why = Title(zh=f"{name.zh}：{why.zh}", en=f"{name.en}: {why.en}")
    assert certification.listing is not None
    return Steps(
        "listed",
        certification.listing.name("listing"),
        decisive is None,
        Title(zh=f"{subject}，{year} 年：{listed.zh}；{why.zh}", en=f"{subject}, {year}: {listed.en}; {why.en}"),
        clause=clauses_of(certification, certification.listing),
        children=tuple(steps.values()),
        facts={"reason": reason, "expectation": decisive},
    )


def _decided(steps: Mapping[str, Steps]) -> tuple[str, str | None]:
    """Return the reason, and the expectation that decides: one that is not met goes before one without a verdict."""
    for name, step in steps.items():
        if step.value is False:
            return "not_met", name
    for name, step in steps.items():
        if step.value is not True:
            return "undetermined", name
    return "all_met", None
