"""What a profile can say about a grid: levels, who is there, and who answers for what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import combinations
from typing import Literal, cast

from communitygov.documents.rule import Finding, Rule, rule, term
from communitygov.grid.levels import Bound, CodeForm, Kind, Level, Tally
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Title

__all__ = [
    "Body",
    "Bound",
    "CodeForm",
    "Count",
    "Grid",
    "Kind",
    "Level",
    "Matter",
    "Post",
    "Record",
    "Responsibility",
    "Seat",
    "Tally",
]


@rule
class Seat(Rule):
    """Something that the units of a level have: a post, a body or a record. Who or what it is there is its *holder*.

    Args:
        level: The level whose units have it.
        kinds: The kinds of units that have it; all if none are named.
        per_unit: How many holders a unit has.
        units_each: How many units one holder may have at most; any number if absent.
    """

    level: str = term("层级", "Level")
    kinds: tuple[str, ...] = term("类型", "Kinds", default=())
    per_unit: Literal["exactly_one", "at_least_one", "any"] = term("每单元", "Per unit")
    units_each: int | None = term("每人单元数上限", "Units each", default=None, at_least=1)


@rule
class Post(Seat):
    """A job attached to the units of a level.

    Args:
        time: Whether it is ``full`` or ``part`` of a person's time.
        duties: Its duties by id, those that are named.
        duties_in_all: How many duties it has, with those that the source does not name.
        departments: The departments whose people hold it. Each has its holders of its own in every unit.
        stands_in: Whether it takes what nobody in its unit or below it takes, whatever the matter.
    """

    time: Literal["full", "part"] | None = term("专兼职", "Time", default=None)
    duties: Mapping[str, Title] = term("职责", "Duties", default={})
    duties_in_all: int | None = term("职责总数", "Duties in all", default=None, at_least=1)
    departments: tuple[str, ...] = term("所属部门", "Departments", default=())
    stands_in: bool = term("兜底", "Stands in", default=False)

    def check(self) -> Iterator[Finding]:
        """Yield a finding if more duties are named than there are."""
        yield from super().check()
        if self.duties_in_all is not None and len(self.duties) > self.duties_in_all:
            yield Finding(
                ("duties_in_all",),
                "count-differs",
                f"列出了 {len(self.duties)} 项职责，多于 {self.duties_in_all} 项",
                f"{len(self.duties)} duties are named, more than {self.duties_in_all}",
                also=(("duties",),),
            )


@rule
class Body(Seat):
    """An organisation of the units of a level, such as a committee or a cooperative.

    Args:
        role: Its part among the bodies of the unit.
        duties: Its duties by id.
    """

    role: Title | None = term("作用", "Role", default=None)
    duties: Mapping[str, Title] = term("职责", "Duties", default={})


@rule
class Record(Seat):
    """A record that is kept of the units of a level, such as a map of each courtyard."""


@rule
class Responsibility(Rule):
    """A part in the joint responsibility for what lies below, attached to the hierarchy.

    Args:
        part: To ``sponsor``, be ``liaison``, ``coordinate``, ``guide`` or ``carry_out``.
        by: The post or body that has it.
    """

    part: Literal["sponsor", "liaison", "coordinate", "guide", "carry_out"] = term("分工", "Part")
    by: str = term("承担者", "By")


@rule
class Matter(Rule):
    """A kind of matter, and what makes somebody answer for it. The nearest unit upward where somebody does takes it.

    In each unit the post that has the duty comes first, then the department's person, then a post that stands in.

    Args:
        duty: The duty of posts to which it belongs.
        department: The department whose person, if named for the unit, takes it where no post has the duty.
    """

    duty: str | None = term("职责", "Duty", default=None)
    department: str | None = term("部门", "Department", default=None)


@rule
class Count(Rule):
    """A figure of the source that units or holders can be held against.

    Args:
        fact: The figure.
        level: The level whose units are counted.
        kinds: The kinds of units that are counted; all that have land, if none are named.
        held: The posts, bodies or records whose holders are counted, in place of units; each counts for itself.
        below: The code of the unit below which they are counted; all if absent.
    """

    fact: str = term("事实", "Fact", refers="fact")
    level: str | None = term("层级", "Level", default=None)
    kinds: tuple[str, ...] = term("类型", "Kinds", default=())
    held: tuple[str, ...] = term("设有", "Held", default=())
    below: str | None = term("范围", "Below", default=None)

    def check(self) -> Iterator[Finding]:
        """Yield a finding unless it counts one thing."""
        yield from super().check()
        if (self.level is None) != bool(self.held):
            yield Finding((), "missing-setting", "level 与 held 须取其一", "needs level or held, one of them")
        if self.kinds and self.level is None:
            yield Finding(("kinds",), "unused-setting", "kinds 只用于 level", "kinds belong to a level")


@rule
class Grid(Rule):
    """A hierarchy of units, with what is there and who answers for what.

    Args:
        levels: Its levels by id.
        posts: Jobs attached to units.
        bodies: Organisations of units.
        records: Records kept of units.
        responsibilities: Parts in the joint responsibility.
        departments: Departments that posts and matters speak of.
        matters: Kinds of matters.
        counts: Figures of the source to hold units and holders against.
    """

    levels: Mapping[str, Level] = term("层级", "Levels")
    posts: Mapping[str, Post] = term("岗位", "Posts", default={})
    bodies: Mapping[str, Body] = term("组织", "Bodies", default={})
    records: Mapping[str, Record] = term("台账", "Records", default={})
    responsibilities: Mapping[str, Responsibility] = term("责任分工", "Responsibilities", default={})
    departments: Mapping[str, Title] = term("部门", "Departments", default={})
    matters: Mapping[str, Matter] = term("事项", "Matters", default={})
    counts: Mapping[str, Count] = term("对照数", "Counts", default={})

    @cached_property
    def ordered(self) -> Mapping[str, Level]:
        """The levels, highest first."""
        return dict(sorted(self.levels.items(), key=lambda item: item[1].order))

    @cached_property
    def seats(self) -> Mapping[str, Seat]:
        """All that units have, by id: posts, bodies, records."""
        return {**self.posts, **self.bodies, **self.records}

    def section(self, seat: str) -> str:
        """Return the field in which a seat stands.

        Args:
            seat: Its id.
        """
        return next(name for name in _SEATS if seat in getattr(self, name))

    def check(self) -> Iterator[Finding]:
        """Yield every promise between the parts of the grid that does not hold."""
        yield from super().check()
        yield from self._check_levels()
        yield from self._check_seats()
        yield from self._check_references()
        yield from self._check_duties()

    def _check_levels(self) -> Iterator[Finding]:
        for (one, first), (other, second) in combinations(self.levels.items(), 2):
            if first.order == second.order:
                yield Finding(
                    ("levels", other, "order"),
                    "same-order",
                    f"与 `{one}` 的次序相同",
                    f"has the same order as `{one}`",
                    also=(("levels", one, "order"),),
                )
        tops = [key for key, level in self.ordered.items() if not level.on]
        if len(tops) != 1:
            yield Finding(
                ("levels",),
                "not-one-top",
                f"须有且只有一个顶层（没有 on），现有 {len(tops)} 个：{', '.join(tops)}",
                f"needs one level at the top, without `on`; there are {len(tops)}: {', '.join(tops)}",
            )
        for key, level in self.levels.items():
            for i, name in enumerate(level.on):
                above = self.levels.get(name)
                if above is None:
                    yield _unknown(("levels", key, "on", str(i)), "层级", "level", name, self.levels)
                elif above.order >= level.order:
                    yield Finding(
                        ("levels", key, "on", str(i)),
                        "not-above",
                        f"`{name}` 不在 `{key}` 之上",
                        f"`{name}` is not above `{key}`",
                        also=(("levels", name, "order"),),
                    )
                else:
                    yield from self._check_codes(key, level, name, above)
            known = {kind for name in level.on if name in self.levels for kind in self.levels[name].kinds}
            for i, kind in enumerate(level.covers_kinds):
                if kind not in known:
                    yield _unknown(("levels", key, "covers_kinds", str(i)), "类型", "kind", kind, known)

    def _check_codes(self, key: str, level: Level, name: str, above: Level) -> Iterator[Finding]:
        """Yield a finding if a level's codes cannot begin with those of the level above."""
        if level.code is None or not level.code.prefix:
            return
        if above.code is None or above.code.own >= level.code.own:
            yield Finding(
                ("levels", key, "code", "prefix"),
                "no-prefix",
                f"`{name}` 的代码没有可作前缀的、更短的有效位",
                f"the codes of `{name}` have no shorter significant digits to begin with",
                also=(("levels", name),),
            )
            return
        own = level.code.own - above.code.own
        for kind, said in level.kinds.items():
            for i, (low, _) in enumerate(said.ranges):
                if len(low) != own:
                    yield Finding(
                        ("levels", key, "kinds", kind, "codes", str(i)),
                        "bad-range",
                        f"`{key}` 在 `{name}` 之下有 {own} 位，代码段须同样位数",
                        f"below `{name}` a `{key}` has {own} digits of its own; a range needs as many",
                    )

    def _check_seats(self) -> Iterator[Finding]:
        for one, other in combinations(_SEATS, 2):
            for key in getattr(self, one).keys() & getattr(self, other).keys():
                yield Finding(
                    (other, key),
                    "same-id",
                    f"`{key}` 已用于 `{one}`",
                    f"`{key}` is an id in `{one}` already",
                    also=((one, key),),
                )
        for name in _SEATS:
            for key, seat in getattr(self, name).items():
                yield from self._check_at((name, key), cast("Seat", seat).level, cast("Seat", seat).kinds)

    def _check_at(self, path: tuple[str, ...], level: str, kinds: tuple[str, ...]) -> Iterator[Finding]:
        """Yield a finding if something names a level or kinds that there are not."""
        if level not in self.levels:
            yield _unknown((*path, "level"), "层级", "level", level, self.levels)
            return
        known = self.levels[level].kinds
        for i, kind in enumerate(kinds):
            if kind not in known:
                yield _unknown((*path, "kinds", str(i)), "类型", "kind", kind, known)

    def _check_references(self) -> Iterator[Finding]:
        for key, level in self.levels.items():
            for column, tally in level.tallies.items():
                path = ("levels", key, "tallies", column)
                yield from self._check_at(path, tally.level, tally.kinds)
                if tally.level in self.levels and self.levels[tally.level].order <= level.order:
                    yield Finding(
                        (*path, "level"),
                        "not-above",
                        f"`{key}` 不在 `{tally.level}` 之上",
                        f"`{key}` is not above `{tally.level}`",
                    )
        for key, part in self.responsibilities.items():
            if part.by not in self.posts and part.by not in self.bodies:
                yield _unknown(
                    ("responsibilities", key, "by"), "岗位或组织", "post or body", part.by, [*self.posts, *self.bodies]
                )
        for key, post in self.posts.items():
            for i, name in enumerate(post.departments):
                if name not in self.departments:
                    yield _unknown(("posts", key, "departments", str(i)), "部门", "department", name, self.departments)
        for key, count in self.counts.items():
            if count.level is not None:
                yield from self._check_at(("counts", key), count.level, count.kinds)
            for i, seat in enumerate(count.held):
                if seat not in self.seats:
                    path = ("counts", key, "held", str(i))
                    yield _unknown(path, "岗位、组织或台账", "post, body or record", seat, self.seats)

    def _check_duties(self) -> Iterator[Finding]:
        duties = {duty for post in self.posts.values() for duty in post.duties}
        named = {name for post in self.posts.values() for name in post.departments}
        stands_in = any(post.stands_in for post in self.posts.values())
        for key, matter in self.matters.items():
            if matter.duty is None and matter.department is None and not stands_in:
                yield Finding(
                    ("matters", key),
                    "missing-setting",
                    "须有 duty 或 department，或有兜底的岗位",
                    "needs a duty or a department, or a post that stands in",
                )
            if matter.duty is not None and matter.duty not in duties:
                yield _unknown(("matters", key, "duty"), "岗位职责", "duty of a post", matter.duty, duties)
            if matter.department is not None and matter.department not in named:
                yield _unknown(
                    ("matters", key, "department"), "有岗位的部门", "department with a post", matter.department, named
                )
        for (one, first), (other, second) in combinations(self.posts.items(), 2):
            if first.level != second.level or (first.kinds and second.kinds and not {*first.kinds} & {*second.kinds}):
                continue
            if first.stands_in and second.stands_in:
                yield Finding(
                    ("posts", other, "stands_in"),
                    "two-answer",
                    f"`{one}` 与 `{other}` 在同一层级都兜底，无法确定由谁办理",
                    f"`{one}` and `{other}` of one level both stand in: who answers is not clear",
                    also=(("posts", one, "stands_in"),),
                )
            for field, what in (("duties", "duty"), ("departments", "department")):
                for shared in sorted({*getattr(first, field)} & {*getattr(second, field)}):
                    yield Finding(
                        ("posts", other, field),
                        "two-answer",
                        f"`{one}` 与 `{other}` 在同一层级都有 `{shared}`，无法确定由谁办理",
                        f"`{one}` and `{other}` of one level both have the {what} `{shared}`: who answers is not clear",
                        also=(("posts", one, field),),
                    )


_SEATS = ("posts", "bodies", "records")


def _unknown(
    path: tuple[str, ...], zh: str, en: str, name: str, known: Mapping[str, object] | list[str] | set[str]
) -> Finding:
    hint = did_you_mean(name, known)
    return Finding(path, "unknown-reference", f"没有{zh} `{name}`{hint.zh}", f"there is no {en} `{name}`{hint.en}")
