"""Encoders for the real steps of indexing, fast, and slow where a test says so."""

import threading
import time
from dataclasses import dataclass, field

from retrieval.encoders.base import Embedding, Frames
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
