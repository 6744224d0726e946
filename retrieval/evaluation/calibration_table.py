"""The calibration table: what answers said of themselves and how often that was so, in all, per lane, per query's lane.

Answers of several libraries count as one set once they are read from their files.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from retrieval.domain import Lane
from retrieval.errors import InputError
from retrieval.evaluation.judged import ANY_LANE
from retrieval.evaluation.metrics import (
    CASE_LANES,
    RIGHT_IOU,
    CaseResult,
    LibrarySpan,
    Record,
    best_iou,
    is_number,
    read_records,
)
from retrieval.evaluation.reliability import Forecast, Reliability, reliability


@dataclass(frozen=True, slots=True)
class Claim:
    """The confidence of one answer, 0 to 1, and its IoU with the truth that it meets best, 0 if it meets none."""

    confidence: float
    iou: float

    def forecast(self, right_iou: float) -> Forecast:
        """It is right from that IoU on."""
        return Forecast(self.confidence, self.iou >= right_iou)


@dataclass(frozen=True, slots=True)
class ClaimedAnswer:
    """What was answered to one query: its moments, best first, and what each lane alone puts first.

    ``lane`` is the query's: one of ``CASE_LANES``, or ``ANY_LANE``.
    """

    qid: int | str
    lane: str
    moments: tuple[Claim, ...]
    alone: Mapping[Lane, Claim] = field(default_factory=dict)

    @classmethod
    def of(cls, result: CaseResult) -> "ClaimedAnswer":
        """What was answered, held against the truth."""

        def told(span: LibrarySpan, confidence: float) -> Claim:
            return Claim(confidence, best_iou(span, result.case.relevant))

        return cls(
            result.case.qid,
            result.case.lane,
            tuple(map(told, result.ranked, result.confidences)),
            {lane: told(best.span, best.confidence) for lane, best in result.alone.items()},
        )

    def as_dict(self) -> dict[str, object]:
        """What ``read_answers`` reads."""
        return {
            "qid": self.qid,
            "lane": self.lane,
            "moments": [_as_dict(told) for told in self.moments],
            "alone": {lane.value: _as_dict(told) for lane, told in self.alone.items()},
        }


@dataclass(frozen=True, slots=True)
class CalibrationTable:
    """How true confidences are: of first answers, of those per lane of the query, of all moments, of each lane alone.

    What has no answer is missing.
    """

    first: Reliability | None
    by_query: Mapping[str, Reliability]
    moments: Reliability | None
    alone: Mapping[Lane, Reliability]

    def as_dict(self) -> dict[str, object]:
        """The table, ready for JSON; shares in percent, errors from 0 to 1."""
        return {
            "first": self.first.as_dict() if self.first else None,
            "by_query": {lane: row.as_dict() for lane, row in self.by_query.items()},
            "moments": self.moments.as_dict() if self.moments else None,
            "alone": {lane.value: row.as_dict() for lane, row in self.alone.items()},
        }


def calibration_table(answers: Sequence[ClaimedAnswer], right_iou: float = RIGHT_IOU) -> CalibrationTable:
    """The table of these answers, of which those are right that have the IoU.

    The first answer to a query whose truth is empty is wrong whatever it is. Raises InputError for an IoU that is not
    above 0 and up to 1.
    """
    if not 0.0 < right_iou <= 1.0:
        raise InputError(f"an IoU of {right_iou:g} makes no answer right or wrong; it must be above 0 and up to 1")
    firsts = [(answer.lane, answer.moments[0]) for answer in answers if answer.moments]
    return CalibrationTable(
        first=_of((told for _, told in firsts), right_iou),
        by_query={
            lane: row
            for lane in (*CASE_LANES, ANY_LANE)
            if (row := _of((told for asked, told in firsts if asked == lane), right_iou))
        },
        moments=_of((told for answer in answers for told in answer.moments), right_iou),
        alone={
            lane: row
            for lane in Lane
            if (row := _of((answer.alone[lane] for answer in answers if lane in answer.alone), right_iou))
        },
    )


def read_answers(lines: Iterable[str], name: str) -> tuple[ClaimedAnswer, ...]:
    """The answers of a file that `moments eval run --answers` wrote; ``name`` is the file's. Raises InputError."""
    return tuple(_answer(record) for record in read_records(lines, name))


def _of(told: Iterable[Claim], right_iou: float) -> Reliability | None:
    return reliability(one.forecast(right_iou) for one in told)


def _as_dict(told: Claim) -> dict[str, float]:
    return {"confidence": told.confidence, "iou": told.iou}


_ALLOWED = '{"confidence": 0 to 1, "iou": 0 to 1}'


def _answer(record: Record) -> ClaimedAnswer:
    lane, moments, alone = (record.value(name) for name in ("lane", "moments", "alone"))
    if not isinstance(lane, str) or lane not in (*CASE_LANES, ANY_LANE):
        raise record.wrong("lane", f"one of {', '.join((*CASE_LANES, ANY_LANE))}")
    if not isinstance(moments, list):
        raise record.wrong("moments", f"a list of {_ALLOWED}")
    if not isinstance(alone, dict) or not alone.keys() <= set(Lane):
        raise record.wrong("alone", f"an object with {_ALLOWED} for each of {', '.join(Lane)}, or some of them")
    return ClaimedAnswer(
        record.qid(),
        lane,
        tuple(_told(record, "moments", value) for value in moments),
        {Lane(name): _told(record, "alone", value) for name, value in alone.items()},
    )


def _told(record: Record, where: str, value: object) -> Claim:
    if isinstance(value, dict):
        confidence, iou = value.get("confidence"), value.get("iou")
        if is_number(confidence) and is_number(iou) and 0 <= confidence <= 1 and 0 <= iou <= 1:
            return Claim(confidence, iou)
    raise record.wrong(where, f"made of {_ALLOWED}")
