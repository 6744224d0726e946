"""A picture that becomes larger, smaller or upright in mid-stream: indexed, shown and exported whole."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.exports.chosen import Chosen
from app.exports.encode import render_clip, render_reel
from app.exports.sequence import lay_out
from indexer.media.decode import decode
from indexer.media.probe import probe
from indexer.steps.embed import embed_frames, load_frame
from retrieval.domain import Label, Lane, Span
from retrieval.encoders.base import Embedding, EncoderSpec, Frames, Vectors
from tests import media

CHANGES = [("320x180", "640x360"), ("640x360", "320x180"), ("180x320", "320x180")]


class MeanColour:
    """Sees the mean colour of a picture, whatever its size."""

    spec = EncoderSpec("mean-colour", Lane.VISUAL, 3, "1")
    names = ()

    def embed_texts(self, texts: object) -> Vectors:
        raise NotImplementedError

    def embed_frames(self, frames: Frames) -> Embedding:
        means = frames.mean(axis=(1, 2)).astype(np.float32)
        return Embedding(means, tuple((Label(str(frame.shape), 1.0),) for frame in frames))


@pytest.mark.parametrize("sizes", CHANGES)
def test_all_of_it_is_decoded_and_embedded(tmp_path: Path, sizes: tuple[str, str]) -> None:
    """A second of red in one size, a second of green in another, with sound."""
    path = media.growing(tmp_path, sizes)
    result = decode(probe(path), tmp_path / "out")
    assert result.duration_s == pytest.approx(2.0, abs=0.1)
    assert len(result.times_s) == 50
    assert result.has_audio
    shapes = [load_frame(result.frame_path(frame)).shape[1::-1] for frame in result.frames]
    assert {"{}x{}".format(*shape) for shape in shapes} == set(sizes)
    widest = max(sizes, key=lambda size: np.prod([int(side) for side in size.split("x")]))
    assert result.size == tuple(int(side) for side in widest.split("x"))
    files = [result.frame_path(frame) for frame in result.frames]
    seen = embed_frames(files, MeanColour(), lambda _: None)
    hues = [int(np.argmax(row)) for row in seen.vectors]
    assert hues == [0 if frame.time_s < 0.99 else 1 for frame in result.frames]
    assert [row[0].name for row in seen.labels] == [str((*shape[::-1], 3)) for shape in shapes]


def test_frames_of_one_batch_keep_their_order_whatever_their_size(tmp_path: Path) -> None:
    files = []
    for number in range(20):
        files.append(tmp_path / f"{number}.png")
        size = (8, 4) if number % 3 else (4, 8)
        Image.new("RGB", size, (number * 10, 0, 0)).save(files[-1])
    seen = embed_frames(files, MeanColour(), lambda _: None)
    assert [row[0] for row in seen.vectors] == [number * 10 for number in range(20)]


@pytest.mark.parametrize("sizes", CHANGES)
def test_a_clip_goes_on_over_the_change_letterboxed_not_stretched(tmp_path: Path, sizes: tuple[str, str]) -> None:
    """0.4 s before the change and 0.6 s after it: all frames, then green in its own shape."""
    path = media.growing(tmp_path, sizes)
    info = probe(path)
    assert info.video
    render_clip(info, Span(0.6, 1.6), "Title", tmp_path / "clip.mp4")
    check(tmp_path / "clip.mp4", before=10, after=15, second=sizes[1])


def test_a_reel_goes_on_over_the_change(tmp_path: Path) -> None:
    path = media.growing(tmp_path, ("320x180", "180x320"))
    infos = {path: probe(path)}
    chosen = [Chosen("0" * 16, path, "a", Span(0.6, 1.6), 2.0)]
    render_reel(lay_out("Reel", chosen, infos), infos, tmp_path / "reel.mp4")
    check(tmp_path / "reel.mp4", before=10, after=15, second="180x320")


def test_a_clip_is_as_large_as_the_largest_picture_that_was_indexed(tmp_path: Path) -> None:
    path = media.growing(tmp_path, ("320x180", "640x360"))
    info = probe(path).as_indexed((640, 360), None)
    render_clip(info, Span(0.6, 1.6), "Title", tmp_path / "clip.mp4")
    made = probe(tmp_path / "clip.mp4").video
    assert made
    assert (made.width, made.height) == (640, 360)
    check(tmp_path / "clip.mp4", before=10, after=15, second="640x360")


def check(file: Path, before: int, after: int, second: str) -> None:
    """So many red frames, then green ones whose picture has the shape of ``second`` and is centred."""
    import av

    with av.open(str(file)) as container:
        pictures = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]
    height, width, _ = pictures[0].shape
    hues = [int(np.argmax(picture[height // 2, width // 2])) for picture in pictures]
    # The sound of a broadcast starts a little before its picture: both ends may show a part of a frame.
    assert hues == sorted(hues)
    assert [hues.count(0), hues.count(1)] == pytest.approx([before, after], abs=1)
    shown = pictures[-1][:, :, 1] > 128
    columns, rows = int(shown[height // 2].sum()), int(shown[:, width // 2].sum())
    given_width, given_height = (int(side) for side in second.split("x"))
    assert columns / rows == pytest.approx(given_width / given_height, rel=0.05)
    assert columns >= width - 2 or rows >= height - 2
