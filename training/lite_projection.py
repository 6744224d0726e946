"""Learn what people say of pictures: a linear map from what EfficientNet-Lite0 sees to vectors of sentences.

    python -m training.lite_projection --photos captioned.tar --captions captioned.json \\
        --out retrieval/encoders/weights/lite_projection.safetensors \\
        --pictures retrieval/encoders/weights/lite_pictures.safetensors

Ridge regression from looks to the mean vector of each photograph's captions, over their principal components. Beside
the map, references are written: what photographs in general look like, each by a map that has not seen it, and what
people say of others.
Three minutes of one core, nearly all of it the network's. To be made anew with every change of what the encoder sees.
"""

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from scipy.stats import hypergeom

from retrieval.encoders.base import Vectors
from retrieval.encoders.lite_visual import LiteVisualEncoder, mixed
from retrieval.encoders.projection import Projection, References
from retrieval.lanes.background import background_texts
from retrieval.lanes.calibration import locally_scaled, neighbourhood
from training.captioned_photos import CaptionedPhotos, Rows, read_photos

COMPONENTS = 640
HALF = 0.25
"""The power of their variances that components are divided by: 0 leaves them, 0.5 would make all of them equal."""
RIDGE_A_PHOTO = 1.1
FOLDS = 5
GALLERY = 60
PICTURES, CAPTIONS = 1000, 500


def learnt(photos: CaptionedPhotos) -> Projection:
    """The map that puts photographs near what is said of them."""
    # Pictures that were made square look a little different, all of them: that is not what they show.
    means = {squashed: photos.looks[photos.squashed == squashed].mean(0) for squashed in set(photos.squashed.tolist())}
    looks = photos.looks - np.stack([means[squashed] for squashed in photos.squashed.tolist()])
    scale = looks.std(0) + 1e-6
    looks = (looks / scale).astype(np.float64)
    variances, axes = np.linalg.eigh(looks.T @ looks / len(looks))
    kept = slice(-1, -1 - min(COMPONENTS, len(looks)), -1)
    axes = axes[:, kept] / np.maximum(variances[kept], 1e-9) ** HALF
    inputs = looks @ axes
    described = photos.described().astype(np.float64)
    ridge = RIDGE_A_PHOTO * len(photos) * np.eye(inputs.shape[1])
    solved = np.linalg.solve(inputs.T @ inputs + ridge, inputs.T @ (described - described.mean(0)))
    matrix = (axes @ solved) / scale[:, None]
    usual = means.get(False, photos.looks.mean(0))
    return Projection(matrix.astype(np.float32), (-usual @ matrix).astype(np.float32))


def folds(count: int) -> Iterator[tuple[Rows, Rows]]:
    """What is learnt from and what is held out, ``FOLDS`` times: everything is held out once."""
    order = np.random.default_rng(1).permutation(count)
    for fold in range(FOLDS):
        held_out = np.sort(order[fold::FOLDS])
        yield np.setdiff1d(np.arange(count), held_out), held_out


def unseen(photos: CaptionedPhotos) -> Vectors:
    """(n, dim) where each photograph is put by a map learnt from the other folds."""
    described = np.zeros_like(photos.named)
    for seen, held_out in folds(len(photos)):
        described[held_out] = learnt(photos.only(seen)).project(photos.looks[held_out])
    return described


def found(photos: CaptionedPhotos, vectors: Vectors, bank: Vectors) -> dict[int, float]:
    """How likely a caption finds its photograph among the first so many of ``GALLERY``, by vectors (n, dim).

    Scores are scaled locally, by the captions of a bank; a gallery is any of its fold, the share that of all.
    """
    firsts = (1, 5, 10)
    shares = np.zeros((len(photos), len(firsts)))
    for _, held_out in folds(len(photos)):
        part = photos.only(held_out)
        scores = locally_scaled(part.captions @ vectors[held_out].T, neighbourhood(vectors[held_out] @ bank.T))
        better = (scores > scores[np.arange(len(scores)), part.owners][:, None]).sum(1)
        for column, first in enumerate(firsts):
            chance = hypergeom.cdf(first - 1, len(part) - 1, better, min(GALLERY, len(part)) - 1)
            of_photo = np.bincount(part.owners, chance, len(part)) / np.bincount(part.owners, minlength=len(part))
            shares[held_out, column] = of_photo
    return {first: float(share) for first, share in zip(firsts, shares.mean(0), strict=True)}


def references(
    photos: CaptionedPhotos, vectors: Vectors, pictures: int = PICTURES, captions: int = CAPTIONS
) -> References:
    """Some of the vectors (n, dim), and a caption each of other photographs, drawn at random."""
    rng = np.random.default_rng(2)
    order = rng.permutation(len(vectors))
    others = order[pictures : pictures + captions]
    chosen = [int(rng.choice(np.flatnonzero(photos.owners == photo))) for photo in np.sort(others)]
    return References(vectors[np.sort(order[:pictures])], photos.captions[chosen])


def save(made: Projection | References, to: Path) -> None:
    save_file({name: array.astype(np.float16) for name, array in asdict(made).items()}, to)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("photos", "captions", "out", "pictures"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    options = parser.parse_args()
    encoder = LiteVisualEncoder(projection=options.out, pictures=options.pictures)
    photos = read_photos(options.photos, options.captions, encoder)
    bank = encoder.embed_texts(background_texts())
    described = unseen(photos)
    both = mixed(photos.named, described)
    print(f"{len(photos)} photographs, {len(photos.captions)} captions")
    for name, vectors in (("named", photos.named), ("described", described), ("both", both)):
        shares = ", ".join(
            f"{100 * share:.1f} % in the first {first}" for first, share in found(photos, vectors, bank).items()
        )
        print(f"{name}: {shares}")
    save(learnt(photos), options.out)
    save(references(photos, both), options.pictures)


if __name__ == "__main__":
    main()
