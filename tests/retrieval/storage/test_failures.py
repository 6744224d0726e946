"""Failures in the catalog: which video each is shown with, and what becomes of that video."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from retrieval.domain import Shot, Span
from retrieval.storage.catalog import Catalog
from retrieval.storage.database import open_database
from retrieval.storage.records import Failure, VideoContents, VideoFile, VideoRecord, VideoStatus

NOT_MEDIA = Failure("not_media", "a text file")
CRASHED = Failure("decoder_crashed", "the process died")
CONTENTS = VideoContents((Shot(0, Span(0.0, 1.0)),))


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(open_database(f"sqlite:///{tmp_path / 'catalog.sqlite'}"))
    yield opened
    opened.close()


def video(number: int, path: str | None = None) -> VideoRecord:
    path = path or f"/films/{number}.mp4"
    content = f"{number:064d}"
    return VideoRecord(content[-16:], content, path, Path(path).stem, 10, 20, files=(VideoFile(path, 10, 20),))


def noted(catalog: Catalog, record: VideoRecord, failure: Failure = NOT_MEDIA) -> VideoRecord:
    kept = catalog.note_failure(record.path, failure, record)
    assert kept is not None
    return kept


def test_a_file_that_fails_is_a_video_with_code_message_and_time(catalog: Catalog) -> None:
    before = datetime.now(UTC)
    failed = noted(catalog, video(1))
    assert (failed.id, failed.status, failed.failure) == (video(1).id, VideoStatus.FAILED, NOT_MEDIA)
    assert failed.failed_at is not None
    assert before <= failed.failed_at <= datetime.now(UTC)
    assert failed.paths == ("/films/1.mp4",)
    assert catalog.resolve("1.mp4") == failed
    assert catalog.totals().videos == 0


def test_a_later_success_clears_it(catalog: Catalog) -> None:
    noted(catalog, video(1))
    catalog.publish(video(1), CONTENTS)
    after = catalog.resolve("1.mp4")
    assert (after.status, after.failure, after.failed_at) == (VideoStatus.INDEXED, None, None)


def test_a_later_failure_takes_its_place(catalog: Catalog) -> None:
    noted(catalog, video(1))
    assert noted(catalog, video(1), CRASHED).failure == CRASHED
    assert len(catalog.ids()) == 1


def test_an_indexed_video_stays_so_with_the_failure_beside_it(catalog: Catalog) -> None:
    before = catalog.publish(video(1), CONTENTS)
    version = catalog.version()
    failed = noted(catalog, video(1), CRASHED)
    assert (failed.status, failed.failure) == (VideoStatus.INDEXED, CRASHED)
    assert (failed.indexed_at, failed.files) == (before.indexed_at, before.files)
    assert catalog.contents.of(failed.id) == CONTENTS
    assert catalog.version() == version


@pytest.mark.parametrize("content", [video(2, "/films/1.mp4"), None])
def test_what_replaced_the_file_of_an_indexed_video_and_fails_is_told_of_that_one(
    catalog: Catalog, content: VideoRecord | None
) -> None:
    catalog.publish(video(1), CONTENTS)
    failed = catalog.note_failure("/films/1.mp4", NOT_MEDIA, content)
    assert failed is not None
    assert (failed.id, failed.status, failed.failure) == (video(1).id, VideoStatus.INDEXED, NOT_MEDIA)
    assert catalog.ids() == {video(1).id}


def test_what_cannot_be_read_and_is_nobodys_has_no_video(catalog: Catalog) -> None:
    assert catalog.note_failure("/films/1.mp4", NOT_MEDIA, None) is None
    assert catalog.ids() == frozenset()


def test_what_is_indexed_at_its_path_takes_the_place_of_what_failed_there(catalog: Catalog) -> None:
    noted(catalog, video(1))
    catalog.publish(video(2, "/films/1.mp4"), CONTENTS)
    assert catalog.ids(status=VideoStatus.REMOVING) == {video(1).id}
    noted(catalog, video(3))
    noted(catalog, video(4, "/films/3.mp4"))
    assert catalog.resolve("3.mp4").id == video(4).id


def test_the_same_content_at_two_paths_fails_once(catalog: Catalog) -> None:
    noted(catalog, video(1))
    failed = noted(catalog, video(1, "/copies/one.mp4"))
    assert set(failed.paths) == {"/films/1.mp4", "/copies/one.mp4"}
    moved = catalog.note_failure("/new/1.mp4", NOT_MEDIA, video(1, "/new/1.mp4"), forget=["/films/1.mp4"])
    assert moved is not None
    assert set(moved.paths) == {"/new/1.mp4", "/copies/one.mp4"}


def test_a_video_that_is_being_removed_stays_so(catalog: Catalog) -> None:
    noted(catalog, video(1))
    catalog.set_status(video(1).id, VideoStatus.REMOVING)
    assert catalog.note_failure(video(1).path, NOT_MEDIA, video(1)) is None
    assert catalog.ids(status=VideoStatus.REMOVING) == {video(1).id}


def test_a_message_of_no_valid_text_is_kept_readable(catalog: Catalog) -> None:
    failed = noted(catalog, video(1), Failure("not_media", "caf\udce9.mp4 is no media"))
    assert failed.failure == Failure("not_media", "caf\\xe9.mp4 is no media")


def test_failures_of_many_at_once_are_all_kept(catalog: Catalog) -> None:
    """Every other file has one content, so that writers meet at its row."""
    numbers = range(24)

    def note(number: int) -> None:
        noted(catalog, video(number if number % 2 else 0, f"/films/{number}.mp4"))

    threads = [threading.Thread(target=note, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert catalog.ids(status=VideoStatus.FAILED) == {video(n if n % 2 else 0).id for n in numbers}
    shared = catalog.get(video(0).id)
    assert shared is not None
    assert set(shared.paths) == {f"/films/{number}.mp4" for number in numbers if number % 2 == 0}
