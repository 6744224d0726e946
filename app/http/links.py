"""Answers of the REST API: those of the command line, with the addresses of what can be seen and played."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from app.contract.answers import answer_json, moment_json, video_json
from retrieval.domain import Answer, Moment
from retrieval.storage.records import VideoRecord, VideoStatus


@dataclass(frozen=True, slots=True)
class Links:
    """Makes addresses on a site; ``base_path`` is where it has Moments, "" for its root."""

    base_path: str

    def answer(self, answer: Answer) -> dict[str, Any]:
        """The whole answer, each moment with its addresses."""
        return {**answer_json(answer), "moments": [self.moment(moment) for moment in answer.moments]}

    def moment(self, moment: Moment) -> dict[str, Any]:
        """One moment with its picture and the page that plays it."""
        value = moment_json(moment)
        span = {"start_s": value["start_s"], "end_s": value["end_s"]}
        picture_s = value["picture_s"]
        return {
            **value,
            "thumbnail_url": None if picture_s is None else self._thumbnail(moment.video_id, picture_s),
            "play_url": f"{self.base_path}/watch/{moment.video_id}?{urlencode(span)}",
        }

    def video(self, record: VideoRecord) -> dict[str, Any]:
        """One video with its picture and its file."""
        return {
            **video_json(record),
            "thumbnail_url": self._thumbnail(record.id)
            if record.has_picture and record.status is not VideoStatus.FAILED
            else None,
            "stream_url": f"{self.base_path}/v1/videos/{record.id}/stream",
        }

    def upload(self, upload_id: str) -> str:
        """Where an upload is asked after and written to."""
        return f"{self.base_path}/v1/uploads/{upload_id}"

    def _thumbnail(self, video_id: str, time_s: float | None = None) -> str:
        """The picture nearest to that second, or one that stands for the whole video."""
        when = "" if time_s is None else f"?{urlencode({'t_s': time_s})}"
        return f"{self.base_path}/v1/videos/{video_id}/thumbnail{when}"
