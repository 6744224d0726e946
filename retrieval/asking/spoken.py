"""Spoken queries: from a recording to the words that are searched for, and how sure they are."""

from typing import TYPE_CHECKING

from retrieval.asking.media_input import SPOKEN_USED_S, FileOrBytes, read_sound
from retrieval.domain import Gone, QueryTranscript, never
from retrieval.encoders.base import SPEECH_RATE_HZ, Samples, Transcriber
from retrieval.encoders.speech_trust import MIN_SPEECH_PROBABILITY, doubt_of
from retrieval.errors import QueryError, go_on_unless

if TYPE_CHECKING:
    from retrieval.encoders.profiles import Encoders
    from retrieval.encoders.voice_activity import SpeechFinder


def transcribe_query(source: FileOrBytes, encoders: "Encoders", gone: Gone = never) -> QueryTranscript:
    """What the recording asks for, from its first minute.

    Raises InputError for what is no sound; QueryError for silence, noise, and words that cannot be trusted.
    """
    samples = read_sound(source, SPOKEN_USED_S)
    return heard(samples, encoders.voice_activity(), encoders.transcriber(), gone)


def heard(
    samples: Samples, voice_activity: "SpeechFinder", transcriber: Transcriber, gone: Gone = never
) -> QueryTranscript:
    """The trusted words of 16 kHz samples. Raises QueryError if nobody speaks or no word can be trusted."""
    speech = [
        found.span for found in voice_activity.find_speech(samples) if found.probability >= MIN_SPEECH_PROBABILITY
    ]
    if not speech:
        raise QueryError(
            f"no speech in the {len(samples) / SPEECH_RATE_HZ:.1f} s of the recording; say what you are looking for"
        )
    segments = []
    for segment in transcriber.transcribe(samples, speech):
        go_on_unless(gone)
        segments.append(segment)
    trusted = [segment for segment in segments if doubt_of(segment) is None]
    if not trusted:
        unsure = f": perhaps {segments[0].text.strip()!r}" if segments else ""
        raise QueryError(
            f"{transcriber.name} did not understand the recording{unsure}; speak more clearly, or type the words"
        )
    counts = [len(segment.text.split()) for segment in trusted]
    confidence = sum(segment.confidence * count for segment, count in zip(trusted, counts, strict=True)) / sum(counts)
    longest = max(range(len(counts)), key=counts.__getitem__)
    text = " ".join(" ".join(segment.text.split()) for segment in trusted)
    return QueryTranscript(text, confidence, trusted[longest].language)
