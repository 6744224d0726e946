"""`moments videos`, `show` and `remove`: what is in the library."""

import os
from dataclasses import replace
from typing import Any

import click

from app.cli.filter_options import filter_options
from app.cli.invocation import Invocation, emit_json
from app.cli.print_moments import clock
from app.cli.server_client import server_of
from app.cli.terminal import make_console, print_rows, shown
from app.contract.answers import video_json
from app.harmless import say
from retrieval.domain import Segment
from retrieval.path_text import readable
from retrieval.storage.library import Library
from retrieval.storage.records import VideoContents, VideoRecord
from retrieval.video_filter import VideoFilter


@click.command(
    epilog="""\b
Examples:
  moments videos --path "*/talks/*"
  moments videos --tag work --recorded-from 2026-05-01 --recorded-to 2026-05-31 """
)
@filter_options
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="At most so many.")
@click.pass_obj
def videos(invocation: Invocation, where: VideoFilter, limit: int) -> None:
    """List the videos of the library, newest first.

    VIDEO is an id, the start of one, a path or a file name.
    """
    with Library(invocation.settings, "moments videos") as library:
        page = library.catalog.videos(limit, where)
    if invocation.as_json:
        emit_json({"videos": [video_json(record) for record in page.videos], "more": page.next_cursor is not None})
        return
    if not page.videos:
        say(_why_none(where))
        return
    rows = [
        (
            record.id,
            clock(record.duration_s or 0.0),
            str(record.windows),
            str(record.profile or ""),
            shown(record.path),
        )
        for record in page.videos
    ]
    print_rows(make_console(), ("id", "length", "windows", "profile", "path"), rows)
    if page.next_cursor is not None:
        say(f"these are the newest {limit:,}; for more, raise --limit", err=True)


def _why_none(where: VideoFilter) -> str:
    asked = where.in_words()
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
    if invocation.as_json:
        emit_json({**video_json(record), **_contents_json(contents)})
        return
    _print_video(record, contents)


def _contents_json(contents: VideoContents) -> dict[str, Any]:
    return {
        "shots": [{"start_s": shot.span.start_s, "end_s": shot.span.end_s} for shot in contents.shots],
        "speech": [_segment_json(segment) for segment in contents.segments],
        "screen": [
            {
                "start_s": text.span.start_s,
                "end_s": text.span.end_s,
                "text": text.text,
                "confidence": round(text.confidence, 3),
            }
            for text in contents.screen_texts
        ],
        "sounds": [
            {
                "start_s": event.span.start_s,
                "end_s": event.span.end_s,
                "label": event.label,
                "score": round(event.score, 3),
            }
            for event in contents.sound_events
        ],
    }


def _segment_json(segment: Segment) -> dict[str, Any]:
    return {
        "start_s": segment.span.start_s,
        "end_s": segment.span.end_s,
        "text": segment.text,
        "confidence": round(segment.confidence, 3),
        "language": segment.language,
        "origin": segment.origin.value,
        "words": [[word.text, word.span.start_s, word.span.end_s] for word in segment.words],
    }


def _print_video(record: VideoRecord, contents: VideoContents) -> None:
    console = make_console()
    size = f", {record.width}×{record.height}" if record.width else ""
    console.print(f"[bold]{shown(record.path)}[/bold]")
    for other in record.paths:
        if other != record.path:
            console.print(f"also [bold]{shown(other)}[/bold]")
    console.print(f"id {record.id}, {clock(record.duration_s or 0.0)}{size}, profile {record.profile}")
    console.print(f"{len(contents.shots)} shots, {len(contents.windows)} windows")
    for warning in record.warnings:
        console.print(f"[yellow]{shown(warning)}[/yellow]")
    rows = (
        [(line.span.start_s, "speech", line.text) for line in contents.segments]
        + [(text.span.start_s, "screen", " / ".join(text.text.splitlines())) for text in contents.screen_texts]
        + [(event.span.start_s, "sound", event.label) for event in contents.sound_events]
    )
    if rows:
        told = [(clock(start_s), lane, shown(what)) for start_s, lane, what in sorted(rows)]
        print_rows(console, ("time", "lane", "what"), told)


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
