"""Garbage where Moments keeps something of its own: one line that names the file, and a doctor that sees it."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.http.readiness import Warmup, checks
from retrieval.domain import Lane
from retrieval.errors import StorageError
from retrieval.storage.qdrant_embedded import EdgeVectorStore
from retrieval.storage.vectors import Space
from tests.fakes import FakeShot, library_of
from tests.job_fakes import HeldIndexer, queue_in
from tests.media import colour, write
from tests.no_root import as_any_user
from tests.places import ROOT
from tests.terminal import moments

GARBAGE = b"\x00\xffgarbage {" * 500


def overwrite(path: Path) -> None:
    path.write_bytes(GARBAGE)


def replace_by_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


@pytest.mark.parametrize("broken", [overwrite, replace_by_folder])
@pytest.mark.parametrize(
    ("name", "commands"),
    [
        ("catalog.sqlite", (("videos",), ("search", "red"), ("index", "film.mp4"), ("serve", "--port", "0"))),
        ("jobs.sqlite", (("index", "film.mp4"), ("serve", "--port", "0"))),
        ("vectors/active.json", ()),
    ],
)
def test_a_broken_file_is_one_line_that_names_it(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    broken: Callable[[Path], None],
    name: str,
    commands: tuple[tuple[str, ...], ...],
) -> None:
    data, film = tmp_path / "data", tmp_path / "film.mp4"
    film.write_bytes(b"film")
    library_of(data, {"a.mp4": [FakeShot("red")]}).close()
    for left in data.glob("catalog.sqlite-*"):
        left.unlink()
    broken(data / name)
    options = ("--data-dir", str(data), "--profile", "lite")
    for command in commands:
        call = moments(capsys, *options, *(str(film) if word == film.name else word for word in command))
        assert call.code == 1, command
        said = [line for line in call.errors.splitlines() if line.startswith("moments: ")]
        assert len(said) == 1
        assert str(data / name) in said[0]
        assert "Traceback" not in call.errors
    doctor = moments(capsys, *options, "--json", "doctor")
    assert doctor.code == 1
    assert any(name in f"{found['detail']}" for found in doctor.row["findings"] if not found["ok"])


@pytest.mark.parametrize(("lose", "how"), [(lambda path: path.write_bytes(b""), "empty"), (Path.unlink, "gone")])
def test_a_catalog_that_was_lost_or_cut_to_nothing_is_no_new_library(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lose: Callable[[Path], None], how: str
) -> None:
    library_of(tmp_path / "data", {"a.mp4": [FakeShot("red")]}).close()
    upload = tmp_path / "data" / "files" / "job" / "film.mp4"
    upload.parent.mkdir(parents=True)
    upload.write_bytes(b"film")
    catalog = tmp_path / "data" / "catalog.sqlite"
    for left in catalog.parent.glob("catalog.sqlite-*"):
        left.unlink()
    lose(catalog)
    before = sorted(catalog.parent.rglob("*"))
    options = ("--data-dir", str(catalog.parent), "--profile", "lite")
    for command in (
        ("videos",),
        ("search", "red"),
        ("index", str(upload)),
        ("serve", "--port", "0"),
        ("doctor",),
        ("doctor", "--repair"),
    ):
        call = moments(capsys, *options, *command)
        assert call.code == 1, command
        assert (call.errors + call.out).count(f"the catalog {catalog} is {how}, though") == 1
        assert "Traceback" not in call.errors
    assert set(before) <= set(catalog.parent.rglob("*"))

    for name in ("files", "vectors"):
        (catalog.parent / name).rename(tmp_path / name)
    assert moments(capsys, *options, "videos").code == 0
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "catalog.sqlite").touch()
    assert moments(capsys, "--data-dir", str(tmp_path / "new"), "videos").code == 0


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "{}"])
def test_what_says_how_a_space_is_made_can_be_broken_in_any_way(tmp_path: Path, text: str) -> None:
    store = EdgeVectorStore(tmp_path / "vectors")
    store.ensure_space(Space("visual-1", 4))
    store.close()
    (tmp_path / "vectors" / "active.json").write_text(text)
    if text != "{}":
        with pytest.raises(StorageError, match=r"active.json cannot be read"):
            EdgeVectorStore(tmp_path / "vectors").active(Lane.VISUAL)
    (tmp_path / "vectors" / "active.json").unlink()
    note = tmp_path / "vectors" / "visual-1" / "space.json"
    note.write_text(text)
    with pytest.raises(StorageError, match=rf"{note} cannot be read: .*moments doctor --repair"):
        EdgeVectorStore(tmp_path / "vectors").activate(Lane.VISUAL, "visual-1")


@pytest.mark.parametrize("name", ["thumbnails", "work", "uploads", "exports"])
def test_a_file_in_the_way_of_a_folder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    (tmp_path / name).write_bytes(GARBAGE)
    for command in (("videos",), ("doctor",), ("serve", "--port", "0")):
        call = moments(capsys, "--data-dir", str(tmp_path), "--json", *command)
        assert call.code == 1
        assert f"{tmp_path / name} is in the way of a folder" in call.out


def run_as_any_user(data: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """`moments`, held to the modes of files even where root runs the tests."""
    return subprocess.run(
        [sys.executable, "-m", "app.cli.main", "--data-dir", str(data), "--profile", "lite", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=120,
        preexec_fn=as_any_user,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, root passes by the modes of files")
@pytest.mark.parametrize("name", ["catalog.sqlite", "jobs.sqlite", "vectors", "thumbnails", "work", "files"])
def test_what_may_not_be_written_is_one_line_that_names_it_and_the_doctor_says_what_to_do(
    tmp_path: Path, name: str
) -> None:
    data, closed = tmp_path / "data", tmp_path / "data" / name
    film = write(tmp_path / "film.mp4", colour("red", 2.0))
    library_of(data, {"a.mp4": [FakeShot("red")]}).close()
    with closing(sqlite3.connect(data / "jobs.sqlite")) as queue:
        queue.execute("CREATE TABLE kept (x)")
    if not closed.exists():
        closed.mkdir()
    # Uploads are not written by this, but looked through for what is left over.
    closed.chmod(0o000 if name == "files" else 0o400 if closed.is_file() else 0o500)
    try:
        indexed, doctor = run_as_any_user(data, "index", str(film)), run_as_any_user(data, "--json", "doctor")
    finally:
        closed.chmod(0o700)
    assert indexed.returncode == 1
    assert "Traceback" not in indexed.stderr
    assert sum(str(closed) in line for line in indexed.stderr.splitlines()) == 1, indexed.stderr
    bad = [found for found in json.loads(doctor.stdout)["findings"] if not found["ok"]]
    assert any(str(closed) in found["detail"] for found in bad)
    assert f"chmod -R u+rwX {data}, as the user that they belong to" in [found["advice"] for found in bad]


def test_a_catalog_that_is_removed_or_replaced_under_a_server_is_noticed(tmp_path: Path) -> None:
    with library_of(tmp_path, {"a.mp4": [FakeShot("red")]}) as library:
        library.require_in_place()
        catalog = library.folder.catalog_file
        catalog.rename(tmp_path / "away")
        with pytest.raises(StorageError, match=rf"the catalog {catalog} was removed or replaced .* from a backup"):
            library.require_in_place()
        shutil.copy(tmp_path / "away", catalog)
        with pytest.raises(StorageError, match="was removed or replaced"):
            library.require_in_place()
        warmup, jobs = Warmup(), SimpleNamespace(unfinished=list)
        reasons = {check.name: check.reason for check in checks(library, jobs, warmup)}  # type: ignore[arg-type]
        assert "was removed or replaced" in (reasons["database"] or "")


def test_a_queue_that_is_removed_under_a_server_takes_no_job_and_says_so(tmp_path: Path) -> None:
    with queue_in(tmp_path, HeldIndexer(), workers=0) as jobs:
        for file in tmp_path.glob("jobs.sqlite*"):
            file.unlink()
        with pytest.raises(StorageError, match="the queue cannot be used: "):
            jobs.enqueue(tmp_path / "film.mp4")
