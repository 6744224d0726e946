"""Who a file is: its content's hash, how the file is now, and which subtitles lie beside it."""

import os
import unicodedata
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from indexer.media.apart import probe
from indexer.media.probe import hash_of
from indexer.subtitles.sidecars import find_sidecars
from retrieval.errors import MediaError, PathNotAllowedError
from retrieval.storage.media_roots import ANYWHERE, MediaRoots
from retrieval.storage.records import VideoFile


@dataclass(frozen=True, slots=True)
class IdentifiedFile:
    """A file that was looked at: its content's hash, and the id that follows from it."""

    path: str
    content_hash: str
    size_bytes: int
    modified_ns: int
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    """What the header claims."""
    recorded_at: datetime | None = None
    sidecars: Mapping[str, str] | None = None
    """Hashes of the subtitle files beside it, see ``VideoFile``."""

    @property
    def video_id(self) -> str:
        return self.content_hash[:16]

    @property
    def file(self) -> VideoFile:
        return VideoFile(self.path, self.size_bytes, self.modified_ns, self.sidecars)

    def as_dict(self) -> dict[str, Any]:
        """The file as the queue keeps it."""
        return asdict(self) | {"recorded_at": self.recorded_at.isoformat() if self.recorded_at else None}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> "IdentifiedFile":
        """What ``as_dict`` made of it, or that of an earlier version, which knew less."""
        recorded_at = value.get("recorded_at")
        return cls(**{**value, "recorded_at": datetime.fromisoformat(recorded_at) if recorded_at else None})


def identify(path: Path, waiting: Callable[[], None], roots: MediaRoots = ANYWHERE) -> IdentifiedFile:
    """Who this file is; ``waiting`` is called every moment meanwhile.

    Raises MediaError for what is no media file, PathNotAllowedError for what lies outside the roots.
    """
    info = probe(path, waiting, roots=roots)
    picture = info.video
    return replace(
        by_its_bytes(path, roots),
        width=picture.width if picture else None,
        height=picture.height if picture else None,
        duration_s=info.duration_s,
        recorded_at=info.recorded_at,
        sidecars=sidecar_hashes(path, roots),
    )


def by_its_bytes(path: Path, roots: MediaRoots = ANYWHERE) -> IdentifiedFile:
    """Who this file is, whatever is in it. Raises MediaError or PathNotAllowedError if it cannot be read."""
    with roots.opened(path) as file:
        # Before its bytes are read: a file that grows meanwhile is then seen to differ from what was read.
        about = os.fstat(file.fileno())
        content = hash_of(file)
    return IdentifiedFile(str(path), content, about.st_size, about.st_mtime_ns)


def sidecar_hashes(path: Path, roots: MediaRoots = ANYWHERE) -> dict[str, str]:
    """The hash of each subtitle file beside ``path`` that may be read, by the end of its name, as ``.en.srt``."""
    hashes = {}
    for sidecar in find_sidecars(path):
        with suppress(MediaError, PathNotAllowedError, OSError), roots.opened(sidecar.path) as file:
            hashes[_plain(sidecar.path.name).removeprefix(_plain(path.stem))] = hash_of(file)
    return hashes


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name)
