"""Sound whose header says what no recorder writes: one clear line, and pictures beside it are indexed all the same."""

import struct
from pathlib import Path

import pytest

from indexer.media import apart
from indexer.settings import IndexSettings
from retrieval.asking.media_input import read_sound
from retrieval.errors import InputError, MediaError, NotMediaError, UndecodableError
from tests.media import moving, video

RATE_ALLOWED = "1,000 to 3,072,000 Hz are allowed"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> IndexSettings:
    return IndexSettings(data_dir=tmp_path_factory.mktemp("data"), decode_memory_gb=1.0)


def wav(rate_hz: int, channels: int) -> bytes:
    samples = b"\x10\x20" * 32_000
    block = 2 * channels
    about = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * block % 2**32, block % 2**16, 16)
    chunks = b"WAVEfmt " + struct.pack("<I", 16) + about + b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


def au(rate_hz: int, channels: int) -> bytes:
    samples = b"\x20\x10" * 32_000
    return b".snd" + struct.pack(">IIIII", 24, len(samples), 3, rate_hz, channels) + samples


def caf(rate_hz: float, channels: int) -> bytes:
    samples = b"\x20\x10" * 32_000
    about = struct.pack(">d4sIIIII", rate_hz, b"lpcm", 0, 2 * channels, 1, channels, 16)
    data = struct.pack(">I", 0) + samples
    return b"caff\0\1\0\0desc" + struct.pack(">q", 32) + about + b"data" + struct.pack(">q", len(data)) + data


def aiff(rate_hz: int, channels: int) -> bytes:
    samples = b"\x20\x10" * 32_000
    exponent = rate_hz.bit_length() - 1
    rate = struct.pack(">HQ", 16_383 + exponent, rate_hz << (63 - exponent))
    about = struct.pack(">HIH", channels, 32_000 // channels, 16) + rate
    data = bytes(8) + samples
    chunks = b"AIFFCOMM" + struct.pack(">I", 18) + about + b"SSND" + struct.pack(">I", len(data)) + data
    return b"FORM" + struct.pack(">I", len(chunks)) + chunks


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (wav(2**31, 1), NotMediaError, "is not a media file that can be read"),
        (wav(0, 1), NotMediaError, "is not a media file that can be read"),
        (wav(2**31 - 1, 2), UndecodableError, f"sound of 2,147,483,647 Hz is not read; {RATE_ALLOWED}"),
        (wav(50_000_000, 2), UndecodableError, f"sound of 50,000,000 Hz is not read; {RATE_ALLOWED}"),
        (wav(1, 1), UndecodableError, f"sound of 1 Hz is not read; {RATE_ALLOWED}"),
        (wav(16_000, 64), UndecodableError, "64 channels cannot be mixed"),
        (wav(16_000, 65_535), UndecodableError, "nothing decodes"),
        (au(2**31 - 1, 1), UndecodableError, RATE_ALLOWED),
        (au(16_000, 64), UndecodableError, "64 channels cannot be mixed"),
        (caf(2.0**31, 1), UndecodableError, RATE_ALLOWED),
        (caf(float("inf"), 1), UndecodableError, RATE_ALLOWED),
        (caf(float("nan"), 1), UndecodableError, "nothing decodes"),
        (caf(16_000, 64), UndecodableError, "64 channels cannot be mixed"),
        (aiff(2**31 - 1, 1), UndecodableError, RATE_ALLOWED),
        (aiff(16_000, 64), UndecodableError, "64 channels cannot be mixed"),
    ],
)
def test_rates_and_channels_beyond_sense_are_refused(
    content: bytes, error: type[MediaError], message: str, tmp_path: Path, settings: IndexSettings
) -> None:
    path = tmp_path / "absurd"
    path.write_bytes(content)
    with pytest.raises(error) as refused:
        apart.decode(apart.probe(path), tmp_path / "decoded", settings)
    assert message in refused.value.message
    with pytest.raises(InputError, match="allowed is audio or video"):
        read_sound(path, 30.0)


def test_pictures_beside_sound_that_cannot_be_mixed_are_indexed(tmp_path: Path, settings: IndexSettings) -> None:
    """A second of moving picture, and sound in 64 channels."""
    (tmp_path / "many.wav").write_bytes(wav(16_000, 64))
    import ffmpeg

    sound = ffmpeg.input(str(tmp_path / "many.wav"))
    film = video(tmp_path / "film.mov", moving(1), sound, acodec="pcm_s16le")
    decoded = apart.decode(apart.probe(film), tmp_path / "decoded", settings)
    assert decoded.frames
    assert any("64 channels cannot be mixed" in warning for warning in decoded.warnings)
