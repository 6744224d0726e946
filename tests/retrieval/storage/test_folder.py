"""The data folder: paths, clear errors, and locks that a killed process does not keep."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from retrieval.errors import DataFolderBusyError, StorageError
from retrieval.storage.folder import DataFolder, LockName
from tests.places import ROOT

HOLDER = """
import sys, time
from pathlib import Path
from retrieval.storage.folder import DataFolder, LockName
with DataFolder.create(Path(sys.argv[1])).hold(LockName(sys.argv[2]), "moments serve", url="http://127.0.0.1:8000"):
    print("held", flush=True)
    time.sleep(60)
"""


@contextmanager
def other_process_holding(folder: DataFolder, name: LockName) -> Iterator[subprocess.Popen[str]]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder.path), name],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    try:
        yield holder
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def test_the_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    folder = DataFolder.create(tmp_path / "a" / "b")
    assert folder.path.is_dir()
    assert list(folder.path.iterdir()) == []
    assert folder.catalog_url == f"sqlite:///{tmp_path}/a/b/catalog.sqlite"
    assert folder.work_dir("0123abcd") == folder.path / "work" / "0123abcd"


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StorageError, match=r"file.* cannot be made: a file is in the way"):
            DataFolder.create(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_write_permission_is_named(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    with pytest.raises(StorageError, match=r"locked cannot be written to: Permission denied; choose another"):
        DataFolder.create(locked)
    with pytest.raises(StorageError, match=r"locked/data cannot be made: Permission denied"):
        DataFolder.create(locked / "data")


def test_a_read_only_place_is_named() -> None:
    with pytest.raises(StorageError, match=r"the data folder /proc/moments cannot be made"):
        DataFolder.create(Path("/proc/moments"))


def test_a_held_lock_names_its_owner_to_others(tmp_path: Path) -> None:
    folder = DataFolder.create(tmp_path)
    assert folder.owner(LockName.INDEX) is None
    with other_process_holding(folder, LockName.INDEX) as holder:
        owner = folder.owner(LockName.INDEX)
        assert owner is not None
        assert (owner.pid, owner.command, owner.url) == (holder.pid, "moments serve", "http://127.0.0.1:8000")
        assert folder.owner(LockName.VECTORS) is None
        with (
            pytest.raises(
                DataFolderBusyError,
                match=rf"{tmp_path} is being indexed by process {holder.pid} \(moments serve, since .*\); "
                r"ask it at http://127.0.0.1:8000",
            ),
            folder.hold(LockName.INDEX, "moments index"),
        ):
            pass


def test_a_process_killed_by_kill_9_leaves_no_block(tmp_path: Path) -> None:
    folder = DataFolder.create(tmp_path)
    with other_process_holding(folder, LockName.INDEX) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert (tmp_path / "index.lock.json").exists()
        assert folder.owner(LockName.INDEX) is None
        with folder.hold(LockName.INDEX, "moments index"):
            owner = folder.owner(LockName.INDEX)
            assert owner is not None
            assert (owner.pid, owner.command) == (os.getpid(), "moments index")
    assert not (tmp_path / "index.lock.json").exists()


def test_a_lock_is_not_taken_twice_in_one_process_either(tmp_path: Path) -> None:
    folder = DataFolder.create(tmp_path)
    with (
        folder.hold(LockName.VECTORS, "moments search"),
        pytest.raises(DataFolderBusyError, match=r"is in use by process .* \(moments search, since .* or stop it"),
        folder.hold(LockName.VECTORS, "moments index"),
    ):
        pass
    with folder.hold(LockName.VECTORS, "moments index"):
        assert folder.owner(LockName.VECTORS) is not None


def test_who_waits_gets_the_lock_as_soon_as_it_is_free(tmp_path: Path) -> None:
    folder = DataFolder.create(tmp_path)
    taken = threading.Event()

    def lease() -> None:
        with folder.hold(LockName.VECTORS, "moments index"):
            taken.set()
            time.sleep(0.3)

    thread = threading.Thread(target=lease)
    thread.start()
    taken.wait()
    with folder.hold(LockName.VECTORS, "moments search", wait_s=20.0):
        owner = folder.owner(LockName.VECTORS)
        assert owner is not None
        assert owner.command == "moments search"
    thread.join()


def test_a_failure_while_holding_releases_the_lock(tmp_path: Path) -> None:
    folder = DataFolder.create(tmp_path)
    with pytest.raises(RuntimeError, match="boom"), folder.hold(LockName.INDEX, "moments index"):
        raise RuntimeError("boom")
    assert folder.owner(LockName.INDEX) is None
