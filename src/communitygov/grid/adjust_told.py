"""Changes of units as they are told: what each is about, and what is wrong with it. Every problem names its change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import frozen

from communitygov.grid.changes import CHANGES, Change, Merge, Move, Split, malformed
from communitygov.grid.rules import Grid
from communitygov.grid.tree import Tree
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.faults import SHOWN
from communitygov.vocabulary.problem import Problem, did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["Told", "nothing", "told"]


@frozen
class Told:
    """A change whose codes have been looked up.

    Args:
        number: Its number, from 1.
        change: The change.
        rows: The rows of the tree of the units that it names.
        codes: The codes of the units that it makes, whole.
        parent: The code, whole, of the unit that it names for these to stand on; None if it names none.
        parts: For each unit below one that is split, by row, the code of the part that it goes to.
    """

    number: int
    change: Change
    rows: tuple[int, ...]
    codes: tuple[str, ...]
    parent: str | None
    parts: Mapping[int, str]

    def numbers(self, tree: Tree) -> tuple[str, ...]:
        """Return the columns of numbers that units of its level have.

        Args:
            tree: The units of the day before.
        """
        return _numbers(tree, tree.frame["level"][self.rows[0]])

    def problem(self, code: str, zh: str, en: str) -> Problem:
        """Return a problem that names the change.

        Args:
            code: The problem's stable name.
            zh: What is wrong, in Chinese.
            en: The same in English.
        """
        return _problem(self.number, self.change, code, zh, en)


def _problem(number: int, change: Change, code: str, zh: str, en: str) -> Problem:
    word = next(word for word, kind in CHANGES.items() if isinstance(change, kind))
    units, place = ", ".join(_named(change)), _place(number, change)
    message = Title(zh=f"{place.zh}（{word} {units}）：{zh}", en=f"{place.en} ({word} {units}): {en}")
    return Problem(code, message, path=str(number), context={"change": number, "row": change.row})


def _place(number: int, change: object) -> Title:
    row = getattr(change, "row", None)
    if row is None:
        return Title(zh=f"第 {number} 项变动", en=f"change {number}")
    return Title(zh=f"第 {row} 行", en=f"row {row}")


def _malformed(number: int, change: object) -> Iterator[Problem]:
    place = _place(number, change)
    for one in malformed(change):
        said = Title(zh=f"{place.zh}：{one.zh}", en=f"{place.en}: {one.en}")
        yield Problem("bad-change", said, path=str(number), context={"change": number})


def _named(change: Change) -> tuple[str, ...]:
    return change.units if isinstance(change, Merge) else (change.unit,)


def _numbers(tree: Tree, level: str) -> tuple[str, ...]:
    rule = tree.grid.levels[level]
    return tuple(dict.fromkeys((*rule.sizes, *rule.tallies)))


def told(tree: Tree, changes: Sequence[Change]) -> tuple[list[Told], list[Problem]]:
    """Look up what changes name, and say what is wrong with each.

    Args:
        tree: The units of the day before.
        changes: The changes.

    Returns:
        The changes of which nothing is wrong, and all problems.
    """
    if not changes:
        nothing = Title(zh="没有变动", en="there are no changes")
        return [], [Problem("changes-nothing", nothing)]
    numbered = list(enumerate(changes, start=1))
    problems = [problem for number, change in numbered for problem in _malformed(number, change)]
    looked_up = [_look_up(tree, number, change) for number, change in numbered if not any(malformed(change))]
    problems += [problem for _, found in looked_up for problem in found]
    said = [one for one, _ in looked_up if one is not None]
    moved = {row for one in said if isinstance(one.change, Move) for row in one.rows}
    problems += _twice(tree, said)
    for one in said:
        problems += _ended(tree, one)
        if isinstance(one.change, Split):
            problems += [*_undivided(tree, one, moved), *_sizes(tree, one, one.change)]
        if isinstance(one.change, Merge):
            problems += _levels(tree, one)
    return said, problems


def _look_up(tree: Tree, number: int, change: Change) -> tuple[Told | None, list[Problem]]:
    """Return a change with the rows and whole codes that it names, or the problems of those that there are not."""
    problems: list[Problem] = []
    rows: dict[str, int] = {}
    children = [code for part in change.into.values() for code in part.children] if isinstance(change, Split) else []
    for code in dict.fromkeys((*_named(change), *children)):
        try:
            rows[code] = tree.row(_there(tree, code))
        except UsageError as error:
            message = error.problems[0].message
            problems.append(_problem(number, change, "unknown-unit", message.zh, message.en))
    if problems or not _named(change):
        return None, problems or [nothing(number, change)]
    level = tree.frame["level"][rows[_named(change)[0]]]
    whole = tuple(_whole(tree.grid, (level,), code) for code in _made_codes(change))
    parent = change.to if isinstance(change, Move) else change.parent if isinstance(change, Merge) else None
    above = None if parent is None else _whole(tree.grid, tree.grid.levels[level].on, parent)
    parts: dict[int, str] = {}
    if isinstance(change, Split):
        for code, part in zip(whole, change.into.values(), strict=True):
            for child in part.children:
                if parts.setdefault(rows[child], code) != code or part.children.count(child) > 1:
                    zh, en = f"`{child}` 划入不止一个新单元", f"`{child}` goes to more than one new unit"
                    problems.append(_problem(number, change, "not-divided", zh, en))
    named = tuple(dict.fromkeys(rows[code] for code in _named(change)))
    least = {Split: len(set(whole)), Merge: len(named)}.get(type(change), 2)
    if least < 2:
        problems.append(nothing(number, change))
    return Told(number, change, named, whole, above, parts), problems


def _made_codes(change: Change) -> tuple[str, ...]:
    """Return the codes of the units that a change makes, as it gives them."""
    if isinstance(change, Split | Merge):
        return tuple(change.into) if isinstance(change, Split) else (change.into,)
    return (change.unit if change.code is None else change.code,)


def nothing(number: int, change: Change) -> Problem:
    """Return the problem of a change that changes nothing.

    Args:
        number: Which it is, counted from 1.
        change: The change.
    """
    return _problem(number, change, "changes-nothing", "没有改变任何单元", "it changes nothing")


def _there(tree: Tree, code: str) -> str:
    """Return the code of a unit that there is, which may have been given without its zeros; else as it was given."""
    padded = (_whole(tree.grid, (key,), code) for key in tree.grid.levels)
    return next((one for one in (code, *padded) if one in tree.rows), code)


def _whole(grid: Grid, levels: Iterable[str], code: str) -> str:
    """Return a code with the zeros that the form of one of the levels ends in."""
    for level in levels:
        form = grid.levels[level].code
        if form is not None and len(code) == form.own:
            return code.ljust(form.digits, "0")
    return code


def _twice(tree: Tree, said: Sequence[Told]) -> Iterator[Problem]:
    """Yield the units that two changes are of, and those whose code stands twice."""
    first: dict[int, Told] = {}
    for one in said:
        for row in one.rows:
            other = first.setdefault(row, one)
            if other is not one:
                code = tree.frame["code"][row]
                where = _place(other.number, other.change)
                yield one.problem(
                    "changed-twice",
                    f"`{code}` 在{where.zh}已有变动；一个单元一次只能有一项变动",
                    f"`{code}` is changed by {where.en} already; a unit has one change at a time",
                )
    codes = tree.frame["code"]
    repeated = codes.filter(codes.is_in(codes.gather(list(first)).implode()))
    for code, count in Counter(repeated).items():
        if count > 1:
            one = first[tree.rows[code]]
            zh, en = f"`{code}` 在数据中出现 {count} 次，无法确定所指", f"`{code}` stands {count} times in the data"
            yield one.problem("code-taken", zh, en)


def _ended(tree: Tree, told: Told) -> Iterator[Problem]:
    """Yield the units that end the day before in any case, or not together if they are merged."""
    ends = tree.frame["until"].gather(list(told.rows)).to_list()
    if tree.day in ends or len(set(ends)) > 1:
        codes = ", ".join(tree.frame["code"].gather(list(told.rows)))
        yield told.problem(
            "already-ends",
            f"{codes} 的数据已写明何时终止；请改用那一天，或删去 until",
            f"the data already say when {codes} ends; take that day, or remove `until`",
        )


def _undivided(tree: Tree, told: Told, moved: set[int]) -> Iterator[Problem]:
    """Yield the units below a split one that go nowhere, and those named that are not below it."""
    children = set((tree.above == told.rows[0]).fill_null(False).arg_true())
    codes = tree.frame["code"]
    for row in sorted(told.parts.keys() - children):
        yield told.problem("not-divided", f"`{codes[row]}` 不在其下", f"`{codes[row]}` does not stand on it")
    for row in sorted(told.parts.keys() & moved):
        yield told.problem(
            "not-divided",
            f"`{codes[row]}` 另有 move，不应划入新单元",
            f"`{codes[row]}` has a move of its own and cannot go along",
        )
    left = sorted(codes.gather(sorted(children - told.parts.keys() - moved)).to_list())
    if left:
        shown = ", ".join(left[:SHOWN]) + (" ..." if len(left) > SHOWN else "")
        yield told.problem(
            "not-divided",
            f"有 {len(left)} 个下级没有划入任何新单元：{shown}",
            f"{len(left)} of the units that stand on it go nowhere: {shown}",
        )


def _sizes(tree: Tree, told: Told, change: Split) -> Iterator[Problem]:
    """Yield the numbers of a split that do not add up, or that only some of its parts have."""
    known = told.numbers(tree)
    for name in sorted({name for part in change.into.values() for name in part.sizes}):
        given = [part.sizes[name] for part in change.into.values() if name in part.sizes]
        old = tree.frame[name][told.rows[0]] if name in tree.frame.columns else None
        if name not in known:
            hint = did_you_mean(name, known)
            yield told.problem(
                "unknown-column", f"该层级没有数目 `{name}`{hint.zh}", f"its level has no number `{name}`{hint.en}"
            )
        elif len(given) < len(change.into):
            yield told.problem(
                "sizes-differ",
                f"只有部分新单元给出了 {name}；须全部给出或全不给出",
                f"only some of its parts say `{name}`; all do, or none",
            )
        elif old is not None and sum(given) != old:
            yield told.problem(
                "sizes-differ",
                f"各部分 {name} 合计 {sum(given)}，原为 {old}",
                f"`{name}` of its parts adds up to {sum(given)}, and was {old}",
            )


def _levels(tree: Tree, told: Told) -> Iterator[Problem]:
    levels = list(dict.fromkeys(tree.frame["level"].gather(list(told.rows))))
    if len(levels) > 1:
        names = ", ".join(levels)
        yield told.problem("levels-differ", f"各单元不在同一层级：{names}", f"its units are not of one level: {names}")
