"""Stored judgements as queries with known answers: what was judged right should be found, what was wrong not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from retrieval.evaluation.metrics import CaseResult, LibrarySpan, QueryCase, best_iou
from retrieval.storage.records import Judgement

ANY_LANE = "any"
"""Where a case is counted if its judgements name no lane, or several."""


@dataclass(frozen=True, slots=True)
class JudgedCase:
    """One query with all verdicts on it; ``case.relevant`` is what was right, videos are known by their ids."""

    case: QueryCase
    wrong: tuple[LibrarySpan, ...]


@dataclass(frozen=True, slots=True)
class JudgedScores:
    """How a search stands to the verdicts. ``top_wrong`` is in percent, None if nothing was judged wrong."""

    queries: int
    right: int
    wrong: int
    top_wrong: float | None

    def as_dict(self) -> dict[str, float | None]:
        return {"n": self.queries, "right": self.right, "wrong": self.wrong, "top_wrong": self.top_wrong}


def judged_cases(judgements: Iterable[Judgement]) -> list[JudgedCase]:
    """One case per query, in the order in which they were first judged."""
    by_query: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        by_query.setdefault(judgement.query, []).append(judgement)
    return [_case(query, verdicts) for query, verdicts in by_query.items()]


def judged_scores(cases: Sequence[JudgedCase], results: Sequence[CaseResult]) -> JudgedScores:
    """Figures over the cases and what was answered to each.

    A top answer is wrong if it meets a wrong span, unless it meets a right one at least as well.
    """
    tops = [
        _is_wrong(result.ranked[0], case) if result.ranked else False
        for case, result in zip(cases, results, strict=True)
        if case.wrong
    ]
    return JudgedScores(
        queries=len(cases),
        right=sum(len(case.case.relevant) for case in cases),
        wrong=sum(len(case.wrong) for case in cases),
        top_wrong=round(100 * sum(tops) / len(tops), 1) if tops else None,
    )


def _case(query: str, verdicts: Sequence[Judgement]) -> JudgedCase:
    right = [verdict for verdict in verdicts if verdict.is_right]
    lanes = {verdict.lane for verdict in right or verdicts}
    lane = lanes.pop() if len(lanes) == 1 else None
    return JudgedCase(
        QueryCase(f"judged: {query}", lane.value if lane else ANY_LANE, query, tuple(map(_span, right))),
        tuple(_span(verdict) for verdict in verdicts if not verdict.is_right),
    )


def _span(judgement: Judgement) -> LibrarySpan:
    return LibrarySpan(judgement.video_id, judgement.span)


def _is_wrong(top: LibrarySpan, case: JudgedCase) -> bool:
    return best_iou(top, case.wrong) > best_iou(top, case.case.relevant)
