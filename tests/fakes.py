"""Encoders that know colours, pitches and words, and a small library whose every second is known."""

import uuid
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.steps.spoken import Spoken, spoken_during, spoken_in_lines
from retrieval.domain import Lane, Profile, ScreenText, Segment, Shot, Span, SpeechOrigin, Voice, Window, Word
from retrieval.encoders.base import (
    SPEECH_RATE_HZ,
    Embedding,
    EncoderSpec,
    Frames,
    Recording,
    Samples,
    TextEncoder,
    Transcriber,
    Vectors,
    VoiceEncoder,
)
from retrieval.encoders.registry import MODELS, Model, Role
from retrieval.encoders.voice_activity import Speech, SpeechFinder
from retrieval.errors import ModelUnavailableError
from retrieval.lanes.lane_table import LANES
from retrieval.lanes.outdated import CONSTRUCTION
from retrieval.lanes.terms import document_vector
from retrieval.settings import RetrievalSettings
from retrieval.storage.library import Library
from retrieval.storage.records import VideoContents, VideoRecord, VideoStatus, VideoWindow
from retrieval.storage.vectors import Point, Space, SparseVector

COLOURS = ("red", "green", "blue")
PITCHES_HZ = {"low": 200, "middle": 1000, "high": 4000}
DIM = 32
SHOT_S, WINDOW_S = 4.0, 2.0
VOICE_DIM = 256


def _unit(vectors: NDArray[np.floating]) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)


def _of_words(text: str, known: Sequence[str]) -> NDArray[np.float32]:
    """One axis per known word; any other word has one of the rest."""
    vector = np.zeros(DIM, np.float32)
    for word in text.lower().split():
        axis = known.index(word) if word in known else 4 + zlib.crc32(word.encode()) % (DIM - 4)
        vector[axis] += 1
    return vector


class FakeVisual:
    """A text-image space of red, green and blue; grey pictures are zero vectors."""

    spec = EncoderSpec("colours", Lane.VISUAL, DIM, "1")
    names = COLOURS

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        return _unit(np.stack([_of_words(text, COLOURS) for text in texts]))

    def embed_frames(self, frames: Frames) -> Embedding:
        means = frames.reshape(len(frames), -1, 3).mean(axis=1)
        vectors = np.zeros((len(frames), DIM))
        vectors[:, :3] = means - means.min(axis=1, keepdims=True)
        return Embedding(_unit(vectors), ((),) * len(frames))


class FakeSound:
    """A text-audio space of low, middle and high tones; what has no pitch is a zero vector."""

    spec = EncoderSpec("pitches", Lane.SOUND, DIM, "1")
    names = tuple(PITCHES_HZ)
    sample_rate_hz = 32_000

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        return _unit(np.stack([_of_words(text, list(PITCHES_HZ)) for text in texts]))

    def embed_sounds(self, clips: Sequence[Samples]) -> Embedding:
        vectors = np.zeros((len(clips), DIM))
        for row, clip in enumerate(clips):
            power = np.abs(np.fft.rfft(clip)) ** 2
            loudest = int(power.argmax())
            if power[max(0, loudest - 2) : loudest + 3].sum() > 0.5 * power.sum():
                hz = loudest * self.sample_rate_hz / len(clip)
                vectors[row, 0 if hz < 500 else 1 if hz < 2000 else 2] = 1
        return Embedding(_unit(vectors), ((),) * len(clips))


class FakeSentences:
    """A sentence space in which texts are alike as far as they share words."""

    spec = EncoderSpec("words", Lane.SPEECH, DIM, "1")

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        return _unit(np.stack([_of_words(text, ()) for text in texts]))

    embed_passages = embed_texts


@dataclass
class FakeTranscriber:
    """Hears ``text`` in every stretch of speech, and knows its ``translation``."""

    text: str = "somebody speaks"
    confidence: float = 0.9
    name: str = "fake"
    language: str = "en"
    translation: str | None = None

    def transcribe(self, samples: Samples, speech: Sequence[Span], *, translate: bool = False) -> Iterator[Segment]:
        for span in speech:
            assert span.end_s <= len(samples) / SPEECH_RATE_HZ + 1e-3
            yield Segment(
                span,
                self.text,
                (),
                self.language,
                self.confidence,
                SpeechOrigin.TRANSCRIBED,
                translation=self.translation if translate else None,
            )


@dataclass
class FakeVoiceActivity:
    """Finds somebody who speaks from the first sample to the last, or nobody."""

    probability: float | None = 0.9

    def find_speech(self, samples: Recording, _on_progress: Callable[[float], None] = lambda _: None) -> list[Speech]:
        if self.probability is None:
            return []
        return [Speech(Span(0.0, len(samples) / SPEECH_RATE_HZ), self.probability)]


class FakeVoiceEncoder:
    """Knows two voices: a low one, and one that is above 400 Hz."""

    spread = np.full(2, 20.0, np.float32)

    def embed_voices(self, samples: Recording, starts: Sequence[int]) -> Vectors:
        return np.stack([self._voice(samples[max(0, start) : start + 25_600]) for start in starts])

    def traits(self, vectors: Vectors) -> Vectors:
        return vectors * np.float32(4)

    def _voice(self, piece: NDArray[Any]) -> Vectors:
        crossings_hz = np.count_nonzero(np.diff(np.signbit(piece))) / 2 / (len(piece) / SPEECH_RATE_HZ)
        return np.array([crossings_hz <= 400, crossings_hz > 400], np.float32)


class NoReader:
    """Sees no text."""

    name = "none"

    def read(self, frame: Frames) -> list[ScreenText]:  # noqa: ARG002
        return []


_SPECS = {
    Lane.VISUAL: FakeVisual.spec,
    Lane.SOUND: FakeSound.spec,
    Lane.SPEECH: FakeSentences.spec,
    Lane.SCREEN: EncoderSpec("words", Lane.SCREEN, DIM, "1"),
}


@dataclass
class FakeEncoders:
    """The encoders above, in place of a profile's."""

    heard: Transcriber = field(default_factory=FakeTranscriber)
    voices: SpeechFinder = field(default_factory=FakeVoiceActivity)
    profile: Profile = Profile.LITE

    def models(self) -> tuple[Model, ...]:
        return tuple(MODELS[name] for name in ("lite-visual", "lite-sound", "minilm-l6"))

    def spec(self, lane: Lane) -> EncoderSpec:
        return _SPECS[lane]

    def text_encoder(self, lane: Lane) -> TextEncoder:
        of_role: dict[Role, TextEncoder] = {
            Role.VISUAL: self.visual(),
            Role.SOUND: self.sound(),
            Role.SENTENCE: self.sentences(),
        }
        return of_role[LANES[lane].role]

    def visual(self) -> FakeVisual:
        return FakeVisual()

    def sound(self) -> FakeSound:
        return FakeSound()

    def sentences(self) -> FakeSentences:
        return FakeSentences()

    def transcriber(self) -> Transcriber:
        return self.heard

    def screen_reader(self) -> NoReader:
        return NoReader()

    def voice_activity(self) -> SpeechFinder:
        return self.voices

    def voice_encoder(self) -> VoiceEncoder:
        raise ModelUnavailableError("Nobody tells voices apart here.")


@dataclass(frozen=True)
class FakeShot:
    """Four seconds: what is seen, what is heard, what is said, in which language, by which voice; empty for nothing."""

    colour: str = ""
    pitch: str = ""
    says: str = ""
    language: str | None = "en"
    speaker: int | None = None


_OTHERS = (FakeShot("green", "low"), FakeShot("blue", "middle"), FakeShot()) * 8
TWO_VIDEOS: Mapping[str, Sequence[FakeShot]] = {
    "a.mp4": (FakeShot("red", "high", "the budget is tight"), *_OTHERS, FakeShot("red", "low")),
    "b.mp4": (*_OTHERS, FakeShot("red", "high"), FakeShot("blue")),
}
"""A is red in [0, 4) and [100, 104), B in [96, 100); high tones are in A's [0, 4) and B's [96, 100)."""


def fill(
    library: Library, videos: Mapping[str, Sequence[FakeShot]], encoders: FakeEncoders, files: Path = Path("/videos")
) -> None:
    """Put videos into the library, each of shots of 4 s in windows of 2 s; ids are hashes of their names.

    ``files`` is the folder in which their files are said to lie.
    """
    random = np.random.default_rng(5)
    with library.vectors() as store:
        for lane in Lane:
            sparse = LANES[lane].has_terms
            store.ensure_space(Space(encoders.spec(lane).space, DIM, sparse))
            library.catalog.add_space(encoders.spec(lane))
        for name, shots in videos.items():
            record = _record(files / name, len(shots) * SHOT_S, encoders)
            contents = _contents(shots)
            for lane, points in _points(record.id, shots, contents, encoders, random).items():
                store.upsert(encoders.spec(lane).space, points)
            library.catalog.publish(record, contents)


def library_of(folder: Path, videos: Mapping[str, Sequence[FakeShot]], files: Path = Path("/videos")) -> Library:
    """An open library in ``folder`` with these videos."""
    library = Library(RetrievalSettings(data_dir=folder, profile=Profile.LITE), "test")
    fill(library, videos, FakeEncoders(), files)
    return library


def id_of(name: str) -> str:
    return f"{zlib.crc32(name.encode()):016x}"


def size_and_time(file: Path) -> tuple[int, int]:
    """Bytes and nanoseconds, as a record has them; of a file that does not exist, any."""
    return (file.stat().st_size, file.stat().st_mtime_ns) if file.exists() else (1, 1)


def _record(file: Path, duration_s: float, encoders: FakeEncoders) -> VideoRecord:
    return VideoRecord(
        id_of(file.name),
        id_of(file.name) * 2,
        str(file),
        file.name,
        *size_and_time(file),
        VideoStatus.INDEXING,
        duration_s,
        320,
        180,
        encoders.profile,
        {lane: encoders.spec(lane).space for lane in Lane},
        construction=CONSTRUCTION,
    )


def _contents(shots: Sequence[FakeShot]) -> VideoContents:
    per_shot = round(SHOT_S / WINDOW_S)
    spans = [Span(number * SHOT_S, (number + 1) * SHOT_S) for number in range(len(shots))]
    windows = [
        Window(number, number // per_shot, Span(number * WINDOW_S, (number + 1) * WINDOW_S))
        for number in range(len(shots) * per_shot)
    ]
    segments = [
        Segment(
            span,
            shot.says,
            _words(shot.says, span),
            shot.language,
            0.9,
            SpeechOrigin.TRANSCRIBED,
            speaker=shot.speaker,
        )
        for span, shot in zip(spans, shots, strict=True)
        if shot.says
    ]
    spoken = Counter(segment.speaker for segment in segments if segment.speaker is not None)
    voices = [
        Voice(number, tuple(np.eye(VOICE_DIM)[number].tolist()), SHOT_S * spoken[number], 1.0)
        for number in sorted(spoken)
    ]
    return VideoContents(
        voices=tuple(voices),
        shots=tuple(Shot(number, span) for number, span in enumerate(spans)),
        windows=tuple(VideoWindow(window, window.span.start_s + 0.5) for window in windows),
        segments=tuple(segments),
    )


def _words(text: str, span: Span) -> tuple[Word, ...]:
    words = text.split()
    step_s = span.duration_s / len(words)
    return tuple(
        Word(word, Span(span.start_s + number * step_s, span.start_s + (number + 1) * step_s), 0.9)
        for number, word in enumerate(words)
    )


def _points(
    video_id: str,
    shots: Sequence[FakeShot],
    contents: VideoContents,
    encoders: FakeEncoders,
    random: np.random.Generator,
) -> dict[Lane, list[Point]]:
    points: dict[Lane, list[Point]] = {Lane.VISUAL: [], Lane.SOUND: [], Lane.SPEECH: []}
    spoken = spoken_during([kept.window.span for kept in contents.windows], contents.segments, video_id)
    for kept in contents.windows:
        shot = shots[kept.window.shot_ordinal]
        for lane, word, encoder in (
            (Lane.VISUAL, shot.colour, encoders.visual()),
            (Lane.SOUND, shot.pitch, encoders.sound()),
        ):
            if word:
                vector = encoder.embed_texts([word])[0] + random.normal(0, 0.02, DIM).astype(np.float32)
                meanwhile = spoken[kept.window.ordinal]
                points[lane].append(_point(video_id, lane, kept.window.ordinal, kept.window.span, vector, meanwhile))
    own = spoken_in_lines(contents.segments, contents.segments, video_id)
    for ordinal, segment in enumerate(contents.segments):
        vector = encoders.sentences().embed_passages([segment.text])[0]
        points[Lane.SPEECH].append(
            _point(
                video_id,
                Lane.SPEECH,
                ordinal,
                segment.span,
                vector,
                own[ordinal],
                document_vector(segment.text, 10.0, segment.language),
            )
        )
    return points


def _point(
    video_id: str,
    lane: Lane,
    ordinal: int,
    span: Span,
    vector: NDArray[np.float32],
    spoken: Spoken,
    sparse: SparseVector | None = None,
) -> Point:
    identity = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{video_id}:{lane}:{ordinal}"))
    unit = _unit(vector[None])[0]
    return Point(identity, video_id, ordinal, span, unit, sparse, spoken.languages, spoken.voices)
