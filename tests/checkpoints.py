"""Tiny checkpoints in the formats of the real ones, so that tests drive the libraries' own loaders.

Weights are random from a fixed seed: vectors mean nothing, but the same input gives the same vector.
"""

import json
import os
from pathlib import Path
from typing import Any

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
    from whisper.model import ModelDimensions, Whisper

    torch = _prepared_torch()
    folder.mkdir(parents=True, exist_ok=True)
    dims = ModelDimensions(
        n_mels=80,
        n_audio_ctx=1500,
        n_audio_state=32,
        n_audio_head=2,
        n_audio_layer=1,
        n_vocab=51865,
        n_text_ctx=16,
        n_text_state=32,
        n_text_head=8,
        n_text_layer=6,
    )
    model = Whisper(dims)
    torch.nn.init.normal_(model.encoder.positional_embedding, std=0.02)
    torch.nn.init.normal_(model.decoder.positional_embedding, std=0.5)
    torch.save({"dims": vars(dims), "model_state_dict": model.state_dict()}, folder / "base.pt")
    return folder / "base.pt"
