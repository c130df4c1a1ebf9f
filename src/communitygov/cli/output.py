"""What every command does with its result: print it, as text or as JSON, or write it to a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import click

from communitygov.cli.bilingual import language
from communitygov.report.tables import frame_rows, frame_text
from communitygov.vocabulary.files import csv_text, encoded, write_frame
from communitygov.vocabulary.text import Title

__all__ = ["emit", "emit_frame", "emit_json", "on_terminal", "write_output"]


def emit(text: str, *, err: bool = False) -> None:
    """Print text.

    Args:
        text: The text; nothing is printed if it is empty.
        err: Whether to print it on stderr.
    """
    if text:
        click.echo(text, err=err)


def gap() -> None:
    """Print an empty line between two things."""
    click.echo()


def on_terminal(*, err: bool = False) -> bool:
    """Return whether stdout is a terminal, which can show colours and lines.

    Args:
        err: Whether to ask for stderr.
    """
    return (sys.stderr if err else sys.stdout).isatty()


def emit_json(data: Mapping[str, Any]) -> None:
    """Print plain data as JSON.

    Args:
        data: The data.
    """
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))


def write_output(frame: Any, output: str, *, encoding: str = "utf-8") -> None:
    """Write a frame to a file, and say so on stderr.

    Args:
        frame: A Polars frame.
        output: The file; ``-`` is CSV on stdout.
        encoding: The encoding of CSV.
    """
    if output == "-":
        click.echo(encoded(csv_text(frame), encoding), nl=False)
        return
    file = write_frame(frame, output, encoding=encoding)
    said = Title(zh=f"已写入 {file}（{frame.height} 行）", en=f"wrote {file} ({frame.height} rows)")
    emit(said.say(language()), err=True)


def emit_frame(
    frame: Any,
    *,
    schema: str,
    as_json: bool,
    output: str | None = None,
    encoding: str = "utf-8",
    titles: Mapping[str, Title] | None = None,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Print a frame as a table or as JSON, or write it to a file.

    Args:
        frame: A Polars frame.
        schema: The name and version of the JSON form.
        as_json: Whether to print JSON.
        output: The file to write, ``-`` for CSV on stdout; the frame is printed, if None.
        encoding: The encoding of CSV.
        titles: Titles for columns.
        more: Further entries of the JSON form.
    """
    if output is not None:
        write_output(frame, output, encoding=encoding)
    if as_json and output != "-":
        emit_json({"schema": schema, **(more or {}), "rows": frame_rows(frame)})
    elif output is None:
        emit(frame_text(frame, language(), titles=titles))
