"""Makes anew what is missing of the index: what the catalog knows at once, the rest by indexing its video again."""

from collections import Counter
from collections.abc import Callable

from indexer.steps.publish import line_points, space_of, write_vectors
from indexer.steps.renew import retire_spaces
from retrieval.domain import Lane
from retrieval.encoders.profiles import Encoders
from retrieval.errors import StorageError
from retrieval.lanes.lane_table import LANES, LineTuning, WindowTuning
from retrieval.storage.library import Library
from retrieval.storage.records import VideoRecord, VideoStatus
from retrieval.storage.vector_survey import Difference, Survey, survey
from retrieval.storage.vectors import VectorStore

Tell = Callable[[str], None]


def repair_vectors(library: Library, encoders: Encoders, tell: Tell) -> list[VideoRecord]:
    """Mend the vectors; the videos that must be indexed again for what is still missing.

    A damaged space is put aside and never deleted. Each step leaves something that a later call goes on from.
    """
    with library.vectors() as store:
        found = survey(library.catalog, store)
        for space in found.damaged:
            try:
                tell(f"{space} cannot be read: put aside as {store.put_aside(space)}")
            except StorageError as error:
                tell(error.message)
        if found.damaged:
            found = survey(library.catalog, store)
        _make_lost(library, store, found, tell)
        if found.strays:
            store.delete_videos({video_id for by_video in found.strays.values() for video_id in by_video})
            tell(f"deleted {sum(map(len, found.strays.values()))} leftovers of videos that are no more")
        mended = [
            difference for difference in found.different if _write_lines(library, store, encoders, difference, tell)
        ]
        _activate(library, store, found, tell)
        retire_spaces(library, store, encoders, tuple(Lane))
    rest = {d.video.id: d.video for d in found.different if d not in mended and is_of(d, encoders)}
    return list(rest.values())


def is_of(difference: Difference, encoders: Encoders) -> bool:
    """Whether these encoders are those that made what is missing, so that they can make it anew."""
    return difference.space == encoders.spec(difference.lane).space


def without_thumbnails(library: Library) -> list[VideoRecord]:
    """Indexed videos whose thumbnails are gone."""
    records = library.catalog.get_many(library.catalog.ids(status=VideoStatus.INDEXED)).values()
    return [
        record
        for record in sorted(records, key=lambda record: record.path)
        if record.vectors.get(Lane.VISUAL) and not any(library.thumbnails_of(record.id).glob("*"))
    ]


def half_done(library: Library) -> list[VideoRecord]:
    """Videos that a run began to index, and no failure tells why it did not end."""
    ids = library.catalog.ids(status=VideoStatus.INDEXING)
    return sorted(library.catalog.get_many(ids).values(), key=lambda record: record.path)


def _make_lost(library: Library, store: VectorStore, found: Survey, tell: Tell) -> None:
    for spec in library.catalog.spaces():
        if spec.space in found.lost:
            store.ensure_space(space_of(spec))
            tell(f"{spec.space} was lost: made anew, empty")


def _write_lines(library: Library, store: VectorStore, encoders: Encoders, difference: Difference, tell: Tell) -> bool:
    """Whether the vectors of these lines could be made of what the catalog has of them."""
    video, lane = difference.video, difference.lane
    match LANES[lane].tuning:
        case LineTuning() as tuning:
            contents = library.catalog.contents.of(video.id)
            lines = contents.lines(tuning.lines)
        case WindowTuning():
            return False
    if not is_of(difference, encoders) or len(lines) != difference.expected or difference.found > len(lines):
        return False
    write_vectors(store, library, encoders, {lane: line_points(video, encoders, lane, contents)})
    tell(f"{video.path}: wrote {len(lines):,} vectors of {lane} from the catalog")
    return True


def _activate(library: Library, store: VectorStore, found: Survey, tell: Tell) -> None:
    """Make each lane searched in the space that most videos have, where it is searched in none that is there."""
    records = library.catalog.get_many(library.catalog.ids(status=VideoStatus.INDEXED)).values()
    for lane in found.idle:
        spaces = Counter(record.encoders[lane] for record in records if lane in record.encoders)
        most = next((space for space, _ in spaces.most_common() if space in store.spaces()), None)
        if most is not None:
            store.activate(lane, most)
            tell(f"{lane} is searched in {most} again")
