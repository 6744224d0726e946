"""Which of the moments found an answer shows, so that one shot or one video does not fill it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from retrieval.asking.query import GroupBy
from retrieval.domain import Shot, Span
from retrieval.lanes.candidate import Candidate
from retrieval.storage.contents import Contents
from retrieval.storage.records import Place

LONG_SHOT_S = 60.0
"""Moments this far apart in one shot are not the same thing: a talk may well be a single shot."""

_INSTANT_S = 1e-3
_LOOKED_UP_AT_A_TIME = 30

Ranked = tuple[float, Candidate]
Home = tuple[str, int | None]
"""A video and the ordinal of a shot in it."""


@dataclass(frozen=True, slots=True)
class Group:
    """The best of the moments that are shown as one; ``further`` counts the others, where that is of use."""

    score: float
    best: Candidate
    further: int | None = None


def grouped(found: Sequence[Ranked], by: GroupBy, contents: Contents, *, most: int, good_score: float) -> list[Group]:
    """The first ``most`` groups of one per moment, shot or video, best first.

    ``further`` counts moments of the video, one per shot, that score ``good_score`` or more.
    """
    match by:
        case GroupBy.NONE:
            return [Group(score, candidate) for score, candidate in found[:most]]
        case GroupBy.SHOT:
            return [Group(score, candidate) for score, candidate in one_per_shot(found, _homes(found, contents), most)]
        case GroupBy.VIDEO:
            return one_per_video(one_per_shot(found, _homes(found, contents)), good_score)[:most]
        case _:
            assert_never(by)


def one_per_shot(found: Sequence[Ranked], homes: Iterable[Home], most: int | None = None) -> list[Ranked]:
    """The best moment of each shot; of a long shot also those that lie ``LONG_SHOT_S`` away from better ones."""
    peaks_s: dict[Home, list[float]] = defaultdict(list)
    kept: list[Ranked] = []
    for ranked, home in zip(found, homes, strict=True):
        if len(kept) == most:
            break
        peak_s = _first(ranked[1]).peak_s
        if all(abs(peak_s - better_s) >= LONG_SHOT_S for better_s in peaks_s[home]):
            peaks_s[home].append(peak_s)
            kept.append(ranked)
    return kept


def one_per_video(found: Sequence[Ranked], good_score: float) -> list[Group]:
    """The best moment of each video, with how many others of that video score ``good_score`` or more."""
    best: dict[str, Ranked] = {}
    further: Counter[str] = Counter()
    for score, candidate in found:
        if candidate.video_id not in best:
            best[candidate.video_id] = (score, candidate)
        elif score >= good_score:
            further[candidate.video_id] += 1
    return [Group(score, candidate, further[video_id]) for video_id, (score, candidate) in best.items()]


def _first(candidate: Candidate) -> Candidate:
    """Where the candidate begins: the first step of a sequence, else itself."""
    return candidate.links[0] if candidate.links else candidate


def _homes(found: Sequence[Ranked], contents: Contents) -> Iterator[Home]:
    """The shot in which each candidate peaks, looked up where its lane does not know of shots.

    A few are looked up at a time: most answers need no more.
    """
    for start in range(0, len(found), _LOOKED_UP_AT_A_TIME):
        firsts = [_first(candidate) for _, candidate in found[start : start + _LOOKED_UP_AT_A_TIME]]
        unknown = list({(one.video_id, one.peak_s): None for one in firsts if one.shot_ordinal is None})
        places = [Place(video_id, Span(peak_s, peak_s + _INSTANT_S)) for video_id, peak_s in unknown]
        shots = dict(zip(unknown, contents.shots_during(places), strict=True))
        for one in firsts:
            if one.shot_ordinal is None:
                yield one.video_id, _shot_at(one.peak_s, shots[(one.video_id, one.peak_s)])
            else:
                yield one.video_id, one.shot_ordinal


def _shot_at(time_s: float, shots: Sequence[Shot]) -> int | None:
    return next((shot.ordinal for shot in shots if shot.span.start_s <= time_s < shot.span.end_s), None)
