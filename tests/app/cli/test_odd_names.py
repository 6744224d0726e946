"""A file whose name holds bytes that are no text, and how it goes through every door."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.http.application import create_app
from app.settings import Settings
from indexer.intake.addition import Addition
from retrieval.domain import Segment, Span, SpeechOrigin, Word
from retrieval.search import SearchEngine
from retrieval.storage.library import Library
from retrieval.storage.records import VideoContents, VideoRecord
from retrieval.video_filter import VideoFilter
from tests.fakes import FakeEncoders, size_and_time
from tests.job_fakes import HeldIndexer, queue_in, until
from tests.media import colour, tone, video
from tests.terminal import moments

ID = "feedc0de00000001"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of red called ``caf\xe9.mp4`` in Latin 1, which no UTF-8 decoder takes."""
    made = video(tmp_path_factory.mktemp("films") / "made.mp4", colour("red", 1), tone(1), acodec="aac")
    path = Path(os.fsdecode(os.fsencode(made.parent) + b"/caf\xe9.mp4"))
    try:
        return made.rename(path)
    except OSError:
        pytest.skip("this file system takes no names that are not UTF-8")


@pytest.fixture
def library(file: Path, tmp_path: Path) -> Iterator[Library]:
    words = (Word("hello", Span(0.0, 0.5), 0.9),)
    said = Segment(Span(0.0, 0.5), "hello", words, "en", 0.9, SpeechOrigin.SIDECAR_SUBTITLE)
    with Library(Settings(data_dir=tmp_path), "test") as opened:
        record = VideoRecord(
            ID,
            ID * 2,
            str(file),
            file.stem,
            *size_and_time(file),
            duration_s=1.0,
            width=160,
            height=90,
            warnings=(f"{file}: odd",),
        )
        opened.catalog.publish(record, VideoContents(segments=(said,)))
        yield opened


@pytest.fixture
def client(library: Library) -> TestClient:
    api = create_app(library.settings)  # type: ignore[arg-type]
    api.state.library = library
    return TestClient(api)


def test_the_catalog_keeps_the_very_path(library: Library, file: Path) -> None:
    record = library.catalog.resolve("caf\\xe9.mp4")
    assert (record.path, record.title) == (str(file), "caf\\xe9")
    assert [known.id for known in library.catalog.at_path(str(file))] == [ID]
    for glob in ("caf?.mp4", "*caf\\xe9*"):
        assert library.catalog.ids(VideoFilter(path_globs=(glob,))) == {ID}


def test_it_is_listed_shown_exported_and_removed_by_commands(
    library: Library, file: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = ("--data-dir", str(library.folder.path), "--json")
    (listed,) = moments(capsys, *folder, "videos", "--path", "*caf\\xe9.mp4").row["videos"]
    assert (listed["path"], listed["title"]) == (f"{file.parent}/caf\\xe9.mp4", "caf\\xe9")
    shown = moments(capsys, *folder, "show", str(file))
    assert shown.code == 0, shown.errors
    assert shown.row["warnings"] == [f"{file.parent}/caf\\xe9.mp4: odd"]
    shown.out.encode()
    for wanted in ("mp4", "csv", "edl", "fcpxml", "json", "srt"):
        made = tmp_path / f"made.{wanted}"
        run = moments(capsys, *folder, "export", "--format", wanted, "--moment", f"{file.name}@0-1", "--out", str(made))
        assert run.code == 0, run.errors
        assert made.stat().st_size > 0
    assert moments(capsys, *folder, "remove", "caf\\xe9.mp4").row["path"] == f"{file.parent}/caf\\xe9.mp4"
    assert file.exists()


def test_it_is_served(client: TestClient, file: Path) -> None:
    value = client.get(f"/v1/videos/{ID}").json()
    assert value["path"] == f"{file.parent}/caf\\xe9.mp4"
    assert client.get("/v1/videos", params={"path": "caf\\xe9.mp4"}).json()["videos"] == [value]
    streamed = client.get(value["stream_url"])
    assert (streamed.status_code, streamed.content) == (200, file.read_bytes())
    moment = {"video_id": "caf\\xe9.mp4", "start_s": 0.0, "end_s": 1.0}
    assert client.post("/v1/exports", json={"format": "mp4", "moments": [moment]}).status_code == 200
    assert client.get(f"/v1/videos/{ID}/clip.mp4", params={"start_s": 0, "end_s": 1}).status_code == 200
    assert client.delete(f"/v1/videos/{ID}").status_code == 204


def test_a_glob_that_is_too_long_is_a_clear_problem(client: TestClient, library: Library) -> None:
    listed = client.get("/v1/videos", params={"path": "*" * 1001})
    assert (listed.status_code, listed.json()["code"]) == (422, "invalid_input")
    assert "at most 1000" in listed.json()["detail"]
    client.app.state.engine = SearchEngine(library, FakeEncoders())  # type: ignore[attr-defined]
    searched = client.post("/v1/search", json={"query": {"text": "red"}, "filter": {"path": "[" * 1001}})
    assert (searched.status_code, searched.json()["code"]) == (422, "invalid_input")


def test_it_is_added_and_its_job_told(client: TestClient, file: Path, tmp_path: Path) -> None:
    with queue_in(tmp_path, HeldIndexer()) as jobs:
        client.app.state.jobs = jobs  # type: ignore[attr-defined]
        job_id = client.post("/v1/videos", json={"path": f"{file.parent}/caf\\xe9.mp4"}).json()["job_id"]
        until(lambda: jobs.job(job_id).is_over)
        assert jobs.job(job_id).addition.where == str(file)
        told: dict[str, Any] = client.get(f"/v1/jobs/{job_id}").json()
        assert (told["path"], told["title"]) == (f"{file.parent}/caf\\xe9.mp4", "caf\\xe9")
        bad = jobs.add(Addition(str(file.with_name(f"bad{file.name}"))))
        until(lambda: jobs.job(bad).is_over)
        assert "badcaf\\xe9.mp4" in json.dumps(client.get(f"/v1/jobs/{bad}").json()).replace("\\\\", "\\")
