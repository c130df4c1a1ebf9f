"""`communitygov disclosures`: a record of postings held against what must be public."""

from __future__ import annotations

import click

from communitygov.cli.asking import Asked, Form, asking
from communitygov.cli.bilingual import command, language, option
from communitygov.cli.choice import day_of_option, profile_argument
from communitygov.cli.output import emit
from communitygov.report.tables import frame_text
from communitygov.vocabulary.text import Title

__all__ = ["disclosures"]

_TITLES = {
    "subject": Title(zh="对象", en="subject"),
    "in_order": Title(zh="齐备", en="in order"),
    "item": Title(zh="事项", en="item"),
    "place": Title(zh="地点", en="place"),
    "state": Title(zh="情况", en="state"),
    "due": Title(zh="期限", en="due"),
    "posted": Title(zh="公开日", en="posted"),
    "days": Title(zh="连续天数", en="days in a row"),
    "late": Title(zh="迟", en="days late"),
}
_MOST = 60


@command(
    zh="以公开记录检查应公开的事项。SUBJECTS 每个对象一行：subject，规则有起算事件时另有 since（其日期）；"
    "POSTINGS 每次公开一行：subject、item、first、last（末日，仍在公开则空），规则列有地点时另有 place。"
    "有对象（或 --subject 所问者）不齐备，退出码为 1。",
    en="Hold a record of postings against what must be public. SUBJECTS has a row for each: subject, and, if time "
    "counts from an event, since, the day of it. POSTINGS has a row for each time that something was put up: subject, "
    "item, first, last (empty while it is up), and place where the rule names places. The exit code is 1 if a subject, "
    "or the one that --subject asks for, is not in order.",
    example="communitygov disclosures baoji projects.csv postings.csv --on 2024-06-01  # exit code 1",
)
@profile_argument
@click.argument("subjects")
@click.argument("postings")
@option("--on", "day", metavar="DAY", required=True, zh="记录截止之日", en="The day that the record goes up to")
@option("--disclosure", metavar="ID", zh="公开要求；只有一项时可省", en="Which disclosure, if there are several")
@option("--subject", metavar="SUBJECT", zh="打印此对象的由来", en="Explain this subject")
@asking()
@click.pass_context
def disclosures(
    ctx: click.Context,
    asked: Asked,
    form: Form,
    /,
    subjects: str,
    postings: str,
    day: str,
    disclosure: str | None,
    subject: str | None,
) -> None:
    """Check disclosures."""
    import polars as pl

    from communitygov.provisions.disclosure import STATES, check_disclosures
    from communitygov.provisions.disclosure_explain import explain_disclosure
    from communitygov.provisions.disclosure_record import postings_table, subjects_table

    _, rule = asked.only("disclosure", asked.rules.disclosures, disclosure)
    whose, record = form.read(subjects, subjects_table(rule)), form.read(postings, postings_table(rule))
    on = day_of_option("on", day)
    if subject is not None:
        steps = explain_disclosure(rule, whose, record, on, subject)
        form.steps(steps)
        ctx.exit(1 if steps.value == "false" else 0)
    done = check_disclosures(rule, whose, record, on)
    form.frame(done.frame, "communitygov.disclosures/1", {"subjects": done.subjects.rows(named=True)})
    if not form.as_json and form.output is None:
        lang = language()
        emit(frame_text(done.subjects.select("subject", "in_order"), lang, titles=_TITLES, most=_MOST))
        named = {"item": rule.items, "place": rule.places, "state": STATES}
        words = {name: {key: title.say(lang) for key, title in there.items()} for name, there in named.items()}
        rows = done.frame.filter(pl.col("state") != "met")
        rows = rows.with_columns(pl.col(name).replace(said) for name, said in words.items())
        if rows.height:
            kept = [name for name in _TITLES if name in rows.columns and rows[name].null_count() < rows.height]
            emit("\n" + frame_text(rows.select(kept), lang, titles=_TITLES, most=_MOST))
    ctx.exit(1 if done.subjects.filter(in_order="false").height else 0)
