import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from retrieval.domain import Segment, Span, Word
from retrieval.encoders import pocketsphinx_speech
from retrieval.encoders.base import Samples
from retrieval.encoders.pocketsphinx_speech import (
    PocketsphinxTranscriber,
    levelled,
    segments_of,
    stretches_of,
    words_of,
)
from retrieval.errors import ModelError, ModelUnavailableError
from tests.spoken import said

REVENUE = "we expect the revenue to grow by fourteen percent next year"
WINDOW = "please open the window and turn off the light"


def to_float(samples: NDArray[np.int16]) -> Samples:
    return np.asarray(samples / 32768, np.float32)


def word(start_s: float, end_s: float, text: str = "word", confidence: float = 1.0) -> Word:
    return Word(text, Span(start_s, end_s), confidence)


def test_two_clear_sentences_are_heard_at_their_times_and_in_order() -> None:
    """A second of silence before, between and after the sentences; two processes share the work."""
    first, second = to_float(said(REVENUE)), to_float(said(WINDOW))
    pause = np.zeros(16_000, np.float32)
    samples = np.concatenate([pause, first, pause, second, pause])
    first_end_s = 1 + len(first) / 16_000
    second_end_s = first_end_s + 1 + len(second) / 16_000
    speech = [Span(1.0, first_end_s), Span(first_end_s + 1, second_end_s)]
    segments = list(PocketsphinxTranscriber(workers=2).transcribe(samples, speech))

    heard = [word for segment in segments for word in segment.words]
    assert {"revenue", "fourteen", "percent", "window", "light"} <= {word.text for word in heard}
    assert [word.span for word in heard] == sorted(word.span for word in heard)
    window = next(word for word in heard if word.text == "window")
    assert first_end_s + 1 < window.span.start_s < window.span.end_s < second_end_s
    for segment in segments:
        assert segment.span == Span(segment.words[0].span.start_s, segment.words[-1].span.end_s)
        assert segment.text == " ".join(word.text for word in segment.words)
        assert 0.4 < segment.confidence <= 1.0


def test_nothing_is_started_where_nobody_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pocketsphinx_speech, "_Worker", None)
    assert list(PocketsphinxTranscriber().transcribe(np.zeros(16_000, np.float32), [])) == []
    assert list(PocketsphinxTranscriber().transcribe(np.zeros(160, np.float32), [Span(0.0, 0.01)])) == []


@pytest.mark.parametrize(
    ("script", "error", "message"),
    [
        (
            "raise ModuleNotFoundError(\"No module named 'pocketsphinx'\")",
            ModelUnavailableError,
            "not installed",
        ),
        ("raise SystemExit(3)", ModelError, "ended with code 3"),
        ("raise RuntimeError('no acoustic model')", ModelError, "no acoustic model"),
    ],
)
def test_a_process_that_dies_is_an_error_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, error: type[ModelError], message: str
) -> None:
    (tmp_path / "pocketsphinx_worker.py").write_text(script)
    monkeypatch.setattr(pocketsphinx_speech, "__file__", str(tmp_path / "pocketsphinx_speech.py"))
    with pytest.raises(error, match=message):
        list(PocketsphinxTranscriber(1).transcribe(np.zeros(16_000, np.float32), [Span(0.0, 1.0)]))


def test_the_decoding_process_ends_with_its_input() -> None:
    worker = Path(pocketsphinx_speech.__file__).with_name("pocketsphinx_worker.py")
    done = subprocess.run([sys.executable, "-P", worker], input=b"", capture_output=True, timeout=30, check=True)
    assert done.stdout == b""


def test_silences_noises_and_variant_marks_are_left_out() -> None:
    decoded = [("<s>", 0, 9, 1.0), ("and(2)", 10, 29, 0.5), ("[NOISE]", 30, 39, 0.9), ("++UM++", 40, 49, 0.9)]
    assert words_of(decoded, 100.0) == [Word("and", Span(100.1, 100.3), 0.5)]


def test_a_pause_ends_a_segment() -> None:
    words = [word(i * 0.5, i * 0.5 + 0.4) for i in range(5)] + [word(3.2, 3.5)]
    assert [len(segment.words) for segment in segments_of(words)] == [5, 1]


def test_a_fragment_waits_for_its_rest() -> None:
    assert [len(segment.words) for segment in segments_of([word(0, 0.4), word(1.4, 2.0)])] == [2]
    assert [len(segment.words) for segment in segments_of([word(0, 0.4), word(2.4, 3.0)])] == [1, 1]


def test_someone_who_never_pauses_is_cut_at_a_breath() -> None:
    words = [word(i * 0.5, i * 0.5 + 0.35) for i in range(60)]
    assert all(segment.span.duration_s < 9 for segment in segments_of(words))


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0.01, 2)), max_size=40))
def test_segments_hold_every_word_once_and_in_order(gaps_and_lengths: list[tuple[float, float]]) -> None:
    words, at_s = [], 0.0
    for gap_s, length_s in gaps_and_lengths:
        words.append(word(at_s + gap_s, at_s + gap_s + length_s))
        at_s = words[-1].span.end_s
    segments: list[Segment] = list(segments_of(iter(words)))
    assert [word for segment in segments for word in segment.words] == words


def test_a_long_stretch_is_cut_where_it_is_quietest() -> None:
    """50 s of noise, silent from 16 to 16.4 s and from 31 to 31.4 s."""
    samples = np.random.default_rng(1).normal(0, 0.1, 50 * 16_000).astype(np.float32)
    for at_s in (16, 31):
        samples[at_s * 16_000 : round((at_s + 0.4) * 16_000)] = 0
    cuts = [stretch.end_s for stretch in stretches_of(samples, [Span(0.0, 50.0)])]
    assert cuts[0] == pytest.approx(16.2, abs=0.2)
    assert cuts[1] == pytest.approx(31.2, abs=0.2)
    assert cuts[-1] == 50.0


@given(st.lists(st.tuples(st.floats(0, 2), st.floats(0.2, 45)), min_size=1, max_size=5))
def test_stretches_cover_all_speech_and_stay_short(gaps_and_lengths: list[tuple[float, float]]) -> None:
    speech, at_s = [], 0.0
    for gap_s, length_s in gaps_and_lengths:
        speech.append(Span(at_s + gap_s, at_s + gap_s + length_s))
        at_s = speech[-1].end_s
    stretches = stretches_of(np.zeros(round(at_s * 16_000), np.float32), speech)
    assert all(0.1 <= stretch.duration_s <= 20 for stretch in stretches)
    for span in speech:
        covered_s = sum(span.overlap_s(stretch) for stretch in stretches)
        assert covered_s == pytest.approx(span.duration_s, abs=1e-6)


def test_quiet_speech_is_raised_and_loud_speech_is_not_clipped_away() -> None:
    tone = np.sin(np.arange(16_000) / 5).astype(np.float32)
    quiet, loud = levelled(tone * 0.01), levelled(tone)
    assert np.sqrt(np.mean(quiet.astype(float) ** 2)) == pytest.approx(3277, rel=0.01)
    assert np.sqrt(np.mean(loud.astype(float) ** 2)) == pytest.approx(3277, rel=0.01)
    assert not levelled(np.zeros(100, np.float32)).any()
