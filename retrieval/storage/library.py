"""The library: one data folder, its catalog and its vectors, opened together."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.errors import MomentsError, StorageError, VideoNotFoundError
from retrieval.settings import RetrievalSettings
from retrieval.storage.folder import DataFolder, LockName
from retrieval.storage.media_roots import MediaRoots

if TYPE_CHECKING:
    from retrieval.storage.vector_survey import Shortfall
    from retrieval.storage.vectors import VectorStore

LEASE_PATIENCE_S = 60.0
"""How long a process waits for another that works on the embedded vectors; a lease takes a second or so."""

LOOK_EVERY_S = 10.0
"""How long the answer of a look at the vectors stands, for those who ask all the time."""


class Library:
    """Catalog and vectors of one data folder.

    Embedded vectors belong to one process at a time. A command takes them for as long as it needs them
    (``vectors()`` is a lease); a server keeps them with ``keep_vectors`` until it closes.
    """

    def __init__(self, settings: RetrievalSettings, command: str) -> None:
        from retrieval.storage.catalog import Catalog
        from retrieval.storage.database import open_database
        from retrieval.storage.ownership import require_own_folder

        self.settings = settings
        self.command = command
        self.folder = DataFolder.create(settings.data_dir)
        self.roots = MediaRoots(settings.media_roots, self.folder.path)
        if settings.database_url is None:
            self.folder.require_catalog()
        self._engine = open_database(settings.database_url or self.folder.catalog_url)
        if settings.database_url is not None:
            try:
                require_own_folder(self._engine, self.folder)
            except MomentsError:
                self._engine.dispose()
                raise
        self.catalog: Catalog = Catalog(self._engine)
        self._file = _file_of(self.folder.catalog_file) if settings.database_url is None else None
        self._held = ExitStack()
        self._kept: VectorStore | None = None
        self._looking = threading.Lock()
        self._looked: tuple[str, float, Shortfall] | None = None

    def require_in_place(self) -> None:
        """Raises StorageError if the catalog's file was removed or replaced since it was opened.

        Reading goes on from a file that has no name any more; what is written to it would be lost.
        """
        if self._file is not None and self._file != _file_of(self.folder.catalog_file):
            raise StorageError(
                f"the catalog {self.folder.catalog_file} was removed or replaced while this process has it open: "
                "stop it, bring the data folder back from a backup, and start it again"
            )

    def __enter__(self) -> "Library":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the vectors and the database."""
        self._kept = None
        self._held.close()
        self._engine.dispose()

    @contextmanager
    def vectors(self) -> Iterator["VectorStore"]:
        """The vector store, for as long as the block runs. Raises DataFolderBusyError if another keeps it."""
        if self._kept is not None:
            yield self._kept
            return
        with self._open_vectors(None, LEASE_PATIENCE_S) as store:
            yield store

    def keep_vectors(self, url: str | None = None) -> None:
        """Keep the vector store open until the library closes; others find this process at ``url``."""
        if self._kept is None:
            self._kept = self._held.enter_context(self._open_vectors(url, LEASE_PATIENCE_S))

    @contextmanager
    def _open_vectors(self, url: str | None, wait_s: float) -> Iterator["VectorStore"]:
        if self.settings.qdrant_url is not None:
            from retrieval.storage.qdrant_server import ServerVectorStore

            server = ServerVectorStore.connect(self.settings.qdrant_url, self.settings.qdrant_api_key)
            try:
                yield server
            finally:
                server.close()
            return
        from retrieval.storage.qdrant_embedded import EdgeVectorStore

        with self.folder.hold(LockName.VECTORS, self.command, url=url, wait_s=wait_s):
            embedded = EdgeVectorStore(self.folder.vectors_dir)
            try:
                yield embedded
            finally:
                embedded.close()

    def shortfall(self) -> "Shortfall":
        """What a cheap look at the vectors finds missing, some seconds old at most.

        Raises StorageError if they cannot be read.
        """
        from retrieval.storage.vector_survey import shortfall

        version = self.catalog.version()
        with self._looking:
            if self._looked is None or self._looked[0] != version or time.monotonic() - self._looked[1] > LOOK_EVERY_S:
                with self.vectors() as store:
                    self._looked = version, time.monotonic(), shortfall(self.catalog, store)
            return self._looked[2]

    def thumbnails_of(self, video_id: str) -> Path:
        """Folder of the thumbnails of one video, named by milliseconds."""
        return self.folder.thumbnails_dir / video_id

    def remove_video(self, video_id: str) -> None:
        """Forget a video wholly: vectors, thumbnails, work in progress, catalog.

        A file that came by upload or from an address goes too, any other stays. The catalog's row goes last, so
        that a kill in the middle leaves something to remove again.
        """
        from retrieval.storage.records import VideoStatus

        self.catalog.set_status(video_id, VideoStatus.REMOVING)
        record = self.catalog.get(video_id)
        with self.vectors() as store:
            store.delete_videos([video_id])
        shutil.rmtree(self.thumbnails_of(video_id), ignore_errors=True)
        shutil.rmtree(self.folder.work_dir(video_id), ignore_errors=True)
        self.folder.work_lock(video_id).unlink(missing_ok=True)
        for path in record.paths if record is not None else ():
            if {video.id for video in self.catalog.at_path(path)} == {video_id}:
                self.folder.discard(Path(path))
        self.catalog.remove(video_id)

    def forget_voices(self, video_id: str | None = None) -> int:
        """How many voices were deleted, with their names: those of this video, or all there are.

        What was said stays, by nobody. The catalog's rows go last, so that a kill in the middle leaves some to forget.
        """
        with self.vectors() as store:
            store.forget_voices(video_id)
        return self.catalog.voices.forget(video_id)

    def forget_copy(self, video_id: str, path: str) -> None:
        """The video, which lies elsewhere, too, is not known by this path any more."""
        self.catalog.forget_paths(video_id, [path])
        self.folder.discard(Path(path))

    def sweep(self) -> None:
        """Finish removals: of videos whose path another one took, and those that a kill cut short.

        One that is being indexed anew is left alone. Called by whoever may index.
        """
        from retrieval.storage.records import VideoStatus

        for video_id in self.catalog.ids(status=VideoStatus.REMOVING):
            with suppress(_Busy, VideoNotFoundError), self.folder.working_on(video_id, _give_up):
                record = self.catalog.get(video_id)
                if record is not None and record.status is VideoStatus.REMOVING:
                    self.remove_video(video_id)


class _Busy(Exception):  # noqa: N818
    """Another is at work on the video."""


def _give_up() -> None:
    raise _Busy


def _file_of(path: Path) -> tuple[int, int]:
    """What tells the file from any other that comes to lie there; zeros if there is none."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino
