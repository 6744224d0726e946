"""Pictures of a video by time."""

from pathlib import Path

import pytest

from retrieval.thumbnails import most_telling_s, nearest_s, thumbnail_file, thumbnail_times_s


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures of second 0.5, 2 and 10, of 10, 500 and 30 bytes."""
    for time_s, size in ((0.5, 10), (2.0, 500), (10.0, 30)):
        thumbnail_file(tmp_path, time_s).write_bytes(b"x" * size)
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def test_times_are_read_off_the_names_in_order(folder: Path) -> None:
    assert thumbnail_times_s(folder) == [0.5, 2.0, 10.0]
    assert thumbnail_times_s(folder / "missing") == []


@pytest.mark.parametrize(
    ("asked_s", "found_s"), [(0.0, 0.5), (1.2, 0.5), (1.25, 0.5), (1.3, 2.0), (6.1, 10.0), (99, 10.0)]
)
def test_the_nearest_picture_is_found_before_and_after(asked_s: float, found_s: float) -> None:
    assert nearest_s([0.5, 2.0, 10.0], asked_s) == found_s


def test_the_picture_with_most_detail_stands_for_the_video(folder: Path) -> None:
    assert most_telling_s(folder, [0.5, 2.0, 10.0]) == 2.0


def test_of_many_pictures_a_few_that_are_spread_out_are_looked_at(tmp_path: Path) -> None:
    times_s = [float(second) for second in range(900)]
    for time_s in times_s:
        thumbnail_file(tmp_path, time_s).write_bytes(b"x" * (10 if time_s != 450 else 99))
    assert most_telling_s(tmp_path, times_s) == 450.0
