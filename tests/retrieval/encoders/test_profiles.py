import importlib.util
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from retrieval.domain import Lane, Profile
from retrieval.encoders.lineups import PROFILES, lineup
from retrieval.encoders.profiles import ProfileEncoders, resolve
from retrieval.encoders.registry import MODELS, ModelLibrary, ModelSource, Role
from retrieval.encoders.speech_engine import engine_for
from retrieval.encoders.whisper_speech import FasterWhisperTranscriber, WhisperTranscriber
from retrieval.errors import InputError, ModelUnavailableError
from retrieval.settings import RetrievalSettings, SpeechEngine
from tests import checkpoints

DOORS: dict[Role, Callable[[ProfileEncoders], object]] = {
    Role.VISUAL: ProfileEncoders.visual,
    Role.SOUND: ProfileEncoders.sound,
    Role.SPEECH: ProfileEncoders.transcriber,
    Role.SENTENCE: ProfileEncoders.sentences,
    Role.SCREEN: ProfileEncoders.screen_reader,
    Role.VOICE: ProfileEncoders.voice_activity,
    Role.SPEAKER: ProfileEncoders.voice_encoder,
}


@pytest.fixture(autouse=True)
def empty_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No weights but those a test writes and those of the installation, no network."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")


@pytest.fixture(scope="module")
def standard_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with a tiny checkpoint for each model that standard has to fetch on a CPU."""
    folder = tmp_path_factory.mktemp("models")
    checkpoints.write_clip(folder / "clip-vit-b-32-256")
    checkpoints.write_clap(folder / "clap-htsat-unfused")
    checkpoints.write_whisper(folder / "whisper-base")
    checkpoints.write_bert(folder / "multilingual-e5-small")
    return folder


@pytest.fixture
def bare(tmp_path: Path) -> RetrievalSettings:
    return RetrievalSettings(data_dir=tmp_path / "data", device="cpu")


@pytest.fixture
def stocked(tmp_path: Path, standard_models: Path) -> RetrievalSettings:
    return RetrievalSettings(data_dir=tmp_path / "data", device="cpu", models_dir=standard_models)


def test_a_profile_asked_for_is_the_one_that_runs(bare: RetrievalSettings) -> None:
    assert resolve(Profile.MAX, bare).profile is Profile.MAX


def test_auto_is_standard_when_its_weights_are_here(stocked: RetrievalSettings) -> None:
    resolved = resolve(Profile.AUTO, stocked)
    assert resolved.profile is Profile.STANDARD
    assert resolved.reason == "its weights are on this machine"


def test_auto_is_lite_when_weights_are_missing_and_the_network_is_forbidden(bare: RetrievalSettings) -> None:
    resolved = resolve(Profile.AUTO, bare)
    assert resolved.profile is Profile.LITE
    assert resolved.reason == "standard needs weights of 1.7 GB that are not here, and HF_HUB_OFFLINE is set"


def test_auto_is_lite_when_the_hub_does_not_answer(bare: RetrievalSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    resolved = resolve(Profile.AUTO, bare)
    assert resolved.profile is Profile.LITE
    assert resolved.reason.endswith("http://127.0.0.1:9 does not answer")


def test_auto_is_standard_when_the_hub_answers(bare: RetrievalSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    note = bare.data_dir / "models" / "hub-answers"
    note.parent.mkdir(parents=True)
    note.write_text("http://127.0.0.1:9 yes\n")
    resolved = resolve(Profile.AUTO, bare)
    assert resolved.profile is Profile.STANDARD
    assert resolved.reason == "weights of 1.7 GB are fetched at first use"


@pytest.mark.parametrize("profile", [Profile.LITE, Profile.STANDARD, Profile.MAX])
def test_auto_keeps_to_the_profile_that_made_the_index(
    stocked: RetrievalSettings, bare: RetrievalSettings, profile: Profile
) -> None:
    spec = ProfileEncoders(profile, bare).spec(Lane.SPEECH)
    for spaces in ([spec], [replace(spec, revision="of another version")]):
        assert resolve(Profile.AUTO, stocked, spaces).profile is profile
        assert resolve(Profile.AUTO, bare, spaces).profile is profile


def test_auto_has_no_encoders_of_its_own(bare: RetrievalSettings) -> None:
    with pytest.raises(InputError, match="lite, standard or max"):
        ProfileEncoders(Profile.AUTO, bare)


def test_specs_need_no_weights_and_differ_by_profile_and_lane(bare: RetrievalSettings) -> None:
    spaces = [
        ProfileEncoders(profile, bare).spec(lane).space
        for profile in (Profile.LITE, Profile.STANDARD, Profile.MAX)
        for lane in Lane
    ]
    assert len(set(spaces)) == len(spaces)


def test_lite_encoders_and_the_registry_agree_on_the_length_of_vectors(bare: RetrievalSettings) -> None:
    encoders = ProfileEncoders(Profile.LITE, bare)
    by_role = {model.role: model.dim for model in encoders.models()}
    assert encoders.spec(Lane.VISUAL).dim == by_role[Role.VISUAL]
    assert encoders.spec(Lane.SOUND).dim == by_role[Role.SOUND]
    assert encoders.spec(Lane.SCREEN).dim == by_role[Role.SENTENCE]


def test_naming_the_spaces_imports_no_heavy_library(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from retrieval.domain import Lane, Profile\n"
        "from retrieval.settings import RetrievalSettings\n"
        "from retrieval.encoders.profiles import ProfileEncoders, resolve\n"
        "settings = RetrievalSettings(data_dir=Path(sys.argv[1]))\n"
        "resolve(Profile.AUTO, settings)\n"
        "[ProfileEncoders(Profile.LITE, settings).spec(lane).space for lane in Lane]\n"
        "heavy = {'torch', 'open_clip', 'transformers', 'whisper', 'huggingface_hub', 'onnxruntime'}\n"
        "heavy |= {'ctranslate2', 'faster_whisper'}\n"
        "print(heavy & set(sys.modules))"
    )
    shown = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"


def test_standard_encoders_load_by_the_libraries_own_loaders(stocked: RetrievalSettings) -> None:
    encoders = ProfileEncoders(Profile.STANDARD, stocked)
    frames = np.zeros((2, 36, 64, 3), np.uint8)
    sound = np.zeros(48_000, np.float32)
    assert encoders.visual().embed_frames(frames).vectors.shape == (2, encoders.spec(Lane.VISUAL).dim)
    assert encoders.sound().embed_sounds([sound]).vectors.shape == (1, encoders.spec(Lane.SOUND).dim)
    assert encoders.sentences().embed_passages(["a dog"]).shape == (1, encoders.spec(Lane.SPEECH).dim)
    assert encoders.visual().spec == encoders.spec(Lane.VISUAL)
    assert encoders.sound().spec == encoders.spec(Lane.SOUND)
    assert encoders.sentences().spec == encoders.spec(Lane.SPEECH)
    assert encoders.transcriber().name == "whisper-base"


ENGINES = {FasterWhisperTranscriber: "faster-whisper", WhisperTranscriber: "openai-whisper"}


@pytest.mark.parametrize(
    ("files", "wanted", "has_ctranslate2", "engine"),
    [
        ("ctranslate2", "auto", True, "faster-whisper"),
        ("ctranslate2", "auto", False, "openai-whisper"),
        ("ctranslate2", "openai-whisper", True, "openai-whisper"),
        ("openai", "auto", True, "openai-whisper"),
    ],
)
@pytest.mark.parametrize("profile", [Profile.LITE, Profile.STANDARD])
def test_one_model_of_speech_has_one_name_whichever_engine_runs_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    profile: Profile,
    files: str,
    wanted: SpeechEngine,
    has_ctranslate2: bool,
    engine: str,
) -> None:
    write = checkpoints.write_whisper if files == "openai" else checkpoints.write_ctranslate2_whisper
    write(tmp_path / "models" / "whisper-base")
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "retrieval.encoders.speech_engine.importlib.util.find_spec",
        lambda name: found(name) if has_ctranslate2 or name != "ctranslate2" else None,
    )
    settings = RetrievalSettings(data_dir=tmp_path, device="cpu", models_dir=tmp_path / "models", speech_engine=wanted)
    transcriber = ProfileEncoders(profile, settings).transcriber()
    assert (transcriber.name, ENGINES[type(transcriber)]) == ("whisper-base", engine)


def test_a_gpu_without_ctranslates_library_of_cuda_hears_by_openai_whisper(monkeypatch: pytest.MonkeyPatch) -> None:
    model = MODELS["whisper-base"]
    monkeypatch.setattr("retrieval.encoders.speech_engine._CUBLAS", {sys.platform: "libno_such_cublas.so.12"})
    assert engine_for(model, "auto", "cuda") is ModelLibrary.OPENAI_WHISPER
    monkeypatch.setattr("retrieval.encoders.speech_engine._CUBLAS", {sys.platform: None})
    assert engine_for(model, "auto", "cuda") is ModelLibrary.FASTER_WHISPER
    assert engine_for(model, "auto", "cpu") is ModelLibrary.FASTER_WHISPER


@pytest.mark.parametrize(("on_gpu", "name"), [(False, "whisper-base"), (True, "whisper-small")])
def test_faster_whisper_moves_no_profile_to_a_model_of_the_hub(on_gpu: bool, name: str) -> None:
    model = MODELS[lineup(Profile.STANDARD, on_gpu=on_gpu).speech]
    assert model.name == name
    assert model.source is not ModelSource.HUB
    assert lineup(Profile.MAX, on_gpu=on_gpu).speech == "whisper-large-v3-turbo"


def test_every_thread_gets_the_same_encoder(stocked: RetrievalSettings) -> None:
    encoders = ProfileEncoders(Profile.STANDARD, stocked)
    with ThreadPoolExecutor(4) as pool:
        built = list(pool.map(lambda _: id(encoders.sentences()), range(8)))
    assert len(set(built)) == 1


def test_a_chosen_model_takes_the_place_of_the_profiles(
    tmp_path: Path, stocked: RetrievalSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOMENTS_MODELS", "siglip2-b-16-256, whisper-small")
    settings = RetrievalSettings(data_dir=tmp_path, device="cpu", models_dir=tmp_path / "models")
    checkpoints.write_siglip(tmp_path / "models" / "siglip2-b-16-256")
    encoders = ProfileEncoders(Profile.STANDARD, settings)
    assert encoders.visual().spec.name == "siglip2-b-16-256"
    assert encoders.spec(Lane.SOUND) == ProfileEncoders(Profile.STANDARD, stocked).spec(Lane.SOUND)
    assert "whisper-small" in {model.name for model in encoders.models()}


def test_missing_weights_are_reported_when_the_lane_is_first_used(bare: RetrievalSettings) -> None:
    encoders = ProfileEncoders(Profile.STANDARD, bare)
    with pytest.raises(ModelUnavailableError, match="moments models pull clap-htsat-unfused"):
        encoders.sound()


def test_an_unknown_device_is_refused(tmp_path: Path) -> None:
    settings = RetrievalSettings(data_dir=tmp_path, device="tpu")
    with pytest.raises(InputError, match=r"'tpu'.*auto, cpu or cuda"):
        resolve(Profile.AUTO, settings)


FETCHED = [name for name, model in MODELS.items() if not model.source.is_installed]


@pytest.mark.parametrize("name", FETCHED)
def test_every_fetched_model_has_an_encoder_for_its_role(tmp_path: Path, name: str) -> None:
    settings = RetrievalSettings(data_dir=tmp_path, device="cpu", models=(name,))
    with pytest.raises(ModelUnavailableError, match=f"weights of {name} are not on this machine"):
        DOORS[MODELS[name].role](ProfileEncoders(Profile.STANDARD, settings))


@pytest.mark.parametrize("role", list(Role))
def test_a_model_of_a_library_that_has_no_encoder_for_its_role_is_refused(
    tmp_path: Path, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = {
        Role.VISUAL: ModelLibrary.TRANSFORMERS,
        Role.SOUND: ModelLibrary.OPEN_CLIP,
        Role.SPEECH: ModelLibrary.TRANSFORMERS,
        Role.SENTENCE: ModelLibrary.OPEN_CLIP,
        Role.SCREEN: ModelLibrary.OPENVINO,
        Role.VOICE: ModelLibrary.FASTER_WHISPER,
        Role.SPEAKER: ModelLibrary.SILERO_VAD,
    }[role]
    lineup_model = PROFILES[Profile.LITE].model(role)
    monkeypatch.setitem(MODELS, lineup_model.name, replace(lineup_model, library=foreign))
    encoders = ProfileEncoders(Profile.LITE, RetrievalSettings(data_dir=tmp_path, device="cpu"))
    with pytest.raises(InputError, match=f"{lineup_model.name} runs on {foreign}"):
        DOORS[role](encoders)
