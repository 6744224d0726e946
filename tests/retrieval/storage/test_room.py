"""Room on the disk is asked for before it is used."""

import errno
import shutil
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from retrieval.errors import StorageError, StorageFullError
from retrieval.storage.database import database_errors, open_database
from retrieval.storage.room import full_disk_errors, require_room

GB = 1_000_000_000


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How large the disk is and how much of it is free, to be changed by the test."""
    sizes = {"total": 100 * GB, "free": 50 * GB}

    def usage(_: object) -> object:
        return shutil._ntuple_diskusage(sizes["total"], sizes["total"] - sizes["free"], sizes["free"])

    monkeypatch.setattr(shutil, "disk_usage", usage)
    return sizes


@pytest.mark.parametrize(
    ("total", "free", "wanted", "fits"),
    [
        (100 * GB, 50 * GB, 49 * GB, True),
        (100 * GB, 150_000_000, 50_000_000, True),
        (100 * GB, 149_999_999, 50_000_000, False),
        (100_000_000, 25_000_000, 20_000_000, True),
        (100_000_000, 24_999_999, 20_000_000, False),
    ],
)
def test_a_reserve_is_kept_in_proportion_to_a_small_disk(
    tmp_path: Path, disk: dict[str, int], total: int, free: int, wanted: int, fits: bool
) -> None:
    disk |= {"total": total, "free": free}
    if fits:
        require_room(tmp_path / "not" / "yet", wanted, "it")
    else:
        with pytest.raises(StorageFullError, match=rf"it takes about {wanted // 1_000_000} MB"):
            require_room(tmp_path / "not" / "yet", wanted, "it")


def test_what_makes_room_may_use_the_reserve(tmp_path: Path, disk: dict[str, int]) -> None:
    disk["free"] = 2_000_000
    require_room(tmp_path, 2_000_000, "removing", of_reserve=True)
    with pytest.raises(StorageFullError):
        require_room(tmp_path, 2_000_001, "removing", of_reserve=True)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_the_systems_error_of_a_full_disk_is_ours(tmp_path: Path, number: int) -> None:
    with pytest.raises(StorageFullError, match="the disk is full"), full_disk_errors(tmp_path, "it"):
        raise OSError(number, "No space left on device")


def test_other_errors_of_the_system_pass(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), full_disk_errors(tmp_path, "it"):
        raise PermissionError(errno.EACCES, "Permission denied")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("database or disk is full", StorageFullError),
        ('could not extend file "base/1": No space left on device', StorageFullError),
        ("disk I/O error", StorageError),
    ],
)
def test_a_database_on_a_full_disk_says_so(tmp_path: Path, said: str, kind: type[StorageError]) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'catalog.sqlite'}")
    with pytest.raises(StorageError, match="cannot be used") as raised, database_errors(engine):
        raise OperationalError("INSERT", {}, Exception(said))
    assert type(raised.value) is kind
    engine.dispose()
