"""A fresh server with the real models of `lite`: files while it warms up, two at a time, and searches at once."""

import io
import wave
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from app.http.application import create_app
from app.settings import Settings
from retrieval.domain import Profile
from tests import media
from tests.job_fakes import until

SEARCHES = 12
COLOURS = ("red", "green", "blue", "white")


def clip(hz: int) -> bytes:
    """Two seconds of a tone in noise, as a WAV file."""
    times_s = np.arange(32_000) / 16_000
    samples = np.sin(2 * np.pi * hz * times_s) + np.random.default_rng(hz).normal(0, 0.5, len(times_s))
    with io.BytesIO() as file:
        with wave.open(file, "wb") as writer:
            writer.setparams((1, 2, 16_000, 0, "NONE", ""))
            writer.writeframes((samples * 8_000).astype("<i2").tobytes())
        return file.getvalue()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server on an empty folder that was given four files before it was ready."""
    folder = tmp_path_factory.mktemp("side_by_side")
    files = [
        media.video(folder / f"{name}.mp4", media.colour(name, 2.0), media.tone(2.0, 300 + 200 * number))
        for number, name in enumerate(COLOURS)
    ]
    settings = Settings(data_dir=folder / "library", profile=Profile.LITE, index_workers=2)
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as opened:
        for file in files:
            opened.post("/v1/videos", json={"path": str(file)}).raise_for_status()
        until(lambda: all(job["state"] in ("done", "failed") for job in jobs(opened)), "the end of all jobs", 120.0)
        yield opened


def jobs(client: TestClient) -> list[dict[str, str | None]]:
    found: list[dict[str, str | None]] = client.get("/v1/jobs").raise_for_status().json()["jobs"]
    return found


def test_files_given_at_once_to_a_server_that_still_loads_are_all_indexed(client: TestClient) -> None:
    told = [(Path(str(job["path"])).stem, job["state"], job["crash"]) for job in jobs(client)]
    assert sorted(told) == sorted((name, "done", None) for name in COLOURS)


def test_a_server_makes_no_models_of_its_own(client: TestClient) -> None:
    assert client.get("/readyz").status_code == 200
    folder = client.app.state.library.folder.models_dir  # type: ignore[attr-defined]
    # What the packages carry in pieces is put together there, once.
    assert {entry.name for entry in folder.glob("*") if entry.is_dir()} <= {"whisper-base"}


@pytest.mark.parametrize("asked", ["by a recording", "in words"])
def test_twelve_searches_for_sounds_at_once_are_all_answered(client: TestClient, asked: str) -> None:
    def search(number: int) -> int:
        if asked == "in words":
            body = {"query": {"text": f"the sound of rain {number}"}, "lanes": ["sound"]}
            return client.post("/v1/search", json=body).status_code
        files = {"file": ("clip.wav", clip(200 + 50 * number), "audio/wav")}
        return client.post("/v1/search/sound", files=files).status_code

    with ThreadPoolExecutor(SEARCHES) as pool:
        assert list(pool.map(search, range(SEARCHES))) == [200] * SEARCHES
