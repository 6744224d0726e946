"""How well a search finds moments in a whole library: recall, overlap, rank, and honesty about absence.

An answer is right only if its video is right too. Shares are in percent, AUROC runs from 0 to 1.
"""

import json
import math
import statistics
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard

import numpy as np

from retrieval.domain import Lane, Span
from retrieval.errors import InputError

CASE_LANES = (*(lane.value for lane in Lane), "then", "absent")
SHORT_BELOW_S, LONG_ABOVE_S = 10.0, 30.0

# An answer counts as right for rank and overlap from here on, the field's usual bar.
RIGHT_IOU = 0.5


@dataclass(frozen=True, slots=True)
class LibrarySpan:
    """A span of one video of the library, the video known by its file name."""

    video: str
    span: Span

    def iou(self, other: "LibrarySpan") -> float:
        """Temporal intersection over union, 0 to 1; 0 across videos."""
        return self.span.iou(other.span) if self.video == other.video else 0.0


@dataclass(frozen=True, slots=True)
class QueryCase:
    """A query with every span that answers it; none if the library does not show what it asks for."""

    qid: int | str
    lane: str
    query: str | tuple[str, ...]
    relevant: tuple[LibrarySpan, ...]


@dataclass(frozen=True, slots=True)
class LaneBest:
    """What one lane, searched by itself, puts first, and its confidence."""

    span: LibrarySpan
    confidence: float


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What a search answered: spans best first, each with its confidence; ``alone`` is what lanes say by themselves."""

    case: QueryCase
    ranked: tuple[LibrarySpan, ...]
    confidences: tuple[float, ...]
    abstained: bool
    latency_s: float | None = None
    alone: Mapping[Lane, LaneBest] = field(default_factory=dict)

    @property
    def confidence(self) -> float:
        """That of the first answer; 0 if there is none."""
        return self.confidences[0] if self.confidences else 0.0


@dataclass(frozen=True, slots=True)
class RetrievalScores:
    """Figures of one group of queries. ``miou_right`` averages over the right top answers alone."""

    n: int
    r1_iou30: float
    r1_iou50: float
    r1_iou70: float
    r5_iou50: float
    r10_iou50: float
    miou: float
    miou_right: float | None
    median_rank: float | None
    latency_p50_ms: float | None
    latency_p95_ms: float | None

    def as_dict(self) -> dict[str, float | None]:
        """The figures under the names by which the field knows them."""
        return {
            "n": self.n,
            "r1@0.3": self.r1_iou30,
            "r1@0.5": self.r1_iou50,
            "r1@0.7": self.r1_iou70,
            "r5@0.5": self.r5_iou50,
            "r10@0.5": self.r10_iou50,
            "miou": self.miou,
            "miou_right": self.miou_right,
            "median_rank": self.median_rank,
            "latency_p50_ms": self.latency_p50_ms,
            "latency_p95_ms": self.latency_p95_ms,
        }


@dataclass(frozen=True, slots=True)
class AbstentionScores:
    """How well "not here" is told from "here". ``n`` counts absent queries; None where a side is empty."""

    n: int
    abstain_recall: float | None
    false_abstain: float | None
    auroc: float | None

    def as_dict(self) -> dict[str, float | None]:
        return {
            "n": self.n,
            "abstain_recall": self.abstain_recall,
            "false_abstain": self.false_abstain,
            "auroc": self.auroc,
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """Scores per lane, per length of what was asked for, and in all (None if every query is absent)."""

    lanes: Mapping[str, RetrievalScores]
    lengths: Mapping[str, RetrievalScores]
    all: RetrievalScores | None
    absent: AbstentionScores

    def as_dict(self) -> dict[str, object]:
        """Lanes, ``all``, ``absent`` and ``by_length``, ready for JSON."""
        return {
            **{lane: scores.as_dict() for lane, scores in self.lanes.items()},
            "all": self.all.as_dict() if self.all else None,
            "absent": self.absent.as_dict(),
            "by_length": {length: scores.as_dict() for length, scores in self.lengths.items()},
        }


Answers = Sequence[Sequence[LibrarySpan]]


def best_iou(answer: LibrarySpan, relevant: Sequence[LibrarySpan]) -> float:
    """IoU with the relevant span that the answer meets best, 0 if it meets none."""
    return max((answer.iou(span) for span in relevant), default=0.0)


def rank_of_first_right(
    ranked: Sequence[LibrarySpan], relevant: Sequence[LibrarySpan], iou: float = RIGHT_IOU
) -> int | None:
    """Rank of the first right answer, counted from 1; None if there is none."""
    return next((rank for rank, answer in enumerate(ranked, 1) if best_iou(answer, relevant) >= iou), None)


def recall_at(ranked: Answers, truth: Answers, k: int, iou: float) -> float:
    """Percent of queries with a right answer among the first ``k``; both sequences have one row per query."""
    if k < 1 or not 0 < iou <= 1:
        raise InputError(f"recall at k={k}, IoU={iou}: k must be at least 1 and IoU above 0 and up to 1")
    ranks = [rank_of_first_right(row[:k], spans, iou) for row, spans in _pairs(ranked, truth)]
    return _percent([rank is not None for rank in ranks])


def mean_iou(ranked: Answers, truth: Answers) -> float:
    """Mean IoU of the top answers in percent; a query without an answer counts 0."""
    return 100 * statistics.fmean(_top_ious(ranked, truth))


def median_rank(ranked: Answers, truth: Answers, iou: float = RIGHT_IOU) -> float | None:
    """Median rank of the first right answer; None if it lies beyond what was returned."""
    ranks = [rank_of_first_right(row, spans, iou) or math.inf for row, spans in _pairs(ranked, truth)]
    median = statistics.median(ranks)
    return median if math.isfinite(median) else None


def auroc(positive_scores: Sequence[float], negative_scores: Sequence[float]) -> float | None:
    """Chance that a positive scores above a negative, ties counting half; None if a side is empty."""
    positive, negative = np.asarray(positive_scores, float), np.sort(np.asarray(negative_scores, float))
    if not (np.isfinite(positive).all() and np.isfinite(negative).all()):
        raise InputError("AUROC of a score that is not a finite number")
    if not (positive.size and negative.size):
        return None
    below = np.searchsorted(negative, positive, side="left").sum()
    not_above = np.searchsorted(negative, positive, side="right").sum()
    return float((below + not_above) / (2 * positive.size * negative.size))


def abstention(results: Sequence[CaseResult]) -> AbstentionScores:
    """How often absent queries were declined, how often others were, and whether confidence knows."""
    present = [result for result in results if result.case.relevant]
    absent = [result for result in results if not result.case.relevant]
    area = auroc([result.confidence for result in present], [result.confidence for result in absent])
    return AbstentionScores(
        n=len(absent),
        abstain_recall=round(_percent([result.abstained for result in absent]), 1) if absent else None,
        false_abstain=round(_percent([result.abstained for result in present]), 1) if present else None,
        auroc=round(area, 3) if area is not None else None,
    )


def summarise(results: Sequence[CaseResult]) -> Summary:
    """All figures over a set of results, percent to one decimal and AUROC to three."""
    present = [result for result in results if result.case.relevant]
    lengths = _grouped(present, lambda result: length_class(result.case))
    return Summary(
        lanes=_grouped(present, lambda result: result.case.lane),
        lengths={length: lengths[length] for length in ("short", "middle", "long") if length in lengths},
        all=_scores(present) if present else None,
        absent=abstention(results),
    )


def length_class(case: QueryCase) -> str:
    """``short`` (< 10 s), ``middle`` or ``long`` (> 30 s), by the mean length of what answers the case."""
    mean_s = statistics.fmean(answer.span.duration_s for answer in case.relevant)
    if mean_s < SHORT_BELOW_S:
        return "short"
    return "long" if mean_s > LONG_ABOVE_S else "middle"


def query_free_ranking(shots: Mapping[str, Sequence[Span]]) -> tuple[LibrarySpan, ...]:
    """The answer of someone who never reads the query: each video's longest shot, then each one's next.

    Within a round the longer shot comes first; ties go by time and video name. Whatever a search scores
    above this, it has from the query.
    """
    answers = [
        (place, -span.duration_s, video, span)
        for video, spans in shots.items()
        for place, span in enumerate(sorted(spans, key=lambda span: (-span.duration_s, span)))
    ]
    return tuple(LibrarySpan(video, span) for _, _, video, span in sorted(answers))


def query_free_results(cases: Iterable[QueryCase], shots: Mapping[str, Sequence[Span]], limit: int) -> list[CaseResult]:
    """The query-free baseline as results: the same ``limit`` answers to every case, always sure of them."""
    ranking = query_free_ranking(shots)[:limit]
    return [CaseResult(case, ranking, (1.0,) * len(ranking), abstained=False) for case in cases]


def _grouped(results: Iterable[CaseResult], key: Callable[[CaseResult], str]) -> dict[str, RetrievalScores]:
    groups: dict[str, list[CaseResult]] = {}
    for result in results:
        groups.setdefault(key(result), []).append(result)
    return {name: _scores(group) for name, group in groups.items()}


def _scores(results: Sequence[CaseResult]) -> RetrievalScores:
    ranked = [result.ranked for result in results]
    truth = [result.case.relevant for result in results]
    right = [iou for iou in _top_ious(ranked, truth) if iou >= RIGHT_IOU]
    latencies_ms = [1000 * result.latency_s for result in results if result.latency_s is not None]
    return RetrievalScores(
        n=len(results),
        r1_iou30=round(recall_at(ranked, truth, 1, 0.3), 1),
        r1_iou50=round(recall_at(ranked, truth, 1, 0.5), 1),
        r1_iou70=round(recall_at(ranked, truth, 1, 0.7), 1),
        r5_iou50=round(recall_at(ranked, truth, 5, 0.5), 1),
        r10_iou50=round(recall_at(ranked, truth, 10, 0.5), 1),
        miou=round(mean_iou(ranked, truth), 1),
        miou_right=round(100 * statistics.fmean(right), 1) if right else None,
        median_rank=median_rank(ranked, truth),
        latency_p50_ms=round(float(np.percentile(latencies_ms, 50)), 1) if latencies_ms else None,
        latency_p95_ms=round(float(np.percentile(latencies_ms, 95)), 1) if latencies_ms else None,
    )


def _pairs(ranked: Answers, truth: Answers) -> list[tuple[Sequence[LibrarySpan], Sequence[LibrarySpan]]]:
    if not truth or len(ranked) != len(truth):
        raise InputError(f"{len(ranked)} rankings for {len(truth)} queries: one each, and at least one query")
    return list(zip(ranked, truth, strict=True))


def _top_ious(ranked: Answers, truth: Answers) -> list[float]:
    return [best_iou(row[0], spans) if row else 0.0 for row, spans in _pairs(ranked, truth)]


def _percent(flags: Sequence[bool]) -> float:
    return 100 * sum(flags) / len(flags)


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON object of a JSONL file; ``where`` names the file and line for error messages."""

    where: str
    values: Mapping[str, object]

    def value(self, field: str) -> object:
        """The field's value; InputError if the object lacks it."""
        if field not in self.values:
            raise InputError(f"{self.where}: field {field!r} is missing")
        return self.values[field]

    def qid(self) -> int | str:
        """The query's id, a whole number or a text."""
        qid = self.value("qid")
        if isinstance(qid, bool) or not isinstance(qid, int | str) or qid == "":
            raise self.wrong("qid", "a whole number or a text")
        return qid

    def wrong(self, field: str, allowed: str) -> InputError:
        """The error to raise for a field whose value will not do."""
        shown = json.dumps(self.values.get(field))
        shown = shown if len(shown) <= 80 else f"{shown[:77]}..."
        return InputError(f"{self.where}: {field} is {shown}; it must be {allowed}")


def read_records(lines: Iterable[str], name: str) -> Iterator[Record]:
    """The JSON objects of a JSONL text, blank lines skipped. ``name`` is the file's, for error messages."""
    empty = True
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{name} line {number}"
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{where}: not JSON ({error})") from error
        if not isinstance(values, dict):
            raise InputError(f"{where}: must be a JSON object, is {type(values).__name__}")
        empty = False
        yield Record(where, values)
    if empty:
        raise InputError(f"{name}: no lines; one JSON object a line is expected")


def is_number(value: object) -> TypeGuard[float]:
    """Whether a JSON value is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def read_cases(lines: Iterable[str], name: str) -> tuple[QueryCase, ...]:
    """The cases of a queries file: ``qid``, ``lane``, ``query``, ``relevant`` [{video, start_s, end_s}].

    ``query`` is a list of steps for the lane ``then``; ``relevant`` is empty for ``absent``, and only there.
    """
    cases: dict[int | str, QueryCase] = {}
    for record in read_records(lines, name):
        qid = record.qid()
        if qid in cases:
            raise record.wrong("qid", "used once in the file")
        lane = record.value("lane")
        if not isinstance(lane, str) or lane not in CASE_LANES:
            raise record.wrong("lane", f"one of {', '.join(CASE_LANES)}")
        relevant = _relevant_spans(record)
        if bool(relevant) == (lane == "absent"):
            raise record.wrong("relevant", "empty for the lane absent, and only there")
        cases[qid] = QueryCase(qid, lane, _query(record, steps=lane == "then"), relevant)
    return tuple(cases.values())


def _query(record: Record, steps: bool) -> str | tuple[str, ...]:
    query = record.value("query")
    if not steps:
        if isinstance(query, str) and query.strip():
            return query
        raise record.wrong("query", "a text that is not empty")
    if isinstance(query, list) and len(query) > 1 and all(isinstance(s, str) and s.strip() for s in query):
        return tuple(query)
    raise record.wrong("query", "a list of two or more texts, as the lane is then")


def _relevant_spans(record: Record) -> tuple[LibrarySpan, ...]:
    spans = record.value("relevant")
    wrong = record.wrong("relevant", 'a list of {"video": name, "start_s": from 0, "end_s": after start_s}')
    if not isinstance(spans, list):
        raise wrong
    found = []
    for span in spans:
        if not isinstance(span, dict):
            raise wrong
        video, start_s, end_s = (span.get(field) for field in ("video", "start_s", "end_s"))
        if not (isinstance(video, str) and video and is_number(start_s) and is_number(end_s)):
            raise wrong
        if not 0 <= start_s < end_s:
            raise wrong
        found.append(LibrarySpan(video, Span(float(start_s), float(end_s))))
    return tuple(found)
