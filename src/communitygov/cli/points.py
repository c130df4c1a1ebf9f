"""`communitygov points`: what entries earn, and an account's statement."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from communitygov.cli.bilingual import command, language, option
from communitygov.cli.choice import find_profile, only, profile_argument, rules_at, rules_options
from communitygov.cli.columns import encoding_option, output_option
from communitygov.cli.explain import html_option, print_steps
from communitygov.cli.output import emit, emit_frame
from communitygov.report.tables import frame_text
from communitygov.vocabulary.files import read_frame
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

    from communitygov.provisions.points_rules import Points

__all__ = ["points"]

_TITLES = {"account": Title(zh="账户", en="account"), "balance": Title(zh="余额", en="balance")}
_MOST = 60


@command(
    zh="按积分规则逐条计算。ENTRIES 每条一行：entry（序号）、account、holder、on、what；"
    "--account 打印一个账户的明细与由来，--before 检查记录只追加、未改动。",
    en="Carry out entries by the rules of points. ENTRIES has one row for each: entry (its number), account, holder, "
    "on, what. --account prints the statement of one account; --before checks that entries were only added.",
    example="communitygov points rewards entries.csv\ncommunitygov points rewards entries.csv --account Ma",
)
@profile_argument
@click.argument("entries")
@option("--account", metavar="ACCOUNT", zh="打印此账户的明细与由来", en="Print the statement of this account")
@option("--before", metavar="FILE", zh="此前的记录；须未改动", en="The entries as they were; none may have changed")
@option(
    "--points", "system", metavar="ID", zh="积分制；只有一种时可省", en="The system of points, if there are several"
)
@html_option
@rules_options()
@output_option
@encoding_option
def points(
    profile: str,
    entries: str,
    account: str | None,
    before: str | None,
    system: str | None,
    html: Path | None,
    at: str | None,
    reforms: tuple[str, ...],
    readings: tuple[str, ...],
    output: str | None,
    encoding: str,
    as_json: bool,
) -> None:
    """Compute points."""
    import polars as pl

    from communitygov.provisions.points import award, check_appended
    from communitygov.provisions.points_explain import explain_points

    found = find_profile(profile)
    _, rule = only("points", rules_at(found, at, reforms, readings).points, system, profile=found.name)
    frame = _read(rule, entries, encoding)
    if before is not None:
        check_appended(_read(rule, before, encoding), frame)
    ledger = award(rule, frame)
    if account is not None:
        print_steps(explain_points(rule, frame, account), html, as_json=as_json)
        return
    if as_json or output is not None:
        schema = "communitygov.points/1"
        emit_frame(ledger.frame, schema=schema, as_json=as_json, output=output, encoding=encoding)
    if as_json or output is not None:
        return
    lang = language()
    unknown = Title(zh="未知", en="not known").say(lang)
    rows = {
        "account": list(ledger.balances),
        "balance": [unknown if left is None else str(left) for left in ledger.balances.values()],
    }
    emit(frame_text(pl.DataFrame(rows), lang, titles=_TITLES, most=_MOST))


def _read(rule: Points, file: str, encoding: str) -> pl.DataFrame:
    from communitygov.provisions.points import entries_table

    return read_frame(file, entries_table(rule), encoding=encoding)
