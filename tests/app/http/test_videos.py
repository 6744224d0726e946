"""Videos over HTTP: listed, found by words, and what people write of them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.contract.linked import VideoAnswer
from app.http.problems import install_error_handlers
from app.http.routes import videos
from retrieval.advice import ADVICE
from retrieval.domain import Segment, Span, SpeechOrigin
from retrieval.settings import RetrievalSettings
from retrieval.storage.library import Library
from retrieval.storage.records import Failure, VideoContents, VideoEdit, VideoFile, VideoRecord, VideoStatus
from retrieval.stream_clock import Break, StreamClock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FILM, TALK, SONG = "0" * 16, "1" * 16, "2" * 16
GREETING = Segment(Span(1.0, 2.0), "guten Tag", (), "de", 0.9, SpeechOrigin.TRANSCRIBED)
CLOCK = StreamClock({0: ((0, -1.4), (188_000, 4.6))}, (Break(6.0, -5.96),))


def record(video_id: str, path: str, **changes: Any) -> VideoRecord:
    return VideoRecord(video_id, video_id * 2, path, Path(path).stem, 1, 1, duration_s=10.0, **changes)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A film of that noon, a talk, and a song without pictures; of the talk nothing is known but a greeting."""
    with Library(RetrievalSettings(data_dir=tmp_path), "test") as opened:
        for video in (
            record(FILM, "/films/Die Ämter.mp4", width=320, height=180, recorded_at=NOON, has_sound=False, clock=CLOCK),
            record(TALK, "/clips/work/talk.mp4", width=320, height=180),
            record(SONG, "/clips/work/song.mp3", has_sound=True),
        ):
            opened.catalog.publish(video, VideoContents(segments=(GREETING,) if video.id == TALK else ()))
        yield opened


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    api = FastAPI()
    api.state.library = library
    api.include_router(videos.router)
    install_error_handlers(api)
    with TestClient(api) as opened:
        yield opened


def edit(client: TestClient, **body: Any) -> dict[str, Any]:
    response = client.patch(f"/v1/videos/{FILM}", json=body)
    assert response.status_code == 200, response.text
    value: dict[str, Any] = response.json()
    VideoAnswer.model_validate(value, extra="forbid")
    return value


def test_the_clock_of_a_file_whose_times_start_over_is_kept(library: Library) -> None:
    kept = library.catalog.get(FILM)
    assert kept is not None
    assert kept.clock == CLOCK


def test_a_video_says_where_it_can_be_seen_and_played(client: TestClient) -> None:
    film, song = client.get(f"/v1/videos/{FILM}").json(), client.get("/v1/videos/song.mp3").json()
    assert film["thumbnail_url"] == f"/v1/videos/{FILM}/thumbnail"
    assert film["stream_url"] == f"/v1/videos/{FILM}/stream"
    assert (film["has_picture"], film["has_sound"], film["times_break"]) == (True, False, True)
    assert (song["has_picture"], song["has_sound"], song["thumbnail_url"]) == (False, True, None)
    assert song["times_break"] is False
    assert film["recorded_at"] == "2026-03-01T12:00:00Z"
    assert song["recorded_at"] is None


def test_what_somebody_writes_takes_the_place_of_what_the_file_says(client: TestClient) -> None:
    edited = edit(
        client, title="  The   offices ", tags=["work", "work", " 2026 "], recorded_at="2020-02-29T01:00:00+01:00"
    )
    assert (edited["title"], edited["tags"]) == ("The offices", ["2026", "work"])
    assert edited["recorded_at"] == "2020-02-29T00:00:00Z"
    assert client.get(f"/v1/videos/{FILM}").json() == edited


def test_fields_that_are_left_out_stay_as_they_are(client: TestClient) -> None:
    edit(client, title="The offices", tags=["work"], recorded_at="2020-02-29")
    assert edit(client)["title"] == "The offices"
    edited = edit(client, tags=[])
    assert (edited["title"], edited["tags"], edited["recorded_at"]) == ("The offices", [], "2020-02-29T00:00:00Z")


def test_null_is_what_the_file_says_again(client: TestClient) -> None:
    edit(client, title="The offices", recorded_at="2020-02-29")
    edited = edit(client, title=None, recorded_at=None)
    assert (edited["title"], edited["recorded_at"]) == ("Die Ämter", "2026-03-01T12:00:00Z")


def test_what_somebody_wrote_survives_indexing_again_and_moving(client: TestClient, library: Library) -> None:
    edited = edit(client, title="The offices", tags=["work"], recorded_at="2020-02-29")
    library.catalog.publish(record(FILM, "/new/place.mp4", width=320, height=180), VideoContents())
    before = ["/new/place.mp4", "/films/Die Ämter.mp4"]
    library.catalog.add_file(FILM, VideoFile("/newer/place2.mp4", 1, 1), forget=before)
    found = client.get(f"/v1/videos/{FILM}").json()
    assert found["path"] == "/newer/place2.mp4"
    assert [found[name] for name in ("title", "tags", "recorded_at")] == [
        edited[name] for name in ("title", "tags", "recorded_at")
    ]
    assert edit(client, title=None)["title"] == "place2"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"title": ""}, "title"),
        ({"title": "  "}, "title"),
        ({"title": "x" * 301}, "title"),
        ({"tags": None}, "tags"),
        ({"tags": ["a", ""]}, "tags.1"),
        ({"tags": ["a"] * 51}, "tags"),
        ({"recorded_at": "yesterday"}, "recorded_at"),
        ({"recorded_at": 1_700_000_000}, "recorded_at"),
        ({"recorded_at": "0001-01-01T00:00:00+14:00"}, "recorded_at"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_an_edit_that_cannot_be_changes_nothing(client: TestClient, body: dict[str, Any], param: str) -> None:
    before = client.get(f"/v1/videos/{FILM}").json()
    response = client.patch(f"/v1/videos/{FILM}", json={"title": "new", **body})
    assert (response.status_code, response.json()["code"], response.json()["param"]) == (422, "invalid_input", param)
    assert client.get(f"/v1/videos/{FILM}").json() == before


def test_a_video_that_is_not_there_cannot_be_edited(client: TestClient) -> None:
    response = client.patch("/v1/videos/none.mp4", json={"title": "new"})
    assert (response.status_code, response.json()["code"]) == (404, "video_not_found")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", {FILM, TALK, SONG}),
        ("work", {TALK, SONG}),
        ("mp4 WORK", {TALK}),
        ("die ämter", {FILM}),
        ("A\u0308MTER", {FILM}),
        ("100%", set()),
        ("offices", set()),
    ],
)
def test_videos_are_found_by_words_of_title_and_path(client: TestClient, words: str, found: set[str]) -> None:
    listed = client.get("/v1/videos", params={"q": words}).json()["videos"]
    assert {video["video_id"] for video in listed} == found


def test_videos_are_found_by_the_title_that_somebody_gave(client: TestClient) -> None:
    edit(client, title="The offices")
    assert [video["video_id"] for video in client.get("/v1/videos?q=offices").json()["videos"]] == [FILM]


def test_pages_of_what_words_find_go_on_where_they_stopped(client: TestClient) -> None:
    first = client.get("/v1/videos", params={"q": "work", "limit": 1}).json()
    second = client.get("/v1/videos", params={"q": "work", "limit": 1, "cursor": first["next_cursor"]}).json()
    assert [page["videos"][0]["video_id"] for page in (first, second)] == [SONG, TALK]
    assert second["next_cursor"] is None
    problem = client.get("/v1/videos", params={"cursor": "nonsense"})
    assert (problem.status_code, problem.json()["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, {FILM, TALK, SONG}),
        ({"tag": ["a", "b"]}, {FILM}),
        ({"any_tag": ["b", "c"]}, {FILM, TALK}),
        ({"path": ["/films/*", "*.mp3"]}, {FILM, SONG}),
        ({"path": "work/*", "any_tag": "a"}, {TALK}),
        ({"video_id": ["talk.mp4", SONG]}, {TALK, SONG}),
        ({"recorded_from": "2026-03-01", "recorded_to": "2026-03-01"}, {FILM}),
        ({"recorded_to": "2020-01-01T00:00:00+00:00"}, {SONG}),
        ({"recorded_from": "2020-01-01T01:00:00+01:00", "q": "work"}, {SONG}),
        ({"language": ["fr", "German"]}, {TALK}),
        ({"language": "fr"}, set()),
    ],
)
def test_a_list_takes_what_a_filter_of_a_search_takes(
    client: TestClient, library: Library, asked: dict[str, Any], found: set[str]
) -> None:
    """The film has tags a and b, the talk a and c; somebody wrote that the song is of 2020."""
    library.catalog.edit(FILM, VideoEdit(frozenset({"tags"}), tags=("a", "b")))
    library.catalog.edit(TALK, VideoEdit(frozenset({"tags"}), tags=("a", "c")))
    song = VideoEdit(frozenset({"recorded_at"}), recorded_at=datetime(2020, 1, 1, tzinfo=UTC))
    library.catalog.edit(SONG, song)
    response = client.get("/v1/videos", params=asked)
    assert response.status_code == 200, response.text
    assert {video["video_id"] for video in response.json()["videos"]} == found


@pytest.mark.parametrize(
    ("asked", "status", "detail"),
    [
        ({"tag": ""}, 422, "at least 1 character"),
        ({"path": "a" * 1001}, 422, "at most 1000 characters"),
        ({"path": ["a" * 600, "b" * 600]}, 422, "the 2 globs have 1,200 characters"),
        ({"video_id": "none.mp4"}, 404, "no video 'none.mp4'"),
        ({"recorded_from": "soon"}, 422, "'soon' is no date or time"),
        ({"recorded_from": "2026-06-01", "recorded_to": "2026-05-31"}, 422, "nothing lies between 2026-06-01"),
        ({"language": "Klingonisch"}, 422, "unknown language 'Klingonisch'"),
        ({"language": ["de"] * 101}, 422, "at most 100 items"),
        ({"speaker": "Anna"}, 404, "nobody is called 'Anna'; no voice has a name yet"),
    ],
)
def test_a_list_that_cannot_be_is_refused_as_a_search_is(
    client: TestClient, asked: dict[str, Any], status: int, detail: str
) -> None:
    response = client.get("/v1/videos", params=asked)
    assert response.status_code == status, response.text
    assert detail in response.json()["detail"]


def test_a_video_that_failed_is_listed_with_the_reason_and_is_not_searched(
    client: TestClient, library: Library
) -> None:
    junk = record("3" * 16, "/clips/junk.mp4", width=320, height=180, files=(VideoFile("/clips/junk.mp4", 1, 1),))
    library.catalog.note_failure(junk.path, Failure("not_media", "no video at all"), junk)
    library.catalog.note_failure("/clips/work/talk.mp4", Failure("decoder_hung", "it took too long"), None)

    def listed(**params: Any) -> dict[str, dict[str, Any]]:
        answer = client.get("/v1/videos", params=params).raise_for_status().json()
        return {video["video_id"]: video for video in answer["videos"]}

    assert listed().keys() == {FILM, TALK, SONG, junk.id}
    assert listed(failed=True).keys() == {TALK, junk.id}
    assert listed(status="failed").keys() == {junk.id}
    assert listed(status="indexed").keys() == {FILM, TALK, SONG}
    assert listed(failed=True, status="indexed").keys() == {TALK}
    failed = listed(status="failed")[junk.id]
    assert failed["thumbnail_url"] is None
    assert failed["failure"]["code"] == "not_media"
    assert failed["failure"]["advice"] == ADVICE["not_media"]
    assert datetime.fromisoformat(failed["failure"]["failed_at"]) <= datetime.now(UTC)
    assert client.get(f"/v1/videos/{TALK}").json()["failure"]["message"] == "it took too long"
    assert client.get("/v1/videos", params={"status": "lost"}).status_code == 422

    library.catalog.set_status(junk.id, VideoStatus.REMOVING)
    assert listed(failed=True).keys() == {TALK}
