"""The words of a query as they were probably meant, by what one library says and shows."""

from dataclasses import replace
from typing import TYPE_CHECKING

from retrieval.asking.dictionary import english, is_word_elsewhere
from retrieval.asking.query import Term
from retrieval.asking.spelling import Speller, Vocabulary

if TYPE_CHECKING:
    from retrieval.encoders.profiles import Encoders
    from retrieval.storage.library import Library


class QuerySpelling:
    """Corrects the terms of queries; safe to share between threads."""

    def __init__(self, library: "Library", encoders: "Encoders") -> None:
        self._library = library
        self._encoders = encoders
        self._words: tuple[str, Vocabulary] | None = None
        self._speller = Speller(english, self._vocabulary, self._is_known)

    def spelt(self, term: Term) -> Term:
        """The term with words that nobody writes so as they were probably meant."""
        text, corrected = self._speller.correct(term.text)
        return replace(term, text=text, corrected=corrected) if corrected else term

    def _vocabulary(self) -> Vocabulary:
        """The words of the library, kept until it changes."""
        catalog = self._library.catalog
        version = catalog.version()
        kept = self._words
        if kept is None or kept[0] != version:
            kept = self._words = (version, Vocabulary.of(catalog.contents.words_said_and_shown()))
        return kept[1]

    def _is_known(self, word: str) -> bool:
        """Whether a word that neither English nor the library has is right all the same."""
        names = (*self._encoders.visual().names, *self._encoders.sound().names)
        return is_word_elsewhere(word) or Vocabulary.of(names).has(word)
