"""From candidates of several lanes to one ranked list without repeats. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from retrieval.domain import Lane, Span
from retrieval.lanes.candidate import Candidate

NMS_IOU = 0.5
"""No two moments of one answer overlap by more than this."""

MOST_CHAINS = 2_000
"""The best beginnings of a sequence, to which the next step is looked for."""

Chain = tuple[float, tuple[Candidate, ...]]
"""Steps that follow one another, with the product of their scores."""


def fuse(probabilities: Mapping[Lane, float], weights: Mapping[Lane, float]) -> float:
    """Probability that at least one lane is right: noisy-or, each lane's log-odds shifted by its weight."""
    miss = 1.0
    for lane, probability in probabilities.items():
        weight = weights.get(lane, 0.0)
        if weight <= 0:
            continue
        odds = weight * probability / max(1e-9, 1.0 - probability)
        miss *= 1.0 - odds / (1.0 + odds)
    return 1.0 - miss


def _touch(one: Span, other: Span) -> bool:
    """Whether they share any time: asked of all pairs, of which few do, before anything that takes longer."""
    return one.start_s < other.end_s and other.start_s < one.end_s


def _same_moment(one: Span, other: Span) -> bool:
    if not _touch(one, other):
        return False
    shorter = min(one.duration_s, other.duration_s)
    return one.iou(other) > NMS_IOU or (shorter > 0 and one.overlap_s(other) / shorter > 0.8)


def merge(candidates: Sequence[Candidate], weights: Mapping[Lane, float]) -> list[tuple[float, Candidate]]:
    """Candidates with their fused scores, best first; overlapping ones lend their lanes to the best.

    A merged moment keeps the span of its strongest lane: that lane knows the boundaries best.
    """
    ranked = sorted(
        ((fuse(candidate.lanes, weights), candidate) for candidate in candidates),
        key=lambda pair: (-pair[0], pair[1].video_id, pair[1].span.start_s),
    )
    kept: list[Candidate] = []
    for _, candidate in ranked:
        for index, other in enumerate(kept):
            if other.video_id == candidate.video_id and _same_moment(other.span, candidate.span):
                lanes = dict(other.lanes)
                fresh = {lane: value for lane, value in candidate.lanes.items() if lane not in lanes}
                if fresh:
                    evidence = tuple(item for item in candidate.evidence if item.lane in fresh)
                    kept[index] = replace(other, lanes={**lanes, **fresh}, evidence=other.evidence + evidence)
                break
        else:
            kept.append(candidate)
    return sorted(
        ((fuse(candidate.lanes, weights), candidate) for candidate in kept),
        key=lambda pair: (-pair[0], pair[1].video_id, pair[1].span.start_s),
    )


def chained(product: float, steps: int) -> float:
    """Score of so many steps in order from the product of their scores; of one step, its own.

    The chance that not all of them are wrong if each has the geometric mean of the scores: steps in their
    places vouch for one another.
    """
    mean: float = product ** (1.0 / steps)
    wrong: float = (1.0 - mean) ** steps
    return 1.0 - wrong


def in_order(steps: Sequence[Sequence[tuple[float, Candidate]]], within_s: float) -> list[tuple[float, Candidate]]:
    """Moments in which the steps follow one another in one video, best first.

    The next step begins after the one before began and at most ``within_s`` after it ended. One
    missing step sinks the whole (``chained``).
    """
    chains: list[Chain] = [(score, (candidate,)) for score, candidate in steps[0]]
    for following in steps[1:]:
        chains = sorted(_grown(chains, following, within_s), key=lambda pair: -pair[0])[:MOST_CHAINS]
    joined = [(chained(product, len(links)), _joined(links)) for product, links in chains]
    joined.sort(key=lambda pair: (-pair[0], pair[1].video_id, pair[1].span.start_s))
    kept: list[tuple[float, Candidate]] = []
    for score, candidate in joined:
        if not any(
            other.video_id == candidate.video_id
            and _touch(other.span, candidate.span)
            and other.span.iou(candidate.span) > NMS_IOU
            for _, other in kept
        ):
            kept.append((score, candidate))
    return kept


def _grown(chains: Sequence[Chain], following: Sequence[tuple[float, Candidate]], within_s: float) -> list[Chain]:
    """Each of the chains with each candidate of the next step that follows it."""
    by_video: dict[str, list[tuple[float, Candidate]]] = defaultdict(list)
    for score, candidate in following:
        by_video[candidate.video_id].append((score, candidate))
    grown: list[Chain] = []
    for product, links in chains:
        last = links[-1].span
        for score, candidate in by_video[links[-1].video_id]:
            gap_s = candidate.span.start_s - last.end_s
            follows = candidate.span.start_s >= last.end_s - 0.5 * last.duration_s
            if follows and gap_s <= within_s and candidate.span.end_s > last.end_s:
                grown.append((product * score, (*links, candidate)))
    return grown


def _joined(links: tuple[Candidate, ...]) -> Candidate:
    """One candidate from the start of the first link to the end of the last."""
    lanes: dict[Lane, float] = {}
    for link in links:
        for lane, value in link.lanes.items():
            lanes[lane] = max(lanes.get(lane, 0.0), value)
    return Candidate(
        links[0].video_id,
        Span(links[0].span.start_s, links[-1].span.end_s),
        links[-1].peak_s,
        lanes,
        tuple(item for link in links for item in link.evidence),
        links[0].shot_ordinal,
        links,
    )
