"""Files and folders that appear whole or not at all, whatever ends the writing of them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from indexer.intake.file_names import MAX_NAME_BYTES, safe_name
from retrieval.atomic import (
    new_folder,
    remove_folder,
    replacing,
    replacing_folder,
    sweep_drafts,
    write_atomically,
)
from tests.places import ROOT

WRITERS = 4
CONTENT_BYTES = 200_000

KILLED_WRITER = """
import os, signal, sys
from pathlib import Path
from retrieval import atomic
with getattr(atomic, sys.argv[1])(Path(sys.argv[2])) as draft:
    (draft / "page" if draft.is_dir() else draft).write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
STEADY_WRITER = """
import sys
from pathlib import Path
from retrieval.atomic import replacing
for _ in range(50):
    with replacing(Path(sys.argv[1])) as draft:
        draft.write_text(sys.argv[2] * int(sys.argv[3]))
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def killed_while_writing(door: str, path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED_WRITER, door, str(path)], cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL


@pytest.mark.parametrize("error", [ValueError, OSError, KeyboardInterrupt, SystemExit])
def test_what_is_raised_while_writing_leaves_the_old_file_and_no_draft(
    tmp_path: Path, error: type[BaseException]
) -> None:
    file = tmp_path / "note.json"
    write_atomically(file, "old")

    def fail() -> None:
        with replacing(file) as draft:
            draft.write_text("half")
            assert file.read_text() == "old"
            raise error

    with pytest.raises(error):
        fail()
    assert (names(tmp_path), file.read_text()) == (["note.json"], "old")


def test_a_draft_has_the_suffix_of_the_file_and_is_closed_to_others_as_it_is(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        with replacing(tmp_path / "clip.mp4") as draft:
            draft.write_bytes(b"new")
            assert draft.suffix == ".mp4"
        with new_folder(tmp_path / "space") as folder:
            assert folder.stat().st_mode & 0o777 == 0o700
    finally:
        os.umask(before)
    assert (tmp_path / "clip.mp4").stat().st_mode & 0o777 == 0o600


def test_the_longest_name_that_a_file_may_get_leaves_room_for_its_draft(tmp_path: Path) -> None:
    name = safe_name("x" * 300 + "." + "y" * 19)
    assert len(name) == MAX_NAME_BYTES
    write_atomically(tmp_path / name, "new")
    assert names(tmp_path) == [name]


def test_only_what_cannot_be_made_again_is_pushed_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, seen = tmp_path / "note", list[str]()
    monkeypatch.setattr(os, "fsync", lambda _: seen.append("new" if file.exists() else "before it is there"))
    write_atomically(file, "new")
    assert seen == ["before it is there"]
    with replacing(tmp_path / "table") as draft:
        draft.write_text("made again")
    assert len(seen) == 1


def test_a_kill_leaves_the_old_file_and_a_draft_that_is_swept(tmp_path: Path) -> None:
    file = tmp_path / "note.json"
    write_atomically(file, "old")
    killed_while_writing("replacing", file)
    assert file.read_text() == "old"
    assert len(names(tmp_path)) == 2
    sweep_drafts(tmp_path)
    assert len(names(tmp_path)) == 2, "somebody may still be writing it"
    for path in tmp_path.iterdir():
        os.utime(path, (0, 0))
    sweep_drafts(tmp_path)
    assert names(tmp_path) == ["note.json"]


@pytest.mark.parametrize("door", ["new_folder", "replacing_folder"])
def test_a_kill_leaves_no_half_folder_and_a_draft_that_is_swept(tmp_path: Path, door: str) -> None:
    folder = tmp_path / "space"
    killed_while_writing(door, folder)
    assert not folder.exists()
    assert len(names(tmp_path)) == 1
    sweep_drafts(tmp_path, older_than_s=0.0)
    assert names(tmp_path) == []


def test_sweeping_leaves_what_is_no_draft_and_drafts_of_other_names(tmp_path: Path) -> None:
    for door in ("one", "two"):
        killed_while_writing("replacing", tmp_path / door)
    for kept in (".hidden", ".damaged-one-01234567", f"one.{'0' * 32}"):
        (tmp_path / kept).touch()
    before = set(names(tmp_path))
    sweep_drafts(tmp_path, "one", older_than_s=0.0)
    (gone,) = before - set(names(tmp_path))
    assert gone.startswith(".one.")
    sweep_drafts(tmp_path / "missing", older_than_s=0.0)


def test_threads_that_write_one_file_at_once_leave_one_of_theirs_whole(tmp_path: Path) -> None:
    file = tmp_path / "note"

    def write(letter: str) -> None:
        for _ in range(20):
            write_atomically(file, letter * CONTENT_BYTES)
            assert len(set(file.read_text())) == 1

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, "abcd"))
    assert len(file.read_text()) == CONTENT_BYTES
    assert names(tmp_path) == ["note"]


def test_processes_that_write_one_file_at_once_show_only_whole_ones(tmp_path: Path) -> None:
    file = tmp_path / "note"
    write_atomically(file, "-" * CONTENT_BYTES)
    processes = [
        subprocess.Popen([sys.executable, "-c", STEADY_WRITER, str(file), letter, str(CONTENT_BYTES)], cwd=ROOT)
        for letter in "abcd"
    ]
    seen = 0
    while any(process.poll() is None for process in processes):
        text = file.read_text()
        assert (len(text), len(set(text))) == (CONTENT_BYTES, 1)
        seen += 1
    assert seen
    assert [process.returncode for process in processes] == [0] * WRITERS
    assert names(tmp_path) == ["note"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
@pytest.mark.parametrize("door", [new_folder, replacing_folder])
def test_what_is_raised_while_filling_a_folder_leaves_none_of_it(
    tmp_path: Path, door: Callable[[Path], AbstractContextManager[Path]], error: type[BaseException]
) -> None:

    def fail() -> None:
        with door(tmp_path / "space") as draft:
            (draft / "page").write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert names(tmp_path) == []


def test_a_new_folder_takes_the_place_of_no_other(tmp_path: Path) -> None:
    with new_folder(tmp_path / "space") as draft:
        (draft / "page").write_text("first")
    with pytest.raises(OSError, match="not empty"), new_folder(tmp_path / "space") as draft:
        (draft / "page").write_text("second")
    assert names(tmp_path) == ["space"]
    assert (tmp_path / "space" / "page").read_text() == "first"


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    for name in ("first", "second"):
        with replacing_folder(tmp_path / "pictures") as draft:
            (draft / name).touch()
    assert names(tmp_path) == ["pictures"]
    assert names(tmp_path / "pictures") == ["second"]


def test_a_folder_that_cannot_be_replaced_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "pictures"
    with replacing_folder(folder) as draft:
        (draft / "first").touch()
    rename, moved = Path.rename, list[Path]()

    def fail_second(self: Path, target: Path) -> Path:
        moved.append(self)
        if len(moved) == 2:
            raise KeyboardInterrupt
        return rename(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", fail_second)
        with pytest.raises(KeyboardInterrupt), replacing_folder(folder) as draft:
            (draft / "second").touch()
    assert (names(tmp_path), names(folder)) == (["pictures"], ["first"])


def test_a_removed_folder_is_gone_and_one_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    with new_folder(tmp_path / "space") as draft:
        (draft / "page").touch()
    remove_folder(tmp_path / "space")
    remove_folder(tmp_path / "space")
    assert names(tmp_path) == []
