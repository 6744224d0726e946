"""Colours come out as they were meant: of HDR, of wide gamuts, and of files that do not say what they are."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.exports.chosen import Chosen
from app.exports.encode import render_clip
from app.exports.fcpxml import fcpxml
from app.exports.sequence import lay_out
from indexer.media.colours import Primaries, Transfer
from indexer.media.decode import decode
from indexer.media.ffmpeg_binary import ffmpeg_path
from indexer.media.probe import probe
from indexer.media.tone_map import WHITE_NITS
from retrieval.domain import Span

BARS = np.array(
    [[235, 235, 235], [128, 128, 128], [40, 40, 40], [180, 60, 50], [60, 140, 70], [60, 80, 170], [200, 170, 60]], float
)
WIDTH, HEIGHT = 64, 180
TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
"""From BT.709's primaries, by ITU-R BT.2087."""


def pq(nits: NDArray[np.float64]) -> NDArray[np.float64]:
    power = (nits / 10_000) ** 0.1593017578125
    return np.asarray(((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375)


def hlg(nits: NDArray[np.float64]) -> NDArray[np.float64]:
    """For a screen of 1000 cd/m²."""
    luma = nits @ np.array([0.2627, 0.6780, 0.0593])
    scene = nits / 1000 * (np.maximum(luma, 1e-9) / 1000)[:, None] ** (1 / 1.2 - 1)
    upper = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.asarray(np.where(scene <= 1 / 12, np.sqrt(3 * scene), upper))


def light(bars: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of colours of an ordinary screen whose white is that of HDR, in BT.2020, cd/m²."""
    return np.asarray((bars / 255) ** 2.4 @ TO_BT2020.T * WHITE_NITS)


def film(
    path: Path, codes: NDArray[np.float64], *tags: str, matrix: str = "bt2020", depth: str = "yuv420p10le"
) -> Path:
    """A second of upright bars, without loss; ``codes`` are 0 to 1."""
    row = np.repeat(np.rint(codes * 65535).astype("<u2"), WIDTH, axis=0)
    picture = np.broadcast_to(row, (HEIGHT, *row.shape)).tobytes()
    command = [ffmpeg_path(), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb48le", "-r", "5"]
    command += ["-s", f"{len(codes) * WIDTH}x{HEIGHT}", "-i", "-"]
    command += ["-vf", f"scale=out_color_matrix={matrix}:out_range=tv,format={depth},setparams={':'.join(tags)}"]
    subprocess.run([*command, "-c:v", "ffv1", str(path)], input=picture * 5, check=True)
    return path


def hdr(path: Path, codes: NDArray[np.float64], transfer: str) -> Path:
    return film(path, codes, "color_primaries=bt2020", f"color_trc={transfer}", "colorspace=bt2020nc", "range=tv")


def thumbnail(path: Path) -> NDArray[np.float64]:
    """The mean colour of each bar."""
    result = decode(probe(path), path.with_suffix(".decoded"))
    with Image.open(result.frame_path(result.frames[0])) as picture:
        return bars_of(np.asarray(picture, float))


def bars_of(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    width = picture.shape[1] / len(BARS)
    middles = [round((number + 0.5) * width) for number in range(len(BARS))]
    return np.array([picture[60:120, middle - 10 : middle + 10].mean(axis=(0, 1)) for middle in middles])


def exported(path: Path, output: Path) -> NDArray[np.float64]:
    """What a player shows of a clip: its tags are heeded."""
    import av

    render_clip(probe(path), Span(0.1, 0.9), "Title", output)
    with av.open(str(output)) as container:
        frame = next(container.decode(video=0))
        tags = (frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range)
        assert tags == (1, 1, 1, 1)
        return bars_of(np.asarray(frame.to_ndarray(format="rgb24"), float))


@pytest.mark.parametrize(
    ("transfer", "curve", "known"), [("smpte2084", pq, Transfer.PQ), ("arib-std-b67", hlg, Transfer.HLG)]
)
def test_hdr_without_highlights_looks_as_an_ordinary_picture(
    tmp_path: Path, transfer: str, curve: Callable[[NDArray[np.float64]], NDArray[np.float64]], known: Transfer
) -> None:
    path = hdr(tmp_path / "hdr.mkv", curve(light(BARS)), transfer)
    colours = probe(path).video_streams[0].colours
    assert colours
    assert (colours.transfer, colours.primaries) == (known, Primaries.BT2020)
    assert np.abs(thumbnail(path) - BARS).max() <= 9
    assert np.abs(exported(path, tmp_path / "clip.mp4") - BARS).max() <= 10


def test_an_editing_list_says_that_its_source_is_hdr(tmp_path: Path) -> None:
    path = hdr(tmp_path / "hdr.mkv", pq(light(BARS)), "smpte2084")
    chosen = [Chosen("0" * 16, path, "a", Span(0.1, 0.9), 1.0)]
    text = fcpxml(lay_out("List", chosen, {path: probe(path)}))
    assert text.count('colorSpace="9-16-9 (Rec. 2020 PQ)"') == 1


def test_highlights_are_compressed_and_keep_their_hue(tmp_path: Path) -> None:
    """The same bars beside lights of 1000 cd/m²: nothing is cut off, dark and middle tones stay."""
    nits = light(BARS)
    nits[0] = 1000
    nits[3] = light(BARS[3:4])[0] * 8
    path = hdr(tmp_path / "hdr.mkv", pq(nits), "smpte2084")
    shown = thumbnail(path)
    assert shown[0].min() > 245
    assert np.abs(shown[1:3] - BARS[1:3]).max() <= 12
    red, green, blue = shown[3]
    assert red > 200
    assert green < 0.75 * red
    assert blue < green + 15
    assert np.abs(exported(path, tmp_path / "clip.mp4") - shown).max() <= 10


def test_a_wide_gamut_that_is_not_hdr_keeps_its_colours(tmp_path: Path) -> None:
    codes = ((BARS / 255) ** 2.4 @ TO_BT2020.T) ** (1 / 2.4)
    path = hdr(tmp_path / "wide.mkv", codes, "bt709")
    assert np.abs(thumbnail(path) - BARS).max() <= 9
    assert np.abs(exported(path, tmp_path / "clip.mp4") - BARS).max() <= 10


@pytest.mark.parametrize(
    ("matrix", "tags", "height"),
    [
        ("bt709", ("colorspace=bt709", "range=tv"), 180),
        ("bt601", ("colorspace=smpte170m", "range=tv"), 180),
        ("bt601", ("colorspace=unknown",), 180),
        ("bt709", ("colorspace=unknown",), 720),
    ],
)
def test_ordinary_colours_are_read_by_their_tags_or_by_their_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, matrix: str, tags: tuple[str, ...], height: int
) -> None:
    """Without tags, pictures from 720 lines on are BT.709, smaller ones BT.601: as players have it."""
    monkeypatch.setattr("tests.app.exports.test_colours.HEIGHT", height)
    path = film(tmp_path / "sdr.mkv", BARS / 255, *tags, matrix=matrix, depth="yuv420p")
    assert np.abs(thumbnail(path) - BARS).max() <= 5
    assert np.abs(exported(path, tmp_path / "clip.mp4") - BARS).max() <= 10
