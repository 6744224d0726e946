"""What `moments doctor` finds of a library: a line for each kind of thing, with the command that mends it."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.media.indexed_file import FileState, files_of, state_of
from indexer.reindex import outdated
from indexer.repair import is_of, without_thumbnails
from retrieval.encoders.profiles import Encoders
from retrieval.storage.library import Library
from retrieval.storage.records import VideoRecord, VideoStatus
from retrieval.storage.vector_survey import Survey, survey

REPAIR = "moments doctor --repair"
_NAMED_AT_MOST = 3
_HALF_DONE = (VideoStatus.INDEXING, VideoStatus.REMOVING)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked; ``advice`` says what to do where it is not well."""

    name: str
    ok: bool
    detail: str
    advice: str | None = None


def library_findings(library: Library) -> Iterator[Finding]:
    """Whether the videos' files, states and thumbnails are as they should be, and nothing is left over."""
    records = library.catalog.get_many(library.catalog.ids()).values()
    yield from _files(library, records)
    half_done = [record.path for record in records if record.status in _HALF_DONE]
    yield Finding(
        "complete",
        not half_done,
        f"{len(half_done)} videos are half-way{such_as(half_done)}",
        "run `moments index` on them again: it goes on where it was",
    )
    failed = [record.path for record in records if record.failure is not None]
    yield Finding(
        "failed",
        not failed,
        f"{len(failed)} videos could not be indexed, or not again{such_as(failed)}",
        "`moments videos --failed` says why each failed, and what to do",
    )
    bare = [record.path for record in without_thumbnails(library)]
    yield Finding("thumbnails", not bare, f"{len(bare)} videos have none{such_as(bare)}", REPAIR)
    left = [str(path) for path in _leftovers(library)]
    yield Finding("leftovers", not left, f"{len(left)} folders belong to no video{such_as(left)}", REPAIR)


def outdated_findings(library: Library, encoders: Encoders) -> Iterator[Finding]:
    """Whether all videos are indexed as this version and these models would."""
    found = outdated(library, encoders)
    lanes = ", ".join(f"{lane} of {count:,}" for lane, count in found.lanes.items())
    yield Finding(
        "made by",
        not found.videos,
        f"{found.videos:,} videos were indexed by an older version or by other models"
        + (f": {lanes}" if lanes else ""),
        "moments reindex",
    )


def vector_findings(library: Library, encoders: Encoders) -> Iterator[Finding]:
    """Whether the vectors are those that the catalog counts."""
    with library.vectors() as store:
        found = survey(library.catalog, store)
    for space, reason in found.damaged.items():
        yield Finding("vectors", False, f"{space} cannot be read: {reason}", REPAIR)
    for space in found.lost:
        yield Finding("vectors", False, f"{space} is lost", REPAIR)
    for space in sorted(found.found):
        yield from _space(found, space, encoders)
    if found.idle:
        yield Finding(
            "vectors",
            False,
            f"no space is searched for {', '.join(found.idle)}: {'; '.join(dict.fromkeys(found.idle.values()))}",
            REPAIR,
        )


def delete_leftovers(library: Library, tell: Callable[[str], None]) -> None:
    """Delete thumbnails of videos that are no more; called by whoever may index."""
    import shutil

    for folder in _leftovers(library):
        shutil.rmtree(folder, ignore_errors=True)
        tell(f"{folder}: deleted, of a video that is no more")


def _space(found: Survey, space: str, encoders: Encoders) -> Iterator[Finding]:
    different = [difference for difference in found.different if difference.space == space]
    detail = f"{space}: {found.found[space]:,} vectors"
    for difference in different[:_NAMED_AT_MOST]:
        expected = "some" if difference.expected is None else f"{difference.expected:,}"
        detail += f"; {difference.video.path} has {difference.found:,} of {expected}"
    if len(different) > _NAMED_AT_MOST:
        detail += f"; {len(different) - _NAMED_AT_MOST} more videos have not what they should"
    strays = found.strays.get(space, {})
    if strays:
        detail += f"; {sum(strays.values()):,} are of {len(strays)} videos that are no more"
    other = next((difference for difference in different if not is_of(difference, encoders)), None)
    advice = REPAIR if other is None else f"moments --profile {other.video.profile} doctor --repair"
    yield Finding("vectors", not (different or strays), detail, advice)


def _files(library: Library, records: Collection[VideoRecord]) -> Iterator[Finding]:
    """Whether the videos' files are there, and are those that were indexed."""
    states: dict[FileState, list[str]] = {state: [] for state in FileState}
    for record in records:
        if record.status is not VideoStatus.INDEXED:
            continue
        for file in files_of(record):
            states[state_of(library.catalog, record, file, library.roots)].append(file.path)
    count = sum(map(len, states.values()))
    gone, changed = states[FileState.GONE], states[FileState.CHANGED]
    yield Finding(
        "files",
        not gone,
        f"{len(gone)} of {count} files are gone{such_as(gone)}",
        "index them where they lie now (they keep their ids), or `moments remove` them",
    )
    yield Finding(
        "contents",
        not changed,
        f"{len(changed)} of {count} files are not what was indexed{such_as(changed)}",
        "run `moments index` on them: what lies there now takes the place of what was there",
    )
    if library.roots.folders is not None:
        outside = states[FileState.OUTSIDE]
        yield Finding(
            "roots",
            not outside,
            f"{len(outside)} of {count} files lead out of MOMENTS_MEDIA_ROOTS{such_as(outside)}",
            "add their folders to MOMENTS_MEDIA_ROOTS, or `moments remove` them",
        )


def _leftovers(library: Library) -> list[Path]:
    """Folders of thumbnails whose video is not in the catalog."""
    parent = library.folder.thumbnails_dir
    known = library.catalog.ids()
    # Not those that begin with a dot: they are being made.
    return sorted(folder for folder in parent.glob("[!.]*") if folder.name not in known)


def such_as(paths: Sequence[str]) -> str:
    """Some of the paths by name, to be put behind their number; nothing of none."""
    return f", such as {', '.join(paths[:_NAMED_AT_MOST])}" if paths else ""
