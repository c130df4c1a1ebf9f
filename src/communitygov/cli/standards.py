"""`communitygov standards`: data held to every standard of a profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from communitygov.cli.asking import Asked, Form, asking
from communitygov.cli.bilingual import command, group, language, option
from communitygov.cli.choice import profile_argument
from communitygov.cli.output import emit
from communitygov.report.tables import frame_text
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from communitygov.measures.rules import Expectation, Measure
    from communitygov.measures.standards import Standing
    from communitygov.vocabulary.frames import Table

__all__ = ["standards"]

_TITLES = {
    "expectation": Title(zh="要求", en="standard"),
    "subject": Title(zh="对象", en="subject"),
    "period": Title(zh="时期", en="period"),
    "met": Title(zh="达到", en="met"),
    "missed_by": Title(zh="差", en="missed by"),
    "unit": Title(zh="单位", en="unit"),
    "clause": Title(zh="条款", en="clause"),
}
_MOST = 60


@group(
    zh="以数据检查方案的标准：谁达到，谁差多少，哪些未测。",
    en="Hold data to the standards of a profile: who meets them, who misses them by how much, what is not measured.",
    example="communitygov standards check qufu workers=workers.csv  # exit code 1",
)
def standards() -> None:
    """Check standards."""


@command(
    zh="检查数据。DATA 写作 数据名=文件，可多个；数据名即指标的 of（`communitygov show PROFILE measures` 可查）。"
    "有任何一项未达到，退出码为 1。",
    en="Check data. DATA is written name=file, several if need be; the name is what a measure's `of` calls it "
    "(`communitygov show PROFILE measures` shows them). The exit code is 1 if any standard is missed.",
    example="communitygov standards check qufu workers=workers.csv  # exit code 1",
)
@profile_argument
@click.argument("data", nargs=-1, required=True)
@option("--all", "everyone", is_flag=True, zh="也列出达到的", en="List those that are met as well")
@asking(html=False)
@click.pass_context
def check(
    ctx: click.Context,
    asked: Asked,
    form: Form,
    /,
    data: tuple[str, ...],
    everyone: bool,
) -> None:
    """Hold data to standards."""
    import polars as pl

    from communitygov.measures.standards import check_standards

    rules = asked.rules.rules
    named = [_named(one) for one in data]
    twice = sorted({name for name, _ in named if [other for other, _ in named].count(name) > 1})
    if twice:
        zh, en = f"同一数据给了两个文件：{'、'.join(twice)}", f"two files are given for {', '.join(twice)}; give one"
        raise UsageError.because("unnamed-data", zh=zh, en=en)
    frames = {name: _read(name, file, rules.measures, form) for name, file in named}
    found = check_standards(rules.measures, rules.expectations, frames)
    unmeasured = [
        {"expectation": one.expectation, "why": {"zh": one.why.zh, "en": one.why.en}} for one in found.unmeasured
    ]
    form.frame(found.frame, "communitygov.standards/1", {"unmeasured": unmeasured})
    if form.for_people:
        _print(found, rules.expectations, rules.measures, everyone=everyone)
    ctx.exit(1 if found.frame.filter(pl.col("met") == "false").height else 0)


def _named(text: str) -> tuple[str, str]:
    name, equals, file = text.partition("=")
    if not (name and equals and file):
        raise UsageError.because(
            "unnamed-data",
            zh=f"`{text}` 须写作 数据名=文件，如 workers=workers.csv",
            en=f"`{text}` must be written name=file, such as workers=workers.csv",
        )
    return name, file


def _read(name: str, file: str, measures: Mapping[str, Measure], form: Form) -> Any:
    """Read a file with the columns of all measures that are taken of it; none of them must be there."""
    from attrs import evolve

    from communitygov.measures.rows import measure_table

    mine = [one for one in measures.values() if one.of == name]

    def table(heads: Sequence[str]) -> Table:
        tables = [measure_table(one, heads) for one in mine]
        found = [column for one in tables for column in one.columns]
        # One measure may ask only whether a value is known, where another adds it up: what it is, that one says.
        found.sort(key=lambda column: column.kind not in ("any", "text"))
        columns = {column.name: evolve(column, required=False) for column in found}
        if not tables:
            from communitygov.vocabulary.frames import Table

            return Table(Title(zh=name, en=name), (), (), open=True)
        return evolve(tables[0], columns=tuple(columns.values()), open=True)

    return form.read(file, table)


def _print(
    found: Standing, expectations: Mapping[str, Expectation], measures: Mapping[str, Measure], *, everyone: bool
) -> None:
    import polars as pl

    lang = language()
    counts = {met: found.frame.filter(pl.col("met") == met).height for met in ("true", "false", "undetermined")}
    emit(
        Title(
            zh=f"达到 {counts['true']:,}，未达到 {counts['false']:,}，无法判定 {counts['undetermined']:,}",
            en=f"met {counts['true']:,}, missed {counts['false']:,}, undetermined {counts['undetermined']:,}",
        ).say(lang)
    )
    rows = found.frame if everyone else found.frame.filter(pl.col("met") != "true")
    if rows.height:
        told = [
            {
                "expectation": expectations[row["expectation"]].name(row["expectation"]).say(lang),
                "subject": row["subject"],
                "period": row["period"],
                "met": row["met"],
                "missed_by": row["missed_by"],
                "unit": measures[row["measure"]].unit.say(lang),
                "clause": ", ".join(expectations[row["expectation"]].clause),
            }
            for row in rows.rows(named=True)
        ]
        emit("\n" + frame_text(pl.DataFrame(told, infer_schema_length=None), lang, titles=_TITLES, most=_MOST))
    if found.unmeasured:
        emit("\n" + Title(zh="未测：", en="not measured:").say(lang))
        for one in found.unmeasured:
            name = expectations[one.expectation].name(one.expectation)
            emit(f"  {name.say(lang)}{'：' if lang == 'zh' else ': '}{one.why.say(lang)}")


standards.add_command(check)
