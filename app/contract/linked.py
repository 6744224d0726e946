"""Answers with the addresses of what can be seen and played, which only a server has.

A module of its own: models take their time to be built, and a command needs none of these.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.contract.answers import AnswerFields
from app.contract.moments import PlainMoment
from app.contract.values import Text
from app.contract.videos import PlainVideo
from retrieval.domain import Answer, Lane


class MomentAnswer(PlainMoment):
    """A stretch of one video that answers the query."""

    thumbnail_url: Annotated[str | None, Field(description="Picture of that frame; null in a video without pictures.")]
    play_url: Annotated[str, Field(description="Page that plays the moment.")]


class SearchAnswer(AnswerFields):
    """Moments that answer a query, best first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "moments": [
                        {
                            "rank": 1,
                            "video_id": "8c1f0e3b5a7d9246",
                            "path": "/videos/talk.mp4",
                            "title": "talk",
                            "start_s": 12.5,
                            "end_s": 17.0,
                            "peak_s": 14.25,
                            "score": 0.4917,
                            "confidence": 0.6205,
                            "confidence_in_words": "likely",
                            "lanes": {"visual": 0.6205},
                            "evidence": [
                                {
                                    "lane": "visual",
                                    "kind": "frame",
                                    "start_s": 12.5,
                                    "end_s": 17.0,
                                    "score": 0.6205,
                                    "text": "whiteboard, desk",
                                    "frame_s": 14.25,
                                }
                            ],
                            "picture_s": 14.25,
                            "thumbnail_url": "/v1/videos/8c1f0e3b5a7d9246/thumbnail?t_s=14.25",
                            "play_url": "/watch/8c1f0e3b5a7d9246?start_s=12.5&end_s=17.0",
                        }
                    ],
                    "abstained": False,
                    "searched": {"videos": 14, "seconds": 8123.4},
                    "took_ms": 31.4,
                }
            ]
        }
    )

    moments: Annotated[list[MomentAnswer], Field(description="Best first; empty if nothing comes near.")]
    took_ms: Annotated[float, Field(ge=0, description="Milliseconds that the search took.")]

    @classmethod
    def of(cls, answer: Answer, moments: list[MomentAnswer], took_ms: float) -> "SearchAnswer":
        """The answer, as it is told, with its moments as they were made addresses for."""
        return cls.telling(answer, moments=moments, took_ms=took_ms)


class ExampleAnswer(BaseModel):
    """A search to begin with."""

    lane: Annotated[Lane, Field(description="The lane out of which its words come, and which finds them.")]
    text: Annotated[Text, Field(description="What to search for.", examples=["the Q3 projections"])]
    moment: Annotated[MomentAnswer, Field(description="The best that a search for it finds.")]


class VideoAnswer(PlainVideo):
    """One video of the library."""

    thumbnail_url: Annotated[str | None, Field(description="A picture of it; null if it has none.")]
    stream_url: Annotated[str, Field(description="Its file, for a player.")]


class VideosAnswer(BaseModel):
    """Some videos, newest first."""

    videos: list[VideoAnswer]
    next_cursor: Annotated[str | None, Field(description="What `cursor` takes for the next page; null at the end.")]
