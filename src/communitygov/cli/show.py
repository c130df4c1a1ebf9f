"""`communitygov show`."""

from __future__ import annotations

import click

from communitygov.cli.bilingual import command, language
from communitygov.cli.choice import find_profile, profile_argument, rules_at, rules_options
from communitygov.cli.output import emit, emit_json
from communitygov.vocabulary.text import Title

__all__ = ["show"]


@command(
    zh="显示一个方案某日的规则：每个值的条款、出处（文件与行）、由谁设定、原为何值、是否假定；以及待解问题。\n\n"
    "PATH 是点分路径，只显示其下的规则。",
    en="Show a profile's rules of a day: every value with its clause, file and line, who set it, what it was before, "
    "and whether it is assumed; and the open questions.\n\nPATH is a dotted path; only the rules there are shown.",
    example="communitygov show shijingshan certification.quality_star.tiers\n"
    "communitygov show shijingshan --at 2024 --reform examples/no-renewal.yaml",
)
@profile_argument
@click.argument("path", required=False, default="")
@rules_options()
def show(
    profile: str, path: str, at: str | None, reforms: tuple[str, ...], readings: tuple[str, ...], as_json: bool
) -> None:
    """Show a profile's rules of a day."""
    from communitygov.report.rules import questions_text, rules_json, rules_text

    found = find_profile(profile)
    rules = rules_at(found, at, reforms, readings)
    if as_json:
        emit_json(rules_json(found, rules, path))
        return
    lang = language()
    if path:
        emit(rules_text(rules, lang, path))
        return
    about = rules.rules.profile
    lines = [
        Title(
            zh=f"{about.name(found.name).zh}（{found.name} {found.version}），{rules.day} 的规则",
            en=f"{about.name(found.name).en} ({found.name} {found.version}), the rules of {rules.day}",
        ),
        Title(
            zh=f"自 {found.first_day} 生效；来源最近核对于 {about.last_verified}",
            en=f"in force from {found.first_day}; sources last checked {about.last_verified}",
        ),
        *(
            Title(zh=f"来源 {key}：{source.name(key).zh}", en=f"source {key}: {source.name(key).en}")
            for key, source in about.sources.items()
        ),
        *(Title(zh=f"叠加 {layer.title.zh}", en=f"with {layer.title.en}") for layer in rules.layers),
        Title(zh=f"摘要 {rules.digest}", en=f"digest {rules.digest}"),
    ]
    emit("\n".join(line.say(lang) for line in lines))
    emit("\n" + rules_text(rules, lang))
    emit("\n" + questions_text(rules.rules.interpretations, lang))
