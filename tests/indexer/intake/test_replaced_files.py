"""A path has one content, and a content may have several paths: through the real steps, with fake encoders."""

import os
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path
from typing import TypeVar

import pytest

from indexer import pipeline
from indexer.intake.addition import Addition, Origin
from indexer.intake.identify import IdentifiedFile, identify
from indexer.media import indexed_file as indexed_files
from indexer.media.indexed_file import indexed_file
from indexer.media.probe import hash_of
from indexer.outcome import Outcome, Status
from indexer.pipeline import Indexer
from indexer.settings import IndexSettings
from indexer.steps.publish import STILL_WRITTEN
from retrieval.domain import Lane, Span
from retrieval.errors import VideoFileChangedError, VideoFileGoneError, VideoNotFoundError
from retrieval.storage.library import Library
from retrieval.storage.media_roots import MediaRoots
from retrieval.storage.records import VideoEdit, VideoRecord, VideoStatus
from retrieval.video_filter import VideoFilter
from tests.fakes import FakeVoiceActivity
from tests.index_fakes import IndexEncoders
from tests.job_fakes import until
from tests.media import colour, video

T = TypeVar("T")


class Desk:
    """A library, and what puts files into it without a queue."""

    def __init__(self, library: Library, encoders: IndexEncoders, settings: IndexSettings) -> None:
        self.library, self.encoders = library, encoders
        self._indexer = Indexer(library, encoders, settings)

    def index(self, path: Path, origin: Origin = Origin.PATH, **given: object) -> Outcome:
        def step(name: str, run: Callable[[], T]) -> T:  # noqa: ARG001
            return run()

        addition = Addition(str(path), origin, **given)  # type: ignore[arg-type]
        return self._indexer.index(path.parent.name, addition, step, lambda *_: None, lambda *_: None)

    def upload(self, content: Path, name: str = "upload.mp4") -> Outcome:
        path = self.library.folder.files_of(str(uuid.uuid4())) / name
        path.parent.mkdir(parents=True)
        shutil.copy(content, path)
        return self.index(path, Origin.UPLOAD)

    def record(self, outcome: Outcome) -> VideoRecord:
        assert outcome.failure is None
        return self.library.catalog.resolve(outcome.video_id or "")

    def said(self, outcome: Outcome) -> list[str]:
        return [segment.text for segment in self.library.catalog.contents.segments_of(outcome.video_id or "")]

    def vectors(self, outcome: Outcome) -> int:
        with self.library.vectors() as store:
            return store.counts_by_video(self.encoders.spec(Lane.VISUAL).space).get(outcome.video_id or "", 0)

    def beside(self, path: Path) -> "Beside":
        """Index ``path`` in a thread, which waits in its middle until it is let go on."""
        return Beside(self, path)


class Beside:
    def __init__(self, desk: Desk, path: Path) -> None:
        self._desk = desk
        self._outcomes: list[Outcome] = []
        desk.encoders.looking.clear()
        desk.encoders.slow.set()
        self._thread = threading.Thread(target=lambda: self._outcomes.append(desk.index(path)))

    def __enter__(self) -> "Beside":
        self._thread.start()
        until(self._desk.encoders.looking.is_set, "look")
        return self

    def __exit__(self, *_: object) -> None:
        self._desk.encoders.slow.clear()
        self._thread.join()

    @property
    def outcome(self) -> Outcome:
        [outcome] = self._outcomes
        return outcome


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    settings = IndexSettings(data_dir=tmp_path / "data")
    encoders = IndexEncoders(voices=FakeVoiceActivity(None))
    with Library(settings, "test") as library:
        yield Desk(library, encoders, settings)
        encoders.slow.clear()


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """red.mp4, blue.mp4 and green.mp4, two seconds each."""
    folder = tmp_path_factory.mktemp("films")
    for name in ("red", "blue", "green"):
        video(folder / f"{name}.mp4", colour(name, 2))
    return folder


@pytest.fixture
def talk(films: Path, tmp_path: Path) -> Path:
    """A file of red in a folder of its own."""
    path = tmp_path / "a" / "talk.mp4"
    path.parent.mkdir()
    shutil.copy(films / "red.mp4", path)
    return path


def subtitles(path: Path, words: str) -> Path:
    path.write_text(f"1\n00:00:00,200 --> 00:00:01,000\n{words}\n", encoding="utf-8")
    return path


def test_a_replaced_file_takes_the_place_of_what_was_there(desk: Desk, films: Path, talk: Path) -> None:
    catalog = desk.library.catalog
    old = desk.index(talk, tags=("work",))
    catalog.edit(old.video_id or "", VideoEdit(frozenset({"title"}), title="Kick-off"))
    catalog.judgements.add("a cat", old.video_id or "", Span(0.0, 1.0), is_right=True)
    shutil.copy(films / "blue.mp4", talk)

    new = desk.index(talk)

    assert new.status is Status.INDEXED
    assert new.video_id != old.video_id
    for reference in (str(talk), "talk.mp4"):
        assert catalog.resolve(reference).id == new.video_id
    with pytest.raises(VideoNotFoundError):
        catalog.resolve(old.video_id or "")
    record = desk.record(new)
    assert (record.title, record.tags, record.paths) == ("Kick-off", ("work",), (str(talk),))
    assert catalog.judgements.all() == []
    assert catalog.ids() == {new.video_id}
    assert (desk.vectors(old), desk.vectors(new) > 0) == (0, True)
    assert [folder.name for folder in desk.library.folder.thumbnails_dir.iterdir()] == [new.video_id]
    assert desk.index(talk).status is Status.UNCHANGED


def test_the_old_content_is_found_until_the_new_one_is(desk: Desk, films: Path, talk: Path) -> None:
    old = desk.index(talk)
    shutil.copy(films / "blue.mp4", talk)
    with desk.beside(talk) as running:
        record = desk.library.catalog.resolve(str(talk))
        assert (record.id, record.status) == (old.video_id, VideoStatus.INDEXED)
        assert desk.vectors(old) > 0
    assert desk.library.catalog.ids(status=VideoStatus.INDEXED) == {running.outcome.video_id}


def test_a_file_that_turned_into_no_media_keeps_its_entry_and_is_refused(desk: Desk, talk: Path) -> None:
    old = desk.index(talk)
    talk.write_bytes(b"no film")
    assert desk.index(talk).status is Status.FAILED
    with pytest.raises(VideoFileChangedError, match="moments index"):
        indexed_file(desk.library.catalog, desk.record(old))


def test_the_same_content_in_two_folders_is_found_under_both(desk: Desk, films: Path, talk: Path) -> None:
    catalog = desk.library.catalog
    copy = talk.parents[1] / "b" / "copy.mp4"
    copy.parent.mkdir()
    shutil.copy(talk, copy)
    first, second = desk.index(talk), desk.index(copy)

    assert (second.status, second.video_id) == (Status.UNCHANGED, first.video_id)
    record = desk.record(first)
    assert (record.path, set(record.paths)) == (str(talk), {str(talk), str(copy)})
    for glob, path in (("a/*", talk), ("b/*", copy)):
        assert catalog.ids(VideoFilter(path_globs=(glob,))) == {first.video_id}
        assert [found.path for found in catalog.videos(9, VideoFilter(path_globs=(glob,))).videos] == [str(path)]
        assert catalog.resolve(str(path)).id == first.video_id

    shutil.copy(films / "blue.mp4", talk)
    assert indexed_file(catalog, record) == copy
    replaced = desk.index(talk)
    assert catalog.resolve(str(talk)).id == replaced.video_id
    moved = desk.record(first)
    assert (moved.paths, moved.title) == ((str(copy),), "copy")

    shutil.move(copy, copy.with_name("moved.mp4"))
    desk.index(copy.with_name("moved.mp4"))
    assert desk.record(first).paths == (str(copy.with_name("moved.mp4")),)
    assert catalog.ids(VideoFilter(path_globs=("*/copy.mp4",))) == frozenset()


def test_a_copy_that_is_deleted_is_forgotten_and_the_other_stays(desk: Desk, talk: Path) -> None:
    copy = talk.with_name("copy.mp4")
    shutil.copy(talk, copy)
    desk.index(talk)
    outcome = desk.index(copy)
    talk.unlink()
    assert indexed_file(desk.library.catalog, desk.record(outcome)) == copy
    desk.index(copy)
    assert desk.record(outcome).paths == (str(copy),)
    copy.unlink()
    with pytest.raises(VideoFileGoneError, match="does not exist any more"):
        indexed_file(desk.library.catalog, desk.record(outcome))


def test_an_upload_is_kept_where_the_indexed_file_was_replaced(desk: Desk, films: Path, talk: Path) -> None:
    desk.index(talk)
    shutil.copy(films / "blue.mp4", talk)
    uploaded = desk.upload(films / "red.mp4")
    assert uploaded.status is Status.UNCHANGED
    file = indexed_file(desk.library.catalog, desk.record(uploaded))
    assert desk.library.folder.owns(file)
    assert desk.index(talk).video_id != uploaded.video_id
    assert desk.record(uploaded).paths == (str(file),)


def test_an_upload_that_is_replaced_where_it_lies_is_not_deleted_with_what_it_was(desk: Desk, films: Path) -> None:
    uploaded = desk.upload(films / "red.mp4")
    shutil.copy(films / "blue.mp4", uploaded.path)
    assert desk.index(Path(uploaded.path)).status is Status.INDEXED
    assert Path(uploaded.path).read_bytes() == (films / "blue.mp4").read_bytes()


def test_a_recording_that_grows_while_it_is_indexed_is_said_and_taken_anew(desk: Desk, talk: Path) -> None:
    with desk.beside(talk) as running, talk.open("ab") as file:
        file.write(b"\0" * 64)
    early = running.outcome
    assert (early.status, STILL_WRITTEN in early.warnings) == (Status.INDEXED, True)
    with pytest.raises(VideoFileChangedError, match="bytes instead of"):
        indexed_file(desk.library.catalog, desk.record(early))

    whole = desk.index(talk)

    assert (whole.status, whole.warnings) == (Status.INDEXED, ())
    assert desk.library.catalog.ids() == {whole.video_id}


def test_what_was_read_from_a_changing_file_is_never_taken_for_what_was_hashed(
    desk: Desk, films: Path, talk: Path
) -> None:
    with desk.beside(talk):
        shutil.copy(films / "blue.mp4", talk)
    assert desk.index(films / "red.mp4").status is Status.INDEXED
    assert desk.index(films / "red.mp4").status is Status.UNCHANGED


def test_a_known_content_does_not_take_a_path_that_was_written_since_it_was_hashed(
    desk: Desk, films: Path, talk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = desk.index(films / "red.mp4")

    def identify_then_replace(path: Path, waiting: Callable[[], None], roots: MediaRoots) -> IdentifiedFile:
        source = identify(path, waiting, roots)
        shutil.copy(films / "blue.mp4", path)
        return source

    monkeypatch.setattr(pipeline, "identify", identify_then_replace)
    outcome = desk.index(talk)
    assert (outcome.status, outcome.warnings) == (Status.UNCHANGED, (STILL_WRITTEN,))
    assert desk.record(known).paths == (str(films / "red.mp4"),)


def test_of_two_that_index_one_path_at_once_the_one_that_saw_the_newer_file_stays(
    desk: Desk, films: Path, talk: Path
) -> None:
    """Both are at work when they are let go on; whichever publishes last, the path has what lies there."""
    with desk.beside(talk) as late:
        shutil.copy(films / "blue.mp4", talk)
        newer = threading.Thread(target=desk.index, args=(talk,))
        newer.start()
        until(lambda: len(list(desk.library.folder.path.glob("work/*/decoded/decoded.json"))) == 2, "both at work")
    newer.join()
    current = desk.library.catalog.resolve(str(talk))
    assert current.id == desk.index(talk).video_id
    assert desk.library.catalog.ids() == {current.id}
    assert late.outcome.failure is None or late.outcome.failure.code == "video_file_changed"


def test_a_video_of_a_file_that_was_replaced_and_indexed_meanwhile_does_not_come_back(
    desk: Desk, films: Path, talk: Path
) -> None:
    catalog = desk.library.catalog
    with desk.beside(talk) as late:
        shutil.copy(films / "blue.mp4", talk)
        newer = desk.library  # indexed by another process, whose encoders do not wait
        other = Desk(newer, IndexEncoders(), IndexSettings(data_dir=newer.folder.path))
        indexed = other.index(talk)
    assert late.outcome.failure is not None
    assert late.outcome.failure.code == "video_file_changed"
    assert catalog.ids() == {indexed.video_id}
    assert desk.vectors(late.outcome) == 0


def test_one_content_under_two_paths_at_once_is_one_video_with_both(desk: Desk, talk: Path) -> None:
    copy = talk.with_name("copy.mp4")
    shutil.copy(talk, copy)
    with desk.beside(talk) as first:
        second = threading.Thread(target=desk.index, args=(copy,))
        second.start()
    second.join()
    assert desk.library.catalog.ids() == {first.outcome.video_id}
    assert set(desk.record(first.outcome).paths) == {str(talk), str(copy)}


def test_subtitles_that_come_change_and_go_are_taken_up(desk: Desk, talk: Path) -> None:
    assert desk.said(desk.index(talk)) == []

    beside = subtitles(talk.with_suffix(".srt"), "welcome to the launch")
    came = desk.index(talk)
    assert (came.status, desk.said(came)) == (Status.INDEXED, ["welcome to the launch"])
    assert desk.index(talk).status is Status.UNCHANGED

    stamp = beside.stat().st_mtime_ns
    subtitles(beside, "welcome to the lunch!")  # as long as before, and as old
    os.utime(beside, ns=(stamp, stamp))
    changed = desk.index(talk)
    assert (changed.status, desk.said(changed)) == (Status.INDEXED, ["welcome to the lunch!"])

    beside.unlink()
    gone = desk.index(talk)
    assert (gone.status, desk.said(gone)) == (Status.INDEXED, [])
    assert len({came.video_id, changed.video_id, gone.video_id}) == 1


def test_a_copy_without_subtitles_leaves_those_of_the_other(desk: Desk, talk: Path) -> None:
    subtitles(talk.with_suffix(".en.srt"), "welcome")
    desk.index(talk)
    copy, bare = talk.parents[1] / "b" / "other.mp4", talk.parents[1] / "c" / "talk.mp4"
    for path in (copy, bare):
        path.parent.mkdir()
        shutil.copy(talk, path)
    subtitles(copy.with_suffix(".en.srt"), "welcome")
    for path in (copy, bare, talk, bare, copy):
        outcome = desk.index(path)
        assert (outcome.status, desk.said(outcome)) == (Status.UNCHANGED, ["welcome"])


def test_a_file_that_was_only_touched_is_read_once_to_know_it(
    desk: Desk, talk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = desk.index(talk)
    hashed: list[Path] = []

    def noted(file: FileIO) -> str:
        hashed.append(Path(file.name))
        return hash_of(file)

    monkeypatch.setattr(indexed_files, "hash_of", noted)
    os.utime(talk, ns=(1, 1))
    for _ in range(3):
        assert indexed_file(desk.library.catalog, desk.record(outcome)) == talk
    assert hashed == [talk]
    assert desk.record(outcome).files[0].modified_ns == 1

    content = bytearray(talk.read_bytes())
    content[-1] ^= 1
    talk.write_bytes(content)
    for _ in range(3):
        with pytest.raises(VideoFileChangedError, match="it was written since"):
            indexed_file(desk.library.catalog, desk.record(outcome))
    assert len(hashed) == 2

    talk.write_bytes(content + b"more")
    with pytest.raises(VideoFileChangedError, match="bytes instead of"):
        indexed_file(desk.library.catalog, desk.record(outcome))
    assert len(hashed) == 2
