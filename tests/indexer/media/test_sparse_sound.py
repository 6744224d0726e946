"""Hours without sound, pictures that stand for hours, and files that go on for days cost next to nothing."""

import struct
import threading
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.intake.addition import Addition
from indexer.media.decode import DecodeOptions, decode
from indexer.media.decoded import Decoded
from indexer.media.probe import probe
from indexer.media.sound_file import BLOCK_SAMPLES, NO_SOUND, Sound, SoundFileWriter, sound_in
from indexer.media.tracks_heard import chosen
from indexer.pipeline import Cancelled, Indexer
from indexer.settings import IndexSettings
from indexer.steps.attended import attended
from indexer.steps.embed import embed_sounds
from indexer.steps.stages import cuts_of
from indexer.steps.windows import frames_of_windows
from retrieval.domain import Profile, ScreenText, Segment, Span, Window
from retrieval.encoders.base import Embedding, Frames, Recording, Samples, Transcriber, VoiceEncoder
from retrieval.encoders.lite_sound import HOP_S, LiteSoundEncoder
from retrieval.encoders.voice_activity import VoiceActivity
from retrieval.storage.library import Library
from tests import media
from tests.fakes import (
    FakeSentences,
    FakeSound,
    FakeTranscriber,
    FakeVisual,
    FakeVoiceActivity,
    FakeVoiceEncoder,
    NoReader,
)
from tests.index_fakes import IndexEncoders

RATE_HZ = 16_000
DAY_S = 24 * 3600.0


def spread(path: Path, source: Path, every_s: float, packets_each: int = 1) -> Path:
    """The packets of ``source``, some at a time, so that the next ones begin ``every_s`` later."""
    with av.open(str(source)) as read, av.open(str(path), "w") as made:
        copied = made.add_stream_from_template(read.streams[0])
        began_s = 0.0
        for number, packet in enumerate(found for found in read.demux(read.streams[0]) if found.size):
            group, within = divmod(number, packets_each)
            read_s, lasts_s = (float((ticks or 0) * packet.time_base) for ticks in (packet.pts, packet.duration))
            began_s = began_s if within else read_s
            packet.stream, packet.time_base = copied, Fraction(1, 1000)
            packet.pts = packet.dts = round((group * every_s + read_s - began_s) * 1000)
            packet.duration = round(lasts_s * 1000)
            made.mux(packet)
    return path


def decoded(path: Path, options: DecodeOptions = DecodeOptions()) -> Decoded:
    return decode(probe(path), path.with_suffix(".decoded"), options=options)


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


@pytest.fixture(scope="module")
def hourly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four days in which every hour a tone is heard for a fifth of a second, and nothing else."""
    folder = tmp_path_factory.mktemp("hourly")
    source = media.write(folder / "tone.ogg", media.tone(20, rate_hz=48_000), acodec="libopus")
    return spread(folder / "hourly.mka", source, 3595.0, packets_each=10)


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six pictures an hour apart, and no sound."""
    folder = tmp_path_factory.mktemp("slides")
    source = media.video(folder / "fast.mp4", media.moving(6, fps=1), g=1, bf=0)
    return spread(folder / "slides.mp4", source, 3590.0)


@given(
    st.lists(st.tuples(st.integers(0, 40_000), st.lists(st.integers(-2, 2), max_size=3)), max_size=8),
    st.integers(0, 300_000),
    st.integers(0, 60_000),
)
@settings(max_examples=30, deadline=None)
def test_a_file_of_sound_reads_as_the_samples_that_were_written(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[int, list[int]]], first: int, count: int
) -> None:
    path = tmp_path_factory.mktemp("sound") / "sound.s16le"
    writer, expected = SoundFileWriter(path), np.zeros(0, np.int16)
    for gap, levels in parts:
        writer.skip_to(len(expected) + gap)
        some = np.repeat(np.array(levels, np.int16), 3_000)
        writer.write(some)
        expected = np.concatenate([expected, np.zeros(gap, np.int16), some])
    writer.close()
    sound = sound_in(path)
    if len(expected) < RATE_HZ // 100:
        assert len(sound) == 0
        return
    assert len(sound) == len(expected)
    np.testing.assert_array_equal(sound[first : first + count], expected[first : first + count])
    np.testing.assert_array_equal(sound[:], expected)
    blocks = np.pad(expected, (0, -len(expected) % BLOCK_SAMPLES)).reshape(-1, BLOCK_SAMPLES)
    assert path.stat().st_size == 2 * BLOCK_SAMPLES * blocks.any(axis=1).sum()
    for start_s, end_s in sound.stretches_s():
        assert expected[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)].any()
    assert sound.is_silent(Span(0.0, len(expected) / RATE_HZ)) == (not expected.any())


def test_packets_an_hour_apart_are_heard_where_they_lie_and_nothing_between_is_kept(hourly: Path) -> None:
    result = decoded(hourly)
    assert DAY_S - 3600 < result.duration_s < DAY_S
    assert size_of(result.folder) < 1_500_000
    for start_s in (0, 3595, 23 * 3595):
        heard = result.sound[start_s * RATE_HZ : start_s * RATE_HZ + RATE_HZ]
        assert np.abs(heard).max() > 2_000
    assert not result.sound[2 * RATE_HZ : 3594 * RATE_HZ].any()


def test_what_lies_past_the_longest_that_is_indexed_is_left_out_and_said(hourly: Path) -> None:
    result = decoded(hourly, DecodeOptions(longest_s=7200.0))
    assert result.duration_s == pytest.approx(7190.2, abs=0.1)
    assert any("goes on after 2 hours" in warning for warning in result.warnings)
    assert not any("header claims" in warning for warning in result.warnings)


def test_a_long_video_is_read_no_further_than_it_is_indexed(tmp_path: Path) -> None:
    path = media.video(tmp_path / "long.mp4", media.moving(40), media.tone(40))
    told: list[float] = []
    result = decode(probe(path), tmp_path / "decoded", on_progress=told.append, options=DecodeOptions(longest_s=2.0))
    assert result.duration_s == pytest.approx(2.0, abs=0.05)
    assert max(told) <= 2.0
    assert [warning for warning in result.warnings if "goes on after" in warning]


def test_one_stray_time_in_the_far_future_cuts_nothing(tmp_path: Path) -> None:
    """The last of 101 packets claims to lie two days on."""
    source = media.write(tmp_path / "tone.ogg", media.tone(2, rate_hz=48_000), acodec="libopus")
    result = decoded(spread(tmp_path / "stray.mka", source, 2 * DAY_S, packets_each=100))
    assert result.duration_s == pytest.approx(2.0, abs=0.1)
    assert not any("goes on after" in warning for warning in result.warnings)


def test_a_stretch_in_which_nothing_comes_is_one_window(hourly: Path) -> None:
    windows = cuts_of(decoded(hourly), 2.0).windows
    assert len(windows) < 50
    spans = [window.span for window in windows]
    assert spans[0].duration_s < 1.0
    assert spans[1].duration_s > 3500
    assert all(one.end_s == two.start_s for one, two in pairwise(spans))


def test_a_picture_that_stands_for_an_hour_is_one_window_and_found_as_such(slides: Path) -> None:
    result = decoded(slides)
    cuts = cuts_of(result, 2.0)
    shown = frames_of_windows(cuts.windows, cuts.shots, [frame.time_s for frame in result.frames])
    spans = [(round(window.span.start_s), round(window.span.end_s)) for window in cuts.windows]
    assert spans[:5] == [(n * 3590, (n + 1) * 3590) for n in range(5)]
    assert shown[:5] == ((0,), (1,), (2,), (3,), (4,))
    assert len(spans) < 12
    assert any("one moment" in warning for warning in result.warnings)


def test_a_leap_that_is_left_out_is_told_as_long_as_it_is(tmp_path: Path) -> None:
    """46 hours; only MPEG's own clock goes round in less."""
    source = media.write(tmp_path / "tone.ogg", media.tone(2, rate_hz=48_000), acodec="libopus")
    result = decoded(spread(tmp_path / "leap.mka", source, 46 * 3600.0, packets_each=55))
    assert result.duration_s == pytest.approx(2.0, abs=0.1)
    assert [warning for warning in result.warnings if "leap ahead by 1 day, 21:59:59" in warning]


def test_a_frame_that_claims_to_last_for_days_does_not(tmp_path: Path) -> None:
    """The table of times says 2³¹ ticks a frame: 46 hours each."""
    path = media.video(tmp_path / "clip.mp4", media.colour("red", 4, fps=1))
    content = bytearray(path.read_bytes())
    at = content.index(b"stts") + 16
    content[at : at + 4] = struct.pack(">I", 2**31)
    path.write_bytes(content)
    result = decoded(path)
    assert result.duration_s <= 60.0
    assert len(cuts_of(result, 2.0).windows) <= 30


def test_hours_of_silence_are_heard_through_in_seconds_and_reported_all_the_while() -> None:
    silent_s = 6 * 3600.0
    silence = Sound(None, round(silent_s) * RATE_HZ, np.zeros(0, np.int64))
    gaps_s: list[float] = []
    # Of the processor's time: what a busy machine keeps from this process says nothing.
    last_s = time.process_time()

    def told(_done: float) -> None:
        nonlocal last_s
        gaps_s.append(time.process_time() - last_s)
        last_s = time.process_time()

    assert VoiceActivity().find_speech(silence, told) == []
    tags = LiteSoundEncoder(FakeSentences()).tag(silence, told)
    assert len(tags.probabilities) == silent_s / HOP_S
    assert chosen([silence, silence], told) == ()
    assert len(gaps_s) > 1_000
    assert max(gaps_s) < 1.5


def bursts(seconds: int, *at_s: float) -> np.ndarray:
    """Silence, with half a second of noise here and there."""
    samples = np.zeros(seconds * RATE_HZ, np.int16)
    noise = np.random.default_rng(1)
    for start_s in at_s:
        start = round(start_s * RATE_HZ)
        samples[start : start + RATE_HZ // 2] = noise.integers(-9_000, 9_000, RATE_HZ // 2)
    return samples


def test_silence_that_is_skipped_is_tagged_as_silence_that_is_heard() -> None:
    """Half a second of noise before three minutes of silence, and in the middle of them."""
    samples = bursts(300, 0.0, 150.0)
    encoder = LiteSoundEncoder(FakeSentences())
    faint = np.where(samples == 0, 1e-12, samples / 32768).astype(np.float32)
    np.testing.assert_allclose(encoder.tag(samples).probabilities, encoder.tag(faint).probabilities, atol=1e-4)


def test_speech_after_silence_that_is_skipped_is_as_likely_as_after_silence_that_is_heard() -> None:
    samples = bursts(200, 0.0, 70.0, 71.0, 190.0)
    faint = np.where(samples == 0, 1e-12, samples / 32768).astype(np.float32)
    voice = VoiceActivity()
    np.testing.assert_allclose(voice.probabilities(samples), voice.probabilities(faint), atol=0.01)


def test_a_window_of_hours_without_sound_is_not_read() -> None:
    """Read at once as floats, it would take 5.5 GB."""
    day = Sound(None, round(DAY_S) * RATE_HZ, np.zeros(0, np.int64))
    units = embed_sounds([Window(0, 0, Span(0.0, DAY_S))], day, FakeSound(), 5.0, lambda _: None)
    assert units.ordinals == ()
    assert len(NO_SOUND[:]) == 0


def test_what_waits_for_a_call_is_told_so_and_may_leave() -> None:
    assert attended(lambda: 3, lambda: None) == 3
    with pytest.raises(TimeoutError, match="its own"):
        attended(lambda: (_ for _ in ()).throw(TimeoutError("its own")), lambda: None)
    go_on = threading.Event()

    def leave() -> None:
        raise Cancelled("enough")

    began_s = time.monotonic()
    with pytest.raises(Cancelled):
        attended(lambda: go_on.wait(30), leave)
    assert time.monotonic() - began_s < 1.5
    go_on.set()


class Stuck:
    """Work that takes half a minute, or would."""

    def __init__(self) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()

    def wait(self) -> None:
        self.reached.set()
        self.go_on.wait(30)


def stuck_in(step: str, stuck: Stuck) -> IndexEncoders:
    """Encoders of which the one that this step uses is stuck."""

    class Eyes(FakeVisual):
        def embed_frames(self, frames: np.ndarray) -> Embedding:
            stuck.wait()
            return super().embed_frames(frames)

    class Ears(FakeSound):
        def embed_sounds(self, clips: Sequence[Samples]) -> Embedding:
            stuck.wait()
            return super().embed_sounds(clips)

    class Writer(FakeTranscriber):
        def transcribe(self, samples: Samples, speech: Sequence[Span], *, translate: bool = False) -> Iterator[Segment]:
            stuck.wait()
            yield from super().transcribe(samples, speech, translate=translate)

    class Voices(FakeVoiceEncoder):
        def embed_voices(self, samples: Recording, starts: Sequence[int]) -> np.ndarray:
            stuck.wait()
            return super().embed_voices(samples, starts)

    class Reader(NoReader):
        def read(self, frame: Frames) -> list[ScreenText]:
            stuck.wait()
            return super().read(frame)

    class Sentences(FakeSentences):
        def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
            stuck.wait()
            return super().embed_texts(texts)

    class Encoders(IndexEncoders):
        def visual(self) -> FakeVisual:
            return Eyes() if step == "look" else super().visual()

        def sound(self) -> FakeSound:
            return Ears() if step == "listen" else super().sound()

        def transcriber(self) -> Transcriber:
            return Writer() if step == "transcribe" else super().transcriber()

        def voice_encoder(self) -> VoiceEncoder:
            return Voices() if step == "speakers" else super().voice_encoder()

        def screen_reader(self) -> NoReader:
            return Reader() if step == "read" else super().screen_reader()

        def sentences(self) -> FakeSentences:
            return Sentences() if step == "publish" else super().sentences()

    return Encoders(voices=FakeVoiceActivity(0.9))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return media.video(tmp_path_factory.mktemp("film") / "film.mp4", media.moving(2), media.tone(2))


@pytest.mark.parametrize("step", ["look", "listen", "transcribe", "speakers", "read", "publish"])
def test_cancel_is_heard_while_a_model_is_at_work(step: str, film: Path, tmp_path: Path) -> None:
    stuck = Stuck()
    asked_s: list[float] = []

    def report(_step: str, _share: float) -> None:
        if stuck.reached.is_set():
            asked_s.append(time.monotonic())
            raise Cancelled("enough")

    chosen_settings = IndexSettings(data_dir=tmp_path / "data", profile=Profile.LITE)
    with Library(chosen_settings, "test") as library:
        indexer = Indexer(library, stuck_in(step, stuck), chosen_settings)
        with pytest.raises(Cancelled):
            indexer.index("job", Addition(str(film)), lambda _, run: run(), report, lambda *_: None)
        assert time.monotonic() - asked_s[0] < 1.5
        assert not stuck.go_on.is_set()
        assert library.catalog.totals().videos == 0
        stuck.go_on.set()
