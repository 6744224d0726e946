"""Answers of the REST API: those of the command line, with the addresses of what can be seen and played."""

from dataclasses import dataclass
from urllib.parse import urlencode

from app.contract.linked import MomentAnswer, VideoAnswer
from app.contract.values import to_ms
from retrieval.domain import Moment
from retrieval.storage.records import VideoRecord, VideoStatus


@dataclass(frozen=True, slots=True)
class Links:
    """Makes addresses on a site; ``base_path`` is where it has Moments, "" for its root."""

    base_path: str

    def moment(self, moment: Moment) -> MomentAnswer:
        """One moment with its picture and the page that plays it."""
        span = {"start_s": to_ms(moment.span.start_s), "end_s": to_ms(moment.span.end_s)}
        picture_s = moment.picture_s
        return MomentAnswer.of(
            moment,
            thumbnail_url=None if picture_s is None else self._thumbnail(moment.video_id, to_ms(picture_s)),
            play_url=f"{self.base_path}/watch/{moment.video_id}?{urlencode(span)}",
        )

    def video(self, record: VideoRecord) -> VideoAnswer:
        """One video with its picture and its file."""
        is_shown = record.has_picture and record.status is not VideoStatus.FAILED
        return VideoAnswer.of(
            record,
            thumbnail_url=self._thumbnail(record.id) if is_shown else None,
            stream_url=f"{self.base_path}/v1/videos/{record.id}/stream",
        )

    def upload(self, upload_id: str) -> str:
        """Where an upload is asked after and written to."""
        return f"{self.base_path}/v1/uploads/{upload_id}"

    def _thumbnail(self, video_id: str, time_s: float | None = None) -> str:
        """The picture nearest to that second, or one that stands for the whole video."""
        when = "" if time_s is None else f"?{urlencode({'t_s': time_s})}"
        return f"{self.base_path}/v1/videos/{video_id}/thumbnail{when}"
