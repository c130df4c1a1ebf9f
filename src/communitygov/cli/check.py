"""`communitygov check`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from communitygov.cli.bilingual import ask_json, command, language, option
from communitygov.cli.choice import find_profile
from communitygov.cli.output import emit, emit_json
from communitygov.report.problems import PROBLEMS, problems_github, problems_text
from communitygov.report.tables import table_text
from communitygov.vocabulary.errors import CommunityGovError, ProfileNotFound
from communitygov.vocabulary.problem import Problem, sort_problems
from communitygov.vocabulary.text import Language, Title

if TYPE_CHECKING:
    from communitygov.profile.coverage import ProfileCoverage

__all__ = ["check"]

_HEADS = (
    Title(zh="来源", en="source"),
    Title(zh="条款", en="clauses"),
    Title(zh="已建模", en="modelled"),
    Title(zh="仅见于改革方案", en="in reforms only"),
    Title(zh="仅见于待解问题", en="open only"),
    Title(zh="尚未建模", en="not modelled"),
    Title(zh="背景", en="context only"),
)


@command(
    zh="检查一个方案或文件夹（不指明则检查全部已安装方案）：报告全部问题，每个一行，退出码 1；"
    "若无问题，说明来源有多少已建模、假定、待解、仅为背景。\n\n"
    "每个待解问题的每种理解、每个附带的改革方案也逐一试过。",
    en="Check a profile or a folder, or all installed profiles if none is named. Every problem is one line, and the "
    "exit code is 1; without problems, it says how much of each source is modelled, assumed, open, and context "
    "only.\n\nEvery reading of every open question and every reform that ships with the profile is tried too.",
    example="communitygov check shijingshan\ncommunitygov check ./mycity --format github",
)
@click.argument("target", metavar="[PROFILE|FOLDER]", required=False)
@option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    zh="输出形式",
    en="How to print",
)
@click.pass_context
def check(ctx: click.Context, target: str | None, form: str, as_json: bool) -> None:
    """Check a profile or a folder."""
    from communitygov.plugins.finding import find_profiles

    if form == "json":
        ask_json(ctx)
    found = find_profiles()
    names = [target] if target is not None else [*found.folders, *found.problems]
    problems: list[Problem] = []
    counted: dict[str, ProfileCoverage] = {}
    for name in names:
        try:
            counted[name] = _check(name, problems)
        except ProfileNotFound as error:
            if target is not None and name not in found.problems:
                raise
            problems.extend(error.problems)
        except CommunityGovError as error:
            problems.extend(error.problems)
    ordered = sort_problems(problems)
    _print("json" if as_json else form, ordered, counted, language())
    ctx.exit(1 if ordered else 0)


def _check(name: str, problems: list[Problem]) -> ProfileCoverage:
    from communitygov.profile.coverage import coverage, try_everything

    profile = find_profile(name)
    found = coverage(profile)
    problems.extend(found.problems)
    problems.extend(try_everything(profile))
    return found


def _print(form: str, problems: Sequence[Problem], counted: dict[str, ProfileCoverage], lang: Language) -> None:
    if form == "json":
        emit_json(
            {
                "schema": PROBLEMS,
                "problems": [problem.as_json() for problem in problems],
                "coverage": {name: _plain(found) for name, found in counted.items()},
            }
        )
    elif form == "github":
        emit(problems_github(problems, lang))
    elif problems:
        emit(problems_text(problems, lang))
    else:
        emit("\n\n".join(_summary(name, found, lang) for name, found in counted.items()))


def _plain(found: ProfileCoverage) -> dict[str, Any]:
    return {
        "sources": {
            one.source: {
                "modelled": list(one.modelled),
                "proposed": list(one.proposed),
                "open": list(one.open),
                "not_modelled": list(one.not_modelled),
                "context": list(one.context),
                "uncited": list(one.uncited),
            }
            for one in found.sources
        },
        "assumed": [
            {
                "path": one.path,
                "value": one.value,
                "because": {"zh": one.because.zh, "en": one.because.en},
                "place": str(one.place),
                "clause": list(one.clause),
            }
            for one in found.assumptions
        ],
        "questions": {key: len(question.readings) for key, question in found.questions.items()},
        "contradictions": list(found.contradictions),
    }


def _summary(name: str, found: ProfileCoverage, lang: Language) -> str:
    rows = [
        [
            one.source,
            one.clauses,
            *(len(group) for group in (one.modelled, one.proposed, one.open, one.not_modelled, one.context)),
        ]
        for one in found.sources
    ]
    readings = sum(len(question.readings) for question in found.questions.values())
    counts = {
        Title(zh="假定的值（来源未给）", en="values assumed, which no source gives"): len(found.assumptions),
        Title(zh="待解问题", en="open questions"): len(found.questions),
        Title(zh="各种理解，均已试过", en="their readings, each of which was tried"): readings,
        Title(zh="来源自相矛盾之处", en="contradictions within the sources"): len(found.contradictions),
    }
    good = Title(zh=f"{name}：没有问题", en=f"{name}: no problems")
    lines = [f"{count:5}  {what.say(lang)}" for what, count in counts.items()]
    return "\n".join([good.say(lang), table_text([head.say(lang) for head in _HEADS], rows, lang), *lines])
