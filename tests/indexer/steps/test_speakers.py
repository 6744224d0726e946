from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.media.decoded import Decoded, HeardTrack
from indexer.media.sound_file import SoundFileWriter
from indexer.steps import speakers
from indexer.steps.speakers import speech_of_segments, tell_speakers
from indexer.steps.stages import tell
from indexer.steps.work_folder import Artefacts
from retrieval.domain import Profile, Segment, Span, SpeechOrigin, Word
from retrieval.encoders.base import VoiceEncoder
from retrieval.encoders.profiles import ProfileEncoders
from retrieval.encoders.voice_activity import VoiceActivity
from retrieval.errors import ModelUnavailableError
from retrieval.settings import RetrievalSettings
from tests.fakes import FakeVoiceActivity, FakeVoiceEncoder
from tests.spoken import said, silence

LOW_HZ, HIGH_HZ = 150.0, 900.0


def tones(*parts: tuple[float, float]) -> NDArray[np.int16]:
    """Tones of so many Hz and seconds, one after another."""
    waves = [np.sin(2 * np.pi * hertz * np.arange(round(16_000 * length_s)) / 16_000) for hertz, length_s in parts]
    return np.asarray(10_000 * np.concatenate(waves), np.int16)


def segment(start_s: float, end_s: float, words: int = 8) -> Segment:
    edges = np.linspace(start_s, end_s, words + 1)
    spoken = tuple(Word(f"w{at}", Span(float(edges[at]), float(edges[at + 1])), 0.9) for at in range(words))
    text = " ".join(word.text for word in spoken)
    return Segment(Span(start_s, end_s), text, spoken, "en", 0.9, SpeechOrigin.TRANSCRIBED)


def test_voices_are_numbered_by_who_speaks_first_and_segments_cut_between_them() -> None:
    """A high voice for 4 s, a low one for 4 s, the high one again for 2 s; one segment over the first two."""
    samples = tones((HIGH_HZ, 4.0), (LOW_HZ, 4.0), (HIGH_HZ, 2.0))
    shares: list[float] = []
    told = tell_speakers(
        samples, [Span(0.0, 10.0)], [segment(0.0, 8.0), segment(8.0, 10.0, 4)], FakeVoiceEncoder(), shares.append
    )
    assert [(one.span, one.speaker) for one in told.segments] == [
        (Span(0.0, 4.0), 1),
        (Span(4.0, 8.0), 2),
        (Span(8.0, 10.0), 1),
    ]
    assert [(voice.number, round(voice.speech_s)) for voice in told.voices] == [(1, 6), (2, 4)]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_voices_are_known_again_from_block_to_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speakers, "BLOCK_PIECES", 20)
    samples = tones(*[(HIGH_HZ, 6.0), (LOW_HZ, 6.0)] * 3)
    spans = [(6.0 * at, 6.0 * at + 6.0) for at in range(6)]
    told = tell_speakers(
        samples, [Span(*span) for span in spans], [segment(*span) for span in spans], FakeVoiceEncoder()
    )
    assert [one.speaker for one in told.segments] == [1, 2] * 3


def test_only_speech_that_stands_in_segments_is_heard() -> None:
    speech = [Span(0.0, 1.0), Span(2.0, 3.0), Span(5.0, 6.0), Span(8.0, 9.0)]
    assert speech_of_segments(speech, [segment(2.5, 5.5), segment(8.9, 12.0)]) == speech[1:]
    assert speech_of_segments(speech, []) == []


def test_segments_without_any_speech_have_no_speaker() -> None:
    told = tell_speakers(tones((LOW_HZ, 4.0)), [], [segment(0.0, 4.0)], FakeVoiceEncoder())
    assert (told.segments, told.voices) == ((segment(0.0, 4.0),), ())


def test_two_voices_that_talk_are_told_apart(voice_encoder: VoiceEncoder) -> None:
    """A man of flite's, a woman, the man again: 16 s, by the real model and the real voice activity."""
    order = ["rms", "slt", "rms"]
    sentences = [
        "the ship came into the harbour at noon with a load of coal and timber from the north",
        "we were asked to wait until the doctor had seen the children who came in the morning",
        "nobody in the village could remember when the bridge had been built or by whom it was",
    ]
    parts = [said(sentence, voice) for sentence, voice in zip(sentences, order, strict=True)]
    samples = np.concatenate([part for one in parts for part in (one, silence(0.6))])
    segments, now_s = [], 0.0
    for part in parts:
        segments.append(segment(now_s + 0.3, now_s + len(part) / 16_000 - 0.3))
        now_s += len(part) / 16_000 + 0.6
    speech = [one.span for one in VoiceActivity().find_speech(samples)]
    told = tell_speakers(samples, speech, segments, voice_encoder)
    assert [one.speaker for one in told.segments] == [1, 2, 1]
    assert all(voice.certainty > 0.5 for voice in told.voices)


@pytest.fixture(scope="module")
def voice_encoder(tmp_path_factory: pytest.TempPathFactory) -> VoiceEncoder:
    settings = RetrievalSettings(data_dir=tmp_path_factory.mktemp("data"))
    try:
        return ProfileEncoders(Profile.LITE, settings).voice_encoder()
    except ModelUnavailableError:
        pytest.skip("the package resemblyzer, whose weights tell voices apart, is not installed")


def work_folder(folder: Path, segments: Sequence[Segment]) -> Artefacts:
    """Eight seconds of a low voice, four of it and four of a high one, with these segments."""
    artefacts = Artefacts(folder)
    artefacts.decode_folder.mkdir(parents=True)
    track = HeardTrack(0, None, "sound.s16")
    empty = np.zeros((0, 3), np.float32)
    Decoded(artefacts.decode_folder, 8.0, None, (track,), (), np.zeros(0), empty, ()).save()
    writer = SoundFileWriter(artefacts.decode_folder / track.file)
    writer.write(tones((LOW_HZ, 4.0), (HIGH_HZ, 4.0)))
    writer.close()
    artefacts.save_lines("segments", segments)
    return artefacts


def test_the_step_leaves_segments_with_speakers_and_their_voices(tmp_path: Path) -> None:
    artefacts = work_folder(tmp_path, [segment(0.0, 8.0)])
    tell(artefacts, FakeVoiceEncoder, FakeVoiceActivity, lambda _: None)
    assert [one.speaker for one in artefacts.load_segments("segments")] == [1, 2]
    assert [voice.number for voice in artefacts.voices()] == [1, 2]


def test_where_nobody_speaks_no_model_is_built(tmp_path: Path) -> None:
    def unbuilt() -> VoiceEncoder:
        raise AssertionError("nobody speaks")

    artefacts = work_folder(tmp_path, [])
    tell(artefacts, unbuilt, FakeVoiceActivity, lambda _: None)
    assert artefacts.voices() == ()


def test_without_the_model_nobody_is_known_and_that_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def absent() -> VoiceEncoder:
        raise ModelUnavailableError("ge2e-voices is not installed, for this test")

    artefacts = work_folder(tmp_path, [segment(0.0, 8.0)])
    for _ in range(2):
        tell(artefacts, absent, FakeVoiceActivity, lambda _: None)
    assert artefacts.load_segments("segments") == (segment(0.0, 8.0),)
    assert artefacts.voices() == ()
    assert caplog.messages.count("who speaks is not told: ge2e-voices is not installed, for this test") == 1
