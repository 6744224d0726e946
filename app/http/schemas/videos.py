"""Bodies about videos."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from app.http.schemas.body import Body
from retrieval.domain import Profile
from retrieval.errors import InputError
from retrieval.path_text import composed, is_unicode
from retrieval.storage.records import VideoEdit, VideoStatus
from retrieval.video_filter import in_utc, parse_time

MAX_TITLE_CHARS = 300
MAX_TAG_CHARS = 100
MAX_TAGS = 50


def _one_line(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not is_unicode(value):
        raise ValueError("half a surrogate pair is no character; give valid Unicode")
    return composed(" ".join(value.replace("\0", "").split()))


def _time(value: object) -> object:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("give a date or time as text, as 2026-05-31T14:30:00Z")
    try:
        return in_utc(parse_time(value))
    except InputError as error:
        raise ValueError(error.message) from error


Title = Annotated[str, BeforeValidator(_one_line), StringConstraints(min_length=1, max_length=MAX_TITLE_CHARS)]
Tag = Annotated[str, BeforeValidator(_one_line), StringConstraints(min_length=1, max_length=MAX_TAG_CHARS)]
Tags = Annotated[list[Tag], Field(max_length=MAX_TAGS)]
Time = Annotated[datetime, BeforeValidator(_time)]


class AddVideoBody(Body):
    """A video to put into the library, `path` or `url`; or one of it that is to be indexed again, `video`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"path": "/videos/talk.mp4"},
                {"url": "https://example.org/talk.mp4", "tags": ["work"]},
                {"video": "8c1f0e3b5a7d9246", "again": True},
            ]
        },
    )

    path: Annotated[str | None, Field(min_length=1, description="A file of the server's machine.")] = None
    url: Annotated[str | None, Field(min_length=1, max_length=4096, description="Where to fetch the file from.")] = None
    video: Annotated[
        str | None,
        Field(min_length=1, max_length=4096, description="A video of the library, as in `GET /v1/videos/{video_id}`."),
    ] = None
    again: Annotated[
        bool,
        Field(
            description="Index anew what is in the library already; it keeps its id, title, tags and judgements, and "
            "is found as before until it is done. Must be true with `video`."
        ),
    ] = False
    title: Annotated[Title | None, Field(description="What to call it; the file's name if left out.")] = None
    tags: Annotated[Tags, Field(description="Tags, beside those it has if it is in the library already.")] = []


class EditVideoBody(Body):
    """What is to be changed about a video; fields left out stay as they are."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"title": "Kick-off", "tags": ["work", "2026"], "recorded_at": "2026-05-31T14:30:00Z"}]
        },
    )

    title: Annotated[Title | None, Field(description="What to call it; null for the file's name again.")] = None
    tags: Annotated[Tags, Field(description="Its tags from now on, in the place of those it has.")] = []
    recorded_at: Annotated[
        Time | None, Field(description="When it was recorded, as ISO 8601 has it; null for what the file says.")
    ] = None

    def to_edit(self) -> VideoEdit:
        """The edit that this body means."""
        fields: Any = frozenset(self.model_fields_set)
        return VideoEdit(fields, self.title, self.recorded_at, tuple(self.tags))


class VideoAnswer(BaseModel):
    """One video of the library."""

    video_id: Annotated[str, Field(examples=["8c1f0e3b5a7d9246"])]
    path: Annotated[str, Field(description="Where its file lies on the server's machine.")]
    paths: Annotated[list[str], Field(description="Everywhere that the same content lies.")]
    title: str
    status: VideoStatus
    duration_s: float | None
    width: Annotated[int | None, Field(description="Width of its upright picture in pixels.")]
    height: int | None
    size_bytes: int
    profile: Annotated[Profile | None, Field(description="The set of models that indexed it.")]
    windows: Annotated[int, Field(description="Stretches of it that the index knows.")]
    tags: list[str]
    warnings: Annotated[list[str], Field(description="What of it could not be indexed, or not as it is.")]
    index_seconds: Annotated[float | None, Field(description="How long indexing took.")]
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
    thumbnail_url: Annotated[str | None, Field(description="A picture of it; null if it has none.")]
    stream_url: Annotated[str, Field(description="Its file, for a player.")]


class VideosAnswer(BaseModel):
    """Some videos, newest first."""

    videos: list[VideoAnswer]
    next_cursor: Annotated[str | None, Field(description="What `cursor` takes for the next page; null at the end.")]


class AddedAnswer(BaseModel):
    """The job that puts a file into the library."""

    job_id: str
