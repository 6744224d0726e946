"""Terms that show what is looked for: a picture, a sound, or a clip of an indexed video."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retrieval.asking.media_input import SOUND_USED_S, FileOrBytes, read_picture, read_sound
from retrieval.asking.query import Term
from retrieval.domain import Lane, Span
from retrieval.encoders.base import SPEECH_RATE_HZ, Samples
from retrieval.errors import InputError, QueryError
from retrieval.lanes.lane_table import window_lanes
from retrieval.mono import SILENCE_RMS
from retrieval.storage.records import VideoStatus
from retrieval.storage.vectors import Hit, VectorFilter, VectorStore

if TYPE_CHECKING:
    from retrieval.encoders.profiles import Encoders
    from retrieval.storage.catalog import Catalog

MOST_WINDOWS = 5_000
AUDIBLE_SHARE = 0.01
"""What is 40 dB below the loudest is no part of a sound example."""

_BLOCK_S = 0.02


def with_picture(term: Term, source: FileOrBytes, encoders: "Encoders") -> Term:
    """The term with a picture to be found in the visual lane.

    Raises InputError for what is no picture, QueryError if the encoder recognises nothing in it.
    """
    picture = read_picture(source)
    vector = encoders.visual().embed_frames(picture[None]).vectors[0]
    if not np.any(vector):
        raise QueryError(f"nothing in the picture is known to {encoders.visual().spec.name}; try another, or words")
    return _shown(term, {Lane.VISUAL: vector})


def with_sound(term: Term, source: FileOrBytes, encoders: "Encoders") -> Term:
    """The term with a sound to be found in the sound lane.

    Raises InputError for what is no sound, QueryError for silence or if the encoder hears nothing it knows.
    """
    samples = audible(read_sound(source, SOUND_USED_S))
    encoder = encoders.sound()
    vector = encoder.embed_sounds([resampled(samples, encoder.sample_rate_hz)]).vectors[0]
    if not np.any(vector):
        raise QueryError(f"nothing in the sound is known to {encoder.spec.name}; try another recording, or words")
    return _shown(term, {Lane.SOUND: vector})


def with_clip(term: Term, store: VectorStore, catalog: "Catalog", encoders: "Encoders") -> Term:
    """The term with what its clip looks and sounds like; a term without a clip as it is.

    Raises VideoNotFoundError, InputError for a clip outside the video, QueryError if none of it is indexed.
    """
    if term.like is None:
        return term
    record = catalog.resolve(term.like.video)
    if record.status is not VideoStatus.INDEXED:
        raise InputError(f"{record.path} is {record.status}, not indexed; index it before searching by a clip of it")
    span = term.like.span
    if record.duration_s is not None and span.start_s >= record.duration_s:
        raise InputError(f"the clip starts at {span.start_s:g} s; {record.path} ends at {record.duration_s:g} s")
    where = VectorFilter(video_ids=frozenset({record.id}), during=span)
    vectors = {
        lane: mean_vector(store.fetch(encoders.spec(lane).space, where, MOST_WINDOWS), span) for lane in window_lanes()
    }
    found = {lane: vector for lane, vector in vectors.items() if vector is not None}
    if not found:
        if any(record.encoders.get(lane) != encoders.spec(lane).space for lane in window_lanes()):
            raise QueryError(
                f"{record.path} was indexed by an older version or by other models, and cannot be compared with what "
                f"these make; bring it up to date first: `moments reindex --video {record.id}`"
            )
        raise QueryError(
            f"nothing is indexed of {record.path} from {span.start_s:g} s to {span.end_s:g} s; choose another clip"
        )
    return replace(_shown(term, found), like=replace(term.like, video=record.id))


def _shown(term: Term, examples: Mapping[Lane, NDArray[np.float32]]) -> Term:
    if term.lane is not None and term.lane not in examples:
        raise InputError(f"words for lane {term.lane} cannot be mixed with an example for lane {', '.join(examples)}")
    return replace(term, examples=examples)


def mean_vector(windows: list[Hit], span: Span) -> NDArray[np.float32] | None:
    """The unit vector of the windows together, each counted by the time it shares with ``span``."""
    shared = [(hit.vector, hit.span.overlap_s(span)) for hit in windows]
    total = sum((vector * seconds for vector, seconds in shared if vector is not None), np.float32(0))
    length = float(np.linalg.norm(total))
    return np.asarray(total / length, np.float32) if length > 0 else None


def audible(samples: Samples) -> Samples:
    """The 16 kHz samples from the first to the last that is not silence."""
    size = round(_BLOCK_S * SPEECH_RATE_HZ)
    blocks = np.pad(samples, (0, -len(samples) % size)).reshape(-1, size)
    loudness = np.sqrt(np.mean(np.square(blocks), axis=1))
    heard = np.flatnonzero(loudness > max(AUDIBLE_SHARE * float(loudness.max(initial=0.0)), SILENCE_RMS))
    return samples[heard[0] * size : (heard[-1] + 1) * size] if len(heard) else samples[:0]


def resampled(samples: Samples, rate_hz: int) -> Samples:
    """The 16 kHz samples at another rate, in the way in which windows are before they are embedded."""
    if rate_hz == SPEECH_RATE_HZ:
        return samples
    positions = np.arange(0, len(samples), SPEECH_RATE_HZ / rate_hz)
    return np.asarray(np.interp(positions, np.arange(len(samples)), samples), np.float32)
