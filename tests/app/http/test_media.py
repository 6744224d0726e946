"""A video's file, pictures, transcript and timeline over HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from app.contract.contents import TranscriptAnswer
from app.contract.timelines import TimelineAnswer
from app.http.admission import Admission
from app.http.file_response import attachment, inline
from app.http.media_types import media_type_of
from app.http.problems import install_error_handlers
from app.http.routes import media
from retrieval.path_text import readable
from retrieval.search import SearchEngine
from retrieval.storage.library import Library
from retrieval.thumbnails import thumbnail_file
from tests.fakes import TWO_VIDEOS, FakeEncoders, id_of, library_of

BYTES = bytes(range(256)) * 4
A = f"/v1/videos/{id_of('a.mp4')}"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a.mp4 of 1024 bytes, and without b.mp4."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "a.mp4").write_bytes(BYTES)
    return folder


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, files: Path) -> Iterator[Library]:
    """Two videos; a has pictures of second 1 and 9."""
    with library_of(tmp_path_factory.mktemp("library"), TWO_VIDEOS, files) as opened:
        pictures = opened.thumbnails_of(id_of("a.mp4"))
        pictures.mkdir(parents=True)
        for time_s, content in ((1.0, b"first"), (9.0, b"the second")):
            thumbnail_file(pictures, time_s).write_bytes(content)
        yield opened


@pytest.fixture(scope="module")
def client(library: Library) -> Iterator[TestClient]:
    api = FastAPI()
    api.state.library = library
    api.state.engine = SearchEngine(library, FakeEncoders())
    api.state.searches = Admission(4, "searches")
    api.include_router(media.router)
    install_error_handlers(api)
    with TestClient(api) as opened:
        yield opened


def part(client: TestClient, header: str, **headers: str) -> Response:
    return client.get(f"{A}/stream", headers={"Range": header, **headers})


def problem(response: Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


def test_the_whole_file_is_sent_as_what_it_is(client: TestClient) -> None:
    for reference in (A, "/v1/videos/a.mp4"):
        response = client.get(f"{reference}/stream")
        assert (response.status_code, response.content) == (200, BYTES)
    assert response.headers["content-type"] == "video/mp4"
    assert response.headers["content-length"] == "1024"
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["content-disposition"] == "inline; filename=\"a.mp4\"; filename*=UTF-8''a.mp4"


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Crème brûlée.mp4", "Creme brulee.mp4"),
        ("日本.mp4", "__.mp4"),
        ('a"b\\c 100%.mp4', "a_b_c 100_.mp4"),
        ("line\nbreak/é\0.mp4", "line_break_e_.mp4"),
        ("\udcff.mp4", "_xff.mp4"),
    ],
)
def test_a_name_is_told_in_plain_letters_and_as_it_is(name: str, plain: str) -> None:
    for kind, told in (("inline", inline(name)), ("attachment", attachment(name))):
        start = f"{kind}; filename=\"{plain}\"; filename*=UTF-8''"
        assert told.startswith(start)
        assert unquote(told.removeprefix(start)) == readable(name)
        assert told.isascii()
        assert told.isprintable()


def test_a_head_request_says_the_same_without_the_file(client: TestClient) -> None:
    whole, head = client.get(f"{A}/stream"), client.head(f"{A}/stream", headers={"Range": "bytes=0-9"})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == whole.headers


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [("bytes=0-99", 0, 99), ("bytes=1000-", 1000, 1023), ("bytes=-24", 1000, 1023), ("bytes=0-0", 0, 0)],
)
def test_a_range_is_sent_alone(client: TestClient, header: str, first: int, last: int) -> None:
    response = part(client, header)
    assert (response.status_code, response.content) == (206, BYTES[first : last + 1])
    assert response.headers["content-range"] == f"bytes {first}-{last}/1024"
    assert response.headers["content-length"] == str(last - first + 1)
    assert response.headers["content-type"] == "video/mp4"


def test_several_ranges_are_sent_in_parts(client: TestClient) -> None:
    response = part(client, "bytes=0-3,256-258")
    kind, _, boundary = response.headers["content-type"].partition("; boundary=")
    assert (response.status_code, kind) == (206, "multipart/byteranges")
    assert response.headers["content-length"] == str(len(response.content))
    assert response.content.split(f"--{boundary}".encode()) == [
        b"",
        b"\r\nContent-Type: video/mp4\r\nContent-Range: bytes 0-3/1024\r\n\r\n\x00\x01\x02\x03\r\n",
        b"\r\nContent-Type: video/mp4\r\nContent-Range: bytes 256-258/1024\r\n\r\n\x00\x01\x02\r\n",
        b"--\r\n",
    ]


def test_a_range_past_the_end_is_not_satisfiable_and_says_how_long_the_file_is(client: TestClient) -> None:
    response = part(client, "bytes=1024-")
    assert problem(response) == (416, "range_not_satisfiable")
    assert response.headers["content-range"] == "bytes */1024"


@pytest.mark.parametrize("header", ["bytes=9-1", "lines=0-5", "nonsense", "bytes=0-,0-"])
def test_a_range_that_means_nothing_is_ignored(client: TestClient, header: str) -> None:
    response = part(client, header)
    assert (response.status_code, response.content) == (200, BYTES)


def test_a_range_is_sent_only_of_the_version_that_the_caller_has(client: TestClient) -> None:
    headers = client.head(f"{A}/stream").headers
    for known in (headers["etag"], headers["last-modified"]):
        assert part(client, "bytes=0-9", **{"If-Range": known}).status_code == 206
    for other in ('"other"', f"W/{headers['etag']}", "Sat, 01 Jan 2000 00:00:00 GMT"):
        assert part(client, "bytes=0-9", **{"If-Range": other}).content == BYTES


def test_what_the_caller_has_is_not_sent_again(client: TestClient) -> None:
    headers = client.head(f"{A}/stream").headers
    for name, known in (
        ("If-None-Match", headers["etag"]),
        ("If-None-Match", f'"other", W/{headers["etag"]}'),
        ("If-None-Match", "*"),
        ("If-Modified-Since", headers["last-modified"]),
    ):
        response = client.get(f"{A}/stream", headers={name: known, "Range": "bytes=0-9"})
        assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", headers["etag"])
    for name, other in (
        ("If-None-Match", '"other"'),
        ("If-Modified-Since", "Sat, 01 Jan 2000 00:00:00 GMT"),
        ("If-Modified-Since", "yesterday"),
    ):
        assert client.get(f"{A}/stream", headers={name: other}).status_code == 200


def test_a_file_that_is_gone_and_a_video_that_is_not_there_are_not_found(client: TestClient) -> None:
    gone = client.get("/v1/videos/b.mp4/stream")
    assert problem(gone) == (404, "video_file_gone")
    assert problem(client.get("/v1/videos/none.mp4/stream")) == (404, "video_not_found")
    assert problem(client.get("/v1/videos/a%00b/stream")) == (404, "video_not_found")


def test_a_folder_in_the_place_of_the_file_is_gone_too(client: TestClient, files: Path) -> None:
    (files / "b.mp4").mkdir()
    try:
        assert problem(client.get("/v1/videos/b.mp4/stream")) == (404, "video_file_gone")
    finally:
        (files / "b.mp4").rmdir()


def test_another_file_in_the_place_of_the_one_that_was_indexed_is_not_sent(client: TestClient, files: Path) -> None:
    (files / "b.mp4").write_bytes(b"something else")
    try:
        for method in ("GET", "HEAD"):
            assert client.request(method, "/v1/videos/b.mp4/stream").status_code == 409
        other = client.get("/v1/videos/b.mp4/stream", headers={"Range": "bytes=0-3"})
        assert problem(other) == (409, "video_file_changed")
        assert f"{files / 'b.mp4'} is not the file that was indexed" in other.json()["detail"]
        assert "moments index" in other.json()["detail"]
    finally:
        (files / "b.mp4").unlink()


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.MP4", "video/mp4"), ("a.mkv", "video/x-matroska"), ("a.html", "application/octet-stream")],
)
def test_content_types_follow_names_and_are_never_those_of_pages(name: str, expected: str) -> None:
    assert media_type_of(Path(name)) == expected


@pytest.mark.parametrize(
    ("query", "content"),
    [("?t_s=0", b"first"), ("?t_s=4.9", b"first"), ("?t_s=99", b"the second"), ("", b"the second")],
)
def test_the_nearest_picture_is_sent_and_kept(client: TestClient, query: str, content: bytes) -> None:
    response = client.get(f"{A}/thumbnail{query}")
    assert (response.status_code, response.content) == (200, content)
    assert response.headers["content-type"] == "image/jpeg"
    assert "immutable" in response.headers["cache-control"]
    again = client.get(f"{A}/thumbnail{query}", headers={"If-None-Match": response.headers["etag"]})
    assert again.status_code == 304


def test_a_video_without_pictures_has_no_thumbnail(client: TestClient) -> None:
    assert problem(client.get("/v1/videos/b.mp4/thumbnail")) == (404, "no_picture")


@pytest.mark.parametrize("time", ["-1", "nan", "inf", "soon"])
def test_a_time_that_is_none_is_a_clear_problem(client: TestClient, time: str) -> None:
    response = client.get(f"{A}/thumbnail", params={"t_s": time})
    assert problem(response) == (422, "invalid_input")
    assert response.json()["param"] == "t_s"


def test_what_is_said_comes_as_json_or_as_subtitles(client: TestClient) -> None:
    """ "the budget is tight" is said in [0, 4)."""
    value = client.get(f"{A}/transcript").json()
    TranscriptAnswer.model_validate(value, extra="forbid")
    [segment] = value["segments"]
    assert (segment["text"], segment["start_s"], segment["end_s"]) == ("the budget is tight", 0.0, 4.0)
    assert segment["words"][1] == {"text": "budget", "start_s": 1.0, "end_s": 2.0}

    vtt = client.get(f"{A}/transcript", params={"format": "vtt"})
    assert vtt.headers["content-type"] == "text/vtt; charset=utf-8"
    assert vtt.text == "WEBVTT\n\n1\n00:00:00.000 --> 00:00:04.000\nthe budget is tight\n"
    srt = client.get(f"{A}/transcript", params={"format": "srt"})
    assert srt.headers["content-disposition"] == ("inline; filename=\"a.mp4.srt\"; filename*=UTF-8''a.mp4.srt")
    assert srt.text == "1\n00:00:00,000 --> 00:00:04,000\nthe budget is tight\n"
    assert problem(client.get(f"{A}/transcript", params={"format": "doc"})) == (422, "invalid_input")


def timeline(client: TestClient, **params: Any) -> dict[str, Any]:
    response = client.get(f"{A}/timeline", params=params)
    assert response.status_code == 200, response.text
    value: dict[str, Any] = response.json()
    TimelineAnswer.model_validate(value, extra="forbid")
    return value


def test_a_timeline_says_what_lies_where(client: TestClient) -> None:
    value = timeline(client)
    assert value["shots"][:2] == [{"start_s": 0.0, "end_s": 4.0}, {"start_s": 4.0, "end_s": 8.0}]
    assert value["thumbnails_s"] == [1.0, 9.0]
    assert [segment["text"] for segment in value["segments"]] == ["the budget is tight"]
    assert not {"curve", "moments"} & set(value)


def test_a_timeline_with_words_has_their_curve_and_moments(client: TestClient) -> None:
    """A is red in [0, 4) and [100, 104)."""
    value = timeline(client, text="red", lane=["visual", "sound"])
    highest = max(point["confidence"] for point in value["curve"])
    high = [point["start_s"] for point in value["curve"] if point["confidence"] > 0.5 * highest]
    assert high == [0.0, 2.0, 100.0, 102.0]
    assert {moment["start_s"] for moment in value["moments"][:2]} == {0.0, 100.0}
    assert all(moment["video_id"] == id_of("a.mp4") for moment in value["moments"])


def test_steps_and_what_must_not_be_there_count_in_a_timeline(client: TestClient) -> None:
    plain, without = timeline(client, text="red"), timeline(client, text="red", **{"not": "sound: high"})
    assert without["curve"][0]["confidence"] < 0.6 * plain["curve"][0]["confidence"]
    steps = timeline(client, text="red", then=["green"])["moments"]
    assert steps[0]["end_s"] - steps[0]["start_s"] > 4.0


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"text": ""}, "invalid_query"),
        ({"not": "red"}, "invalid_query"),
        ({"text": "red", "lane": "smell"}, "invalid_input"),
    ],
)
def test_a_query_that_cannot_be_is_a_clear_problem(client: TestClient, params: dict[str, str], code: str) -> None:
    assert problem(client.get(f"{A}/timeline", params=params)) == (422, code)
