"""Uploads, addresses and paths through the real steps, with fake encoders: what stays and what goes."""

import os
import threading
import time
import uuid
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from indexer.intake.addition import Addition, Origin
from indexer.jobs.job import Job, JobState
from indexer.jobs.queue import IndexJobs
from indexer.leftovers import ORPHANED_S, sweep_files
from indexer.pipeline import Indexer
from indexer.settings import IndexSettings
from retrieval.storage.library import Library
from retrieval.storage.records import VideoStatus
from tests.fakes import FakeVoiceActivity
from tests.index_fakes import IndexEncoders
from tests.job_fakes import until
from tests.media import colour, tone, video


class Place:
    """A library with its queue, and a web site whose files lie in ``site``."""

    def __init__(self, library: Library, jobs: IndexJobs, encoders: IndexEncoders, site: Path, url: str) -> None:
        self.library, self.jobs, self.encoders, self.site, self.url = library, jobs, encoders, site, url

    def upload(self, content: bytes, name: str = "talk.mp4", **given: object) -> str:
        """The job of a file that was uploaded."""
        job_id = str(uuid.uuid4())
        path = self.library.folder.files_of(job_id) / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        return self.jobs.add(Addition(str(path), Origin.UPLOAD, **given), job_id)  # type: ignore[arg-type]

    def ended(self, job_id: str) -> Job:
        until(lambda: self.jobs.job(job_id).is_over and job_id not in self.jobs.running_here(), "the end")
        return self.jobs.job(job_id)

    def clear(self) -> None:
        for video_id in self.library.catalog.ids():
            self.library.remove_video(video_id)

    def kept(self) -> list[str]:
        """Files that came, and folders of work."""
        folder = self.library.folder
        work = (entry for entry in (folder.path / "work").glob("*") if entry.is_dir())
        return sorted(path.name for path in (*folder.files_dir.glob("*/*"), *folder.files_dir.glob("*/.*"), *work))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    data, site = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("site")
    settings = IndexSettings(data_dir=data, allow_private_urls=True, max_upload_gb=0.01)
    encoders = IndexEncoders(voices=FakeVoiceActivity(None))
    serve = partial(SilentHandler, directory=str(site))
    with (
        Library(settings, "test") as library,
        ThreadingHTTPServer(("127.0.0.1", 0), serve) as server,
        IndexJobs(
            Indexer(library, encoders, settings),
            f"sqlite:///{data / 'jobs.sqlite'}",
            "local",
            2,
        ).running() as jobs,
    ):
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield Place(library, jobs, encoders, site, f"http://127.0.0.1:{server.server_port}")
        encoders.slow.clear()
        server.shutdown()


class SilentHandler(SimpleHTTPRequestHandler):
    """Serves files without a word."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(autouse=True)
def empty(place: Place) -> Iterator[None]:
    yield
    place.encoders.slow.clear()
    place.encoders.looking.clear()
    until(lambda: not place.jobs.unfinished(), "the end of all jobs")
    place.clear()
    assert place.kept() == []


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Two seconds of red with a tone."""
    return video(tmp_path_factory.mktemp("red") / "red.mp4", colour("red", 2), tone(2), acodec="aac").read_bytes()


def test_an_upload_is_indexed_with_what_was_said_of_it(place: Place, red: bytes) -> None:
    job = place.ended(place.upload(red, title="A talk", tags=("work", "2026")))
    assert job.state is JobState.DONE
    record = place.library.catalog.resolve(job.video_id or "")
    assert (record.title, record.tags) == ("A talk", ("2026", "work"))
    assert Path(record.path) == place.library.folder.files_of(job.id) / "talk.mp4"
    assert place.kept() == ["talk.mp4"]


def test_a_name_that_is_no_text_is_indexed_like_any_other(place: Place, red: bytes, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp4"))
    path.write_bytes(red)
    job = place.ended(place.jobs.add(Addition(str(path))))
    assert job.state is JobState.DONE, job
    record = place.library.catalog.resolve("caf\\xe9.mp4")
    assert (record.path, record.title, record.id) == (str(path), "caf\\xe9", job.video_id)


def test_a_removed_video_takes_its_upload_with_it_but_no_file_of_the_user(
    place: Place, red: bytes, tmp_path: Path
) -> None:
    uploaded = place.ended(place.upload(red))
    place.library.remove_video(uploaded.video_id or "")
    assert place.kept() == []
    own = tmp_path / "own.mp4"
    own.write_bytes(red)
    added = place.ended(place.jobs.enqueue(own))
    place.library.remove_video(added.video_id or "")
    assert own.exists()


def test_the_same_content_is_kept_once(place: Place, red: bytes) -> None:
    first = place.ended(place.upload(red, tags=("one",)))
    again = place.ended(place.upload(red, "copy.mp4", title="Better", tags=("two",)))
    assert again.outcome is not None
    assert (again.outcome.status, again.path, again.video_id) == ("unchanged", first.path, first.video_id)
    record = place.library.catalog.resolve(first.video_id or "")
    assert (record.title, record.tags) == ("Better", ("one", "two"))
    assert place.kept() == ["talk.mp4"]


def test_the_same_content_twice_at_once_is_kept_once(place: Place, red: bytes) -> None:
    place.encoders.slow.set()
    ids = [place.upload(red, f"{number}.mp4") for number in (1, 2)]
    until(place.encoders.looking.is_set, "look")
    place.encoders.slow.clear()
    ended = [place.ended(job_id) for job_id in ids]
    assert {job.state for job in ended} == {JobState.DONE}
    assert len({job.video_id for job in ended}) == 1
    assert len(place.kept()) == 1
    assert Path(place.library.catalog.resolve(ended[0].video_id or "").path).exists()


def test_an_upload_takes_the_place_of_a_file_that_is_gone(place: Place, red: bytes, tmp_path: Path) -> None:
    moved = tmp_path / "moved.mp4"
    moved.write_bytes(red)
    place.ended(place.jobs.enqueue(moved))
    moved.unlink()
    job = place.ended(place.upload(red))
    assert place.library.catalog.resolve(job.video_id or "").path == job.path
    assert place.kept() == ["talk.mp4"]


@pytest.mark.parametrize(("content", "code"), [(b"<html>no video</html>", "not_media"), (b"", "empty_file")])
def test_an_upload_that_is_no_media_is_kept_with_its_failure_until_it_is_removed(
    place: Place, content: bytes, code: str
) -> None:
    job = place.ended(place.upload(content, title="A talk", tags=("work",)))
    assert job.state is JobState.FAILED
    assert job.outcome is not None
    assert job.outcome.failure is not None
    assert job.outcome.failure.code == code
    record = place.library.catalog.resolve(job.video_id or "")
    assert (record.status, record.failure) == (VideoStatus.FAILED, job.outcome.failure)
    assert (record.title, record.tags, record.path) == ("A talk", ("work",), job.path)
    long_ago = time.time() - ORPHANED_S - 1
    os.utime(Path(record.path).parent, (long_ago, long_ago))
    sweep_files(place.library, place.jobs)
    assert place.kept() == ["talk.mp4"]

    place.jobs.retry(job.id)
    assert place.ended(job.id).state is JobState.FAILED
    assert place.library.catalog.ids() == {record.id}

    place.library.remove_video(record.id)
    assert place.kept() == []


def test_a_failed_upload_that_comes_again_is_kept_once(place: Place) -> None:
    first, second = (place.ended(place.upload(b"no video", name)) for name in ("a.mp4", "b.mp4"))
    assert first.video_id == second.video_id
    assert place.library.catalog.resolve(first.video_id or "").paths == (second.path,)
    assert place.kept() == ["b.mp4"]


def test_a_failed_upload_whose_next_try_is_cancelled_leaves_nothing(place: Place, red: bytes) -> None:
    """As any other that is cancelled; it waits behind two that take their time."""
    failed = place.ended(place.upload(b"no video"))
    place.encoders.slow.set()
    for number in range(2):
        place.upload(red + bytes(number + 1), f"{number}.mp4")
    until(place.encoders.looking.is_set, "look")
    place.jobs.retry(failed.id)
    place.jobs.cancel(failed.id)
    assert failed.video_id not in place.library.catalog.ids()
    assert "talk.mp4" not in place.kept()
    place.encoders.slow.clear()


def test_an_old_job_whose_file_is_a_video_by_now_may_be_cancelled(place: Place, red: bytes) -> None:
    failed = place.ended(place.upload(b"no video"))
    Path(failed.path).write_bytes(red)
    indexed = place.ended(place.jobs.enqueue(Path(failed.path)))
    assert indexed.state is JobState.DONE
    place.jobs._indexer.drop(failed.id)
    assert place.library.catalog.ids() == {indexed.video_id}
    assert place.kept() == ["talk.mp4"]


def test_a_cancelled_upload_leaves_nothing(place: Place, red: bytes) -> None:
    place.encoders.slow.set()
    job_id = place.upload(red)
    until(place.encoders.looking.is_set, "look")
    assert place.jobs.cancel(job_id).state is JobState.CANCELLED
    place.encoders.slow.clear()
    assert place.ended(job_id).state is JobState.CANCELLED
    assert place.kept() == []
    assert place.library.catalog.ids() == frozenset()


def test_a_video_that_was_there_before_survives_the_cancelling_of_its_renewal(
    place: Place, red: bytes, tmp_path: Path
) -> None:
    own = tmp_path / "own.mp4"
    own.write_bytes(red)
    video_id = place.ended(place.jobs.enqueue(own)).video_id or ""
    place.library.catalog.set_status(video_id, VideoStatus.FAILED)
    place.encoders.looking.clear()
    place.encoders.slow.set()
    job_id = place.jobs.enqueue(own)
    until(place.encoders.looking.is_set, "look")
    place.jobs.cancel(job_id)
    place.encoders.slow.clear()
    place.ended(job_id)
    assert place.library.catalog.ids() == {video_id}


def test_a_file_is_fetched_from_its_address(place: Place, red: bytes) -> None:
    (place.site / "my talk.mp4").write_bytes(red)
    job = place.ended(place.jobs.add(Addition(f"{place.url}/my%20talk.mp4", Origin.URL, tags=("web",))))
    assert job.state is JobState.DONE
    assert (job.title, job.path) == ("my talk", str(place.library.folder.files_of(job.id) / "my talk.mp4"))
    assert place.library.catalog.resolve(job.video_id or "").tags == ("web",)
    assert place.kept() == ["my talk.mp4"]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("page.html", b"<html>", "not_media"),
        ("fake.mp4", b"no video at all", "not_media"),
        ("large.mp4", bytes(10_000_001), "download_failed"),
        ("missing.mp4", None, "download_failed"),
    ],
)
def test_an_address_without_a_video_fails_and_leaves_what_came_whole(
    place: Place, name: str, content: bytes | None, code: str
) -> None:
    if content is not None:
        (place.site / name).write_bytes(content)
    job = place.ended(place.jobs.add(Addition(f"{place.url}/{name}", Origin.URL)))
    assert job.state is JobState.FAILED
    assert job.outcome is not None
    assert job.outcome.failure is not None
    assert job.outcome.failure.code == code
    assert job.path.startswith((place.url, str(place.library.folder.files_dir)))
    came = name == "fake.mp4"
    assert place.kept() == ([name] if came else [])
    assert place.library.catalog.ids() == ({job.video_id} if came else frozenset())


def test_an_address_that_failed_is_tried_again(place: Place, red: bytes) -> None:
    job_id = place.jobs.add(Addition(f"{place.url}/later.mp4", Origin.URL))
    assert place.ended(job_id).state is JobState.FAILED
    (place.site / "later.mp4").write_bytes(red)
    place.jobs.retry(job_id)
    assert place.ended(job_id).state is JobState.DONE


def test_sweeping_deletes_old_files_of_no_video_and_work_of_no_job(place: Place, red: bytes) -> None:
    kept = place.ended(place.upload(red))
    folder = place.library.folder
    old, new = folder.files_of("old") / "a.mp4", folder.files_of("new") / "b.mp4"
    work = folder.work_dir("0" * 16)
    for path in (old, new):
        path.parent.mkdir()
        path.write_bytes(b"x")
    work.mkdir(parents=True)
    long_ago = time.time() - ORPHANED_S - 1
    for path in (old.parent, work, Path(kept.path).parent):
        os.utime(path, (long_ago, long_ago))
    sweep_files(place.library, place.jobs)
    assert place.kept() == ["b.mp4", "talk.mp4"]
    assert not work.exists()
    place.library.folder.discard(new)
    place.library.folder.discard(folder.files_dir / ".." / "catalog.sqlite")
    assert place.kept() == ["talk.mp4"]
    assert (folder.path / "catalog.sqlite").exists()
