"""Tables in files: CSV, Parquet and XLSX, in and out."""

from __future__ import annotations

import codecs
import csv
import errno
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from communitygov.vocabulary.cells import Cells, check_columns, typed
from communitygov.vocabulary.errors import DataError, MissingExtra, UsageError
from communitygov.vocabulary.frames import Table
from communitygov.vocabulary.problem import Place, Problem
from communitygov.vocabulary.text import Title

if TYPE_CHECKING:
    import polars as pl

__all__ = ["SUFFIXES", "csv_text", "encoded", "read_cells", "read_frame", "reason_of", "write_frame"]

SUFFIXES = (".csv", ".parquet", ".xlsx")
"""The kinds of files, by suffix."""

_DIGITS = 15
"""Significant digits that a spreadsheet keeps; further ones are noise of its floats."""


_REASONS = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EACCES: "没有权限",
    errno.EPERM: "不允许",
    errno.EISDIR: "这是文件夹",
    errno.ENOTDIR: "路径中有一段不是文件夹",
    errno.EEXIST: "已有同名文件",
    errno.ENOSPC: "磁盘已满",
    errno.EROFS: "文件系统只读",
    errno.ENAMETOOLONG: "名称过长",
}


def reason_of(error: OSError) -> Title:
    """Return why a file cannot be read or written; the system's own words where it is none of the common reasons.

    Args:
        error: What the system said.

    Example:
        >>> reason_of(FileNotFoundError(2, "No such file or directory")).zh
        '没有这个文件或文件夹'
    """
    said = str(error.strerror or error)
    return Title(zh=_REASONS.get(error.errno or 0, said), en=said)


def read_frame(
    file: str | Path, table: Table | Callable[[Sequence[str]], Table], *, encoding: str = "utf-8"
) -> pl.DataFrame:
    r"""Read a table from a file.

    The cells of CSV and XLSX are read as text, and then exactly by what the table declares, so that codes such as
    ``007`` stay what they are. Parquet keeps the kinds it has.

    Args:
        file: A ``.csv``, ``.parquet`` or ``.xlsx`` file; of a workbook the first sheet is read.
        table: The declared columns; or what gives them, from the names of the columns that there are.
        encoding: The encoding of CSV; ``utf-8`` takes a byte-order mark as well.

    Raises:
        UsageError: If the file cannot be read, or its suffix or the encoding is unknown.
        DataError: If it is not the table that its suffix says, if columns are missing, have no place or are of another
            kind, or if a cell is not of its column's kind.
        MissingExtra: If XLSX is to be read without the extra ``excel``.

    Example:
        >>> import tempfile
        >>> from communitygov.vocabulary.frames import Column
        >>> score = Column("score", "score", Title(zh="得分", en="score"), decimals=2)
        >>> table = Table(Title(zh="得分表", en="scores"), (score,), (), open=True)
        >>> file = Path(tempfile.mkdtemp()) / "scores.csv"
        >>> _ = file.write_text("subject,score\n007,86.3\n")
        >>> read_frame(file, table).row(0)
        ('007', 8630)
    """
    found = read_cells(file, encoding=encoding)
    if isinstance(found, Cells):
        return typed(found, table if isinstance(table, Table) else table(found.frame.columns))
    check_columns(table if isinstance(table, Table) else table(found.columns), found)
    return found


def read_cells(file: str | Path, *, encoding: str = "utf-8") -> Cells | pl.DataFrame:
    r"""Read a table from a file as it stands there, for those who name its rows themselves.

    Args:
        file: A ``.csv``, ``.parquet`` or ``.xlsx`` file; of a workbook the first sheet is read.
        encoding: The encoding of CSV; ``utf-8`` takes a byte-order mark as well.

    Returns:
        The cells of CSV and XLSX, with the line of each row; the frame of Parquet, which has kinds of its own.

    Raises:
        UsageError: If the file cannot be read, or its suffix or the encoding is unknown.
        DataError: If it is not the table that its suffix says.
        MissingExtra: If XLSX is to be read without the extra ``excel``.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "scores.csv"
        >>> _ = file.write_text("subject,score\n007,86.3\n")
        >>> read_cells(file).lines
        range(2, 3)
    """
    file = Path(file)
    suffix = _suffix(file)
    if file.is_dir():
        raise _unreadable(file, Title(zh="这是文件夹", en="it is a folder"))
    try:
        data = file.read_bytes()
    except OSError as error:
        raise _unreadable(file, reason_of(error)) from None
    if suffix == ".parquet":
        return _read_parquet(data, file)
    return _read_csv(data, file, encoding) if suffix == ".csv" else _read_xlsx(data, file)


def write_frame(frame: pl.DataFrame, file: str | Path, *, encoding: str = "utf-8") -> Path:
    """Write a frame to a file.

    Args:
        frame: The frame.
        file: A ``.csv``, ``.parquet`` or ``.xlsx`` file; its folder must exist.
        encoding: The encoding of CSV.

    Returns:
        The file.

    Raises:
        UsageError: If the suffix, the encoding or the folder is unknown, or the encoding cannot say what is in the
            frame.
        MissingExtra: If XLSX is to be written without the extra ``excel``.
    """
    file = Path(file)
    suffix = _suffix(file)
    if not file.parent.is_dir():
        folder = file.parent
        raise UsageError.because("no-folder", zh=f"没有文件夹 {folder}", en=f"there is no folder {folder}")
    if suffix == ".csv":
        data = encoded(csv_text(frame), encoding)
    else:
        held = io.BytesIO()
        if suffix == ".parquet":
            frame.write_parquet(held)
        else:
            _write_xlsx(frame, held)
        data = held.getvalue()
    file.write_bytes(data)
    return file


def csv_text(frame: pl.DataFrame) -> str:
    """Return a frame as CSV.

    Args:
        frame: The frame.
    """
    return frame.write_csv()


def _suffix(file: Path) -> str:
    suffix = file.suffix.lower()
    if suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise UsageError.because(
            "unknown-suffix", zh=f"{file}：文件须以 {known} 结尾", en=f"{file}: the file must end in {known}"
        )
    return suffix


def _codec(encoding: str) -> codecs.CodecInfo:
    try:
        "".encode(encoding)  # some codecs are of no text, such as base64, and some of nothing at all
        return codecs.lookup(encoding)
    except (LookupError, ValueError):
        raise UsageError.because(
            "unknown-encoding",
            zh=f"没有编码 `{encoding}`；常用 utf-8、gb18030",
            en=f"there is no encoding `{encoding}`; common ones are utf-8 and gb18030",
        ) from None


def encoded(text: str, encoding: str) -> bytes:
    """Return text in an encoding.

    Args:
        text: The text.
        encoding: The encoding's name.

    Raises:
        UsageError: If there is no such encoding, or it cannot say the text.
    """
    try:
        return _codec(encoding).encode(text, "strict")[0]
    except UnicodeError:
        raise UsageError.because(
            "not-encodable",
            zh=f"编码 `{encoding}` 无法写出其中的文字；请用 utf-8 或 gb18030",
            en=f"the encoding `{encoding}` cannot say what is in the table; use utf-8 or gb18030",
        ) from None


def _decode(data: bytes, file: Path, encoding: str) -> str:
    name = _codec(encoding).name
    try:
        return data.decode("utf-8-sig" if name == "utf-8" else name)
    except UnicodeError as error:
        line = data[: error.start].count(b"\n") + 1 if isinstance(error, UnicodeDecodeError) else 0
        raise DataError(
            Problem(
                "not-in-encoding",
                Title(
                    zh=f"不是 {encoding} 编码；若出自中文版 Excel，请加 --encoding gb18030",
                    en=f"not in {encoding}; if a Chinese Excel wrote it, add --encoding gb18030",
                ),
                Place(str(file), line),
            )
        ) from None


def _read_csv(data: bytes, file: Path, encoding: str) -> Cells:
    text = _decode(data, file, encoding)
    plain = _plain_cells(text, file)
    if plain is not None:
        return plain
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        for row in reader:
            if row:
                rows.append((reader.line_num, row))
    except csv.Error as error:
        raise DataError(
            Problem(
                "bad-csv",
                Title(zh="不是合规的 CSV，多半是引号没有成对", en=f"not well-formed CSV: {error}"),
                Place(str(file), reader.line_num),
            )
        ) from None
    return _cells(file, rows)


def _plain_cells(text: str, file: Path) -> Cells | None:
    """Return the cells of a CSV without quotes, empty lines or ragged rows, read in one go; None for any other."""
    import polars as pl

    text = text.replace("\r\n", "\n").removesuffix("\n")
    if not text or '"' in text or "\r" in text:
        return None
    lines = pl.Series(text.split("\n"))
    heads = [head.strip() for head in lines[0].split(",")]
    ragged = lines.str.count_matches(",", literal=True) != len(heads) - 1
    if len(lines) < 2 or (ragged | (lines == "")).any() or list(_bad_heads("", 1, heads)):
        return None
    cells = pl.read_csv(text.encode(), has_header=False, skip_rows=1, infer_schema=False, quote_char=None)
    cells.columns = heads
    cells = cells.fill_null("")
    return Cells(str(file), cells, range(2, len(lines) + 1))


def _read_xlsx(data: bytes, file: Path) -> Cells:
    try:
        import fastexcel
    except ModuleNotFoundError:
        raise MissingExtra.named("excel", "fastexcel") from None
    try:
        sheet = fastexcel.read_excel(data).load_sheet(0, header_row=None, dtypes="string")
        frame = sheet.to_polars()
    except fastexcel.FastExcelError as error:
        said = str(error).splitlines()[0]
        raise DataError(
            Problem(
                "bad-xlsx",
                Title(zh="不是可读的工作簿", en=f"not a readable workbook: {said}"),
                Place(str(file)),
            )
        ) from None
    rows = [(i + 1, [_snapped(cell or "") for cell in row]) for i, row in enumerate(frame.iter_rows())]
    return _cells(file, [(line, row) for line, row in rows if any(row)])


def _snapped(text: str) -> str:
    """Return a number without the noise of floats behind the digits that a spreadsheet keeps; other text as it is."""
    if "." not in text or len(text) <= _DIGITS:
        return text
    try:
        value = float(text)
    except ValueError:
        return text
    return f"{value:.{_DIGITS}g}" if repr(value) == text else text


def _cells(file: Path, rows: list[tuple[int, list[str]]]) -> Cells:
    if not rows:
        raise DataError(
            Problem("empty-table", Title(zh="文件中没有表格", en="there is no table in the file"), Place(str(file)))
        )
    line, heads = rows[0]
    heads = [head.strip() for head in heads]
    problems = list(_bad_heads(str(file), line, heads))
    for number, row in rows[1:]:
        if len(row) != len(heads):
            said = Title(
                zh=f"有 {len(row)} 格，表头有 {len(heads)} 格", en=f"{len(row)} cells, the head has {len(heads)}"
            )
            problems.append(Problem("ragged-row", said, Place(str(file), number)))
    if problems:
        raise DataError(problems)
    import polars as pl

    frame = pl.DataFrame([row for _, row in rows[1:]], schema=dict.fromkeys(heads, pl.String()), orient="row")
    return Cells(str(file), frame, [number for number, _ in rows[1:]])


def _bad_heads(file: str, line: int, heads: list[str]) -> Iterable[Problem]:
    for i, head in enumerate(heads):
        place = Place(file, line, i + 1)
        if not head:
            yield Problem("column-without-name", Title(zh="此列没有列名", en="the column has no name"), place)
        elif head in heads[:i]:
            yield Problem(
                "repeated-column", Title(zh=f"列名 `{head}` 重复", en=f"two columns are named `{head}`"), place
            )


def _read_parquet(data: bytes, file: Path) -> pl.DataFrame:
    import polars as pl

    try:
        return pl.read_parquet(io.BytesIO(data))
    except pl.exceptions.PolarsError as error:
        said = str(error).splitlines()[0]
        raise DataError(
            Problem(
                "bad-parquet",
                Title(zh="不是 Parquet 文件", en=f"not a Parquet file: {said}"),
                Place(str(file)),
            )
        ) from None


def _write_xlsx(frame: pl.DataFrame, file: io.BytesIO) -> None:
    import polars as pl

    try:
        import xlsxwriter
    except ModuleNotFoundError:
        raise MissingExtra.named("excel", "xlsxwriter") from None
    # A workbook's times have no zone: instants are written as text that has.
    zoned = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime) and dtype.time_zone]
    frame = frame.with_columns(pl.col(zoned).dt.to_string("%Y-%m-%dT%H:%M:%S%.6f%:z"))
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for j, (name, dtype) in enumerate(frame.schema.items()):
            sheet.write_string(0, j, name)
            write: Callable[..., Any] = sheet.write_string if dtype.is_(pl.String()) else sheet.write
            places = dtype.scale if isinstance(dtype, pl.Decimal) else 0
            form = book.add_format({"num_format": f"0.{'0' * places}"}) if places else None
            for i, value in enumerate(frame[name]):
                if value is not None:
                    write(i + 1, j, value, form)


def _unreadable(file: Path, reason: Title) -> UsageError:
    return UsageError.because(
        "unreadable-file", zh=f"{file}：无法读取：{reason.zh}", en=f"{file}: cannot be read: {reason.en}"
    )
