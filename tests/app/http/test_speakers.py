"""Who speaks, over REST: listed, named, confirmed, refused, forgotten."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.contract.speakers import SpeakersAnswer, VoiceAnswer
from app.http.problems import install_error_handlers
from app.http.routes import media, speakers
from retrieval.settings import RetrievalSettings
from retrieval.storage.library import Library
from tests.catalogs import spoken, video
from tests.voices import voice

ONE, TWO = (video(number).id for number in (1, 2))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """Film 1, in which voices 1 and 2 speak, and film 2, whose voice 1 is like film 1's first."""
    with Library(RetrievalSettings(data_dir=tmp_path), "test") as opened:
        opened.catalog.publish(video(1), spoken(voice(1, 0), voice(2, 1, speech_s=2.5, certainty=0.45)))
        opened.catalog.publish(video(2), spoken(voice(1, 0, cosine=0.8)))
        yield opened


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    api = FastAPI()
    api.state.library = library
    api.include_router(speakers.router)
    api.include_router(media.router)
    install_error_handlers(api)
    with TestClient(api) as opened:
        yield opened


def listed(client: TestClient, **params: Any) -> list[dict[str, Any]]:
    response = client.get("/v1/speakers", params=params)
    assert response.status_code == 200, response.text
    SpeakersAnswer.model_validate(response.json(), extra="forbid")
    found: list[dict[str, Any]] = response.json()["speakers"]
    return found


def name(client: TestClient, video_id: str, number: int, given: object) -> dict[str, Any]:
    response = client.patch(f"/v1/videos/{video_id}/speakers/{number}", json={"name": given})
    assert response.status_code == 200, response.text
    VoiceAnswer.model_validate(response.json(), extra="forbid")
    told: dict[str, Any] = response.json()
    return told


def settle(client: TestClient, given: str, *, is_right: bool) -> Any:
    return client.post(f"/v1/videos/{TWO}/speakers/1/proposal", json={"name": given, "is_right": is_right})


def problem(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_one_call_tells_all_there_is_to_know_of_the_voices_of_a_video(client: TestClient) -> None:
    assert [(one["video_id"], one["number"]) for one in listed(client)] == [(TWO, 1), (ONE, 1), (ONE, 2)]
    name(client, ONE, 1, "Anna")
    [told] = listed(client, video_id="2.mp4")
    proposal = told.pop("proposal")
    assert proposal.pop("similarity") == pytest.approx(0.8, abs=1e-4)
    assert proposal == {"name": "Anna", "video_id": ONE, "title": "Film 1"}
    assert told == {
        "video_id": TWO,
        "title": "Film 2",
        "number": 1,
        "name": None,
        "label": "Speaker 1",
        "speech_s": 30.0,
        "certainty": 0.9,
        "certainty_in_words": "very likely",
    }
    assert listed(client, video_id=ONE)[1]["certainty_in_words"] == "perhaps"


def test_a_list_comes_in_pages_and_by_name(client: TestClient) -> None:
    first = client.get("/v1/speakers", params={"limit": 2}).json()
    rest = client.get("/v1/speakers", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert (len(first["speakers"]), len(rest["speakers"]), rest["next_cursor"]) == (2, 1, None)
    name(client, ONE, 2, "Ben")
    assert [one["number"] for one in listed(client, name="BEN")] == [2]
    assert listed(client, name="Anna") == []


def test_a_name_is_given_changed_and_taken_back(client: TestClient) -> None:
    assert name(client, ONE, 1, "  Anna  Berg ")["label"] == "Anna Berg"
    assert name(client, "1.mp4", 1, "Ann")["name"] == "Ann"
    taken = name(client, ONE, 1, None)
    assert (taken["name"], taken["label"]) == (None, "Speaker 1")


@pytest.mark.parametrize("given", ["", " ", "x" * 101, "An\0na", "Speaker 3", "\u202eannA", 7])
def test_what_cannot_be_a_name_is_refused_and_says_so(client: TestClient, given: object) -> None:
    response = client.patch(f"/v1/videos/{ONE}/speakers/1", json={"name": given})
    assert (*problem(response), response.json()["param"]) == (422, "invalid_input", "name")
    assert listed(client, video_id=ONE)[0]["name"] is None


def test_a_body_must_say_what_the_name_is(client: TestClient) -> None:
    assert problem(client.patch(f"/v1/videos/{ONE}/speakers/1", json={})) == (422, "invalid_input")


def test_voices_and_videos_that_are_not_there(client: TestClient) -> None:
    missing = client.patch(f"/v1/videos/{ONE}/speakers/9", json={"name": "Anna"})
    assert problem(missing) == (404, "speaker_not_found")
    assert "Film 1 has no speaker 9; its speakers are: 1, 2" in missing.json()["detail"]
    assert problem(client.patch("/v1/videos/nothing.mp4/speakers/1", json={"name": "Anna"})) == (404, "video_not_found")
    for number in ("0", "-1", str(2**31), "two"):
        assert problem(client.patch(f"/v1/videos/{ONE}/speakers/{number}", json={"name": "Anna"})) == (
            422,
            "invalid_input",
        )
    assert problem(client.get("/v1/speakers", params={"video_id": "nothing.mp4"})) == (404, "video_not_found")
    assert problem(client.get("/v1/speakers", params={"cursor": "none"})) == (400, "invalid_cursor")


def test_a_proposal_is_set_only_once_it_is_confirmed(client: TestClient) -> None:
    name(client, ONE, 1, "Anna")
    assert listed(client, video_id=TWO)[0]["name"] is None
    for _ in range(2):
        told = settle(client, "Anna", is_right=True).json()
        assert (told["name"], told["proposal"]) == ("Anna", None)


def test_a_proposal_that_was_refused_does_not_come_again(client: TestClient) -> None:
    name(client, ONE, 1, "Anna")
    for _ in range(2):
        told = settle(client, "Anna", is_right=False).json()
        assert (told["name"], told["proposal"]) == (None, None)
    assert listed(client, video_id=TWO)[0]["proposal"] is None


def test_what_is_not_proposed_any_more_is_a_conflict(client: TestClient) -> None:
    """Somebody sees a proposal, and meanwhile another renames the voice that it came from."""
    name(client, ONE, 1, "Anna")
    name(client, ONE, 1, "Anne")
    response = settle(client, "Anna", is_right=True)
    assert problem(response) == (409, "conflict")
    assert "'Anne' is" in response.json()["detail"]


def test_the_transcript_says_who_says_what(client: TestClient) -> None:
    name(client, ONE, 1, "An<n>a")
    told = client.get(f"/v1/videos/{ONE}/transcript").json()["segments"]
    assert [segment["speaker"] for segment in told] == [
        {"number": 1, "name": "An<n>a", "label": "An<n>a"},
        {"number": 2, "name": None, "label": "Speaker 2"},
    ]
    vtt = client.get(f"/v1/videos/{ONE}/transcript", params={"format": "vtt"}).text
    assert "<v An&lt;n&gt;a>line 0" in vtt
    assert "<v Speaker 2>line 1" in vtt
    assert "\nSpeaker 2: line 1" in client.get(f"/v1/videos/{ONE}/transcript", params={"format": "srt"}).text


def test_forgetting_leaves_what_was_said(client: TestClient) -> None:
    assert client.delete(f"/v1/videos/{ONE}/speakers").status_code == 204
    assert listed(client, video_id=ONE) == []
    assert len(listed(client, video_id=TWO)) == 1
    told = client.get(f"/v1/videos/{ONE}/transcript").json()["segments"]
    assert [segment["speaker"] for segment in told] == [None, None]
    assert client.delete("/v1/speakers").status_code == 204
    assert listed(client) == []
