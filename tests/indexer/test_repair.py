"""Vectors that are lost, cut or damaged: found, told of, and made anew, through the real steps with fake encoders."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from app.cli.index_again import to_index_again
from app.cli.index_checks import vector_findings
from app.http.additions import add
from app.http.readiness import Warmup, checks
from app.http.schemas.videos import AddVideoBody
from indexer.intake.addition import Addition
from indexer.outcome import Outcome, Status
from indexer.repair import half_done, repair_vectors, without_thumbnails
from retrieval.asking.query import Query, parse_term
from retrieval.domain import Lane, Span
from retrieval.errors import InputError, PathNotAllowedError, VectorsDamagedError, VideoNotFoundError
from retrieval.search import SearchEngine
from retrieval.storage.media_roots import MediaRoots
from retrieval.storage.qdrant_server import ServerVectorStore
from retrieval.storage.records import VideoEdit, VideoStatus
from retrieval.storage.vector_survey import Survey, survey
from retrieval.storage.vectors import Point, VectorFilter
from tests.fakes import FakeEncoders
from tests.indexer.intake.test_replaced_files import Desk, desk, films, subtitles, talk
from tests.places import ROOT
from tests.terminal import moments

__all__ = ["desk", "films", "talk"]

Harm = Callable[[Path], None]


@pytest.fixture
def outcome(desk: Desk, talk: Path) -> Outcome:
    """Two seconds of red, of which a subtitle says that the budget is tight."""
    subtitles(talk.with_suffix(".srt"), "the budget is tight")
    return desk.index(talk, tags=("work",))


def space(lane: Lane) -> str:
    return FakeEncoders().spec(lane).space


def look(desk: Desk) -> Survey:
    with desk.library.vectors() as store:
        return survey(desk.library.catalog, store)


def mend(desk: Desk) -> list[str]:
    """Repair as the command does; what was told."""
    told: list[str] = []
    videos = repair_vectors(desk.library, desk.encoders, told.append)
    for video in {video.id: video for video in (*videos, *without_thumbnails(desk.library))}.values():
        outcome = desk.index(Path(video.path), again=True)
        told.append(f"{outcome.path}: {outcome.status}")
    return told


def segments(folder: Path) -> list[Path]:
    return [path for path in (folder / space(Lane.VISUAL) / "shard" / "segments").iterdir() if path.is_dir()]


def cut_a_file(folder: Path) -> None:
    for status in folder.glob("*/shard/segments/*/vector_storage-dense/vectors/status.dat"):
        os.truncate(status, 0)


def cut_the_list_of_points(folder: Path) -> None:
    for mappings in folder.glob(f"{space(Lane.VISUAL)}/shard/segments/*/mutable_id_tracker.mappings"):
        os.truncate(mappings, 0)
    shutil.rmtree(folder / space(Lane.VISUAL) / "shard" / "wal")


def write_garbage(folder: Path) -> None:
    for segment in segments(folder):
        (segment / "segment.json").write_bytes(os.urandom(400))


def delete_the_segments(folder: Path) -> None:
    for segment in segments(folder):
        shutil.rmtree(segment)


def delete_one_space(folder: Path) -> None:
    shutil.rmtree(folder / space(Lane.SPEECH))


def delete_the_note(folder: Path) -> None:
    (folder / space(Lane.SPEECH) / "space.json").unlink()


HARMS: list[Harm] = [
    shutil.rmtree,
    cut_a_file,
    cut_the_list_of_points,
    write_garbage,
    delete_the_segments,
    delete_one_space,
    delete_the_note,
]


@pytest.mark.parametrize("harm", HARMS)
def test_what_is_lost_cut_or_damaged_is_found_and_made_anew(desk: Desk, outcome: Outcome, harm: Harm) -> None:
    assert look(desk).is_well
    folder = desk.library.folder.vectors_dir
    harm(folder)

    found = look(desk)
    assert not found.is_well
    findings = list(vector_findings(desk.library, desk.encoders))
    assert {finding.advice for finding in findings if not finding.ok} == {"moments doctor --repair"}
    vectors = {check.name: check.reason for check in checks(desk.library, FakeJobs(), Warmup())}["vectors"]  # type: ignore[arg-type]
    assert "moments doctor --repair" in (vectors or "")

    told = mend(desk)
    assert told
    assert look(desk).is_well
    assert desk.vectors(outcome) == 1
    assert desk.record(outcome).tags == ("work",)
    aside = {path.name.rsplit("-", 1)[0].removeprefix(".damaged-") for path in folder.glob(".damaged-*")}
    assert aside == set(found.damaged)
    assert mend(desk) == []


class FakeJobs:
    def unfinished(self) -> tuple[()]:
        return ()


def test_indexing_again_keeps_what_people_wrote_and_every_path(desk: Desk, outcome: Outcome, talk: Path) -> None:
    catalog, video_id = desk.library.catalog, outcome.video_id or ""
    copy = talk.with_name("copy.mp4")
    shutil.copy(talk, copy)
    assert desk.index(copy).status is Status.UNCHANGED
    catalog.edit(video_id, VideoEdit(frozenset({"title"}), title="Kick-off"))
    catalog.judgements.add("a cat", video_id, Span(0.0, 1.0), is_right=True)
    before = desk.record(outcome)
    shutil.rmtree(desk.library.folder.vectors_dir)
    assert desk.index(talk).status is Status.UNCHANGED

    again = desk.index(talk, again=True)

    assert again.status is Status.REINDEXED
    after = desk.record(again)
    assert (after.id, after.title, after.tags, after.created_at) == (video_id, "Kick-off", ("work",), before.created_at)
    assert after.paths == before.paths
    assert [one.query for one in catalog.judgements.page(10).judgements] == ["a cat"]
    assert look(desk).is_well


def test_a_video_that_is_half_way_is_indexed_again(desk: Desk, outcome: Outcome, talk: Path) -> None:
    desk.library.catalog.set_status(outcome.video_id or "", VideoStatus.INDEXING)
    assert [record.id for record in half_done(desk.library)] == [outcome.video_id]
    assert desk.index(talk, again=True).status is Status.REINDEXED
    assert half_done(desk.library) == []


@pytest.mark.usefixtures("outcome")
def test_moments_are_found_all_the_while_that_a_video_is_indexed_again(desk: Desk, talk: Path) -> None:
    engine = SearchEngine(desk.library, desk.encoders)
    query = Query((parse_term("speech: the budget is tight"),))
    done, missed, searches = threading.Event(), [], []

    def keep_searching() -> None:
        while not done.is_set():
            answer = engine.search(query)
            searches.append(answer)
            if not answer.moments:
                missed.append(answer)

    desk.library.keep_vectors()
    threads = [threading.Thread(target=keep_searching) for _ in range(3)]
    for thread in threads:
        thread.start()
    statuses = [desk.index(talk, again=True).status for _ in range(3)]
    done.set()
    for thread in threads:
        thread.join()
    assert statuses == [Status.REINDEXED] * 3
    assert len(searches) > 3
    assert missed == []


def test_points_of_a_video_that_is_no_more_are_deleted(desk: Desk, outcome: Outcome) -> None:
    desk.library.catalog.remove(outcome.video_id or "")
    assert set(look(desk).strays) == {space(Lane.VISUAL), space(Lane.SPEECH)}
    assert mend(desk) == ["deleted 2 leftovers of videos that are no more"]
    assert look(desk).is_well


@pytest.mark.usefixtures("outcome")
def test_points_that_an_earlier_indexing_left_are_deleted(desk: Desk) -> None:
    with desk.library.vectors() as store:
        [hit] = store.fetch(space(Lane.VISUAL), VectorFilter(), 10)
        assert hit.vector is not None
        extra = Point("00000000-0000-0000-0000-000000000009", hit.video_id, 9, Span(18.0, 20.0), hit.vector)
        store.upsert(space(Lane.VISUAL), [extra])
    [difference] = look(desk).different
    assert (difference.expected, difference.found) == (1, 2)
    mend(desk)
    assert look(desk).is_well


@pytest.mark.usefixtures("outcome")
def test_lines_are_written_from_the_catalog_where_the_file_is_gone(desk: Desk, talk: Path) -> None:
    shutil.rmtree(desk.library.folder.vectors_dir / space(Lane.SPEECH))
    talk.unlink()
    assert any("wrote 1 vectors of speech from the catalog" in line for line in mend(desk))
    assert look(desk).is_well


def test_thumbnails_that_are_gone_are_made_anew(desk: Desk, outcome: Outcome) -> None:
    folder = desk.library.thumbnails_of(outcome.video_id or "")
    shutil.rmtree(folder)
    mend(desk)
    assert any(folder.iterdir())
    assert without_thumbnails(desk.library) == []


def test_a_full_disk_in_the_middle_leaves_the_video_to_be_found(
    desk: Desk, outcome: Outcome, talk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def usage(_: object) -> object:
        return shutil._ntuple_diskusage(10**9, 10**9 - 10**6, 10**6)

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", usage)
        failed = desk.index(talk, again=True)
    assert failed.failure is not None
    assert failed.failure.code == "storage_full"
    assert desk.library.catalog.get(outcome.video_id or "") is not None
    assert desk.record(outcome).status is VideoStatus.INDEXED
    assert look(desk).is_well


@pytest.mark.usefixtures("outcome")
def test_a_search_goes_on_without_a_lane_that_is_lost_and_says_so(desk: Desk) -> None:
    engine = SearchEngine(desk.library, desk.encoders)
    shutil.rmtree(desk.library.folder.vectors_dir / space(Lane.VISUAL))
    answer = engine.search(Query((parse_term("the budget is tight"),)))
    assert answer.moments
    assert answer.warnings == ("not searched: visual: the vectors are lost; `moments doctor --repair` makes them anew",)


@pytest.mark.usefixtures("outcome")
def test_a_search_goes_on_without_a_lane_that_is_damaged_and_says_so(desk: Desk) -> None:
    engine = SearchEngine(desk.library, desk.encoders)
    write_garbage(desk.library.folder.vectors_dir)
    answer = engine.search(Query((parse_term("the budget is tight"),)))
    assert answer.moments
    [warning] = answer.warnings
    assert warning.startswith("not searched: visual: ")
    assert "moments doctor --repair" in warning
    with pytest.raises(VectorsDamagedError, match="moments doctor --repair"):
        engine.search(Query((parse_term("visual: red"),)))


@pytest.fixture
def server(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServerVectorStore]:
    """The vectors of the desk's library, on what stands for a Qdrant server."""
    from qdrant_client import QdrantClient

    warnings.filterwarnings("ignore", message="Payload indexes have no effect")
    warnings.filterwarnings("ignore", message="Local mode performs exact")
    store = ServerVectorStore(QdrantClient(":memory:"))
    monkeypatch.setattr(desk.library, "vectors", lambda: nullcontext(store))
    yield store
    store.close()


def test_a_collection_that_is_gone_is_made_anew(server: ServerVectorStore, desk: Desk, talk: Path) -> None:
    subtitles(talk.with_suffix(".srt"), "the budget is tight")
    outcome = desk.index(talk)
    assert look(desk).is_well
    for lane in (Lane.VISUAL, Lane.SPEECH):
        server.drop_space(space(lane))
    found = look(desk)
    assert set(found.lost) == {space(Lane.VISUAL), space(Lane.SPEECH)}
    assert set(found.idle) == {Lane.VISUAL, Lane.SPEECH}
    mend(desk)
    assert look(desk).is_well
    assert desk.vectors(outcome) == 1
    assert server.active(Lane.VISUAL) == space(Lane.VISUAL)


def test_a_lane_whose_alias_is_gone_is_searched_in_its_space_again(
    server: ServerVectorStore, desk: Desk, talk: Path
) -> None:
    from qdrant_client import models

    desk.index(talk)
    gone = models.DeleteAlias(alias_name="moments-visual")
    server._client.update_collection_aliases([models.DeleteAliasOperation(delete_alias=gone)])
    assert list(look(desk).idle) == [Lane.VISUAL]
    assert mend(desk) == [f"visual is searched in {space(Lane.VISUAL)} again"]
    assert look(desk).is_well


def test_what_is_to_be_indexed_again_is_named_by_file_folder_or_video(desk: Desk, outcome: Outcome, talk: Path) -> None:
    library, video_id = desk.library, outcome.video_id
    assert to_index_again(library, [str(talk)]).files == {talk: None}
    assert to_index_again(library, [str(talk.parent)]).files == {talk: None}
    assert to_index_again(library, [(video_id or "")[:6]]).files == {talk: video_id}
    assert to_index_again(library, []).files == {talk: video_id}
    with pytest.raises(VideoNotFoundError):
        to_index_again(library, ["nothing.mp4"])
    talk.unlink()
    again = to_index_again(library, [])
    assert again.files == {}
    assert [failed.failure.code for failed in again.failed if failed.failure] == ["video_file_gone"]


def test_over_http_a_video_is_indexed_again_by_its_id_within_the_media_roots(
    desk: Desk, outcome: Outcome, talk: Path
) -> None:
    added: list[Addition] = []

    class Jobs:
        def add(self, addition: Addition) -> str:
            added.append(addition)
            return "job"

    body = AddVideoBody(video=outcome.video_id, again=True)
    assert add(body, desk.library, Jobs(), MediaRoots(None)) == "job"  # type: ignore[arg-type]
    assert (added[0].where, added[0].again) == (str(talk), True)
    with pytest.raises(PathNotAllowedError):
        add(body, desk.library, Jobs(), MediaRoots((talk.parent / "else",)))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="again as true"):
        add(AddVideoBody(video=outcome.video_id), desk.library, Jobs(), MediaRoots(None))  # type: ignore[arg-type]


def test_a_repair_beside_a_server_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], desk: Desk
) -> None:
    desk.library.keep_vectors("http://127.0.0.1:9")
    call = moments(capsys, "--data-dir", str(tmp_path / "data"), "--profile", "lite", "doctor", "--repair")
    assert call.code != 0
    assert "stop the server, run `moments doctor --repair`, and start it again" in call.errors
    assert call.errors.count("\n") == 1


REPAIR = """
import os, signal, sys
from pathlib import Path
from indexer.repair import repair_vectors
from retrieval.storage.library import Library
from retrieval.settings import RetrievalSettings
from tests.index_fakes import IndexEncoders

lives = [int(sys.argv[2])]

def tell(line):
    if not lives[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    lives[0] -= 1

with Library(RetrievalSettings(data_dir=Path(sys.argv[1])), "test") as library:
    repair_vectors(library, IndexEncoders(), tell)
"""


def test_a_repair_that_is_killed_goes_on_where_it_was(desk: Desk, outcome: Outcome) -> None:
    cut_a_file(desk.library.folder.vectors_dir)
    for lines in (0, 2):
        killed = subprocess.run(
            [sys.executable, "-c", REPAIR, str(desk.library.folder.path), str(lines)], cwd=ROOT, check=False
        )
        if killed.returncode == 0:
            break
        assert killed.returncode == -signal.SIGKILL
    mend(desk)
    assert look(desk).is_well
    assert desk.vectors(outcome) == 1
