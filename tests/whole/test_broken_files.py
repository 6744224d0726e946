"""Garbage where Moments keeps something of its own: one line that names the file, and a doctor that sees it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from retrieval.domain import Lane
from retrieval.errors import StorageError
from retrieval.storage.qdrant_embedded import EdgeVectorStore
from retrieval.storage.vectors import Space
from tests.fakes import FakeShot, library_of
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


def test_a_catalog_that_was_cut_to_nothing_is_no_new_library(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    library_of(tmp_path / "data", {"a.mp4": [FakeShot("red")]}).close()
    catalog = tmp_path / "data" / "catalog.sqlite"
    for left in catalog.parent.glob("catalog.sqlite-*"):
        left.unlink()
    catalog.write_bytes(b"")
    options = ("--data-dir", str(catalog.parent), "--profile", "lite")
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    for command in (("videos",), ("search", "red"), ("index", str(film)), ("serve", "--port", "0"), ("doctor",)):
        call = moments(capsys, *options, *command)
        assert call.code == 1, command
        assert f"the catalog {catalog} is empty, though" in call.errors + call.out
        assert "Traceback" not in call.errors
    catalog.unlink()
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
