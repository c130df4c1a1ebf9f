"""`communitygov points`: what entries earn, and an account's statement."""

from __future__ import annotations

import click

from communitygov.cli.asking import Asked, Form, asking
from communitygov.cli.bilingual import command, language, option
from communitygov.cli.choice import profile_argument
from communitygov.cli.output import emit
from communitygov.report.tables import frame_text
from communitygov.vocabulary.text import Title

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
@asking()
def points(
    asked: Asked,
    form: Form,
    /,
    entries: str,
    account: str | None,
    before: str | None,
    system: str | None,
) -> None:
    """Compute points."""
    import polars as pl

    from communitygov.provisions.points import award, check_appended, entries_table
    from communitygov.provisions.points_explain import explain_points

    _, rule = asked.only("points", asked.rules.points, system)
    frame = form.read(entries, entries_table(rule))
    if before is not None:
        check_appended(form.read(before, entries_table(rule)), frame)
    ledger = award(rule, frame)
    if account is not None:
        form.steps(explain_points(rule, frame, account))
        return
    form.frame(ledger.frame, "communitygov.points/1")
    if form.as_json or form.output is not None:
        return
    lang = language()
    unknown = Title(zh="未知", en="not known").say(lang)
    rows = {
        "account": list(ledger.balances),
        "balance": [unknown if left is None else str(left) for left in ledger.balances.values()],
    }
    emit(frame_text(pl.DataFrame(rows), lang, titles=_TITLES, most=_MOST))
