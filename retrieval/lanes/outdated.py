"""Which videos an older version, or other encoders, indexed, and what of them is to be made anew."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retrieval.domain import Lane
from retrieval.lanes.lane_table import window_lanes
from retrieval.storage.records import Made

if TYPE_CHECKING:
    from retrieval.encoders.profiles import Encoders

CONSTRUCTION = 4
"""Which way of indexing this is: raise it, and add to ``CHANGES``, when the same file would be given other times,
vectors, terms or texts by other than its encoders, which spaces are named by."""


@dataclass(frozen=True, slots=True)
class Redo:
    """What of a video is to be made anew.

    What belongs to the lanes ``found`` is looked for in its file again; of those only ``written``, what the catalog
    and the vectors have is written anew. With ``cuts``, the video is cut otherwise, too, and so all of it indexed
    again.
    """

    found: frozenset[Lane] = frozenset()
    written: frozenset[Lane] = frozenset()
    cuts: bool = False

    @property
    def lanes(self) -> frozenset[Lane]:
        return self.found | self.written

    def __or__(self, other: "Redo") -> "Redo":
        found = self.found | other.found
        return Redo(found, (self.written | other.written) - found, self.cuts or other.cuts)

    def within(self, lanes: Collection[Lane]) -> "Redo":
        """What of it belongs to these lanes."""
        return Redo(self.found & set(lanes), self.written & set(lanes), self.cuts and set(lanes) >= set(Lane))

    def as_dict(self) -> dict[str, Any]:
        """What is to be redone as the queue keeps it."""
        return {"found": sorted(self.found), "written": sorted(self.written), "cuts": self.cuts}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "Redo":
        """What ``as_dict`` made of it."""
        return cls(frozenset(map(Lane, value["found"])), frozenset(map(Lane, value["written"])), value["cuts"])


def own_spaces(encoders: "Encoders") -> dict[Lane, str]:
    """The space of each lane that these encoders write to."""
    return {lane: encoders.spec(lane).space for lane in Lane}


WHOLE = Redo(found=frozenset(Lane), cuts=True)

CHANGES: Mapping[int, Redo] = {
    2: Redo(written=frozenset({Lane.SPEECH, Lane.SCREEN})),  # terms are stemmed by their language
    3: Redo(written=frozenset(Lane)),  # each unit tells what is spoken meanwhile, and by whom
    4: Redo(found=frozenset({Lane.SPEECH})),  # what is said in other languages is translated
}
"""What each construction made otherwise than the one before."""


def redo_of(made_by: Mapping[Lane, str], construction: int | None, spaces: Mapping[Lane, str]) -> Redo:
    """What is to be made anew of a video by these encoders, whose ``spaces`` are named by lane.

    ``made_by`` names the spaces that its vectors are in, ``construction`` the way it was indexed, None for a way from
    before ways were counted.
    """
    if construction is None:
        return WHOLE
    moved = frozenset(lane for lane, space in spaces.items() if made_by.get(lane) != space)
    # Encoders of windows see or hear the file itself, those of lines read what the catalog has.
    redo = Redo(found=moved.intersection(window_lanes()), written=moved.difference(window_lanes()))
    for number, change in CHANGES.items():
        if number > construction:
            redo |= change
    return redo


@dataclass(frozen=True, slots=True)
class Outdated:
    """How many of the indexed videos want to be reindexed, altogether and by lane."""

    videos: int
    lanes: Mapping[Lane, int]

    @classmethod
    def of(cls, made: Iterable[Made], spaces: Mapping[Lane, str]) -> "Outdated":
        """Those among the videos ``made`` that encoders with these spaces would make otherwise."""
        videos, lanes = 0, dict.fromkeys(Lane, 0)
        for some in made:
            redo = redo_of(some.encoders, some.construction, spaces)
            videos += some.videos if redo.lanes else 0
            for lane in redo.lanes:
                lanes[lane] += some.videos
        return cls(videos, {lane: count for lane, count in lanes.items() if count})
