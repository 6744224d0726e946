"""What an older version or other models indexed is searched as far as it fits, told of, and made anew lane by lane."""

import shutil
import sqlite3
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import pytest

from indexer.intake.addition import Addition
from indexer.outcome import Outcome, Status
from indexer.pipeline import Cancelled, Indexer, Step, Stopped
from indexer.reindex import ToReindex, outdated, to_reindex
from indexer.settings import IndexSettings
from indexer.steps import renew as renewing
from indexer.steps.publish import keep_thumbnails
from retrieval.asking.query import Clip, Query, Term, parse_term
from retrieval.domain import Answer, Lane, Span
from retrieval.encoders.base import EncoderSpec, TextEncoder, Transcriber
from retrieval.errors import EncoderMismatchError, QueryError, StorageFullError
from retrieval.lanes.outdated import CHANGES, CONSTRUCTION, WHOLE, Redo, redo_of
from retrieval.search import SearchEngine
from retrieval.storage.library import Library
from retrieval.storage.records import Made, VideoRecord
from retrieval.storage.vectors import VectorFilter
from tests.fakes import DIM, FakeEncoders, FakeVisual, FakeVoiceActivity
from tests.index_fakes import IndexEncoders
from tests.library import environment, moments
from tests.media import colour, tone, video, write
from tests.places import ROOT

T = TypeVar("T")
OLDER_LIBRARY = Path(__file__).parent / "older_library.tar.xz"
"""One of profile lite, indexed by the version before translations (construction 3): film.mp4, four seconds of colour
bars and four of red, with noise, of which film.srt says from 1 to 3 s that the budget is tight."""
FILM = "f77f3599cd995087"


@dataclass
class Lens(IndexEncoders):
    """The fake encoders, of which some make spaces of another revision; ``used`` has the models that were asked for."""

    revisions: dict[Lane, str] = field(default_factory=dict)
    asked_by: str | None = "words"
    used: list[str] = field(default_factory=list)

    def spec(self, lane: Lane) -> EncoderSpec:
        spec = FakeEncoders.spec(self, lane)
        return replace(spec, revision=self.revisions.get(lane, spec.revision), asked_by=self._asked_by(lane))

    def _asked_by(self, lane: Lane) -> str | None:
        return self.asked_by if lane in (Lane.VISUAL, Lane.SOUND) else None

    def visual(self) -> FakeVisual:
        self.used.append("visual")
        return super().visual()

    def transcriber(self) -> Transcriber:
        self.used.append("transcriber")
        return super().transcriber()

    def text_encoder(self, lane: Lane) -> TextEncoder:
        return FakeEncoders.text_encoder(self, lane)


@dataclass
class Desk:
    """A library, and what puts files into it; ``steps`` has those that were run."""

    library: Library
    settings: IndexSettings
    steps: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda _: None

    def run(
        self, addition: Addition, encoders: Lens, report: Callable[[str, float], None] = lambda *_: None
    ) -> Outcome:
        def step(name: str, run: Callable[[], T]) -> T:
            self.before(name)
            self.steps.append(name)
            return run()

        return Indexer(self.library, encoders, self.settings).index("job", addition, step, report, lambda *_: None)

    def index(self, path: Path, encoders: Lens, **given: object) -> Outcome:
        return self.run(Addition(str(path), **given), encoders)  # type: ignore[arg-type]

    def wanted(self, encoders: Lens, lanes: tuple[Lane, ...] = ()) -> ToReindex:
        return to_reindex(self.library, encoders, None, lanes)

    def reindex(self, encoders: Lens, lanes: tuple[Lane, ...] = ()) -> list[Outcome]:
        """What became of all that wants it."""
        self.steps.clear()
        encoders.used.clear()
        return [self.run(addition, encoders) for addition in self.wanted(encoders, lanes).additions]

    def record(self, outcome: Outcome) -> VideoRecord:
        return self.library.catalog.resolve(outcome.video_id or "")

    def search(self, encoders: Lens, query: Query) -> Answer:
        return SearchEngine(self.library, encoders).search(query)

    def found(self, encoders: Lens, words: str) -> list[str]:
        """Names of the videos in which a search by words finds something likely."""
        answer = self.search(encoders, asked(words))
        return sorted(Path(moment.path).name for moment in answer.moments if moment.confidence > 0.5)

    def spaces(self) -> set[str]:
        with self.library.vectors() as store:
            return set(store.spaces())

    def counts(self, space: str) -> dict[str, int]:
        with self.library.vectors() as store:
            return dict(store.counts_by_video(space))


def asked(words: str, **options: object) -> Query:
    return Query(steps=(parse_term(words),), **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """red.mp4 and blue.mp4, four seconds each, with a high tone."""
    folder = tmp_path_factory.mktemp("films")
    for name in ("red", "blue"):
        video(folder / f"{name}.mp4", colour(name, 4), tone(4, 4000))
    return folder


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    settings = IndexSettings(data_dir=tmp_path / "data")
    with Library(settings, "test") as library:
        yield Desk(library, settings)


@pytest.fixture
def red(films: Path, tmp_path: Path) -> Path:
    """A file of red, of which a subtitle says that the budget is tight."""
    path = Path(shutil.copy(films / "red.mp4", tmp_path / "red.mp4"))
    path.with_suffix(".srt").write_text("1\n00:00:01,000 --> 00:00:03,000\nthe budget is tight\n", encoding="utf-8")
    return path


@pytest.fixture
def blue(films: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(films / "blue.mp4", tmp_path / "blue.mp4"))


def silent() -> FakeVoiceActivity:
    return FakeVoiceActivity(None)


def lens(**revisions: str) -> Lens:
    return Lens(voices=silent(), revisions={Lane(lane): revision for lane, revision in revisions.items()})


# What is outdated


def test_every_construction_says_what_it_changed() -> None:
    assert list(CHANGES) == list(range(2, CONSTRUCTION + 1))


@pytest.mark.parametrize("construction", [*range(1, CONSTRUCTION), None])
def test_a_video_of_an_older_construction_wants_what_changed_since(construction: int | None) -> None:
    spaces = {lane: f"{lane}-1" for lane in Lane}
    redo = redo_of(spaces, construction, spaces)
    assert redo.found >= {Lane.SPEECH}
    assert redo.cuts == (construction is None)
    assert redo_of(spaces, CONSTRUCTION, spaces) == Redo()


def test_lanes_of_windows_are_looked_for_again_and_lanes_of_lines_are_written_again() -> None:
    before, now = {lane: f"{lane}-1" for lane in Lane}, {lane: f"{lane}-2" for lane in Lane}
    redo = redo_of(before, CONSTRUCTION, now)
    assert redo == Redo(frozenset({Lane.VISUAL, Lane.SOUND}), frozenset({Lane.SPEECH, Lane.SCREEN}))
    assert redo.within([Lane.SPEECH]) == Redo(written=frozenset({Lane.SPEECH}))
    assert WHOLE.within([Lane.VISUAL]) == Redo(found=frozenset({Lane.VISUAL}))
    assert Redo.from_dict(redo.as_dict()) == redo


def test_the_catalog_counts_how_videos_were_made(desk: Desk, red: Path, blue: Path) -> None:
    first = desk.index(red, lens())
    desk.index(blue, lens(visual="2"))
    made = desk.library.catalog.made()
    assert sorted(some.videos for some in made) == [1, 1]
    record = desk.record(first)
    only = desk.library.catalog.made([record.id])
    assert only == [Made(record.encoders, CONSTRUCTION, record.profile, 1)]
    now = outdated(desk.library, lens(visual="2"))
    assert (now.videos, now.lanes) == (1, {Lane.VISUAL: 1})


# What is searched meanwhile


def test_words_find_what_an_older_version_saw_where_they_are_compared_as_before(desk: Desk, red: Path) -> None:
    desk.index(red, lens())
    answer = desk.search(lens(visual="2"), asked("visual: red"))
    assert [Path(moment.path).name for moment in answer.moments] == ["red.mp4"]
    assert (answer.warnings, answer.searched.outdated) == ((), 1)


def test_a_search_goes_through_both_spaces_while_half_of_the_videos_moved(desk: Desk, red: Path, blue: Path) -> None:
    old, new = lens(), lens(visual="2")
    desk.index(red, old)
    desk.index(blue, new)
    assert desk.found(new, "visual: red") == ["red.mp4"]
    assert desk.found(new, "visual: blue") == ["blue.mp4"]
    taken = desk.search(new, Query(steps=(parse_term("sound: high"),), exclude=(parse_term("visual: red"),)))
    assert {Path(m.path).name for m in taken.moments if m.confidence > 0.3} == {"blue.mp4"}
    assert taken.searched.outdated == 1


def test_lanes_that_do_not_fit_are_left_out_and_told_of(desk: Desk, red: Path) -> None:
    desk.index(red, replace(lens(), asked_by=None))
    now = replace(lens(visual="2"), asked_by=None)
    answer = desk.search(now, asked("high", lanes=frozenset({Lane.VISUAL, Lane.SOUND})))
    assert [Path(moment.path).name for moment in answer.moments] == ["red.mp4"]
    (warning,) = answer.warnings
    assert warning.startswith("not searched: visual: of 1 video that an older version")
    assert "moments reindex" in warning
    with pytest.raises(EncoderMismatchError, match="not searched: visual: of 1 video"):
        desk.search(now, asked("visual: red"))


def test_an_index_of_which_no_lane_fits_names_the_command_that_helps(desk: Desk, red: Path) -> None:
    desk.index(red, replace(lens(), asked_by=None))
    other = replace(lens(**{lane.value: "2" for lane in Lane}), asked_by=None)
    with pytest.raises(EncoderMismatchError, match="moments --profile lite reindex"):
        desk.search(other, asked("red"))


def test_examples_are_compared_with_vectors_of_their_own_space_alone(desk: Desk, red: Path, blue: Path) -> None:
    new = lens(visual="2")
    old = desk.record(desk.index(red, lens()))
    desk.index(blue, new)
    shown = Term("", examples={Lane.VISUAL: np.eye(DIM, dtype=np.float32)[2]})
    answer = desk.search(new, Query(steps=(shown,)))
    assert [Path(moment.path).name for moment in answer.moments] == ["blue.mp4"]
    assert answer.warnings[0].startswith("not searched: visual: of 1 video")
    clip = Query(steps=(Term("", like=Clip(old.id, Span(0, 2))),), lanes=frozenset({Lane.VISUAL}))
    both_changed = lens(visual="2", sound="2")
    with pytest.raises(QueryError, match=f"moments reindex --video {old.id}"):
        desk.search(both_changed, clip)


def test_the_curve_of_a_video_is_drawn_in_its_own_space(desk: Desk, red: Path) -> None:
    record = desk.record(desk.index(red, lens()))
    windows = desk.library.catalog.contents.of(record.id).windows
    for encoders, is_seen in ((lens(visual="2"), True), (replace(lens(visual="2"), asked_by=None), False)):
        engine = SearchEngine(desk.library, encoders)
        _, curve = engine.search_video(asked("red high"), record, windows)
        assert max(point.confidence for point in curve) > 0.3
        if is_seen:
            _, curve = engine.search_video(asked("visual: red"), record, windows)
            assert min(point.confidence for point in curve) > 0.5


# What is made anew


def test_only_the_lane_that_changed_is_made_anew_and_the_old_space_goes(desk: Desk, red: Path) -> None:
    old, new = lens(), lens(visual="2")
    first = desk.index(red, old, title="Red", tags=("work",))
    before, said = desk.record(first), desk.library.catalog.contents.of(first.video_id or "")
    (outcome,) = desk.reindex(new)
    assert (outcome.status, outcome.lanes) == (Status.REINDEXED, (Lane.VISUAL,))
    assert desk.steps == ["identify", "decode", "look", "publish"]
    assert "transcriber" not in new.used
    after = desk.record(outcome)
    space = new.spec(Lane.VISUAL).space
    assert after == replace(before, encoders={**before.encoders, Lane.VISUAL: space}, indexed_at=after.indexed_at)
    assert desk.library.catalog.contents.of(after.id) == said
    assert desk.spaces() == {new.spec(lane).space for lane in Lane}
    assert space in [spec.space for spec in desk.library.catalog.spaces()]
    assert old.spec(Lane.VISUAL).space not in [spec.space for spec in desk.library.catalog.spaces()]
    with desk.library.vectors() as store:
        assert store.active(Lane.VISUAL) == space
    assert desk.found(new, "visual: red") == ["red.mp4"]
    assert desk.reindex(new) == []
    assert not desk.library.folder.work_dir(after.id).exists()


def test_the_old_space_stays_as_long_as_a_video_is_in_it(desk: Desk, red: Path, blue: Path) -> None:
    old, new = lens(), lens(visual="2")
    for path in (red, blue):
        desk.index(path, old)
    first, second = desk.wanted(new).additions
    was, becomes = old.spec(Lane.VISUAL).space, new.spec(Lane.VISUAL).space
    desk.run(first, new)
    assert desk.spaces() >= {was, becomes}
    assert list(desk.counts(was)) == [second.video]
    with desk.library.vectors() as store:
        assert store.active(Lane.VISUAL) == was
    assert desk.found(new, "visual: red") == ["red.mp4"]
    assert desk.found(new, "visual: blue") == ["blue.mp4"]
    desk.run(second, new)
    assert was not in desk.spaces()


def test_pictures_need_no_sound_and_sounds_no_picture(desk: Desk, red: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.index(red, lens())
    decoded = []
    monkeypatch.setattr("indexer.pipeline.look", lambda artefacts, *_: decoded.append(artefacts.decoded()))
    monkeypatch.setattr("indexer.pipeline.listen", lambda artefacts, *_: decoded.append(artefacts.decoded()))
    monkeypatch.setattr("indexer.pipeline.renew", lambda *_, **__: desk.library.catalog.resolve("red.mp4"))
    desk.reindex(lens(visual="2"))
    desk.reindex(lens(sound="2"))
    seen, heard = decoded
    assert (bool(seen.frames), bool(seen.heard)) == (True, False)
    assert (bool(heard.frames), bool(heard.heard)) == (False, True)
    assert not any(frame.text_file for frame in seen.frames)
    assert heard.duration_s == seen.duration_s == desk.library.catalog.resolve("red.mp4").duration_s


def test_lines_are_embedded_anew_without_their_file(desk: Desk, red: Path) -> None:
    new = lens(speech="2")
    first = desk.index(red, lens())
    red.unlink()
    (outcome,) = desk.reindex(new)
    assert (outcome.status, desk.steps) == (Status.REINDEXED, ["identify", "publish"])
    assert list(desk.counts(new.spec(Lane.SPEECH).space)) == [first.video_id]
    assert desk.found(new, 'speech: "the budget is tight"') == ["red.mp4"]


def failure_of(outcome: Outcome) -> str | None:
    """The code of what it failed with."""
    return outcome.failure.code if outcome.failure else None


def older(desk: Desk, construction: int | None) -> None:
    """Have the catalog say that all was indexed by an older construction."""
    with sqlite3.connect(desk.library.folder.catalog_file) as catalog:
        catalog.execute("UPDATE videos SET construction = ?", (construction,))


def test_what_is_said_anew_is_told_by_every_unit(desk: Desk, red: Path) -> None:
    encoders = lens()
    first = desk.index(red, encoders)
    older(desk, 3)
    encoders.voices = FakeVoiceActivity()
    encoders.heard = replace(encoders.heard, text="guten tag", language="de")  # type: ignore[type-var]
    red.with_suffix(".srt").unlink()
    (outcome,) = desk.reindex(encoders)
    assert outcome.lanes == (Lane.SPEECH,)
    assert desk.steps == ["identify", "decode", "transcribe", "speakers", "publish"]
    with desk.library.vectors() as store:
        german = VectorFilter(languages=frozenset({"de"}))
        for lane in (Lane.VISUAL, Lane.SOUND, Lane.SPEECH):
            space = encoders.spec(lane).space
            assert (
                store.count(space, german) == store.count(space) == desk.record(first).vectors[lane]
                or lane is Lane.SPEECH
            )
            assert store.count(space, german) > 0
    assert [s.text for s in desk.library.catalog.contents.segments_of(first.video_id or "")] == ["guten tag"]
    assert desk.record(first).construction == CONSTRUCTION


def test_what_was_cut_in_an_older_way_is_indexed_whole(desk: Desk, red: Path) -> None:
    first = desk.index(red, lens(), title="Red")
    older(desk, None)
    (outcome,) = desk.reindex(lens())
    assert (outcome.status, outcome.lanes) == (Status.REINDEXED, ())
    assert desk.steps[1:] == ["decode", "look", "listen", "transcribe", "speakers", "read", "publish"]
    assert desk.record(first).title == "Red"


def test_a_lane_alone_leaves_the_others_as_they_are(desk: Desk, red: Path) -> None:
    first = desk.index(red, lens())
    older(desk, 3)
    new = lens(visual="2", sound="2")
    (outcome,) = desk.reindex(new, (Lane.SOUND,))
    assert outcome.lanes == (Lane.SOUND,)
    record = desk.record(first)
    assert record.construction == 3
    assert record.encoders[Lane.VISUAL] == lens().spec(Lane.VISUAL).space
    (rest,) = desk.wanted(new).additions
    assert set(rest.lanes) == {Lane.VISUAL, Lane.SPEECH}


def test_a_file_without_a_picture_needs_no_decoding_for_what_is_seen(desk: Desk, tmp_path: Path) -> None:
    desk.index(write(tmp_path / "tone.m4a", tone(4, 4000)), lens())
    (outcome,) = desk.reindex(lens(visual="2"))
    assert (outcome.status, desk.steps) == (Status.REINDEXED, ["identify", "publish"])
    assert desk.reindex(lens(visual="2")) == []


# What comes in between


def test_a_video_whose_file_is_gone_stays_as_it_is(desk: Desk, red: Path) -> None:
    first = desk.index(red, lens())
    red.unlink()
    wanted = desk.wanted(lens(visual="2"))
    assert wanted.additions == []
    (left,) = wanted.left
    assert failure_of(left) == "video_file_gone"
    assert "stays as it is" in (left.failure.message if left.failure else "")
    assert desk.found(lens(visual="2"), "visual: red") == ["red.mp4"]
    assert desk.record(first).failure is None


def test_a_file_that_goes_after_it_was_queued_fails_its_job_alone(desk: Desk, red: Path) -> None:
    first = desk.index(red, lens())
    (addition,) = desk.wanted(lens(visual="2")).additions
    red.unlink()
    outcome = desk.run(addition, lens(visual="2"))
    assert failure_of(outcome) == "video_file_gone"
    assert desk.record(first).failure is None


def test_a_file_that_is_changed_meanwhile_is_not_taken_for_what_was_indexed(desk: Desk, red: Path, blue: Path) -> None:
    new = lens(visual="2")
    first = desk.index(red, lens())
    before = desk.record(first)
    (addition,) = desk.wanted(new).additions

    def replace_at_the_end(name: str) -> None:
        if name == "publish":
            shutil.copy(blue, red)

    desk.before = replace_at_the_end
    outcome = desk.run(addition, new)
    assert failure_of(outcome) == "video_file_changed"
    assert desk.record(first) == before
    assert desk.counts(new.spec(Lane.VISUAL).space) == {}


@pytest.mark.parametrize("at", ["look", "publish"])
def test_a_video_that_is_removed_meanwhile_stays_removed(desk: Desk, red: Path, at: str) -> None:
    new = lens(visual="2")
    first = desk.index(red, lens())
    (addition,) = desk.wanted(new).additions
    desk.before = lambda name: desk.library.remove_video(first.video_id or "") if name == at else None
    outcome = desk.run(addition, new)
    assert outcome.status is Status.FAILED
    assert desk.library.catalog.ids() == frozenset()
    assert all(not desk.counts(space) for space in desk.spaces())


def test_a_video_that_is_removed_while_it_is_written_leaves_nothing(
    desk: Desk, red: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = lens(visual="2")
    first = desk.index(red, lens())

    def remove(*given: object) -> None:
        desk.library.remove_video(first.video_id or "")
        keep_thumbnails(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(renewing, "keep_thumbnails", remove)
    (outcome,) = desk.reindex(new)
    assert failure_of(outcome) == "video_not_found"
    assert all(not desk.counts(space) for space in desk.spaces())
    assert not desk.library.thumbnails_of(first.video_id or "").exists()


def test_a_cancelled_run_leaves_the_video_as_it_was(desk: Desk, red: Path) -> None:
    new = lens(visual="2")
    first = desk.index(red, lens())
    before = desk.record(first)
    (addition,) = desk.wanted(new).additions

    def report(stage: str, _share: float) -> None:
        if stage == "look":
            raise Cancelled("told to")

    with pytest.raises(Cancelled):
        desk.run(addition, new, report)
    assert desk.record(first) == before
    assert desk.found(new, "visual: red") == ["red.mp4"]
    assert desk.counts(new.spec(Lane.VISUAL).space) == {}


@pytest.mark.parametrize("when", ["keep_thumbnails", "retire_spaces"])
def test_a_run_that_died_while_it_wrote_ends_as_any_other(
    desk: Desk, red: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    old, new = lens(), lens(visual="2")
    first = desk.index(red, old)
    (addition,) = desk.wanted(new).additions

    def die(*_: object) -> None:
        raise Stopped("killed")

    with monkeypatch.context() as dying:
        dying.setattr(renewing, when, die)
        with pytest.raises(Stopped):
            desk.run(addition, new)
    assert desk.found(new, "visual: red") == ["red.mp4"]
    # What the queue does: the steps that were done are not done again.
    indexer = Indexer(desk.library, new, desk.settings)
    outcome = indexer.index(
        "job", addition, _with_redo_of_before(desk, addition, new), lambda *_: None, lambda *_: None
    )
    assert outcome.status is Status.REINDEXED
    assert desk.counts(new.spec(Lane.VISUAL).space) == {first.video_id: 2}
    assert old.spec(Lane.VISUAL).space not in desk.spaces()


def _with_redo_of_before(desk: Desk, addition: Addition, encoders: Lens) -> Step:
    """Runs steps as the queue does after a kill: what was to be redone is known from before."""
    record = desk.library.catalog.resolve(addition.video or "")
    was = replace(record, encoders={**record.encoders, Lane.VISUAL: lens().spec(Lane.VISUAL).space})
    redo = renewing.what_to_redo(was, encoders, tuple(Lane))

    def step(name: str, run: Callable[[], T]) -> T:
        found: Any = run()
        if name == "identify":
            found |= {"unchanged": None, "redo": redo.as_dict()}
        return cast(T, found)

    return step


def test_a_full_disk_leaves_the_video_as_it_was(desk: Desk, red: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = lens(visual="2")
    first = desk.index(red, lens())
    before = desk.record(first)

    def full(*_: object) -> None:
        raise StorageFullError("no room")

    monkeypatch.setattr(renewing, "require_room_beside", full)
    (outcome,) = desk.reindex(new)
    assert failure_of(outcome) == "storage_full"
    assert desk.record(first) == before
    assert desk.found(new, "visual: red") == ["red.mp4"]


def test_threads_that_reindex_the_same_videos_make_each_once(desk: Desk, red: Path, blue: Path) -> None:
    new = lens(visual="2")
    for path in (red, blue):
        desk.index(path, lens())
    additions = desk.wanted(new).additions * 2
    outcomes: list[Outcome] = []
    answers: list[list[str]] = []
    threads = [threading.Thread(target=lambda a=a: outcomes.append(desk.run(a, new))) for a in additions]
    threads += [
        threading.Thread(target=lambda: answers.extend(desk.found(new, f"visual: {name}") for name in ("red", "blue")))
        for _ in range(3)
    ]
    with desk.library.vectors() as store:
        store.close()
    desk.library.keep_vectors()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome.status for outcome in outcomes) == ["reindexed", "reindexed", "unchanged", "unchanged"]
    assert sorted(map(tuple, answers)) == [("blue.mp4",)] * 3 + [("red.mp4",)] * 3
    assert lens().spec(Lane.VISUAL).space not in desk.spaces()


def test_indexing_a_file_again_leaves_it_and_says_what_is_outdated(desk: Desk, red: Path) -> None:
    desk.index(red, lens())
    outcome = desk.index(red, lens(visual="2"))
    assert (outcome.status, outcome.outdated) == (Status.UNCHANGED, (Lane.VISUAL,))
    assert Outcome.from_dict(outcome.as_dict()) == outcome


def test_indexing_all_of_it_again_moves_it_too(desk: Desk, red: Path) -> None:
    desk.index(red, lens())
    desk.index(red, lens(visual="2"), again=True)
    assert desk.spaces() == {lens(visual="2").spec(lane).space for lane in Lane}


# A library of the version before


@pytest.fixture
def from_before(tmp_path: Path) -> Path:
    """The data folder of the library that an older version made, whose film lies beside it."""
    with tarfile.open(OLDER_LIBRARY) as archive:
        archive.extractall(tmp_path, filter="data")
    with sqlite3.connect(tmp_path / "library" / "catalog.sqlite") as catalog:
        for table in ("videos", "video_paths"):
            catalog.execute(f"UPDATE {table} SET path = ?", (str(tmp_path / "film.mp4"),))
    return tmp_path / "library"


def test_a_library_of_the_version_before_is_searched_told_of_and_brought_up_to_date(from_before: Path) -> None:
    before = moments(from_before, "search", "red", "--lane", "visual").row
    assert before["searched"]["outdated"] == 1
    assert [moment["video_id"] for moment in before["moments"]][:1] == [FILM]
    checked = moments(from_before, "doctor").row["findings"]
    (finding,) = [finding for finding in checked if finding["name"] == "made by"]
    assert (finding["ok"], finding["advice"]) == (False, "moments reindex")
    assert moments(from_before, "videos").row["outdated"] == 1
    offered = moments(from_before, "index", str(from_before.parent / "film.mp4"))
    assert offered.row["status"] == "unchanged"
    assert "speech" in offered.row["outdated"]
    assert "moments reindex" in offered.errors

    done = moments(from_before, "reindex")
    assert (done.code, done.row["status"], done.row["video_id"]) == (0, "reindexed", FILM)
    after = moments(from_before, "search", '"the budget is tight"')
    assert "outdated" not in after.row["searched"]
    assert after.row["moments"][0]["video_id"] == FILM
    assert all(f["ok"] for f in moments(from_before, "doctor").row["findings"] if f["name"] in ("made by", "vectors"))
    again = moments(from_before, "reindex")
    assert (again.code, again.rows) == (0, [])
    assert "all videos are up to date" in again.errors


KILLED = """
import os, signal, sys
from indexer.steps import renew
renew.{where} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
from app.cli.main import main
main()
"""


@pytest.mark.parametrize("where", ["keep_thumbnails", "retire_spaces"])
def test_a_killed_command_goes_on_where_it_was(from_before: Path, where: str) -> None:
    if where == "keep_thumbnails":
        newer_eyes = "import retrieval.encoders.lite_visual as lite; lite.CONSTRUCTION = 'newer'\n"
    else:
        newer_eyes = ""
    arguments = ["--data-dir", str(from_before), "--profile", "lite", "--json", "reindex"]
    killed = subprocess.run(
        [sys.executable, "-c", newer_eyes + KILLED.format(where=where), *arguments],
        env=environment(),
        cwd=ROOT,
        check=False,
    )
    assert killed.returncode == -9
    done = subprocess.run(
        [sys.executable, "-c", newer_eyes + "from app.cli.main import main; main()", *arguments],
        env=environment(),
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert '"failed"' not in done.stdout
    if not newer_eyes:
        findings = moments(from_before, "doctor").row["findings"]
        assert all(finding["ok"] for finding in findings if finding["name"] in ("made by", "vectors", "complete"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--lane", "smell"], "unknown lane 'smell'; allowed are visual, sound, speech, screen"),
        (["--video", "nothing"], "nothing"),
        (["no/such/*.mp4"], "no indexed video matches"),
    ],
)
def test_what_cannot_be_meant_is_told(from_before: Path, arguments: list[str], told: str) -> None:
    run = moments(from_before, "reindex", *arguments)
    assert run.code in (1, 2)
    assert told in run.row["error"]["message"]


def test_a_folder_and_a_video_are_meant_by_name(from_before: Path) -> None:
    told = moments(from_before, "reindex", str(from_before.parent), "--video", FILM[:8], "--lane", "screen")
    assert (told.code, told.rows) == (0, [])
    assert "1 video up to date" in told.errors
