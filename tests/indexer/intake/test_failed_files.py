"""Files that cannot be indexed, through the real steps with fake encoders: what the library tells of them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.intake.addition import Addition
from indexer.jobs.job import Job, JobState
from indexer.jobs.queue import IndexJobs
from indexer.pipeline import Indexer
from indexer.settings import IndexSettings
from retrieval.encoders.base import Embedding, Frames
from retrieval.errors import ConflictError, DecoderCrashedError
from retrieval.storage.library import Library
from retrieval.storage.records import VideoRecord, VideoStatus
from tests.fakes import FakeVisual, FakeVoiceActivity
from tests.index_fakes import IndexEncoders
from tests.job_fakes import until
from tests.media import colour, video


class Shelf:
    """A library with its queue, whose step ``look`` raises ``error`` if there is one."""

    def __init__(self, data: Path) -> None:
        self.settings = IndexSettings(data_dir=data)
        self.library = Library(self.settings, "test")
        self.encoders = BreakingEncoders(voices=FakeVoiceActivity(None))

    def queue(self) -> IndexJobs:
        indexer = Indexer(self.library, self.encoders, self.settings)
        return IndexJobs(indexer, f"sqlite:///{self.settings.data_dir / 'jobs.sqlite'}", "local", 1)

    def index(self, path: Path, *, again: bool = False) -> Job:
        with self.queue().running() as jobs:
            job_id = jobs.add(Addition(str(path), again=again))
            until(lambda: jobs.job(job_id).is_over, "the end")
            return jobs.job(job_id)

    def record(self, job: Job) -> VideoRecord:
        return self.library.catalog.resolve(job.video_id or "")


class BreakingVisual(FakeVisual):
    def __init__(self, encoders: "BreakingEncoders") -> None:
        self._encoders = encoders

    def embed_frames(self, frames: Frames) -> Embedding:
        if self._encoders.error is not None:
            raise self._encoders.error
        return super().embed_frames(frames)


class BreakingEncoders(IndexEncoders):
    error: Exception | None = None

    def visual(self) -> FakeVisual:
        return BreakingVisual(self)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    opened = Shelf(tmp_path / "data")
    yield opened
    opened.library.close()


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    for name in ("red", "blue"):
        video(folder / f"{name}.mp4", colour(name, 2))
    return folder


@pytest.fixture
def talk(films: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(films / "red.mp4", tmp_path / "talk.mp4"))


def test_a_file_that_is_no_media_is_in_the_library_until_it_is_removed(shelf: Shelf, tmp_path: Path) -> None:
    notes = tmp_path / "notes.mp4"
    notes.write_text("a text")
    job = shelf.index(notes)
    record = shelf.record(job)
    assert (record.status, record.path, record.size_bytes) == (VideoStatus.FAILED, str(notes), 6)
    assert record.failure is not None
    assert record.failure.code == "not_media"
    assert record.failed_at is not None
    shelf.library.remove_video(record.id)
    assert shelf.library.catalog.ids() == frozenset()
    assert notes.exists()


def test_what_a_file_that_failed_holds_is_not_sent(shelf: Shelf, tmp_path: Path) -> None:
    """It may be any file: without this, adding one by its path would be a way to read it."""
    from indexer.media.indexed_file import open_indexed_file

    secret = tmp_path / "secret"
    secret.write_text("a secret")
    record = shelf.record(shelf.index(secret))
    with pytest.raises(ConflictError, match="could not be indexed, and is not shown"):
        open_indexed_file(shelf.library.catalog, record)


def test_a_file_that_cannot_be_read_is_told_of_by_its_job_alone(shelf: Shelf, tmp_path: Path) -> None:
    job = shelf.index(tmp_path / "gone.mp4")
    assert (job.state, job.video_id, job.path) == (JobState.FAILED, None, str(tmp_path / "gone.mp4"))
    assert shelf.library.catalog.ids() == frozenset()


@pytest.mark.parametrize(
    ("error", "code"),
    [(DecoderCrashedError("it crashed"), "decoder_crashed"), (RuntimeError("out of cheese"), "internal_error")],
)
def test_a_video_that_fails_at_a_step_is_tried_again_when_it_is_added_again(
    shelf: Shelf, talk: Path, error: Exception, code: str
) -> None:
    shelf.encoders.error = error
    failed = shelf.index(talk)
    record = shelf.library.catalog.resolve(str(talk))
    assert failed.state is JobState.FAILED
    assert (record.status, record.failure and record.failure.code) == (VideoStatus.FAILED, code)

    shelf.encoders.error = None
    again = shelf.index(talk)
    assert again.state is JobState.DONE
    after = shelf.record(again)
    assert (after.id, after.status, after.failure, after.failed_at) == (record.id, VideoStatus.INDEXED, None, None)


def test_an_indexed_video_stays_as_it_was_with_the_failure_beside_it(shelf: Shelf, talk: Path) -> None:
    before = shelf.record(shelf.index(talk))
    contents = shelf.library.catalog.contents.of(before.id)
    shelf.encoders.error = DecoderCrashedError("it crashed")
    assert shelf.index(talk, again=True).state is JobState.FAILED
    failed = shelf.library.catalog.resolve(before.id)
    assert (failed.status, failed.windows, failed.vectors) == (VideoStatus.INDEXED, before.windows, before.vectors)
    assert failed.failure is not None
    assert shelf.library.catalog.contents.of(before.id) == contents
    with shelf.library.vectors() as store:
        assert store.counts_by_video(next(iter(before.encoders.values()))).get(before.id)

    shelf.encoders.error = None
    again = shelf.index(talk)
    assert again.outcome is not None
    assert again.outcome.status == "indexed", "what failed last is tried again, though it is in the index"
    assert shelf.record(again).failure is None


def test_an_indexed_video_whose_file_is_junk_by_now_tells_so_until_the_file_is_back(
    shelf: Shelf, talk: Path, films: Path
) -> None:
    before = shelf.record(shelf.index(talk))
    talk.write_text("junk")
    assert shelf.index(talk).video_id == before.id
    (only,) = shelf.library.catalog.ids()
    failed = shelf.library.catalog.resolve(only)
    assert (failed.id, failed.status) == (before.id, VideoStatus.INDEXED)
    assert failed.failure is not None
    assert failed.failure.code == "not_media"
    shutil.copy(films / "red.mp4", talk)
    assert shelf.record(shelf.index(talk)).failure is None


def test_a_good_file_in_the_place_of_one_that_failed_takes_its_place_in_the_library(
    shelf: Shelf, talk: Path, films: Path
) -> None:
    talk.write_text("junk")
    junk = shelf.index(talk)
    shutil.copy(films / "blue.mp4", talk)
    good = shelf.index(talk)
    assert good.state is JobState.DONE
    assert shelf.library.catalog.ids() == {good.video_id} != {junk.video_id}


def test_a_disk_too_full_is_a_failure_that_the_next_try_clears(
    shelf: Shelf, talk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from indexer import pipeline
    from retrieval.errors import StorageFullError

    def full(*_: object) -> None:
        raise StorageFullError("the disk is full")

    with monkeypatch.context() as small:
        small.setattr(pipeline, "require_room", full)
        failed = shelf.index(talk)
    assert failed.outcome is not None
    assert failed.outcome.failure is not None
    assert failed.outcome.failure.code == "storage_full"
    assert shelf.library.catalog.resolve("talk.mp4").status is VideoStatus.FAILED
    assert shelf.index(talk).state is JobState.DONE


def test_a_library_that_cannot_be_written_leaves_the_failure_to_the_job(
    shelf: Shelf, talk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no catalog today")

    monkeypatch.setattr(shelf.library.catalog, "note_failure", broken)
    talk.write_text("junk")
    job = shelf.index(talk)
    assert job.outcome is not None
    assert job.outcome.failure is not None
    assert job.outcome.failure.code == "not_media"
