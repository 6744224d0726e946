import pytest

from retrieval.errors import InputError
from retrieval.languages import is_same_language, language_name, language_tag, main_language, parse_language


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("en", "en"),
        ("ENG", "en"),
        ("English", "en"),
        ("ger", "de"),
        ("deu", "de"),
        ("en-US", "en-US"),
        ("pt_BR", "pt-BR"),
        ("pob", "pt-BR"),
        ("zh-hans", "zh-Hans"),
        ("es-419", "es"),
        ("chi", "zh"),
        ("jp", "ja"),
        ("fil", "fil"),
        ("und", None),
        ("mp4", None),
        ("sdh", None),
        ("1080p", None),
        ("part2", None),
        ("", None),
    ],
)
def test_a_language_has_one_tag_however_it_is_written(name: str, tag: str | None) -> None:
    assert language_tag(name) == tag


def test_languages_are_the_same_whatever_their_country() -> None:
    assert is_same_language("eng", "en-US")
    assert is_same_language("zh-Hans", "chi")
    assert not is_same_language("en", "de")
    assert is_same_language("qaa", "qaa")


@pytest.mark.parametrize(
    ("name", "code"), [("de", "de"), ("deu", "de"), ("GER", "de"), (" german ", "de"), ("pt-BR", "pt"), ("Malay", "ms")]
)
def test_a_person_may_name_a_language_by_a_code_or_in_english(name: str, code: str) -> None:
    assert parse_language(name) == code


@pytest.mark.parametrize("name", ["Deutsch", "xx", "und", "d", "", "1080p", "de;", "a" * 300])
def test_what_is_no_language_is_refused_with_what_is_allowed(name: str) -> None:
    with pytest.raises(InputError, match=r"unknown language .* as de or deu, or the language's English name"):
        parse_language(name)


def test_a_language_is_told_without_country_by_its_english_name() -> None:
    assert [main_language(tag) for tag in ("pt-BR", "zh-Hant", "jw", "EN", "tlh-x")] == ["pt", "zh", "jv", "en", "tlh"]
    assert [language_name(code) for code in ("de", "el", "yue", "qq")] == [
        "German",
        "Modern Greek",
        "Yue Chinese",
        "qq",
    ]
