"""The vectors that a query is searched with: of its words, all of one encoder at once, and of its examples."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retrieval.asking.query import Query, Term, lane_weights
from retrieval.domain import Lane

if TYPE_CHECKING:
    from retrieval.encoders.profiles import Encoders


class QueryVectors:
    """Unit vectors (dim,) of one query's terms by lane; each text is embedded once by each encoder, when first asked.

    Only with its other terms of the same lane, so that a lane that no term is searched in costs nothing.
    """

    def __init__(self, encoders: "Encoders", terms: Iterable[Term], query: Query) -> None:
        self._encoders = encoders
        self._texts: dict[Lane, list[str]] = {lane: [] for lane in Lane}
        for term in terms:
            for lane in lane_weights(term, query.lanes, query.weights):
                if term.text and term.text not in self._texts[lane]:
                    self._texts[lane].append(term.text)
        self._of_words: dict[tuple[str, str], NDArray[np.float32]] = {}

    def of(self, lane: Lane, term: Term) -> NDArray[np.float32]:
        """That of the term's words, of its example, or of both mixed."""
        example = term.examples.get(lane)
        if example is None:
            return self._words(lane, term.text)
        if not term.text:
            return example
        mixed: NDArray[np.float32] = term.text_share * self._words(lane, term.text) + (1.0 - term.text_share) * example
        mixed /= max(float(np.linalg.norm(mixed)), 1e-9)
        return mixed

    def _words(self, lane: Lane, text: str) -> NDArray[np.float32]:
        encoder = self._encoders.text_encoder(lane)
        name = encoder.spec.fingerprint
        if (name, text) not in self._of_words:
            wanted = list(dict.fromkeys([text, *self._texts[lane]]))
            missing = [one for one in wanted if (name, one) not in self._of_words]
            found = encoder.embed_texts(missing)
            self._of_words |= {(name, one): vector for one, vector in zip(missing, found, strict=True)}
        return self._of_words[name, text]
