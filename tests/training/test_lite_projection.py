"""The projection of lite's eye, learnt from made-up photographs whose captions follow from their looks."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open

from retrieval.encoders.base import Vectors
from retrieval.encoders.lite_visual import LiteVisualEncoder
from retrieval.unit_rows import unit_rows
from training.captioned_photos import CaptionedPhotos, read_photos
from training.lite_projection import folds, found, learnt, reference_pictures, save, unseen

COUNT, LOOKS, DIM = 300, 24, 16


def photos(seed: int = 1, squashed: float = 0.3) -> CaptionedPhotos:
    """Two captions a photograph, a linear map of its looks and noise; squashed pictures all look a bit otherwise."""
    rng = np.random.default_rng(seed)
    looks = rng.normal(size=(COUNT, LOOKS)).astype(np.float32)
    meant = looks @ np.random.default_rng(0).normal(size=(LOOKS, DIM)).astype(np.float32)
    is_squashed = rng.random(COUNT) < squashed
    owners = np.repeat(np.arange(COUNT), 2)
    captions = unit_rows((meant[owners] + rng.normal(0, 1, (len(owners), DIM))).astype(np.float32))
    named = unit_rows(rng.normal(size=(COUNT, DIM)).astype(np.float32))
    return CaptionedPhotos(looks + 5 * is_squashed[:, None].astype(np.float32), named, is_squashed, captions, owners)


def bank() -> Vectors:
    return unit_rows(np.random.default_rng(9).normal(size=(40, DIM)).astype(np.float32))


def test_captions_find_photographs_that_the_map_has_not_seen() -> None:
    made_up = photos()
    shares = found(made_up, unseen(made_up), bank())
    by_chance = found(made_up, made_up.named, bank())
    assert shares[1] > 0.7
    assert by_chance[1] < 0.1
    assert shares[1] <= shares[5] <= shares[10]


def test_a_perfect_vector_finds_its_photograph_always() -> None:
    made_up = photos()
    assert found(made_up, unit_rows(made_up.described()), bank())[10] > 0.99


def test_what_all_squashed_pictures_share_is_not_learnt() -> None:
    """The same picture, squashed or not, is said the same of: the projection is for pictures in their own shape."""
    own_shape, some_squashed = photos(squashed=0), photos(squashed=0.5)
    vectors = learnt(some_squashed).project(own_shape.looks)
    same = (vectors * learnt(own_shape).project(own_shape.looks)).sum(1)
    assert same.mean() > 0.97


def test_every_photograph_is_held_out_once_and_never_learnt_from_then() -> None:
    held_out = [
        row for seen, left in folds(103) for row in left.tolist() if not set(seen.tolist()) & set(left.tolist())
    ]
    assert sorted(held_out) == list(range(103))


def test_learning_twice_gives_the_same_map() -> None:
    one, other = learnt(photos()), learnt(photos())
    np.testing.assert_array_equal(one.matrix, other.matrix)
    np.testing.assert_array_equal(one.offset, other.offset)


def test_reference_pictures_are_some_of_the_vectors_once_each() -> None:
    vectors = photos().named
    chosen = reference_pictures(vectors, 100)
    assert len({row.tobytes() for row in chosen} & {row.tobytes() for row in vectors}) == 100


def test_the_map_is_saved_in_half_precision(tmp_path: Path) -> None:
    projection = learnt(photos())
    save(projection, tmp_path / "map.safetensors")
    with safe_open(tmp_path / "map.safetensors", "numpy") as file:
        matrix, offset = file.get_tensor("matrix"), file.get_tensor("offset")
    assert matrix.dtype == offset.dtype == np.float16
    np.testing.assert_allclose(matrix, projection.matrix, atol=1e-3)
    np.testing.assert_allclose(offset, projection.offset, atol=1e-3)


def archived(folder: Path, names: list[str]) -> tuple[Path, Path]:
    """Plain pictures of two colours in an archive, and a list of them with captions."""
    with tarfile.open(folder / "photos.tar", "w") as tar:
        for number, name in enumerate(names):
            file = io.BytesIO()
            Image.new("RGB", (96, 96), (200 * number, 40, 90)).save(file, "JPEG")
            member = tarfile.TarInfo(name)
            member.size = len(file.getvalue())
            tar.addfile(member, io.BytesIO(file.getvalue()))
    entries = [
        {"file": "one.jpg", "captions": [" a dark wall ", "a wall at night"], "squashed": True},
        {"file": "two.jpg", "captions": ["a pink wall"], "squashed": False},
    ]
    (folder / "captions.json").write_text(json.dumps(entries), "utf-8")
    return folder / "photos.tar", folder / "captions.json"


def test_photographs_are_read_as_the_encoder_sees_them(tmp_path: Path) -> None:
    encoder = LiteVisualEncoder()
    read = read_photos(*archived(tmp_path, ["one.jpg", "two.jpg"]), encoder)
    assert len(read) == 2
    assert read.squashed.tolist() == [True, False]
    assert read.owners.tolist() == [0, 0, 1]
    np.testing.assert_array_equal(read.captions[:1], encoder.embed_texts(["a dark wall"]))
    assert read.looks.shape == (2, 3560)
    assert np.abs(read.looks[0] - read.looks[1]).max() > 0.1
    described = read.described()
    np.testing.assert_allclose(described[0], read.captions[:2].mean(0), atol=1e-6)


def test_a_photograph_that_the_archive_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match=r"two\.jpg"):
        read_photos(*archived(tmp_path, ["one.jpg"]), LiteVisualEncoder())
