"""Bodies of exports."""

from typing import Annotated

from pydantic import ConfigDict, Field

from app.exports.chosen import MAX_MOMENTS, ChosenStretch
from app.exports.exporter import ExportRequest
from app.exports.formats import ExportFormat
from app.exports.timecode import rate_named
from app.http.schemas.body import Body
from retrieval.domain import Span
from retrieval.video_filter import MAX_REFERENCE_CHARS


class ChoiceBody(Body):
    """A stretch of a video."""

    video_id: Annotated[
        str, Field(min_length=1, max_length=MAX_REFERENCE_CHARS, description="Id, path or file name of the video.")
    ]
    start_s: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    end_s: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    title: Annotated[
        str | None, Field(max_length=300, description="What to call it; the video's title if left out.")
    ] = None


class ExportBody(Body):
    """Moments, in the order in which they are to follow one another, and what to make of them."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "format": "edl",
                    "moments": [
                        {"video_id": "8c1f0e3b5a7d9246", "start_s": 12.5, "end_s": 17.0},
                        {"video_id": "8c1f0e3b5a7d9246", "start_s": 61.2, "end_s": 64.0, "title": "The whiteboard"},
                    ],
                    "name": "Whiteboards",
                }
            ]
        },
    )

    format: Annotated[ExportFormat, Field(description="`mp4` is one moment, `reel` several joined.")]
    moments: Annotated[list[ChoiceBody], Field(min_length=1, max_length=MAX_MOMENTS)]
    name: Annotated[
        str | None, Field(max_length=200, description="Name of the file; the first moment's title if left out.")
    ] = None
    frame_rate: Annotated[
        str | None,
        Field(
            max_length=20,
            description="Rate of a reel or an editing list, as `29.97`; that of the first moment if left out.",
            examples=["25"],
        ),
    ] = None

    def to_request(self) -> ExportRequest:
        """The export that this body means. Raises InputError."""
        return ExportRequest(
            self.format,
            [ChosenStretch(item.video_id, Span(item.start_s, item.end_s), item.title) for item in self.moments],
            self.name,
            None if self.frame_rate is None else rate_named(self.frame_rate),
        )
