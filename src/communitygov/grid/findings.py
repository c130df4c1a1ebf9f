"""What can be found in a grid: each finding's words, and what would mend it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from communitygov.vocabulary.problem import Problem
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["COLUMNS", "FINDINGS", "Advice", "Checked", "Unchecked", "advice_of", "found", "listed", "nothing"]

COLUMNS = ("finding", "unit", "name", "level", "seat", "holder", "other", "found", "wanted", "rule", "clause")
"""The columns of findings, all text: what was found, where, by which rule of the grid and which clause.

``other`` is the department of a seat or a holder, or the other unit of two outlines."""


@frozen
class Advice:
    """The words of a kind of finding, in which the columns of its row are filled in, such as ``{found}``.

    ``{of}`` is ``other`` in brackets, where there is one.

    Args:
        says: What is wrong.
        mend: What would mend it.
    """

    says: Title
    mend: Title


def _advice(zh: str, en: str, mend_zh: str, mend_en: str) -> Advice:
    return Advice(Title(zh=zh, en=en), Title(zh=mend_zh, en=mend_en))


FINDINGS: Mapping[str, Advice] = {
    "duplicate-code": _advice(
        "代码出现 {found} 次",
        "its code stands {found} times",
        "为其中一个改代码，或为旧的填写 until",
        "give one of them another code, or say until when the older was there",
    ),
    "bad-code": _advice(
        "代码形式不符，应为 {wanted}",
        "its code is not of the form {wanted}",
        "核对代码；若少了数字，可能曾被当作数读入而丢了零",
        "look the code up; if digits are missing, it may have been read as a number and lost zeros",
    ),
    "two-tops": _advice(
        "顶层有 {found} 个单元，应为一个",
        "{found} units stand at the top, where there is one",
        "加入它们共同的上级，或分开检查",
        "add the unit that they stand on, or check each part on its own",
    ),
    "orphan": _advice(
        "上级 `{found}` 不存在",
        "the unit that it stands on is not there: `{found}`",
        "加入该上级，或改正代码、parent",
        "add that unit, or correct the code or `parent`",
    ),
    "wrong-level": _advice(
        "上级在 {found} 层，应在 {wanted} 层",
        "stands on a unit of the level {found}, not of {wanted}",
        "改正 level 或 parent",
        "correct `level` or `parent`",
    ),
    "cycle": _advice(
        "沿上级走会回到自身，经 `{found}`",
        "following the units that it stands on comes back to it, by way of `{found}`",
        "改正其中一个的 parent",
        "correct the `parent` of one of them",
    ),
    "not-under-parent": _advice(
        "代码不以上级 `{found}` 的有效位开头",
        "its code does not begin with the significant digits of `{found}`, on which it stands",
        "改正代码或 parent",
        "correct the code or `parent`",
    ),
    "unknown-kind": _advice(
        "看不出类型（{found}），可为 {wanted}",
        "it is of no known kind ({found}); there are {wanted}",
        "填写 kind，或核对代码、名称后缀",
        "give `kind`, or look at the code or the ending of the name",
    ),
    "other-kind": _advice(
        "类型写作 {found}，代码或名称却显示 {wanted}",
        "its kind is given as {found}, its code or name shows {wanted}",
        "改正 kind、代码或名称",
        "correct `kind`, the code or the name",
    ),
    "same-name": _advice(
        "同一上级之下有 {found} 个单元同名",
        "{found} units below one unit have this name",
        "核对是否重复录入，或改名",
        "see whether one was entered twice, or rename one",
    ),
    "too-small": _advice(
        "{found}，少于 {wanted}", "{found} is fewer than {wanted}", "核对数目，或合并", "check the number, or merge it"
    ),
    "too-large": _advice(
        "{found}，多于 {wanted}",
        "{found} is more than {wanted}",
        "核对数目，拆分，或填写 exempt 的原因",
        "check the number, split it, or give a reason in `exempt`",
    ),
    "unknown-exemption": _advice(
        "除外原因 `{found}` 不在 {wanted} 之中",
        "`{found}` is no reason for an exemption; there are {wanted}",
        "改用所列原因，或删去",
        "use one of those, or remove it",
    ),
    "not-covered": _advice(
        "其下没有 {wanted} 层的单元",
        "there is no unit of the level {wanted} below it",
        "补上划分，使其全部覆盖",
        "divide it, so that all of it is covered",
    ),
    "tally-differs": _advice(
        "写作 {found}，其下实有 {wanted}",
        "is said to have {found}; there are {wanted} below it",
        "核对数目和名单",
        "check the number and the list",
    ),
    "overlap": _advice(
        "与 `{other}` 的范围重叠", "its outline overlaps that of `{other}`", "改正边界", "correct the outlines"
    ),
    "outside": _advice(
        "范围的 {found} 在上级 `{other}` 之外",
        "{found} of its outline lies outside that of `{other}`, on which it stands",
        "改正边界或 parent",
        "correct the outlines or `parent`",
    ),
    "gap": _advice(
        "{wanted} 层的范围没有覆盖全部，缺 {found}",
        "the outlines of the level {wanted} do not cover it: {found} is left",
        "改正边界，或补上单元",
        "correct the outlines, or add a unit",
    ),
    "empty-seat": _advice(
        "`{seat}` 空缺{of}", "`{seat}`{of} is empty", "任命、设立或建档", "appoint somebody, set it up or keep it"
    ),
    "held-twice": _advice(
        "`{seat}` 有 {found} 个{of}，应为一个",
        "`{seat}`{of} is held by {found}, where there is one",
        "为离任者填写 until",
        "say until when the earlier held it",
    ),
    "too-many-units": _advice(
        "`{holder}` 的 `{seat}` 有 {found} 个单元，至多 {wanted} 个",
        "`{holder}` has {found} units as `{seat}`, at most {wanted} are allowed",
        "分给他人",
        "give some to others",
    ),
    "unknown-unit": _advice(
        "`{holder}` 所任 `{seat}` 的单元不存在",
        "`{holder}` is `{seat}` of a unit that is not there",
        "改正代码，或填写 until",
        "correct the code, or say until when",
    ),
    "seat-elsewhere": _advice(
        "此处没有 `{seat}`，它属于 {wanted}",
        "there is no `{seat}` here; it belongs to {wanted}",
        "改正 unit 或 seat",
        "correct `unit` or `seat`",
    ),
    "wrong-department": _advice(
        "`{holder}` 的部门是 {found}，`{seat}` 属于 {wanted}",
        "`{holder}` is of the department {found}; `{seat}` belongs to {wanted}",
        "改正 department",
        "correct `department`",
    ),
}
"""Every kind of finding, in the order in which they are listed."""


@frozen
class Unchecked:
    """Something that a rule asks and the data do not say.

    Args:
        rule: The rule's path in the grid.
        why: Why it could not be checked.
        clause: The rule's clauses.
        count: Of how many units.
    """

    rule: str
    why: Title
    clause: tuple[str, ...]
    count: int


@frozen(eq=False)
class Checked:
    """What was found in a grid on a day.

    Args:
        frame: One row per finding, with the columns ``COLUMNS``; ``unit`` is a code.
        unchecked: What could not be checked, and why.
        tops: The codes of the units at the top of the data.
        key: The columns that name a row. Units with one code share it.
        outcome: The columns that are the result.
    """

    frame: pl.DataFrame
    unchecked: tuple[Unchecked, ...]
    tops: tuple[str, ...]
    key: tuple[str, ...] = ("finding", "unit", "seat", "holder", "rule", "other")
    outcome: tuple[str, ...] = ("found", "wanted")

    def problems(self, *, most: int | None = None) -> tuple[Problem, ...]:
        """Return the findings as problems, ready to be said.

        Args:
            most: How many at most; all if absent.
        """
        rows = self.frame if most is None else self.frame.head(most)
        return tuple(_problem(row) for row in rows.iter_rows(named=True))


def advice_of(row: Mapping[str, Any]) -> Advice:
    """Return the words of a finding, filled in.

    Args:
        row: The finding, as ``Checked.frame`` has it.
    """
    advice = FINDINGS[row["finding"]]
    words = {key: "" if value is None else value for key, value in row.items()}
    of = Title(zh=f"（{words['other']}）", en=f" ({words['other']})") if words["other"] else Title(zh="", en="")
    says = Title(zh=advice.says.zh.format(**words, of=of.zh), en=advice.says.en.format(**words, of=of.en))
    return Advice(says, advice.mend)


def _problem(row: Mapping[str, Any]) -> Problem:
    advice = advice_of(row)
    where = " ".join(filter(None, (row["unit"], row["name"])))
    return Problem(
        row["finding"],
        Title(
            zh=f"{where}：{advice.says.zh}；{advice.mend.zh}",
            en=f"{where}: {advice.says.en}; {advice.mend.en}",
        ),
        clause=tuple(filter(None, (row["clause"] or "").split(", "))),
        path=row["rule"] or "",
        context={key: row[key] for key in COLUMNS},
    )


def nothing() -> pl.DataFrame:
    """Return findings without any."""
    import polars as pl

    return pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String()))


def found(finding: str, rows: pl.DataFrame, rule: str, clause: Sequence[str], **values: Any) -> pl.DataFrame:
    """Return one finding for each row.

    Args:
        finding: Its kind, one of ``FINDINGS``.
        rows: One row per finding, with ``unit`` and whichever other of ``COLUMNS`` it has; no column of the data whose
            name is one of these by chance.
        rule: The rule's path in the grid.
        clause: The rule's clauses.
        values: Further columns, as expressions or values; anything becomes text.
    """
    import polars as pl

    given = {key: value if isinstance(value, pl.Expr) else pl.lit(value) for key, value in values.items()}
    rows = rows.with_columns(**given)
    said = {"finding": finding, "rule": rule, "clause": ", ".join(clause)}
    columns = [
        pl.lit(said[name]).alias(name)
        if name in said
        else (pl.col(name) if name in rows.columns else pl.lit(None)).cast(pl.String).alias(name)
        for name in COLUMNS
    ]
    return rows.select(columns)


def listed(parts: Iterator[pl.DataFrame], names: pl.DataFrame) -> pl.DataFrame:
    """Return findings in their order: by kind, level and unit, each with its unit's name and level.

    Args:
        parts: Findings.
        names: ``code``, ``name`` and ``level`` of the units.
    """
    import polars as pl

    # One thing found in two rows of one code, or of one holder, is found once.
    frame = pl.concat([nothing(), *parts]).unique(maintain_order=True)
    if frame.is_empty():
        return frame
    known = names.select(unit="code", _name="name", _level="level").unique("unit", keep="first", maintain_order=True)
    frame = frame.join(known, on="unit", how="left")
    frame = frame.with_columns(name=pl.coalesce("name", "_name"), level=pl.coalesce("level", "_level"))
    order = pl.col("finding").replace_strict({key: i for i, key in enumerate(FINDINGS)})
    return frame.select(COLUMNS).sort(order, *COLUMNS[1:])
