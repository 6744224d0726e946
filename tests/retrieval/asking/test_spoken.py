"""Spoken queries: the words that are searched for, and recordings that hold none."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from retrieval.asking.spoken import heard, transcribe_query
from retrieval.domain import QueryTranscript, Segment, Span
from retrieval.encoders.base import Recording, Samples, Transcriber
from retrieval.encoders.voice_activity import Speech, VoiceActivity
from retrieval.errors import QueryError
from tests.fakes import FakeEncoders, FakeTranscriber, FakeVoiceActivity
from tests.spoken import VOICES, chords, country, noise, said, silence, wav

THREE_SECONDS = np.zeros(48_000, np.float32)


@pytest.fixture(scope="module")
def real(ears: Transcriber) -> FakeEncoders:
    """The voice activity and the transcriber of the lite profile."""
    return FakeEncoders(heard=ears, voices=VoiceActivity())


def test_what_is_heard_is_the_query() -> None:
    ears = FakeVoiceActivity(), FakeTranscriber("  a dog\n barks ", 0.75)
    assert heard(THREE_SECONDS, *ears) == QueryTranscript("a dog barks", 0.75, "en")


def test_the_confidence_is_that_of_the_words_together() -> None:
    """Three words heard with 0.9 and one with 0.7."""

    class Twice(FakeTranscriber):
        def transcribe(self, samples: Samples, speech: Sequence[Span], *, translate: bool = False) -> Iterator[Segment]:
            assert not translate
            yield from FakeTranscriber("three plain words", 0.9).transcribe(samples, speech)
            yield from FakeTranscriber("more", 0.7).transcribe(samples, speech)

    transcript = heard(THREE_SECONDS, FakeVoiceActivity(), Twice())
    assert transcript.text == "three plain words more"
    assert transcript.confidence == pytest.approx((3 * 0.9 + 0.7) / 4)


@pytest.mark.parametrize("probability", [None, 0.4])
def test_a_recording_in_which_nobody_surely_speaks_is_no_query(probability: float | None) -> None:
    with pytest.raises(QueryError, match=r"no speech in the 3\.0 s of the recording; say what"):
        heard(THREE_SECONDS, FakeVoiceActivity(probability), FakeTranscriber())


@pytest.mark.parametrize(
    ("text", "confidence"), [("some invented words", 0.1), ("thank you " * 8, 0.9), ("uh um", 0.9), ("dog", 0.4)]
)
def test_words_that_the_trust_gate_rejects_are_not_searched_for(text: str, confidence: float) -> None:
    with pytest.raises(QueryError, match=f"fake did not understand the recording: perhaps '{text.strip()}'"):
        heard(THREE_SECONDS, FakeVoiceActivity(), FakeTranscriber(text, confidence))


def test_speech_in_which_no_word_is_heard_is_no_query() -> None:
    class Deaf(FakeTranscriber):
        def transcribe(self, *_: object, **__: object) -> Iterator[Segment]:
            return iter(())

    with pytest.raises(QueryError, match="fake did not understand the recording; speak more clearly"):
        heard(THREE_SECONDS, FakeVoiceActivity(), Deaf())


def test_the_first_minute_is_used() -> None:
    """Somebody who speaks in the second minute only is not heard."""

    class Ears(FakeVoiceActivity):
        def find_speech(
            self, samples: Recording, _on_progress: Callable[[float], None] = lambda _: None
        ) -> list[Speech]:
            assert len(samples) == 60 * 16_000
            return super().find_speech(samples)

    recording = wav(noise(70))
    assert transcribe_query(recording, FakeEncoders(voices=Ears())).text == "somebody speaks"


def test_silence_is_no_query(real: FakeEncoders) -> None:
    with pytest.raises(QueryError, match="is silent"):
        transcribe_query(wav(silence(3)), real)


@pytest.mark.parametrize("sound", [noise(4), chords(4)], ids=["noise", "music"])
def test_sounds_that_are_no_speech_are_no_query(sound: NDArray[np.int16], real: FakeEncoders) -> None:
    with pytest.raises(QueryError, match=r"no speech in the 4\.0 s of the recording"):
        transcribe_query(wav(sound), real)


def test_a_clear_voice_is_understood(real: FakeEncoders) -> None:
    sentence = said("we expect the revenue to grow by fourteen percent next year")
    transcript = transcribe_query(wav(sentence), real)
    assert "revenue" in transcript.text.split()
    assert 0.2 < transcript.confidence <= 1.0


@pytest.mark.parametrize("voice", VOICES)
def test_the_end_of_a_speech_is_understood(voice: str, real: FakeEncoders) -> None:
    """The last 6 s at most."""
    transcript = transcribe_query(wav(country(voice)[-6 * 16_000 :]), real)
    assert transcript.text.endswith("your country.")
    assert transcript.confidence > 0.3
