"""QVHighlights scores of a prediction file, number for number as its published evaluator prints them.

The benchmark and its metrics are those of Moment-DETR (arXiv 2107.09609). Where several readings are
possible the one that the published numbers follow is taken, and a comment says so.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import InputError
from retrieval.evaluation.metrics import Record, is_number, read_records

CLIP_S = 2
ANNOTATORS = 3
MAX_WINDOWS = 10
IOU_THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
SALIENCY_BARS = {"Fair": 2, "Good": 3, "VeryGood": 4}

# Lengths of ground truth windows in seconds, above the first and up to the second.
LENGTH_RANGES_S = {"short": (0, 10), "middle": (10, 30), "long": (30, 150)}

Floats: TypeAlias = NDArray[np.float64]
Qid: TypeAlias = int | str


@dataclass(frozen=True, slots=True)
class Prediction:
    """One query's answer: windows (start_s, end_s, score) in the file's order, one saliency per clip.

    Either is None where the file leaves that task out.
    """

    qid: Qid
    windows: tuple[tuple[float, float, float], ...] | None
    saliency: tuple[float, ...] | None


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """One query's annotation: windows (start_s, end_s), and what three people gave each relevant clip.

    ``saliency`` maps clip ordinals to scores 0 to 4; None where the file has none.
    """

    qid: Qid
    duration_s: float
    windows: tuple[tuple[float, float], ...]
    saliency: Mapping[int, tuple[float, ...]] | None


@dataclass(frozen=True, slots=True)
class MomentScores:
    """Percent by IoU threshold: mean average precision, with its ``average``, and recall at rank 1."""

    average_precision: Mapping[str, float]
    recall_at_1: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class HighlightScores:
    """Percent: mean average precision over clips, and how often the top clip is a highlight."""

    average_precision: float
    hit_at_1: float


@dataclass(frozen=True, slots=True)
class QVHighlightsScores:
    """Scores by length range (with ``full``) and by saliency bar; a range that no truth falls in is None."""

    moments: Mapping[str, MomentScores | None]
    highlights: Mapping[str, HighlightScores]

    def brief(self) -> dict[str, float | None]:
        """The figures that papers quote, under the evaluator's names and in its order."""
        figures: dict[str, float | None] = {}
        if full := self.moments.get("full"):
            figures |= {f"MR-full-R1@{iou}": full.recall_at_1[iou] for iou in ("0.5", "0.7")}
            figures["MR-full-mAP"] = full.average_precision["average"]
            figures |= {f"MR-full-mAP@{iou}": full.average_precision[iou] for iou in ("0.5", "0.75")}
            for name in ("long", "middle", "short"):
                scores = self.moments[name]
                figures[f"MR-{name}-mAP"] = scores.average_precision["average"] if scores else None
        for bar, highlight in self.highlights.items():
            figures[f"HL-min-{bar}-mAP"] = highlight.average_precision
            figures[f"HL-min-{bar}-Hit1"] = highlight.hit_at_1
        return figures

    def as_dict(self) -> dict[str, object]:
        """``brief`` and every figure behind it, under the evaluator's names, ready for JSON."""
        highlights = {
            f"HL-min-{bar}": {"HL-mAP": scores.average_precision, "HL-Hit1": scores.hit_at_1}
            for bar, scores in self.highlights.items()
        }
        moments = {
            name: scores and {"MR-mAP": scores.average_precision, "MR-R1": scores.recall_at_1}
            for name, scores in sorted(self.moments.items())
        }
        return {"brief": self.brief(), **highlights, **moments}


def score(predictions: Sequence[Prediction], truth: Sequence[GroundTruth]) -> QVHighlightsScores:
    """The scores of predictions that answer exactly the queries of the truth, in percent to two decimals.

    InputError if the two do not hold the same queries, or if only some predictions answer a task.
    """
    answers, wanted = _by_qid(predictions, "predictions"), _by_qid(truth, "ground truth")
    _check_same_queries(answers, wanted)
    pairs = [(answer, wanted[qid]) for qid, answer in answers.items()]
    has_windows = _all_or_none([p.windows is not None for p in predictions], "pred_relevant_windows")
    has_saliency = _all_or_none([p.saliency is not None for p in predictions], "pred_saliency_scores")
    if not (has_windows or has_saliency):
        raise InputError("the predictions have neither pred_relevant_windows nor pred_saliency_scores")
    return QVHighlightsScores(
        moments=_score_moments(pairs) if has_windows else {},
        highlights=_score_highlights(pairs) if has_saliency else {},
    )


def _score_moments(pairs: Iterable[tuple[Prediction, GroundTruth]]) -> dict[str, MomentScores | None]:
    windows = [(np.array(answer.windows, float), np.array(wanted.windows, float)) for answer, wanted in pairs]
    scores: dict[str, MomentScores | None] = {}
    for name, (above_s, up_to_s) in LENGTH_RANGES_S.items():
        # Truth of another length is as if it were not there: an answer that meets it counts as wrong.
        in_range = [(found, true[_within(true, above_s, up_to_s)]) for found, true in windows]
        in_range = [(found, true) for found, true in in_range if len(true)]
        scores[name] = _moment_scores(in_range) if in_range else None
    return {**scores, "full": _moment_scores(windows)}


def _within(windows: Floats, above_s: float, up_to_s: float) -> NDArray[np.bool_]:
    lengths_s = windows[:, 1] - windows[:, 0]
    return (above_s < lengths_s) & (lengths_s <= up_to_s)


def _moment_scores(pairs: Sequence[tuple[Floats, Floats]]) -> MomentScores:
    per_query = np.array([_average_precisions(found[:MAX_WINDOWS], true) for found, true in pairs])
    precisions = per_query.mean(axis=0)
    top_ious = np.array([_top_iou(found[0], true) for found, true in pairs])
    names = [str(threshold) for threshold in IOU_THRESHOLDS]
    by_iou = dict(zip(names, map(_percent, precisions), strict=True))
    recalls = [_percent(np.mean(top_ious >= threshold)) for threshold in IOU_THRESHOLDS]
    return MomentScores(
        average_precision={**by_iou, "average": _percent(precisions.mean())},
        recall_at_1=dict(zip(names, recalls, strict=True)),
    )


def _average_precisions(found: Floats, true: Floats) -> Floats:
    """Interpolated average precision at each IoU threshold, shape ``(thresholds,)``."""
    ranked = found[np.argsort(-found[:, 2], kind="stable")]
    ious = _ious(ranked, true)
    # Of truths with equal IoU the later one is taken first, as in the published numbers.
    nearest_first = np.argsort(ious, axis=1, kind="stable")[:, ::-1]
    rows, orders = ious.tolist(), nearest_first.tolist()
    return np.array([_interpolated_area(_matches(rows, orders, bar), len(true)) for bar in IOU_THRESHOLDS])


def _matches(ious: list[list[float]], nearest_first: list[list[int]], threshold: float) -> list[bool]:
    """Whether each answer, in rank order, meets a truth that no earlier one took; it takes the nearest."""
    taken: set[int] = set()
    hits = []
    for row, order in zip(ious, nearest_first, strict=True):
        match = next((truth for truth in order if row[truth] >= threshold and truth not in taken), None)
        hits.append(match is not None)
        if match is not None:
            taken.add(match)
    return hits


def _ious(found: Floats, true: Floats) -> Floats:
    """Temporal IoU of each found window with each true one, ``(found, true)``; 0 for an inverted window."""
    starts = np.maximum(found[:, None, 0], true[None, :, 0])
    ends = np.minimum(found[:, None, 1], true[None, :, 1])
    shared = np.maximum(ends - starts, 0)
    union = (found[:, 1] - found[:, 0])[:, None] + (true[:, 1] - true[:, 0])[None, :] - shared
    ious: Floats = np.divide(shared, union, out=np.zeros_like(shared), where=union != 0)
    return ious


def _interpolated_area(hits: Sequence[bool], positives: int) -> float:
    """Area under the precision envelope over recall (PASCAL VOC 2011), 0 where recall was never reached."""
    if not any(hits):
        return 0.0
    found = np.cumsum(hits)
    precision = np.append(found / np.arange(1, len(hits) + 1), 0.0)
    recall = np.concatenate([[0.0], found / positives, [1.0]])
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    steps = np.flatnonzero(np.diff(recall))
    return float(np.sum((recall[steps + 1] - recall[steps]) * envelope[steps]))


def _top_iou(window: Floats, true: Floats) -> float:
    """IoU of the first window in the file, whatever its score, with the truth it meets best."""
    best = true[np.argmax(_ious(window[None, :2], true)[0])]
    shared = max(0.0, min(window[1], best[1]) - max(window[0], best[0]))
    # Equal to the union wherever something is shared, and rounded as the published numbers are.
    return float(shared / (max(window[1], best[1]) - min(window[0], best[0])))


def _score_highlights(pairs: Sequence[tuple[Prediction, GroundTruth]]) -> dict[str, HighlightScores]:
    predicted = [np.array(answer.saliency, float) for answer, _ in pairs]
    given = [_saliency(wanted) for _, wanted in pairs]
    scores = {}
    for name, bar in SALIENCY_BARS.items():
        labels = [clips >= bar for clips in given]
        precisions = np.array([_clip_precisions(*pair) for pair in zip(predicted, labels, strict=True)])
        hits = np.array([_top_clip_hits(*pair) for pair in zip(predicted, labels, strict=True)])
        scores[name] = HighlightScores(_percent(precisions.mean()), _percent(hits.mean()))
    return scores


def _saliency(wanted: GroundTruth) -> Floats:
    """What each annotator gave each clip of the video, ``(clips, annotators)``; 0 outside the moments."""
    if wanted.saliency is None:
        raise InputError(f"ground truth of qid {wanted.qid!r} has no saliency_scores to score highlights with")
    scores = np.zeros((int(wanted.duration_s / CLIP_S), ANNOTATORS))
    for clip, given in wanted.saliency.items():
        scores[clip] = given
    return scores


def _top_clip_hits(predicted: Floats, labels: NDArray[np.bool_]) -> bool:
    """Whether any annotator calls the top clip a highlight; a clip past the video's end is none."""
    top = int(np.argmax(predicted))
    return top < len(labels) and bool(labels[top].any())


def _clip_precisions(predicted: Floats, labels: NDArray[np.bool_]) -> list[float]:
    """Average precision over clips for each annotator; a clip without a score has 0."""
    scores = np.zeros(len(labels))
    scores[: len(predicted)] = predicted[: len(labels)]
    return [_clip_precision(scores, labels[:, annotator]) for annotator in range(ANNOTATORS)]


def _clip_precision(scores: Floats, labels: NDArray[np.bool_]) -> float:
    if labels.all() or not labels.any():
        return float(labels[0])
    order = np.argsort(-scores, kind="stable")
    # Clips with the same score come in together: one point of the curve, however many they are.
    ends = np.flatnonzero(np.diff(scores[order], append=np.inf))
    found = np.cumsum(labels[order])[ends]
    envelope = np.maximum.accumulate((found / (ends + 1))[::-1])
    gains = np.diff(found, prepend=0)[::-1] > 0
    return float(np.mean(envelope[gains]))


def _percent(share: float | np.floating) -> float:
    # By way of text, as the published numbers are: round() decides some halves otherwise.
    return float(f"{100 * share:.2f}")


_Row = TypeVar("_Row", Prediction, GroundTruth)


def _by_qid(rows: Sequence[_Row], name: str) -> dict[Qid, _Row]:
    found = {row.qid: row for row in rows}
    if not found:
        raise InputError(f"{name}: no queries to score")
    if len(found) < len(rows):
        twice = Counter(row.qid for row in rows).most_common(1)[0][0]
        raise InputError(f"{name}: qid {twice!r} comes twice; each query is answered once")
    return found


def _check_same_queries(answers: Mapping[Qid, Prediction], wanted: Mapping[Qid, GroundTruth]) -> None:
    for here, there, what in ((wanted, answers, "predictions lack"), (answers, wanted, "ground truth lacks")):
        if missing := [qid for qid in here if qid not in there]:
            raise InputError(f"{what} {len(missing)} of {len(here)} queries, the first is qid {missing[0]!r}")


def _all_or_none(present: Sequence[bool], field: str) -> bool:
    if any(present) and not all(present):
        raise InputError(f"{sum(present)} of {len(present)} predictions have {field}; all or none must")
    return present[0]


def read_predictions(lines: Iterable[str], name: str) -> tuple[Prediction, ...]:
    """The predictions of a JSONL file, windows and saliency scores as far as it has them."""
    return tuple(
        Prediction(
            qid=record.qid(),
            windows=_optional(record, "pred_relevant_windows", _predicted_windows),
            saliency=_optional(record, "pred_saliency_scores", _saliency_scores),
        )
        for record in read_records(lines, name)
    )


def read_ground_truth(lines: Iterable[str], name: str) -> tuple[GroundTruth, ...]:
    """The annotations of a JSONL file; saliency scores may be missing from all of it."""
    return tuple(_ground_truth(record) for record in read_records(lines, name))


_Value = TypeVar("_Value")


def _optional(record: Record, field: str, read: Callable[[Record, str], _Value]) -> _Value | None:
    return read(record, field) if field in record.values else None


def _predicted_windows(record: Record, field: str) -> tuple[tuple[float, float, float], ...]:
    # An inverted window is a model's mistake to be scored, not a broken file.
    rows = _number_rows(record, field, 3, "one or more [start_s, end_s, score]")
    return tuple((start_s, end_s, confidence) for start_s, end_s, confidence in rows)


def _saliency_scores(record: Record, field: str) -> tuple[float, ...]:
    values = record.value(field)
    if isinstance(values, list) and values and all(is_number(value) for value in values):
        return tuple(values)
    raise record.wrong(field, "one number for each clip of two seconds")


def _ground_truth(record: Record) -> GroundTruth:
    duration_s = record.value("duration")
    if not (is_number(duration_s) and duration_s >= CLIP_S):
        raise record.wrong("duration", f"seconds, at least {CLIP_S}")
    field, allowed = "relevant_windows", "one or more [start_s, end_s], the end after the start"
    rows = _number_rows(record, field, 2, allowed)
    if not all(start_s < end_s for start_s, end_s in rows):
        raise record.wrong(field, allowed)
    return GroundTruth(
        qid=record.qid(),
        duration_s=duration_s,
        windows=tuple((start_s, end_s) for start_s, end_s in rows),
        saliency=_clip_saliency(record, int(duration_s / CLIP_S)),
    )


def _clip_saliency(record: Record, clips: int) -> Mapping[int, tuple[float, ...]] | None:
    if "saliency_scores" not in record.values:
        return None
    ids = record.value("relevant_clip_ids")
    if not (isinstance(ids, list) and ids and all(type(clip) is int and 0 <= clip < clips for clip in ids)):
        raise record.wrong("relevant_clip_ids", f"clip ordinals from 0 to {clips - 1}")
    field, allowed = "saliency_scores", f"{len(ids)} rows of {ANNOTATORS} numbers, one for each relevant clip"
    rows = _number_rows(record, field, ANNOTATORS, allowed)
    if len(rows) != len(ids):
        raise record.wrong(field, allowed)
    return dict(zip(ids, rows, strict=True))


def _number_rows(record: Record, field: str, width: int, allowed: str) -> list[tuple[float, ...]]:
    rows = record.value(field)
    if not (isinstance(rows, list) and rows):
        raise record.wrong(field, allowed)
    for row in rows:
        if not (isinstance(row, list) and len(row) == width and all(is_number(value) for value in row)):
            raise record.wrong(field, allowed)
    return [tuple(row) for row in rows]
