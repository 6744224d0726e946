"""Answers to searches as JSON: `moments --json search`, and what a command reads of a server."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, Field

from app.contract.explanations import CorrectionAnswer, corrections_meant, corrections_told
from app.contract.moments import PlainMoment
from app.contract.values import Probability, Text, TimeS, is_none
from retrieval.answer.confidence import ABSTAIN_BELOW
from retrieval.domain import Answer, QueryTranscript, Searched


class SearchedAnswer(BaseModel):
    """How much was searched."""

    videos: int
    seconds: TimeS
    outdated: Annotated[
        int | None,
        Field(
            description="How many of them an older version or other models indexed, if any; `POST /v1/reindex` brings "
            "them up to date.",
            exclude_if=is_none,
        ),
    ] = None

    @classmethod
    def of(cls, searched: Searched) -> "SearchedAnswer":
        """How much was searched, as it is told."""
        return cls(videos=searched.videos, seconds=searched.seconds, outdated=searched.outdated or None)

    def to_searched(self) -> Searched:
        """What was told."""
        return Searched(self.videos, self.seconds, self.outdated or 0)


class QueryTranscriptAnswer(BaseModel):
    """What a spoken query was heard to say."""

    text: Text
    confidence: Probability
    language: Annotated[
        str | None, Field(description="ISO 639-1, of most of it, if it is known.", examples=["en"], exclude_if=is_none)
    ] = None

    @classmethod
    def of(cls, heard: QueryTranscript) -> "QueryTranscriptAnswer":
        """What was heard, as it is told."""
        return cls(text=heard.text, confidence=heard.confidence, language=heard.language)

    def to_transcript(self) -> QueryTranscript:
        """What was told."""
        return QueryTranscript(self.text, self.confidence, self.language)


class AnswerFields(BaseModel):
    """What an answer has besides its moments."""

    abstained: Annotated[
        bool, Field(description="True if nothing is good enough; the nearest may be there all the same.")
    ]
    reason: Annotated[Text | None, Field(description="Why it abstained.", exclude_if=is_none)] = None
    abstain_below: Annotated[
        Probability, Field(description="Moments with less confidence are weak; where even the best is, it abstains.")
    ] = ABSTAIN_BELOW
    searched: SearchedAnswer
    transcript: Annotated[QueryTranscriptAnswer | None, Field(exclude_if=is_none)] = None
    next_cursor: Annotated[
        str | None,
        Field(description="What `cursor` takes for the next page, if there is one.", exclude_if=is_none),
    ] = None
    corrected: Annotated[
        list[CorrectionAnswer] | None,
        Field(description="Words of the query that were taken for others, if any.", exclude_if=is_none),
    ] = None
    warnings: Annotated[
        list[Text] | None,
        Field(description="What could not be searched and how that is mended, if anything.", exclude_if=is_none),
    ] = None

    @classmethod
    def telling(cls, answer: Answer, **more: Any) -> Self:
        """The answer, as it is told, with its moments and whatever else its class has fields for."""
        heard = answer.transcript
        return cls(
            abstained=answer.abstained,
            reason=answer.reason,
            searched=SearchedAnswer.of(answer.searched),
            transcript=None if heard is None else QueryTranscriptAnswer.of(heard),
            next_cursor=answer.next_cursor,
            corrected=corrections_told(answer.corrected),
            warnings=list(answer.warnings) or None,
            **more,
        )


class PlainAnswer(AnswerFields):
    """Moments that answer a query, best first, without addresses, which only a server has."""

    moments: list[PlainMoment]

    @classmethod
    def of(cls, answer: Answer) -> "PlainAnswer":
        """The answer, as it is told."""
        return cls.telling(answer, moments=[PlainMoment.of(moment) for moment in answer.moments])

    def to_answer(self) -> Answer:
        """What was told, as far as it was."""
        heard = self.transcript
        return Answer(
            tuple(moment.to_moment() for moment in self.moments),
            self.abstained,
            self.reason,
            self.searched.to_searched(),
            heard.to_transcript() if heard is not None else None,
            self.next_cursor,
            corrections_meant(self.corrected),
            tuple(self.warnings or ()),
        )
