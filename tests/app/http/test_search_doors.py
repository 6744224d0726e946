"""Searches with files and clips through the REST API and the command line."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from click.testing import CliRunner
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

import app.cli.commands.search
from app.cli.commands.search import parse_clip
from app.cli.main import cli
from app.http.application import create_app
from app.settings import Settings
from retrieval.asking.query import Clip
from retrieval.domain import Span
from retrieval.errors import InputError, QueryError, VideoNotFoundError
from retrieval.search import SearchEngine
from retrieval.storage.library import Library
from tests.fakes import TWO_VIDEOS, FakeEncoders, FakeTranscriber, FakeVoiceActivity, library_of
from tests.media import tone, write

ENCODERS = FakeEncoders(FakeTranscriber("the budget is tight", 0.75))
HEARD = {"text": "the budget is tight", "confidence": 0.75, "language": "en"}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with library_of(tmp_path_factory.mktemp("library"), TWO_VIDEOS) as opened:
        yield opened


def api_on(library: Library) -> FastAPI:
    """The API on that library, without its lifespan, which would load models."""
    api = create_app(Settings(data_dir=library.settings.data_dir))
    api.state.library, api.state.engine = library, SearchEngine(library, ENCODERS)
    return api


@pytest.fixture(scope="module")
def client(library: Library) -> TestClient:
    return TestClient(api_on(library))


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("picture") / "red.png"
    Image.new("RGB", (16, 16), "red").save(path)
    return path


@pytest.fixture(scope="module")
def high(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("sound") / "high.wav", tone(1.0, 4000))


def post(client: TestClient, kind: str, file: Path, **fields: str) -> Any:
    response = client.post(f"/v1/search/{kind}", files={"file": file.read_bytes()}, data=fields)
    assert response.status_code == 200, response.text
    return response.json()


def problem(client: TestClient, kind: str, content: bytes, **fields: str) -> tuple[int, str, str]:
    response = client.post(f"/v1/search/{kind}", files={"file": ("file", content)}, data=fields)
    value = response.json()
    return response.status_code, value["code"], value["detail"]


def test_an_image_is_posted(client: TestClient, red: Path) -> None:
    value = post(client, "image", red, options='{"limit": 2}')
    assert len(value["moments"]) == 2
    assert {(moment["path"], moment["start_s"]) for moment in value["moments"]} < {
        ("/videos/a.mp4", 0.0),
        ("/videos/a.mp4", 100.0),
        ("/videos/b.mp4", 96.0),
    }
    assert value["took_ms"] > 0


def test_an_image_is_posted_with_words(client: TestClient, red: Path) -> None:
    """The words, with a share of 0.9, say blue."""
    options = json.dumps({"query": {"text_share": 0.9}, "lanes": ["visual"]})
    best = post(client, "image", red, options=options, text="blue")["moments"][0]
    assert TWO_VIDEOS[Path(best["path"]).name][int(best["start_s"] // 4)].colour == "blue"
    assert post(client, "image", red, options='{"lanes": ["visual"]}')["moments"][0]["start_s"] in (0.0, 96.0, 100.0)


def test_a_sound_is_posted(client: TestClient, high: Path) -> None:
    best = post(client, "sound", high, options='{"filter": {"video_id": ["b.mp4"]}}')["moments"][0]
    assert (best["path"], best["start_s"], best["end_s"]) == ("/videos/b.mp4", 96.0, 100.0)


def test_a_spoken_query_is_posted_and_the_answer_says_what_was_heard(client: TestClient, high: Path) -> None:
    value = post(client, "spoken", high)
    assert value["transcript"] == HEARD
    assert value["moments"][0]["path"] == "/videos/a.mp4"


def test_a_spoken_query_is_heard_without_a_search(client: TestClient, high: Path) -> None:
    assert post(client, "spoken/words", high) == HEARD


def test_a_recording_of_nobody_is_a_problem(library: Library, high: Path) -> None:
    api = api_on(library)
    api.state.engine = SearchEngine(library, FakeEncoders(voices=FakeVoiceActivity(None)))
    status, code, detail = problem(TestClient(api), "spoken/words", high.read_bytes())
    assert (status, code) == (422, "invalid_query")
    assert detail.startswith("no speech in the ")


def test_more_like_a_clip_is_a_search(client: TestClient) -> None:
    like = {"video_id": "a.mp4", "start_s": 0.5, "end_s": 3.0}
    moments = client.post("/v1/search", json={"query": {"like": like}}).json()["moments"]
    assert (moments[0]["path"], moments[0]["start_s"]) == ("/videos/b.mp4", 96.0)


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("image", {}, "the file sent is no picture that can be read; allowed are AVIF"),
        ("sound", {}, "the file sent is no sound that can be read; allowed is audio"),
        ("spoken", {}, "the file sent is no sound that can be read; allowed is audio"),
        ("spoken/words", {}, "the file sent is no sound that can be read; allowed is audio"),
        ("image", {"options": '{"limit": 1000}'}, "options.limit: Input should be less than or equal to 100"),
        ("image", {"options": '{"colour": 1}'}, "options.colour: Extra inputs"),
        ("image", {"options": "words"}, "options: Invalid JSON"),
        ("image", {"text": "?!"}, "the query '?!' has no letter or digit"),
        ("image", {"text": "a", "options": '{"query": {"text": "b"}}'}, "the words are given twice"),
        ("spoken", {"options": '{"query": {"text": "b"}}'}, "a spoken query brings its own words; leave out 'b'"),
    ],
)
def test_what_cannot_be_searched_for_is_a_problem_that_says_why(
    client: TestClient, kind: str, fields: dict[str, str], message: str
) -> None:
    status, code, detail = problem(client, kind, b"nothing but words", **fields)
    assert (status, code in ("invalid_input", "invalid_query")) == (422, True)
    assert detail.startswith(message)


def test_a_post_without_a_file_is_a_problem(client: TestClient) -> None:
    response = client.post("/v1/search/image", data={"text": "a dog"})
    assert (response.status_code, response.json()["detail"]) == (422, "file: Field required")


def test_a_clip_of_an_unknown_video_is_not_found(client: TestClient) -> None:
    like = {"video_id": "nowhere.mp4", "start_s": 0.0, "end_s": 1.0}
    assert client.post("/v1/search", json={"query": {"like": like}}).status_code == 404


class Moments:
    """The command line on a library, with the fake engine."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir

    def search(self, *arguments: str) -> Any:
        """The JSON that `moments search` prints. Raises what it raises."""
        options = ["--data-dir", str(self.data_dir), "--json", "search", *arguments]
        outcome = CliRunner().invoke(cli, options, standalone_mode=False)
        if outcome.exception is not None:
            raise outcome.exception
        return json.loads(outcome.stdout)


@pytest.fixture(params=["here", "served"])
def moments(request: pytest.FixtureRequest, library: Library, monkeypatch: pytest.MonkeyPatch) -> Iterator[Moments]:
    """The command line, doing the work itself or handing it to the server that owns the data folder."""
    command = Moments(library.settings.data_dir)
    if request.param == "here":
        engine = SearchEngine(library, ENCODERS)
        monkeypatch.setattr(app.cli.commands.search, "open_engine", lambda _: _given(engine))
        yield command
        return
    monkeypatch.setattr(app.cli.commands.search, "open_engine", _nobody)
    with Library(library.settings, "moments serve") as served, _serving(api_on(served)) as url:
        served.keep_vectors(url)
        yield command


@contextmanager
def _given(engine: SearchEngine) -> Iterator[SearchEngine]:
    yield engine


def _nobody(_: object) -> None:
    raise AssertionError("the command opened the library that a server owns")


@contextmanager
def _serving(api: FastAPI) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(api, lifespan="off", log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def test_every_kind_of_query_is_a_command(moments: Moments, red: Path, high: Path) -> None:
    by_image = moments.search("--image", str(red), "--limit", "3")["moments"]
    assert {moment["start_s"] for moment in by_image} == {0.0, 96.0, 100.0}
    by_sound = moments.search("--sound", str(high), "--video", "b.mp4")["moments"]
    assert by_sound[0]["start_s"] == 96.0
    spoken = moments.search("--spoken", str(high))
    assert spoken["transcript"] == HEARD
    assert spoken["moments"][0]["path"] == "/videos/a.mp4"
    like = moments.search("--like", "a.mp4@0:00.5-3")["moments"]
    assert (like[0]["path"], like[0]["start_s"]) == ("/videos/b.mp4", 96.0)
    mixed = moments.search("blue", "--image", str(red), "--text-share", "0.1", "--lane", "visual")["moments"]
    assert mixed[0]["start_s"] in (0.0, 96.0, 100.0)


def test_errors_are_the_same_here_and_served(moments: Moments, tmp_path: Path) -> None:
    words = tmp_path / "words.png"
    words.write_text("these are words")
    with pytest.raises(InputError, match="is no picture that can be read; allowed are AVIF"):
        moments.search("--image", str(words))
    with pytest.raises(InputError, match=r"nowhere\.wav is missing"):
        moments.search("--sound", str(tmp_path / "nowhere.wav"))
    with pytest.raises(VideoNotFoundError, match=r"no video 'nowhere\.mp4'"):
        moments.search("--like", "nowhere.mp4@1-2")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ([], QueryError, "the query is empty; give WORDS or one of --image, --sound, --spoken, --like"),
        ([""], QueryError, "the query is empty"),
        (["--then", "a door"], QueryError, "the query is empty; give WORDS"),
        (["--image", "a.png", "--sound", "b.wav"], InputError, "--image and --sound cannot be combined"),
        (["--spoken", "a.wav", "--like", "a.mp4@1-2"], InputError, "--spoken and --like cannot be combined"),
        (["a dog", "--spoken", "a.wav"], InputError, "--spoken brings its own words; leave out 'a dog'"),
        (["a dog", "--text-share", "0.3"], InputError, "--text-share weighs WORDS against"),
        (["--image", "a.png", "--text-share", "0.3"], InputError, "--text-share weighs WORDS against"),
        (["--spoken", "a.wav", "--text-share", "0.3"], InputError, "--text-share weighs WORDS against"),
        (["a dog", "--image", "a.png", "--text-share", "3"], InputError, "share of the text is 3.0; allowed is 0 to 1"),
        (["--like", "a.mp4"], InputError, "clip 'a.mp4' is not of the form VIDEO@START-END"),
        (["--like", "a.mp4@5-2"], InputError, "clip of a.mp4 goes from 5 s to 2 s"),
    ],
)
def test_options_that_make_no_sense_together_are_refused(
    tmp_path: Path, arguments: list[str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as raised:
        Moments(tmp_path).search(*arguments)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("reference", "clip"),
    [
        ("talk.mp4@12.5-17", Clip("talk.mp4", Span(12.5, 17.0))),
        ("me@home.mp4@0-1", Clip("me@home.mp4", Span(0.0, 1.0))),
        ("talk.mp4@2:31.5–2:40.0", Clip("talk.mp4", Span(151.5, 160.0))),
        ("/a b/talk.mp4@1:00:00 - 1:00:10", Clip("/a b/talk.mp4", Span(3600.0, 3610.0))),
    ],
)
def test_a_clip_is_written_in_seconds_or_as_it_is_printed(reference: str, clip: Clip) -> None:
    assert parse_clip(reference) == clip


@pytest.mark.parametrize("reference", ["", "@1-2", "a.mp4@", "a.mp4@1", "a.mp4@-1-2", "a.mp4@x-y", "a.mp4@1-2-3"])
def test_what_is_no_clip_is_refused_with_an_example(reference: str) -> None:
    with pytest.raises(InputError, match=r"is not of the form VIDEO@START-END, as talk\.mp4@12\.5-17"):
        parse_clip(reference)
