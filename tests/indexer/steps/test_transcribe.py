from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn, TypeAlias

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.media.decoded import Decoded, HeardTrack
from indexer.media.sound_file import SoundFileWriter
from indexer.steps.stages import hear
from indexer.steps.transcribe import blocks_of, not_written, transcribe
from indexer.steps.work_folder import Artefacts
from retrieval.domain import Segment, Span, SpeechOrigin, Word
from retrieval.encoders.base import Recording, Samples, Transcriber
from retrieval.encoders.speech_trust import Doubt, doubt_of
from retrieval.encoders.voice_activity import Speech, VoiceActivity
from tests.places import SHARED
from tests.spoken import VOICES, chords, country, noise, recorded, said, silence

Line: TypeAlias = tuple[str, float, float]

REVENUE = "we expect the revenue to grow by fourteen percent next year"


def segment(text: str, start_s: float = 0.0, end_s: float = 4.0, confidence: float = 0.8, **figures: float) -> Segment:
    span, origin = Span(start_s, end_s), SpeechOrigin.TRANSCRIBED
    return Segment(span, text, (), "en", confidence, origin, speaker=None, translation=None, **figures)


class Echo:
    """Says the same about every span it is given, with one word in its middle."""

    name = "echo"

    def __init__(self, text: str = "these are plain words", confidence: float = 0.8) -> None:
        self.text, self.confidence = text, confidence
        self.longest_s = 0.0
        self.translates = False

    def transcribe(self, samples: Samples, speech: Sequence[Span], *, translate: bool = False) -> Iterator[Segment]:
        assert samples.dtype == np.float32
        self.translates = translate
        self.longest_s = max(self.longest_s, len(samples) / 16_000)
        for span in speech:
            assert 0 <= span.start_s < span.end_s <= len(samples) / 16_000 + 1e-3
            middle_s = (span.start_s + span.end_s) / 2
            word = Word("plain", Span(middle_s, middle_s + 0.1), 0.9)
            yield replace(segment(self.text, span.start_s, span.end_s, self.confidence), words=(word,))


class SpeechAt:
    """Voice activity that is sure of given spans."""

    def __init__(self, *spans: tuple[float, float], probability: float = 0.9) -> None:
        self.found = [Speech(Span(*span), probability) for span in spans]

    def find_speech(self, _samples: Recording, _on_progress: Callable[[float], None] = lambda _: None) -> list[Speech]:
        return self.found


def test_segments_and_words_are_on_the_clock_of_the_video_however_late_they_come() -> None:
    """Speech at 10 s and at 1000 s: two blocks, whose samples the transcriber sees from 0 on."""
    echo = Echo()
    samples = np.zeros(1010 * 16_000, np.int16)
    transcript = transcribe(samples, lambda: echo, SpeechAt((10.0, 12.0), (1000.0, 1004.0)))
    assert [s.span for s in transcript.segments] == [Span(10.0, 12.0), Span(1000.0, 1004.0)]
    assert transcript.segments[1].words[0].span.start_s == pytest.approx(1002.0)
    assert transcript.speech_s == pytest.approx(6.0)
    assert echo.longest_s < 10


@pytest.mark.parametrize("wanted", [True, False])
def test_translations_are_asked_for_where_they_are_wanted(wanted: bool) -> None:
    echo = Echo()
    transcribe(np.zeros(160_000, np.int16), lambda: echo, SpeechAt((1.0, 2.0)), translate=wanted)
    assert echo.translates is wanted


def test_one_endless_talk_is_transcribed_five_minutes_at_a_time() -> None:
    echo = Echo()
    transcribe(np.zeros(1000 * 16_000, np.int16), lambda: echo, SpeechAt((0.0, 1000.0)))
    assert echo.longest_s == pytest.approx(300.0)


def test_progress_only_grows_and_ends_with_the_sound() -> None:
    seen: list[float] = []
    spans = [(1.0, 2.0), (3.0, 5.0), (400.0, 404.0)]
    transcribe(np.zeros(410 * 16_000, np.int16), Echo, SpeechAt(*spans), seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 410.0


def test_what_the_gate_rejects_is_counted_by_reason() -> None:
    transcript = transcribe(np.zeros(160_000, np.int16), lambda: Echo(confidence=0.1), SpeechAt((1.0, 2.0), (4.0, 6.0)))
    assert transcript.segments == ()
    assert transcript.rejected == {Doubt.UNSURE_WORDS: 2}


def test_stretches_that_hardly_sound_like_speech_are_not_transcribed() -> None:
    transcript = transcribe(np.zeros(160_000, np.int16), Echo, SpeechAt((1.0, 2.0), probability=0.5))
    assert transcript.segments == ()
    assert transcript.speech_s == 0


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ([], [(0.0, 10.0), (12.0, 12.5)]),
        ([(0.0, 13.0)], []),
        ([(0.5, 9.2), (11.5, 12.4)], []),  # a little late, a little short
        ([(1.0, 3.0), (4.5, 9.5), (12.0, 13.0)], []),  # words left out between cues
        ([(0.0, 4.0), (12.0, 13.0)], [(4.0, 10.0)]),
        ([(3.0, 5.0), (4.0, 6.0)], [(0.0, 3.0), (6.0, 10.0), (12.0, 12.5)]),
        ([(20.0, 30.0)], [(0.0, 10.0), (12.0, 12.5)]),
    ],
)
def test_speech_that_stands_in_no_subtitle_is_left(
    written: list[tuple[float, float]], left: list[tuple[float, float]]
) -> None:
    """Somebody speaks for ten seconds, and for half a second later."""
    speech = [Speech(Span(0.0, 10.0), 0.9), Speech(Span(12.0, 12.5), 0.9)]
    spans = not_written(speech, [Span(*span) for span in written])
    assert [(one.span.start_s, one.span.end_s) for one in spans] == left


@given(
    st.lists(st.tuples(st.floats(0, 100), st.floats(0.1, 50)), max_size=6),
    st.lists(st.tuples(st.floats(0, 300), st.floats(0.1, 50)), max_size=6),
)
def test_what_is_left_is_speech_outside_of_subtitles(
    gaps_and_lengths: list[tuple[float, float]], written: list[tuple[float, float]]
) -> None:
    speech, at_s = [], 0.0
    for gap_s, length_s in gaps_and_lengths:
        speech.append(Speech(Span(at_s + gap_s, at_s + gap_s + length_s), 1.0))
        at_s = speech[-1].span.end_s
    cues = [Span(start_s, start_s + length_s) for start_s, length_s in written]
    for one in not_written(speech, cues):
        assert any(s.span.start_s <= one.span.start_s < one.span.end_s <= s.span.end_s for s in speech)
        assert all(one.span.overlap_s(cue) == 0 for cue in cues)


def never() -> NoReturn:
    raise AssertionError("nothing is left to transcribe")


def test_no_transcriber_is_built_where_all_is_written() -> None:
    written = [Span(1.0, 2.0), Span(4.0, 6.5)]
    spoken = SpeechAt((1.0, 2.0), (4.0, 7.0))
    assert transcribe(np.zeros(160_000, np.int16), never, spoken, written=written).segments == ()


@pytest.mark.parametrize(("cue_s", "heard"), [(1.0, [(0.0, 6.0)]), (2.0, [(0.0, 2.0), (4.0, 6.0)])])
def test_a_line_or_two_hide_no_speech_that_they_stand_over(cue_s: float, heard: list[tuple[float, float]]) -> None:
    """Six seconds of speech under one cue: of a sixth of it, as forced subtitles without a mark, and of a third."""
    written = [Span(2.0, 2.0 + cue_s)]
    transcript = transcribe(np.zeros(100_000, np.int16), Echo, SpeechAt((0.0, 6.0)), written=written)
    assert [(s.span.start_s, s.span.end_s) for s in transcript.segments] == heard


def line(text: str, start_s: float, end_s: float, origin: SpeechOrigin = SpeechOrigin.EMBEDDED_SUBTITLE) -> Segment:
    return replace(segment(text, start_s, end_s), origin=origin)


@pytest.mark.parametrize(
    ("said", "beside", "expected"),
    [
        ([], [("[alien] yield", 3.0, 5.0)], ["these are plain words", "[alien] yield"]),
        ([("all of it", 0.0, 10.0)], [("sign", 3.0, 5.0)], ["all of it", "sign"]),
        ([("the first half", 0.0, 5.0)], [], ["the first half", "these are plain words"]),
        ([("[music]", 0.0, 10.0)], [], ["[music]", "these are plain words"]),
    ],
    ids=["forced alone", "whole", "a part", "only described"],
)
def test_subtitles_replace_listening_only_where_they_say_what_is_said(
    tmp_path: Path, said: list[Line], beside: list[Line], expected: list[str]
) -> None:
    """Somebody speaks for ten seconds."""
    artefacts = Artefacts(tmp_path)
    artefacts.save_lines("subtitles", [line(*one) for one in said])
    artefacts.save_lines("subtitles_beside", [line(*one) for one in beside])
    empty = np.zeros((0, 3), np.float32)
    artefacts.decode_folder.mkdir()
    track = HeardTrack(0, None, "sound.s16")
    decoded = Decoded(artefacts.decode_folder, 10.0, None, (track,), (), empty[:, 0].astype(np.float64), empty, ())
    decoded.save()
    writer = SoundFileWriter(artefacts.decode_folder / track.file)
    writer.skip_to(160_000)
    writer.close()
    hear(artefacts, Echo, lambda: SpeechAt((0.0, 10.0)), lambda _: None)
    heard = artefacts.load_segments("segments")
    assert [one.text for one in heard] == expected
    assert [one.origin is SpeechOrigin.TRANSCRIBED for one in heard] == ["plain" in text for text in expected]


@given(st.lists(st.tuples(st.floats(0, 400), st.floats(0.1, 1000)), max_size=8))
def test_blocks_are_short_and_hold_all_speech(gaps_and_lengths: list[tuple[float, float]]) -> None:
    speech, at_s = [], 0.0
    for gap_s, length_s in gaps_and_lengths:
        speech.append(Speech(Span(at_s + gap_s, at_s + gap_s + length_s), 1.0))
        at_s = speech[-1].span.end_s
    blocks = list(blocks_of(speech, 300.0))
    assert all(block[-1].end_s - block[0].start_s <= 300.0 + 1e-6 for block in blocks)
    total_s = sum(span.duration_s for block in blocks for span in block)
    assert total_s == pytest.approx(sum(s.span.duration_s for s in speech))


@pytest.mark.parametrize(
    ("heard", "doubt"),
    [
        (segment("where she mentions the projections"), None),
        (segment("where she mentions", avg_logprob=-0.9, no_speech_prob=0.95), None),
        (segment("thanks for watching", avg_logprob=-1.2, no_speech_prob=0.1), Doubt.UNLIKELY_WORDS),
        (segment("thank you " * 6, avg_logprob=-0.2), Doubt.REPETITION),
        (segment("thank you. Thank you! thank you, thank you", avg_logprob=-0.1), Doubt.REPETITION),
        (segment("谢谢谢谢谢谢谢谢"), Doubt.REPETITION),
        (segment("all the same words of a window that went wrong", compression_ratio=3.0), None),
        (segment("well, we go on and on and on about it"), None),
        (segment("no no no"), None),
        (segment("... ♪ -"), Doubt.NO_WORDS),
        (segment("some words nobody said", confidence=0.39), Doubt.UNSURE_WORDS),
        (segment("some words somebody said", confidence=0.41), None),
        (segment("tom", confidence=0.55), Doubt.UNSURE_WORDS),
        (segment("再见", confidence=0.55), Doubt.UNSURE_WORDS),
        (segment("我们明天再见", confidence=0.55), None),
        (segment("Uh, hmm..."), Doubt.NO_WORDS),
        (segment("Oh, hello."), None),
        (segment("hello", confidence=0.9), None),
    ],
    ids=lambda value: value.text[:20] if isinstance(value, Segment) else str(value),
)
def test_the_gate(heard: Segment, doubt: Doubt | None) -> None:
    assert doubt_of(heard) is doubt


def test_a_sentence_between_music_and_noise_is_all_that_is_heard(ears: Transcriber) -> None:
    """10 s of chords, a second of silence, a sentence, a second of silence, 10 s of white noise."""
    sentence = said(REVENUE)
    samples = np.concatenate([chords(10), silence(1), sentence, silence(1), noise(10)])
    transcript = transcribe(samples, lambda: ears, VoiceActivity())
    assert "revenue" in " ".join(s.text for s in transcript.segments)
    assert transcript.segments[0].span.start_s == pytest.approx(11.0, abs=0.5)
    assert transcript.segments[-1].span.end_s == pytest.approx(11.0 + len(sentence) / 16_000, abs=0.5)


SNEEZES = sorted((SHARED / "bench" / "assets" / "sounds" / "Person_sneeze").glob("*"))[:12]


@pytest.mark.skipif(not SNEEZES, reason="the recordings are not at hand")
def test_sneezes_are_not_indexed(ears: Transcriber) -> None:
    """A dozen: they count as speech, and words are heard in them, of which one may pass for a short answer."""
    samples = np.concatenate([part for sneeze in SNEEZES for part in (silence(1.5), recorded(sneeze))])
    transcript = transcribe(samples, lambda: ears, VoiceActivity())
    assert len(transcript.segments) <= 1
    assert transcript.speech_s > 0
    assert sum(transcript.rejected.values()) > 0


@pytest.mark.parametrize("voice", VOICES)
def test_clear_speech_survives_the_gate(voice: str, ears: Transcriber) -> None:
    transcript = transcribe(country(voice), lambda: ears, VoiceActivity())
    assert "you can do for your country" in " ".join(s.text for s in transcript.segments)
    assert transcript.rejected == {}
