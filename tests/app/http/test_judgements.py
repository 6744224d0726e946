"""Verdicts on moments: stored, replaced, listed, and what they say of a search."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.cli.commands import evaluate
from app.http.problems import install_error_handlers
from app.http.routes import judgements as routes
from retrieval.domain import Lane, Span
from retrieval.errors import InputError, QueryError, VideoNotFoundError
from retrieval.evaluation.judged import ANY_LANE, judged_cases, judged_scores
from retrieval.evaluation.metrics import CaseResult, LibrarySpan
from retrieval.search import SearchEngine
from retrieval.settings import RetrievalSettings
from retrieval.storage import cursors
from retrieval.storage.judgements import Judgements
from retrieval.storage.library import Library
from retrieval.storage.records import Judgement, VideoContents, VideoRecord
from tests.fakes import FakeEncoders, FakeShot, id_of, library_of
from tests.terminal import moments

RED = FakeShot("red", says="the budget is tight")
A, B = id_of("a.mp4"), id_of("b.mp4")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """Two videos of 12 s, of which only the catalog knows."""
    with Library(RetrievalSettings(data_dir=tmp_path), "test") as opened:
        for name in ("a.mp4", "b.mp4"):
            record = VideoRecord(id_of(name), id_of(name) * 2, f"/videos/{name}", name, 1, 1, duration_s=12.0)
            opened.catalog.publish(record, VideoContents())
        yield opened


@pytest.fixture(scope="module")
def searchable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The same two videos, searchable: a is red in [0, 4), b in [8, 12)."""
    videos = {
        "a.mp4": [RED, FakeShot("green"), FakeShot("blue")],
        "b.mp4": [FakeShot("green"), FakeShot("blue"), FakeShot("red")],
    }
    with library_of(tmp_path_factory.mktemp("library"), videos) as opened:
        yield opened


@pytest.fixture
def judgements(library: Library) -> Judgements:
    return library.catalog.judgements


def test_a_verdict_comes_back_as_it_was_stored(judgements: Judgements) -> None:
    before = datetime.now(UTC)
    stored = judgements.add("  a  cat ", A, Span(1.23456, 4.0), is_right=False, lane=Lane.VISUAL)
    assert judgements.all() == [stored]
    assert (stored.query, stored.video_id, stored.span) == ("a cat", A, Span(1.235, 4.0))
    assert (stored.lane, stored.is_right) == (Lane.VISUAL, False)
    assert before <= stored.created_at <= datetime.now(UTC)


def test_judging_the_same_moment_again_replaces_the_verdict(judgements: Judgements) -> None:
    first = judgements.add("a cat", A, Span(1.0, 4.0), is_right=False, lane=Lane.VISUAL)
    other = judgements.add("a cat", A, Span(1.0, 4.1), is_right=False)
    second = judgements.add("a  cat", A, Span(1.0001, 4.0), is_right=True)
    assert judgements.all() == [other, second]
    assert (second.id, second.is_right, second.lane) == (first.id, True, None)


def test_verdicts_are_listed_by_query_and_video(judgements: Judgements) -> None:
    cat_a = judgements.add("a cat", A, Span(1.0, 4.0), is_right=True)
    cat_b = judgements.add("a cat", B, Span(1.0, 4.0), is_right=True)
    dog_a = judgements.add("a dog", A, Span(1.0, 4.0), is_right=True)
    assert judgements.all() == [cat_a, cat_b, dog_a]
    assert judgements.all(query=" a cat") == [cat_a, cat_b]
    assert judgements.all(video_id=A) == [cat_a, dog_a]
    assert judgements.all("a dog", B) == []


def test_verdicts_go_when_their_video_goes(library: Library, judgements: Judgements) -> None:
    judgements.add("a cat", A, Span(1.0, 4.0), is_right=True)
    kept = judgements.add("a cat", B, Span(1.0, 4.0), is_right=True)
    library.catalog.remove(A)
    assert judgements.all() == [kept]


@pytest.mark.parametrize(
    "span",
    [Span(-1.0, 2.0), Span(3.0, 3.0), Span(4.0, 3.0), Span(0.0, 13.0), Span(0.0, math.inf), Span(math.nan, 1.0)],
)
def test_a_span_that_is_not_in_the_video_is_an_error_that_names_its_length(judgements: Judgements, span: Span) -> None:
    with pytest.raises(InputError, match=r"no moment of /videos/a.mp4 .* allowed is 0 <= from < to <= 12.000"):
        judgements.add("a cat", A, span, is_right=True)
    assert judgements.all() == []


def test_a_verdict_needs_a_video_and_words(judgements: Judgements) -> None:
    with pytest.raises(VideoNotFoundError, match="no video 0000000000000000"):
        judgements.add("a cat", "0" * 16, Span(0.0, 1.0), is_right=True)
    with pytest.raises(QueryError, match="no letter or digit"):
        judgements.add("?!", A, Span(0.0, 1.0), is_right=True)


def verdict(query: str, start_s: float, end_s: float, is_right: bool, lane: Lane | None = None) -> Judgement:
    return Judgement(0, query, A, Span(start_s, end_s), lane, is_right, NOON)


def answered(start_s: float, end_s: float) -> tuple[LibrarySpan, ...]:
    return (LibrarySpan(A, Span(start_s, end_s)),)


def test_verdicts_become_one_case_per_query() -> None:
    first, second = judged_cases(
        [
            verdict("a cat", 1, 4, True, Lane.VISUAL),
            verdict("a dog", 5, 6, False, Lane.SOUND),
            verdict("a cat", 8, 9, False),
            verdict("a cat", 7, 8, True, Lane.VISUAL),
        ]
    )
    assert (first.case.query, first.case.lane) == ("a cat", "visual")
    assert first.case.relevant == (*answered(1, 4), *answered(7, 8))
    assert first.wrong == answered(8, 9)
    assert (second.case.relevant, second.case.lane) == ((), "sound")


def test_a_case_of_no_lane_or_of_several_counts_for_any() -> None:
    [unnamed] = judged_cases([verdict("a cat", 1, 4, True)])
    [mixed] = judged_cases([verdict("a cat", 1, 4, True, Lane.SOUND), verdict("a cat", 5, 6, True, Lane.SPEECH)])
    assert unnamed.case.lane == mixed.case.lane == ANY_LANE


def test_a_top_answer_is_wrong_if_it_meets_what_was_judged_wrong_best() -> None:
    cases = judged_cases(
        [
            *(verdict("wrong", 10, 14, False), verdict("right", 0, 4, True), verdict("right", 3.5, 8, False)),
            *(
                verdict("elsewhere", 10, 14, False),
                verdict("nothing", 10, 14, False),
                verdict("only right", 0, 4, True),
            ),
        ]
    )
    tops = [answered(11, 15), answered(0, 4), answered(14, 20), (), answered(50, 60)]
    results = [CaseResult(case.case, top, (0.5,) * len(top), False) for case, top in zip(cases, tops, strict=True)]
    assert judged_scores(cases, results).as_dict() == {"n": 5, "right": 2, "wrong": 4, "top_wrong": 25.0}
    assert judged_scores(cases[4:], results[4:]).top_wrong is None


@pytest.fixture
def fake_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluation searches with encoders that know colours."""

    @contextmanager
    def open_engine(settings: object, _command: str) -> Iterator[SearchEngine]:
        with Library(settings, "test") as library:  # type: ignore[arg-type]
            yield SearchEngine(library, FakeEncoders())

    monkeypatch.setattr("app.open_engine.open_engine", open_engine)


@pytest.mark.usefixtures("fake_engine")
def test_evaluation_scores_a_search_against_the_verdicts(
    searchable: Library, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Red was judged right where it is, green wrong where it is, "budget" is only ever wrong."""
    searchable.catalog.judgements.add("red", A, Span(0.0, 4.0), True, Lane.VISUAL)
    searchable.catalog.judgements.add("red", B, Span(8.0, 12.0), True, Lane.VISUAL)
    searchable.catalog.judgements.add("green", A, Span(8.0, 12.0), True)
    searchable.catalog.judgements.add("green", A, Span(4.0, 8.0), False)
    searchable.catalog.judgements.add("green", B, Span(0.0, 4.0), False)
    searchable.catalog.judgements.add("budget", A, Span(0.0, 4.0), False)
    arguments = ("--data-dir", str(searchable.folder.path), "--json", "eval", "run")

    report = moments(capsys, *arguments, "--judged").row

    assert report["judged"] == {"n": 3, "right": 3, "wrong": 3, "top_wrong": 100.0}
    assert report["visual"]["n"] == 1
    assert report["visual"]["r1@0.5"] == 100.0
    assert report["any"]["r1@0.5"] == 0.0
    assert report["all"]["n"] == 2
    assert report["absent"]["n"] == 0
    assert report["baseline"]["n"] == 2

    queries = tmp_path / "queries.jsonl"
    queries.write_text('{"qid": 1, "lane": "absent", "query": "purple", "relevant": []}\n')
    both = moments(capsys, *arguments, "--judged", "--queries", str(queries)).row
    assert (both["absent"]["n"], both["judged"], both["any"]["n"]) == (1, report["judged"], 1)
    alone = moments(capsys, *arguments, "--queries", str(queries)).row
    assert "judged" not in alone
    assert alone["all"] is None


@pytest.mark.usefixtures("fake_engine", "library")
def test_evaluation_needs_queries_or_verdicts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--data-dir", str(tmp_path), "--json", "eval", "run")
    none = moments(capsys, *arguments)
    assert (none.code, none.row["error"]["message"]) == (2, "give --queries FILE, --judged, or both")
    empty = moments(capsys, *arguments, "--judged")
    assert empty.code == 2
    assert "nothing was judged yet" in empty.row["error"]["message"]


@pytest.mark.usefixtures("library")
def test_a_person_judges_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = ("--data-dir", str(tmp_path), "--json", "judge")
    moment = ("--query", "a cat", "--video", "a.mp4", "--from", "1", "--to", "4.5")
    stored = moments(capsys, *base, *moment, "--right", "--lane", "visual").row
    del stored["created_at"]
    assert stored == {
        "judgement_id": 1,
        "query": "a cat",
        "video_id": A,
        "start_s": 1.0,
        "end_s": 4.5,
        "lane": "visual",
        "is_right": True,
    }
    moments(capsys, *base, *moment, "--wrong")
    moments(capsys, *base, "--query", "a dog", "--video", "b.mp4", "--from", "0", "--to", "2", "--right")

    everything = moments(capsys, *base, "--list").row["judgements"]
    assert [(item["query"], item["lane"], item["is_right"]) for item in everything] == [
        ("a cat", None, False),
        ("a dog", None, True),
    ]
    assert len(moments(capsys, *base, "--list", "--query", "a dog", "--video", "b.mp4").row["judgements"]) == 1
    shown = moments(capsys, "--data-dir", str(tmp_path), "judge", "--list")
    assert shown.out.splitlines() == ["wrong  0:01.0–0:04.5  a.mp4  a cat", "right  0:00.0–0:02.0  b.mp4  a dog"]


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (("--video", "none.mp4"), 1, "no video 'none.mp4'"),
        (("--to", "99"), 2, "allowed is 0 <= from < to <= 12.000"),
        (("--lane", "smell"), 2, "unknown lane 'smell'"),
        (("--query", "?!"), 2, "no letter or digit"),
        (("--list",), 2, "--list goes with --query and --video only"),
    ],
)
def test_a_verdict_that_cannot_be_is_one_clear_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: tuple[str, ...], code: int, message: str
) -> None:
    moment = ("--query", "a cat", "--video", "a.mp4", "--from", "1", "--to", "4", "--right")
    run = moments(capsys, "--data-dir", str(tmp_path), "--json", "judge", *moment, *change)
    assert run.code == code
    assert message in run.row["error"]["message"]


def test_a_verdict_without_right_or_wrong_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    run = moments(capsys, "judge", "--query", "a cat", "--video", "a.mp4", "--from", "1", "--to", "4")
    assert run.code == 2
    assert "--right or --wrong" in run.errors


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    api = FastAPI()
    api.state.library = library
    api.include_router(routes.router)
    install_error_handlers(api)
    with TestClient(api) as opened:
        yield opened


BODY = {"query": "a cat", "video_id": "a.mp4", "start_s": 1.0, "end_s": 4.5, "is_right": True}


def test_a_program_judges_over_http(client: TestClient) -> None:
    stored = client.post("/v1/judgements", json={**BODY, "lane": "sound"})
    assert stored.status_code == 201
    assert (stored.json()["video_id"], stored.json()["lane"]) == (A, "sound")
    again = client.post("/v1/judgements", json={**BODY, "is_right": False}).json()
    assert client.get("/v1/judgements").json() == {"judgements": [again], "next_cursor": None}
    assert client.get("/v1/judgements", params={"query": "a cat", "video_id": "a.mp4"}).json()["judgements"] == [again]
    assert client.get("/v1/judgements", params={"video_id": "b.mp4"}).json()["judgements"] == []


def test_a_verdict_is_taken_back_over_http(client: TestClient) -> None:
    kept = client.post("/v1/judgements", json=BODY).json()
    gone = client.post("/v1/judgements", json={**BODY, "query": "a dog"}).json()
    assert client.delete(f"/v1/judgements/{gone['judgement_id']}").status_code == 204
    assert client.get("/v1/judgements").json()["judgements"] == [kept]
    again = client.delete(f"/v1/judgements/{gone['judgement_id']}")
    assert (again.status_code, again.json()["code"]) == (404, "not_found")
    for nonsense in ("0", "-1", "soon", "9" * 30):
        assert client.delete(f"/v1/judgements/{nonsense}").status_code == 422


def test_verdicts_come_in_pages(client: TestClient, judgements: Judgements) -> None:
    """Five verdicts, of which one is removed between two pages."""
    ids = [judgements.add(f"query {number}", A, Span(0.0, 1.0), is_right=True).id for number in range(5)]
    first = client.get("/v1/judgements", params={"limit": 2}).json()
    judgements.remove(ids[1])
    second = client.get("/v1/judgements", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    third = client.get("/v1/judgements", params={"limit": 2, "cursor": second["next_cursor"]}).json()
    found = [item["judgement_id"] for page in (first, second, third) for item in page["judgements"]]
    assert (found, third["next_cursor"]) == (ids, None)


@pytest.mark.parametrize("key", ["soon", "-1", "9" * 30, ""])
def test_what_is_no_cursor_of_verdicts_is_a_clear_problem(client: TestClient, key: str) -> None:
    for cursor in ("nonsense", cursors.encode(NOON, key)):
        problem = client.get("/v1/judgements", params={"cursor": cursor})
        assert (problem.status_code, problem.json()["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"video_id": "none.mp4"}, 404, "video_not_found"),
        ({"end_s": 99.0}, 422, "invalid_input"),
        ({"lane": "smell"}, 422, "invalid_input"),
        ({"query": ""}, 422, "invalid_query"),
        ({"is_right": None}, 422, "invalid_input"),
        ({"start_s": "soon"}, 422, "invalid_input"),
    ],
)
def test_a_body_that_cannot_be_is_one_clear_problem(
    client: TestClient, change: dict[str, object], status: int, code: str
) -> None:
    problem = client.post("/v1/judgements", json={**BODY, **change})
    assert (problem.status_code, problem.json()["code"]) == (status, code)
    assert client.get("/v1/judgements").json()["judgements"] == []


def test_evaluation_knows_videos_of_files_by_name_and_of_verdicts_by_id(searchable: Library) -> None:
    """Two folders may hold files of one name."""
    engine = SearchEngine(searchable, FakeEncoders())
    [case] = judged_cases([verdict("red", 0, 4, True)])
    [by_name] = evaluate.run_cases(engine, [case.case], 5)
    [by_id] = evaluate.run_cases(engine, [case.case], 5, evaluate._by_id)
    assert {span.video for span in by_name.ranked} <= {"a.mp4", "b.mp4"}
    assert {span.video for span in by_id.ranked} <= {A, B}
