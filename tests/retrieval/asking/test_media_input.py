"""Files of queries: what is read of them, and what is said of those that cannot be."""

import io
import os
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import ffmpeg
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from retrieval.asking.media_input import MOST_PIXELS, PICTURE_SIDE_PX, FileOrBytes, read_picture, read_sound
from retrieval.errors import InputError, QueryError
from tests.media import colour, lavfi, tone, video, write

SOURCES: list[Callable[[Path], FileOrBytes]] = [
    lambda path: path,
    lambda path: path.read_bytes(),
    lambda path: io.BytesIO(path.read_bytes()),
]


@pytest.mark.parametrize("suffix", ["wav", "mp3", "m4a", "flac", "ogg", "webm"])
def test_a_tone_of_two_seconds_is_read_from_every_usual_container(tmp_path: Path, suffix: str) -> None:
    """440 Hz at an eighth of full scale, 44.1 kHz."""
    codecs: dict[str, dict[str, str | int]] = {
        "ogg": {"acodec": "libvorbis"},
        "webm": {"acodec": "libopus", "ar": 48_000},
    }
    samples = read_sound(write(tmp_path / f"tone.{suffix}", tone(2.0), **codecs.get(suffix, {})), 30.0)
    assert samples.dtype == np.float32
    assert len(samples) / 16_000 == pytest.approx(2.0, abs=0.1)
    assert np.abs(np.fft.rfft(samples[:16_000])).argmax() == 440
    assert np.abs(samples[4000:20_000]).max() == pytest.approx(0.125, abs=0.02)


@pytest.mark.parametrize("source_of", SOURCES)
def test_a_path_bytes_and_an_open_file_give_the_same_sound(
    tmp_path: Path, source_of: Callable[[Path], FileOrBytes]
) -> None:
    path = write(tmp_path / "tone.wav", tone(0.5))
    assert np.array_equal(read_sound(source_of(path), 30.0), read_sound(path, 30.0))


def test_an_open_file_is_read_from_its_start_and_left_open(tmp_path: Path) -> None:
    file = io.BytesIO(write(tmp_path / "tone.wav", tone(0.5)).read_bytes())
    file.seek(100)
    assert len(read_sound(file, 30.0)) == 8000
    assert not file.closed


def test_only_the_beginning_of_a_long_sound_is_used(tmp_path: Path) -> None:
    assert len(read_sound(write(tmp_path / "tone.wav", tone(5.0)), 1.5)) == 24_000


def test_of_several_tracks_the_first_that_can_be_heard_is_used(tmp_path: Path) -> None:
    """The first is silent, the second has 440 Hz."""
    silence = lavfi("anullsrc=channel_layout=mono:sample_rate=44100:duration=1")
    samples = read_sound(write(tmp_path / "two.mka", silence, tone(1.0), acodec="pcm_s16le"), 30.0)
    assert np.abs(np.fft.rfft(samples[:16_000])).argmax() == 440


def test_both_channels_are_heard(tmp_path: Path) -> None:
    """440 Hz on the left, 3 kHz on the right."""
    both = ffmpeg.filter([tone(1.0), tone(1.0, 3000)], "amerge", inputs=2)
    spectrum = np.abs(np.fft.rfft(read_sound(write(tmp_path / "two.wav", both), 30.0)))
    assert spectrum[440] == pytest.approx(spectrum[3000], rel=0.1)


def test_the_sound_of_a_video_is_its_sound(tmp_path: Path) -> None:
    path = video(tmp_path / "clip.mp4", colour("red", 1.0), tone(1.0))
    assert len(read_sound(path, 30.0)) / 16_000 == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("suffix", ["mp3", "m4a"])
def test_more_than_five_minutes_are_refused_with_what_is_allowed(tmp_path: Path, suffix: str) -> None:
    """A tone of 5 minutes and 5 seconds."""
    path = write(tmp_path / f"long.{suffix}", tone(305.0, rate_hz=16_000), audio_bitrate="16k")
    with pytest.raises(InputError, match=r"lasts longer than 5 minutes; allowed is .* at most 5 minutes"):
        read_sound(path, 1.0)


def test_five_minutes_are_allowed_whatever_the_header_claims(tmp_path: Path) -> None:
    """Two seconds of a wav whose header, as written to a pipe, claims 37 hours."""
    path = write(tmp_path / "piped.wav", tone(2.0, rate_hz=16_000), fflags="+bitexact")
    content = bytearray(path.read_bytes())
    content[4:8] = content[40:44] = b"\xff\xff\xff\xff"
    assert len(read_sound(bytes(content), 30.0)) == 32_000


def test_a_file_without_sound_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no sound; allowed is audio or video"):
        read_sound(video(tmp_path / "mute.mp4", colour("red", 0.5)), 30.0)


def test_silence_is_no_query(tmp_path: Path) -> None:
    path = write(tmp_path / "silence.wav", lavfi("anullsrc=r=16000:d=1"))
    with pytest.raises(QueryError, match="is silent"):
        read_sound(path, 30.0)


@pytest.mark.parametrize("read", [lambda source: read_sound(source, 30.0), read_picture])
class TestWhatCannotBeRead:
    def test_text_is_refused_with_what_is_allowed(self, read: Callable[[FileOrBytes], object]) -> None:
        with pytest.raises(InputError, match=r"the file sent is no (sound|picture) that can be read; allowed"):
            read(b"these are only words\n" * 100)

    def test_an_empty_file(self, read: Callable[[FileOrBytes], object], tmp_path: Path) -> None:
        path = tmp_path / "empty"
        path.touch()
        with pytest.raises(InputError, match=r"empty is empty \(0 bytes\)"):
            read(path)

    def test_a_missing_file(self, read: Callable[[FileOrBytes], object], tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"nowhere\.wav is missing; give the path of a file"):
            read(tmp_path / "nowhere.wav")

    def test_a_folder(self, read: Callable[[FileOrBytes], object], tmp_path: Path) -> None:
        with pytest.raises(InputError, match="is not a file"):
            read(tmp_path)

    def test_a_pipe_is_refused_rather_than_waited_for(
        self, read: Callable[[FileOrBytes], object], tmp_path: Path
    ) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(InputError, match="is not a file"):
            read(tmp_path / "pipe")

    def test_a_playlist_opens_no_other_file(self, read: Callable[[FileOrBytes], object], tmp_path: Path) -> None:
        tones = write(tmp_path / "tone.wav", tone(0.5))
        playlist = f"ffconcat version 1.0\nfile {tones}\n".encode()
        with pytest.raises(InputError, match="can be read"):
            read(playlist)

    @settings(max_examples=30, deadline=None)
    @given(
        content=st.binary(min_size=1, max_size=300),
        head=st.sampled_from([b"", b"RIFF", b"\x89PNG\r\n\x1a\n"]),
    )
    def test_no_bytes_make_it_fail_otherwise(
        self, read: Callable[[FileOrBytes], object], content: bytes, head: bytes
    ) -> None:
        with suppress(InputError):
            read(head + content)


def png(picture: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", **options)
    return file.getvalue()


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif", "bmp", "tiff"])
@pytest.mark.parametrize("source_of", SOURCES)
def test_a_picture_is_read_from_every_usual_format(
    tmp_path: Path, suffix: str, source_of: Callable[[Path], FileOrBytes]
) -> None:
    path = tmp_path / f"red.{suffix}"
    Image.new("RGB", (60, 40), (200, 0, 0)).save(path)
    picture = read_picture(source_of(path))
    assert picture.shape == (40, 60, 3)
    assert picture.dtype == np.uint8
    assert np.abs(picture.astype(int) - (200, 0, 0)).max() <= 3


def test_a_photo_is_turned_upright_as_its_camera_says(tmp_path: Path) -> None:
    """Taken with the camera held sideways (EXIF orientation 6): its left edge, red, is the top."""
    lying = Image.new("RGB", (60, 40), "blue")
    lying.paste("red", (0, 0, 20, 40))
    exif = Image.Exif()
    exif[0x0112] = 6
    lying.save(tmp_path / "photo.jpg", exif=exif, quality=95, subsampling=0)
    picture = read_picture(tmp_path / "photo.jpg")
    assert picture.shape == (60, 40, 3)
    assert picture[5].mean(axis=0) == pytest.approx([255, 0, 0], abs=10)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1", "CMYK", "I;16"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    picture = Image.new("L", (8, 8), 255).convert(mode) if mode != "I;16" else Image.new("I;16", (8, 8), 65_535)
    file = io.BytesIO()
    picture.save(file, "TIFF")
    assert read_picture(file).shape == (8, 8, 3)


def test_what_is_transparent_is_white() -> None:
    assert read_picture(png(Image.new("RGBA", (4, 4), (255, 0, 0, 0)))).min() == 255


def test_a_large_photo_is_made_as_small_as_indexed_frames() -> None:
    assert read_picture(png(Image.new("RGB", (2000, 1000)))).shape == (
        PICTURE_SIDE_PX // 2,
        PICTURE_SIDE_PX,
        3,
    )


@pytest.mark.parametrize("side", [8_100, 10_000, 14_000])
def test_a_decompression_bomb_is_refused_before_it_unfolds(side: int) -> None:
    """A file of a few kB that claims 65, 100 or 196 megapixels: beyond our limit, and Pillow's two."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        content = png(Image.new("1", (side, side)))
    assert len(content) < 100_000
    with pytest.raises(InputError, match=rf"{side:,} × {side:,} = {side**2:,} pixels; at most {MOST_PIXELS:,} of PNG"):
        read_picture(content)


def test_a_picture_that_is_cut_off_is_refused() -> None:
    content = png(Image.effect_noise((200, 200), 50))
    with pytest.raises(InputError, match="is no picture that can be read; allowed are AVIF, BMP"):
        read_picture(content[: len(content) // 2])


def test_formats_that_run_programs_are_not_read(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "drawing.eps")
    with pytest.raises(InputError, match="is no picture"):
        read_picture(tmp_path / "drawing.eps")
