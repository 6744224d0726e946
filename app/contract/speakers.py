"""Who speaks, as JSON."""

from typing import Annotated

from pydantic import BaseModel, Field

from app.contract.values import Probability, Text, TimeS
from retrieval.answer.confidence import LEAST, ConfidenceWords, words_of
from retrieval.domain import Speaker
from retrieval.storage.records import KnownVoice, Proposal

_LABEL = "What to call it: its name, or `Speaker` and its number."


class SpeakerAnswer(BaseModel):
    """Who says something: one of the voices of the video."""

    number: Annotated[int, Field(ge=1, description="Counts the voices of a video, in the order in which they begin.")]
    name: Annotated[Text | None, Field(description="The name that somebody gave it.")]
    label: Annotated[Text, Field(description=_LABEL)]

    @classmethod
    def of(cls, speaker: Speaker) -> "SpeakerAnswer":
        """The speaker, as it is told."""
        return cls(number=speaker.number, name=speaker.name, label=speaker.label)

    def to_speaker(self) -> Speaker:
        """What was told."""
        return Speaker(self.number, self.name)


class ProposalAnswer(BaseModel):
    """Who a voice may be, for a person to say whether it is right."""

    name: Text
    video_id: Annotated[str, Field(description="The video in which a like voice has that name.")]
    title: Annotated[Text, Field(description="The title of that video.")]
    similarity: Annotated[Probability, Field(description="How alike the two voices are: the cosine of their vectors.")]

    @classmethod
    def of(cls, proposal: Proposal) -> "ProposalAnswer":
        """The proposal, as it is told."""
        return cls(
            name=proposal.name,
            video_id=proposal.video_id,
            title=proposal.title,
            similarity=max(0.0, min(1.0, proposal.similarity)),
        )


class VoiceAnswer(SpeakerAnswer):
    """One voice of a video. Several of one video that have the same name are the same person."""

    video_id: str
    title: Annotated[Text, Field(description="The title of its video.")]
    speech_s: Annotated[TimeS, Field(description="How long it speaks.")]
    certainty: Annotated[Probability, Field(description="How sure it is that what it is said to say is its own.")]
    certainty_in_words: Annotated[
        ConfidenceWords,
        Field(description=f"The same for people: {', '.join(f'`{words}` from {least:g}' for words, least in LEAST)}."),
    ]
    proposal: Annotated[
        ProposalAnswer | None, Field(description="Who it may be, if it has no name and a like voice has; else null.")
    ]

    @classmethod
    def of_voice(cls, voice: KnownVoice) -> "VoiceAnswer":
        """The voice, as it is told."""
        return cls(
            number=voice.speaker.number,
            name=voice.speaker.name,
            label=voice.speaker.label,
            video_id=voice.video_id,
            title=voice.title,
            speech_s=voice.speech_s,
            certainty=voice.certainty,
            certainty_in_words=words_of(voice.certainty),
            proposal=None if voice.proposal is None else ProposalAnswer.of(voice.proposal),
        )


class SpeakersAnswer(BaseModel):
    """Some voices, those of the newest video first, by number in each."""

    speakers: list[VoiceAnswer]
    next_cursor: Annotated[str | None, Field(description="What `cursor` takes for the next page; null at the end.")]
