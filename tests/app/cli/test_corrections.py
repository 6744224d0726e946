"""A misspelt query finds what was meant, through every door, and says so."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.cli.print_moments import explanation_lines, print_answer
from app.cli.terminal import make_console
from app.contract.answers import PlainAnswer
from app.contract.timelines import TimelineAnswer
from app.http.application import create_app
from app.settings import Settings
from retrieval.asking.query import Query, parse_term
from retrieval.domain import Answer, Correction, Searched
from retrieval.search import SearchEngine
from retrieval.storage.library import Library
from tests.fakes import FakeEncoders, FakeShot, fill, id_of, library_of

VIDEOS = {
    "a.mp4": (FakeShot("red", "high", "the budget of Kubernetes is tight"), *(FakeShot("green", "low"),) * 24),
    "b.mp4": (*(FakeShot("blue", "middle"),) * 24, FakeShot("red", "high", "nothing of the kind")),
}
BUDGET = Correction("bugdet", "budget")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with library_of(tmp_path_factory.mktemp("library"), VIDEOS) as opened:
        opened.keep_vectors()
        yield opened


@pytest.fixture(scope="module")
def engine(library: Library) -> SearchEngine:
    return SearchEngine(library, FakeEncoders())


def ask(engine: SearchEngine, *words: str, **more: Any) -> Answer:
    return engine.search(Query(tuple(parse_term(text) for text in words), explain=True, **more))


@pytest.mark.parametrize(
    ("written", "meant"),
    [("the bugdet", "the budget"), ("kuberntes", "kubernetes"), ("speech: tigth", "speech: tight")],
)
def test_the_answer_is_that_of_the_word_that_was_meant(engine: SearchEngine, written: str, meant: str) -> None:
    answer, right = ask(engine, written), ask(engine, meant)
    assert [moment.span for moment in answer.moments] == [moment.span for moment in right.moments]
    assert [moment.score for moment in answer.moments] == [moment.score for moment in right.moments]
    assert answer.moments[0].video_id == id_of("a.mp4")
    assert not answer.abstained
    assert right.corrected == ()
    assert [one.meant for one in answer.corrected] == [meant.split()[-1]]


def test_every_step_and_what_must_not_be_there_is_corrected(engine: SearchEngine) -> None:
    answer = ask(engine, "the bugdet", "grene", exclude=(parse_term("nohting of the kind"),))
    assert answer.corrected == (BUDGET, Correction("grene", "green"), Correction("nohting", "nothing"))
    (first, second) = answer.moments[0].explanation.steps  # type: ignore[union-attr]
    assert (first.text, first.corrected) == ("the budget", (BUDGET,))
    assert second.corrected == (Correction("grene", "green"),)


def test_words_can_be_kept_as_they_are(engine: SearchEngine) -> None:
    assert ask(engine, "the bugdet", correct=False).corrected == ()
    assert ask(engine, 'the "bugdet"').corrected == ()


def test_a_page_follows_another_of_a_corrected_query(engine: SearchEngine) -> None:
    first = ask(engine, "grene", limit=1)
    second = ask(engine, "grene", limit=1, cursor=first.next_cursor)
    assert [moment.rank for moment in first.moments + second.moments] == [1, 2]
    assert second.corrected == first.corrected


def test_a_word_is_right_as_soon_as_the_library_has_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    with library_of(tmp_path_factory.mktemp("grows"), VIDEOS) as growing:
        engine = SearchEngine(growing, FakeEncoders())
        assert ask(engine, "bugdet").corrected == (BUDGET,)
        fill(growing, {"c.mp4": (FakeShot("red", says="they call it bugdet"),)}, FakeEncoders())
        assert ask(engine, "bugdet").corrected == ()


def test_a_title_makes_a_word_known(library: Library, engine: SearchEngine) -> None:
    assert "a.mp4" in set(library.catalog.contents.words_said_and_shown())
    assert ask(engine, "red").corrected == ()


def test_corrections_survive_the_way_from_a_server(engine: SearchEngine) -> None:
    answer = ask(engine, "the bugdet")
    value = PlainAnswer.of(answer).model_dump(mode="json")
    assert value["corrected"] == [{"from": "bugdet", "to": "budget"}]
    assert value["moments"][0]["explanation"]["steps"][0]["corrected"] == value["corrected"]
    back = PlainAnswer.model_validate(value).to_answer()
    assert back.corrected == answer.corrected
    assert "corrected" not in PlainAnswer.of(ask(engine, "red")).model_dump(mode="json")
    lines = list(explanation_lines(back.moments[0].explanation))  # type: ignore[arg-type]
    assert "searched for budget instead of bugdet" in lines


def test_a_terminal_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_answer(make_console(), Answer((), True, None, Searched(1, 1.0), corrected=(Correction("[red]\x1b", "x"),)))
    assert capsys.readouterr().out.splitlines()[0] == (
        "searched for x instead of [red]\\x1b; to keep to your words: --exact-words"
    )


def test_the_api_tells_it_and_takes_words_as_they_are(library: Library, engine: SearchEngine) -> None:
    api = create_app(Settings(data_dir=library.settings.data_dir))
    api.state.library, api.state.engine = library, engine
    client = TestClient(api)
    body: dict[str, Any] = {"query": {"text": "the bugdet"}, "limit": 3}
    assert client.post("/v1/search", json=body).json()["corrected"] == [{"from": "bugdet", "to": "budget"}]
    assert "corrected" not in client.post("/v1/search", json={**body, "correct": False}).json()
    address = f"/v1/videos/{id_of('a.mp4')}/timeline"
    timeline = client.get(address, params={"text": "bugdet"}).json()
    TimelineAnswer.model_validate(timeline, extra="forbid")
    assert timeline["corrected"] == [{"from": "bugdet", "to": "budget"}]
    assert timeline["curve"][0]["confidence"] > 0.5
    assert "corrected" not in client.get(address, params={"text": "bugdet", "correct": "false"}).json()
