"""`communitygov budget`: a budget shared among projects by the residents' votes, and why each project won or lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from communitygov.cli.asking import Asked, Form, asking
from communitygov.cli.bilingual import command, language, option
from communitygov.cli.choice import known
from communitygov.cli.output import emit, gap
from communitygov.report.tables import frame_rows, frame_text
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.numbers import decimal_text
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

    from communitygov.deliberation.budget import SharedBudget
    from communitygov.deliberation.budget_rules import BudgetRule
    from communitygov.deliberation.pabulib import PbElection

__all__ = ["budget"]

_TITLES = {
    "project": Title(zh="项目", en="project"),
    "name": Title(zh="名称", en="name"),
    "votes": Title(zh="票数", en="votes"),
    "cost": Title(zh="费用", en="cost"),
    "amount": Title(zh="获得", en="gets"),
    "why": Title(zh="原因", en="why"),
    "tie": Title(zh="同票", en="tie"),
    "settled": Title(zh="如何决定", en="settled by"),
    "before": Title(zh="现行", en="as it stands"),
    "after": Title(zh="改后", en="with the change"),
}
_SETTLED = {
    "tie_break": Title(zh="声明的次序", en="the declared order"),
    "no_matter": Title(zh="先后不影响结果", en="nothing: their order changes nothing"),
    "none_funded": Title(zh="都不资助", en="funding none of them"),
}
_MOST = 60


@command(
    zh="按居民投票把预算分给项目，列出获资助者、其余落选的原因和余款。VOTES 为 .pb 文件，或每行一个项目的表"
    "（project、cost），另给 --ballots（voter、project）。规则取自文件、方案，或方法名加 --set；"
    "规则未写预算的，用 .pb 文件的。--project 说明一个项目。",
    en="Share a budget among projects by the residents' votes; print who is funded, why each of the others is not, "
    "and what is left. VOTES is a .pb file, or a table with a row for each project (project, cost), with --ballots "
    "(voter, project). The rule is a file, a profile's, or the name of a method with --set; one that names no budget "
    "takes that of the .pb file. --project explains one project.",
    example="communitygov budget vote.pb --rule greedy.yaml\n"
    "communitygov budget vote.pb --rule greedy.yaml --project lamp",
)
@click.argument("votes")
@option(
    "--rule",
    metavar="FILE|NAME",
    zh="规则文件；或 greedy、equal_shares，余由 --set 给出；有 --profile 时为其规则的标识",
    en="A file with a rule; or greedy or equal_shares, the rest given by --set; with --profile the id of its rule",
)
@option(
    "--set",
    "settings",
    metavar="NAME=VALUE",
    multiple=True,
    zh="设定规则的一项，如 not_fitting=skip；可多次",
    en="Set a field of the rule, such as not_fitting=skip; may be repeated",
)
@option("--profile", metavar="PROFILE", zh="规则取自此方案", en="Take the rule from this profile")
@option("--ballots", metavar="FILE", zh="选票", en="The ballots")
@option(
    "--first-place",
    type=click.IntRange(min=1),
    metavar="POINTS",
    zh="排序选票首位的分值，其后每位少一分",
    en="The points of the first place of a ranked ballot, one less for each place after it",
)
@option("--project", metavar="PROJECT", zh="只说明这个项目", en="Explain this project")
@option("--picture", metavar="FILE", zh="另画成图（.svg 或 .png）", en="Also draw it (.svg or .png)")
@asking()
def budget(
    asked: Asked,
    form: Form,
    /,
    votes: str,
    rule: str | None,
    settings: tuple[str, ...],
    ballots: str | None,
    first_place: int | None,
    project: str | None,
    picture: str | None,
) -> None:
    """Share a budget."""
    from communitygov.deliberation.budget import share_budget
    from communitygov.deliberation.budget_explain import explain_budget
    from communitygov.report.drawing import check_picture

    if picture is not None:
        check_picture(picture)
    election = _election(votes, ballots)
    if asked.name is None:
        if asked.at is not None or asked.reforms or asked.readings:
            zh, en = "--at、--reform、--reading 须与 --profile 同用", "--at, --reform and --reading go with --profile"
            raise UsageError.because("wrong-call", zh=zh, en=en)
        law, before = _own_rule(rule, settings, election), None
    else:
        law, before = _profile_rules(asked, rule, settings)
    projects, ballot_rows = _frames(law, votes, election, ballots, first_place, form)
    if project is not None:
        known(project, projects["project"], _TITLES["project"])
        form.steps(explain_budget(law, projects, ballot_rows).find(project))
        return
    shared = share_budget(law, projects, ballot_rows)
    turned = None
    if before is not None:
        turned = _turned(share_budget(before, *_frames(before, votes, election, ballots, first_place, form)), shared)
    if picture is not None:
        _draw(picture, law, shared, projects)
    more: dict[str, Any] = {
        "decimals": law.decimals,
        "budget": shared.spent + shared.rest,
        "spent": shared.spent,
        "rest": shared.rest,
        "still_fits": list(shared.still_fits),
        "raised": shared.raised,
        "ties": frame_rows(shared.ties),
    }
    more |= {} if turned is None else {"turned": frame_rows(turned)}
    form.frame(shared.frame, "communitygov.budget/1", more)
    if form.for_people:
        _print(law, shared, projects, election)
        if turned is not None:
            _print_turned(law, turned)


def _election(votes: str, ballots: str | None) -> PbElection | None:
    from communitygov.deliberation.pabulib import read_pb

    is_pb = votes.lower().endswith(".pb")
    if is_pb and ballots is not None:
        zh, en = ".pb 文件已含选票，不能再给 --ballots", "a .pb file holds its ballots; leave out --ballots"
        raise UsageError.because("votes-not-given", zh=zh, en=en)
    if not is_pb and ballots is None:
        zh, en = (
            f"`{votes}` 不是 .pb 文件；请用 --ballots 给出选票",
            f"`{votes}` is no .pb file; give --ballots as well",
        )
        raise UsageError.because("votes-not-given", zh=zh, en=en)
    return read_pb(votes) if is_pb else None


def _own_rule(rule: str | None, settings: tuple[str, ...], election: PbElection | None) -> BudgetRule:
    from communitygov.deliberation.budget_reading import read_budget_rule

    if rule is None:
        zh = "须给 --rule（文件、greedy 或 equal_shares），或 --profile；文件自称的规则不代替它"
        en = "give --rule (a file, greedy or equal_shares) or --profile; what a .pb file calls its rule is not enough"
        raise UsageError.because("no-rule", zh=zh, en=en)
    return read_budget_rule(rule, settings=settings, election=election)


def _profile_rules(asked: Asked, rule: str | None, settings: tuple[str, ...]) -> tuple[BudgetRule, BudgetRule | None]:
    """Return a profile's rule, and with reforms or readings also what it is without them."""
    if settings:
        zh, en = "方案的规则用 --reform 改，不用 --set", "a profile's rule is changed by --reform, not by --set"
        raise UsageError.because("wrong-call", zh=zh, en=en)
    name, law = asked.only("budget", asked.rules.budgets, rule, by="rule")
    return law, None if asked.before is None else asked.before.budgets.get(name)


def _frames(
    law: BudgetRule,
    votes: str,
    election: PbElection | None,
    ballots: str | None,
    first_place: int | None,
    form: Form,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the projects and the ballots, with the columns that the rule reads."""
    from communitygov.deliberation.pabulib import projects_of

    if election is None:
        if first_place is not None:
            zh, en = "--first-place 只用于 .pb 文件", "--first-place goes with a .pb file"
            raise UsageError.because("wrong-call", zh=zh, en=en)
        assert ballots is not None
        return form.read(votes, law.projects_table), form.read(ballots, law.ballots_table)
    if first_place is not None:
        return projects_of(election, law.projects_table, votes), election.ballots_by_place(first_place)
    if law.counted == "points" and election.meta["vote_type"] in ("ordinal", "choose-1", "approval"):
        kind = election.meta["vote_type"]
        zh = f"规则按分值计票，而 `{kind}` 的选票没有分值；请用 --first-place 指明首位的分值"
        en = (
            f"the rule counts points, and ballots of `{kind}` have none; say with --first-place what the first is worth"
        )
        raise UsageError.because("no-points", zh=zh, en=en)
    return projects_of(election, law.projects_table, votes), election.ballots


def _turned(before: SharedBudget, after: SharedBudget) -> pl.DataFrame:
    """Return the projects that get more or less under another rule."""
    import polars as pl

    old, new = (one.frame.select("project", "amount", "reason") for one in (before, after))
    both = old.join(new, on="project", suffix="_after").filter(pl.col("amount") != pl.col("amount_after"))
    named = {"amount": "before", "amount_after": "after", "reason": "why_before", "reason_after": "why_after"}
    turned: pl.DataFrame = both.rename(named).select("project", "before", "after", "why_before", "why_after")
    return turned.sort("project")


def _print(law: BudgetRule, shared: SharedBudget, projects: pl.DataFrame, election: PbElection | None) -> None:
    import polars as pl

    from communitygov.deliberation.budget_explain import BUDGET_REASONS

    lang, money = language(), law.money
    won, all_ = shared.frame["funded"].sum(), shared.frame.height
    whole, spent, rest = (money(units) for units in (shared.spent + shared.rest, shared.spent, shared.rest))
    emit(
        Title(
            zh=f"预算 {whole}，支出 {spent}，余 {rest}；{all_} 个项目中 {won} 个获资助",
            en=f"budget {whole}, spent {spent}, left {rest}; {won} of {all_} projects funded",
        ).say(lang)
    )
    if election is not None and election.budget != law.budget:
        other = decimal_text(election.budget)
        emit(
            Title(
                zh=f"文件中的预算为 {other}，以规则为准", en=f"the file's budget is {other}; the rule's is shared"
            ).say(lang)
        )
    if shared.raised:
        more = money(shared.raised)
        emit(Title(zh=f"每人份额提高 {more}", en=f"each voter's share was raised by {more}").say(lang))
    told = _in_order(shared).with_columns(
        pl.col("cost").map_elements(money, return_dtype=pl.String),
        pl.when("funded").then("amount").map_elements(money, return_dtype=pl.String).alias("amount"),
        pl.col("reason").replace({name: why.say(lang) for name, why in BUDGET_REASONS.items()}).alias("why"),
    )
    columns = ["project", "votes", "cost", "amount", "why"]
    if shared.frame["source"].drop_nulls().n_unique() > 1:
        columns.insert(4, "source")
    if "name" in projects.columns:
        told, columns = (
            told.join(projects.select("project", "name"), on="project", how="left", maintain_order="left"),
            [columns[0], "name", *columns[1:]],
        )
    emit("\n" + frame_text(told.select(columns), lang, titles=_TITLES, most=_MOST))
    if shared.still_fits:
        names = ", ".join(shared.still_fits)
        emit("\n" + Title(zh=f"余款仍够资助：{names}", en=f"what is left would still pay for: {names}").say(lang))
    if shared.ties.height:
        settled = shared.ties.with_columns(
            pl.col("settled").replace({name: how.say(lang) for name, how in _SETTLED.items()})
        )
        emit("\n" + frame_text(settled.select("tie", "project", "settled"), lang, titles=_TITLES, most=_MOST))


def _in_order(shared: SharedBudget) -> pl.DataFrame:
    """Return the rows in the order of their turn, those with too few votes at the end."""
    ordered: pl.DataFrame = shared.frame.sort(
        "order", "votes", descending=[False, True], nulls_last=True, maintain_order=True
    )
    return ordered


def _print_turned(law: BudgetRule, turned: pl.DataFrame) -> None:
    import polars as pl

    lang = language()
    gap()
    if turned.is_empty():
        emit(Title(zh="各项目所得都不变", en="no project gets more or less").say(lang))
        return
    told = turned.select("project", pl.col("before", "after").map_elements(law.money, return_dtype=pl.String))
    emit(frame_text(told, lang, titles=_TITLES, most=_MOST))


def _draw(picture: str, law: BudgetRule, shared: SharedBudget, projects: pl.DataFrame) -> None:
    from communitygov.deliberation.budget_explain import BUDGET_REASONS
    from communitygov.report.budget import ProjectBar, budget_chart
    from communitygov.report.drawing import write_picture

    names = dict(zip(projects["project"], projects["name"], strict=True)) if "name" in projects.columns else {}
    scale = 10**law.decimals
    bars = [
        ProjectBar(
            names.get(row["project"]) or row["project"],
            row["votes"],
            row["cost"] / scale,
            row["amount"] / scale,
            BUDGET_REASONS[row["reason"]],
        )
        for row in _in_order(shared).rows(named=True)
    ]
    about = Title(zh="预算如何分给各项目", en="how the budget is shared among projects").say(language())
    write_picture(budget_chart(bars, language()), picture, about=about)
