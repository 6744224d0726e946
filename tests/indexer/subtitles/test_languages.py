import pytest

from indexer.subtitles.languages import is_same_language, language_tag


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
