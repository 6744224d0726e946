"""Answers over HTTP are what the description of the API says they are."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.contract.linked import SearchAnswer
from app.http.application import create_app
from app.http.schemas.search import SEARCH_EXAMPLES, SearchBody
from app.settings import Settings
from retrieval.answer.confidence import words_of
from retrieval.search import SearchEngine
from retrieval.storage.library import Library
from retrieval.storage.records import VideoEdit
from tests.fakes import TWO_VIDEOS, FakeEncoders, id_of, library_of


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The two videos; a is tagged and called The budget."""
    with library_of(tmp_path_factory.mktemp("library"), TWO_VIDEOS) as opened:
        opened.keep_vectors()
        edit = VideoEdit(frozenset({"title", "tags"}), title="The budget", tags=("talk",))
        opened.catalog.edit(id_of("a.mp4"), edit)
        yield opened


@pytest.fixture(scope="module")
def client(library: Library) -> TestClient:
    """The API on that library, without its lifespan, which would load models."""
    api = create_app(Settings(data_dir=library.settings.data_dir))
    api.state.library, api.state.engine = library, SearchEngine(library, FakeEncoders())
    return TestClient(api)


def ask(client: TestClient, **body: Any) -> dict[str, Any]:
    response = client.post("/v1/search", json={"query": {"text": "red"}, **body})
    assert response.status_code == 200, response.text
    value: dict[str, Any] = response.json()
    return value


@pytest.mark.parametrize(
    "body",
    [
        {"explain": True},
        {"group_by": "video"},
        {"limit": 1},
        {"query": {"text": "red", "then": ["green"], "not": ["high"]}, "explain": True},
        {"query": {"text": "the budget is tight"}},
        {"query": {"text": "the bugdet is tight"}, "explain": True},
        {"min_confidence": 1.0},
        {"filter": {"tag": "none"}},
    ],
)
def test_every_answer_fits_the_model_that_is_documented(client: TestClient, body: dict[str, Any]) -> None:
    """As it is sent, with nothing more in it and no value of another type."""
    value = ask(client, **body)
    SearchAnswer.model_validate(value, extra="forbid", strict=False)
    kept = SearchAnswer.model_validate(value).model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert kept == value


def test_the_examples_are_searches_and_an_answer() -> None:
    for example in SEARCH_EXAMPLES.values():
        SearchBody.model_validate(example["value"]).to_query()
    config: Any = SearchAnswer.model_config["json_schema_extra"]
    for example in config["examples"]:
        SearchAnswer.model_validate(example, extra="forbid")


def test_a_moment_says_what_it_is_called_and_where_it_can_be_seen_and_played(client: TestClient) -> None:
    moment = ask(client, filter={"video_id": "a.mp4"})["moments"][0]
    assert moment["title"] == "The budget"
    assert moment["picture_s"] in (0.5, 2.5, 100.5, 102.5)
    assert moment["thumbnail_url"] == f"/v1/videos/{id_of('a.mp4')}/thumbnail?t_s={moment['picture_s']}"
    times = f"start_s={moment['start_s']}&end_s={moment['end_s']}"
    assert moment["play_url"] == f"/watch/{id_of('a.mp4')}?{times}"


def test_a_moment_says_how_sure_it_is_to_programs_and_to_people(client: TestClient) -> None:
    moments = ask(client, limit=100)["moments"]
    assert moments
    for moment in moments:
        assert moment["confidence_in_words"] == words_of(moment["confidence"])
        assert 1.0 / (1.0 + math.exp(-moment["score"])) == pytest.approx(moment["confidence"], abs=1e-4)


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ({"tag": {"in": ["talk", "film"]}}, {"a.mp4"}),
        ({"path": {"eq": "/videos/b.mp4"}}, {"b.mp4"}),
        ({"path": {"glob": "*.mp4"}, "video_id": {"in": ["b.mp4"]}}, {"b.mp4"}),
        ({"start_s": {"gte": 90}, "tag": "talk"}, {"a.mp4"}),
    ],
)
def test_operators_bound_a_search(client: TestClient, where: dict[str, Any], names: set[str]) -> None:
    moments = ask(client, filter=where)["moments"]
    assert {moment["video_id"] for moment in moments} == {id_of(name) for name in names}
    assert all(moment["end_s"] > 90 for moment in moments if "start_s" in where)


def test_a_filter_that_no_video_meets_abstains_and_says_why(client: TestClient) -> None:
    value = ask(client, filter={"recorded_at": {"gte": "2026-01-01"}, "path": ["/none.mp4"]})
    assert (value["moments"], value["abstained"]) == ([], True)
    assert value["reason"].startswith("no indexed video matches path '/none.mp4' and recorded from 2026-01-01")


def test_moments_below_the_confidence_that_is_asked_for_are_left_out(client: TestClient) -> None:
    everything = ask(client, limit=100)["moments"]
    bound = (everything[2]["confidence"] + everything[3]["confidence"]) / 2
    assert everything[2]["confidence"] > everything[3]["confidence"]
    assert [moment["rank"] for moment in ask(client, limit=100, min_confidence=bound)["moments"]] == [1, 2, 3]
    nothing = ask(client, min_confidence=1.0)
    assert (nothing["moments"], nothing["abstained"]) == ([], True)
    assert "below the 100% that is asked for" in nothing["reason"]


def test_a_moment_of_several_steps_tells_where_each_is_and_what_proves_it(client: TestClient) -> None:
    body = {"query": {"text": "red", "then": ["green"]}, "lanes": ["visual"]}
    moment = client.post("/v1/search", json=body).json()["moments"][0]
    first, second = moment["steps"]
    assert (first["text"], second["text"]) == ("red", "green")
    assert (first["start_s"], second["end_s"]) == (moment["start_s"], moment["end_s"])
    assert first["end_s"] <= second["start_s"]
    assert first["start_s"] <= first["picture_s"] < first["end_s"]
    assert {item["step"]: item["kind"] for item in moment["evidence"]} == {1: "frame", 2: "frame"}
    alone = ask(client)["moments"][0]
    assert "steps" not in alone
    assert not [item for item in alone["evidence"] if "step" in item]


def test_a_moment_tells_when_its_video_was_recorded(client: TestClient) -> None:
    assert "recorded_at" not in ask(client)["moments"][0]
    video = f"/v1/videos/{id_of('a.mp4')}"
    client.patch(video, json={"recorded_at": "2024-03-12T10:00:00Z"})
    found = ask(client, filter={"video_id": ["a.mp4"]})["moments"][0]
    client.patch(video, json={"recorded_at": None})
    assert found["recorded_at"] == "2024-03-12T10:00:00Z"


@pytest.mark.parametrize("confidence", [-0.1, 1.1, "high"])
def test_a_confidence_that_is_none_is_a_clear_problem(client: TestClient, confidence: object) -> None:
    response = client.post("/v1/search", json={"query": {"text": "red"}, "min_confidence": confidence})
    assert (response.status_code, response.json()["param"]) == (422, "min_confidence")
