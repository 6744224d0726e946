"""What the steps of indexing one video leave in its work folder, so that a killed run goes on from there."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from indexer.media.decoded import Decoded
from indexer.steps.embed import UnitVectors
from retrieval.atomic import replacing
from retrieval.domain import Label, ScreenText, Segment, SoundEvent, Span, SpeechOrigin, Voice, Word
from retrieval.errors import StorageError


class Artefacts:
    """The work folder of one video. Files appear whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def decode_folder(self) -> Path:
        """Folder of the decode step: frames, samples, signals."""
        return self.folder / "decoded"

    def decoded(self) -> Decoded:
        """What the decode step left."""
        decoded = Decoded.load(self.decode_folder)
        if decoded is None:
            raise StorageError(
                f"{self.decode_folder} is gone while its video is being indexed; `moments index --again` starts over"
            )
        return decoded

    def clear(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, name: str, write: Callable[[Path], None]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with replacing(self.folder / name) as draft:
            write(draft)

    def save_units(self, name: str, units: UnitVectors, **extra: Any) -> None:
        """Keep vectors under ``name``; ``extra`` is anything JSON can hold."""
        about = {
            "ordinals": units.ordinals,
            "labels": [[[label.name, label.score] for label in row] for row in units.labels],
            **extra,
        }

        def write(file: Path) -> None:
            with file.open("wb") as out:
                np.savez(out, vectors=units.vectors, about=np.array(json.dumps(about)))

        self._write(f"{name}.npz", write)

    def load_units(self, name: str) -> tuple[UnitVectors, dict[str, Any]]:
        """Vectors kept under ``name`` and what was kept with them."""
        with np.load(self.folder / f"{name}.npz") as stored:
            vectors = stored["vectors"]
            about: dict[str, Any] = json.loads(str(stored["about"]))
        labels = tuple(tuple(Label(label, score) for label, score in row) for row in about.pop("labels"))
        return UnitVectors(tuple(about.pop("ordinals")), vectors, labels), about

    def save_lines(self, name: str, lines: Sequence[Segment | ScreenText | SoundEvent]) -> None:
        """Keep segments, screen texts or sound events under ``name``."""
        text = json.dumps([asdict(line) for line in lines])

        def write(file: Path) -> None:
            file.write_text(text, encoding="utf-8")

        self._write(f"{name}.json", write)

    def _lines(self, name: str) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = json.loads((self.folder / f"{name}.json").read_text("utf-8"))
        for line in lines:
            line["span"] = Span(**line["span"])
        return lines

    def load_segments(self, name: str) -> tuple[Segment, ...]:
        """Segments kept under ``name``: what was transcribed, or subtitles."""
        segments = []
        for line in self._lines(name):
            words = tuple(Word(word["text"], Span(**word["span"]), word["confidence"]) for word in line.pop("words"))
            origin = SpeechOrigin(line.pop("origin"))
            segments.append(Segment(**line, words=words, origin=origin))
        return tuple(segments)

    def save_voices(self, voices: Sequence[Voice]) -> None:
        """Keep whose voices the segments' speakers are."""
        text = json.dumps([asdict(voice) for voice in voices])

        def write(file: Path) -> None:
            file.write_text(text, encoding="utf-8")

        self._write("voices.json", write)

    def voices(self) -> tuple[Voice, ...]:
        """Whose voices the segments' speakers are; none where nobody told them apart."""
        file = self.folder / "voices.json"
        kept: list[dict[str, Any]] = json.loads(file.read_text("utf-8")) if file.exists() else []
        return tuple(Voice(**{**voice, "vector": tuple(voice["vector"])}) for voice in kept)

    def load_screen_texts(self) -> tuple[ScreenText, ...]:
        return tuple(ScreenText(**line) for line in self._lines("screen_texts"))

    def load_sound_events(self) -> tuple[SoundEvent, ...]:
        return tuple(SoundEvent(**line) for line in self._lines("sound_events"))
