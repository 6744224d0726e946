"""Speech to text of all profiles: Whisper, by faster-whisper or openai-whisper."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from retrieval.domain import Segment, Span
from retrieval.encoders.base import Samples
from retrieval.encoders.ctranslate2_file import load_whisper
from retrieval.encoders.listening import Aligned, Heard, listen
from retrieval.encoders.torch_runtime import Device, loading

if TYPE_CHECKING:
    from torch import Tensor

WINDOW_FRAMES = 3000
"""Whisper always encodes this many frames of 10 ms, however short the clip."""

MAX_TOKENS = 224
"""Twice as many as 28 s of fast speech have: where it goes on saying one thing, it is stopped here."""

BEAM_SIZE = 5
"""Ways of going on that are kept in mind at once: 1.7 of 100 words fewer come out wrong than with one, for a sixth
more time. What such a search likes to repeat is heard again (``listening.py``)."""

_COMPUTE_TYPES: dict[Device, str] = {"cpu": "int8", "cuda": "float16"}
"""What CTranslate2 counts in: the smallest numbers that are fast there and lose no words."""


class WhisperTranscriber:
    """Segments from a checkpoint of openai-whisper, or from CTranslate2's ``model.bin``, by openai-whisper.

    ``size`` names the official model it is, as in ``base``.

    Decodes at temperature 0: the same sound gives the same words, and what comes out badly keeps the figures that
    say so.
    """

    def __init__(self, checkpoint: Path, size: str, device: Device = "cpu") -> None:
        import whisper

        with loading(f"whisper-{size}", checkpoint):
            if checkpoint.suffix == ".bin":
                model = load_whisper(checkpoint, device)
            else:
                model = whisper.load_model(str(checkpoint), device=device)
            # Only official names bring along which attention heads follow the words in time.
            model.set_alignment_heads(whisper._ALIGNMENT_HEADS[size])
        self._ear = _OpenaiWhisper(model, is_half=device == "cuda")
        self._size = size

    @property
    def name(self) -> str:
        return f"whisper-{self._size}"

    def transcribe(self, samples: Samples, speech: Sequence[Span], *, translate: bool = False) -> Iterator[Segment]:
        return listen(samples, speech, self._ear, translate=translate)


class FasterWhisperTranscriber:
    """Segments from a folder in CTranslate2's format: the same words as openai-whisper's, in less time."""

    def __init__(self, folder: Path, size: str, device: Device = "cpu") -> None:
        import faster_whisper

        with loading(f"whisper-{size}", folder):
            model: Any = faster_whisper.WhisperModel(
                str(folder),
                device=device,
                compute_type=_COMPUTE_TYPES[device],
                local_files_only=True,
            )
        self._ear = _FasterWhisper(model)
        self._size = size

    @property
    def name(self) -> str:
        return f"whisper-{self._size}"

    def transcribe(self, samples: Samples, speech: Sequence[Span], *, translate: bool = False) -> Iterator[Segment]:
        return listen(samples, speech, self._ear, translate=translate)


class _FasterWhisper:
    """Whisper's steps by CTranslate2, with faster-whisper's features and spelling."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def encode(self, clip: Samples) -> NDArray[Any]:
        features = self._model.feature_extractor(clip)[:, :WINDOW_FRAMES]
        features = np.pad(features, ((0, 0), (0, WINDOW_FRAMES - features.shape[1])))
        encoded: NDArray[Any] = _as_array(self._model.encode(features))[0]
        return encoded

    def languages(self, encoded: NDArray[Any]) -> Mapping[str, float]:
        found = self._model.model.detect_language(_as_storage(encoded))[0]
        return {token.strip("<|>"): probability for token, probability in found}

    def words(self, encoded: NDArray[Any], language: str, frames: int) -> Heard:
        tokenizer = self._tokenizer(language, "transcribe")
        features = _as_storage(encoded)
        result = self._generated(features, tokenizer)
        tokens = result.sequences_ids[0]
        text = [token for token in tokens if token < tokenizer.eot]
        aligned = self._model.find_alignment(tokenizer, [text], features, 2 * frames)[0]
        return Heard(
            [Aligned(one["word"], one["start"], one["end"], one["probability"]) for one in aligned],
            # The score is the mean over the tokens; the end, which is likely, counts as one of them in Whisper's own.
            result.scores[0] * len(tokens) / (len(tokens) + 1),
            result.no_speech_prob,
        )

    def translated(self, encoded: NDArray[Any], language: str) -> str:
        tokenizer = self._tokenizer(language, "translate")
        tokens = self._generated(_as_storage(encoded), tokenizer).sequences_ids[0]
        text: str = tokenizer.decode([token for token in tokens if token < tokenizer.eot])
        return text.strip()

    def _tokenizer(self, language: str, task: str) -> Any:
        from faster_whisper.tokenizer import Tokenizer

        return Tokenizer(self._model.hf_tokenizer, True, task=task, language=language)

    def _generated(self, features: Any, tokenizer: Any) -> Any:
        from faster_whisper.transcribe import get_suppressed_tokens

        prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        return self._model.model.generate(
            features,
            [prompt],
            beam_size=BEAM_SIZE,
            max_length=len(prompt) + MAX_TOKENS,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=get_suppressed_tokens(tokenizer, [-1]),
        )[0]


def _as_storage(encoded: NDArray[Any]) -> Any:
    import ctranslate2

    return ctranslate2.StorageView.from_array(np.ascontiguousarray(encoded[None]))


def _as_array(storage: Any) -> NDArray[Any]:
    import ctranslate2

    return np.array(storage.to_device(ctranslate2.Device.cpu))


class _OpenaiWhisper:
    """Whisper's steps by openai-whisper, greedily: it is slow, and slower where it keeps several ways in mind."""

    def __init__(self, model: Any, is_half: bool) -> None:
        self._model = model
        self._is_half = is_half
        # While it decodes, the library hangs its memory of past words on the model itself: one clip at a time.
        self._listening = threading.Lock()

    def encode(self, clip: Samples) -> "Tensor":
        import torch
        from whisper.audio import log_mel_spectrogram, pad_or_trim

        features = pad_or_trim(log_mel_spectrogram(clip, self._model.dims.n_mels), WINDOW_FRAMES)
        with torch.inference_mode():
            encoded: Tensor = self._model.encoder(self._as_numbers(features)[None])[0]
        return encoded

    def languages(self, encoded: "Tensor") -> Mapping[str, float]:
        import torch

        tokenizer = self._tokenizer(None)
        start = torch.tensor([[tokenizer.sot]], device=encoded.device)
        with self._listening, torch.inference_mode():
            logits = self._model.logits(start, encoded[None])[0, 0, list(tokenizer.all_language_tokens)]
        return dict(zip(tokenizer.all_language_codes, logits.float().softmax(-1).tolist(), strict=True))

    def words(self, encoded: "Tensor", language: str, frames: int) -> Heard:
        from whisper.decoding import DecodingOptions, decode
        from whisper.timing import find_alignment

        tokenizer = self._tokenizer(language)
        options = DecodingOptions(language=language, without_timestamps=True, fp16=self._is_half)
        with self._listening:
            result = decode(self._model, encoded, options)
            text = [token for token in result.tokens if token < tokenizer.eot]
            aligned = find_alignment(_Decoder(self._model), tokenizer, text, encoded, 2 * frames)
        return Heard(
            [Aligned(one.word, one.start, one.end, one.probability) for one in aligned],
            result.avg_logprob,
            result.no_speech_prob,
        )

    def translated(self, encoded: "Tensor", language: str) -> str:
        from whisper.decoding import DecodingOptions, decode

        options = DecodingOptions("translate", language, without_timestamps=True, fp16=self._is_half)
        with self._listening:
            text: str = decode(_Decoder(self._model), encoded, options).text
        return text.strip()

    def _tokenizer(self, language: str | None) -> Any:
        from whisper.tokenizer import get_tokenizer

        model = self._model
        return get_tokenizer(model.is_multilingual, num_languages=model.num_languages, language=language)

    def _as_numbers(self, features: "Tensor") -> "Tensor":
        features = features.to(self._model.device)
        return features.half() if self._is_half else features


class _Decoder:
    """Stands in for a model where the library would encode what is encoded already."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def encoder(self, encoded: "Tensor") -> "Tensor":
        return encoded

    def __call__(self, encoded: "Tensor", tokens: "Tensor") -> "Tensor":
        decoded: Tensor = self._model.decoder(tokens, encoded)
        return decoded
