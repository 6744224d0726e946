"""The command line: quick to explain itself, exit codes, and errors as one line or one document."""

import importlib
import subprocess
import sys
from pathlib import Path

import click
import pytest

from app.cli.main import _COMMANDS
from tests.places import ROOT
from tests.terminal import moments

HEAVY = ("torch", "openvino", "onnxruntime", "transformers", "av", "dbos", "fastapi", "numpy", "pydantic", "rich")
HEAVY_STORES = ("qdrant_edge", "qdrant_client", "sqlalchemy", "alembic")


def test_help_lists_every_command_and_loads_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from app.cli.main import cli\n"
        "cli.main(['--help'], standalone_mode=False)\n"
        f"print([name for name in {HEAVY + HEAVY_STORES!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
    for command, (_, summary) in _COMMANDS.items():
        assert command in done.stdout
        assert summary in " ".join(done.stdout.split())


def test_a_search_is_checked_before_anything_heavy_is_loaded(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from app.cli.main import main\n"
        f"sys.argv = ['moments', '--data-dir', {str(tmp_path)!r}, 'search', 'a cat', '--lane', 'smell']\n"
        "try:\n"
        "    main()\n"
        "except SystemExit:\n"
        "    print([name for name in ('torch', 'openvino', 'transformers', 'dbos') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str], name: str) -> None:
    run = moments(capsys, name, "--help")
    assert run.code == 0
    assert run.out.startswith(f"Usage: moments {name}")
    assert run.errors == ""


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_option_and_argument_is_explained(name: str) -> None:
    module, _, attribute = _COMMANDS[name][0].partition(":")
    command = getattr(importlib.import_module(module), attribute)
    nested = command.commands.values() if isinstance(command, click.Group) else ()
    for each in [command, *nested]:
        assert each.help, each.name
        for parameter in each.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{each.name} {parameter.name}"


def test_what_is_done_exits_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = moments(capsys, "--data-dir", str(tmp_path), "--json", "videos")
    assert (listed.code, listed.row, listed.errors) == (0, {"videos": [], "more": False, "outdated": 0}, "")
    assert moments(capsys, "--version").out.startswith("moments, version ")


@pytest.mark.parametrize(
    ("arguments", "code", "error", "message"),
    [
        (("show", "nothing.mp4"), 1, "video_not_found", "nothing.mp4"),
        (("remove", "nothing.mp4"), 1, "video_not_found", "nothing.mp4"),
        (("search", "a cat", "--lane", "smell"), 2, "invalid_input", "allowed are visual, sound, speech, screen"),
        (("search", ""), 2, "invalid_query", "the query is empty"),
        (("search",), 2, "invalid_query", "the query is empty"),
        (("search", "?!"), 2, "invalid_query", "no letter or digit"),
        (("search", "x" * 10_000), 2, "invalid_query", "at most 1,000"),
        (("search", "a cat", "--limit", "0"), 2, "invalid_input", "limit is 0; allowed is 1 to 100"),
        (("search", "a cat", "--limit", "some"), 2, "wrong_usage", "'some' is not a valid integer"),
        (("search", "a cat", "--weight", "speech"), 2, "invalid_input", "as speech=2"),
        (("search", "a cat", "--weight", "speech=99"), 2, "invalid_input", "allowed is 0 to 10"),
        (("search", "a cat", "--within", "0"), 2, "invalid_input", "it must be above 0 seconds"),
        (("search", "a cat", "--group-by", "mood"), 2, "wrong_usage", "'none', 'shot', 'video'"),
        (("search", "a cat", "--then", ""), 2, "invalid_query", "the query is empty"),
        (("sarch", "a cat"), 2, "wrong_usage", "No such command 'sarch'"),
        (("search", "--colour", "red"), 2, "wrong_usage", "No such option"),
    ],
)
def test_an_error_is_one_document_and_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, error: str, message: str
) -> None:
    run = moments(capsys, "--data-dir", str(tmp_path), "--json", *arguments)
    assert run.code == code
    assert run.row["error"]["code"] == error
    assert message in run.row["error"]["message"]
    assert "Traceback" not in run.errors
    silent = moments(capsys, "--data-dir", str(tmp_path), *arguments)
    assert (silent.code, silent.out) == (code, "")
    assert message in " ".join(silent.errors.split())


def test_a_setting_that_cannot_be_names_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MOMENTS_PORT", "70000")
    run = moments(capsys, "--data-dir", str(tmp_path), "videos")
    assert run.code == 2
    assert "MOMENTS_PORT is '70000'" in run.errors


def test_a_data_folder_that_is_a_file_is_one_clear_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    run = moments(capsys, "--data-dir", str(tmp_path / "file"), "--json", "videos")
    assert run.code == 1
    assert "a file is in the way" in run.row["error"]["message"]


def test_a_cursor_that_is_none_is_an_error_even_of_an_empty_library(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lite = ("--data-dir", str(tmp_path), "--profile", "lite", "--json")
    run = moments(capsys, *lite, "search", "a cat", "--cursor", "nonsense")
    assert (run.code, run.row["error"]["code"]) == (2, "invalid_cursor")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_commands_do_without_streams_that_their_caller_closed(closed: str, tmp_path: Path) -> None:
    command = f'exec "$0" -m app.cli.main --data-dir "$1" --json videos {closed}'
    call = subprocess.run(["sh", "-c", command, sys.executable, str(tmp_path)], capture_output=True, timeout=60)
    assert (call.returncode, call.stderr) == (0, b"")
