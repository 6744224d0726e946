"""From candidates of several lanes to one ranked list without repeats. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from retrieval.domain import Lane, Span
from retrieval.lanes.candidate import Candidate

NMS_IOU = 0.5
"""No two moments of one answer overlap by more than this."""


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
    chains: list[tuple[float, tuple[Candidate, ...]]] = [(score, (candidate,)) for score, candidate in steps[0]]
    for following in steps[1:]:
        by_video: dict[str, list[tuple[float, Candidate]]] = {}
        for score, candidate in following:
            by_video.setdefault(candidate.video_id, []).append((score, candidate))
        grown: list[tuple[float, tuple[Candidate, ...]]] = []
        for score, chain in chains:
            last = chain[-1].span
            for step_score, candidate in by_video.get(chain[-1].video_id, ()):
                gap_s = candidate.span.start_s - last.end_s
                follows = candidate.span.start_s >= last.end_s - 0.5 * last.duration_s
                if follows and gap_s <= within_s and candidate.span.end_s > last.end_s:
                    grown.append((score * step_score, (*chain, candidate)))
        chains = sorted(grown, key=lambda pair: -pair[0])[:2000]
    joined: list[tuple[float, Candidate]] = []
    for product, chain in chains:
        score = chained(product, len(chain))
        lanes: dict[Lane, float] = {}
        for link in chain:
            for lane, value in link.lanes.items():
                lanes[lane] = max(lanes.get(lane, 0.0), value)
        joined.append(
            (
                score,
                Candidate(
                    chain[0].video_id,
                    Span(chain[0].span.start_s, chain[-1].span.end_s),
                    chain[-1].peak_s,
                    lanes,
                    tuple(item for link in chain for item in link.evidence),
                    chain[0].shot_ordinal,
                    chain,
                ),
            )
        )
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
