"""The backgrounds of a library's lanes, made when first searched and kept until the library changes."""

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retrieval.atomic import replacing, sweep_drafts
from retrieval.domain import Lane
from retrieval.lanes.background import background_texts
from retrieval.lanes.windows import SAMPLE, Background
from retrieval.storage.vectors import VectorStore

if TYPE_CHECKING:
    from retrieval.encoders.profiles import Encoders
    from retrieval.storage.library import Library


class Backgrounds:
    """What the windows of each lane are held against; safe to share between threads."""

    def __init__(self, library: "Library", encoders: "Encoders") -> None:
        self._library = library
        self._encoders = encoders
        self._kept: dict[str, Background] = {}
        self._making = threading.Lock()

    def of(self, store: VectorStore, lane: Lane, space: str, *, for_example: bool) -> Background:
        """The bank and a sample of the lane's windows in a space, kept for the next query.

        ``for_example``, what examples need.
        """
        key = f"{space}:{self._library.catalog.version()}"
        # One thread makes it, the others wait for it: the first searches of a server may come all at once.
        with self._making:
            kept = self._kept.get(key)
            if kept is None:
                kept = Background(self._bank(space, lane), store.sample(space, SAMPLE))
                others = {name: of for name, of in self._kept.items() if not name.startswith(f"{space}:")}
                self._kept = others | {key: kept}
            return kept.of_examples if for_example else kept

    def _bank(self, space: str, lane: Lane) -> NDArray[np.float32]:
        """Vectors of the background texts, computed once per space and kept in the data folder."""
        file = self._library.folder.models_dir / f"bank-{space}.npy"
        texts = background_texts()
        with suppress(OSError, EOFError, ValueError):  # missing, or cut off by a full disk
            kept: NDArray[np.float32] = np.load(file)
            if len(kept) == len(texts):
                return kept
        vectors = self._encoders.text_encoder(lane).embed_texts(texts)
        with suppress(OSError):  # on a full disk it is made again by the next process
            file.parent.mkdir(parents=True, exist_ok=True)
            sweep_drafts(file.parent, file.name)
            with replacing(file) as draft:
                np.save(draft, vectors)
        return vectors
