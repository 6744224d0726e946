"""From a profile to its encoders: what ``auto`` is on this machine, and each model built when asked for."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from retrieval.domain import Lane, Profile
from retrieval.encoders import model_hub
from retrieval.encoders.base import (
    EncoderSpec,
    ScreenReader,
    SentenceEncoder,
    SoundEncoder,
    TextEncoder,
    Transcriber,
    VisualEncoder,
    VoiceEncoder,
)
from retrieval.encoders.lineups import Lineup, lineup
from retrieval.encoders.model_hub import ReportBytes
from retrieval.encoders.model_packages import lack_of, missing_packages, require_packages
from retrieval.encoders.registry import Model, ModelLibrary, Role
from retrieval.encoders.sentence import MiniLmEncoder
from retrieval.encoders.speech_engine import engine_for
from retrieval.encoders.torch_runtime import Device, choose_device
from retrieval.encoders.weights_store import WeightsStore
from retrieval.errors import InputError
from retrieval.lanes.lane_table import LANES
from retrieval.settings import RetrievalSettings

if TYPE_CHECKING:
    from retrieval.encoders.voice_activity import SpeechFinder

Built = TypeVar("Built")


@dataclass(frozen=True, slots=True)
class Resolved:
    """The profile that runs, never ``auto``, and why, in one line for the user."""

    profile: Profile
    reason: str


def resolve(profile: Profile, settings: RetrievalSettings, spaces: Sequence[EncoderSpec] = ()) -> Resolved:
    """The profile to run on this machine.

    ``auto`` keeps to the profile that made ``spaces``, those that the index has, or an older version of it; for a new
    index it is standard if its packages are installed and its weights are here or the hub answers, else lite. Raises
    ModelUnavailableError if the packages of one that was asked for, or made the index, are not installed.
    """
    if profile is not Profile.AUTO:
        require_packages(profile, _libraries(profile, settings))
        return Resolved(profile, f"{profile} was asked for")
    maker = _maker_of(spaces, settings)
    if maker:
        require_packages(f"{maker}, which made the index,", _libraries(maker, settings))
        return Resolved(maker, f"the index was made by {maker}")
    if lacking := missing_packages(_libraries(Profile.STANDARD, settings)):
        return Resolved(Profile.LITE, lack_of(Profile.STANDARD, lacking))
    store = WeightsStore.of(settings)
    needed = [model for model in lineup_for(Profile.STANDARD, settings).models() if not model.is_optional]
    missing = [model for model in needed if not store.find(model)]
    if not missing:
        return Resolved(Profile.STANDARD, "its weights are on this machine")
    size_gb = sum(model.size_bytes for model in missing) / 1e9
    if model_hub.is_offline():
        why = "HF_HUB_OFFLINE is set"
    elif model_hub.hub_answers(settings.made_models_dir / "hub-answers"):
        return Resolved(Profile.STANDARD, f"weights of {size_gb:.1f} GB are fetched at first use")
    else:
        why = f"{model_hub.hub_url()} does not answer"
    return Resolved(Profile.LITE, f"standard needs weights of {size_gb:.1f} GB that are not here, and {why}")


def _maker_of(spaces: Sequence[EncoderSpec], settings: RetrievalSettings) -> Profile | None:
    """The profile whose encoders made one of the spaces; else the one of which another version did."""
    if not spaces:
        return None
    by_profile = {
        profile: [ProfileEncoders(profile, settings).spec(lane) for lane in Lane]
        for profile in (Profile.STANDARD, Profile.MAX, Profile.LITE)
    }
    exact, by_name = {spec.space for spec in spaces}, {(spec.lane, spec.name) for spec in spaces}
    made = [profile for profile, specs in by_profile.items() if any(spec.space in exact for spec in specs)]
    made += [profile for profile, specs in by_profile.items() if any((s.lane, s.name) in by_name for s in specs)]
    return made[0] if made else None


def profiles_lacking(settings: RetrievalSettings) -> dict[Profile, tuple[str, ...]]:
    """Every profile but ``auto``, and the packages that it needs and that are not installed."""
    return {
        profile: missing_packages(_libraries(profile, settings)) for profile in Profile if profile is not Profile.AUTO
    }


def _libraries(profile: Profile, settings: RetrievalSettings) -> list[ModelLibrary]:
    """What the profile cannot do without: of Whisper it depends on the weights which library runs it."""
    return [model.library for model in lineup_for(profile, settings).models() if model.role is not Role.SPEECH]


def lineup_for(profile: Profile, settings: RetrievalSettings) -> Lineup:
    """Models of a profile (not ``auto``) on this machine with these settings."""
    return lineup(
        profile,
        on_gpu=profile is Profile.STANDARD and choose_device(settings.device) == "cuda",
        chosen=settings.models,
    )


class Encoders(Protocol):
    """The models of one profile, each built when it is asked for: what searching and indexing need of them."""

    @property
    def profile(self) -> Profile: ...

    def spec(self, lane: Lane) -> EncoderSpec:
        """Identity of the lane's space; no weights are loaded for it."""
        ...

    def text_encoder(self, lane: Lane) -> TextEncoder:
        """The encoder that turns words into vectors of the lane's space."""
        ...

    def models(self) -> tuple[Model, ...]:
        """The models that these encoders use or would use."""
        ...

    def visual(self) -> VisualEncoder: ...

    def sound(self) -> SoundEncoder: ...

    def sentences(self) -> SentenceEncoder:
        """For speech and for screen text; its own spec names the speech lane."""
        ...

    def transcriber(self) -> Transcriber: ...

    def screen_reader(self) -> ScreenReader: ...

    def voice_activity(self) -> "SpeechFinder": ...

    def voice_encoder(self) -> VoiceEncoder:
        """Raises ModelUnavailableError where its package is not installed."""
        ...


class ProfileEncoders:
    """The models of one profile, each loaded when first asked for, once, whichever thread asks.

    Raises ModelUnavailableError from the method whose weights are neither here nor to be fetched.
    """

    def __init__(self, profile: Profile, settings: RetrievalSettings, on_progress: ReportBytes | None = None) -> None:
        if profile is Profile.AUTO:
            raise InputError("Encoders need a profile that is resolved: lite, standard or max.")
        self.profile = profile
        self._settings = settings
        self._on_progress = on_progress
        self._lineup = lineup_for(profile, settings)
        self._store = WeightsStore.of(settings)
        # What the lite lanes are made of, whichever model the speech and screen lanes use.
        self._minilm = MiniLmEncoder()
        self._locks = {role: threading.Lock() for role in Role}
        self._built: dict[Role, object] = {}

    def spec(self, lane: Lane) -> EncoderSpec:
        model = self._lineup.model(LANES[lane].role)
        if not model.source.is_installed:
            return model.spec(lane)
        return replace(self.text_encoder(lane).spec, lane=lane)

    def text_encoder(self, lane: Lane) -> TextEncoder:
        of_role: dict[Role, Callable[[], TextEncoder]] = {
            Role.VISUAL: self.visual,
            Role.SOUND: self.sound,
            Role.SENTENCE: self.sentences,
        }
        return of_role[LANES[lane].role]()

    def models(self) -> tuple[Model, ...]:
        return self._lineup.models()

    def visual(self) -> VisualEncoder:
        return self._once(Role.VISUAL, self._build_visual)

    def sound(self) -> SoundEncoder:
        return self._once(Role.SOUND, self._build_sound)

    def sentences(self) -> SentenceEncoder:
        return self._once(Role.SENTENCE, self._build_sentences)

    def transcriber(self) -> Transcriber:
        return self._once(Role.SPEECH, self._build_transcriber)

    def screen_reader(self) -> ScreenReader:
        return self._once(Role.SCREEN, self._build_screen_reader)

    def voice_activity(self) -> "SpeechFinder":
        return self._once(Role.VOICE, self._build_voice_activity)

    def voice_encoder(self) -> VoiceEncoder:
        return self._once(Role.SPEAKER, self._build_voice_encoder)

    def _once(self, role: Role, build: Callable[[Model], Built]) -> Built:
        with self._locks[role]:
            if role not in self._built:
                self._built[role] = build(self._lineup.model(role))
            return cast(Built, self._built[role])

    def _weights(self, model: Model) -> Path:
        require_packages(model.name, [model.library])
        return self._store.require(model, self._on_progress).folder

    def _device(self) -> Device:
        return choose_device(self._settings.device)

    def _build_visual(self, model: Model) -> VisualEncoder:
        match model.library:
            case ModelLibrary.OPENVINO:
                from retrieval.encoders.lite_visual import LiteVisualEncoder

                return LiteVisualEncoder(self._minilm)
            case ModelLibrary.OPEN_CLIP:
                from retrieval.encoders.openclip import OpenClipEncoder

                return OpenClipEncoder(self._weights(model), model.spec(Lane.VISUAL), self._device())
            case _:
                raise _no_encoder(model)

    def _build_sound(self, model: Model) -> SoundEncoder:
        match model.library:
            case ModelLibrary.MOMENTS:
                from retrieval.encoders.lite_sound import LiteSoundEncoder

                return LiteSoundEncoder(self._minilm)
            case ModelLibrary.TRANSFORMERS:
                from retrieval.encoders.clap import ClapEncoder

                return ClapEncoder(self._weights(model), model.spec(Lane.SOUND), self._device())
            case _:
                raise _no_encoder(model)

    def _build_sentences(self, model: Model) -> SentenceEncoder:
        match model.library:
            case ModelLibrary.OPENVINO:
                return self._minilm
            case ModelLibrary.TRANSFORMERS:
                from retrieval.encoders.transformer_sentence import RECIPES, TransformerSentenceEncoder

                return TransformerSentenceEncoder(
                    self._weights(model), model.spec(Lane.SPEECH), RECIPES[model.name], self._device()
                )
            case _:
                raise _no_encoder(model)

    def _build_transcriber(self, model: Model) -> Transcriber:
        found = self._store.find(model)
        # Nothing is fetched for an engine that is not here.
        require_packages(model.name, [self._engine(found.model if found else model)])
        weights = self._store.require(model, self._on_progress)
        match self._engine(weights.model):
            case ModelLibrary.FASTER_WHISPER:
                from retrieval.encoders.whisper_speech import FasterWhisperTranscriber

                return FasterWhisperTranscriber(weights.folder, model.library_id, self._device())
            case ModelLibrary.OPENAI_WHISPER:
                from retrieval.encoders.whisper_speech import WhisperTranscriber

                checkpoint = weights.folder / weights.model.weights[0]
                return WhisperTranscriber(checkpoint, model.library_id, self._device())
            case _:
                raise _no_encoder(model)

    def _engine(self, model: Model) -> ModelLibrary:
        return engine_for(model, self._settings.speech_engine, self._device())

    def _build_screen_reader(self, model: Model) -> ScreenReader:
        if model.library is not ModelLibrary.RAPIDOCR:
            raise _no_encoder(model)
        from retrieval.encoders.screen_reader import RapidOcrReader

        return RapidOcrReader()

    def _build_voice_activity(self, model: Model) -> "SpeechFinder":
        if model.library is not ModelLibrary.SILERO_VAD:
            raise _no_encoder(model)
        from retrieval.encoders.voice_activity import VoiceActivity

        return VoiceActivity()

    def _build_voice_encoder(self, model: Model) -> VoiceEncoder:
        if model.library is not ModelLibrary.OPENVINO:
            raise _no_encoder(model)
        from retrieval.encoders.voice_vectors import Ge2eVoices

        return Ge2eVoices(self._weights(model) / model.weights[0])


def _no_encoder(model: Model) -> InputError:
    return InputError(f"{model.name} runs on {model.library}, and no {model.role} model does that Moments knows.")
