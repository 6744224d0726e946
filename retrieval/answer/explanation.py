"""Why a moment has its rank: what each lane said of it, how much the lane counts, what its edges lie on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from retrieval.answer.fusion import chained, fuse
from retrieval.asking.query import Term
from retrieval.domain import Boundary, Explanation, Lane, LaneExplanation, LaneWeight, StepExplanation
from retrieval.lanes.candidate import Candidate
from retrieval.lanes.lane_table import LANES
from retrieval.storage.contents import Contents
from retrieval.storage.records import Place

_SAME_TIME_S = 1e-3


@dataclass(frozen=True, slots=True)
class Ranking:
    """What a search found for one term: every lane's ``candidates``, and ``found``, fused, best first.

    ``unread`` are the lanes that could not be searched, with why.
    """

    term: Term
    weights: Mapping[Lane, LaneWeight]
    candidates: Sequence[Candidate]
    found: Sequence[tuple[float, Candidate]]
    unread: Mapping[Lane, str] = field(default_factory=dict)


def explain(score: float, candidate: Candidate, rankings: Sequence[Ranking], contents: Contents) -> Explanation:
    """Why ``candidate`` has ``score``; one ranking per step of the query."""
    steps = tuple(
        _step(link, ranking, contents) for link, ranking in zip(candidate.links or (candidate,), rankings, strict=True)
    )
    fused = chained(prod(step.fused for step in steps), len(steps))
    unwanted = 1.0 - score / fused if fused > 0 else 0.0
    return Explanation(steps, fused, max(0.0, unwanted))


def _step(candidate: Candidate, ranking: Ranking, contents: Contents) -> StepExplanation:
    weights = {lane: weight.value for lane, weight in ranking.weights.items()}
    spanned_by = candidate.evidence[0].lane
    spec = LANES[spanned_by]
    around = [Place(candidate.video_id, candidate.span)]
    edges = [(edge, contents.spans_during(edge.on, around)[0]) for edge in spec.edges]
    starts = [(edge.start, [span.start_s for span in spans]) for edge, spans in edges]
    ends = [(edge.end, [span.end_s for span in spans]) for edge, spans in edges]
    return StepExplanation(
        ranking.term.text,
        fuse(candidate.lanes, weights),
        {lane: _lane(lane, candidate, ranking) for lane in ranking.weights},
        spanned_by,
        _reason(candidate.span.start_s, starts) or spec.other_edge,
        _reason(candidate.span.end_s, ends) or spec.other_edge,
        ranking.term.corrected,
    )


def _lane(lane: Lane, candidate: Candidate, ranking: Ranking) -> LaneExplanation:
    probability = candidate.lanes.get(lane)
    if probability is None:
        return LaneExplanation(ranking.weights[lane], None, None)
    better = sum(1 for other in ranking.candidates if other.lanes.get(lane, 0.0) > probability)
    return LaneExplanation(ranking.weights[lane], probability, better + 1)


def _reason(time_s: float, edges: Sequence[tuple[Boundary, Sequence[float]]]) -> Boundary | None:
    return next(
        (reason for reason, times_s in edges if any(abs(edge_s - time_s) < _SAME_TIME_S for edge_s in times_s)),
        None,
    )
