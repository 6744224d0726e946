from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from indexer.steps.sound_events import END_PROBABILITY, ONSET_PROBABILITY, sound_events
from retrieval.domain import Span
from retrieval.encoders.lite_sound import HOP_S, SoundTags


def tags(*curves: list[float]) -> SoundTags:
    names = ("dog barking", "rain")[: len(curves)]
    return SoundTags(names, np.array(curves, np.float32).T.reshape(-1, len(curves)))


def test_an_event_lasts_from_its_rise_to_its_fall() -> None:
    events = sound_events(tags([0, 0, 0.3, 0.9, 0.3, 0, 0]), 60)
    assert [(event.span, event.label) for event in events] == [(Span(2 * HOP_S, 5 * HOP_S), "dog barking")]
    assert abs(events[0].score - 0.9) < 1e-6


def test_a_sound_that_never_gets_likely_is_no_event() -> None:
    assert sound_events(tags([0.4] * 10), 60) == ()


def test_barks_with_a_breath_between_them_are_one_event() -> None:
    assert len(sound_events(tags([0.9, 0, 0, 0.9]), 60)) == 1
    assert len(sound_events(tags([0.9, 0, 0, 0, 0.9]), 60)) == 2


def test_an_event_ends_with_the_video() -> None:
    (event,) = sound_events(tags([0.9, 0.9, 0.9]), 1.0)
    assert event.span == Span(0.0, 1.0)


def test_hops_past_the_end_of_the_video_make_no_event() -> None:
    assert sound_events(tags([0, 0, 0, 0.9]), 1.0) == ()


def test_events_of_several_classes_come_in_order_of_time() -> None:
    events = sound_events(tags([0, 0, 0, 0.9], [0.9, 0.9, 0, 0]), 60)
    assert [event.label for event in events] == ["rain", "dog barking"]


def test_no_hops_no_events() -> None:
    assert sound_events(tags([]), 0.0) == ()


@given(arrays(np.float32, st.tuples(st.integers(0, 40), st.just(2)), elements=st.floats(0, 1, width=32)))
def test_events_cover_every_likely_hop_and_no_event_begins_or_ends_unheard(
    probabilities: np.ndarray,
) -> None:
    duration_s = len(probabilities) * HOP_S
    events = sound_events(SoundTags(("dog barking", "rain"), probabilities), duration_s)
    for column, name in enumerate(("dog barking", "rain")):
        spans = [event.span for event in events if event.label == name]
        for hop in np.flatnonzero(probabilities[:, column] >= ONSET_PROBABILITY):
            assert any(span.start_s <= (hop + 0.5) * HOP_S < span.end_s for span in spans)
        for span in spans:
            first, last = round(span.start_s / HOP_S), round(span.end_s / HOP_S) - 1
            assert 0 <= first <= last < len(probabilities)
            assert probabilities[[first, last], column].min() >= END_PROBABILITY
        assert all(left.end_s < right.start_s for left, right in pairwise(spans))
