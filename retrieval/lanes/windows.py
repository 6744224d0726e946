"""Candidates of the lanes whose unit is the window: what is seen, and what sounds."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from retrieval.domain import Evidence, Lane, Span
from retrieval.lanes.background import Background, Standing
from retrieval.lanes.boundaries import Peak, Scored, find_peaks, snapped
from retrieval.lanes.calibration import Floats
from retrieval.lanes.candidate import Candidate
from retrieval.lanes.lane_table import LANES, window_tuning
from retrieval.storage.contents import Contents, Key
from retrieval.storage.records import Place, VideoWindow
from retrieval.storage.vectors import Hit, VectorFilter, VectorStore

HITS = 400
SHOTS_COMPLETED = 24
CANDIDATES = 60
ONSET_REACH_S = 2.0
"""An onset lies at most one window within what the curve gives."""


def window_candidates(
    lane: Lane,
    store: VectorStore,
    space: str,
    query: NDArray[np.float32],
    background: Background,
    where: VectorFilter,
    contents: Contents,
) -> list[Candidate]:
    """The lane's best stretches for a unit query vector (dim,), best first."""
    tuning = window_tuning(lane)
    hits = store.search(space, [query], HITS, where, with_vectors=True)[0]
    if not hits:
        return []
    standing = background.standing(query)
    scores = dict(zip(_keys(hits), _scores(hits, query, background, standing), strict=True))
    windows = contents.windows_at(scores)
    if len(hits) == HITS:
        rest = _rest_of_best_shots(store, space, where, hits, scores, windows, contents)
        windows |= contents.windows_at(_keys(rest))
        scores |= zip(_keys(rest), _scores(rest, query, background, standing), strict=True)
    candidates: list[Candidate] = []
    for keys in _runs([key for key in scores if key in windows], windows, tuning.within_shot):
        curve = [scores[key] for key in keys]
        for peak in peaks(lane, [windows[key] for key in keys], curve, standing.at_large):
            probability = background.extremes.probability(peak.score, tuning.at_chance)
            best = min(keys, key=lambda key: abs(_middle(windows[key].window.span) - peak.peak_s))
            candidates.append(
                Candidate(
                    best[0],
                    peak.span,
                    peak.peak_s if windows[best].frame_s is None else float(windows[best].frame_s or 0.0),
                    {lane: probability},
                    (_evidence(lane, windows[best], peak.span, probability),),
                    windows[best].window.shot_ordinal,
                )
            )
    best_first = sorted(candidates, key=lambda candidate: -candidate.lanes[lane])[:CANDIDATES]
    return _at_onsets(best_first, contents) if tuning.to_onsets else best_first


def window_chances(
    lane: Lane,
    queries: NDArray[np.float32],
    vectors: NDArray[np.float32],
    keys: Sequence[Key],
    background: Background,
) -> Floats:
    """How likely (k, n) each of the queries (k, dim) is at each of the windows (n, dim), by itself.

    Where the lane doubts a single window, the next one may vouch for it: ``keys`` are in order.
    """
    tuning = window_tuning(lane)
    near = background.near(vectors)
    standings = [background.standing(query) for query in queries]
    scores = np.stack(
        [background.scores(query, one, vectors, near) for query, one in zip(queries, standings, strict=True)]
    )
    if tuning.doubt:
        level = np.asarray([one.at_large for one in standings], np.float32)[:, None]
        above = scores - level
        alone = above / (1.0 + tuning.doubt)
        follows = np.asarray([one == (key[0], key[1] + 1) for key, one in pairwise(keys)], bool)
        two = np.where(follows, (above[:, :-1] + above[:, 1:]) / (2.0 + tuning.doubt), -np.inf)
        alone[:, :-1] = np.maximum(alone[:, :-1], np.minimum(two, above[:, :-1]))
        alone[:, 1:] = np.maximum(alone[:, 1:], np.minimum(two, above[:, 1:]))
        scores = alone + level
    return background.extremes.probabilities(scores, tuning.at_chance)


def peaks(lane: Lane, windows: Sequence[VideoWindow], scores: Sequence[float], level: float) -> list[Peak]:
    """The stretches that stand out of a curve: scores (n,) of windows in time order, read as the lane reads them.

    ``level`` is what the query gets at large.
    """
    tuning = window_tuning(lane)
    curve = [
        Scored(kept.window.span, kept.window.shot_ordinal if tuning.within_shot else 0, score)
        for kept, score in zip(windows, scores, strict=True)
    ]
    return find_peaks(curve, level=level, keep=tuning.keep, valley=tuning.valley, doubt=tuning.doubt)


def _at_onsets(candidates: Sequence[Candidate], contents: Contents) -> list[Candidate]:
    """The candidates with their edges on the onset and the end of what sounds there."""
    places = [Place(candidate.video_id, candidate.span) for candidate in candidates]
    moved = []
    for candidate, events in zip(candidates, contents.sound_events_during(places), strict=True):
        span = snapped(candidate.span, candidate.peak_s, events, ONSET_REACH_S)
        moved.append(replace(candidate, span=span, peak_s=min(max(candidate.peak_s, span.start_s), span.end_s)))
    return moved


def _keys(hits: Sequence[Hit]) -> list[Key]:
    return [(hit.video_id, hit.ordinal) for hit in hits]


def _middle(span: Span) -> float:
    return (span.start_s + span.end_s) / 2


def _scores(hits: Sequence[Hit], query: NDArray[np.float32], background: Background, standing: Standing) -> list[float]:
    if not hits:
        return []
    vectors = np.stack([hit.vector for hit in hits if hit.vector is not None])
    return [float(score) for score in background.scores(query, standing, vectors, background.near(vectors))]


def _rest_of_best_shots(
    store: VectorStore,
    space: str,
    where: VectorFilter,
    hits: Sequence[Hit],
    scores: Mapping[Key, float],
    windows: Mapping[Key, VideoWindow],
    contents: Contents,
) -> list[Hit]:
    """The windows that the search left out of the shots with the best hits, so that curves are whole."""
    best: dict[tuple[str, int], Span] = {}
    for key in sorted(scores, key=lambda key: -scores[key]):
        if key in windows and len(best) < SHOTS_COMPLETED:
            best.setdefault((key[0], windows[key].window.shot_ordinal), windows[key].window.span)
    places = [Place(video_id, span) for (video_id, _), span in best.items()]
    known = set(_keys(hits))
    rest: list[Hit] = []
    for place, shots in zip(places, contents.shots_during(places), strict=True):
        for shot in shots:
            there = replace(where, video_ids=frozenset({place.video_id}), during=shot.span)
            rest += [hit for hit in store.fetch(space, there, HITS) if (hit.video_id, hit.ordinal) not in known]
            known |= set(_keys(rest))
    return rest


def _runs(keys: Sequence[Key], windows: Mapping[Key, VideoWindow], within_shot: bool) -> list[list[Key]]:
    """Keys grouped into curves: windows that follow one another, in one shot if asked for."""
    by_video: dict[str, list[int]] = defaultdict(list)
    for video_id, ordinal in keys:
        by_video[video_id].append(ordinal)
    runs: list[list[Key]] = []
    for video_id, ordinals in by_video.items():
        run: list[Key] = []
        for ordinal in sorted(ordinals):
            if run and (
                ordinal != run[-1][1] + 1
                or (
                    within_shot
                    and windows[(video_id, ordinal)].window.shot_ordinal != windows[run[-1]].window.shot_ordinal
                )
            ):
                runs.append(run)
                run = []
            run.append((video_id, ordinal))
        runs.append(run)
    return runs


def _evidence(lane: Lane, window: VideoWindow, span: Span, probability: float) -> Evidence:
    tuning = window_tuning(lane)
    proof = Evidence(lane, LANES[lane].evidence, span, probability)
    if not tuning.shows_frame:
        return proof
    return replace(proof, frame_s=window.frame_s)
