"""`communitygov decisions`: matters judged by quorum and majority, and what another rule would have turned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from communitygov.cli.asking import Asked, Form, asking
from communitygov.cli.bilingual import command, language, option
from communitygov.cli.choice import known, profile_argument
from communitygov.cli.output import emit, gap
from communitygov.report.tables import frame_rows, frame_text
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

    from communitygov.deliberation.decide import Decided
    from communitygov.deliberation.rules import Decision

__all__ = ["decisions"]

_TITLES = {
    "matter": Title(zh="议题", en="matter"),
    "outcome": Title(zh="结果", en="outcome"),
    "quorum": Title(zh="参加门槛", en="quorum"),
    "failed": Title(zh="未达到", en="not reached"),
    "missing": Title(zh="缺数", en="missing"),
    "flags": Title(zh="提示", en="flags"),
    "before": Title(zh="现行", en="as it stands"),
    "after": Title(zh="改后", en="with the change"),
}
_OUTCOMES = {
    "passed": Title(zh="通过", en="passed"),
    "rejected": Title(zh="未通过", en="rejected"),
    "undetermined": Title(zh="无法判定", en="undetermined"),
}
_MOST = 60


@command(
    zh="按方案的表决规则 RULE（`communitygov show PROFILE decisions` 可查）判定议题。给 --register 与 --ballots，"
    "或给 --counts（每个议题一行的计数）。--at 取表决之日的规则。有 --reform 时，另列哪些议题的结果会改变；"
    "--matter 说明一个议题。",
    en="Judge matters by the rule RULE of a profile (`communitygov show PROFILE decisions` shows them). Give "
    "--register and --ballots, or --counts with one row of counts for each matter. --at takes the rules of the day of "
    "the decision. With --reform it also lists the matters whose outcome turns; --matter explains one.",
    example="communitygov decisions cn_law owners_ordinary --at 2024-05-06 --counts counts.csv",
)
@profile_argument
@click.argument("rule")
@option("--register", metavar="FILE", zh="名册", en="The register")
@option("--ballots", metavar="FILE", zh="表决票", en="The ballots")
@option("--counts", metavar="FILE", zh="计数，代替名册与表决票", en="Counts of votes, in place of register and ballots")
@option(
    "--announced",
    metavar="FILE",
    zh="公布的结果；列出与重算不符的",
    en="Announced outcomes; those that differ are listed",
)
@option("--matter", metavar="MATTER", zh="说明这个议题", en="Explain this matter")
@option("--picture", metavar="FILE", zh="另画成图（.svg 或 .png）", en="Also draw it (.svg or .png)")
@asking()
@click.pass_context
def decisions(
    ctx: click.Context,
    asked: Asked,
    form: Form,
    /,
    rule: str,
    register: str | None,
    ballots: str | None,
    counts: str | None,
    announced: str | None,
    matter: str | None,
    picture: str | None,
) -> None:
    """Judge matters."""
    from communitygov.deliberation.audit import ANNOUNCED, audit
    from communitygov.deliberation.explain import explain, explain_counts
    from communitygov.deliberation.tables import counts_table

    law = asked.rules.decision(rule)
    files = {"register": register, "ballots": ballots, "counts": counts}
    given = {name: file for name, file in files.items() if file is not None}
    decided = _decided(law, given, form)
    if picture is not None:
        _draw(picture, law, decided, matter)
    if matter is not None:
        known(matter, decided.frame["matter"], _TITLES["matter"])
        if counts is not None:
            form.steps(explain_counts(law, form.read(counts, counts_table(law)), matter=matter))
        else:
            form.steps(explain(law, *_rows_of(law, given, form), matter=matter))
        return
    before = asked.before
    turned = None if before is None else _turned(_decided(before.decision(rule), given, form), decided)
    differ = None if announced is None else audit(decided, form.read(announced, ANNOUNCED))
    more: dict[str, Any] = {"article": law.article}
    more |= {} if turned is None else {"turned": frame_rows(turned)}
    more |= {} if differ is None else {"differences": frame_rows(differ)}
    form.frame(decided.frame.sort("matter"), "communitygov.decisions/1", more)
    if form.for_people:
        _print(law, decided, turned)
        if differ is not None:
            _print_audit(differ)
    ctx.exit(1 if differ is not None and differ.height else 0)


def _rows_of(law: Decision, files: Mapping[str, str], form: Form) -> tuple[pl.DataFrame, pl.DataFrame]:
    from communitygov.deliberation.tables import BALLOTS, register_table

    return form.read(files["register"], register_table(law)), form.read(files["ballots"], BALLOTS)


def _decided(law: Decision, files: Mapping[str, str], form: Form) -> Decided:
    from communitygov.deliberation.count import count_votes
    from communitygov.deliberation.decide import decide_all
    from communitygov.deliberation.tables import counts_table

    if set(files) == {"counts"}:
        return decide_all(law, form.read(files["counts"], counts_table(law)))
    if set(files) != {"register", "ballots"}:
        raise UsageError.because(
            "votes-not-given",
            zh="须给 --register 与 --ballots，或只给 --counts",
            en="give --register and --ballots, or --counts alone",
        )
    return decide_all(law, count_votes(law, *_rows_of(law, files, form)))


def _turned(before: Decided, after: Decided) -> pl.DataFrame:
    """Return the matters whose outcome another rule turns, and by which shares."""
    import polars as pl

    old, new = (one.frame.select("matter", "outcome", "failed", "missing") for one in (before, after))
    both = old.join(new, on="matter", suffix="_after").filter(pl.col("outcome") != pl.col("outcome_after"))
    named = {"outcome": "before", "outcome_after": "after"}
    turned: pl.DataFrame = both.rename(named).select("matter", "before", "after", "failed", "failed_after")
    return turned.sort("matter")


def _print(law: Decision, decided: Decided, turned: pl.DataFrame | None) -> None:
    import polars as pl

    lang = language()
    frame = decided.frame.sort("matter")
    counts = {name: frame.filter(pl.col("outcome") == name).height for name in ("passed", "rejected", "undetermined")}
    emit(
        Title(
            zh=f"第{law.article}条：通过 {counts['passed']:,}，未通过 {counts['rejected']:,}，"
            f"无法判定 {counts['undetermined']:,}",
            en=f"article {law.article}: passed {counts['passed']:,}, rejected {counts['rejected']:,}, "
            f"undetermined {counts['undetermined']:,}",
        ).say(lang)
    )
    flags = pl.concat_list(
        pl.when(pl.col(name)).then(pl.lit(name)) for name in ("no_show", "abstentions_decide")
    ).list.drop_nulls()
    words = {name: word.say(lang) for name, word in _OUTCOMES.items()}
    told = frame.select(
        "matter", pl.col("outcome").replace(words), "quorum", "failed", "missing", flags.list.join(", ").alias("flags")
    )
    emit("\n" + frame_text(told, lang, titles=_TITLES, most=_MOST))
    if turned is not None:
        gap()
        if turned.is_empty():
            emit(Title(zh="没有议题的结果改变", en="no outcome turns").say(lang))
        else:
            told = turned.select("matter", pl.col("before", "after").replace(words))
            emit(frame_text(told, lang, titles=_TITLES, most=_MOST))


def _print_audit(differ: pl.DataFrame) -> None:
    lang = language()
    gap()
    if differ.is_empty():
        emit(Title(zh="公布的结果与重算相符", en="all is as it was announced").say(lang))
    else:
        titles = {**_TITLES, "announced": Title(zh="公布", en="announced"), "computed": Title(zh="重算", en="computed")}
        emit(frame_text(differ, lang, titles=titles, most=_MOST))


def _draw(picture: str, law: Decision, decided: Decided, matter: str | None) -> None:
    import polars as pl

    from communitygov.report.decisions import Share, decision_chart, share_title
    from communitygov.report.drawing import write_picture

    there = decided.frame["matter"].sort().to_list()
    if matter is None and len(there) > 1:
        zh, en = "有多个议题；请用 --matter 指明要画的", "there are several matters; name one with --matter"
        raise UsageError.because("which-matter", zh=zh, en=en)
    drawn = there[0] if matter is None else matter
    known(drawn, there, _TITLES["matter"])
    shares = []
    for row in decided.parts.filter(pl.col("matter") == drawn).rows(named=True):
        title = share_title(row["part"], row["measure"], row["of"], law.strata.get(row["stratum"]))
        shares.append(Share(title, row["count"], row["base"], row["least"]))
    about = Title(zh=f"议题 {drawn} 的门槛", en=f"the shares of matter {drawn}")
    write_picture(decision_chart(shares, language()), picture, about=about.say(language()))
