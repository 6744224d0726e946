"""Sound events: when each sound begins and ends, from what is heard hop by hop."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from retrieval.domain import SoundEvent, Span
from retrieval.encoders.lite_sound import HOP_S, SoundTags

ONSET_PROBABILITY = 0.5
END_PROBABILITY = 0.25
LONGEST_GAP_S = 1.0


def sound_events(tags: SoundTags, duration_s: float) -> tuple[SoundEvent, ...]:
    """Events inside [0, duration_s), by start and then by label.

    An event begins where a class rises to END_PROBABILITY on its way to ONSET_PROBABILITY and lasts until
    it falls below END_PROBABILITY; events of one class at most LONGEST_GAP_S apart are one.
    """
    events = []
    for name, curve in zip(tags.names, tags.probabilities.T, strict=True):
        for first, end in _joined(curve >= ONSET_PROBABILITY, curve >= END_PROBABILITY):
            span = Span(first * HOP_S, min(end * HOP_S, duration_s))
            if span.duration_s > 0:
                events.append(SoundEvent(span, name, float(curve[first:end].max())))
    return tuple(sorted(events, key=lambda event: (event.span, event.label)))


def _joined(strong: NDArray[np.bool_], audible: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Half-open runs of hops with the short gaps between them closed."""
    last: tuple[int, int] | None = None
    for first, end in _runs(audible):
        if not strong[first:end].any():
            continue
        if last is not None and (first - last[1]) * HOP_S <= LONGEST_GAP_S:
            last = (last[0], end)
            continue
        if last is not None:
            yield last
        last = (first, end)
    if last is not None:
        yield last


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.pad(mask.astype(np.int8), 1)))
    return [(int(first), int(end)) for first, end in edges.reshape(-1, 2)]
