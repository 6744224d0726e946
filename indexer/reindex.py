"""Which videos are to be reindexed: those of which something is outdated, as far as their files are where they were."""

from collections.abc import Collection
from dataclasses import dataclass, field

from indexer.intake.addition import Addition
from indexer.media.indexed_file import indexed_file
from indexer.outcome import Outcome, Status
from indexer.steps.renew import what_to_redo
from retrieval.domain import Lane
from retrieval.encoders.profiles import Encoders
from retrieval.errors import ConflictError, MomentsError
from retrieval.lanes.outdated import Outdated, own_spaces
from retrieval.storage.library import Library
from retrieval.storage.media_roots import MediaRoots
from retrieval.storage.records import Failure, VideoRecord, VideoStatus


@dataclass(slots=True)
class ToReindex:
    """What goes on the queue; what stays as it is though it is outdated, with why; and what is up to date."""

    additions: list[Addition] = field(default_factory=list)
    left: list[Outcome] = field(default_factory=list)
    up_to_date: list[VideoRecord] = field(default_factory=list)


def to_reindex(
    library: Library,
    encoders: Encoders,
    videos: Collection[str] | None = None,
    lanes: Collection[Lane] = (),
    roots: MediaRoots | None = None,
) -> ToReindex:
    """What of these videos, or of all, wants it in these lanes, or in all; none of other files than in ``roots``."""
    wanted = ToReindex()
    chosen = tuple(lane for lane in Lane if lane in lanes) or tuple(Lane)
    ids = library.catalog.ids(status=VideoStatus.INDEXED) if videos is None else videos
    for record in sorted(library.catalog.get_many(ids).values(), key=lambda record: (record.path, record.id)):
        if record.status is VideoStatus.REMOVING:
            continue
        if record.status is not VideoStatus.INDEXED:
            wanted.left.append(
                _left(
                    record,
                    ConflictError.code,
                    f"{record.path} is {record.status}, not indexed: `moments index` indexes it",
                )
            )
            continue
        redo = what_to_redo(record, encoders, chosen)
        if not redo.lanes:
            wanted.up_to_date.append(record)
            continue
        path = record.path
        try:
            if redo.found or redo.cuts:
                file = indexed_file(library.catalog, record, library.roots)
                path = str(file if roots is None or library.folder.owns(file) else roots.allowed(str(file)))
        except MomentsError as error:
            wanted.left.append(_left(record, error.code, f"cannot be reindexed, and stays as it is: {error.message}"))
            continue
        outdated = tuple(lane for lane in Lane if lane in redo.lanes)
        wanted.additions.append(Addition(path, again=True, video=record.id, lanes=outdated))
    return wanted


def outdated(library: Library, encoders: Encoders) -> Outdated:
    """How many of the indexed videos want to be reindexed."""
    return Outdated.of(library.catalog.made(), own_spaces(encoders))


def _left(record: VideoRecord, code: str, message: str) -> Outcome:
    return Outcome(record.path, record.id, Status.FAILED, failure=Failure(code, message))
