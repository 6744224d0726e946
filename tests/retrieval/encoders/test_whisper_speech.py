import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.domain import Segment, Span, SpeechOrigin
from retrieval.encoders.base import SPEECH_RATE_HZ, Samples
from retrieval.encoders.whisper_speech import (
    WINDOW_S,
    FasterWhisperTranscriber,
    WhisperTranscriber,
    join_spans,
)
from retrieval.errors import ModelCorruptError
from tests import checkpoints

# whisper leaves its vocabulary file open
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")

SPEECH = [Span(0.5, 0.75), Span(4.0, 4.3)]


@pytest.fixture(scope="module")
def transcriber(tmp_path_factory: pytest.TempPathFactory) -> WhisperTranscriber:
    return WhisperTranscriber(checkpoints.write_whisper(tmp_path_factory.mktemp("whisper")), "base")


@pytest.fixture(scope="module")
def segments(transcriber: WhisperTranscriber) -> list[Segment]:
    """What a random model hears in 6 s of noise: always the same words, none of them meant."""
    noise = 0.1 * np.random.default_rng(0).standard_normal(6 * SPEECH_RATE_HZ).astype(np.float32)
    return list(transcriber.transcribe(noise, SPEECH))


def test_segments_lie_inside_the_speech_in_time_order(segments: list[Segment]) -> None:
    assert {n for n, span in enumerate(SPEECH) for s in segments if span.overlap_s(s.span) > 0} == {0, 1}
    for s in segments:
        assert any(span.start_s <= s.span.start_s <= s.span.end_s <= span.end_s for span in SPEECH)
    starts = [s.span.start_s for s in segments]
    assert starts == sorted(starts)


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


def test_no_speech_means_no_segments(transcriber: WhisperTranscriber) -> None:
    assert list(transcriber.transcribe(np.zeros(SPEECH_RATE_HZ, np.float32), [])) == []


def test_a_broken_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "base.pt").write_bytes(b"PK\x03\x04 not a checkpoint")
    with pytest.raises(ModelCorruptError, match="whisper-base cannot be loaded"):
        WhisperTranscriber(tmp_path / "base.pt", "base")


class FasterWhisper:
    """Stands for faster_whisper.WhisperModel: every clip says "Bonjour tout" from 0.1 to 0.9 s, then more
    in the silence after the clip; a clip louder than 1 comes out badly."""

    def __init__(self, _folder: str, **_options: object) -> None:
        self.asked: list[tuple[int, str | None]] = []

    def transcribe(
        self, clip: Samples, language: str | None, **_options: object
    ) -> tuple[Iterator[SimpleNamespace], SimpleNamespace]:
        self.asked.append((len(clip), language))
        times_s = np.array([0.1, 0.5, 0.9])
        words = [
            SimpleNamespace(word=" Bonjour", start=times_s[0], end=times_s[1], probability=0.9),
            SimpleNamespace(word=" tout", start=times_s[1], end=times_s[2], probability=0.7),
        ]
        figures = {
            "avg_logprob": -2.0 if np.abs(clip).max(initial=0) > 1 else -0.1,
            "no_speech_prob": 0.02,
            "compression_ratio": 1.1,
        }
        said = SimpleNamespace(start=0.0, end=1.0, text=" Bonjour tout", words=words, **figures)
        padding = SimpleNamespace(start=20.0, end=22.0, text=" merci", words=None, **figures)
        return iter([said, padding]), SimpleNamespace(language=language or "fr")


@pytest.fixture
def faster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FasterWhisperTranscriber:
    monkeypatch.setitem(sys.modules, "faster_whisper", SimpleNamespace(WhisperModel=FasterWhisper))
    return FasterWhisperTranscriber(tmp_path, "base")


def test_faster_whisper_hears_each_clip_on_the_clock_of_the_samples(faster: FasterWhisperTranscriber) -> None:
    samples = np.zeros(20 * SPEECH_RATE_HZ, np.float32)
    first, second = faster.transcribe(samples, [Span(2.0, 3.5), Span(10.0, 10.75)])
    assert (first.text, first.language, first.span) == ("Bonjour tout", "fr", Span(2.1, 2.9))
    assert [(word.text, word.confidence) for word in first.words] == [("Bonjour", 0.9), ("tout", 0.7)]
    assert (first.avg_logprob, first.no_speech_prob, first.compression_ratio) == (-0.1, 0.02, 1.1)
    assert second.span == Span(10.1, 10.75)
    assert type(second.span.end_s) is float


def test_the_language_is_detected_again_only_after_words_that_came_out_badly(faster: FasterWhisperTranscriber) -> None:
    samples = np.zeros(20 * SPEECH_RATE_HZ, np.float32)
    samples[6 * SPEECH_RATE_HZ] = 2.0
    list(faster.transcribe(samples, [Span(1, 2), Span(4, 5), Span(6, 7), Span(9, 10), Span(12, 13)]))
    seconds_and_languages = [(n / SPEECH_RATE_HZ, language) for n, language in faster._model.asked]
    assert seconds_and_languages == [(1, None), (3, "fr"), (1, None), (1, "fr")]


spans = st.lists(st.tuples(st.floats(0.01, 5), st.floats(0.01, 50)), max_size=20).map(
    lambda steps: [
        Span(start := sum(a + b for a, b in steps[:n]) + gap, start + length) for n, (gap, length) in enumerate(steps)
    ]
)


@given(spans)
def test_joined_clips_hold_all_speech_and_only_short_pauses(speech: list[Span]) -> None:
    clips = join_spans(speech)
    assert all(any(c.start_s <= s.start_s and s.end_s <= c.end_s for c in clips) for s in speech)
    assert all(a.end_s < b.start_s for a, b in pairwise(clips))
    assert all(c.duration_s <= WINDOW_S or c in speech for c in clips)
    pauses = sum(c.duration_s for c in clips) - sum(s.duration_s for s in speech)
    assert pauses <= 1.0 * max(0, len(speech) - len(clips)) + 1e-6


def test_utterances_of_one_breath_share_a_clip() -> None:
    assert join_spans([Span(0, 2), Span(2.4, 5), Span(9, 10)]) == [Span(0, 5), Span(9, 10)]
