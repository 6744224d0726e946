"""Answers of the REST API: those of the command line, with the addresses of what can be seen and played."""

from typing import Any
from urllib.parse import urlencode

from app.answers import answer_json, moment_json, video_json
from retrieval.domain import Answer, Moment
from retrieval.storage.records import VideoRecord


def linked_answer(answer: Answer) -> dict[str, Any]:
    """The whole answer, each moment with its addresses."""
    return {**answer_json(answer), "moments": [linked_moment(moment) for moment in answer.moments]}


def linked_moment(moment: Moment) -> dict[str, Any]:
    """One moment with its picture and the page that plays it."""
    value = moment_json(moment)
    span = {"start_s": value["start_s"], "end_s": value["end_s"]}
    picture_s = value["picture_s"]
    return {
        **value,
        "thumbnail_url": None if picture_s is None else thumbnail_url(moment.video_id, picture_s),
        "play_url": f"/watch/{moment.video_id}?{urlencode(span)}",
    }


def linked_video(record: VideoRecord) -> dict[str, Any]:
    """One video with its picture and its file."""
    return {
        **video_json(record),
        "thumbnail_url": thumbnail_url(record.id) if record.has_picture else None,
        "stream_url": f"/v1/videos/{record.id}/stream",
    }


def thumbnail_url(video_id: str, time_s: float | None = None) -> str:
    """Address of the picture nearest to that second, or of one that stands for the whole video."""
    when = "" if time_s is None else f"?{urlencode({'t_s': time_s})}"
    return f"/v1/videos/{video_id}/thumbnail{when}"
