"""The backgrounds of a library's lanes, made when first searched and kept until the library changes."""

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retrieval.atomic import replacing, sweep_drafts
from retrieval.domain import Lane
from retrieval.encoders.base import ReferenceEncoder, TextEncoder
from retrieval.lanes.background import Background, background_texts
from retrieval.storage.vectors import VectorStore

if TYPE_CHECKING:
    from retrieval.encoders.profiles import Encoders
    from retrieval.storage.library import Library

SAMPLE = 1_000
"""Windows of a library that stand for all of them."""


class Backgrounds:
    """What the windows of each lane are held against; safe to share between threads."""

    def __init__(self, library: "Library", encoders: "Encoders") -> None:
        self._library = library
        self._encoders = encoders
        self._kept: dict[str, Background] = {}
        self._banks: dict[str, NDArray[np.float32]] = {}
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
                kept = self._made(store, space, lane)
                others = {name: of for name, of in self._kept.items() if not name.startswith(f"{space}:")}
                self._kept = others | {key: kept}
            return kept.of_examples if for_example else kept

    def bank(self, lane: Lane) -> NDArray[np.float32]:
        """Unit vectors (m, dim) of the background texts in the lane's space."""
        return self._bank(self._encoders.spec(lane).space, self._encoders.text_encoder(lane))

    def _made(self, store: VectorStore, space: str, lane: Lane) -> Background:
        encoder = self._encoders.text_encoder(lane)
        sample, windows = store.sample(space, SAMPLE), store.count(space)
        # Those of an encoder that has changed are of another space than windows indexed before.
        if isinstance(encoder, ReferenceEncoder) and encoder.spec.space == space:
            return Background(encoder.reference_texts(), sample, encoder.reference_vectors(), windows)
        return Background(self._bank(space, encoder), sample, windows=windows)

    def _bank(self, space: str, encoder: TextEncoder) -> NDArray[np.float32]:
        """Vectors of the background texts, computed once per space and kept here and in the data folder."""
        if space not in self._banks:
            self._banks[space] = self._made_bank(space, encoder)
        return self._banks[space]

    def _made_bank(self, space: str, encoder: TextEncoder) -> NDArray[np.float32]:
        file = self._library.folder.models_dir / f"bank-{space}.npy"
        texts = background_texts()
        with suppress(OSError, EOFError, ValueError):  # missing, or cut off by a full disk
            kept: NDArray[np.float32] = np.load(file)
            if len(kept) == len(texts):
                return kept
        vectors = encoder.embed_texts(texts)
        with suppress(OSError):  # on a full disk it is made again by the next process
            file.parent.mkdir(parents=True, exist_ok=True)
            sweep_drafts(file.parent, file.name)
            with replacing(file) as draft:
                np.save(draft, vectors)
        return vectors
