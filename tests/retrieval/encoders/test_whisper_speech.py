from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from retrieval.asking.media_input import read_sound
from retrieval.domain import Segment, Span, SpeechOrigin
from retrieval.encoders.base import SPEECH_RATE_HZ, Transcriber
from retrieval.encoders.voice_activity import to_float
from retrieval.encoders.whisper_speech import FasterWhisperTranscriber, WhisperTranscriber
from retrieval.errors import ModelCorruptError
from tests import checkpoints
from tests.places import SHARED
from tests.spoken import VOICES, country

# whisper leaves its vocabulary file open
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")

SPEECH = [Span(0.5, 0.75), Span(4.0, 4.3)]

ENGINES: dict[str, Callable[[Path], Transcriber]] = {
    "openai-whisper": lambda folder: WhisperTranscriber(checkpoints.write_whisper(folder), "base"),
    "faster-whisper": lambda folder: FasterWhisperTranscriber(checkpoints.write_ctranslate2_whisper(folder), "base"),
}


@pytest.fixture(scope="module", params=ENGINES)
def transcriber(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Transcriber:
    return ENGINES[request.param](tmp_path_factory.mktemp("whisper"))


@pytest.fixture(scope="module")
def segments(transcriber: Transcriber) -> list[Segment]:
    """What a random model hears in 6 s of noise: always the same words, none of them meant."""
    noise = 0.1 * np.random.default_rng(0).standard_normal(6 * SPEECH_RATE_HZ).astype(np.float32)
    return list(transcriber.transcribe(noise, SPEECH))


def test_words_lie_inside_the_speech_in_time_order(segments: list[Segment]) -> None:
    words = [word.span for segment in segments for word in segment.words]
    assert words
    assert all(any(span.start_s <= word.start_s and word.end_s <= span.end_s for span in SPEECH) for word in words)
    assert all(a.end_s <= b.start_s for a, b in pairwise(words))


def test_words_lie_inside_their_segment_and_spell_its_text(segments: list[Segment]) -> None:
    for segment in segments:
        assert "".join(word.text for word in segment.words) == segment.text.replace(" ", "")
        for word in segment.words:
            assert segment.span.start_s <= word.span.start_s <= word.span.end_s <= segment.span.end_s
            assert 0 <= word.confidence <= 1


def test_segments_carry_the_figures_that_the_trust_gate_needs(segments: list[Segment]) -> None:
    for segment in segments:
        assert segment.origin is SpeechOrigin.TRANSCRIBED
        assert segment.language is not None
        assert 0 <= segment.confidence <= 1
        assert segment.avg_logprob is not None
        assert segment.avg_logprob <= 0
        assert segment.no_speech_prob is not None
        assert 0 <= segment.no_speech_prob <= 1
        assert segment.compression_ratio is not None
        assert segment.compression_ratio > 0


def test_translating_changes_nothing_else(transcriber: Transcriber, segments: list[Segment]) -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(6 * SPEECH_RATE_HZ).astype(np.float32)
    translated = transcriber.transcribe(noise, SPEECH, translate=True)
    assert [replace(one, translation=None) for one in translated] == segments


BLOGS = SHARED / "bench" / "speech" / "audio" / "fleurs_de_006.ogg"


@pytest.mark.skipif(not BLOGS.is_file(), reason="the recording is not at hand")
def test_german_is_translated(ears: Transcriber) -> None:
    """Blogs can improve how pupils write; their grammar is often poor at first, which changes with an audience."""
    samples = read_sound(BLOGS, 60.0)
    heard = list(ears.transcribe(samples, [Span(0.0, len(samples) / SPEECH_RATE_HZ)], translate=True))
    assert {one.language for one in heard} == {"de"}
    assert "writing skills of students" in " ".join(one.translation or "" for one in heard)


def test_no_speech_means_no_segments(transcriber: WhisperTranscriber) -> None:
    assert list(transcriber.transcribe(np.zeros(SPEECH_RATE_HZ, np.float32), [])) == []


def test_a_broken_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "base.pt").write_bytes(b"PK\x03\x04 not a checkpoint")
    with pytest.raises(ModelCorruptError, match="whisper-base cannot be loaded"):
        WhisperTranscriber(tmp_path / "base.pt", "base")


@pytest.mark.parametrize("voice", VOICES)
def test_both_engines_hear_the_same_with_the_same_weights(voice: str, ears: Transcriber, whisper_base: Path) -> None:
    """Eleven seconds of an address, but for a comma: faster-whisper counts in smaller numbers."""
    samples = to_float(country(voice))
    speech = [Span(0.0, len(samples) / SPEECH_RATE_HZ)]
    others = WhisperTranscriber(whisper_base / "model.bin", "base")
    (ours, theirs) = (list(one.transcribe(samples, speech)) for one in (ears, others))
    texts = [" ".join(one.text for one in heard).replace(",", "") for heard in (ours, theirs)]
    assert texts[0] == texts[1]
    assert {one.language for one in [*ours, *theirs]} == {"en"}
    starts_s = [[word.span.start_s for one in heard for word in one.words] for heard in (ours, theirs)]
    assert np.median(np.abs(np.array(starts_s[0]) - np.array(starts_s[1]))) < 0.05
