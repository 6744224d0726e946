"""Bodies about videos."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints

from app.http.schemas.body import Body
from retrieval.domain import Lane
from retrieval.errors import InputError
from retrieval.path_text import composed, is_unicode
from retrieval.storage.records import VideoEdit
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


class ReindexBody(Body):
    """Which outdated videos are to be brought up to date, and in which lanes; all that want it if left out."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{}, {"lanes": ["visual"]}, {"videos": ["8c1f0e3b5a7d9246"]}]},
    )

    videos: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=4096)]] | None,
        Field(min_length=1, max_length=10_000, description="Only these, as in `GET /v1/videos/{video_id}`."),
    ] = None
    lanes: Annotated[list[Lane] | None, Field(min_length=1, description="Only these lanes.")] = None


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
