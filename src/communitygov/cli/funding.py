"""`communitygov funding`."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

from communitygov.cli.asking import Asked, Form, asking
from communitygov.cli.bilingual import command, language, option
from communitygov.cli.choice import profile_argument
from communitygov.cli.output import emit, gap
from communitygov.report.tables import frame_rows, frame_text
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.numbers import decimal_text
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from communitygov.provisions.funding import Funded
    from communitygov.provisions.funding_rules import Funding

__all__ = ["funding"]

_TITLES = {
    "funding": Title(zh="经费", en="funding"),
    "units": Title(zh="单位数", en="units"),
    "amount": Title(zh="金额", en="amount"),
    "money": Title(zh="货币", en="money"),
    "inside": Title(zh="列支自", en="paid out of"),
    "unit": Title(zh="单位", en="unit"),
    "before": Title(zh="现行", en="as it stands"),
    "after": Title(zh="改后", en="with the change"),
    "difference": Title(zh="增减", en="difference"),
}
_UNKNOWN = Title(zh="未知", en="not known")
_MOST = 40


@command(
    zh="按方案的经费公式计算每个单位应得多少。UNITS 每个单位一行：unit、kind、part_of，以及公式所用的列。"
    "有 --reform 或 --reading 时，另列谁多得、谁少得；--unit 说明一个单位的由来。",
    en="Compute what each unit gets by the formulas of a profile. UNITS has one row per unit: unit, kind, part_of, and "
    "the columns that formulas name. With --reform or --reading it also lists who gets more or less; --unit explains "
    "one unit.",
    example="communitygov funding qufu communities.csv\ncommunitygov funding qufu communities.csv --unit b1",
)
@profile_argument
@click.argument("units")
@option("--unit", metavar="UNIT", zh="只说明这个单位", en="Explain this unit")
@option("--picture", metavar="FILE", zh="另画成图（.svg 或 .png）", en="Also draw it (.svg or .png)")
@asking()
def funding(
    asked: Asked,
    form: Form,
    /,
    units: str,
    unit: str | None,
    picture: str | None,
) -> None:
    """Compute funding."""
    from communitygov.provisions.funding import differences, fund, units_table
    from communitygov.provisions.funding_explain import explain_funding

    rules, name = asked.rules.funding, asked.profile.name
    if not rules:
        raise UsageError.because("no-funding", zh=f"{name} 没有经费公式", en=f"{name} says nothing of funding")
    frame = form.read(units, _as_given(units_table(rules)))
    if unit is not None:
        form.steps(explain_funding(rules, frame, unit))
        return
    funded, before = fund(rules, frame), asked.before
    changed = None if before is None else differences(fund(before.funding, frame), funded).sort("unit", "funding")
    if picture is not None:
        _draw(
            picture, rules, funded.frame if changed is None else changed, "amount" if changed is None else "difference"
        )
    more: dict[str, Any] = {"totals": funded.totals}
    if changed is not None:
        more["changed"] = frame_rows(changed)
    form.frame(funded.frame.sort("unit", "funding"), "communitygov.funding/1", more)
    if form.for_people:
        _print(rules, funded, changed)


def _as_given(table: Any) -> Any:
    """Return how to read a file: columns of formulas for kinds that it has no unit of may be absent."""
    from attrs import evolve

    columns = (
        column if column.name in ("unit", "kind") else evolve(column, required=False) for column in table.columns
    )
    return evolve(table, columns=tuple(columns))


def _print(rules: Mapping[str, Funding], funded: Funded, changed: Any) -> None:
    import polars as pl

    lang = language()
    totals = [
        {
            "funding": rules[total["funding"]].name(total["funding"]).say(lang),
            "units": total["units"],
            "amount": _said(rules[total["funding"]], total["amount"], lang),
            "money": rules[total["funding"]].unit.say(lang),
            "inside": rules[total["funding"]].inside or "",
        }
        for total in funded.totals
    ]
    emit(frame_text(pl.DataFrame(totals), lang, titles=_TITLES))
    for money, amount in funded.on_top.items():
        said = _UNKNOWN if amount is None else Title(zh=decimal_text(amount), en=decimal_text(amount))
        emit(Title(zh=f"共需 {said.zh} {money.zh}", en=f"in all {said.en} {money.en}").say(lang))
    for total in funded.totals:
        if total["left"] is not None and total["left"] < 0:
            name, one = total["funding"], rules[total["funding"]]
            over = _said(one, -total["left"], lang)
            emit(Title(zh=f"`{name}` 超出总额 {over}", en=f"`{name}` exceeds its pool by {over}").say(lang))
    if changed is not None:
        gap()
        if changed.is_empty():
            emit(Title(zh="谁所得都不变", en="nobody gets more or less").say(lang))
        else:
            told = changed.select("unit", "funding", "before", "after", "difference")
            emit(frame_text(told, lang, titles=_TITLES, most=_MOST))


def _said(one: Funding, amount: int | None, lang: Any) -> str:
    return _UNKNOWN.say(lang) if amount is None else decimal_text(Fraction(amount, 10**one.decimals), one.decimals)


def _draw(picture: str, rules: Mapping[str, Funding], frame: Any, column: str) -> None:
    from communitygov.report.drawing import write_picture
    from communitygov.report.funding import Bar, funding_chart

    lang = language()
    bars = [
        Bar(row["unit"], rules[row["funding"]].name(row["funding"]), row[column] / 10 ** rules[row["funding"]].decimals)
        for row in frame.rows(named=True)
        if row[column] is not None and row["funding"] in rules
    ]
    money = next(iter(rules.values())).unit
    about = (
        Title(zh="各单位的经费", en="funding by unit")
        if column == "amount"
        else Title(zh="谁多得、谁少得", en="who gets more or less")
    )
    write_picture(funding_chart(bars, money, lang), picture, about=about.say(lang))
