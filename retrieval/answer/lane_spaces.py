"""The spaces that each lane is searched in, and the videos that are not searched because theirs are others.

Where an older version of an encoder made vectors that words are compared with as before, they are searched beside its
own; a picture, a sound or a clip is compared with those of its own space alone.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retrieval.domain import Lane
from retrieval.encoders.base import EncoderSpec
from retrieval.errors import EncoderMismatchError, StorageError, VectorsDamagedError
from retrieval.storage.records import Made
from retrieval.storage.vectors import VectorStore

if TYPE_CHECKING:
    from retrieval.encoders.profiles import Encoders
    from retrieval.storage.catalog import Catalog

LOST = "the vectors are lost; `moments doctor --repair` makes them anew"


@dataclass(frozen=True, slots=True)
class LaneSpaces:
    """Where each lane is searched.

    ``own`` are the encoders' spaces. ``by_words`` names those that are searched by words, the own one first;
    ``videos`` how many of the indexed videos are in each space. ``lost`` are lanes whose vectors are not there any
    more.
    """

    own: Mapping[Lane, str]
    by_words: Mapping[Lane, Sequence[str]]
    videos: Mapping[Lane, Mapping[str, int]]
    lost: frozenset[Lane]

    def of(self, lane: Lane, *, for_example: bool) -> Sequence[str]:
        """The spaces that the lane is searched in."""
        own = self.own[lane]
        return [space for space in self.by_words[lane] if space == own] if for_example else self.by_words[lane]

    def why_not(self, lane: Lane, *, for_example: bool) -> str | None:
        """Why the lane cannot be searched at all; None if it can, or if nothing is in it."""
        if lane in self.lost:
            return LOST
        videos = sum(self.videos[lane].values())
        return None if self.of(lane, for_example=for_example) or not videos else _other(videos)

    def left_out(self, lane: Lane, *, for_example: bool) -> str | None:
        """Which videos the lane is not searched in, though it is in others; None if it is in all."""
        searched = self.of(lane, for_example=for_example)
        left = sum(videos for space, videos in self.videos[lane].items() if space not in searched)
        return _other(left) if searched and left else None


def lane_spaces(catalog: "Catalog", store: VectorStore, encoders: "Encoders", made: Sequence[Made]) -> LaneSpaces:
    """The spaces that videos which were ``made`` so are searched in.

    Raises EncoderMismatchError if no lane can be searched, because other encoders than these made all of them.
    """
    present = store.spaces()
    known = {spec.space: spec for spec in catalog.spaces()}
    specs = {lane: encoders.spec(lane) for lane in Lane}
    videos = _videos(made)
    fitting = {lane: _fitting(spec, videos[lane], known) for lane, spec in specs.items()}
    by_words = {lane: [space for space in spaces if space in present] for lane, spaces in fitting.items()}
    lost = frozenset(lane for lane, spaces in fitting.items() if spaces and not by_words[lane])
    if made and not any(fitting.values()):
        raise _mismatch(made, encoders)
    return LaneSpaces({lane: spec.space for lane, spec in specs.items()}, by_words, videos, lost)


def none_readable(unread: Mapping[Lane, str], damaged: Collection[Lane]) -> StorageError:
    """The error of a search in lanes of which none can be read, some because they are damaged or lost."""
    told = "; ".join(in_words(unread))
    return VectorsDamagedError(told) if damaged else EncoderMismatchError(told)


def warnings_of(unread: Sequence[Mapping[Lane, str]]) -> tuple[str, ...]:
    """What could not be searched for one thing or another, and why, each once."""
    return tuple(dict.fromkeys(told for one in unread for told in in_words(one)))


def in_words(unread: Mapping[Lane, str]) -> list[str]:
    """A line for each reason, of the lanes that could not be read for it."""
    reasons = dict.fromkeys(unread[lane] for lane in sorted(unread))
    return [
        f"not searched: {', '.join(lane for lane in sorted(unread) if unread[lane] == why)}: {why}" for why in reasons
    ]


def _videos(made: Sequence[Made]) -> dict[Lane, dict[str, int]]:
    videos: dict[Lane, dict[str, int]] = {lane: defaultdict(int) for lane in Lane}
    for some in made:
        for lane, space in some.encoders.items():
            videos[lane][space] += some.videos
    return videos


def _fitting(own: EncoderSpec, spaces: Collection[str], known: Mapping[str, EncoderSpec]) -> list[str]:
    """Those of the spaces that words for the own one are compared with, that one first."""
    others = [space for space in spaces if space != own.space and space in known and own.is_asked_as(known[space])]
    return [*([own.space] if own.space in spaces else []), *sorted(others)]


def _other(videos: int) -> str:
    count = "1 video" if videos == 1 else f"{videos:,} videos"
    return f"of {count} that an older version or other models indexed; `moments reindex` brings them up to date"


def _mismatch(made: Sequence[Made], encoders: "Encoders") -> EncoderMismatchError:
    profile = encoders.profile
    made_by = max(made, key=lambda some: some.videos).profile
    again = f"bring it up to date with `moments --profile {profile} reindex`"
    if made_by in (None, profile):
        return EncoderMismatchError(f"the index was made by other models of profile {profile} than these; {again}")
    return EncoderMismatchError(
        f"the index was made by profile {made_by}, the search would use {profile}; "
        f"search with `moments --profile {made_by} search …`, or {again}"
    )
