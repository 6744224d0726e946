import re

import pytest

from retrieval.domain import Lane, Profile
from retrieval.encoders.lineups import PROFILES, STANDARD_ON_GPU, Lineup, lineup, profiles_of
from retrieval.encoders.registry import MODELS, ModelSource, Role, find_model
from retrieval.errors import InputError, NotFoundError
from tests.places import ROOT

DOCS = ROOT / "docs"


@pytest.mark.parametrize("models", [*PROFILES.values(), STANDARD_ON_GPU], ids=lambda models: models.visual)
def test_a_lineup_has_a_model_of_the_right_role_in_every_place(models: Lineup) -> None:
    assert [models.model(role).role for role in Role] == list(Role)


def test_lite_needs_nothing_but_what_is_installed() -> None:
    assert all(model.source.is_installed for model in PROFILES[Profile.LITE].models())


def test_defaults_are_free_for_commercial_use() -> None:
    by_default = {model for models in (*PROFILES.values(), STANDARD_ON_GPU) for model in models.models()}
    assert not [model.name for model in by_default if model.research_only]
    for_research = {model.name for model in MODELS.values() if model.research_only}
    assert for_research == {"mobileclip2-s0", "mobileclip2-s2"}


def test_every_fetched_model_that_makes_vectors_has_spaces_of_its_own() -> None:
    makers = [model for model in MODELS.values() if model.dim and not model.source.is_installed]
    spaces = {model.spec(lane).space for model in makers for lane in Lane}
    assert len(spaces) == len(makers) * len(Lane)


@pytest.mark.parametrize("name", ["whisper-base", "minilm-l6"])
def test_models_without_vectors_and_installed_ones_have_no_space_in_the_registry(name: str) -> None:
    with pytest.raises(InputError, match=f"no space of {name}"):
        find_model(name).spec(Lane.SPEECH)


def test_a_gpu_gets_better_standard_models() -> None:
    assert lineup(Profile.STANDARD).visual == "clip-vit-b-32-256"
    assert lineup(Profile.STANDARD, on_gpu=True).visual == "siglip2-b-16-256"


def test_a_chosen_model_takes_the_place_of_its_role_only() -> None:
    models = lineup(Profile.STANDARD, chosen=["mobileclip2-s0", "whisper-small"])
    assert (models.visual, models.speech) == ("mobileclip2-s0", "whisper-small")
    assert models.sound == lineup(Profile.STANDARD).sound


def test_two_chosen_models_of_one_role_are_refused() -> None:
    with pytest.raises(InputError, match="whisper-base and whisper-small"):
        lineup(Profile.STANDARD, chosen=["whisper-base", "whisper-small"])


def test_a_name_that_an_engine_had_leads_to_that_of_the_model() -> None:
    with pytest.raises(NotFoundError, match=r"'faster-whisper-base' any more: it is 'whisper-base'"):
        lineup(Profile.STANDARD, chosen=["faster-whisper-base"])


def test_a_model_has_one_name_and_role_wherever_it_comes_from() -> None:
    for model in MODELS.values():
        assert {(source.name, source.role, source.licence) for source in model.sources} == {
            (model.name, model.role, model.licence)
        }


def test_an_unknown_model_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(NotFoundError, match=r"'clip'.*clip-vit-b-32-256"):
        lineup(Profile.STANDARD, chosen=["clip"])


def test_profiles_of_a_model_are_those_whose_lineups_name_it() -> None:
    assert profiles_of(find_model("rapidocr")) == (Profile.LITE, Profile.STANDARD, Profile.MAX)
    assert profiles_of(find_model("siglip2-b-16-256")) == (Profile.STANDARD,)
    assert profiles_of(find_model("mobileclip2-s0")) == ()


def test_open_clip_knows_the_hub_models_under_the_names_given() -> None:
    open_clip = pytest.importorskip("open_clip")
    models = [model for model in MODELS.values() if model.library == "open_clip"]
    assert models
    for model in models:
        architecture, tag = model.library_id.split()
        known = open_clip.get_pretrained_cfg(architecture, tag)
        assert known["hf_hub"].rstrip("/") == model.origin
        assert open_clip.get_model_config(architecture)["embed_dim"] == model.dim


def test_whisper_releases_the_checkpoints_under_the_checksums_given() -> None:
    whisper = pytest.importorskip("whisper")
    from retrieval.encoders.model_hub import WHISPER_URL

    models = [source for model in MODELS.values() for source in model.sources if source.source is ModelSource.WHISPER]
    assert models
    for model in models:
        assert whisper._MODELS[model.library_id] == f"{WHISPER_URL}/{model.origin}/{model.weights[0]}"


def test_the_docs_list_every_model_with_its_licence() -> None:
    page = (DOCS / "models.md").read_text().partition("## Every model")[2]
    rows = dict(re.findall(r"^\| `([\w.-]+)` \|(.*)$", page, flags=re.MULTILINE))
    assert set(rows) == set(MODELS)
    for name, row in rows.items():
        assert MODELS[name].licence in row
        if MODELS[name].source is ModelSource.HUB:
            assert MODELS[name].origin in row
