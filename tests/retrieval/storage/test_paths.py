"""What the catalog knows of paths, on every database: each has one video, and a video may have several."""

import threading

import pytest

from retrieval.errors import StorageError, VideoFileChangedError
from retrieval.storage.catalog import Catalog
from retrieval.storage.records import VideoContents, VideoFile, VideoRecord, VideoStatus
from retrieval.video_filter import VideoFilter
from tests.catalogs import video

ONE, TWO = video(1, "/a/talk.mp4"), video(2, "/a/talk.mp4")


def file(path: str, size_bytes: int = 1) -> VideoFile:
    return VideoFile(path, size_bytes, 5, {".srt": "hash"})


def publish(catalog: Catalog, record: VideoRecord) -> VideoRecord:
    return catalog.publish(record, VideoContents())


def test_a_path_that_is_published_again_has_the_new_video_alone(catalog: Catalog) -> None:
    publish(catalog, ONE)
    catalog.upsert(TWO)
    assert catalog.resolve("/a/talk.mp4").id == ONE.id
    publish(catalog, TWO)
    assert [record.id for record in catalog.at_path("/a/talk.mp4")] == [TWO.id]
    assert catalog.resolve("talk.mp4").id == TWO.id
    assert catalog.ids(status=VideoStatus.REMOVING) == {ONE.id}
    assert catalog.searched(VideoFilter(paths=("/a/talk.mp4",))) == {TWO.id}


def test_a_video_is_found_by_all_of_its_paths(catalog: Catalog) -> None:
    publish(catalog, ONE)
    catalog.add_file(ONE.id, file("/b/copy.mp4"))
    record = catalog.resolve("/b/copy.mp4")
    assert record.id == catalog.resolve("copy.mp4").id == ONE.id
    assert record.paths == ("/a/talk.mp4", "/b/copy.mp4")
    assert record.files[1] == file("/b/copy.mp4")
    for where in (
        VideoFilter(paths=("/b/copy.mp4",)),
        VideoFilter(path_globs=("b/*",)),
        VideoFilter(path_globs=("/*",)),
    ):
        assert catalog.searched(where) == {ONE.id}
    page = catalog.videos(9, words="copy")
    assert [found.path for found in page.videos] == ["/a/talk.mp4"]
    assert [found.path for found in catalog.videos(9, VideoFilter(path_globs=("/b/*",))).videos] == ["/b/copy.mp4"]
    assert len(catalog.videos(9, VideoFilter(path_globs=("*",))).videos) == 1


def test_the_path_that_a_video_goes_by_is_one_that_it_has(catalog: Catalog) -> None:
    publish(catalog, ONE)
    for path in ("/c/third.mp4", "/b/second.mp4"):
        catalog.add_file(ONE.id, file(path))
    catalog.forget_paths(ONE.id, ["/a/talk.mp4", "/nowhere.mp4"])
    left = catalog.resolve(ONE.id)
    assert (left.path, left.title, left.paths) == ("/b/second.mp4", "second", ("/b/second.mp4", "/c/third.mp4"))
    catalog.forget_paths(ONE.id, left.paths)
    assert catalog.resolve(ONE.id).paths == left.paths


def test_a_page_counts_videos_not_paths(catalog: Catalog) -> None:
    for number in range(4):
        publish(catalog, video(number, f"/a/{number}.mp4"))
        catalog.add_file(video(number).id, file(f"/b/{number}.mp4"))
    first = catalog.videos(2, VideoFilter(path_globs=("*.mp4",)))
    second = catalog.videos(2, VideoFilter(path_globs=("*.mp4",)), cursor=first.next_cursor)
    assert [int(found.id, 16) for found in (*first.videos, *second.videos)] == [3, 2, 1, 0]
    assert second.next_cursor is None


def test_a_video_whose_file_was_replaced_and_indexed_meanwhile_gives_way(catalog: Catalog) -> None:
    newer = publish(catalog, TWO)
    now = VideoFile("/a/talk.mp4", newer.size_bytes, newer.modified_ns)
    with pytest.raises(VideoFileChangedError, match="was replaced while it was being indexed"):
        catalog.publish(ONE, VideoContents(), changed_to=now)
    assert catalog.get(ONE.id) is None
    publish(catalog, video(1, "/b/else.mp4"))
    stays = catalog.publish(ONE, VideoContents(), changed_to=now)
    assert (stays.path, stays.paths) == ("/b/else.mp4", ("/b/else.mp4",))
    assert catalog.resolve("/a/talk.mp4").id == TWO.id


def test_many_that_claim_one_path_at_once_leave_it_to_one(catalog: Catalog) -> None:
    failures: list[Exception] = []
    ready = threading.Barrier(4)

    def claim(number: int) -> None:
        ready.wait()
        try:
            for turn in range(5):
                publish(catalog, video(number, f"/a/{turn}.mp4"))
        except StorageError as error:
            failures.append(error)

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for turn in range(5):
        assert len(catalog.at_path(f"/a/{turn}.mp4")) == 1
    lost = catalog.ids(status=VideoStatus.REMOVING)
    assert all(catalog.resolve(f"/a/{turn}.mp4").id not in lost for turn in range(5))


def test_a_time_is_noted_only_of_a_path_that_is_still_the_videos(catalog: Catalog) -> None:
    publish(catalog, ONE)
    catalog.note_time(ONE.id, VideoFile("/a/talk.mp4", 1, 77))
    assert catalog.resolve(ONE.id).files[0].modified_ns == 77
    publish(catalog, TWO)
    catalog.note_time(ONE.id, VideoFile("/a/talk.mp4", 1, 99))
    assert catalog.resolve(TWO.id).files[0].modified_ns == TWO.modified_ns
