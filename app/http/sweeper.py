"""Deletes, every hour, what nobody will come back for."""

import logging
import threading

from indexer.jobs.queue import IndexJobs
from indexer.leftovers import sweep_files
from indexer.uploads import Uploads
from retrieval.errors import MomentsError
from retrieval.storage.library import Library

EVERY_S = 3600.0

_log = logging.getLogger(__name__)


class Sweeper:
    """A thread beside the server, from ``start`` to ``stop``."""

    def __init__(self, library: Library, jobs: IndexJobs, uploads: Uploads) -> None:
        self._library = library
        self._jobs = jobs
        self._uploads = uploads
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                self._uploads.sweep()
                sweep_files(self._library, self._jobs)
            except (MomentsError, OSError) as error:
                _log.warning("cannot sweep the data folder: %s", error)
            if self._ending.wait(EVERY_S):
                return
