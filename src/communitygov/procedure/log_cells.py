"""The cells of a foreign log, column by column: what they are called here, and which of them cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from attrs import define, evolve, field, frozen

from communitygov.procedure.log_mapping import LogFact, LogMapping
from communitygov.procedure.log_times import instants
from communitygov.vocabulary.cells import Cells, typed
from communitygov.vocabulary.errors import DataError
from communitygov.vocabulary.frames import SHOWN, Column, Table
from communitygov.vocabulary.problem import Place, Problem, did_you_mean
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["LogCells", "Refusal", "Words", "check_log_columns"]

_LOG = Title(zh="日志", en="the log")
_LONGEST = 40


def check_log_columns(cells: Cells, mapping: LogMapping) -> None:
    """Refuse a log that lacks a column of the mapping, has one that the mapping does not name, or has no rows.

    Args:
        cells: The log.
        mapping: What its columns are.

    Raises:
        DataError: With every such column.
    """
    there, used, file = cells.frame.columns, mapping.columns, Place(cells.file)
    problems = []
    for column, where in used.items():
        if column not in there:
            hint = did_you_mean(column, [name for name in there if name not in used])
            zh = f"没有列 `{column}`（对应文件的 `{where}`）{hint.zh}"
            en = f"there is no column `{column}` (`{where}` of the mapping){hint.en}"
            problems.append(Problem("missing-column", Title(zh=zh, en=en), file, path=column))
    for column in there:
        if column not in used and column not in mapping.unused:
            zh = f"对应文件没有写明列 `{column}`；请指明其用途，或列入 `unused`"
            en = f"the mapping does not say what column `{column}` is; give it a place, or name it in `unused`"
            problems.append(Problem("unknown-column", Title(zh=zh, en=en), file, path=column))
    if not problems and cells.frame.is_empty():
        problems.append(Problem("empty-table", Title(zh="日志没有任何行", en="the log has no rows"), file))
    if problems:
        raise DataError(problems)


@frozen
class Refusal:
    """Why a cell cannot be taken.

    Args:
        code: The problem's stable name.
        say: What is wrong, from what stands in the cell.
        once: Whether one is enough to be shown, since it is the same for all.
    """

    code: str
    say: Callable[[str], Title]
    once: bool = False


@frozen
class Words:
    """What the values of a column are called here; all that occur must be named.

    Args:
        code: The code of the problem that one is not.
        names: The name of each.
        section: The section of the mapping that names them.
    """

    code: str
    names: Mapping[str, str]
    section: str


@define
class LogCells:
    """Reads the columns of a log, and collects what is wrong on the way.

    Args:
        cells: The log, all text.
        mapping: What its columns are.
        is_table: Whether a column is a place in the file, as in a table; else a row alone is.
        problems: What is wrong.
    """

    cells: Cells
    mapping: LogMapping
    is_table: bool = True
    problems: list[Problem] = field(factory=list)

    def refuse(self, column: str, where: pl.Series, why: Refusal) -> None:
        """Collect a problem for each row at fault: the first 20, or the first alone, and how many more there are.

        Args:
            column: The column at fault.
            where: True for the rows at fault.
            why: What is wrong with them.
        """
        rows, texts = where.arg_true().to_list(), self.cells.frame[column]
        shown = rows[: 1 if why.once else SHOWN]
        for row in shown:
            text = texts[row] if len(texts[row]) <= _LONGEST else f"{texts[row][:_LONGEST]}..."
            self.problems.append(Problem(why.code, why.say(text), self.place(row, column), path=column))
        rest = rows[len(shown) :]
        if rest:
            zh, en = f"列 `{column}` 还有 {len(rest)} 处", f"{len(rest)} more like this in column `{column}`"
            self.problems.append(
                Problem("more-bad-cells", Title(zh=zh, en=en), self.place(rest[0], column), path=column)
            )

    def place(self, row: int, column: str) -> Place:
        """Return where a cell stands.

        Args:
            row: Its row, from 0.
            column: Its column.
        """
        number = self.cells.frame.columns.index(column) + 1 if self.is_table else 0
        return Place(self.cells.file, self.cells.lines[row], number)

    def kept(self) -> LogCells:
        """Return the rows that the mapping keeps: those of the values of ``keep``, and none of ``ignored``."""
        import polars as pl

        mask = pl.repeat(True, self.cells.frame.height, eager=True)
        for column, values in self.mapping.keep.items():
            texts = self.cells.frame[column]
            self._check_occurs(column, values, texts)
            mask &= texts.is_in(values)
        if self.mapping.activity is not None:
            mask &= ~self.cells.frame[self.mapping.activity].is_in(list(self.mapping.ignored))
        if mask.all():
            return self
        lines = [self.cells.lines[row] for row in mask.arg_true()]
        return evolve(self, cells=evolve(self.cells, frame=self.cells.frame.filter(mask), lines=lines))

    def _check_occurs(self, column: str, values: Collection[str], texts: pl.Series) -> None:
        """Refuse to keep what never occurs: a misspelt word would leave out every row in silence."""
        known = set(texts.unique())
        for value in values:
            if value not in known:
                hint = did_you_mean(value, known)
                zh = f"列 `{column}` 中没有要保留的 `{value}`{hint.zh}"
                en = f"column `{column}` has no `{value}`, which is to be kept{hint.en}"
                title = Title(zh=zh, en=en)
                self.problems.append(Problem("unknown-reference", title, Place(self.cells.file), path=column))

    def text(self, column: str, *, needed: bool = False) -> pl.Series:
        """Return a column of text, null where it is empty.

        Args:
            column: The column.
            needed: Whether each row must have it.
        """
        texts = self.cells.frame[column]
        if needed:
            zh, en = f"列 `{column}` 不能为空", f"column `{column}` must not be empty"
            self.refuse(column, texts == "", Refusal("missing-value", lambda _: Title(zh=zh, en=en)))
        return texts.replace("", None)

    def time(self, column: str, *, needed: bool = False) -> pl.Series:
        """Return a column of times as instants, null where it is empty.

        Args:
            column: The column.
            needed: Whether each row must have it.
        """
        self.text(column, needed=needed)
        found, unread = instants(
            self.cells.frame[column], self.mapping.zone, self.mapping.twice, self.mapping.time_form
        )
        for one in unread:

            def say(text: str, message: Title = one.message) -> Title:
                return Title(
                    zh=f"列 `{column}` 的 `{text}`：{message.zh}", en=f"column `{column}`: `{text}` {message.en}"
                )

            self.refuse(column, one.where, Refusal(one.code, say, one.once))
        return found

    def named(self, column: str, words: Words, *, needed: bool = False) -> pl.Series:
        """Return a column with its values called as they are here.

        Args:
            column: The column.
            words: What each value is called.
            needed: Whether each row must have a value.
        """
        texts = self.text(column, needed=needed)
        unknown = texts.is_not_null() & ~texts.is_in(list(words.names))

        def say(text: str) -> Title:
            hint = did_you_mean(text, words.names)
            return Title(
                zh=f"对应文件的 `{words.section}` 没有列 `{column}` 的 `{text}`{hint.zh}",
                en=f"`{text}` in column `{column}` does not stand in `{words.section}` of the mapping{hint.en}",
            )

        self.refuse(column, unknown, Refusal(words.code, say))
        return texts.replace_strict(dict(words.names), default=None, return_dtype=texts.dtype)

    @cached_property
    def facts(self) -> Mapping[str, pl.Series]:
        """The columns that are facts, by the name of the column."""
        texts = {column: self._fact_text(column, fact) for column, fact in self.mapping.facts.items()}
        exact = {
            column: Column(
                column, "whole" if fact.kind == "whole" else "flag", Title(zh=fact.fact, en=fact.fact), nullable=True
            )
            for column, fact in self.mapping.facts.items()
            if fact.kind in ("whole", "flag")
        }
        renamed = self.cells.frame.with_columns(texts[column].fill_null("").alias(column) for column in exact)
        cells = evolve(self.cells, frame=renamed)
        try:
            read = typed(cells, Table(_LOG, tuple(exact.values()), (), open=True))
        except DataError as error:
            self.problems.extend(error.problems if self.is_table else map(_by_row, error.problems))
            read = renamed  # nothing comes of it
        return {column: read[column] if column in exact else texts[column] for column in texts}

    def _fact_text(self, column: str, fact: LogFact) -> pl.Series:
        if fact.kind == "time":
            return self.time(column)
        if fact.values:
            return self.named(column, Words("unknown-value", fact.values, f"facts.{column}.values"))
        return self.text(column)

    def ask(self, found: Iterator[Problem]) -> None:
        """Collect problems that were found elsewhere, and end here if there are any.

        Args:
            found: The problems.

        Raises:
            DataError: With all that is wrong with the log.
        """
        self.problems.extend(found)
        if self.problems:
            raise DataError(self.problems)


def _by_row(problem: Problem) -> Problem:
    """Return a problem of a cell as one of its row."""
    return problem if problem.place is None else evolve(problem, place=evolve(problem.place, column=0))
