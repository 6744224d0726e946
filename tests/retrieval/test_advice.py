"""Advice for files that failed: every error that can end indexing has some."""

from collections.abc import Iterator

import pytest

from retrieval import errors
from retrieval.advice import ADVICE, what_to_do

ROOTS = (
    errors.MediaError,
    errors.DownloadError,
    errors.ForbiddenError,
    errors.ConflictError,
    errors.ModelError,
    errors.StorageError,
)
"""What indexing raises; all else of the tree answers requests."""


def tree(of: type[errors.MomentsError]) -> Iterator[type[errors.MomentsError]]:
    yield of
    for kind in of.__subclasses__():
        yield from tree(kind)


def test_every_error_that_ends_indexing_has_advice_and_nothing_else_has() -> None:
    codes = {kind.code for root in ROOTS for kind in tree(root) if kind.__module__ == errors.__name__}
    assert ADVICE.keys() == codes | {errors.INTERNAL_ERROR}


@pytest.mark.parametrize("text", ADVICE.values())
def test_advice_is_a_sentence_that_fits_under_a_title(text: str) -> None:
    assert text[0].isupper()
    assert text.endswith(".")
    assert len(text) <= 200


def test_a_code_of_another_version_has_advice_too() -> None:
    assert "try again" in what_to_do("warped")
