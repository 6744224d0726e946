import shutil
from pathlib import Path

import numpy as np
import pytest

from retrieval.domain import Lane
from retrieval.encoders.base import EncoderSpec, Frames
from retrieval.encoders.openclip import OpenClipEncoder
from retrieval.errors import ModelCorruptError
from tests import checkpoints

SPEC = EncoderSpec("tiny", Lane.VISUAL, 24, "1")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("open_clip")
    return {
        "clip": checkpoints.write_clip(root / "clip", SPEC.dim),
        "siglip": checkpoints.write_siglip(root / "siglip", SPEC.dim),
    }


@pytest.fixture(scope="module", params=["clip", "siglip"])
def folder(request: pytest.FixtureRequest, folders: dict[str, Path]) -> Path:
    return folders[request.param]


@pytest.fixture(scope="module")
def encoder(folder: Path) -> OpenClipEncoder:
    return OpenClipEncoder(folder, SPEC)


@pytest.fixture(scope="module")
def frames() -> Frames:
    """11 wide frames, more than a batch: smooth colour ramps, each turned a little further."""
    ramp = np.linspace(0, 255, 160, dtype=np.float32)[None, :, None] * np.ones((90, 1, 3), np.float32)
    return np.stack([np.roll(ramp, 13 * n, axis=1) for n in range(11)]).astype(np.uint8)


def test_frames_and_texts_are_unit_vectors_of_one_space(encoder: OpenClipEncoder, frames: Frames) -> None:
    embedding = encoder.embed_frames(frames)
    texts = encoder.embed_texts(["a dog", "the cat sleeps"])
    assert embedding.vectors.shape == (11, SPEC.dim)
    assert texts.shape == (2, SPEC.dim)
    assert embedding.vectors.dtype == texts.dtype == np.float32
    assert embedding.labels == ((),) * 11
    np.testing.assert_allclose(np.linalg.norm(np.vstack([embedding.vectors, texts]), axis=1), 1, atol=1e-5)


def test_a_frame_has_the_same_vector_alone_and_in_a_batch(encoder: OpenClipEncoder, frames: Frames) -> None:
    np.testing.assert_allclose(
        encoder.embed_frames(frames[9:10]).vectors[0], encoder.embed_frames(frames).vectors[9], atol=1e-5
    )


def test_preprocessing_in_batches_means_what_the_library_means_by_it(
    folder: Path, encoder: OpenClipEncoder, frames: Frames
) -> None:
    import open_clip
    import torch
    from PIL import Image

    noisy = np.random.default_rng(0).integers(0, 256, frames.shape, dtype=np.uint8)
    model, preprocess = open_clip.create_model_from_pretrained(f"local-dir:{folder}")
    for shown in (frames[:3], noisy[:3]):
        pictures = torch.stack([preprocess(Image.fromarray(frame)) for frame in shown])
        with torch.inference_mode():
            expected = model.eval().encode_image(pictures, normalize=True).numpy()
        cosines = (encoder.embed_frames(shown).vectors * expected).sum(axis=1)
        assert cosines.min() > 0.999


def test_texts_read_up_to_their_end_have_the_vectors_of_the_whole_context(encoder: OpenClipEncoder) -> None:
    import torch

    texts = ["a dog", "the cat sleeps and the dog barks at a mailman who whistles", ""]
    tokens = encoder._tokenizer(texts)
    with torch.inference_mode():
        expected = encoder._model.encode_text(tokens, normalize=True).numpy()
    np.testing.assert_allclose(encoder.embed_texts(texts), expected, atol=1e-5)


def test_nothing_in_gives_nothing_out(encoder: OpenClipEncoder) -> None:
    assert encoder.embed_texts([]).shape == (0, SPEC.dim)
    assert encoder.embed_frames(np.zeros((0, 90, 160, 3), np.uint8)).vectors.shape == (0, SPEC.dim)


def test_a_checkpoint_of_another_model_is_refused(folders: dict[str, Path]) -> None:
    with pytest.raises(ModelCorruptError, match="vectors of 24 numbers; other makes 512"):
        OpenClipEncoder(folders["clip"], EncoderSpec("other", Lane.VISUAL, 512, "1"))


def test_a_cut_off_checkpoint_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(folders["clip"], tmp_path / "cut")
    weights = folder / "open_clip_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(ModelCorruptError, match="tiny cannot be loaded"):
        OpenClipEncoder(folder, SPEC)
