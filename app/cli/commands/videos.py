"""`moments videos`, `show` and `remove`: what is in the library."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click
from rich.console import Console

from app.cli.filter_options import filter_options
from app.cli.invocation import Invocation, emit_json
from app.cli.print_moments import clock, outdated_line
from app.cli.server_client import server_of
from app.cli.terminal import counted, make_console, print_rows, shown
from app.harmless import say
from retrieval.advice import what_to_do
from retrieval.domain import Segment, Speaker
from retrieval.path_text import readable
from retrieval.storage.library import Library
from retrieval.storage.records import VideoContents, VideoRecord, VideoStatus
from retrieval.subtitle_text import label_of
from retrieval.video_filter import VideoFilter

if TYPE_CHECKING:
    from app.settings import Settings


@click.command(
    epilog="""\b
Examples:
  moments videos --path "*/talks/*"
  moments videos --tag work --recorded-from 2026-05-01 --recorded-to 2026-05-31
  moments videos --failed """
)
@filter_options
@click.option("--failed", is_flag=True, help="Only videos whose last indexing failed, with the reason and what to do.")
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="At most so many.")
@click.pass_obj
def videos(invocation: Invocation, where: VideoFilter, failed: bool, limit: int) -> None:
    """List the videos of the library, newest first.

    VIDEO is an id, the start of one, a path or a file name.
    """
    with Library(invocation.settings, "moments videos") as library:
        page = library.catalog.videos(limit, where, failed=failed)
        older = _outdated(library, invocation.settings)
    if invocation.as_json:
        from app.contract.videos import PlainVideo

        told = [PlainVideo.of(record).model_dump(mode="json") for record in page.videos]
        emit_json({"videos": told, "more": page.next_cursor is not None, "outdated": older})
        return
    if not page.videos:
        say(_why_none(where, failed=failed))
        return
    if failed:
        _print_failed(page.videos)
    else:
        _print_list(page.videos)
    if page.next_cursor is not None:
        say(f"these are the newest {limit:,}; for more, raise --limit", err=True)
    if older:
        say(outdated_line(older), err=True)


def _outdated(library: Library, settings: "Settings") -> int:
    """How many videos of the whole library want to be reindexed."""
    if not library.catalog.spaces():
        return 0
    from app.open_engine import resolve_profile
    from indexer.reindex import outdated
    from retrieval.encoders.profiles import ProfileEncoders

    return outdated(library, ProfileEncoders(resolve_profile(library, settings).profile, settings)).videos


def _print_list(records: Sequence[VideoRecord]) -> None:
    rows = [
        (
            record.id,
            _status(record),
            clock(record.duration_s or 0.0),
            str(record.windows),
            str(record.profile or ""),
            shown(record.path),
        )
        for record in records
    ]
    print_rows(make_console(), ("id", "status", "length", "windows", "profile", "path"), rows)
    if bad := sum(record.failure is not None for record in records):
        say(f"{bad} of them failed; for the reasons:  moments videos --failed", err=True)


def _print_failed(records: Sequence[VideoRecord]) -> None:
    console = make_console()
    for record in records:
        console.print(f"{record.id}  {_status(record)}  [bold]{shown(record.path)}[/bold]")
        _print_failure(console, record)


def _print_failure(console: Console, record: VideoRecord) -> None:
    if record.failure is None:
        return
    when = f" on {record.failed_at:%Y-%m-%d at %H:%M} UTC" if record.failed_at else ""
    again = "indexing it again failed" if record.status is VideoStatus.INDEXED else "failed"
    console.print(f"  [red]{again}{when}[/red] ({shown(record.failure.code)}): {shown(record.failure.message)}")
    console.print(f"  [yellow]{shown(what_to_do(record.failure.code))}[/yellow]")


def _status(record: VideoRecord) -> str:
    if record.failure is None:
        return record.status.value
    return "[red]failed[/red]" if record.status is VideoStatus.FAILED else f"{record.status} [red]![/red]"


def _why_none(where: VideoFilter, *, failed: bool) -> str:
    asked = where.in_words()
    if failed:
        return " ".join(["No video failed", *([f"of those that match {' and '.join(asked)}"] if asked else [])])
    if not asked:
        return "No videos yet. Add some with:  moments index PATH"
    return f"No video matches {' and '.join(asked)}. For all of them:  moments videos"


@click.command(epilog="Example:  moments show talk.mp4")
@click.argument("video")
@click.pass_obj
def show(invocation: Invocation, video: str) -> None:
    """Show what is known of one video: shots, speech, screen text, sounds.

    VIDEO is an id, the start of one, a path or a file name.
    """
    with Library(invocation.settings, "moments show") as library:
        record = library.catalog.resolve(video)
        contents = library.catalog.contents.of(record.id)
        speakers = library.catalog.voices.speakers_of(record.id)
    if invocation.as_json:
        from app.contract.contents import ShownVideo

        emit_json(ShownVideo.of_contents(record, contents, speakers).model_dump(mode="json"))
        return
    _print_video(record, contents, speakers)


def _print_video(record: VideoRecord, contents: VideoContents, speakers: Mapping[int, Speaker]) -> None:
    console = make_console()
    size = f", {record.width}×{record.height}" if record.width else ""
    console.print(f"[bold]{shown(record.path)}[/bold]")
    for other in record.paths:
        if other != record.path:
            console.print(f"also [bold]{shown(other)}[/bold]")
    console.print(f"id {record.id}, {clock(record.duration_s or 0.0)}{size}, profile {record.profile}")
    console.print(f"{counted(len(contents.shots), 'shot')}, {counted(len(contents.windows), 'window')}")
    _print_failure(console, record)
    for warning in record.warnings:
        console.print(f"[yellow]{shown(warning)}[/yellow]")
    rows = (
        [(line.span.start_s, _speech_in(line.language), _said(line, speakers)) for line in contents.segments]
        + [(text.span.start_s, "screen", " / ".join(text.text.splitlines())) for text in contents.screen_texts]
        + [(event.span.start_s, "sound", event.label) for event in contents.sound_events]
    )
    if rows:
        told = [(clock(start_s), lane, shown(what)) for start_s, lane, what in sorted(rows)]
        print_rows(console, ("time", "lane", "what"), told)


def _said(segment: Segment, speakers: Mapping[int, Speaker]) -> str:
    speaker = label_of(segment, speakers)
    translation = "" if segment.translation is None else f" (“{segment.translation}” in English)"
    return ("" if speaker is None else f"{speaker}: ") + segment.text + translation


def _speech_in(language: str | None) -> str:
    return "speech" if language is None else f"speech ({language})"


@click.command(epilog="Example:  moments remove talk.mp4")
@click.argument("videos", nargs=-1, required=True, metavar="VIDEO...")
@click.pass_obj
def remove(invocation: Invocation, videos: tuple[str, ...]) -> None:
    """Remove videos from the library, but not your own files.

    Files of yours stay where they are. A file that came by upload or from an address, which lies in the data folder,
    is deleted.

    VIDEO is an id, the start of one, a path or a file name. By one of several paths of the same content, only that
    path is forgotten.
    """
    settings = invocation.settings
    server = server_of(settings)
    with Library(settings, "moments remove") as library:
        records = [library.catalog.resolve(video) for video in videos]
        for record, video in zip(records, videos, strict=True):
            if (copy := _one_of_several(library, record.id, video)) is not None:
                library.forget_copy(record.id, copy)
                record = replace(record, path=copy)
            elif server is not None:
                server.remove(record.id)
            else:
                library.remove_video(record.id)
            if invocation.as_json:
                emit_json({"video_id": record.id, "path": readable(record.path), "status": "removed"})
            else:
                say(f"removed  {record.path}")


def _one_of_several(library: Library, video_id: str, reference: str) -> str | None:
    """The path that the reference is, where the video lies elsewhere, too."""
    record = library.catalog.get(video_id)
    paths = record.paths if record is not None else ()
    named = (reference, os.path.abspath(reference), os.path.realpath(reference))  # noqa: PTH100
    return next((path for path in paths if path in named), None) if len(paths) > 1 else None
