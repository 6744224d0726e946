"""Vectors of the units of each lane: windows for picture and sound, lines for speech and screen text."""

import hashlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.media.sound_file import Sound
from indexer.steps.attended import attended
from indexer.steps.spoken import Spoken
from retrieval.asking.examples import resampled
from retrieval.domain import Label, Span, Window
from retrieval.encoders.base import SPEECH_RATE_HZ, Embedding, EncoderSpec, SoundEncoder, VisualEncoder
from retrieval.encoders.lite_sound import LiteSoundEncoder, SoundTags
from retrieval.mono import SILENCE_RMS
from retrieval.storage.vectors import Point, SparseVector

FRAME_BATCH = 16
SOUND_BATCH = 32
TAGS_BATCH = 512

ReportShare = Callable[[float], None]
"""Told the share of a step that is done, 0 to 1; may raise, which ends the step."""


@dataclass(frozen=True, slots=True)
class UnitVectors:
    """Vectors (n, dim) of the units whose ordinals are given, with labels where the encoder has any."""

    ordinals: tuple[int, ...]
    vectors: NDArray[np.float32]
    labels: tuple[tuple[Label, ...], ...]


def _batches(count: int, size: int) -> Iterator[slice]:
    for start in range(0, count, size):
        yield slice(start, min(count, start + size))


def load_frame(file: Path) -> NDArray[np.uint8]:
    """One picture file as (height, width, 3) RGB."""
    from PIL import Image

    with Image.open(file) as picture:
        return np.asarray(picture.convert("RGB"), np.uint8)


def embed_frames(files: Sequence[Path], encoder: VisualEncoder, report: ReportShare) -> Embedding:
    """Every frame file embedded, in order. Pictures may change their size from one to the next."""
    vectors = np.zeros((len(files), encoder.spec.dim), np.float32)
    labels: list[tuple[Label, ...]] = [()] * len(files)
    for batch in _batches(len(files), FRAME_BATCH):

        def told(done: int = batch.start) -> None:
            report(done / len(files))

        frames = {row: load_frame(files[row]) for row in range(batch.start, batch.stop)}
        for shape in dict.fromkeys(frame.shape for frame in frames.values()):
            rows = [row for row, frame in frames.items() if frame.shape == shape]
            pictures = np.stack([frames[row] for row in rows])
            embedding = attended(partial(encoder.embed_frames, pictures), told)
            vectors[rows] = embedding.vectors
            for row, names in zip(rows, embedding.labels, strict=True):
                labels[row] = names
        told(batch.stop)
    return Embedding(vectors, tuple(labels))


def _best_labels(rows: Sequence[tuple[Label, ...]], limit: int = 5) -> tuple[Label, ...]:
    """The labels of several frames as one list: each name once, with its mean over the frames."""
    totals: dict[str, float] = {}
    for row in rows:
        for label in row:
            totals[label.name] = totals.get(label.name, 0.0) + label.score / len(rows)
    ranked = sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:limit]
    return tuple(Label(name, score) for name, score in ranked)


def pool_windows(frames: Embedding, frames_of: Sequence[Sequence[int]]) -> tuple[UnitVectors, tuple[int, ...]]:
    """One unit vector per window from its frames, and the index of the frame that stands for it best.

    Windows without any frame (audio only) are left out.
    """
    ordinals: list[int] = []
    vectors: list[NDArray[np.float32]] = []
    labels: list[tuple[Label, ...]] = []
    best: list[int] = []
    for ordinal, members in enumerate(frames_of):
        if not members:
            continue
        rows = frames.vectors[list(members)]
        mean = rows.mean(axis=0)
        mean /= max(float(np.linalg.norm(mean)), 1e-9)
        ordinals.append(ordinal)
        vectors.append(mean)
        labels.append(_best_labels([frames.labels[member] for member in members]))
        best.append(members[int(np.argmax(rows @ mean))])
    stacked = np.stack(vectors) if vectors else np.zeros((0, frames.vectors.shape[1]), np.float32)
    return UnitVectors(tuple(ordinals), stacked.astype(np.float32), tuple(labels)), tuple(best)


def embed_sounds(
    windows: Sequence[Window],
    sound: Sound,
    encoder: SoundEncoder,
    context_s: float,
    report: ReportShare,
) -> UnitVectors:
    """Windows that can be heard, embedded with ``context_s`` of sound around their middle at least.

    Silent windows are left out.
    """
    ordinals: list[int] = []
    vectors: list[NDArray[np.float32]] = []
    labels: list[tuple[Label, ...]] = []
    for batch in _batches(len(windows), SOUND_BATCH):
        clips: list[NDArray[np.float32]] = []
        heard: list[int] = []
        for window in windows[batch]:
            around = _around(window.span, context_s)
            clip = np.zeros(0, np.float32) if sound.is_silent(around) else _clip(sound, around)
            if len(clip) and float(np.sqrt(np.mean(clip**2))) > SILENCE_RMS:
                clips.append(resampled(clip, encoder.sample_rate_hz))
                heard.append(window.ordinal)
        if clips:
            share = batch.start / len(windows)
            embedding = attended(partial(encoder.embed_sounds, clips), partial(report, share))
            for ordinal, vector, names in zip(heard, embedding.vectors, embedding.labels, strict=True):
                if np.any(vector):
                    ordinals.append(ordinal)
                    vectors.append(vector)
                    labels.append(names)
        report(batch.stop / len(windows))
    stacked = np.stack(vectors) if vectors else np.zeros((0, encoder.spec.dim), np.float32)
    return UnitVectors(tuple(ordinals), stacked, tuple(labels))


def embed_tags(
    windows: Sequence[Window], tags: SoundTags, encoder: LiteSoundEncoder, report: ReportShare
) -> UnitVectors:
    """Windows in which a sound is heard, embedded from what was tagged."""
    ordinals: list[int] = []
    vectors = [np.zeros((0, encoder.spec.dim), np.float32)]
    labels: list[tuple[Label, ...]] = []
    for batch in _batches(len(windows), TAGS_BATCH):
        spans = [window.span for window in windows[batch]]
        embedding = attended(partial(encoder.embed_spans, tags, spans), partial(report, batch.start / len(windows)))
        heard = np.flatnonzero(embedding.vectors.any(axis=1))
        ordinals += [windows[batch.start + row].ordinal for row in heard.tolist()]
        vectors.append(embedding.vectors[heard])
        labels += [embedding.labels[row] for row in heard.tolist()]
        report(batch.stop / len(windows))
    return UnitVectors(tuple(ordinals), np.concatenate(vectors), tuple(labels))


def _around(span: Span, context_s: float) -> Span:
    spare_s = max(0.0, context_s - span.duration_s) / 2
    return Span(max(0.0, span.start_s - spare_s), span.end_s + spare_s)


def _clip(sound: Sound, span: Span) -> NDArray[np.float32]:
    start, end = round(span.start_s * SPEECH_RATE_HZ), round(span.end_s * SPEECH_RATE_HZ)
    return np.asarray(sound[start:end], dtype=np.float32) / 32768.0


def point_id(content_hash: str, spec: EncoderSpec, ordinal: int) -> str:
    """The same UUID for the same (content, lane, unit, encoder), so that a rerun writes the same points."""
    identity = f"{content_hash}:{spec.lane}:{ordinal}:{spec.fingerprint}".encode()
    return str(uuid.UUID(bytes=hashlib.sha256(identity).digest()[:16]))


def points(
    video_id: str,
    content_hash: str,
    spec: EncoderSpec,
    units: UnitVectors,
    spans: Sequence[Span],
    spoken: Sequence[Spoken],
    sparse: Sequence[SparseVector] | None = None,
) -> list[Point]:
    """What is written to the store: one point per unit; ``spans`` and ``spoken`` are by ordinal, ``sparse`` by row."""
    return [
        Point(
            point_id(content_hash, spec, ordinal),
            video_id,
            ordinal,
            spans[ordinal],
            units.vectors[row],
            sparse[row] if sparse is not None else None,
            spoken[ordinal].languages,
            spoken[ordinal].voices,
        )
        for row, ordinal in enumerate(units.ordinals)
    ]
