"""A disk that is full: nothing ends the process, every door says so, and all goes on once there is room."""

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from indexer.intake.addition import Addition
from indexer.jobs.job import JobState
from indexer.jobs.kept import Kept
from indexer.settings import IndexSettings
from retrieval.domain import Span
from retrieval.errors import StorageFullError
from retrieval.storage.library import Library
from retrieval.storage.promises import Promises
from retrieval.storage.qdrant_embedded import EdgeVectorStore
from retrieval.storage.records import VideoStatus
from retrieval.storage.vectors import Point, Space
from tests.fakes import FakeVoiceActivity
from tests.index_fakes import IndexEncoders
from tests.indexer.intake.test_replaced_files import Desk
from tests.job_fakes import HeldIndexer, queue_in, until
from tests.library import environment
from tests.media import colour, tone, video
from tests.places import ROOT

FULL = [507, "storage_full"]
SPACE = Space("visual-00000001", 8, sparse=False)
POINT = Point("00000000-0000-0000-0000-000000000001", "a", 0, Span(0.0, 1.0), np.ones(8, np.float32))


@pytest.fixture
def small_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A disk of its own, of 60 MB or as many as a test asks for."""
    size_mb = getattr(request, "param", 60)
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_server_outlives_a_full_disk_and_goes_on(small_disk: Path, tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    first = video(tmp_path / "media" / "red.mp4", colour("red", 2), tone(2), acodec="aac")
    second = video(tmp_path / "media" / "again.mp4", colour("red", 3), tone(3), acodec="aac")
    run = subprocess.run(
        [sys.executable, "-m", "tests.full_disk", str(small_disk), str(first), str(second)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        env=environment() | {"TMPDIR": str(tmp_path)},
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr
    told = json.loads(run.stdout)
    told.pop("full: edits that still fitted", None)
    job_id = told["small: index"][0]
    assert told.pop("room: index")[1] == "done"
    assert told == {
        "small: upload of 30 MB": 201,
        "small: another": FULL,
        "small: index": [job_id, "failed", "storage_full"],
        "larger: retry": [job_id, "done", None],
        "larger: search": 1,
        "seen otherwise: search": 1,
        "full: search": 1,
        "full: reindex": FULL,
        "full: upload": FULL,
        "full: export csv": FULL,
        "full: export edl": FULL,
        "full: export mp4": FULL,
        "full: export reel": FULL,
        "full: edit": FULL,
        "room: reindex": [["done", None]],
        "room: search": 2,
        "room: export csv": 200,
        "room: upload": 201,
    }


@pytest.mark.parametrize("small_disk", [80], indirect=True)
def test_a_space_is_not_opened_where_opening_would_end_the_process(small_disk: Path) -> None:
    script = """
import sys
from pathlib import Path
from retrieval.errors import StorageFullError
from retrieval.storage.qdrant_embedded import EdgeVectorStore
from tests.whole.test_full_disk import POINT, SPACE
folder = Path(sys.argv[1]) / "vectors"
with_it = EdgeVectorStore(folder)
with_it.ensure_space(SPACE)
with_it.upsert(SPACE.name, [POINT])
with_it.close()
with (folder.parent / "fill").open("ab", buffering=0) as file:
    try:
        while True:
            file.write(bytes(4096))
    except OSError:
        pass
store = EdgeVectorStore(folder)
try:
    store.count(SPACE.name)
except StorageFullError as full:
    print("full:", full.message)
(folder.parent / "fill").unlink()
print(store.count(SPACE.name))
store.close()
"""
    run = subprocess.run(
        [sys.executable, "-c", script, str(small_disk)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert run.returncode == 0, run.stderr
    said, count = run.stdout.splitlines()
    assert "opening a space of vectors" in said
    assert count == "1"


def test_uploads_that_come_at_once_are_not_promised_the_same_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _disk(monkeypatch, free=10_000_000 + 100_000_000)
    started = threading.Barrier(20)

    def promised(number: int) -> bool:
        started.wait()
        try:
            Promises(tmp_path).make(tmp_path / "uploads" / f"{number}.part", 3_000_000, "an upload")
        except StorageFullError:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(promised, range(20))) == 3
    assert len(list((tmp_path / "uploads").iterdir())) == 3


def test_a_promise_holds_for_what_is_still_to_come_and_ends_with_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _disk(monkeypatch, free=1_000_000 + 100_000_000)
    promises = Promises(tmp_path)
    first = tmp_path / "first.part"
    promises.make(first, 900_000, "it")
    with pytest.raises(StorageFullError, match="1 MB promised to files on their way"):
        promises.make(tmp_path / "second.part", 200_000, "it")
    assert not (tmp_path / "second.part").exists()
    first.write_bytes(bytes(800_000))
    promises.make(tmp_path / "second.part", 200_000, "it")
    first.unlink()
    promises.make(tmp_path / "third.part", 800_000, "it")
    assert len(list((tmp_path / "promised").glob("*.json"))) == 2


def test_all_that_a_video_needs_is_asked_for_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = EdgeVectorStore(tmp_path / "vectors")
    store.ensure_space(SPACE)
    # Room for the points, but not for another space.
    _disk(monkeypatch, free=20_000_000 + 100_000_000)
    store.require_room({SPACE: [POINT]})
    with pytest.raises(StorageFullError, match="writing the vectors of a video"):
        store.require_room({SPACE: [POINT], Space("sound-00000001", 8, sparse=False): []})
    store.close()


def test_a_video_that_is_indexed_again_without_room_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = video(tmp_path / "talk.mp4", colour("red", 2))
    settings = IndexSettings(data_dir=tmp_path / "data")
    encoders = IndexEncoders(voices=FakeVoiceActivity(None))
    with Library(settings, "test") as library:
        desk = Desk(library, encoders, settings)
        indexed = desk.index(talk)
        vectors = desk.vectors(indexed)
        assert vectors > 0
        talk.with_suffix(".srt").write_text("1\n00:00:00,200 --> 00:00:01,000\nhello there\n", encoding="utf-8")
        _disk(monkeypatch, free=15_000_000 + 100_000_000)
        again = desk.index(talk)
        assert again.failure is not None
        assert again.failure.code == "storage_full"
        assert desk.vectors(indexed) == vectors
        assert library.catalog.resolve(indexed.video_id or "").status is VideoStatus.INDEXED
        assert desk.said(indexed) == []
        monkeypatch.undo()
        assert desk.index(talk).failure is None
        assert desk.said(indexed) == ["hello there"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_job_that_finds_the_disk_full_fails_so_and_can_be_started_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, number: int
) -> None:
    indexer = FullIndexer(number)
    with queue_in(tmp_path, indexer) as jobs:
        job_id = jobs.add(Addition("/talk.mp4"))
        until(lambda: jobs.job(job_id).is_over, "the end")
        failed = jobs.job(job_id)
        assert failed.state is JobState.FAILED
        assert failed.crash is None
        assert failed.outcome is not None
        assert failed.outcome.failure is not None
        assert failed.outcome.failure.code == "storage_full"
        indexer.number = 0
        jobs.retry(job_id)
        until(lambda: jobs.job(job_id).state is JobState.DONE, "the second try")
    assert not [record for record in caplog.records if record.exc_info]


class FullIndexer(HeldIndexer):
    """Finds no room on the disk outside its steps, as long as it is told to."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def index(self, job_id, addition, step, report, found):  # type: ignore[no-untyped-def]
        if self.number:
            raise OSError(self.number, os.strerror(self.number))
        return super().index(job_id, addition, step, report, found)


def test_a_job_waits_for_room_to_say_how_it_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = threading.Event()
    tried = threading.Event()
    with queue_in(tmp_path, HeldIndexer()) as jobs:
        keep = jobs._keep

        def keep_if_there_is_room(job_id: str, kept: Kept) -> None:
            if full.is_set():
                tried.set()
                raise OSError(errno.ENOSPC, "No space left on device")
            keep(job_id, kept)

        monkeypatch.setattr(jobs, "_keep", keep_if_there_is_room)
        full.set()
        job_id = jobs.add(Addition("/talk.mp4"))
        assert tried.wait(60)
        assert not jobs.job(job_id).is_over
        full.clear()
        until(lambda: jobs.job(job_id).state is JobState.DONE, "the end")


def test_the_command_line_says_so_where_its_own_output_finds_no_room(small_disk: Path) -> None:
    data = small_disk / "data"
    arguments = [sys.executable, "-m", "app.cli.main", "--data-dir", str(data), "--json", "videos"]
    subprocess.run(arguments, check=True, cwd=ROOT, env=environment(), capture_output=True)
    with (small_disk / "out").open("wb") as out, (small_disk / "fill").open("ab", buffering=0) as fill:
        try:
            while True:
                fill.write(bytes(4096))
        except OSError:
            pass
        run = subprocess.run(
            arguments, check=False, cwd=ROOT, env=environment(), stdout=out, stderr=subprocess.PIPE, text=True
        )
    assert run.returncode == 1
    (line,) = run.stderr.splitlines()
    assert "the disk is full" in line


def _disk(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    """A large disk with so much free, whatever is written."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12 - free, free))
