"""Pictures, sounds and clips as examples of what is looked for."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypedDict, Unpack

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from retrieval.asking.examples import audible, mean_vector, resampled, with_clip, with_picture, with_sound
from retrieval.asking.query import Clip, Query, Term
from retrieval.domain import Lane, Span
from retrieval.encoders.base import SPEECH_RATE_HZ
from retrieval.errors import InputError, QueryError, VideoNotFoundError
from retrieval.search import SearchEngine
from retrieval.storage.library import Library
from retrieval.storage.records import VideoStatus
from retrieval.storage.vectors import Hit
from tests.fakes import TWO_VIDEOS, FakeEncoders, id_of, library_of
from tests.media import lavfi, tone, write


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with library_of(tmp_path_factory.mktemp("library"), TWO_VIDEOS) as opened:
        opened.keep_vectors()
        yield opened


@pytest.fixture(scope="module")
def engine(library: Library) -> SearchEngine:
    return SearchEngine(library, FakeEncoders())


@pytest.fixture
def red(tmp_path: Path) -> Path:
    Image.new("RGB", (32, 32), "red").save(tmp_path / "red.png")
    return tmp_path / "red.png"


class Changes(TypedDict, total=False):
    """What a query may ask for beside its steps."""

    lanes: frozenset[Lane]
    limit: int
    within_s: float


def found(engine: SearchEngine, *steps: Term, **changes: Unpack[Changes]) -> list[tuple[str, Span]]:
    """Best first."""
    moments = engine.search(Query(steps, **changes)).moments
    return [(Path(moment.path).name, moment.span) for moment in moments]


ENCODERS = FakeEncoders()


def test_a_picture_is_an_example_for_the_visual_lane(red: Path) -> None:
    term = with_picture(Term(""), red, ENCODERS)
    assert set(term.examples) == {Lane.VISUAL}
    assert term.examples[Lane.VISUAL][0] == pytest.approx(1.0)


def test_a_picture_of_which_the_encoder_knows_nothing_is_no_query(tmp_path: Path) -> None:
    Image.new("RGB", (32, 32), "grey").save(tmp_path / "grey.png")
    with pytest.raises(QueryError, match="nothing in the picture is known to colours"):
        with_picture(Term(""), tmp_path / "grey.png", ENCODERS)


def test_a_sound_is_an_example_for_the_sound_lane(tmp_path: Path) -> None:
    path = write(tmp_path / "tone.wav", tone(1.0, 4000))
    term = with_sound(Term(""), path, ENCODERS)
    assert set(term.examples) == {Lane.SOUND}
    assert term.examples[Lane.SOUND][2] == pytest.approx(1.0)


def test_a_sound_of_which_the_encoder_knows_nothing_is_no_query(tmp_path: Path) -> None:
    path = write(tmp_path / "noise.wav", lavfi("anoisesrc=r=16000:d=1:a=0.3"))
    with pytest.raises(QueryError, match="nothing in the sound is known to pitches"):
        with_sound(Term(""), path, ENCODERS)


def test_words_for_another_lane_cannot_be_mixed_with_an_example(red: Path) -> None:
    with pytest.raises(InputError, match="lane screen cannot be mixed with an example for lane visual"):
        with_picture(Term("budget", Lane.SCREEN), red, ENCODERS)


@given(
    before=st.integers(0, 5000),
    after=st.integers(0, 5000),
    heard=arrays(np.float32, st.integers(400, 4000), elements=st.sampled_from([-0.5, 0.5])),
)
def test_silence_around_a_sound_is_left_out(before: int, after: int, heard: np.ndarray) -> None:
    """Up to one block of 20 ms (320 samples) of silence may stay at each end."""
    samples = np.pad(heard, (before, after))
    kept = audible(samples)
    assert len(heard) <= len(kept) <= len(heard) + 2 * 320
    assert np.sum(np.abs(kept)) == np.sum(np.abs(heard))


def test_nothing_is_left_of_silence() -> None:
    assert len(audible(np.zeros(5000, np.float32))) == 0
    assert len(audible(np.zeros(0, np.float32))) == 0


def test_a_tone_keeps_its_pitch_and_length_at_another_rate() -> None:
    time_s = np.arange(SPEECH_RATE_HZ) / SPEECH_RATE_HZ
    tone_of_one_second = np.sin(2 * np.pi * 500 * time_s).astype(np.float32)
    faster = resampled(tone_of_one_second, 48_000)
    assert len(faster) == 48_000
    assert np.abs(np.fft.rfft(faster)).argmax() == 500


def window(start_s: float, vector: Sequence[float]) -> Hit:
    return Hit("id", "video", 0, Span(start_s, start_s + 2.0), 0.0, np.array(vector, np.float32))


def test_windows_count_by_the_time_they_share_with_the_clip() -> None:
    """Of [1, 3), window [0, 2) shares 1 s, [2, 4) 1 s, [4, 6) nothing."""
    mean = mean_vector([window(0, [1, 0, 0]), window(2, [0, 1, 0]), window(4, [0, 0, 1])], Span(1.0, 3.0))
    assert mean == pytest.approx([2**-0.5, 2**-0.5, 0.0])


@given(st.lists(st.tuples(st.floats(0, 50), arrays(np.float32, 4, elements=st.floats(0, 1, width=32)))))
def test_the_mean_is_of_unit_length_or_nothing(windows: list[tuple[float, np.ndarray]]) -> None:
    mean = mean_vector([window(start_s, list(vector)) for start_s, vector in windows], Span(10.0, 30.0))
    assert mean is None or np.linalg.norm(mean) == pytest.approx(1.0, abs=1e-4)


def test_an_image_finds_what_looks_like_it(engine: SearchEngine, red: Path) -> None:
    term = with_picture(Term(""), red, ENCODERS)
    assert sorted(found(engine, term)[:3]) == [
        ("a.mp4", Span(0.0, 4.0)),
        ("a.mp4", Span(100.0, 104.0)),
        ("b.mp4", Span(96.0, 100.0)),
    ]


def test_a_sound_finds_what_sounds_like_it(engine: SearchEngine, tmp_path: Path) -> None:
    term = with_sound(Term(""), write(tmp_path / "tone.wav", tone(1.0, 4000)), ENCODERS)
    assert sorted(found(engine, term)[:2]) == [("a.mp4", Span(0.0, 4.0)), ("b.mp4", Span(96.0, 100.0))]


@pytest.mark.parametrize("reference", ["a.mp4", id_of("a.mp4"), "/videos/a.mp4"])
def test_more_like_this_leaves_out_the_clip_itself(engine: SearchEngine, reference: str) -> None:
    """The clip is A's red shot with the high tone."""
    moments = found(engine, Term("", like=Clip(reference, Span(0.5, 3.0))), limit=100)
    assert moments[:2] == [("b.mp4", Span(96.0, 100.0)), ("a.mp4", Span(100.0, 104.0))]
    assert not any(name == "a.mp4" and span.overlap_s(Span(0.5, 3.0)) for name, span in moments)


def test_the_same_times_of_another_video_are_not_left_out(engine: SearchEngine) -> None:
    """B's shot at [96, 100) is red as A's at [0, 4); asked by B's, A's is found, and the other way round."""
    assert ("a.mp4", Span(0.0, 4.0)) in found(engine, Term("", like=Clip("b.mp4", Span(96.0, 100.0))))[:2]


def test_words_and_a_picture_are_mixed_by_their_shares(engine: SearchEngine, red: Path) -> None:
    """Words say blue, the picture red: the larger share wins, and a share of 1 or 0 leaves one of them."""
    mixed = with_picture(Term("blue"), red, ENCODERS)

    def colour(share: float) -> str:
        name, span = found(engine, replace(mixed, text_share=share), lanes=frozenset({Lane.VISUAL}))[0]
        return TWO_VIDEOS[name][int(span.start_s // 4)].colour

    assert [colour(share) for share in (0.0, 0.1, 0.9, 1.0)] == ["red", "red", "blue", "blue"]


def test_words_that_weigh_nothing_are_not_searched_for(engine: SearchEngine, red: Path) -> None:
    mixed = with_picture(Term("the budget is tight", text_share=0.0), red, ENCODERS)
    lanes = {lane for moment in engine.search(Query((mixed,))).moments for lane in moment.lanes}
    assert lanes == {Lane.VISUAL}


def test_a_clip_can_be_followed_by_words(engine: SearchEngine) -> None:
    """After what is like A's first shot comes, in B only, something blue within a second."""
    steps = Term("", like=Clip("a.mp4", Span(0.0, 4.0))), Term("blue", Lane.VISUAL)
    assert found(engine, *steps, within_s=1.0)[0] == ("b.mp4", Span(96.0, 104.0))


def test_an_example_for_a_lane_that_is_not_searched_is_an_error(engine: SearchEngine, red: Path) -> None:
    term = with_picture(Term(""), red, ENCODERS)
    with pytest.raises(InputError, match="found in lane visual, and the lanes to search are sound, speech"):
        engine.search(Query((term,), lanes=frozenset({Lane.SOUND, Lane.SPEECH})))


@pytest.mark.parametrize(
    ("start_s", "end_s"), [(3.0, 3.0), (5.0, 2.0), (-1.0, 2.0), (float("nan"), 2.0), (0.0, float("nan"))]
)
def test_a_clip_that_is_none_is_refused(start_s: float, end_s: float) -> None:
    with pytest.raises(InputError, match=r"clip of a\.mp4 goes from .* it must start at 0 s or later"):
        Clip("a.mp4", Span(start_s, end_s))


def test_a_clip_of_an_hour_is_refused() -> None:
    with pytest.raises(InputError, match="lasts 3600 s; at most 300 s are allowed"):
        Clip("a.mp4", Span(0.0, 3600.0))


@pytest.mark.parametrize(
    ("clip", "error", "message"),
    [
        (Clip("nowhere.mp4", Span(0.0, 1.0)), VideoNotFoundError, r"no video 'nowhere\.mp4'"),
        (Clip("a.mp4", Span(104.0, 106.0)), InputError, r"starts at 104 s; /videos/a\.mp4 ends at 104 s"),
        (Clip("a.mp4", Span(13.0, 15.0)), QueryError, r"nothing is indexed of /videos/a\.mp4 from 13 s to 15 s"),
    ],
)
def test_a_clip_that_shows_nothing_is_an_error(
    engine: SearchEngine, clip: Clip, error: type[Exception], message: str
) -> None:
    """A is black and silent in [12, 16)."""
    with pytest.raises(error, match=message):
        engine.search(Query((Term("", like=clip),)))


def test_a_video_that_is_half_way_gives_no_clips(library: Library) -> None:
    library.catalog.set_status(id_of("b.mp4"), VideoStatus.INDEXING)
    try:
        with library.vectors() as store, pytest.raises(InputError, match=r"b\.mp4 is indexing, not indexed"):
            with_clip(Term("", like=Clip("b.mp4", Span(0.0, 2.0))), store, library.catalog, ENCODERS)
    finally:
        library.catalog.set_status(id_of("b.mp4"), VideoStatus.INDEXED)


def test_the_clip_may_end_where_the_video_does_or_later(engine: SearchEngine) -> None:
    """Only [103, 104) of the clip is there, which is red."""
    assert ("b.mp4", Span(96.0, 100.0)) in found(engine, Term("", like=Clip("a.mp4", Span(103.0, 110.0))))


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_is_between_nothing_and_all(share: float) -> None:
    with pytest.raises(InputError, match=r"share of the text is .*; allowed is 0 to 1"):
        Term("a", text_share=share)
