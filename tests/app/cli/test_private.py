"""Who may look in: the library is its user's alone, and what they ask to have written is as open as their own files."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from app.http.application import create_app
from app.settings import Settings
from retrieval.domain import Profile
from retrieval.settings import RetrievalSettings
from retrieval.storage.folder import DataFolder
from retrieval.storage.library import Library
from tests.app.cli.test_serve import serving
from tests.fakes import FakeShot, id_of, library_of
from tests.library import TIMEOUT_S
from tests.media import colour, write
from tests.terminal import moments


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> str:
    return f"{path.stat().st_mode & 0o777:o}"


def modes(folder: Path) -> set[str]:
    return {mode(path) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("mask", [0o022, 0o002, 0o077])
def test_what_a_command_keeps_is_closed_and_what_it_is_asked_to_write_is_the_users(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mask: int
) -> None:
    data, out = tmp_path / "new" / "data", tmp_path / "list.csv"
    with umask(mask):
        library = library_of(data, {"a.mp4": [FakeShot("red")]})
        library.close()
        for path in data.iterdir():
            if path.is_file():
                path.chmod(0o666)
        data.chmod(0o755)
        made = moments(capsys, "--data-dir", str(data), "--profile", "lite", "videos")
        assert made.code == 0, made.errors
        fresh = tmp_path / "fresh"
        moments(capsys, "--data-dir", str(fresh), "--profile", "lite", "videos")
        written = moments(
            capsys,
            "--data-dir",
            str(data),
            "--json",
            "export",
            "--moment",
            "a.mp4@0-1",
            "--format",
            "csv",
            "--out",
            str(out),
        )
        assert written.code == 0, written.errors
        assert os.umask(mask) == mask
    assert {mode(data), mode(fresh), *modes(fresh)} == {"700", "600"}
    assert DataFolder(data).open_to_others() == []
    assert mode(out) == f"{0o666 & ~mask:o}"


def test_a_library_of_before_is_closed_and_a_folder_with_other_things_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with umask(0o022):
        for name in ("ours", "shared"):
            Library(RetrievalSettings(data_dir=tmp_path / name), "test").close()
            (tmp_path / name / "thumbnails").mkdir(mode=0o755)
            (tmp_path / name / "catalog.sqlite").chmod(0o644)
            (tmp_path / name).chmod(0o755)
        (tmp_path / "shared" / "film.mp4").write_text("film")
        for name in ("ours", "shared"):
            Library(RetrievalSettings(data_dir=tmp_path / name), "test").close()
    for name in ("ours", "shared"):
        assert mode(tmp_path / name / "catalog.sqlite") == "600"
        assert mode(tmp_path / name / "thumbnails") == "700"
    assert mode(tmp_path / "ours") == "700"
    assert (mode(tmp_path / "shared"), mode(tmp_path / "shared" / "film.mp4")) == ("755", "644")
    for name, is_private in (("ours", True), ("shared", False)):
        doctor = moments(capsys, "--data-dir", str(tmp_path / name), "--profile", "lite", "--json", "doctor")
        (found,) = [finding for finding in doctor.row["findings"] if finding["name"] == "private"]
        assert found["ok"] is is_private
    assert str(tmp_path / "shared") in found["detail"]
    assert found["advice"].startswith("chmod")


def test_an_application_in_a_server_of_somebody_elses_has_a_closed_folder_too(tmp_path: Path) -> None:
    with umask(0o002):
        create_app(Settings(data_dir=tmp_path / "data", profile=Profile.LITE))
        DataFolder.create(tmp_path / "data")
    assert mode(tmp_path / "data") == "700"


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_what_a_server_keeps_is_closed_whatever_the_umask_says(tmp_path: Path, mask: int) -> None:
    """Uploads, clips that players ask for, exports, and the cache of clips."""
    data = tmp_path / "data"
    write(tmp_path / "a.mp4", colour("red", 3.0))
    with umask(0o077):
        library_of(data, {"a.mp4": [FakeShot("red")]}, tmp_path).close()
    with umask(mask), serving(data) as (url, _), httpx.Client(base_url=url, timeout=TIMEOUT_S) as client:
        clip = client.get(f"/v1/videos/{id_of('a.mp4')}/clip.mp4", params={"start_s": 0, "end_s": 2})
        moment = {"video_id": id_of("a.mp4"), "start_s": 0, "end_s": 1}
        export = client.post("/v1/exports", json={"format": "mp4", "moments": [moment]})
        upload = client.post("/v1/uploads", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "5"})
        assert (clip.status_code, export.status_code, upload.status_code) == (200, 200, 201)
        assert any((data / "clips").iterdir())
        assert [path for path in data.rglob("*") if path.stat().st_mode & 0o077] == []
