"""The schemas that editors and other programs read: fresh, valid, and what our own documents say they are."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from communitygov.cli.app import app
from communitygov.documents.reading import read_document
from communitygov.profile.schemas import schemas

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "schemas"
LINE = re.compile(r"^# yaml-language-server: \$schema=(\S+)$", re.MULTILINE)
DOCUMENTS = sorted(
    file
    for place in ("profiles/*/src", "examples", "tests", "docs")
    for folder in ROOT.glob(place)
    for file in folder.rglob("*.yaml")
    if "bad" not in file.parts and LINE.search(file.read_text(encoding="utf-8"))
)


@cache
def committed(name: str) -> dict[str, Any]:
    """Return a schema as it stands in the repository."""
    found: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return found


def validator(name: str) -> Draft202012Validator:
    """Return a plain validator for a committed schema, such as any program would use."""
    resources = [(file.name, DRAFT202012.create_resource(committed(file.name))) for file in FOLDER.glob("*.json")]
    return Draft202012Validator(committed(name), registry=Registry().with_resources(resources))


def parts(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a schema and every schema within it."""
    yield schema
    inner = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values(), schema.get("items")]
    for part in (*inner, schema.get("additionalProperties")):
        if isinstance(part, dict):
            yield from parts(part)


class TestCommitted:
    def test_what_is_committed_is_what_is_generated(self, tmp_path: Path) -> None:
        """After a change of a rule's class the schemas are written again: ``communitygov schema --write schemas``."""
        assert CliRunner().invoke(app, ["schema", "--write", str(tmp_path)]).exit_code == 0
        written = sorted(tmp_path.iterdir())
        assert [file.name for file in written] == sorted(file.name for file in FOLDER.iterdir())
        for file in written:
            assert file.read_bytes() == (FOLDER / file.name).read_bytes(), f"{file.name} is not fresh"

    @pytest.mark.parametrize("name", sorted(schemas()))
    def test_each_is_valid(self, name: str) -> None:
        """Every schema is one of JSON Schema 2020-12, says so, and names itself as its file."""
        schema = committed(name)
        Draft202012Validator.check_schema(schema)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["$id"] == name

    @pytest.mark.parametrize("name", sorted(schemas()))
    def test_each_reference_leads_somewhere(self, name: str) -> None:
        """A reference is to a definition of the same file or to a file beside it."""
        for part in parts(committed(name)):
            file, _, fragment = part.get("$ref", name).partition("#")
            target: Any = committed(file or name)
            for key in fragment.split("/")[1:]:
                target = target[key]
            assert "type" in target

    @pytest.mark.parametrize("name", sorted(schemas()))
    def test_every_field_has_a_title_in_both_languages(self, name: str) -> None:
        """An editor shows `份额 / Share`: Chinese, a stroke, English."""
        rules = [part for part in parts(committed(name)) if part.get("kind") != "title"]
        titles = [field["title"] for part in rules for field in part.get("properties", {}).values()]
        assert titles
        for title in titles:
            zh, stroke, en = title.partition(" / ")
            assert stroke
            assert re.search(r"[\u4e00-\u9fff]", zh) or zh == en
            assert re.fullmatch(r"[ -~]+", en)

    def test_the_share_of_a_tier_is_titled(self) -> None:
        """The example of the design."""
        tier = committed("profile.schema.json")["$defs"]["Tier"]
        assert tier["properties"]["share"]["title"] == "份额 / Share"

    def test_unknown_fields_are_refused_everywhere(self) -> None:
        """Every mapping is closed, or says what its values are."""
        for name in schemas():
            for part in parts(committed(name)):
                if part.get("type", [None])[0] == "object":
                    assert part.get("additionalProperties") is not None


class TestPatches:
    def test_nothing_is_required_and_everything_may_be_removed(self) -> None:
        """A patch may hold any part, and `~` in place of any value below the whole."""
        schema = committed("patch.schema.json")
        assert schema["type"] == ["object"]
        for part in parts(schema):
            assert "required" not in part
        texts = {"zh", "en"}
        for key, field in (pair for part in parts(schema) for pair in part.get("properties", {}).items()):
            if "type" in field and key not in texts:
                assert "null" in field["type"]
                assert None in field.get("enum", [None])

    def test_a_document_may_hold_a_part_and_remove_nothing(self) -> None:
        """What one document lacks another may give; `~` belongs to patches."""
        holds = validator("profile.schema.json")
        assert holds.is_valid({"certification": {"star": {"tiers": {"gold": {"share": "10%"}}}}})
        assert not holds.is_valid({"certification": {"star": {"renewal": None}}})
        removes = validator("patch.schema.json")
        assert removes.is_valid({"certification": {"star": {"renewal": None, "tiers": {"gold": {"share": None}}}}})
        assert not removes.is_valid({"certification": {"star": {"tiers": {"gold": {"shaer": None}}}}})

    def test_a_reading_and_a_reform_hold_patches(self) -> None:
        """What they change is held against the patch's schema, from file to file."""
        reform = validator("reform.schema.json")
        assert reform.is_valid({"reform": "x", "changes": {"index": {"care": None}}})
        assert not reform.is_valid({"reform": "x", "changes": {"index": {"care": {"decimals": "two"}}}})
        assert not reform.is_valid({"reform": "x"})
        question = {"readings": {"a": {"index": {"care": {"decimals": True}}}}}
        assert not validator("profile.schema.json").is_valid({"interpretations": {"q": question}})


class TestDocuments:
    def test_our_documents_name_their_schemas(self) -> None:
        """Every document of a profile that we ship says which schema an editor should hold it against."""
        shipped = sorted(file for folder in ROOT.glob("profiles/*/src") for file in folder.rglob("*.yaml"))
        assert shipped
        assert [file for file in shipped if file not in DOCUMENTS] == []

    @pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.relative_to(ROOT).as_posix())
    def test_the_schema_a_document_names_is_there_and_passes_it(self, file: Path) -> None:
        """A plain validator finds the schema at the path in the first lines, and nothing wrong with the document."""
        match = LINE.search(file.read_text(encoding="utf-8"))
        assert match is not None
        schema = (file.parent / match[1]).resolve()
        assert schema.parent == FOLDER
        errors = validator(schema.name).iter_errors(read_document(file).plain)
        assert [error.message for error in errors] == []


class TestShipping:
    def test_the_wheel_carries_them(self) -> None:
        """The build puts the folder into the package, where an installed library finds it."""
        import tomllib

        build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
        wheel = build["targets"]["wheel"]
        assert FOLDER.name in wheel["only-include"]
        assert wheel["sources"][FOLDER.name] == "communitygov/schemas"
