"""The checked-in description of the API: the program's, complete, and of sound references."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from app.http.api_description import TAGS
from app.http.application import create_app
from app.settings import Settings
from tests.places import ROOT

FILE = ROOT / "docs" / "openapi.json"
DESCRIPTION: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in DESCRIPTION["paths"].items()
    for method, operation in operations.items()
}
operations = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)


def references(part: Any) -> set[str]:
    """Every `$ref` inside."""
    if isinstance(part, dict):
        inner = set().union(*(references(value) for value in part.values()))
        return inner | ({part["$ref"]} if isinstance(part.get("$ref"), str) else set())
    return set().union(*(references(item) for item in part)) if isinstance(part, list) else set()


def test_the_file_is_what_the_program_says(tmp_path: Path) -> None:
    """If this fails, `python -m app.http.openapi` writes the file anew."""
    assert create_app(Settings(data_dir=tmp_path)).openapi() == DESCRIPTION


def examples(part: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Every example inside, with the schema that it is one of."""
    if isinstance(part, list):
        for item in part:
            yield from examples(item)
    if isinstance(part, dict):
        schema = part.get("schema", part)
        given = part.get("examples", [])
        for example in given.values() if isinstance(given, dict) else given:
            yield (example["value"] if isinstance(given, dict) else example), schema
        if "example" in part:
            yield part["example"], schema
        for name, inner in part.items():
            if name not in ("example", "examples"):
                yield from examples(inner)


EXAMPLES = list(examples(DESCRIPTION))


@pytest.mark.parametrize(("example", "schema"), EXAMPLES, ids=[f"example-{n}" for n, _ in enumerate(EXAMPLES)])
def test_every_example_is_one_of_its_schema(example: Any, schema: dict[str, Any]) -> None:
    assert schema.keys() & {"type", "$ref", "anyOf"}
    whole = {**schema, "components": DESCRIPTION["components"]}
    assert [error.message for error in OAS31Validator(whole).iter_errors(example)] == []


def test_an_answer_has_an_example_with_all_its_fields() -> None:
    job = DESCRIPTION["components"]["schemas"]["JobAnswer"]
    assert [example.keys() for example in job["examples"]] == [job["properties"].keys()]


def test_every_operation_has_a_name_of_its_own() -> None:
    """One that somebody gave it, as what a client calls: a name that FastAPI makes up has underscores."""
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z]+([A-Z][a-z]+){0,3}", name)] == []


def test_every_body_has_a_name_of_its_own() -> None:
    titles = [schema["title"] for schema in DESCRIPTION["components"]["schemas"].values()]
    assert len(set(titles)) == len(titles)


def test_every_reference_leads_somewhere() -> None:
    found = list(references(DESCRIPTION))
    assert found
    for reference in found:
        here: Any = DESCRIPTION
        for step in reference.removeprefix("#/").split("/"):
            here = here[step]


def test_every_tag_is_described_and_used() -> None:
    used = {tag for operation in OPERATIONS.values() for tag in operation["tags"]}
    assert used == {tag["name"] for tag in TAGS}


@operations
def test_every_operation_says_what_it_does(operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]
    for parameter in operation.get("parameters", ()):
        assert parameter.get("description") or parameter["in"] == "path", parameter["name"]


@operations
def test_every_operation_says_what_it_answers(operation: dict[str, Any]) -> None:
    good = [status for status in operation["responses"] if status[0] in "23"]
    assert good
    for status in good:
        response = operation["responses"][status]
        content = response.get("content", {})
        assert content or status in ("204", "304") or "headers" in response, status
        assert content.get("application/json", {}).get("schema") != {}, f"{status} has no model"


@operations
def test_every_error_is_a_problem(operation: dict[str, Any]) -> None:
    errors = [status for status in operation["responses"] if status[0] in "45" and operation["operationId"] != "readyz"]
    for status in errors:
        if (status, operation["summary"]) != ("503", "Can the server answer?"):
            assert list(operation["responses"][status]["content"]) == ["application/problem+json"]


@pytest.mark.parametrize("name", sorted(DESCRIPTION["components"]["schemas"]))
def test_every_body_is_described(name: str) -> None:
    assert (
        DESCRIPTION["components"]["schemas"][name].get("description")
        or "enum" in DESCRIPTION["components"]["schemas"][name]
    )
