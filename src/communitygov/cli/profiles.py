"""`communitygov profiles`."""

from __future__ import annotations

from typing import Any

import click

from communitygov.cli.bilingual import command, language
from communitygov.cli.output import emit, emit_json
from communitygov.report.problems import problems_text
from communitygov.report.tables import table_text
from communitygov.vocabulary.errors import CommunityGovError
from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

__all__ = ["profiles"]

_HEADS = (
    Title(zh="方案", en="profile"),
    Title(zh="名称", en="title"),
    Title(zh="版本", en="version"),
    Title(zh="生效", en="in force from"),
    Title(zh="最近核对", en="last verified"),
    Title(zh="附带改革方案", en="ships reforms"),
)


@command(
    zh="列出已安装的城市方案。有问题的插件逐一说明，不影响其余方案。",
    en="List the profiles that are installed. A plugin that is broken is named, and leaves the others listed.",
    example="communitygov profiles",
)
@click.pass_context
def profiles(ctx: click.Context, as_json: bool) -> None:
    """List the profiles that are installed."""
    from communitygov.plugins.finding import find_profiles, load_profile

    found = find_profiles()
    problems: list[Problem] = [problem for several in found.problems.values() for problem in several]
    listed: list[dict[str, Any]] = []
    for name in found.folders:
        try:
            profile = load_profile(name)
            about = profile.at(profile.first_day).rules.profile
        except CommunityGovError as error:
            problems.extend(error.problems)
            continue
        title = about.name(name)
        listed.append(
            {
                "name": name,
                "title": {"zh": title.zh, "en": title.en},
                "version": profile.version,
                "in_force": str(profile.first_day),
                "holds_until": None if profile.last_day is None else str(profile.last_day),
                "last_verified": str(about.last_verified),
                "reforms": list(profile.reforms),
                "folder": str(profile.folder),
            }
        )
    if as_json:
        plain = [problem.as_json() for problem in problems]
        emit_json({"schema": "communitygov.profiles/1", "profiles": listed, "problems": plain})
    else:
        lang = language()
        keys = ("name", "title", "version", "in_force", "last_verified", "reforms")
        rows = [[one[key] for key in keys] for one in listed]
        for row in rows:
            row[1], row[5] = row[1][lang], ", ".join(row[5])
        emit(table_text([head.say(lang) for head in _HEADS], rows, lang))
        emit(problems_text(problems, lang), err=True)
    ctx.exit(1 if problems else 0)
