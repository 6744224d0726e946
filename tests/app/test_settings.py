"""What can be set, that it is documented, and what cannot be set."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from app.settings import Settings
from retrieval.domain import Profile
from tests.places import ROOT

DOC = ROOT / "docs" / "settings.md"
ROW = re.compile(r"^\| `(MOMENTS_\w+)` \| (.+?) \| (.+) \|$", re.MULTILINE)
ROWS = {variable: (default, meaning) for variable, default, meaning in ROW.findall(DOC.read_text(encoding="utf-8"))}
FIELDS = {f"MOMENTS_{name.upper()}": field for name, field in Settings.model_fields.items()}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in FIELDS:
        monkeypatch.delenv(variable, raising=False)


def test_every_variable_is_documented_and_no_other_is() -> None:
    assert set(ROWS) == set(FIELDS)


@pytest.mark.parametrize(("variable", "field"), FIELDS.items(), ids=FIELDS)
def test_the_documentation_has_the_defaults_and_the_words_of_the_code(variable: str, field: FieldInfo) -> None:
    default, meaning = ROWS[variable]
    assert meaning == field.description
    if field.default is PydanticUndefined:
        assert default == "the user data folder of the platform"
    else:
        assert default == (f"`{field.default}`" if field.default or field.default == 0 else "none")


def test_variables_set_what_they_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MOMENTS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MOMENTS_PROFILE", "lite")
    monkeypatch.setenv("MOMENTS_MODELS", "one, two,")
    monkeypatch.setenv("MOMENTS_UNKNOWN", "nobody minds")
    settings = Settings()
    assert (settings.data_dir, settings.profile, settings.models) == (tmp_path, Profile.LITE, ("one", "two"))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MOMENTS_PROFILE", "huge"),
        ("MOMENTS_PORT", "70000"),
        ("MOMENTS_WINDOW_S", "0.1"),
        ("MOMENTS_SKIP", "everything"),
        ("MOMENTS_INDEX_WORKERS", "many"),
        ("MOMENTS_ROOT_PATH", "moments"),
        ("MOMENTS_ROOT_PATH", "/a b"),
        ("MOMENTS_ROOT_PATH", "/a/../b"),
        ("MOMENTS_ROOT_PATH", "//evil.example"),
        ("MOMENTS_ROOT_PATH", "/v1/moments"),
        ("MOMENTS_TRUSTED_PROXIES", "proxy.example"),
        ("MOMENTS_ALLOWED_ORIGINS", "*"),
        ("MOMENTS_ALLOWED_ORIGINS", "https://app.example/"),
        ("MOMENTS_ALLOWED_ORIGINS", "app.example"),
    ],
)
def test_a_value_that_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValidationError, match=variable.removeprefix("MOMENTS_").lower()):
        Settings()


@pytest.mark.parametrize(
    ("given", "kept"),
    [("", ""), ("/", ""), ("/moments/", "/moments"), ("/tools/my_moments-2.0", "/tools/my_moments-2.0")],
)
def test_a_base_path_has_no_slash_at_its_end(given: str, kept: str) -> None:
    assert Settings(root_path=given).root_path == kept


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOMENTS_TRUSTED_PROXIES", "10.0.0.7, 172.16.0.0/12,")
    monkeypatch.setenv("MOMENTS_ALLOWED_ORIGINS", "https://app.example,http://[::1]:3000")
    settings = Settings()
    assert settings.trusted_proxies == ("10.0.0.7", "172.16.0.0/12")
    assert settings.allowed_origins == ("https://app.example", "http://[::1]:3000")


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1
