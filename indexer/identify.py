"""Who a file is: its content's hash, how the file is now, and which subtitles lie beside it."""

import hashlib
import unicodedata
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from indexer.apart import probe
from indexer.probe import content_hash
from indexer.sidecars import find_sidecars
from retrieval.storage.records import VideoFile


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was looked at: its content's hash, and the id that follows from it."""

    path: str
    content_hash: str
    size_bytes: int
    modified_ns: int
    width: int | None
    height: int | None
    duration_s: float | None = None
    """What the header claims."""
    recorded_at: str | None = None
    """As ISO 8601 has it."""
    sidecars: Mapping[str, str] | None = None
    """Hashes of the subtitle files beside it, see ``VideoFile``."""

    @property
    def video_id(self) -> str:
        return self.content_hash[:16]

    @property
    def file(self) -> VideoFile:
        return VideoFile(self.path, self.size_bytes, self.modified_ns, self.sidecars)


def identify(path: Path, waiting: Callable[[], None]) -> Source:
    """Who this file is. Raises MediaError for what is no media file; ``waiting`` is called every moment meanwhile."""
    info = probe(path, waiting)
    picture = info.video
    # Before its bytes are read: a file that grows meanwhile is then seen to differ from what was read.
    about = path.stat()
    return Source(
        str(path),
        content_hash(path),
        about.st_size,
        about.st_mtime_ns,
        picture.width if picture else None,
        picture.height if picture else None,
        info.duration_s,
        info.recorded_at.isoformat() if info.recorded_at else None,
        sidecar_hashes(path),
    )


def sidecar_hashes(path: Path) -> dict[str, str]:
    """The hash of each subtitle file beside ``path``, by the end of its name, as ``.en.srt``."""
    hashes = {}
    for sidecar in find_sidecars(path):
        with suppress(OSError):
            content = hashlib.blake2b(sidecar.path.read_bytes(), digest_size=16)
            hashes[_plain(sidecar.path.name).removeprefix(_plain(path.stem))] = content.hexdigest()
    return hashes


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name)
