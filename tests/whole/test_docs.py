"""The documents against the program: what can be asked, called and answered is described."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from app.cli.main import cli
from app.contract.answers import PlainAnswer
from app.http.application import create_app
from app.settings import Settings
from retrieval import errors
from retrieval.answer.confidence import LEAST
from retrieval.domain import Answer, QueryTranscript, Searched
from tests.app.contract.test_answers import MOMENT
from tests.places import ROOT

DOCS = ROOT / "docs"
CLI = (DOCS / "cli.md").read_text(encoding="utf-8")
API = (DOCS / "api.md").read_text(encoding="utf-8")
TESTS = ROOT / "tests"
SECURITY = (DOCS.parent / "SECURITY.md").read_text(encoding="utf-8")
ATTACKS = re.findall(r"^\| [^|]+ \| [^|]+ \| `tests/([^`]+)` \|$", SECURITY, flags=re.MULTILINE)


def commands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with its whole name."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        yield from commands(inner, (*path, name))


COMMANDS = dict(commands(cli, ("moments",)))


def sections(text: str) -> dict[str, str]:
    """What stands under each heading of the second level, by its words in small letters."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def section_of(path: tuple[str, ...]) -> str:
    name = " ".join(path)
    found = [text for heading, text in sections(CLI).items() if re.match(rf"{name}( [^a-z].*)?$", heading)]
    assert len(found) == 1, f"docs/cli.md needs one section '## {name}'"
    return found[0]


def options(command: click.Command) -> list[str]:
    return [name for option in command.params for name in (*option.opts, *option.secondary_opts) if name[0] == "-"]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_of_every_command_is_described_with_it(path: tuple[str, ...]) -> None:
    missing = [name for name in options(COMMANDS[path]) if not re.search(rf"`{name}\b", section_of(path))]
    assert not missing


def test_the_options_of_all_commands_are_described() -> None:
    section = sections(CLI)["Options of every command"]
    assert not [name for name in options(cli) if f"`{name}" not in section]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_that_is_described_exists(path: tuple[str, ...]) -> None:
    described = set(re.findall(r"^\| .*?`(--[a-z-]+)", section_of(path), flags=re.MULTILINE))
    assert described <= set(options(COMMANDS[path]))


def test_every_field_of_an_answer_is_described() -> None:
    answer = Answer((MOMENT,), True, "far", Searched(1, 1.0), transcript=QueryTranscript("a", 0.5))
    value = PlainAnswer.of(answer).model_dump(mode="json")
    section = section_of(("moments", "search"))
    fields = {*value, *value["moments"][0], *(name for item in value["moments"][0]["evidence"] for name in item)}
    assert not [name for name in fields if f'"{name}"' not in section and f"`{name}`" not in section]


def test_what_a_confidence_is_called_is_described() -> None:
    told = ", ".join(f"`{words}` from {least:g}" for words, least in LEAST)
    assert told in section_of(("moments", "search"))


def test_every_error_code_is_described() -> None:
    codes = {
        kind.code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.MomentsError) and kind is not errors.MomentsError
    }
    assert not [code for code in codes if f"`{code}`" not in sections(CLI)["Exit codes"]]


def test_every_route_is_described(tmp_path: Path) -> None:
    api = create_app(Settings(data_dir=tmp_path)).openapi()
    routes = [f"{method.upper()} {path}" for path, methods in api["paths"].items() for method in methods]
    assert not [route for route in routes if f"`{route}`" not in API]


def test_every_field_of_a_search_is_described(tmp_path: Path) -> None:
    schemas = create_app(Settings(data_dir=tmp_path)).openapi()["components"]["schemas"]
    fields = [*schemas["SearchBody"]["properties"], *(f"query.{name}" for name in schemas["QueryBody"]["properties"])]
    missing = [name for name in fields if f"`{name}`" not in API and name != "query"]
    assert not missing


def names_in(file: Path) -> set[str]:
    """The tests in a file as pytest names them."""
    found = set()
    for part in ast.parse(file.read_text("utf-8")).body:
        for inner in part.body if isinstance(part, ast.ClassDef) else (part,):
            if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) and inner.name.startswith("test_"):
                name = f"{part.name}::{inner.name}" if isinstance(part, ast.ClassDef) else inner.name
                found.add(f"{file.relative_to(TESTS).as_posix()}::{name}")
    return found


def test_every_attack_is_shown_by_a_test_that_exists() -> None:
    rows = re.findall(r"^\| [^|]+ \| [^|]+ \| .*test", SECURITY, flags=re.MULTILINE)
    assert len(ATTACKS) == len(rows), "a row of SECURITY.md does not end in one test"
    known = {name for file in TESTS.rglob("test_*.py") for name in names_in(file)}
    assert not [name for name in ATTACKS if name not in known]


def test_every_attack_that_is_tried_has_its_row() -> None:
    tried = {name for file in TESTS.rglob("test_attacks_*.py") for name in names_in(file)}
    assert tried
    assert not tried - set(ATTACKS)
