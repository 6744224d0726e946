"""Which sound is indexed where a file has several tracks or programs, or channels that cancel each other."""

import subprocess
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np
import pytest

from app.exports.encode import render_clip
from indexer.media.decode import decode
from indexer.media.decoded import Decoded
from indexer.media.ffmpeg_binary import ffmpeg_path
from indexer.media.probe import probe
from indexer.media.sound_file import Sound
from indexer.media.tracks_heard import chosen
from indexer.steps.stages import hear
from indexer.steps.transcribe import said_in_any
from indexer.steps.work_folder import Artefacts
from retrieval.asking.media_input import read_sound
from retrieval.domain import Segment, Span, SpeechOrigin
from retrieval.encoders.base import Samples
from tests import media
from tests.fakes import FakeVoiceActivity

RATE_HZ = 16_000


def decoded(path: Path) -> Decoded:
    return decode(probe(path), path.with_suffix(".decoded"))


def heard_hz(sound: Sound) -> int:
    """The strongest tone in the first second."""
    samples = sound[:RATE_HZ]
    return int(np.abs(np.fft.rfft(samples)).argmax())


def silence(seconds: float) -> Any:
    return media.lavfi(f"anullsrc=channel_layout=mono:sample_rate=44100:duration={seconds}")


def hum(seconds: float) -> Any:
    """Noise of 60 dB below full scale."""
    return media.lavfi(f"anoisesrc=amplitude=0.001:seed=1:sample_rate=44100:duration={seconds}")


def chirps(seconds: float, hz: int, seed: int) -> np.ndarray:
    """Bursts of a tone at random, in the place of somebody who speaks: 16 kHz."""
    random = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    open_at = np.repeat(random.random(len(time_s) // 3200 + 1) > 0.5, 3200)[: len(time_s)]
    return np.asarray(8000 * np.sin(2 * np.pi * hz * time_s) * open_at, np.int16)


@pytest.mark.parametrize("first", [silence, hum])
def test_the_track_that_is_heard_is_listened_to(tmp_path: Path, first: Any) -> None:
    """The first track is silent or hums, the second has 440 Hz."""
    path = media.write(tmp_path / "two.mka", first(2), media.tone(2), acodec="pcm_s16le")
    result = decoded(path)
    assert heard_hz(result.sound) == 440
    assert [track.index for track in result.heard] == [1]
    assert result.sound_track == 1
    assert result.warnings == ("sound: track 2 was listened to; those before it are silent, or far fainter",)
    assert not list(result.folder.glob("sound_0_*"))


def test_tracks_that_differ_are_all_listened_to_with_their_languages(tmp_path: Path) -> None:
    options = {"metadata:s:a:0": "language=eng", "metadata:s:a:1": "language=fra", "acodec": "pcm_s16le"}
    path = media.write(tmp_path / "two.mka", media.tone(2), media.tone(2, 1000), **options)
    result = decoded(path)
    assert [(track.index, track.language) for track in result.heard] == [(0, "eng"), (1, "fra")]
    assert [heard_hz(result.sound_of(track)) for track in result.heard] == [440, 1000]
    assert result.sound_track is None
    assert "differ; what is said in each is searched" in result.warnings[0]
    loaded = Decoded.load(result.folder)
    assert loaded
    assert loaded.heard == result.heard


class Tones:
    """Hears which tone is the strongest, and calls that speech."""

    name = "tones"

    def transcribe(
        self,
        samples: Samples,
        speech: Sequence[Span],
        *,
        translate: bool = False,  # noqa: ARG002
    ) -> Iterator[Segment]:
        words = f"{np.abs(np.fft.rfft(samples[:RATE_HZ])).argmax()} Hz"
        yield Segment(speech[0], words, (), None, 0.9, SpeechOrigin.TRANSCRIBED)


def test_speech_of_all_tracks_is_transcribed(tmp_path: Path) -> None:
    """German at 440 Hz, English at 1 kHz."""
    options = {"metadata:s:a:0": "language=ger", "metadata:s:a:1": "language=eng", "acodec": "pcm_s16le"}
    path = media.write(tmp_path / "two.mka", media.tone(2), media.tone(2, 1000), **options)
    artefacts = Artefacts(tmp_path / "work")
    decode(probe(path), artefacts.decode_folder)
    for name in ("subtitles", "subtitles_beside"):
        artefacts.save_lines(name, ())
    hear(artefacts, Tones, FakeVoiceActivity, lambda _: None)
    assert {segment.text for segment in artefacts.load_segments("segments")} == {"440 Hz", "1000 Hz"}


def test_the_same_sound_twice_is_listened_to_once(tmp_path: Path) -> None:
    """A tone, and the same at half the level by another codec."""
    quieter = media.tone(2).filter("volume", 0.5)
    path = media.write(tmp_path / "two.mkv", media.tone(2), quieter, **{"c:a:0": "pcm_s16le", "c:a:1": "aac"})
    result = decoded(path)
    assert [track.index for track in result.heard] == [0]
    assert result.warnings == ()


def test_silence_on_every_track_is_silence(tmp_path: Path) -> None:
    result = decoded(media.write(tmp_path / "two.mka", silence(1), silence(1), acodec="pcm_s16le"))
    assert [track.index for track in result.heard] == [0]


def test_the_preferred_of_the_audible_tracks_comes_first() -> None:
    one, other = chirps(10, 500, seed=1), chirps(10, 800, seed=2)
    quiet = (one // 100).astype(np.int16)
    assert chosen([one, other]) == (0, 1)
    assert chosen([one, (one // 2).astype(np.int16), other]) == (0, 2)
    assert chosen([quiet, other])[0] == 1
    assert chosen([np.zeros(RATE_HZ, np.int16), one]) == (1,)
    assert chosen([np.zeros(RATE_HZ, np.int16)]) == ()
    assert chosen([]) == ()


def test_a_click_does_not_make_a_track_heard() -> None:
    click = np.zeros(10 * RATE_HZ, np.int16)
    click[RATE_HZ : RATE_HZ + 200] = 30_000
    assert chosen([click, chirps(10, 500, seed=1)])[0] == 1


def line(start_s: float, text: str) -> Segment:
    return Segment(Span(start_s, start_s + 2), text, (), None, 0.9, SpeechOrigin.TRANSCRIBED)


def test_what_a_second_track_repeats_is_written_once() -> None:
    """A film and its version for the blind, in which the pauses are filled."""
    film = [line(0, "Where were you last night?"), line(10, "At home.")]
    described = [line(0.1, "where were you last night"), line(4, "She opens the window."), line(10, "At home!")]
    assert [said.text for said in said_in_any([film, described])] == [
        "Where were you last night?",
        "She opens the window.",
        "At home.",
    ]


def sine(hz: int, level: float = 0.125, seconds: float = 3.0) -> np.ndarray:
    """At 16 kHz, so that nothing needs to be resampled."""
    return np.asarray(level * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ))


def wav(path: Path, *channels: np.ndarray) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.rint(np.stack(channels, axis=1) * 32767).astype("<i2").tobytes())
    return path


def samples_of(result: Decoded) -> np.ndarray:

    return result.sound[:]


@pytest.mark.parametrize(("right", "loud", "told"), [(-1.0, 1.0, True), (-0.6, 0.8, True), (0.0, 0.7, False)])
def test_no_channel_is_lost_to_the_other(tmp_path: Path, right: float, loud: float, told: bool) -> None:
    """The right channel is connected the wrong way round, as loud or fainter; or it is empty."""
    path = wav(tmp_path / "phase.wav", sine(440), right * sine(440))
    result = decoded(path)
    level = np.sqrt(np.mean((samples_of(result)[2000:-2000] / 32768) ** 2)) / (0.125 / np.sqrt(2))
    assert level == pytest.approx(loud, abs=0.05)
    assert any("out of phase" in warning for warning in result.warnings) is told
    asked = read_sound(path, 30.0)
    assert np.sqrt(np.mean(asked**2)) / (0.125 / np.sqrt(2)) == pytest.approx(loud, abs=0.05)


def test_only_a_stretch_out_of_phase_is_heard_and_told(tmp_path: Path) -> None:
    turned = np.where(np.arange(3 * RATE_HZ) < RATE_HZ, 1.0, -1.0)
    result = decoded(wav(tmp_path / "half.wav", sine(440), turned * sine(440)))
    tenths = samples_of(result)[: 29 * RATE_HZ // 10].reshape(29, -1)
    assert (np.abs(tenths).max(axis=1) > 3500).all()
    assert result.warnings == ("sound: the channels of track 1 are out of phase for 2.0 s; their difference was heard",)


def test_speech_out_of_phase_under_music_in_phase_is_heard(tmp_path: Path) -> None:
    """440 Hz alike on both channels, and 1 kHz of half the level with opposite signs."""
    music, voice = sine(440), sine(1000, 0.0625)
    result = decoded(wav(tmp_path / "both.wav", music + voice, music - voice))
    spectrum = np.abs(np.fft.rfft(samples_of(result)[RATE_HZ : 2 * RATE_HZ]))
    assert spectrum[1000] == pytest.approx(spectrum[440] / 2, rel=0.1)
    assert result.warnings == ()


def test_two_voices_on_two_channels_are_both_heard(tmp_path: Path) -> None:
    spectrum = np.abs(np.fft.rfft(samples_of(decoded(wav(tmp_path / "two.wav", sine(440), sine(1000))))[:RATE_HZ]))
    assert spectrum[1000] == pytest.approx(spectrum[440], rel=0.1)


def test_channels_that_are_alike_are_one_to_the_bit(tmp_path: Path) -> None:
    both = samples_of(decoded(wav(tmp_path / "both.wav", sine(440), sine(440))))
    np.testing.assert_array_equal(both, samples_of(decoded(wav(tmp_path / "one.wav", sine(440)))))


def test_speech_in_the_centre_of_surround_sound_is_heard(tmp_path: Path) -> None:
    silent, voice = np.zeros(3 * RATE_HZ), sine(440, 0.5)
    centre = ffmpeg.input(str(wav(tmp_path / "six.wav", silent, silent, voice, silent, silent, silent)))
    path = media.write(tmp_path / "surround.flac", centre.filter("aformat", channel_layouts="5.1"))
    assert np.abs(samples_of(decoded(path))).max() > 3000


def test_one_program_of_several_is_indexed_and_exported(tmp_path: Path) -> None:
    """Program 1 shows red with 440 Hz, program 2 a larger blue with 1 kHz."""
    sources = ["color=red:size=320x180:rate=25", "sine=440", "color=blue:size=640x360:rate=25", "sine=1000"]
    command = [ffmpeg_path(), "-v", "error", *(word for source in sources for word in ("-f", "lavfi", "-i", source))]
    command += ["-map", "0", "-map", "1", "-map", "2", "-map", "3", "-t", "1.5", "-c:v", "libx264", "-c:a", "aac"]
    command += ["-program", "program_num=1:st=0:st=1", "-program", "program_num=2:st=2:st=3"]
    path = tmp_path / "two.ts"
    subprocess.run([*command, str(path)], check=True)
    info = probe(path)
    assert info.video
    assert info.audio
    assert (info.video.width, info.video.programs, info.audio.programs) == (640, frozenset({2}), frozenset({2}))
    result = decoded(path)
    assert (result.video_index, result.heard[0].index) == (2, 3)
    assert heard_hz(result.sound) == 1000
    assert result.warnings == ("holds several programs: picture and sound of one are indexed, program 1 is left out",)
    render_clip(info, Span(0.2, 1.2), "Title", tmp_path / "clip.mp4")
    assert heard_hz(decoded(tmp_path / "clip.mp4").sound) == pytest.approx(1000, abs=2)


def test_an_export_has_the_track_that_was_listened_to(tmp_path: Path) -> None:
    path = media.write(tmp_path / "two.mka", silence(2), media.tone(2, 1000), acodec="pcm_s16le")
    info = probe(path)
    render_clip(info.as_indexed(None, decoded(path).sound_track), Span(0.5, 1.5), "Title", tmp_path / "clip.mp4")
    assert heard_hz(decoded(tmp_path / "clip.mp4").sound) == pytest.approx(1000, abs=2)
