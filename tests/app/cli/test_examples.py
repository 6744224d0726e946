"""The examples of help texts and documents: every one is a call that the command line takes."""

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from app.cli.main import cli
from tests.places import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def helped(command: click.Command, name: str) -> Iterator[tuple[str, str]]:
    """The text below the help of every command, by its name."""
    yield name, command.epilog or ""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            assert found is not None
            yield from helped(found, f"{name} {inner}")


HELPED = dict(helped(cli, "moments"))


def calls(text: str) -> list[list[str]]:
    """Arguments of each call of `moments` in lines of a shell, but for what goes to a file or another program."""
    found = []
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        for part in re.split(r"&&|[|>]|\s#\s", re.sub(r"^\W*Example:", "", line)):
            words = shlex.split(part) if re.match(r"\s*(\$ )?(\w+=\S+ )*moments\s", part) else []
            if words:
                found.append(words[words.index("moments") + 1 :])
    return found


def shown() -> Iterator[tuple[str, list[str]]]:
    """Every call, after where it stands."""
    for name, text in HELPED.items():
        yield from ((f"{name} --help", call) for call in calls(text))
    for document in DOCUMENTS:
        blocks = re.findall(r"^```\w*\n(.*?)^```", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        yield from ((document.name, call) for block in blocks for call in calls(block))


SHOWN = list(shown())


def test_examples_are_found_where_they_stand() -> None:
    assert {"moments --help", "moments search --help", "moments worker --help", "cli.md", "README.md"} <= {
        place for place, _ in SHOWN
    }
    assert ["index", "~/Videos"] in [call for place, call in SHOWN if place == "moments --help"]


@pytest.mark.parametrize(("place", "call"), SHOWN, ids=[f"{place}: {shlex.join(call)}" for place, call in SHOWN])
def test_an_example_is_a_call_that_the_command_line_takes(
    place: str, call: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files need not be there."""
    taken: list[str] = []

    def take(command: click.Command, _: click.Context) -> None:
        taken.append(command.name or "")

    monkeypatch.setattr(click.Command, "invoke", take)
    monkeypatch.setattr(click.Path, "convert", lambda _, value, *__: value)
    cli.main(call, prog_name="moments", standalone_mode=False)
    assert taken, place


def test_every_command_has_an_example() -> None:
    """But for those that are called by their name alone."""
    assert [name for name, text in HELPED.items() if not calls(text)] == ["moments models list", "moments keys list"]
