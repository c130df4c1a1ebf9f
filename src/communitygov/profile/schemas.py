"""The JSON Schemas of a profile's documents, as committed under ``schemas/`` and shipped in the wheel."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from communitygov.documents.check import Checker
from communitygov.documents.schema import PATCH, document_schema, patch_schema
from communitygov.profile.rules import AmendmentFile, ReformFile, Rules
from communitygov.vocabulary.text import Title

__all__ = ["checker", "schemas", "write_schemas"]

PROFILE = "profile.schema.json"
REFORM = "reform.schema.json"
AMENDMENT = "amendment.schema.json"


@cache
def schemas() -> dict[str, dict[str, Any]]:
    """Return every schema by file name.

    ``profile.schema.json`` describes the documents of a profile: each may hold a part, and what one lacks another
    document or a reading may give, so nothing is required there; what is missing in the end is said when the profile is
    loaded. ``patch.schema.json`` describes what may be laid over them, the two others the files of reforms and
    amendments.

    Example:
        >>> schemas()["reform.schema.json"]["properties"]["from"]["title"]
        '自 / From'
    """
    return {
        PROFILE: document_schema(Rules, identifier=PROFILE, title=Title(zh="城市方案", en="Profile"), parts=True),
        PATCH: patch_schema(Rules, identifier=PATCH, title=Title(zh="修改", en="Patch")),
        REFORM: document_schema(ReformFile, identifier=REFORM, title=Title(zh="改革方案", en="Reform")),
        AMENDMENT: document_schema(AmendmentFile, identifier=AMENDMENT, title=Title(zh="修订", en="Amendment")),
    }


@cache
def checker(name: str) -> Checker:
    """Return what holds a document against one of the schemas.

    Args:
        name: The schema's file name.
    """
    return Checker(schemas()[name], {other: schema for other, schema in schemas().items() if other != name})


def write_schemas(folder: str | Path) -> list[Path]:
    """Write every schema to a folder and return the files.

    Args:
        folder: The folder; it is made if absent.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, schema in schemas().items():
        file = folder / name
        file.write_text(json.dumps(schema, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        files.append(file)
    return files
