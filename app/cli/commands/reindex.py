"""`moments reindex`: what an older version or other models indexed, made anew where it is outdated."""

import glob
import os
from collections.abc import Collection, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

import click

from app.cli.commands.index import follow, here, show_outcome
from app.cli.invocation import Invocation
from app.cli.server_client import Server, server_of
from app.cli.terminal import counted
from app.contract.jobs import OutcomeAnswer
from app.harmless import say
from app.open_queue import Indexing
from app.settings import Settings
from indexer.intake.addition import Addition
from indexer.reindex import to_reindex
from retrieval.asking.query import parse_lane
from retrieval.domain import Lane
from retrieval.errors import InputError
from retrieval.storage.library import Library
from retrieval.storage.records import VideoStatus


@click.command(
    epilog="""\b
Examples:
  moments reindex
  moments reindex --lane visual
  moments reindex talk.mp4 ~/Videos/holidays
  moments reindex --video 8c1f0e3b5a7d9246
  moments --profile standard reindex"""
)
@click.argument("paths", nargs=-1)
@click.option("--lane", "lanes", multiple=True, help=f"Only this lane; repeatable: {', '.join(Lane)}.")
@click.option("--video", "videos", multiple=True, help="Only this video: an id, the start of one, a path; repeatable.")
@click.pass_obj
def reindex(invocation: Invocation, paths: tuple[str, ...], lanes: tuple[str, ...], videos: tuple[str, ...]) -> int:
    """Bring up to date what an older version, or other models, indexed.

    Without PATH and --video, all videos of the library that want it. PATH is a video's file, a folder, or a glob in
    quotation marks.

    Only the lanes that changed are made anew, and of the files only what these need is decoded: nothing is transcribed
    because pictures are seen otherwise. Each video is searched as before until its new vectors are there, then by
    these; ids, titles, tags and judgements stay. A run that was stopped goes on where it was. A video whose file is
    gone stays as it is. To index files wholly anew: moments index --again.
    """
    chosen = [parse_lane(lane) for lane in lanes]
    settings = invocation.settings
    with Library(settings, "moments reindex") as library:
        wanted = _meant(library, paths, videos) if paths or videos else None
    server = server_of(settings)
    outcomes = _here(settings, wanted, chosen) if server is None else _through(server, wanted, chosen)
    is_well = True
    for outcome in outcomes:
        is_well &= show_outcome(outcome, as_json=invocation.as_json)
    return 0 if is_well else 1


def _meant(library: Library, paths: Sequence[str], videos: Sequence[str]) -> list[str]:
    """Ids of the videos that are named, each once. Raises VideoNotFoundError, or InputError for what names none."""
    ids = [library.catalog.resolve(video).id for video in videos]
    for path in paths:
        meant = _under(library, path)
        ids += meant or [library.catalog.resolve(path).id]
    return list(dict.fromkeys(ids))


def _under(library: Library, path: str) -> list[str]:
    """Ids of the indexed videos in that folder, or that match that glob, wherever their files are now."""
    place = Path(path).expanduser().absolute()
    is_glob = glob.has_magic(path) and not os.path.lexists(place)
    if not is_glob and not place.is_dir():
        return []
    records = library.catalog.get_many(library.catalog.ids(status=VideoStatus.INDEXED)).values()
    folder = os.path.join(place, "")  # noqa: PTH118  with its end, so that no other of a like name is meant
    found = [
        record.id
        for record in sorted(records, key=lambda record: record.path)
        if any(fnmatch(file, str(place)) if is_glob else file.startswith(folder) for file in record.paths)
    ]
    if not found:
        raise InputError(f"no indexed video {'matches' if is_glob else 'lies in'} {path}")
    return found


def _here(settings: Settings, wanted: Collection[str] | None, lanes: Collection[Lane]) -> Iterator[OutcomeAnswer]:
    left: list[OutcomeAnswer] = []

    def additions_of(library: Library, indexing: Indexing) -> Sequence[Addition]:
        found = to_reindex(library, indexing.encoders, wanted, lanes)
        left.extend(map(OutcomeAnswer.of, found.left))
        _say_what(len(found.additions), found.up_to_date if wanted is not None else (), len(left))
        return found.additions

    yield from here(settings, "moments reindex", additions_of)
    yield from left


def _through(server: Server, wanted: Sequence[str] | None, lanes: Sequence[Lane]) -> Iterator[OutcomeAnswer]:
    say(f"the data folder is served at {server.url}, which reindexes the videos", err=True)
    answer = server.reindex(wanted, lanes)
    _say_what(len(answer.jobs), answer.up_to_date, len(answer.left))
    yield from follow({job_id: Path(server.job(job_id).path) for job_id in answer.jobs}, server.job)
    yield from answer.left


def _say_what(wanted: int, up_to_date: Collection[object], left: int) -> None:
    if up_to_date:
        say(f"{counted(len(up_to_date), 'video')} up to date", err=True)
    elif not wanted and not left:
        say("all videos are up to date", err=True)
