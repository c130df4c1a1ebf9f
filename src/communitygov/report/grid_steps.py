"""A grid in words: its units as they are drawn, and its rules, as steps that are written as text, HTML and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from communitygov.documents.rule import Rule
from communitygov.grid.check import cited
from communitygov.grid.findings import advice_of
from communitygov.grid.rules import Body, Grid, Level, Matter, Post, Responsibility, Seat
from communitygov.report.grid import Branch, Trunk
from communitygov.vocabulary.steps import Steps
from communitygov.vocabulary.text import Title

__all__ = [
    "EMPTY",
    "PARTS",
    "PER_UNIT",
    "counts_of",
    "finding_steps",
    "found_of",
    "hides",
    "holders_of",
    "more_of",
    "rules_steps",
    "seats_of",
    "trunk_steps",
]

EMPTY = Title(zh="空缺", en="empty")
"""What is said of a post, body or record that nobody holds."""

PER_UNIT: Mapping[str, Title] = {
    "exactly_one": Title(zh="每单元一个", en="exactly one a unit"),
    "at_least_one": Title(zh="每单元至少一个", en="at least one a unit"),
    "any": Title(zh="每单元不限", en="any number a unit"),
}
"""How many holders a unit has, in words."""

PARTS: Mapping[str, Title] = {
    "sponsor": Title(zh="包保", en="sponsors"),
    "liaison": Title(zh="联系", en="is in liaison"),
    "coordinate": Title(zh="统筹", en="coordinates"),
    "guide": Title(zh="指导", en="guides"),
    "carry_out": Title(zh="实施", en="carries out"),
}
"""Parts in the joint responsibility, in words."""

_HOLDERS = 3
"""So many holders of one seat are named."""

_SECTIONS = {
    "levels": Title(zh="层级", en="Levels"),
    "posts": Title(zh="岗位", en="Posts"),
    "bodies": Title(zh="组织", en="Bodies"),
    "records": Title(zh="台账", en="Records"),
    "responsibilities": Title(zh="责任分工", en="Responsibilities"),
    "matters": Title(zh="事项", en="Matters"),
}


def trunk_steps(trunk: Trunk) -> Steps:
    """Return a tree that is drawn as steps, which report/ writes as text, as a Rich tree and as JSON.

    Args:
        trunk: The tree.
    """
    children = [_steps(trunk.grid, branch) for branch in trunk.branches]
    if trunk.more:
        children.append(_more(trunk.more))
    children += [finding_steps(trunk.grid, row) for row in trunk.elsewhere]
    found = None if trunk.found is None else found_of(trunk.found)
    text = counts_of(trunk.grid, trunk.units)
    if found is not None:
        text = Title(zh=f"{text.zh}；{found.zh}", en=f"{text.en}; {found.en}")
    title = trunk.grid.name("grid")
    on = Title(zh=f"{title.zh}，{trunk.day}", en=f"{title.en}, {trunk.day}")
    return Steps("grid", on, None, text, trunk.grid.clause, children=tuple(children))


def _steps(grid: Grid, branch: Branch) -> Steps:
    said = counts_of(grid, branch.below)
    parts = [said] if branch.below else []
    if branch.found_below:
        parts.append(found_of(branch.found_below, below=True))
    text = Title(zh="；".join(one.zh for one in parts), en="; ".join(one.en for one in parts)) if parts else None
    children = [finding_steps(grid, row) for row in branch.findings]
    children += [
        Steps("seat", grid.seats[key].name(key), holders_of(holders) or None, None if holders else EMPTY)
        for key, holders in seats_of(branch)
    ]
    children += [_steps(grid, one) for one in branch.branches]
    if hides(branch):
        children.append(_more(branch.more))
    title = Title(zh=f"{branch.name}（{branch.called.zh}）", en=f"{branch.name} ({branch.called.en})")
    return Steps("unit", title, branch.code, text, children=tuple(children))


def hides(branch: Branch) -> bool:
    """Return whether it must be said how many more units there are below: not where the count of all of them does.

    Args:
        branch: The unit.
    """
    return bool(branch.more and (branch.branches or not branch.below))


def finding_steps(grid: Grid, row: Mapping[str, Any]) -> Steps:
    """Return a finding as a step, with a mark before it.

    Args:
        grid: The rule, whose title of a post, body or record stands in place of its id.
        row: The finding, as ``Checked.frame`` has it.
    """
    seat = row["seat"]
    name = Title(zh="", en="") if seat is None else grid.seats[seat].name(seat)
    says = Title(
        zh=f"！{advice_of({**row, 'seat': name.zh}).says.zh}", en=f"! {advice_of({**row, 'seat': name.en}).says.en}"
    )
    clause = tuple(filter(None, (row["clause"] or "").split(", ")))
    return Steps(row["finding"], says, None, advice_of(row).mend, clause)


def seats_of(branch: Branch) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the posts, bodies and records of a unit with their holders, but those whose want of one is a finding.

    Args:
        branch: The unit.
    """
    told = {row["seat"] for row in branch.findings if row["finding"] == "empty-seat"}
    return ((key, holders) for key, holders in branch.seats.items() if holders or key not in told)


def holders_of(holders: Sequence[str]) -> str:
    """Return holders, the first few by their ids.

    Args:
        holders: Their ids.

    Example:
        >>> holders_of(["p1", "p2"]), holders_of(["p1", "p2", "p3", "p4", "p5"])
        ('p1, p2', 'p1, p2, p3 ... 5')
    """
    named = ", ".join(holders[:_HOLDERS])
    return named if len(holders) <= _HOLDERS else f"{named} ... {len(holders)}"


def counts_of(grid: Grid, counts: Mapping[str, int]) -> Title:
    """Return how many units there are of each level.

    Args:
        grid: The rule.
        counts: The numbers by level.
    """
    names = {key: grid.levels[key].name(key) for key in counts}
    return Title(
        zh="，".join(f"{names[key].zh} {number:,}" for key, number in counts.items()),
        en=", ".join(f"{names[key].en} {number:,}" for key, number in counts.items()),
    )


def found_of(number: int, *, below: bool = False) -> Title:
    """Return how much was found.

    Args:
        number: How many findings.
        below: Whether they are at units below.
    """
    if not number:
        return Title(zh="没有发现问题", en="nothing found")
    where = Title(zh="其下", en=" below") if below else Title(zh="", en="")
    return Title(zh=f"{where.zh}发现 {number:,} 处", en=f"{number:,} finding{'s' if number > 1 else ''}{where.en}")


def more_of(number: int) -> Title:
    """Return that there are more units than are drawn.

    Args:
        number: How many more.
    """
    return Title(zh=f"…… 还有 {number:,} 个", en=f"... {number:,} more")


def _more(number: int) -> Steps:
    return Steps("more", more_of(number))


def rules_steps(grid: Grid, key: str = "grid") -> Steps:
    """Return what a grid says: its levels, who and what is there, and who answers for what, each with its clauses.

    Args:
        grid: The rule.
        key: Its id, the name of one without a title.

    Example:
        >>> from communitygov.report.steps_text import steps_text
        >>> from communitygov.grid.rules import Level, Post
        >>> grid = Grid(
        ...     levels={"community": Level(order=1)},
        ...     posts={"head": Post(level="community", per_unit="exactly_one")},
        ... )
        >>> print(steps_text(rules_steps(grid), "en"))
        grid
        - Levels
          - community: community
              the top
        - Posts
          - head: head
              of community, exactly one a unit
    """
    sections = []
    for name, title in _SECTIONS.items():
        rules: Mapping[str, Rule] = grid.ordered if name == "levels" else getattr(grid, name)
        if rules:
            steps = (_rule_steps(grid, key, rule) for key, rule in rules.items())
            sections.append(Steps(name, title, children=tuple(steps)))
    return Steps("grid", grid.name(key), None, grid.note, grid.clause, children=tuple(sections))


def _rule_steps(grid: Grid, key: str, rule: Rule) -> Steps:
    said = list(_said(grid, rule))
    text = Title(zh="，".join(one.zh for one in said), en=", ".join(one.en for one in said)) if said else None
    return Steps(key, rule.name(key), key, text, cited(grid, clause=rule.clause), children=tuple(_parts(rule)))


def _parts(rule: Rule) -> Iterator[Steps]:
    """Yield what stands below a rule: kinds of units, duties."""
    if isinstance(rule, Level):
        for key, kind in rule.kinds.items():
            marks = [*kind.codes, *kind.endings]
            text = Title(zh="、".join(marks), en=", ".join(marks)) if marks else None
            yield Steps(key, kind.name(key), None, text, kind.clause)
    elif isinstance(rule, Post | Body):
        for key, duty in rule.duties.items():
            yield Steps(key, duty)


def _said(grid: Grid, rule: Rule) -> Iterator[Title]:
    """Yield what is said of a rule in a line."""
    if isinstance(rule, Level):
        above = [grid.levels[name].name(name) for name in rule.on]
        if above:
            yield Title(
                zh="立于" + "或".join(one.zh for one in above), en="stands on " + " or ".join(one.en for one in above)
            )
        else:
            yield Title(zh="顶层", en="the top")
        if rule.covers:
            yield Title(zh="全覆盖", en="covers all of it")
        for column, bound in rule.sizes.items():
            yield _bound(bound.name(column), bound.at_least, bound.most)
    elif isinstance(rule, Seat):
        level = grid.levels[rule.level]
        where = [level.kinds[kind].name(kind) for kind in rule.kinds] or [level.name(rule.level)]
        yield Title(zh="属于" + "、".join(one.zh for one in where), en="of " + ", ".join(one.en for one in where))
        yield PER_UNIT[rule.per_unit]
        if rule.units_each is not None:
            each = "one unit" if rule.units_each == 1 else f"{rule.units_each} units"
            yield Title(zh=f"每人至多 {rule.units_each} 个单元", en=f"at most {each} each")
        if isinstance(rule, Post) and rule.time is not None:
            yield Title(zh="专职" if rule.time == "full" else "兼职", en=f"{rule.time} time")
        if isinstance(rule, Post) and rule.duties_in_all is not None:
            named = len(rule.duties)
            yield Title(
                zh=f"职责 {rule.duties_in_all} 项，列出 {named} 项", en=f"{rule.duties_in_all} duties, {named} named"
            )
        if isinstance(rule, Body) and rule.role is not None:
            yield rule.role
    elif isinstance(rule, Responsibility):
        yield PARTS[rule.part]
        yield grid.seats[rule.by].name(rule.by)
    elif isinstance(rule, Matter):
        yield from _answering(grid, rule)


def _bound(title: Title, least: int | None, most: int | None) -> Title:
    zh = "，".join(
        [*([f"不少于 {least:,}"] if least is not None else []), *([f"不多于 {most:,}"] if most is not None else [])]
    )
    en = " and ".join(
        [*([f"at least {least:,}"] if least is not None else []), *([f"at most {most:,}"] if most is not None else [])]
    )
    return Title(zh=f"{title.zh}{zh}", en=f"{title.en} {en}")


def _answering(grid: Grid, matter: Matter) -> Iterator[Title]:
    """Yield the posts that answer for a matter."""
    for key, post in grid.posts.items():
        if matter.duty is not None and matter.duty in post.duties:
            yield Title(zh=f"{post.name(key).zh}的职责", en=f"a duty of {post.name(key).en}")
    if matter.department is not None:
        department = grid.departments[matter.department]
        yield Title(zh=f"{department.zh}的人员", en=f"the person of {department.en}")
