from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from retrieval.encoders.voice_activity import FRAME_S, Thresholds, VoiceActivity, speech_of
from retrieval.errors import InputError, ModelCorruptError
from tests.spoken import chords, noise, said, silence

SENTENCE = "the meeting about the new budget starts on monday morning"


@pytest.fixture(scope="module")
def voice_activity() -> VoiceActivity:
    return VoiceActivity()


def frames(*levels_and_seconds: tuple[float, float]) -> NDArray[np.float32]:
    """Probabilities of 32-ms frames from (level, seconds) pairs."""
    return np.concatenate(
        [np.full(round(seconds / FRAME_S), level, np.float32) for level, seconds in levels_and_seconds]
    )


def test_speech_is_found_where_somebody_speaks(voice_activity: VoiceActivity) -> None:
    """2 s of silence, a sentence, 3 s of silence."""
    sentence = said(SENTENCE)
    found = voice_activity.find_speech(np.concatenate([silence(2), sentence, silence(3)]))
    assert found[0].span.start_s == pytest.approx(2.0, abs=0.3)
    assert found[-1].span.end_s == pytest.approx(2.0 + len(sentence) / 16_000, abs=0.4)
    assert all(speech.probability > 0.8 for speech in found)


@pytest.mark.parametrize("sound", [silence(10), noise(10), chords(10)], ids=["silence", "noise", "music"])
def test_silence_noise_and_music_hold_no_speech(voice_activity: VoiceActivity, sound: NDArray[np.int16]) -> None:
    assert voice_activity.find_speech(sound) == []


def test_no_samples_hold_no_speech(voice_activity: VoiceActivity) -> None:
    assert voice_activity.find_speech(np.zeros(0, np.float32)) == []


def test_int16_float_and_a_file_on_disk_say_the_same(voice_activity: VoiceActivity, tmp_path: Path) -> None:
    """21 s, so that the model's state must be carried from one run to the next."""
    samples = np.concatenate([silence(15.5), said(SENTENCE), silence(2)])
    samples.tofile(tmp_path / "sound.s16le")
    mapped = np.memmap(tmp_path / "sound.s16le", np.int16, "r")
    expected = voice_activity.find_speech(samples)
    assert expected
    assert voice_activity.find_speech(mapped) == expected
    assert voice_activity.find_speech(samples.astype(np.float32) / 32768) == expected


def test_every_started_frame_has_a_probability(voice_activity: VoiceActivity) -> None:
    assert voice_activity.probabilities(np.zeros(513, np.float32)).shape == (2,)


def test_stereo_samples_are_refused(voice_activity: VoiceActivity) -> None:
    with pytest.raises(InputError, match=r"not \(100, 2\)"):
        voice_activity.find_speech(np.zeros((100, 2), np.float32))


def test_a_broken_model_file_is_named(tmp_path: Path) -> None:
    model = tmp_path / "vad.onnx"
    model.write_bytes(b"no model")
    with pytest.raises(ModelCorruptError, match=r"vad\.onnx"):
        VoiceActivity(model).find_speech(silence(1))


def test_a_dip_inside_a_word_does_not_split_it() -> None:
    assert len(speech_of(frames((0, 1), (0.9, 1), (0.4, 1), (0.9, 1), (0, 1)), 5)) == 1


def test_a_short_pause_is_bridged_and_a_long_one_is_not() -> None:
    assert len(speech_of(frames((0.9, 1), (0, 0.2), (0.9, 1)), 2.2)) == 1
    assert len(speech_of(frames((0.9, 1), (0, 0.5), (0.9, 1)), 2.5)) == 2


def test_a_click_is_not_speech() -> None:
    assert speech_of(frames((0, 1), (0.9, 0.1), (0, 1)), 2.1) == []


def test_murmur_that_never_gets_certain_is_not_speech() -> None:
    assert speech_of(frames((0.45, 3)), 3) == []


def test_the_probability_is_the_mean_of_the_unpadded_stretch() -> None:
    (speech,) = speech_of(frames((0, 1), (0.8, 1), (0, 1)), 3)
    assert speech.probability == pytest.approx(0.8)


@given(
    arrays(np.float32, st.integers(0, 200), elements=st.floats(0, 1, width=32)),
    st.floats(0, FRAME_S, exclude_max=True),
)
def test_stretches_are_sorted_apart_and_inside_the_sound(probabilities: NDArray[np.float32], missing_s: float) -> None:
    duration_s = max(0.0, len(probabilities) * FRAME_S - missing_s)
    found = speech_of(probabilities, duration_s, Thresholds())
    edges = [edge for speech in found for edge in (speech.span.start_s, speech.span.end_s)]
    assert edges == sorted(edges)
    assert all(speech.span.duration_s > 0 for speech in found)
    assert all(0 <= edge <= duration_s for edge in edges)
