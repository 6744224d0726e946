"""A video becomes searchable: decode it once, look, listen, transcribe, read, publish.

The only file that knows the order of the steps. Each step leaves what it made in the video's work folder
and is run through ``step``, which a durable workflow uses to skip what an earlier, killed run had finished.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from indexer.artefacts import Artefacts
from indexer.decode import DecodeOptions, decode
from indexer.probe import content_hash, probe
from indexer.publish import publish
from indexer.settings import IndexSettings
from indexer.stages import hear, listen, look, read
from indexer.subtitles import read_subtitles
from retrieval.domain import Lane
from retrieval.encoders.profiles import Encoders
from retrieval.errors import MomentsError
from retrieval.library import Library
from retrieval.storage.records import Failure, VideoRecord, VideoStatus

T = TypeVar("T")


class Step(Protocol):
    """Runs one named step, or returns what it returned when it was run before."""

    def __call__(self, name: str, run: Callable[[], T]) -> T: ...


Report = Callable[[str, float], None]
"""Called with a step's name and the share of it that is done, 0 to 1."""

STEPS: Mapping[str, float] = {
    "identify": 0.2,
    "decode": 3.0,
    "look": 4.0,
    "listen": 0.5,
    "transcribe": 6.0,
    "read": 4.0,
    "publish": 0.5,
}
"""The steps in order, with roughly how long each takes beside the others."""


class Status(StrEnum):
    """What became of one file."""

    INDEXED = "indexed"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file; ``seconds`` is the time that indexing took."""

    path: str
    video_id: str | None
    status: Status
    duration_s: float | None = None
    seconds: float = 0.0
    windows: int = 0
    warnings: tuple[str, ...] = ()
    failure: Failure | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "Outcome":
        failure = value["failure"]
        return cls(
            **{
                **value,
                "status": Status(value["status"]),
                "warnings": tuple(value["warnings"]),
                "failure": Failure(**failure) if failure else None,
            }
        )


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was looked at: its content's hash, and the id that follows from it."""

    path: str
    content_hash: str
    size_bytes: int
    modified_ns: int
    width: int | None
    height: int | None

    @property
    def video_id(self) -> str:
        return self.content_hash[:16]


def identify(path: Path) -> Source:
    """Who this file is. Raises MediaError for what is no media file."""
    picture = probe(path).video
    about = path.stat()
    return Source(
        str(path),
        content_hash(path),
        about.st_size,
        about.st_mtime_ns,
        picture.width if picture else None,
        picture.height if picture else None,
    )


class Indexer:
    """Puts files into one library with the encoders of one profile."""

    def __init__(self, library: Library, encoders: Encoders, settings: IndexSettings) -> None:
        self._library = library
        self._encoders = encoders
        self._settings = settings

    def index(self, path: Path, step: Step, report: Report) -> Outcome:
        """Index one file. A file that cannot be indexed is a failed outcome and leaves nothing behind."""
        try:
            begun = step("identify", lambda: self._identify(path))
        except MomentsError as error:
            return Outcome(str(path), None, Status.FAILED, failure=Failure(error.code, error.message))
        if begun["unchanged"] is not None:
            return Outcome.from_dict(begun["unchanged"])
        source = Source(**begun["source"])
        artefacts = Artefacts(self._library.folder.work_dir(source.video_id))
        models, window_s = self._encoders, self._settings.window_s
        told = {name: partial(report, name) for name in STEPS}
        try:
            step("decode", lambda: self._decode(source, artefacts, told["decode"]))
            step("look", lambda: look(artefacts, models.visual, window_s, told["look"]))
            step("listen", lambda: listen(artefacts, models.sound, window_s, told["listen"]))
            step(
                "transcribe",
                lambda: hear(artefacts, models.transcriber, models.voice_activity, told["transcribe"]),
            )
            step("read", lambda: read(artefacts, models.screen_reader, window_s, told["read"]))
            published = step("publish", lambda: self._publish(source, artefacts, begun["at"]))
        except MomentsError as error:
            artefacts.clear()
            seconds = time.time() - begun["at"]
            failure = Failure(error.code, error.message)
            return Outcome(source.path, source.video_id, Status.FAILED, seconds=seconds, failure=failure)
        artefacts.clear()
        return Outcome.from_dict(published)

    def _identify(self, path: Path) -> dict[str, Any]:
        """The file's identity and, if it is indexed by these encoders already, that outcome."""
        source = identify(path)
        known = self._library.catalog.get(source.video_id)
        unchanged = None
        if known is not None and known.status is VideoStatus.INDEXED and known.encoders == self._spaces():
            if known.path != source.path and not Path(known.path).exists():
                self._library.catalog.move(known.id, source.path, Path(source.path).stem)
            unchanged = Outcome(
                source.path,
                known.id,
                Status.UNCHANGED,
                duration_s=known.duration_s,
                windows=known.windows,
                warnings=known.warnings,
            ).as_dict()
        return {"source": asdict(source), "unchanged": unchanged, "at": time.time()}

    def _decode(self, source: Source, artefacts: Artefacts, report: Callable[[float], None]) -> None:
        info = probe(Path(source.path))
        expected_s = max(info.duration_s or 0.0, 1.0)
        options = DecodeOptions(fps=self._settings.sample_fps, skip=self._settings.skip)
        artefacts.clear()
        decode(
            info,
            artefacts.decode_folder,
            on_progress=lambda done_s: report(min(1.0, done_s / expected_s)),
            options=options,
        )
        artefacts.save_lines("subtitles", read_subtitles(info))

    def _publish(self, source: Source, artefacts: Artefacts, began_at: float) -> dict[str, Any]:
        record = VideoRecord(
            id=source.video_id,
            content_hash=source.content_hash,
            path=source.path,
            title=Path(source.path).stem,
            size_bytes=source.size_bytes,
            modified_ns=source.modified_ns,
            width=source.width,
            height=source.height,
            profile=self._encoders.profile,
            encoders=self._spaces(),
        )
        kept = publish(self._library, self._encoders, artefacts, record, self._settings.window_s, began_at)
        return Outcome(
            source.path,
            kept.id,
            Status.INDEXED,
            duration_s=kept.duration_s,
            seconds=kept.index_s or 0.0,
            windows=kept.windows,
            warnings=kept.warnings,
        ).as_dict()

    def _spaces(self) -> dict[Lane, str]:
        return {lane: self._encoders.spec(lane).space for lane in Lane}
