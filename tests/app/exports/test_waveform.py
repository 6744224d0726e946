"""How loud a moment is, of a file whose every second is known."""

from collections.abc import Iterator

import numpy as np
import pytest
from fastapi.testclient import TestClient

from app.exports.waveform import peaks_of
from app.http.application import create_app
from app.settings import Settings
from retrieval.search import SearchEngine
from tests.fakes import FakeEncoders, FakeShot, id_of, library_of
from tests.media import colour, cuts, tone, video, write

WAVEFORM = f"/v1/videos/{id_of('tone.wav')}/waveform"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A library with tone.wav, which can be heard from 1 to 1.9 s and is silent before and after, and a silent film."""
    files = tmp_path_factory.mktemp("files")
    write(files / "tone.wav", tone(4.0, 1000).filter("volume", "between(t,1.05,1.9)", eval="frame"))
    video(files / "silent.mp4", cuts([("red", 4.0)], fps=5), g=5)
    video(files / "film.mp4", colour("red", 4.0), tone(4.0, 300))
    videos = {name: (FakeShot("red"),) for name in ("tone.wav", "silent.mp4", "film.mp4")}
    with library_of(tmp_path_factory.mktemp("library"), videos, files) as library:
        api = create_app(Settings(data_dir=library.settings.data_dir))
        api.state.library, api.state.engine = library, SearchEngine(library, FakeEncoders())
        yield TestClient(api)


def test_the_parts_of_a_moment_are_as_loud_as_they_are_heard(client: TestClient) -> None:
    answer = client.get(WAVEFORM, params={"start_s": 0, "end_s": 4, "bars": 8})
    assert answer.status_code == 200
    assert answer.headers["cache-control"].endswith("immutable")
    peaks = answer.json()["peaks"]
    assert max(peaks) == 1.0
    assert [peak > 0.5 for peak in peaks] == [False, False, True, True, False, False, False, False]
    later = client.get(WAVEFORM, params={"start_s": 1.1, "end_s": 1.8, "bars": 4}).json()["peaks"]
    assert min(later) > 0.5


def test_silence_is_flat(client: TestClient) -> None:
    silent = client.get(f"/v1/videos/{id_of('silent.mp4')}/waveform", params={"start_s": 0, "end_s": 2, "bars": 5})
    assert silent.json()["peaks"] == [0.0] * 5
    quiet = client.get(WAVEFORM, params={"start_s": 2.5, "end_s": 3.5, "bars": 3})
    assert quiet.json()["peaks"] == [0.0] * 3


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"start_s": 0, "end_s": 4, "bars": 0}, 422),
        ({"start_s": 0, "end_s": 4, "bars": 1_001}, 422),
        ({"start_s": 3, "end_s": 2}, 422),
        ({"end_s": 2}, 422),
    ],
)
def test_what_is_no_stretch_is_refused(client: TestClient, asked: dict[str, float], status: int) -> None:
    assert client.get(WAVEFORM, params=asked).status_code == status


def test_parts_are_equal_and_may_be_empty() -> None:
    assert peaks_of(np.array([0.1, -0.2, 0.05, 0.0], np.float32), 2) == [1.0, 0.25]
    assert peaks_of(np.array([0.5], np.float32), 3) == [0.0, 0.0, 1.0]
    assert peaks_of(np.zeros(0, np.float32), 2) == [0.0, 0.0]
