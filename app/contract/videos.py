"""Videos of the library as JSON."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field

from app.contract.failures import VideoFailureAnswer
from app.contract.values import Text, TimeS
from retrieval.domain import Profile
from retrieval.storage.records import VideoRecord, VideoStatus


class PlainVideo(BaseModel):
    """One video of the library, without addresses, which only a server has."""

    video_id: Annotated[str, Field(examples=["8c1f0e3b5a7d9246"])]
    path: Annotated[Text, Field(description="Where its file lies on the server's machine.")]
    paths: Annotated[list[Text], Field(description="Everywhere that the same content lies.")]
    title: Text
    status: Annotated[VideoStatus, Field(description="Only indexed ones are searched.")]
    failure: Annotated[
        VideoFailureAnswer | None,
        Field(
            description="Why it is not indexed; of an indexed one, why indexing it again failed. Null if all is well."
        ),
    ]
    duration_s: TimeS | None
    width: Annotated[int | None, Field(description="Width of its upright picture in pixels.")]
    height: int | None
    size_bytes: int
    profile: Annotated[Profile | None, Field(description="The set of models that indexed it.")]
    windows: Annotated[int, Field(description="Stretches of it that the index knows.")]
    tags: list[Text]
    warnings: Annotated[list[Text], Field(description="What of it could not be indexed, or not as it is.")]
    index_seconds: Annotated[TimeS | None, Field(description="How long indexing took.")]
    indexed_at: datetime | None
    created_at: Annotated[datetime, Field(description="When it was added.")]
    recorded_at: Annotated[datetime | None, Field(description="What the file says, or what somebody wrote instead.")]
    has_picture: bool
    has_sound: Annotated[bool | None, Field(description="Null if it was indexed by a version that did not note it.")]
    sound_track: Annotated[
        int | None,
        Field(description="The stream that was listened to, counted from 0; null for the one that players start with."),
    ]
    times_break: Annotated[
        bool,
        Field(
            description="Whether the file's own timestamps start over or leap. Players of the file then show other "
            "times than those of moments; `clip.mp4` does not."
        ),
    ]

    @classmethod
    def of(cls, record: VideoRecord, **addresses: Any) -> Self:
        """The video, as it is told, with the ``addresses`` that its class has fields for."""
        return cls(
            video_id=record.id,
            path=record.path,
            paths=list(record.paths),
            title=record.title,
            status=record.status,
            failure=VideoFailureAnswer.of_video(record),
            duration_s=record.duration_s,
            width=record.width,
            height=record.height,
            size_bytes=record.size_bytes,
            profile=record.profile,
            windows=record.windows,
            tags=list(record.tags),
            warnings=list(record.warnings),
            index_seconds=record.index_s,
            indexed_at=record.indexed_at,
            created_at=record.created_at,
            recorded_at=record.recorded_at,
            has_picture=record.has_picture,
            has_sound=record.has_sound,
            sound_track=record.sound_track,
            times_break=record.clock is not None,
            **addresses,
        )
