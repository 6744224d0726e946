"""What classifiers name in the frames and sounds of an answer, as far as it bears on the query."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retrieval.asking.query import Term
from retrieval.asking.query_vectors import QueryVectors
from retrieval.domain import Evidence, EvidenceKind, Label, Lane, Moment, Span
from retrieval.lanes.backgrounds import Backgrounds
from retrieval.lanes.lane_table import window_tuning
from retrieval.lanes.word_match import coverage
from retrieval.storage.contents import Contents
from retrieval.storage.records import Place

if TYPE_CHECKING:
    from retrieval.encoders.profiles import Encoders

BEARS = 2.0
"""Deviations by which a name is nearer to the query than everyday descriptions are: of a bus "minibus", not "car"."""

MOST_NAMED = 3
_INSTANT_S = 1e-3


def bears(
    query: NDArray[np.float32], names: NDArray[np.float32], bank: NDArray[np.float32], named_from: float
) -> NDArray[np.bool_]:
    """Which (n,) of the names (n, dim) bear on a query (dim,), as descriptions (m, dim) of anything else tell.

    All are unit vectors of one space, whichever it is: what counts is how far a name stands out.
    """
    usual = bank @ query
    mean, near = float(usual.mean()), names @ query
    stands_out = near >= mean + BEARS * max(float(usual.std()), 1e-6)
    return np.asarray(stands_out & (near - mean >= named_from * (1.0 - mean)), np.bool_)


class Named:
    """Names what is seen and heard in moments; safe to share between threads."""

    def __init__(self, encoders: "Encoders", backgrounds: Backgrounds) -> None:
        self._encoders = encoders
        self._backgrounds = backgrounds
        self._vectors: dict[tuple[Lane, str], NDArray[np.float32]] = {}

    def of(
        self, moments: Sequence[Moment], terms: Sequence[Term], vectors: QueryVectors, contents: Contents
    ) -> list[Moment]:
        """The moments, their frames and sounds named after what is there and bears on one of the terms, if anything."""
        frames = [_frame_place(moment, item) for moment in moments for item in moment.evidence]
        seen = iter(contents.windows_during([place for place in frames if place is not None]))
        heard = contents.sound_events_during([Place(moment.video_id, moment.span) for moment in moments])
        named = []
        for moment, events in zip(moments, heard, strict=True):
            sounds = [event.label for event in sorted(events, key=lambda event: -event.score)]
            evidence = []
            for item in moment.evidence:
                match item.kind:
                    case EvidenceKind.SOUND:
                        evidence.append(replace(item, text=self._text(item.lane, sounds, terms, vectors)))
                    case EvidenceKind.FRAME if item.frame_s is not None:
                        labels: Iterable[Label] = (label for window in next(seen)[:1] for label in window.labels)
                        names = [label.name for label in labels]
                        evidence.append(replace(item, text=self._text(item.lane, names, terms, vectors)))
                    case _:
                        evidence.append(item)
            named.append(replace(moment, evidence=tuple(evidence)))
        return named

    def _text(self, lane: Lane, names: Sequence[str], terms: Sequence[Term], vectors: QueryVectors) -> str | None:
        names = list(dict.fromkeys(names))
        if not names:
            return None
        known, bank = self._of(lane, names), self._backgrounds.bank(lane)
        found = np.zeros(len(names), np.bool_)
        for term in terms:
            found |= [bool(term.text) and coverage(name, term.text) >= 1.0 for name in names]
            if term.lane in (None, lane) and (term.text or lane in term.examples):
                found |= bears(vectors.of(lane, term), known, bank, window_tuning(lane).named_from)
        told = [name for name, is_told in zip(names, found, strict=True) if is_told]
        return ", ".join(told[:MOST_NAMED]) or None

    def _of(self, lane: Lane, names: Sequence[str]) -> NDArray[np.float32]:
        """The vectors (n, dim) of names, each computed once."""
        new = [name for name in names if (lane, name) not in self._vectors]
        if new:
            found = self._encoders.text_encoder(lane).embed_texts(new)
            self._vectors |= {(lane, name): vector for name, vector in zip(new, found, strict=True)}
        return np.stack([self._vectors[lane, name] for name in names])


def _frame_place(moment: Moment, item: Evidence) -> Place | None:
    if item.kind is not EvidenceKind.FRAME or item.frame_s is None:
        return None
    return Place(moment.video_id, Span(item.frame_s, item.frame_s + _INSTANT_S))
