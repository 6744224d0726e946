"""Moments as JSON."""

from datetime import datetime
from operator import not_
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field

from app.contract.explanations import ExplanationAnswer
from app.contract.speakers import SpeakerAnswer
from app.contract.values import Probability, Score, Seconds, Text, TimeS, is_none
from retrieval.answer.confidence import LEAST, ConfidenceWords, words_of
from retrieval.domain import Evidence, EvidenceKind, Lane, Moment, MomentStep, Span, SpeechOrigin


class EvidenceAnswer(BaseModel):
    """Why one lane found the moment. Fields that its kind has no use for are left out."""

    lane: Lane
    kind: EvidenceKind
    start_s: Seconds
    end_s: Seconds
    score: Annotated[Probability, Field(description="The probability that the lane gave.")]
    text: Annotated[
        Text | None,
        Field(
            description="What was said or read. Of a frame or a sound the names of what is seen or heard there that "
            "bear on the query; left out where none does.",
            exclude_if=is_none,
        ),
    ] = None
    matched_words: Annotated[
        list[Text], Field(description="Words of the text that the query has too.", exclude_if=not_)
    ] = []
    frame_s: Annotated[TimeS | None, Field(description="When the frame is seen.", exclude_if=is_none)] = None
    origin: Annotated[
        SpeechOrigin | None, Field(description="Where the words of a transcript come from.", exclude_if=is_none)
    ] = None
    language: Annotated[
        str | None, Field(description="The language of a transcript, if it is known.", exclude_if=is_none)
    ] = None
    speaker: Annotated[
        SpeakerAnswer | None, Field(description="Whose voice says it, where that is known.", exclude_if=is_none)
    ] = None
    translation: Annotated[
        Text | None, Field(description="Rough English by the recogniser, of other languages.", exclude_if=is_none)
    ] = None
    caveat: Annotated[
        Text | None,
        Field(description="Why it proves less than it seems to; the score is lower for that.", exclude_if=is_none),
    ] = None
    step: Annotated[
        int | None, Field(ge=1, description="Of a sequence: the number of the step it proves.", exclude_if=is_none)
    ] = None

    @classmethod
    def of(cls, evidence: Evidence) -> "EvidenceAnswer":
        """The evidence, as it is told."""
        return cls(
            lane=evidence.lane,
            kind=evidence.kind,
            start_s=evidence.span.start_s,
            end_s=evidence.span.end_s,
            score=evidence.score,
            text=evidence.text,
            matched_words=list(evidence.matched_words),
            frame_s=evidence.frame_s,
            origin=evidence.origin,
            language=evidence.language,
            speaker=None if evidence.speaker is None else SpeakerAnswer.of(evidence.speaker),
            translation=evidence.translation,
            caveat=evidence.caveat,
            step=evidence.step,
        )

    def to_evidence(self) -> Evidence:
        """What was told, as far as it was."""
        return Evidence(
            self.lane,
            self.kind,
            Span(self.start_s, self.end_s),
            self.score,
            self.text,
            tuple(self.matched_words),
            self.frame_s,
            self.origin,
            self.language,
            None if self.speaker is None else self.speaker.to_speaker(),
            self.translation,
            self.caveat,
            self.step,
        )


class StepAnswer(BaseModel):
    """One step of a sequence, where the moment has it."""

    text: Annotated[Text, Field(description="What was looked for.")]
    start_s: TimeS
    end_s: Seconds
    picture_s: Annotated[TimeS | None, Field(description="When the frame is seen that shows it best.")]

    @classmethod
    def of(cls, step: MomentStep) -> "StepAnswer":
        """The step, as it is told."""
        return cls(text=step.text, start_s=step.span.start_s, end_s=step.span.end_s, picture_s=step.picture_s)

    def to_step(self) -> MomentStep:
        """What was told."""
        return MomentStep(self.text, Span(self.start_s, self.end_s), self.picture_s)


class PlainMoment(BaseModel):
    """A stretch of one video that answers the query, without addresses, which only a server has."""

    rank: Annotated[int, Field(ge=1, description="1 for the best; counts on over pages.")]
    video_id: str
    path: Annotated[Text, Field(description="Where the video's file lies on the server's machine.")]
    title: Text
    start_s: Annotated[TimeS, Field(description="A player that seeks here shows the moment.")]
    end_s: Seconds
    peak_s: Annotated[TimeS, Field(description="Where it is clearest.")]
    score: Annotated[
        Score,
        Field(
            description="The log-odds of the confidence, ln(c / (1 - c)), within ±40: for programs that compare or "
            "combine. Moments are in its order, and it tells them apart where confidences round to the same."
        ),
    ]
    confidence: Annotated[Probability, Field(description="Probability that the moment is what was meant.")]
    confidence_in_words: Annotated[
        ConfidenceWords,
        Field(description=f"The same for people: {', '.join(f'`{words}` from {least:g}' for words, least in LEAST)}."),
    ]
    lanes: Annotated[dict[Lane, Probability], Field(description="The probability that each lane gave.")]
    evidence: list[EvidenceAnswer]
    picture_s: Annotated[TimeS | None, Field(description="When the frame is seen that shows the moment best.")]
    times_break: Annotated[
        bool,
        Field(
            description="There, and true, where players of the file show other times, as in its video.",
            exclude_if=not_,
        ),
    ] = False
    recorded_at: Annotated[
        datetime | None, Field(description="When its video was recorded, where that is known.", exclude_if=is_none)
    ] = None
    steps: Annotated[list[StepAnswer], Field(description="Of a sequence: its steps, in order.", exclude_if=not_)] = []
    further: Annotated[
        int | None,
        Field(
            description="With `group_by` `video`: how many other shots of it have a good moment.", exclude_if=is_none
        ),
    ] = None
    explanation: Annotated[
        ExplanationAnswer | None, Field(description="With `explain`: why it has its rank.", exclude_if=is_none)
    ] = None

    @classmethod
    def of(cls, moment: Moment, **addresses: Any) -> Self:
        """The moment, as it is told, with the ``addresses`` that its class has fields for."""
        return cls(
            rank=moment.rank,
            video_id=moment.video_id,
            path=moment.path,
            title=moment.title,
            start_s=moment.span.start_s,
            end_s=moment.span.end_s,
            peak_s=moment.peak_s,
            score=moment.score,
            confidence=moment.confidence,
            confidence_in_words=words_of(moment.confidence),
            lanes=dict(moment.lanes),
            evidence=[EvidenceAnswer.of(item) for item in moment.evidence],
            picture_s=moment.picture_s,
            times_break=moment.times_break,
            recorded_at=moment.recorded_at,
            steps=[StepAnswer.of(step) for step in moment.steps],
            further=moment.further,
            explanation=ExplanationAnswer.of(moment.explanation) if moment.explanation is not None else None,
            **addresses,
        )

    def to_moment(self) -> Moment:
        """What was told, as far as it was."""
        return Moment(
            self.rank,
            self.video_id,
            self.path,
            self.title,
            Span(self.start_s, self.end_s),
            self.peak_s,
            self.score,
            self.confidence,
            self.lanes,
            tuple(item.to_evidence() for item in self.evidence),
            self.further,
            self.explanation.to_explanation() if self.explanation is not None else None,
            self.picture_s,
            self.times_break,
            self.recorded_at,
            tuple(step.to_step() for step in self.steps),
        )
