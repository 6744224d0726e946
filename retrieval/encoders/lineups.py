"""Which models make up a profile."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from retrieval.domain import Profile
from retrieval.encoders.registry import MODELS, Model, Role, find_model
from retrieval.errors import InputError


@dataclass(frozen=True, slots=True)
class Lineup:
    """Names of the models of one profile, one per role."""

    visual: str
    sound: str
    speech: str
    sentence: str
    screen: str = "rapidocr"
    voice: str = "silero-vad"
    speaker: str = "ge2e-voices"

    def model(self, role: Role) -> Model:
        return MODELS[getattr(self, role.value)]

    def models(self) -> tuple[Model, ...]:
        return tuple(self.model(role) for role in Role)


PROFILES: dict[Profile, Lineup] = {
    Profile.LITE: Lineup("lite-visual", "lite-sound", "whisper-base", "minilm-l6"),
    Profile.STANDARD: Lineup("clip-vit-b-32-256", "clap-htsat-unfused", "whisper-base", "multilingual-e5-small"),
    Profile.MAX: Lineup("siglip2-so400m-16-384", "clap-larger-general", "whisper-large-v3-turbo", "bge-m3"),
}

STANDARD_ON_GPU = replace(PROFILES[Profile.STANDARD], visual="siglip2-b-16-256", speech="whisper-small")
"""A GPU has time for better models than a CPU."""


def lineup(profile: Profile, *, on_gpu: bool = False, chosen: Iterable[str] = ()) -> Lineup:
    """Models of a profile (not ``auto``) on a machine, with those of ``chosen`` in the place of their role's.

    Raises NotFoundError for a model that does not exist, InputError for two of one role.
    """
    models = STANDARD_ON_GPU if profile is Profile.STANDARD and on_gpu else PROFILES[profile]
    taken: dict[Role, str] = {}
    for name in chosen:
        role = find_model(name).role
        if role in taken:
            raise InputError(f"Two models chosen for {role}: {taken[role]} and {name}. Choose one.")
        taken[role] = name
    return replace(models, **{role.value: name for role, name in taken.items()})


def profiles_of(model: Model) -> tuple[Profile, ...]:
    """Profiles that use the model on some machine; none for a model that is there by choice alone."""
    return tuple(
        profile
        for profile in PROFILES
        if any(model in lineup(profile, on_gpu=on_gpu).models() for on_gpu in (False, True))
    )
