"""Room on the disk that is promised to files on their way: what they announced fits, however many come at once."""

import json
import uuid
from pathlib import Path

import filelock

from retrieval.atomic import write_atomically
from retrieval.storage.room import require_room


class Promises:
    """What was promised in one data folder, by whatever process.

    A promise is a note of a file and its size to be. It holds for what is still to come of the file, and ends when the
    file is gone: moved to its place, deleted, or swept away after a kill. So nothing has to be given back.
    """

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "promised"

    def make(self, file: Path, size_bytes: int, what: str) -> None:
        """Make the empty file and promise it the room that it will need. Raises StorageFullError if there is none."""
        self._folder.mkdir(exist_ok=True)
        file.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(self._folder / "lock", thread_local=False):
            require_room(self._folder.parent, size_bytes, what, promised_bytes=self._outstanding())
            file.touch()
            try:
                write_atomically(
                    self._folder / f"{uuid.uuid4().hex}.json", json.dumps({"file": str(file), "size_bytes": size_bytes})
                )
            except BaseException:
                file.unlink()
                raise

    def _outstanding(self) -> int:
        """Bytes still to come of all files; notes of those that are gone are deleted."""
        total = 0
        for note in self._folder.glob("[!.]*.json"):
            promise = json.loads(note.read_text(encoding="utf-8"))
            try:
                total += max(0, promise["size_bytes"] - Path(promise["file"]).stat().st_size)
            except FileNotFoundError:
                note.unlink(missing_ok=True)
        return total
