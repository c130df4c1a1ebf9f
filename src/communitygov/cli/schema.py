"""`communitygov schema`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from communitygov.cli.bilingual import command, language, option
from communitygov.cli.output import emit, emit_json
from communitygov.vocabulary.errors import UsageError
from communitygov.vocabulary.problem import did_you_mean
from communitygov.vocabulary.text import Title

__all__ = ["schema"]


@command(
    zh="输出 JSON Schema，供编辑器补全和检查；不指明 NAME 则列出名称。",
    en="Print a JSON Schema, for editors to complete and check with; without NAME, list their names.",
    example="communitygov schema reform\ncommunitygov schema --write schemas",
)
@click.argument("name", required=False)
@option(
    "--write",
    "folder",
    metavar="DIR",
    zh="把全部写入文件夹",
    en="Write all of them to a folder",
    type=click.Path(path_type=Path),
)
def schema(name: str | None, folder: Path | None, as_json: bool) -> None:
    """Print or write the JSON Schemas."""
    from communitygov.profile.schemas import schemas, write_schemas
    from communitygov.report.steps_json import steps_schema

    steps = "steps.schema.json"
    known = {**schemas(), steps: steps_schema()}
    if folder is not None:
        files = write_schemas(folder)
        (folder / steps).write_text(json.dumps(known[steps], ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        if as_json:
            emit_json(
                {"schema": "communitygov.schemas/1", "files": sorted(str(one) for one in [*files, folder / steps])}
            )
        said = Title(zh=f"已写入 {len(files) + 1} 个文件：{folder}", en=f"wrote {len(files) + 1} files to {folder}")
        emit(said.say(language()), err=True)
    elif name is None:
        names = [file.removesuffix(".schema.json") for file in known]
        if as_json:
            emit_json({"schema": "communitygov.schemas/1", "names": names})
        else:
            emit("\n".join(names))
    else:
        file = f"{name.removesuffix('.schema.json')}.schema.json"
        if file not in known:
            hint = did_you_mean(name, [one.removesuffix(".schema.json") for one in known])
            raise UsageError.because(
                "unknown-schema", zh=f"没有 `{name}`{hint.zh}", en=f"there is no schema `{name}`{hint.en}"
            )
        emit_json(known[file])
