"""Whether the vectors are those that the catalog counts: what is damaged, lost, cut short, or left over."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from retrieval.domain import Lane
from retrieval.errors import StorageAwayError, StorageError, VectorsDamagedError
from retrieval.lanes.lane_table import LANES
from retrieval.storage.catalog import Catalog
from retrieval.storage.records import VideoRecord, VideoStatus
from retrieval.storage.vectors import SparseVector, VectorStore

_PROBED = 1_000
"""Points that are read of a space, with all that belongs to them, to see whether they can be."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A video of which a space holds other than it should; ``expected`` is None where nobody counted."""

    video: VideoRecord
    lane: Lane
    space: str
    expected: int | None
    found: int


@dataclass(frozen=True, slots=True)
class Survey:
    """What is wrong with the vectors of a library.

    ``damaged`` spaces are there and cannot be read, with why; ``lost`` ones are not there. ``strays`` has how many
    points each space holds of videos that are no more, by video. ``idle`` lanes are searched in a space that is not
    there, or in none, with why.
    """

    damaged: Mapping[str, str]
    lost: tuple[str, ...]
    different: tuple[Difference, ...]
    strays: Mapping[str, Mapping[str, int]]
    idle: Mapping[Lane, str]
    found: Mapping[str, int]

    @property
    def is_well(self) -> bool:
        return not (self.damaged or self.lost or self.different or self.strays or self.idle)


def survey(catalog: Catalog, store: VectorStore) -> Survey:
    """All that is wrong; reads through every space. Raises StorageAwayError if a server does not answer."""
    records = catalog.get_many(catalog.ids())
    indexed = {video_id: record for video_id, record in records.items() if record.status is VideoStatus.INDEXED}
    present = store.spaces()
    damaged: dict[str, str] = {}
    counts: dict[str, Mapping[str, int]] = {}
    for spec in catalog.spaces():
        if spec.space in present:
            try:
                counts[spec.space] = _read_through(store, spec.space, spec.dim, spec.lane)
            except StorageAwayError:
                raise
            except StorageError as error:
                damaged[spec.space] = error.message
    lost = {space for record in indexed.values() for space in record.encoders.values()} - set(present)
    strays: dict[str, dict[str, int]] = defaultdict(dict)
    for space, by_video in counts.items():
        for video_id, count in by_video.items():
            if video_id not in records:
                strays[space][video_id] = count
    different = [
        Difference(record, lane, space, expected, found)
        for record in indexed.values()
        for lane, space in record.encoders.items()
        if space not in damaged
        and (expected := record.vectors.get(lane)) != (found := counts.get(space, {}).get(record.id, 0))
        and (expected is not None or _may_be_short(record, lane, space, counts))
    ]
    different.sort(key=lambda difference: (difference.video.path, difference.lane))
    in_use = {lane for record in indexed.values() for lane in record.encoders}
    idle = {lane: why for lane in Lane if lane in in_use and (why := _why_idle(store, lane, present))}
    found_in = {space: sum(by_video.values()) for space, by_video in counts.items()}
    return Survey(damaged, tuple(sorted(lost)), tuple(different), strays, idle, found_in)


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Spaces that are not there, and of others how many vectors there are and should be at least."""

    lost: tuple[str, ...]
    short: Mapping[str, tuple[int, int]]

    @property
    def vectors(self) -> int:
        """How many are missing altogether."""
        return sum(wanted - found for found, wanted in self.short.values())

    @property
    def reason(self) -> str | None:
        """Why searches do not find all that they should; None if they do."""
        told = [f"{space} is lost" for space in self.lost]
        told += [
            f"{space} has {found:,} vectors of {wanted:,}"
            for space, (found, wanted) in sorted(self.short.items())
            if space not in self.lost
        ]
        return f"{', '.join(told)}; `moments doctor --repair` makes anew what is missing" if told else None


def shortfall(catalog: Catalog, store: VectorStore) -> Shortfall:
    """What a cheap look finds missing: totals alone, by space. Raises StorageError for what cannot be read."""
    present, totals = store.spaces(), catalog.vector_totals()
    counts = {space: (store.count(space), wanted) for space, wanted in totals.items()}
    short = {space: count for space, count in counts.items() if count[0] < count[1]}
    return Shortfall(tuple(sorted(set(totals) - set(present))), short)


def _read_through(store: VectorStore, space: str, dim: int, lane: Lane) -> Mapping[str, int]:
    """Points per video of a space in which searching works, too. Raises StorageError if not."""
    counts = store.counts_by_video(space)
    probe = np.zeros(dim, np.float32)
    probe[0] = 1.0
    seen = store.search(space, [probe], _PROBED, exact=True, with_vectors=True)[0]
    if len(seen) < min(_PROBED, total := sum(counts.values())):
        raise StorageError(f"{space} has {total:,} points, of which a search finds {len(seen):,}")
    if LANES[lane].has_terms:
        store.search_sparse(space, SparseVector((0,), (1.0,)), 1)
    return counts


def _why_idle(store: VectorStore, lane: Lane, present: Collection[str]) -> str | None:
    """Why the lane is searched in no space that is there; None if it is."""
    try:
        space = store.active(lane)
    except VectorsDamagedError as error:
        return error.message
    if space is None:
        return "none was chosen"
    return None if space in present else f"{space} is not there"


def _may_be_short(record: VideoRecord, lane: Lane, space: str, counts: Mapping[str, Mapping[str, int]]) -> bool:
    """Of a video whose vectors nobody counted: whether it had some, and its space has none of any video."""
    had_some = record.has_sound if LANES[lane].needs_sound else record.windows > 0
    return bool(had_some) and not counts.get(space)
