"""The score curve of one video: as high as its moments where they are, low elsewhere."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.answer.fusion import fuse
from retrieval.answer.timeline import CurvePoint, KeptVectors, WindowVectors, curve_of, fused, line_probabilities
from retrieval.asking.query import Query, Term, parse_term
from retrieval.domain import Evidence, EvidenceKind, Lane, Span, Window
from retrieval.errors import InputError
from retrieval.lanes.calibration import Floats
from retrieval.lanes.candidate import Candidate
from retrieval.search import SearchEngine
from retrieval.storage.library import Library
from retrieval.storage.records import VideoRecord, VideoWindow
from tests.fakes import TWO_VIDEOS, FakeEncoders, id_of, library_of

WINDOWS = [VideoWindow(Window(number, 0, Span(2.0 * number, 2.0 * number + 2))) for number in range(5)]


def line(start_s: float, end_s: float, probability: float, lane: Lane = Lane.SPEECH) -> Candidate:
    span = Span(start_s, end_s)
    evidence = Evidence(lane, EvidenceKind.TRANSCRIPT, span, probability)
    return Candidate("a", span, start_s, {lane: probability}, (evidence,))


def floats(*values: float) -> Floats:
    return np.asarray(values, np.float32)


def test_a_line_counts_at_the_windows_that_it_shares_much_with() -> None:
    """The first line ends 0.1 s into its third window; the second line is of another lane."""
    lines = [line(1.0, 4.1, 0.5), line(8.0, 9.0, 0.9, Lane.SCREEN), line(2.5, 3.0, 0.7)]
    assert line_probabilities(Lane.SPEECH, lines, WINDOWS).tolist() == pytest.approx([0.5, 0.7, 0.0, 0.0, 0.0])
    assert line_probabilities(Lane.SCREEN, lines, WINDOWS).tolist() == pytest.approx([0.0, 0.0, 0.0, 0.0, 0.9])


@given(
    st.lists(st.tuples(st.floats(0, 0.999), st.floats(0, 0.999)), min_size=1, max_size=6),
    st.floats(0.1, 10),
    st.floats(0.1, 10),
)
def test_lanes_are_fused_as_in_a_search(pairs: list[tuple[float, float]], by_sight: float, by_sound: float) -> None:
    weights = {Lane.VISUAL: by_sight, Lane.SOUND: by_sound}
    seen, heard = (floats(*column) for column in zip(*pairs, strict=True))
    together = fused({Lane.VISUAL: seen, Lane.SOUND: heard}, weights)
    one_by_one = [
        fuse({Lane.VISUAL: float(a), Lane.SOUND: float(b)}, weights) for a, b in zip(seen, heard, strict=True)
    ]
    assert together.tolist() == pytest.approx(one_by_one, abs=1e-5)


def test_the_best_step_counts_and_what_is_unwanted_takes_its_share() -> None:
    curve = curve_of(WINDOWS[:2], [floats(0.2, 0.8), floats(0.5, 0.1)], [floats(0.0, 0.25)])
    assert [point.span for point in curve] == [Span(0.0, 2.0), Span(2.0, 4.0)]
    assert [point.confidence for point in curve] == pytest.approx([0.5, 0.6])


def test_vectors_that_were_used_longest_ago_are_dropped_first() -> None:
    """Room for two of three videos."""
    vectors = WindowVectors((0,), np.zeros((1, 100), np.float32))
    kept = KeptVectors(most_bytes=2 * vectors.vectors.nbytes)
    for name in ("a", "b"):
        kept.put((name,), vectors)
    assert kept.get(("a",)) is vectors
    kept.put(("c",), vectors)
    assert (kept.get(("a",)), kept.get(("b",)), kept.get(("c",))) == (vectors, None, vectors)


def test_what_is_larger_than_all_there_is_room_for_is_not_kept() -> None:
    kept = KeptVectors(most_bytes=10)
    kept.put(("a",), WindowVectors((0,), np.zeros((1, 100), np.float32)))
    assert kept.get(("a",)) is None


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with library_of(tmp_path_factory.mktemp("library"), TWO_VIDEOS) as opened:
        opened.keep_vectors()
        yield opened


@pytest.fixture(scope="module")
def engine(library: Library) -> SearchEngine:
    return SearchEngine(library, FakeEncoders())


def curve(engine: SearchEngine, query: Query, video: str) -> tuple[VideoRecord, tuple[CurvePoint, ...]]:
    record = engine.library.catalog.resolve(video)
    windows = engine.library.catalog.contents.of(record.id).windows
    return record, engine.search_video(query, record, windows)[1]


def spans_above(points: tuple[CurvePoint, ...], share: float) -> list[float]:
    """Starts of the windows with more than this share of the highest confidence."""
    highest = max(point.confidence for point in points)
    return [point.span.start_s for point in points if point.confidence > share * highest]


def test_the_curve_covers_the_video_and_is_high_where_the_query_is_answered(engine: SearchEngine) -> None:
    """A is red in [0, 4) and [100, 104)."""
    record, points = curve(engine, Query((Term("red"),)), "a.mp4")
    assert [point.span for point in points] == [Span(2.0 * n, 2.0 * n + 2) for n in range(record.windows)]
    assert spans_above(points, 0.8) == [0.0, 2.0, 100.0, 102.0]
    assert spans_above(points, 0.2) == spans_above(points, 0.8)


@pytest.mark.parametrize("words", ["red", "sound: high", "speech: the budget is tight"])
def test_the_curve_is_as_high_as_the_best_moment_says(engine: SearchEngine, words: str) -> None:
    query = Query((parse_term(words),))
    record = engine.library.catalog.resolve("a.mp4")
    windows = engine.library.catalog.contents.of(record.id).windows
    answer, points = engine.search_video(query, record, windows)
    best = answer.moments[0]
    inside = [point.confidence for point in points if point.span.overlap_s(best.span) > 0]
    assert max(inside) == max(point.confidence for point in points)
    assert max(inside) == pytest.approx(best.confidence, rel=0.02)


def test_a_line_of_speech_lifts_the_curve_where_it_is_said(engine: SearchEngine) -> None:
    """The budget is talked about in A's first shot."""
    _, points = curve(engine, Query((Term("budget", Lane.SPEECH),)), "a.mp4")
    assert spans_above(points, 0.1) == [0.0, 2.0]


def test_what_must_not_be_there_lowers_the_curve(engine: SearchEngine) -> None:
    """Red with high tones is unwanted: red stays at 100 s, where a low tone is heard."""
    _, points = curve(engine, Query((Term("red"),), exclude=(Term("high", Lane.SOUND),)), "a.mp4")
    assert spans_above(points, 0.8) == [100.0, 102.0]


def test_only_the_lanes_that_are_asked_for_count(engine: SearchEngine) -> None:
    _, points = curve(engine, Query((Term("red"),), lanes=frozenset({Lane.SPEECH})), "a.mp4")
    assert {point.confidence for point in points if point.span.start_s >= 4.0} == {0.0}
    with pytest.raises(InputError, match="lanes to search are speech"):
        curve(engine, Query((Term("red", Lane.VISUAL),), lanes=frozenset({Lane.SPEECH})), "a.mp4")


def test_moments_are_those_of_the_video_whatever_the_filter_says(engine: SearchEngine) -> None:
    record = engine.library.catalog.resolve("b.mp4")
    windows = engine.library.catalog.contents.of(record.id).windows
    answer, _ = engine.search_video(Query((Term("red"),)), record, windows)
    assert {moment.video_id for moment in answer.moments} == {id_of("b.mp4")}
    assert answer.moments[0].span == Span(96.0, 100.0)


def test_the_second_query_reads_no_vectors_again(engine: SearchEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    curve(engine, Query((Term("red", Lane.VISUAL),)), "a.mp4")
    with engine.library.vectors() as store:
        monkeypatch.setattr(store, "fetch", lambda *_: pytest.fail("fetched again"))
        _, points = curve(engine, Query((Term("green", Lane.VISUAL),)), "a.mp4")
    assert points
