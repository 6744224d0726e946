"""Videos whose pictures are too large to hold: refused, or left out, before they are decoded."""

from pathlib import Path

import pytest

from indexer.media import apart
from indexer.media.frame_limits import MOST_FRAME_PIXELS
from indexer.media.probe import probe
from indexer.settings import IndexSettings
from retrieval.errors import UndecodableError
from retrieval.isolation.isolated import CallLimits
from tests.media import colour, moving, tone, video, write

SIDE_PX = 8_300
TOO_LARGE = f"8,300 × 8,300 = {SIDE_PX**2:,} pixels; at most {MOST_FRAME_PIXELS:,} "
LITTLE = CallLimits(memory_bytes=250_000_000, silence_s=60.0, cpu_s=30, output_bytes=1_000_000)
"""One such picture is 0.1 GB in H.264, and 0.3 GB in PNG's RGB with its transparency."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> IndexSettings:
    return IndexSettings(data_dir=tmp_path_factory.mktemp("data"), decode_memory_gb=0.5)


@pytest.fixture(scope="module")
def large_h264(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One black picture."""
    path = tmp_path_factory.mktemp("large") / "large.h264"
    return video(path, colour("black", 1, fps=1, size=f"{SIDE_PX}x{SIDE_PX}"))


@pytest.fixture(scope="module")
def large_png(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as PNG in a Matroska file, beside two seconds of sound."""
    path = tmp_path_factory.mktemp("large") / "large.mkv"
    picture = colour("black", 1, fps=1, size=f"{SIDE_PX}x{SIDE_PX}")
    return write(path, picture, tone(2), vcodec="png", pix_fmt="rgba", acodec="flac")


def test_a_video_of_large_pictures_is_refused(large_h264: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "_LOOKING", LITTLE)
    with pytest.raises(UndecodableError) as refused:
        apart.probe(large_h264)
    assert TOO_LARGE in refused.value.message


def test_so_is_one_whose_size_only_the_decoder_says(large_png: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "_LOOKING", LITTLE)
    with pytest.raises(UndecodableError) as refused:
        apart.probe(large_png)
    assert TOO_LARGE in refused.value.message


def test_pictures_that_grow_too_large_midway_are_left_out(
    large_h264: Path, tmp_path: Path, settings: IndexSettings
) -> None:
    """A second of pictures of 320 × 180, one of 8,300 × 8,300, and another second of small ones."""
    small = video(tmp_path / "small.h264", moving(1)).read_bytes()
    grows = tmp_path / "grows.h264"
    grows.write_bytes(small + large_h264.read_bytes() + small)
    decoded = apart.decode(apart.probe(grows), tmp_path / "decoded", settings)
    assert decoded.size == (320, 180)
    assert decoded.duration_s == pytest.approx(2.0, abs=0.2)
    assert any("do not decode and are left out" in warning for warning in decoded.warnings)


def test_a_large_cover_does_not_keep_a_song_out(tmp_path: Path) -> None:
    """Nine seconds of sound and one picture that is shown for one: a cover, whatever its size."""
    song = tmp_path / "song.mkv"
    picture = colour("black", 1, fps=1, size=f"{SIDE_PX}x{SIDE_PX}")
    write(song, picture, tone(9), vcodec="png", pix_fmt="gray", acodec="flac")
    info = probe(song)
    assert info.video is None
    assert info.audio is not None
