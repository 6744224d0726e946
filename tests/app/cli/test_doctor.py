"""What `moments doctor` says of the files of the library."""

import os
from pathlib import Path
from typing import Any

import pytest

from retrieval.domain import Profile
from retrieval.settings import RetrievalSettings
from retrieval.storage.library import Library
from retrieval.storage.records import VideoContents, VideoRecord
from tests.fakes import size_and_time
from tests.terminal import moments


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a.mp4, b.mp4, c.mp4 and d.mp4, which are in the library in ``tmp_path / "data"``."""
    folder = tmp_path / "files"
    folder.mkdir()
    with Library(RetrievalSettings(data_dir=tmp_path / "data", profile=Profile.LITE), "test") as library:
        for digit in "abcd":
            file = folder / f"{digit}.mp4"
            file.write_text(digit)
            record = VideoRecord(digit * 16, digit * 32, str(file), digit, *size_and_time(file))
            library.catalog.publish(record, VideoContents())
    return folder


def findings(capsys: pytest.CaptureFixture[str], data: Path) -> dict[str, dict[str, Any]]:
    call = moments(capsys, "--data-dir", str(data), "--profile", "lite", "--json", "doctor")
    return {finding["name"]: finding for finding in call.row["findings"]}


def test_files_that_are_as_they_were_are_well(files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = findings(capsys, tmp_path / "data")
    assert (found["files"]["ok"], found["contents"]["ok"]) == (True, True)
    assert len(list(files.iterdir())) == 4


def test_files_that_were_replaced_or_are_gone_are_named(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (files / "a.mp4").unlink()
    (files / "b.mp4").write_text("longer")
    (files / "c.mp4").write_text("x")  # as long, and another time below
    os.utime(files / "c.mp4", ns=(1, 1))
    found = findings(capsys, tmp_path / "data")
    assert not found["files"]["ok"]
    assert found["files"]["detail"] == f"1 of 4 files are gone, such as {files / 'a.mp4'}"
    assert not found["contents"]["ok"]
    told = found["contents"]["detail"]
    assert told.startswith("2 of 4 files are not what was indexed")
    assert str(files / "b.mp4") in told
    assert str(files / "c.mp4") in told
    assert "moments index" in found["contents"]["advice"]


def test_removing_by_one_of_several_paths_forgets_that_path(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from retrieval.storage.records import VideoFile

    data, copy = tmp_path / "data", str(files / "copy.mp4")
    options = ("--data-dir", str(data), "--json")
    with Library(RetrievalSettings(data_dir=data), "test") as library:
        library.catalog.add_file("a" * 16, VideoFile(copy, 1, 1))
    assert moments(capsys, *options, "show", copy).row["paths"] == [str(files / "a.mp4"), copy]
    assert copy in moments(capsys, "--data-dir", str(data), "show", "a" * 16).out.replace("\n", "")
    assert moments(capsys, *options, "remove", copy).row["path"] == copy
    assert moments(capsys, *options, "show", "a" * 16).row["paths"] == [str(files / "a.mp4")]
    moments(capsys, *options, "remove", str(files / "a.mp4"))
    assert moments(capsys, *options, "show", "a" * 16).code == 1
