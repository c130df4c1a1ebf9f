"""The commands by name. Each is imported when it is called, none for the list of them."""

from __future__ import annotations

from importlib import import_module

import click

from communitygov import __version__
from communitygov.cli.bilingual import Group, group, language, option
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["COMMANDS", "app"]

COMMANDS: dict[str, tuple[str, Title]] = {
    "profiles": ("profiles", Title(zh="列出已安装的城市方案", en="List the profiles that are installed")),
    "show": (
        "show",
        Title(zh="显示规则、条款、出处和待解问题", en="Show rules with clauses, provenance and open questions"),
    ),
    "check": (
        "check",
        Title(zh="检查方案，或说明来源已建模多少", en="Check a profile, or say how much of its source it models"),
    ),
    "schema": ("schema", Title(zh="输出 JSON Schema", en="Print or write the JSON Schemas")),
    "template": ("data", Title(zh="生成评价数据的空表", en="Write an empty table for an index's data")),
    "score": ("data", Title(zh="按评价体系打分", en="Score subjects by an index")),
    "certify": ("data", Title(zh="按年度得分认定星级", en="Certify subjects by their yearly scores")),
    "explain": ("explain", Title(zh="逐步说明一个结果的由来", en="Explain one result step by step")),
    "grid": (
        "grid",
        Title(zh="检查、显示、调整单元，查明由谁办理", en="Check, draw and adjust units; find who takes a matter"),
    ),
    "orders": (
        "orders",
        Title(zh="评判工单、计算比率、画流程图、模拟", en="Judge orders, take rates, draw procedures, simulate"),
    ),
    "simulate": ("simulate", Title(zh="模拟规则及其改变的后果", en="Simulate rules, and what changing them does")),
    "plan": ("plan", Title(zh="比较改革前后在同一数据上的结果", en="Compare rules with a reform on the same data")),
    "meeting": (
        "meeting",
        Title(zh="检查会议与议题，打印会议记录", en="Check meetings and motions, and print a meeting's record"),
    ),
    "decisions": (
        "decisions",
        Title(
            zh="按参加与通过门槛判定议题，查改革会改变哪些",
            en="Judge votes, and see which a reform turns",
        ),
    ),
    "budget": (
        "budget",
        Title(
            zh="按投票分配预算，说明每个项目为何获资助或落选",
            en="Share a budget by votes, and say why each project won or lost",
        ),
    ),
    "standards": (
        "standards",
        Title(
            zh="以数据检查标准：达到、差多少、未测",
            en="Hold data to standards: met, missed by how much, or not measured",
        ),
    ),
    "disclosures": (
        "disclosures",
        Title(zh="以公开记录检查应公开的事项", en="Hold a record of postings against what must be public"),
    ),
    "funding": (
        "funding",
        Title(zh="按公式计算经费，比较改革前后", en="Compute who is funded with how much, and what a reform changes"),
    ),
    "match": (
        "match",
        Title(zh="结对：总值最大，同值按既定次序", en="Bring units together at the greatest total"),
    ),
    "points": (
        "points",
        Title(zh="按积分规则计算积分，说明账户", en="Compute points by the rules, and explain an account"),
    ),
    "ambiguities": (
        "ambiguities",
        Title(zh="哪些待解问题会改变结果", en="Say which open questions change anybody's result"),
    ),
}
"""Each command's module, and what it does."""


class _Commands(Group):
    """The group of all commands, imported one by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"communitygov.cli.{COMMANDS[cmd_name][0]}")
        command = getattr(module, cmd_name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            hint = did_you_mean(name, COMMANDS)
            raise UsageError.because(
                "unknown-command", zh=f"没有命令 `{name}`{hint.zh}", en=f"no command `{name}`{hint.en}"
            )
        return super().resolve_command(ctx, args)

    def abouts(self, ctx: click.Context) -> dict[str, Title]:
        return {name: about for name, (_, about) in COMMANDS.items()}


def _tell_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        said = Title(zh=f"communitygov，版本 {__version__}", en=f"communitygov, version {__version__}")
        click.echo(said.say(language(ctx)))
        ctx.exit()


@group(
    cls=_Commands,
    zh="把社区治理的规则当作数据：载入一座城市的规则，执行它们，说明结果，修改规则，模拟后果。",
    en="Rules as code for how communities are governed: load a city's rules, carry them out, explain a result, "
    "change the rules, and simulate the change.",
    example="communitygov simulate shijingshan --from 2022 --to 2030 --report report.html",
)
@option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_tell_version,
    zh="显示版本",
    en="Show the version and exit.",
)
def app() -> None:
    """All commands."""
