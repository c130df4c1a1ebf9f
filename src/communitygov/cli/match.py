"""`communitygov match`: who is brought together with whom, and why."""

from __future__ import annotations

import click

from communitygov.cli.asking import Asked, Form, asking
from communitygov.cli.bilingual import command, language, option
from communitygov.cli.choice import profile_argument
from communitygov.cli.output import emit
from communitygov.report.tables import frame_rows, frame_text
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.text import Title

__all__ = ["match"]

_UNMATCHED = {
    "side": Title(zh="方", en="side"),
    "unit": Title(zh="单位", en="unit"),
    "has": Title(zh="已结", en="has"),
    "why": Title(zh="原因", en="why"),
}
_MOST = 60


@command(
    zh="按方案的结对规则，把 LEFTS 与 RIGHTS（各有一列 unit）按 PAIRS（left、right，规则指明时另有价值列）结对，"
    "总值最大。--why LEFT=RIGHT 说明一对为何成或不成。",
    en="Bring the units of LEFTS and RIGHTS (each with a column unit) together by a profile's rule and the possible "
    "PAIRS (left, right, and the column of worth if the rule names one). --why LEFT=RIGHT explains one pair.",
    example="communitygov match qufu resources.csv demands.csv pairs.csv",
)
@profile_argument
@click.argument("lefts")
@click.argument("rights")
@click.argument("pairs")
@option("--matching", metavar="ID", zh="结对规则；只有一项时可省", en="The matching, if there are several")
@option("--why", metavar="LEFT=RIGHT", zh="说明这一对", en="Explain this pair")
@asking()
def match(
    asked: Asked,
    form: Form,
    /,
    lefts: str,
    rights: str,
    pairs: str,
    matching: str | None,
    why: str | None,
) -> None:
    """Match."""
    from communitygov.provisions.matching import explain_match, pairs_table, side_table
    from communitygov.provisions.matching import match as matched

    _, rule = asked.only("matching", asked.rules.matching, matching)
    left_side, right_side = (form.read(file, side_table()) for file in (lefts, rights))
    possible = form.read(pairs, pairs_table(rule))
    if why is not None:
        left, equals, right = why.partition("=")
        if not equals:
            raise UsageError.because(
                "no-pair", zh=f"`{why}` 须写作 左方=右方", en=f"`{why}` must be written left=right"
            )
        form.steps(explain_match(rule, left_side, right_side, possible, left, right))
        return
    done = matched(rule, left_side, right_side, possible)
    form.frame(done.frame, "communitygov.match/1", {"total": done.total, "unmatched": frame_rows(done.unmatched)})
    if not form.for_people:
        return
    lang = language()
    titles = {"left": rule.left, "right": rule.right, "worth": Title(zh="价值", en="worth")}
    if form.output is None:
        emit(frame_text(done.frame, lang, titles=titles, most=_MOST))
    emit(
        Title(zh=f"{done.frame.height} 对，总值 {done.total}", en=f"{done.frame.height} pairs, total {done.total}").say(
            lang
        )
    )
    if done.unmatched.height:
        emit("\n" + frame_text(done.unmatched, lang, titles=_UNMATCHED, most=_MOST))
