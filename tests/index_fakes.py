"""Encoders for the real steps of indexing, fast, and slow where a test says so."""

import threading
import time
from dataclasses import dataclass, field, replace

from retrieval.domain import Lane
from retrieval.encoders.base import Embedding, EncoderSpec, Frames, TextEncoder, Transcriber
from tests.fakes import FakeEncoders, FakeVisual


class SlowVisual(FakeVisual):
    """Takes its time while it is told to."""

    def __init__(self, slow: threading.Event, looking: threading.Event) -> None:
        self._slow, self._looking = slow, looking

    def embed_frames(self, frames: Frames) -> Embedding:
        self._looking.set()
        while self._slow.is_set():
            time.sleep(0.01)
        return super().embed_frames(frames)


@dataclass
class IndexEncoders(FakeEncoders):
    """The fake ones, whose eyes can be held up."""

    slow: threading.Event = field(default_factory=threading.Event)
    looking: threading.Event = field(default_factory=threading.Event)

    def visual(self) -> FakeVisual:
        return SlowVisual(self.slow, self.looking)


@dataclass
class RevisedEncoders(IndexEncoders):
    """The fake encoders, of which some make spaces of another revision; ``used`` has the models that were asked for."""

    revisions: dict[Lane, str] = field(default_factory=dict)
    asked_by: str | None = "words"
    used: list[str] = field(default_factory=list)

    def spec(self, lane: Lane) -> EncoderSpec:
        spec = FakeEncoders.spec(self, lane)
        return replace(spec, revision=self.revisions.get(lane, spec.revision), asked_by=self._asked_by(lane))

    def _asked_by(self, lane: Lane) -> str | None:
        return self.asked_by if lane in (Lane.VISUAL, Lane.SOUND) else None

    def visual(self) -> FakeVisual:
        self.used.append("visual")
        return super().visual()

    def transcriber(self) -> Transcriber:
        self.used.append("transcriber")
        return super().transcriber()

    def text_encoder(self, lane: Lane) -> TextEncoder:
        return FakeEncoders.text_encoder(self, lane)
