"""`moments export`: moments of the library as one file."""

import shutil
import sys
import tempfile
from pathlib import Path

import click

from app.cli.clip_reference import parse_stretch
from app.cli.invocation import Invocation, emit_json
from app.cli.terminal import counted
from app.cli.umask import hand_over
from app.exports.chosen import ChosenStretch
from app.exports.exporter import Exporter, ExportRequest
from app.exports.formats import ExportFormat
from app.exports.timecode import RATES
from app.harmless import say
from retrieval.errors import InputError
from retrieval.storage.library import Library
from retrieval.storage.room import full_disk_errors

_STDOUT = "-"


@click.command(
    epilog="""\b
Examples:
  moments export --format mp4 --moment talk.mp4@12.5-17 --out whiteboard.mp4
  moments export --format edl --moment talk.mp4@12.5-17 --moment day.mov@1:02:31-1:02:44 --out cuts.edl
  moments export --format vtt --moment talk.mp4@2:31.5-3:10 --out - """
)
@click.option(
    "--format", "wanted", type=click.Choice([kind.value for kind in ExportFormat]), required=True, help="Kind of file."
)
@click.option(
    "--moment",
    "moments",
    multiple=True,
    required=True,
    metavar="VIDEO@START-END",
    help="A stretch of a video; repeatable, in the order wanted, up to 200.",
)
@click.option("--out", required=True, metavar="FILE", help="File to write; - for standard output.")
@click.option("--name", help="Name of the reel or the list. Default: the first video's title.")
@click.option(
    "--frame-rate",
    type=click.Choice(list(RATES)),
    help="Rate of a reel or an editing list. Default: that of the first video.",
)
@click.pass_obj
def export(
    invocation: Invocation, wanted: str, moments: tuple[str, ...], out: str, name: str | None, frame_rate: str | None
) -> None:
    """Make a file of moments: a cut, a reel, subtitles, a table, or a list for a cutting program.

    VIDEO is an id, the start of one, a path or a file name. Times are seconds, or as printed: 2:31.5.
    """
    settings = invocation.settings
    choices = [ChosenStretch(*parse_stretch(reference, "moment")) for reference in moments]
    request = ExportRequest(ExportFormat(wanted), choices, name, RATES[frame_rate] if frame_rate else None)
    target = None if out == _STDOUT else _writable(Path(out))
    with (
        Library(settings, "moments export") as library,
        tempfile.TemporaryDirectory(dir=target.parent if target else None, prefix=".moments-") as folder,
    ):
        made = Exporter(settings).export(library, request, Path(folder))
        size_bytes = made.path.stat().st_size
        if target is None:
            with made.path.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            return
        hand_over(made.path)
        made.path.replace(target)
    if invocation.as_json:
        emit_json({"path": str(target), "format": wanted, "moments": len(choices), "size_bytes": size_bytes})
    else:
        say(f"{target}: {counted(len(choices), 'moment')}, {size_bytes:,} bytes")


def _writable(target: Path) -> Path:
    """The file to write, absolute. Raises InputError if its folder is not there or not to be written to."""
    target = target.expanduser().absolute()
    if target.is_dir():
        raise InputError(f"--out {target} is a folder; give the name of a file in it")
    try:
        with full_disk_errors(target.parent, target.name), tempfile.TemporaryFile(dir=target.parent):
            return target
    except OSError as error:
        raise InputError(f"--out {target} cannot be written: {error.strerror}") from error
