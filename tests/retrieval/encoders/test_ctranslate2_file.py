"""Whisper out of CTranslate2's format, compared with what CTranslate2 itself makes of it."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from retrieval.encoders.ctranslate2_file import load_whisper, whisper_checkpoint
from retrieval.errors import ModelCorruptError
from tests import checkpoints

PROMPT = [50258, 50259, 50359, 50363]
"""Start of transcript, English, transcribe, no timestamps."""

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str | None], Path]:
    """The tiny checkpoint in a quantization of CTranslate2's, written once."""
    made: dict[str | None, Path] = {}

    def write(quantization: str | None) -> Path:
        if quantization not in made:
            folder = tmp_path_factory.mktemp("ctranslate2")
            made[quantization] = checkpoints.write_ctranslate2_whisper(folder, quantization)
        return made[quantization]

    return write


def ctranslates_logits(folder: Path, mel: NDArray[np.float32], steps: int) -> tuple[list[int], NDArray[np.float32]]:
    """Tokens that CTranslate2 finds most likely one after the other, counting in float32, and the logits of each."""
    import ctranslate2

    model = ctranslate2.models.Whisper(str(folder), compute_type="float32")
    found = model.generate(
        ctranslate2.StorageView.from_array(mel[None]),
        [PROMPT],
        beam_size=1,
        max_length=len(PROMPT) + steps,
        suppress_blank=False,
        suppress_tokens=None,
        return_logits_vocab=True,
    )[0]
    return found.sequences_ids[0], np.stack([np.array(logits) for logits in found.logits[0]])


def torchs_logits(model: Any, mel: NDArray[np.float32], tokens: list[int]) -> NDArray[np.float32]:
    import torch

    with torch.inference_mode():
        features = model.encoder(torch.from_numpy(mel[None]))
        logits = model.decoder(torch.tensor([PROMPT + tokens]), features)
    return np.asarray(logits[0, len(PROMPT) - 1 :].numpy(), np.float32)


def assert_same(folder: Path, mel: NDArray[np.float32], steps: int) -> None:
    tokens, theirs = ctranslates_logits(folder, mel, steps)
    assert len(theirs) >= 3
    ours = torchs_logits(load_whisper(folder / "model.bin", "cpu"), mel, tokens)[: len(theirs)]
    assert (ours.argmax(axis=1) == theirs.argmax(axis=1)).all()
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-4)


def some_mel() -> NDArray[np.float32]:
    return np.random.default_rng(3).normal(0, 0.5, (80, 3000)).astype(np.float32)


@pytest.mark.parametrize("quantization", [None, "float16", "bfloat16", "int8", "int16", "int8_float16"])
def test_openai_whisper_counts_as_ctranslate2_does(
    written: Callable[[str | None], Path], quantization: str | None
) -> None:
    assert_same(written(quantization), some_mel(), steps=6)


def test_the_real_weights_count_as_ctranslate2_does(whisper_base: Path) -> None:
    assert_same(whisper_base, some_mel(), steps=8)


def test_it_is_a_checkpoint_that_openai_whisper_loads_from_a_file(
    written: Callable[[str | None], Path], tmp_path: Path
) -> None:
    import torch
    import whisper

    path = written("float16") / "model.bin"
    dims, state = whisper_checkpoint(path)
    tensors = {name: torch.from_numpy(values) for name, values in state.items()}
    torch.save({"dims": dims, "model_state_dict": tensors}, tmp_path / "base.pt")
    loaded = whisper.load_model(str(tmp_path / "base.pt"), device="cpu")
    mel = some_mel()
    assert (torchs_logits(loaded, mel, [5]) == torchs_logits(load_whisper(path, "cpu"), mel, [5])).all()


def broken(body: bytes) -> dict[str, tuple[bytes, str]]:
    """Files that are none, and what is said of each."""
    name = struct.pack("<H", 12) + b"WhisperSpec\0"
    return {
        "empty": (b"", "empty"),
        "cut short": (body[: len(body) // 2], "it ends after"),
        "too long": (body + b"\0", "1 bytes behind its end"),
        "another version": (struct.pack("<I", 5) + body[4:], "version 5 of the format, not 6"),
        "another model": (body.replace(b"WhisperSpec", b"LlamaModels", 1), "it holds a LlamaModels"),
        "without a layer": (
            body.replace(b"/ffn/linear_1/bias", b"/ffn/linear_1/bios", 1),
            "it has no 'decoder/layer_0",
        ),
        "an unknown type": (
            struct.pack("<I", 6) + name + struct.pack("<IIH", 3, 1, 2) + b"a\0" + bytes([0, 9, 4, 0, 0, 0]),
            "unknown type 9",
        ),
        "a wrong size": (
            struct.pack("<I", 6) + name + struct.pack("<IIH", 3, 1, 2) + b"a\0" + bytes([0, 0, 9, 0, 0, 0]),
            "has 9 bytes",
        ),
    }


@pytest.mark.parametrize("kind", broken(b""))
def test_what_is_no_whisper_is_told_as_such(written: Callable[[str | None], Path], tmp_path: Path, kind: str) -> None:
    body, said = broken((written("float16") / "model.bin").read_bytes())[kind]
    path = tmp_path / "model.bin"
    path.write_bytes(body)
    with pytest.raises(ModelCorruptError, match=rf"{path} is no Whisper of CTranslate2's: .*{said}"):
        whisper_checkpoint(path)


def test_a_file_that_is_not_there_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(ModelCorruptError, match="No such file"):
        whisper_checkpoint(tmp_path / "model.bin")
