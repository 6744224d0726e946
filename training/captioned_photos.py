"""Photographs with captions, and what lite's eye makes of them."""

import io
import json
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from retrieval.encoders.base import Frames, Vectors
from retrieval.encoders.lite_visual import LiteVisualEncoder

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class CaptionedPhotos:
    """n photographs with their captions, in vectors.

    ``looks`` (n, LOOKS) are what the projection starts from, ``named`` (n, dim) the half of the vector that names
    things. ``captions`` (m, dim) are of the photographs ``owners`` (m,). ``squashed`` (n,) tells pictures that were
    made square, whatever shape they had.
    """

    looks: NDArray[np.float32]
    named: Vectors
    squashed: NDArray[np.bool_]
    captions: Vectors
    owners: Rows

    def __len__(self) -> int:
        return len(self.looks)

    def described(self) -> NDArray[np.float32]:
        """(n, dim) the mean vector of each photograph's captions."""
        sums = np.zeros((len(self), self.captions.shape[1]), np.float32)
        np.add.at(sums, self.owners, self.captions)
        counts = np.bincount(self.owners, minlength=len(self))
        return np.asarray(sums / counts[:, None], np.float32)

    def only(self, rows: Rows) -> "CaptionedPhotos":
        """Some of the photographs, with their captions."""
        place = np.full(len(self), -1)
        place[rows] = np.arange(len(rows))
        kept = place[self.owners] >= 0
        return CaptionedPhotos(
            self.looks[rows],
            self.named[rows],
            self.squashed[rows],
            self.captions[kept],
            place[self.owners[kept]],
        )


def read_photos(archive: Path, captions: Path, encoder: LiteVisualEncoder) -> CaptionedPhotos:
    """All photographs of an archive that the list tells the captions of, as the encoder sees them.

    The list is JSON: of each its ``file`` in the archive, ``captions``, and whether it was ``squashed`` to a square.
    """
    entries = json.loads(captions.read_text("utf-8"))
    seen = [encoder.see(picture[None]) for picture in _pictures(archive, [entry["file"] for entry in entries])]
    texts = [text.strip() for entry in entries for text in entry["captions"]]
    owners = [row for row, entry in enumerate(entries) for _ in entry["captions"]]
    return CaptionedPhotos(
        np.concatenate([one.looks for one in seen]),
        encoder.named(np.concatenate([one.probabilities for one in seen])),
        np.array([entry["squashed"] for entry in entries], bool),
        encoder.embed_texts(texts),
        np.array(owners, np.intp),
    )


def _pictures(archive: Path, names: Sequence[str]) -> Iterator[Frames]:
    with tarfile.open(archive) as tar:
        for name in names:
            file = tar.extractfile(name)
            if file is None:
                raise ValueError(f"{name} in {archive} is no file: the captions are of other photographs")
            yield np.asarray(Image.open(io.BytesIO(file.read())).convert("RGB"), np.uint8)
