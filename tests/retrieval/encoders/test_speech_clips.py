from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from retrieval.domain import Span
from retrieval.encoders.base import SPEECH_RATE_HZ
from retrieval.encoders.speech_clips import CLIP_S, FRAME_SAMPLES, SpeechClip, Utterance, clips_of, halves

MINUTES = np.random.default_rng(0).standard_normal(180 * SPEECH_RATE_HZ, np.float32)
"""Three minutes in which each sample tells where it is."""

speeches = st.lists(st.tuples(st.floats(0.0, 20.0), st.floats(0.01, 40.0)), min_size=1, max_size=8).map(
    lambda steps: [
        Span(start := sum(a + b for a, b in steps[:n]) + gap, start + length) for n, (gap, length) in enumerate(steps)
    ]
)


@st.composite
def clips(draw: st.DrawFn) -> SpeechClip:
    return draw(st.sampled_from(list(clips_of(MINUTES, draw(speeches.filter(lambda s: s[0].start_s < 180))))))


@given(speeches)
def test_clips_hold_all_speech_once_in_time_order_and_nothing_else(speech: list[Span]) -> None:
    made = [utterance for clip in clips_of(MINUTES, speech) for utterance in clip.utterances]
    assert all(a.last <= b.first for a, b in pairwise(made))
    covered = np.zeros(len(MINUTES), np.int8)
    for utterance in made:
        covered[utterance.first : utterance.last] += 1
    spoken = np.zeros(len(MINUTES), np.int8)
    for span in speech:
        spoken[round(span.start_s * SPEECH_RATE_HZ) : round(span.end_s * SPEECH_RATE_HZ)] = 1
    assert np.array_equal(covered, spoken)


@given(clips())
def test_a_clip_is_short_and_made_of_whole_frames(clip: SpeechClip) -> None:
    heard = clip.samples(MINUTES)
    assert 0 < len(heard) <= CLIP_S * SPEECH_RATE_HZ + FRAME_SAMPLES
    assert len(heard) % FRAME_SAMPLES == 0
    assert all(0 <= frames.start < frames.stop for frames in clip.frames())


@given(clips(), st.data())
def test_times_of_a_clip_lead_back_to_the_very_samples(clip: SpeechClip, data: st.DataObject) -> None:
    """The sample that is heard somewhere in the clip is the sample of the recording at the second given for it."""
    length = sum(one.length for one in clip.utterances)
    at = data.draw(st.integers(0, length - 1))
    ordinal, span = clip.place(Span((at + 0.25) / SPEECH_RATE_HZ, (at + 0.75) / SPEECH_RATE_HZ))
    assert MINUTES[int(span.start_s * SPEECH_RATE_HZ + 0.1)] == clip.samples(MINUTES)[at]
    assert clip.utterances[ordinal].first <= span.start_s * SPEECH_RATE_HZ < clip.utterances[ordinal].last


@given(clips(), st.lists(st.floats(0.0, 30.0), min_size=2, max_size=12))
def test_words_stay_in_order_apart_and_inside_their_utterances(clip: SpeechClip, times_s: list[float]) -> None:
    times_s.sort()
    placed = [clip.place(Span(start_s, end_s)) for start_s, end_s in pairwise(times_s)]
    assert all(a <= b and one.end_s <= other.start_s for (a, one), (b, other) in pairwise(placed))
    for ordinal, span in placed:
        inside = clip.utterances[ordinal].span
        assert inside.start_s <= span.start_s <= span.end_s <= inside.end_s


def test_utterances_minutes_apart_share_a_clip_without_the_pause() -> None:
    clip, *rest = clips_of(MINUTES, [Span(1.0, 3.0), Span(100.0, 104.0)])
    assert rest == []
    assert len(clip.samples(MINUTES)) == 6 * SPEECH_RATE_HZ
    assert clip.place(Span(1.5, 2.5)) == (1, Span(100.0, 100.5))


def test_a_talk_without_pauses_is_cut_where_it_is_quiet() -> None:
    """A minute of noise with a tenth of a second of silence after 20 s and after 41 s."""
    noise = np.ones(60 * SPEECH_RATE_HZ, np.float32)
    for quiet_s in (20.0, 41.0):
        noise[round(quiet_s * SPEECH_RATE_HZ) : round((quiet_s + 0.1) * SPEECH_RATE_HZ)] = 0.0
    made = [utterance for clip in clips_of(noise, [Span(0.0, 60.0)]) for utterance in clip.utterances]
    assert [round(one.first / SPEECH_RATE_HZ, 2) for one in made] == [0.0, 20.05, 41.05]


def test_an_utterance_is_halved_where_it_is_quiet() -> None:
    noise = np.ones(8 * SPEECH_RATE_HZ, np.float32)
    noise[5 * SPEECH_RATE_HZ : round(5.1 * SPEECH_RATE_HZ)] = 0.0
    first, second = halves(noise, Utterance(0, len(noise)))
    assert (first.first, second.last) == (0, len(noise))
    assert first.last == second.first == round(5.05 * SPEECH_RATE_HZ)


def test_no_sound_makes_no_clip() -> None:
    assert list(clips_of(np.zeros(100, np.float32), [Span(0.0, 0.00001), Span(1.0, 2.0)])) == []
