"""Answers as plain JSON values: the contract that scripts and the REST API share."""

from typing import TYPE_CHECKING, Any

from app.contract.explanations import corrected_from_json, corrected_json, explanation_from_json, explanation_json
from retrieval.domain import (
    Answer,
    Evidence,
    EvidenceKind,
    Lane,
    Moment,
    QueryTranscript,
    Searched,
    Span,
    SpeechOrigin,
)
from retrieval.path_text import readable

if TYPE_CHECKING:
    from retrieval.storage.records import Judgement, VideoRecord


def moment_json(moment: Moment) -> dict[str, Any]:
    """One moment; times in seconds to the millisecond, scores to four digits."""
    value: dict[str, Any] = {
        "rank": moment.rank,
        "video_id": moment.video_id,
        "path": readable(moment.path),
        "title": moment.title,
        "start_s": round(moment.span.start_s, 3),
        "end_s": round(moment.span.end_s, 3),
        "peak_s": round(moment.peak_s, 3),
        "score": round(moment.score, 4),
        "confidence": round(moment.confidence, 4),
        "lanes": {lane.value: round(score, 4) for lane, score in moment.lanes.items()},
        "evidence": [evidence_json(item) for item in moment.evidence],
        "picture_s": None if moment.picture_s is None else round(moment.picture_s, 3),
    }
    if moment.times_break:
        value["times_break"] = True
    if moment.further is not None:
        value["further"] = moment.further
    if moment.explanation is not None:
        value["explanation"] = explanation_json(moment.explanation)
    return value


def evidence_json(item: Evidence) -> dict[str, Any]:
    """One lane's proof, without the fields that its kind has no use for."""
    value: dict[str, Any] = {
        "lane": item.lane.value,
        "kind": item.kind.value,
        "start_s": round(item.span.start_s, 3),
        "end_s": round(item.span.end_s, 3),
        "score": round(item.score, 4),
    }
    if item.text is not None:
        value["text"] = item.text
    if item.matched_words:
        value["matched_words"] = list(item.matched_words)
    if item.frame_s is not None:
        value["frame_s"] = round(item.frame_s, 3)
    if item.origin is not None:
        value["origin"] = item.origin.value
    return value


def answer_json(answer: Answer) -> dict[str, Any]:
    """The whole answer."""
    value: dict[str, Any] = {
        "moments": [moment_json(moment) for moment in answer.moments],
        "abstained": answer.abstained,
        "searched": {"videos": answer.searched.videos, "seconds": round(answer.searched.seconds, 3)},
    }
    if answer.next_cursor is not None:
        value["next_cursor"] = answer.next_cursor
    if answer.reason is not None:
        value["reason"] = answer.reason
    if answer.corrected:
        value["corrected"] = corrected_json(answer.corrected)
    if answer.warnings:
        value["warnings"] = [readable(warning) for warning in answer.warnings]
    if answer.transcript is not None:
        value["transcript"] = {
            "text": answer.transcript.text,
            "confidence": round(answer.transcript.confidence, 4),
        }
    return value


def video_json(record: "VideoRecord") -> dict[str, Any]:
    """One video of the library."""
    return {
        "video_id": record.id,
        "path": readable(record.path),
        "paths": [readable(path) for path in record.paths],
        "title": record.title,
        "status": record.status.value,
        "duration_s": record.duration_s,
        "width": record.width,
        "height": record.height,
        "size_bytes": record.size_bytes,
        "profile": record.profile.value if record.profile else None,
        "windows": record.windows,
        "tags": list(record.tags),
        "warnings": list(record.warnings),
        "index_seconds": record.index_s,
        "indexed_at": record.indexed_at.isoformat() if record.indexed_at else None,
        "created_at": record.created_at.isoformat(),
        "recorded_at": record.recorded_at.isoformat() if record.recorded_at else None,
        "has_picture": record.has_picture,
        "has_sound": record.has_sound,
        "sound_track": record.sound_track,
        "times_break": record.clock is not None,
    }


def judgement_json(judgement: "Judgement") -> dict[str, Any]:
    """One verdict on a moment."""
    return {
        "judgement_id": judgement.id,
        "query": judgement.query,
        "video_id": judgement.video_id,
        "start_s": judgement.span.start_s,
        "end_s": judgement.span.end_s,
        "lane": judgement.lane.value if judgement.lane else None,
        "is_right": judgement.is_right,
        "created_at": judgement.created_at.isoformat(),
    }


def answer_from_json(value: dict[str, Any]) -> Answer:
    """The answer that ``answer_json`` wrote, as far as it was written."""
    return Answer(
        tuple(_moment_from_json(item) for item in value["moments"]),
        value["abstained"],
        value.get("reason"),
        Searched(value["searched"]["videos"], value["searched"]["seconds"]),
        QueryTranscript(**value["transcript"]) if "transcript" in value else None,
        value.get("next_cursor"),
        corrected_from_json(value.get("corrected", ())),
        tuple(value.get("warnings", ())),
    )


def _moment_from_json(value: dict[str, Any]) -> Moment:
    return Moment(
        value["rank"],
        value["video_id"],
        value["path"],
        value["title"],
        Span(value["start_s"], value["end_s"]),
        value["peak_s"],
        value["score"],
        value["confidence"],
        {Lane(lane): score for lane, score in value["lanes"].items()},
        tuple(_evidence_from_json(item) for item in value["evidence"]),
        value.get("further"),
        explanation_from_json(value["explanation"]) if "explanation" in value else None,
        value["picture_s"],
        value.get("times_break", False),
    )


def _evidence_from_json(value: dict[str, Any]) -> Evidence:
    return Evidence(
        Lane(value["lane"]),
        EvidenceKind(value["kind"]),
        Span(value["start_s"], value["end_s"]),
        value["score"],
        value.get("text"),
        tuple(value.get("matched_words", ())),
        value.get("frame_s"),
        SpeechOrigin(value["origin"]) if "origin" in value else None,
    )
