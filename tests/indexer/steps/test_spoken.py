"""What is spoken during units: held against looking at every segment for every unit."""

from hypothesis import given
from hypothesis import strategies as st

from indexer.steps.spoken import Spoken, spoken_during, spoken_in_lines
from retrieval.domain import ScreenText, Segment, Span, SpeechOrigin

VIDEO = "0" * 16


def said(start_s: float, end_s: float, language: str | None = None, speaker: int | None = None) -> Segment:
    span = Span(start_s, end_s)
    return Segment(span, "hm", (), language, 0.9, SpeechOrigin.TRANSCRIBED, speaker=speaker)


def test_a_window_has_the_languages_and_voices_of_what_is_said_during_any_part_of_it() -> None:
    segments = [said(1.0, 3.0, "de", 1), said(3.0, 3.5, "pt-BR", 2), said(6.0, 8.0, "de")]
    windows = [Span(start_s, start_s + 2.0) for start_s in (0.0, 2.0, 4.0, 6.0)]
    assert spoken_during(windows, segments, VIDEO) == [
        Spoken(("de",), (f"{VIDEO}:1",)),
        Spoken(("de", "pt"), (f"{VIDEO}:1", f"{VIDEO}:2")),
        Spoken(),
        Spoken(("de",)),
    ]


def test_a_line_of_speech_has_its_own_language_and_voice_whatever_else_is_said_meanwhile() -> None:
    segments = [said(0.0, 4.0, "de", 1), said(2.0, 6.0, "en", 2), said(3.0, 5.0)]
    assert spoken_in_lines(segments, segments, VIDEO) == [
        Spoken(("de",), (f"{VIDEO}:1",)),
        Spoken(("en",), (f"{VIDEO}:2",)),
        Spoken(),
    ]


def test_a_screen_text_has_what_is_said_while_it_is_shown() -> None:
    texts = [ScreenText(Span(0.0, 10.0), "title", 0.9), ScreenText(Span(4.0, 4.5), "name", 0.9)]
    spoken = spoken_in_lines(texts, [said(3.0, 4.0, "en", 3)], VIDEO)
    assert spoken == [Spoken(("en",), (f"{VIDEO}:3",)), Spoken()]


TIMES_S = st.integers(0, 20).map(float)
SPANS = st.tuples(TIMES_S, TIMES_S).map(lambda times: Span(min(times), max(times)))
SEGMENTS = st.builds(
    lambda span, language, speaker: said(span.start_s, span.end_s, language, speaker),
    SPANS,
    st.sampled_from([None, "de", "de-CH", "en"]),
    st.sampled_from([None, 1, 2]),
)


@given(st.lists(SPANS, max_size=12), st.lists(SEGMENTS, max_size=12))
def test_it_is_what_looking_at_all_segments_finds(spans: list[Span], segments: list[Segment]) -> None:
    for span, spoken in zip(spans, spoken_during(spans, segments, VIDEO), strict=True):
        there = [one for one in segments if one.span.start_s < span.end_s and one.span.end_s > span.start_s]
        assert spoken.languages == tuple(sorted({one.language[:2] for one in there if one.language}))
        assert spoken.voices == tuple(sorted({f"{VIDEO}:{one.speaker}" for one in there if one.speaker}))
