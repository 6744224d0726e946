"""The command `moments`: global options, and commands that are imported only when called."""

import importlib
import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from app.cli.invocation import Invocation, emit_json
from app.cli.umask import private_files
from app.harmless import harmless, say
from app.logs import StandardErrorLog

_COMMANDS: dict[str, tuple[str, str]] = {
    "index": ("app.cli.commands.index:index", "Index files, folders or globs."),
    "reindex": ("app.cli.commands.reindex:reindex", "Bring up to date what an older version indexed."),
    "search": ("app.cli.commands.search:search", "Find moments that match a description."),
    "videos": ("app.cli.commands.videos:videos", "List the videos of the library."),
    "show": ("app.cli.commands.videos:show", "Show what is known of one video."),
    "speakers": ("app.cli.commands.speakers:speakers", "List and name those who speak in the videos."),
    "jobs": ("app.cli.commands.jobs:jobs", "List what was added and how far it is: waiting, running, failed, done."),
    "export": ("app.cli.commands.export:export", "Make files of moments: cuts, subtitles, tables, edit lists."),
    "remove": ("app.cli.commands.videos:remove", "Remove videos from the library; files indexed where they lie stay."),
    "models": ("app.cli.commands.models:models", "List, fetch and verify models."),
    "doctor": ("app.cli.commands.doctor:doctor", "Check this machine, the data folder and the index."),
    "serve": ("app.cli.commands.serve:serve", "Serve the web interface and the REST API."),
    "keys": ("app.cli.commands.keys:keys", "Make, list and revoke API keys."),
    "worker": ("app.cli.commands.worker:worker", "Index what a server puts on a shared queue."),
    "demo": ("app.cli.commands.demo:demo", "Make a sample video, index it and search it."),
    "eval": ("app.cli.commands.evaluate:evaluate", "Measure how well searches find what they should."),
    "judge": ("app.cli.commands.judge:judge", "Say whether a returned moment was right."),
}

_EXIT_CODES: dict[str, int] = {"invalid_input": 2, "invalid_query": 2, "invalid_cursor": 2, "cursor_expired": 2}


class _LazyGroup(click.Group):
    """A group whose commands are imported when they run, so that `moments --help` is instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in _COMMANDS.items()])


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  moments index ~/Videos
  moments search "someone writing on a whiteboard" """,
)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=True),
    help="Folder that holds the library (MOMENTS_DATA_DIR). Default: moments in the user's data folder.",
)
@click.option(
    "--profile",
    type=click.Choice(["lite", "standard", "max", "auto"]),
    help="Set of models (MOMENTS_PROFILE). Default: auto, which is standard with its weights there, or lite.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
@click.option("-v", "--verbose", is_flag=True, help="Log what happens to standard error.")
@click.version_option(package_name="moment-search", prog_name="moments")
@click.pass_context
def cli(ctx: click.Context, data_dir: Path | None, profile: str | None, as_json: bool, verbose: bool) -> None:
    """Find the right moment in your videos: what is seen, heard, said or shown on screen."""
    overrides: dict[str, Any] = {}
    if data_dir is not None:
        overrides["data_dir"] = data_dir.expanduser().absolute()
    if profile is not None:
        overrides["profile"] = profile
    ctx.obj = Invocation(overrides, as_json, StandardErrorLog(is_verbose=verbose))


def _fill_standard_streams() -> None:
    """Where a caller closed one, nothing is read and nothing said: else the next file that is opened would be it."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: PTH123, SIM115  for as long as the process lives


def _tell(code: str, message: str) -> None:
    """Say what went wrong, where it can be said: the disk that the output goes to may be the full one."""
    with suppress(OSError):
        say(f"moments: {message}", err=True)
    try:
        if "--json" in sys.argv:
            emit_json({"error": {"code": code, "message": message}})
        sys.stdout.flush()
    except OSError:
        _say_no_more()


def _say_no_more() -> None:
    """What standard output did not take cannot be said when the process ends, either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    """Run the command line; errors that Moments knows become one line and an exit code."""
    from retrieval.errors import MomentsError, StorageError, StorageFullError, system_text
    from retrieval.storage.room import is_full_disk

    _fill_standard_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A bar or a dash is no reason to fail where the terminal knows no Unicode.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with private_files():
            outcome = cli.main(standalone_mode=False, prog_name="moments")
        code = outcome if isinstance(outcome, int) else 0
    except click.exceptions.Abort:
        say("moments: stopped", err=True)
        code = 130
    except click.ClickException as error:
        if "--json" in sys.argv:
            emit_json({"error": {"code": "wrong_usage", "message": error.format_message()}})
        usage = io.StringIO()
        error.show(usage)
        click.echo(harmless(usage.getvalue()), nl=False, err=True)
        code = error.exit_code
    except MomentsError as error:
        _tell(error.code, error.message)
        code = _EXIT_CODES.get(error.code, 1)
    except BrokenPipeError:
        _say_no_more()
        code = 1
    except Exception as error:
        if is_full_disk(error):
            _tell(StorageFullError.code, f"the disk is full: {error}")
        elif isinstance(error, OSError):
            # Whatever is wrong with a file or a folder is no fault of the program: it needs no traceback.
            _tell(StorageError.code, system_text(error))
        else:
            raise
        code = 1
    sys.exit(code)


if __name__ == "__main__":
    main()
