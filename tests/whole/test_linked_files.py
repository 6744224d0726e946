"""Files that become links out of the media roots: no step and no door reads what they lead to."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient
from httpx2 import Response

from app.cli.main import cli
from app.exports.exporter import Exporter
from app.http.application import create_app
from app.settings import Settings
from indexer import pipeline
from indexer.intake.addition import Addition, Origin
from indexer.media.apart import read_subtitles
from indexer.media.indexed_file import open_indexed_file
from indexer.media.probe import MediaInfo
from indexer.outcome import Outcome, Status
from indexer.pipeline import Indexer
from indexer.settings import IndexSettings
from indexer.subtitles.reading import Subtitles
from retrieval.storage.library import Library
from retrieval.storage.records import VideoRecord
from tests.fakes import FakeVoiceActivity
from tests.index_fakes import IndexEncoders
from tests.media import colour, video

CLIP = {"start_s": 0.0, "end_s": 1.0}


class Server:
    """A server on a library with one root, and what puts files into it without a queue."""

    def __init__(self, tmp_path: Path, film: Path) -> None:
        self.root, self.outside = tmp_path / "root", tmp_path / "outside"
        self.talk = self.root / "in" / "talk.mp4"
        for folder in (self.talk.parent, self.outside):
            folder.mkdir(parents=True)
            shutil.copy2(film, folder / "talk.mp4")
        self.settings = Settings(data_dir=tmp_path / "data", media_roots=(self.root,))
        self.library = Library(self.settings, "test")
        self._encoders = IndexEncoders(voices=FakeVoiceActivity(None))
        api = create_app(self.settings)
        api.state.library, api.state.exporter = self.library, Exporter(self.settings)
        self.http = TestClient(api, base_url="http://127.0.0.1:8321")

    def index(self, path: Path, origin: Origin = Origin.PATH) -> Outcome:
        indexer = Indexer(self.library, self._encoders, self.settings)
        return indexer.index(
            path.parent.name, Addition(str(path), origin), lambda _, run: run(), lambda *_: None, lambda *_: None
        )

    def said(self, outcome: Outcome) -> list[str]:
        return [segment.text for segment in self.library.catalog.contents.segments_of(outcome.video_id or "")]

    def answers(self, outcome: Outcome, formats: Sequence[str] = ("mp4", "reel", "edl")) -> dict[str, Response]:
        """What every door answers that reads the video's file, exports in these formats among them."""
        video_id = outcome.video_id
        moments = [{"video_id": video_id, "start_s": 0.5, "end_s": 1.5}]
        doors = {
            "stream": self.http.get(f"/v1/videos/{video_id}/stream"),
            "part": self.http.get(f"/v1/videos/{video_id}/stream", headers={"Range": "bytes=0-99"}),
            "clip": self.http.get(f"/v1/videos/{video_id}/clip.mp4", params=CLIP),
        }
        for wanted in formats:
            doors[wanted] = self.http.post("/v1/exports", json={"format": wanted, "moments": moments})
        return doors

    def codes(self, outcome: Outcome) -> set[tuple[int, str]]:
        return {(answer.status_code, answer.json()["code"]) for answer in self.answers(outcome).values()}

    def link_file(self) -> None:
        self.talk.unlink()
        self.talk.symlink_to(self.outside / "talk.mp4")

    def link_folder(self) -> None:
        shutil.rmtree(self.talk.parent)
        self.talk.parent.symlink_to(self.outside)


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of red."""
    return video(tmp_path_factory.mktemp("film") / "talk.mp4", colour("red", 2))


@pytest.fixture
def server(tmp_path: Path, film: Path) -> Iterator[Server]:
    opened = Server(tmp_path, film)
    with opened.library:
        yield opened


def test_files_in_the_roots_are_played_and_exported(server: Server) -> None:
    outcome = server.index(server.talk)
    answers = server.answers(outcome)
    assert {door: answer.status_code for door, answer in answers.items()} == {
        **dict.fromkeys(answers, 200),
        "part": 206,
    }
    assert answers["stream"].content == server.talk.read_bytes()
    assert answers["part"].content == server.talk.read_bytes()[:100]


@pytest.mark.parametrize("link", [Server.link_file, Server.link_folder], ids=["file", "folder"])
def test_an_indexed_file_that_leads_out_of_the_roots_is_not_given_out(server: Server, link: object) -> None:
    """What it leads to is even the same content, of the same size and time."""
    outcome = server.index(server.talk)
    link(server)  # type: ignore[operator]
    assert server.codes(outcome) == {(403, "path_not_allowed")}
    done = CliRunner().invoke(
        cli,
        ["--data-dir", str(server.settings.data_dir), "doctor"],
        env={"MOMENTS_MEDIA_ROOTS": str(server.root), "MOMENTS_PROFILE": "lite"},
    )
    assert "1 of 1 files lead out of MOMENTS_MEDIA_ROOTS" in " ".join(done.output.split())


@pytest.mark.parametrize("link", [Server.link_file, Server.link_folder], ids=["file", "folder"])
def test_a_file_that_leads_out_of_the_roots_by_the_time_its_turn_comes_is_not_indexed(
    server: Server, link: object
) -> None:
    link(server)  # type: ignore[operator]
    outcome = server.index(server.talk)
    assert outcome.failure is not None
    assert outcome.failure.code == "path_not_allowed"
    assert server.library.catalog.ids() == set()


@pytest.mark.parametrize("link", [Server.link_file, Server.link_folder], ids=["file", "folder"])
def test_a_file_that_becomes_a_link_between_two_steps_is_not_decoded(
    server: Server, link: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After it was looked at, and again after its header was read to decode it."""
    for step in ("probe", "decode"):
        run = getattr(pipeline, step)

        def linked(*arguments: object, run: object = run, **options: object) -> object:
            link(server)  # type: ignore[operator]
            return run(*arguments, **options)  # type: ignore[operator]

        with monkeypatch.context() as patched:
            patched.setattr(pipeline, step, linked)
            outcome = server.index(server.talk)
        assert outcome.failure is not None
        assert outcome.failure.code == "path_not_allowed"
        server.talk.parent.unlink() if server.talk.parent.is_symlink() else shutil.rmtree(server.talk.parent)
        server.talk.parent.mkdir()
        shutil.copy2(server.outside / "talk.mp4", server.talk)


def test_subtitles_that_lead_out_of_the_roots_are_left_out_and_named(server: Server) -> None:
    secret = server.outside / "secret"
    secret.write_text("1\n00:00:00,200 --> 00:00:01,000\nthe launch code is 7\n", encoding="utf-8")
    (server.talk.parent / "talk.srt").symlink_to(secret)
    outcome = server.index(server.talk)
    assert (outcome.status, server.said(outcome)) == (Status.INDEXED, [])
    assert [warning for warning in outcome.warnings if "talk.srt" in warning and "leads out" in warning]
    assert server.index(server.talk).status is Status.UNCHANGED

    (server.talk.parent / "talk.srt").unlink()
    inside = server.root / "subtitles.srt"
    secret.rename(inside)
    (server.talk.parent / "talk.srt").symlink_to(inside)
    assert server.said(server.index(server.talk)) == ["the launch code is 7"]


def test_subtitles_that_are_a_pipe_by_the_time_they_are_read_are_not_waited_for(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    sidecar = server.talk.with_suffix(".srt")
    sidecar.write_text("1\n00:00:00,200 --> 00:00:01,000\nhello\n", encoding="utf-8")

    def piped(info: MediaInfo, settings: IndexSettings, waiting: Callable[[], None] | None = None) -> Subtitles:
        sidecar.unlink()
        os.mkfifo(sidecar)
        return read_subtitles(info, settings, waiting)

    monkeypatch.setattr(pipeline, "read_subtitles", piped)
    outcome = server.index(server.talk)
    assert (outcome.status, server.said(outcome)) == (Status.INDEXED, [])
    assert [warning for warning in outcome.warnings if "talk.srt is a pipe" in warning]


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "memory"])
def test_what_is_no_file_any_more_is_gone_at_once(server: Server, kind: str) -> None:
    """Where nothing bounds links too; /proc/self/mem says that it is an empty file."""
    free = server.settings.model_copy(update={"media_roots": None})
    outcome = server.index(server.talk)
    server.talk.unlink()
    match kind:
        case "pipe":
            os.mkfifo(server.talk)
        case "folder":
            server.talk.mkdir()
        case "device":
            server.talk.symlink_to("/dev/zero")
        case "memory":
            server.talk.symlink_to("/proc/self/mem")
        case _:
            raise ValueError(kind)
    with Library(free, "test") as library:
        server.http.app.state.library = library  # type: ignore[attr-defined]
        expected = (409, "video_file_changed") if kind == "memory" else (404, "video_file_gone")
        assert server.codes(outcome) == {expected}
    failure = (
        Indexer(library, IndexEncoders(), free)
        .index("job", Addition(str(server.talk)), lambda _, run: run(), lambda *_: None, lambda *_: None)
        .failure
    )
    assert failure is not None
    assert failure.code in {"endless_stream", "not_media", "empty_file"}


def test_without_roots_links_are_the_users_own_affair(server: Server) -> None:
    outcome = server.index(server.talk)
    server.link_file()
    with Library(server.settings.model_copy(update={"media_roots": None}), "test") as library:
        server.http.app.state.library = library  # type: ignore[attr-defined]
        assert {answer.status_code for answer in server.answers(outcome, ["edl"]).values()} == {200, 206}


def test_a_root_that_is_taken_away_takes_files_and_kept_clips_with_it(server: Server) -> None:
    outcome = server.index(server.talk)
    assert server.http.get(f"/v1/videos/{outcome.video_id}/clip.mp4", params=CLIP).status_code == 200
    with Library(server.settings.model_copy(update={"media_roots": (server.outside,)}), "test") as library:
        server.http.app.state.library = library  # type: ignore[attr-defined]
        assert server.codes(outcome) == {(403, "path_not_allowed")}
        assert server.http.get(f"/v1/videos/{outcome.video_id}/transcript").status_code == 200


def test_a_file_that_came_by_upload_is_read_whatever_the_roots_are(server: Server, film: Path) -> None:
    came = server.library.folder.files_of("0" * 8) / "talk.mp4"
    came.parent.mkdir(parents=True)
    shutil.copy(film, came)
    outcome = server.index(came, Origin.UPLOAD)
    assert {answer.status_code for answer in server.answers(outcome, ["edl"]).values()} == {200, 206}
    came.unlink()
    came.symlink_to(server.outside / "talk.mp4")
    assert server.codes(outcome) == {(403, "path_not_allowed")}


def test_a_stream_goes_on_with_the_file_that_it_began_with(server: Server) -> None:
    """The link takes its place between the first block and the next."""
    outcome = server.index(server.talk)
    content = server.talk.read_bytes()
    record: VideoRecord = server.library.catalog.resolve(outcome.video_id or "")
    with open_indexed_file(server.library.catalog, record, server.library.roots) as file:
        begun = file.read(100)
        (server.outside / "talk.mp4").write_bytes(b"secret" * 10_000)
        server.link_file()
        assert begun + file.read() == content
