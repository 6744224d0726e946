"""Moments as the REST API answers with them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from retrieval.domain import Boundary, EvidenceKind, Lane, SpeechOrigin, WeightSource

Seconds = Annotated[float, Field(description="Seconds on the video's own clock.")]
Probability = Annotated[float, Field(ge=0, le=1)]


class EvidenceAnswer(BaseModel):
    """Why one lane found the moment. Fields that its kind has no use for are left out."""

    lane: Lane
    kind: EvidenceKind
    start_s: Seconds
    end_s: Seconds
    score: Probability
    text: Annotated[str | None, Field(description="What was said, read or heard, or what the frame shows.")] = None
    matched_words: Annotated[list[str], Field(description="Words of the text that the query has too.")] = []
    frame_s: Annotated[float | None, Field(description="When the frame is seen.")] = None
    origin: Annotated[SpeechOrigin | None, Field(description="Where the words of a transcript come from.")] = None


class LaneExplanationAnswer(BaseModel):
    """What one lane said of the moment."""

    weight: Annotated[float, Field(description="How much the lane counts.")]
    weight_from: Annotated[WeightSource, Field(description="Why it counts that much.")]
    words: Annotated[str | None, Field(description="The words of the query that ask for the lane.")] = None
    probability: Annotated[Probability | None, Field(description="Null if the lane did not find the moment.")]
    rank: Annotated[int | None, Field(description="The moment's place among all that the lane found.")]


class BoundariesAnswer(BaseModel):
    """What a moment's start and end lie on."""

    lane: Annotated[Lane, Field(description="The lane whose start and end the moment has.")]
    start: Boundary
    end: Boundary


class CorrectionAnswer(BaseModel):
    """A word of the query that was taken for another one."""

    model_config = ConfigDict(populate_by_name=True)

    from_: Annotated[str, Field(alias="from", description="As it was written.")]
    to: Annotated[str, Field(description="What was searched for.")]


class StepExplanationAnswer(BaseModel):
    """How one step of the query was found."""

    text: str
    fused: Probability
    lanes: dict[Lane, LaneExplanationAnswer]
    boundaries: BoundariesAnswer
    corrected: Annotated[
        list[CorrectionAnswer] | None, Field(description="Words of the step that were taken for others.")
    ] = None


class ExplanationAnswer(BaseModel):
    """Why a moment has its rank."""

    fused: Annotated[Probability, Field(description="The score before what is unwanted there took its share.")]
    unwanted: Annotated[Probability, Field(description="How likely what must not be there is there.")]
    steps: list[StepExplanationAnswer]


class MomentAnswer(BaseModel):
    """A stretch of one video that answers the query."""

    rank: Annotated[int, Field(ge=1, description="1 for the best; counts on over pages.")]
    video_id: str
    path: Annotated[str, Field(description="Where the video's file lies on the server's machine.")]
    title: str
    start_s: Annotated[float, Field(description="A player that seeks here shows the moment.")]
    end_s: Seconds
    peak_s: Annotated[float, Field(description="Where it is clearest.")]
    score: Probability
    confidence: Annotated[Probability, Field(description="Probability that the moment is what was meant.")]
    lanes: Annotated[dict[Lane, Probability], Field(description="The probability that each lane gave.")]
    evidence: list[EvidenceAnswer]
    picture_s: Annotated[float | None, Field(description="When the frame is seen that shows the moment best.")]
    thumbnail_url: Annotated[str | None, Field(description="Picture of that frame; null in a video without pictures.")]
    play_url: Annotated[str, Field(description="Page that plays the moment.")]
    times_break: Annotated[
        bool, Field(description="There, and true, where players of the file show other times, as in its video.")
    ] = False
    further: Annotated[
        int | None, Field(description="With `group_by` `video`: how many other shots of it have a good moment.")
    ] = None
    explanation: Annotated[ExplanationAnswer | None, Field(description="With `explain`: why it has its rank.")] = None
