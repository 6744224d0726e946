"""Whatever a search answers survives the way through JSON: to a script, or from a server to a command."""

from datetime import UTC

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cli.server_client import Server
from app.contract.answers import PlainAnswer
from app.contract.linked import SearchAnswer
from app.http.links import Links
from retrieval.asking.query import Query, Term
from retrieval.domain import (
    Answer,
    Boundary,
    Correction,
    Evidence,
    EvidenceKind,
    Explanation,
    Lane,
    LaneExplanation,
    LaneWeight,
    Moment,
    MomentStep,
    QueryTranscript,
    Searched,
    Span,
    Speaker,
    SpeechOrigin,
    StepExplanation,
    WeightSource,
)
from retrieval.errors import StorageError

LANES = st.sampled_from(Lane)
WORDS = st.text(max_size=8)
PROBABILITIES = st.integers(0, 10_000).map(lambda number: number / 10_000)
TIMES_S = st.integers(0, 10**8).map(lambda number: number / 1000)
SPANS = st.builds(Span, TIMES_S, TIMES_S)
CORRECTIONS = st.lists(st.builds(Correction, WORDS, WORDS), max_size=2).map(tuple)
EVIDENCE = st.builds(
    Evidence,
    LANES,
    st.sampled_from(EvidenceKind),
    SPANS,
    PROBABILITIES,
    st.none() | WORDS,
    st.lists(WORDS, max_size=2).map(tuple),
    st.none() | TIMES_S,
    st.none() | st.sampled_from(SpeechOrigin),
    st.none() | st.sampled_from(["de", "pt-BR"]),
    st.none() | st.builds(Speaker, st.integers(1, 99), st.none() | WORDS.filter(bool)),
    st.none() | WORDS,
    st.none() | WORDS,
    st.none() | st.integers(1, 8),
)
WEIGHTS = st.builds(
    LaneWeight, st.floats(0, 10), st.sampled_from(WeightSource), st.none() | WORDS, PROBABILITIES, st.none() | WORDS
)
LANE_EXPLANATIONS = st.builds(LaneExplanation, WEIGHTS, st.none() | PROBABILITIES, st.none() | st.integers(1, 99))
STEPS = st.builds(
    StepExplanation,
    WORDS,
    PROBABILITIES,
    st.dictionaries(LANES, LANE_EXPLANATIONS, max_size=2),
    LANES,
    st.sampled_from(Boundary),
    st.sampled_from(Boundary),
    CORRECTIONS,
)
EXPLANATIONS = st.builds(Explanation, st.lists(STEPS, max_size=2).map(tuple), PROBABILITIES, PROBABILITIES)
MOMENTS = st.builds(
    Moment,
    st.integers(1, 10_000),
    WORDS,
    WORDS,
    WORDS,
    SPANS,
    TIMES_S,
    PROBABILITIES,
    PROBABILITIES,
    st.dictionaries(LANES, PROBABILITIES),
    st.lists(EVIDENCE, max_size=2).map(tuple),
    st.none() | st.integers(0, 99),
    st.none() | EXPLANATIONS,
    st.none() | TIMES_S,
    st.booleans(),
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.lists(st.builds(MomentStep, WORDS, SPANS, st.none() | TIMES_S), max_size=2).map(tuple),
)
ANSWERS = st.builds(
    Answer,
    st.lists(MOMENTS, max_size=2).map(tuple),
    st.booleans(),
    st.none() | WORDS,
    st.builds(Searched, st.integers(0, 10**6), TIMES_S),
    st.none() | st.builds(QueryTranscript, WORDS, PROBABILITIES, st.none() | st.sampled_from(["en", "de", "yue"])),
    st.none() | WORDS,
    CORRECTIONS,
    st.lists(WORDS, max_size=2).map(tuple),
)


@given(ANSWERS)
def test_an_answer_comes_back_as_it_was(answer: Answer) -> None:
    told = PlainAnswer.of(answer).model_dump_json()
    assert PlainAnswer.model_validate_json(told).to_answer() == answer


@given(ANSWERS)
def test_a_command_reads_of_a_server_what_it_would_have_found_itself(answer: Answer) -> None:
    moments = [Links("/moments").moment(moment) for moment in answer.moments]
    told = SearchAnswer.of(answer, moments, took_ms=1.5).model_dump_json()
    assert PlainAnswer.model_validate_json(told) == PlainAnswer.of(answer)


def test_what_is_left_out_is_what_is_not_there() -> None:
    nothing = Moment(1, "0" * 16, "/a.mp4", "a", Span(0.0, 1.0), 0.0, 0.5, 0.5, {})
    told = PlainAnswer.of(Answer((nothing,), False, None, Searched(1, 1.0))).model_dump(mode="json")
    assert set(told) == {"moments", "abstained", "abstain_below", "searched"}
    assert not {"times_break", "further", "explanation", "recorded_at", "steps"} & told["moments"][0].keys()
    assert told["moments"][0]["picture_s"] is None


def test_figures_are_told_to_few_digits_and_a_hair_outside_the_bounds_is_within() -> None:
    drifted = Moment(1, "0" * 16, "/a.mp4", "a", Span(1.23456, 2.0), 0.0, 0.5, 1.0 + 1e-9, {Lane.VISUAL: -1e-9})
    told = PlainAnswer.of(Answer((drifted,), False, None, Searched(1, 1.0))).moments[0]
    assert (told.start_s, told.confidence, told.lanes) == (1.235, 1.0, {Lane.VISUAL: 0.0})


def test_bytes_of_a_name_that_are_no_text_are_written_out() -> None:
    odd = Moment(1, "0" * 16, "/caf\udce9.mp4", "caf\udce9", Span(0.0, 1.0), 0.0, 0.5, 0.5, {})
    told = PlainAnswer.of(Answer((odd,), False, None, Searched(1, 1.0), warnings=("caf\udce9",)))
    assert (told.moments[0].path, told.moments[0].title, told.warnings) == (r"/caf\xe9.mp4", r"caf\xe9", [r"caf\xe9"])
    assert told.model_dump_json()


@pytest.mark.parametrize("content", [b'{"moments": [{"rank": 1}], "abstained": false}', b"{}", b"Moments", b""])
def test_a_server_of_another_version_is_a_clear_error(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(httpx, "request", lambda *_, **__: httpx.Response(200, content=content))
    server = Server("http://127.0.0.1:8000")
    with pytest.raises(StorageError, match=r"answers as another version does .*: stop it, and start it again"):
        server.search(Query((Term("a dog"),)))
    with pytest.raises(StorageError, match="answers as another version does"):
        server.job("5f0c2f0e")
