"""What a crash of half a megabyte leaves on a terminal, in JSON and over HTTP: a little, and all of it in the log."""

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.http.application import create_app
from app.settings import Settings
from retrieval.domain import Profile
from retrieval.errors import MOST_CHARACTERS
from tests.job_fakes import until
from tests.terminal import moments

LONG = "Tracing failed sanity checks! " + "graph(%self, %frames) " * 20_000 + "ERROR: Graphs differed"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Something to be indexed; it never gets as far as to be looked at."""
    (tmp_path / "talk.mp4").write_bytes(b"a video")
    return tmp_path / "talk.mp4"


@pytest.fixture(autouse=True)
def crashing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def crash(*_: Any) -> None:
        raise RuntimeError(LONG)

    monkeypatch.setattr("indexer.pipeline.identify", crash)
    yield
    logging.getLogger("dbos").handlers.clear()  # they would write to a stream that the test's end closes


def assert_short(told: str) -> None:
    assert len(told) < 2 * MOST_CHARACTERS
    assert "RuntimeError: Tracing failed sanity checks!" in told
    assert "ERROR: Graphs differed" in told


def test_on_a_terminal_it_is_short_and_the_log_lies_beside_the_library(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    capsys.readouterr()
    isatty: Callable[[], bool] = lambda: True  # noqa: E731
    monkeypatch.setattr(sys.stderr, "isatty", isatty)
    monkeypatch.setenv("TERM", "dumb")
    call = moments(capsys, "--data-dir", str(tmp_path / "library"), "--profile", "lite", "index", str(file))
    assert call.code == 1
    assert_short(call.out + call.errors)
    log = tmp_path / "library" / "moments.log"
    assert f"more on what went wrong is in {log}" in call.errors
    assert LONG in log.read_text()


def test_as_json_it_is_short(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = moments(capsys, "--data-dir", str(tmp_path / "library"), "--profile", "lite", "--json", "index", str(file))
    assert call.code == 1
    assert call.row["error"]["code"] == "internal_error"
    assert_short(call.out)


def test_over_http_it_is_short(file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(data_dir=tmp_path / "library", profile=Profile.LITE)
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as client:
        added = client.post("/v1/videos", json={"path": str(file)}).raise_for_status().json()
        until(lambda: client.get(f"/v1/jobs/{added['job_id']}").json()["state"] == "failed", "the crash")
        for path in (f"/v1/jobs/{added['job_id']}", "/v1/jobs", f"/v1/jobs/{added['job_id']}/events"):
            assert_short(client.get(path).raise_for_status().text)
    assert LONG in caplog.text
