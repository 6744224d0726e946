from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.lanes.terms import K1, B, document_terms, document_vector, query_vector, stem, terms
from retrieval.lanes.word_match import matched_words


def score(query: str, text: str, average_length: float) -> float:
    """BM25 without IDF, as a store would sum it."""
    asked, document = query_vector(query), document_vector(text, average_length)
    weights = dict(zip(document.indices, document.values, strict=True))
    return sum(value * weights.get(i, 0.0) for i, value in zip(asked.indices, asked.values, strict=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tag version 4.2.0.", ["tag", "version", "4.2.0", "4", "2", "0"]),
        ("Q3 projections", ["q3", "projection"]),
        ("P(A|B)", ["p(a|b)", "p", "b"]),
        ("O(log n)", ["o(logn)", "o", "log", "n"]),
        ("C++, C# and C", ["c++", "c", "c#", "c", "c"]),
        ("19.90 EUR", ["19.90", "19", "90", "eur"]),
        ("snake_case AT&T", ["snake_case", "snak", "cas", "at&t", "t"]),
        ("Crème Brûlée, ﬁne Straße", ["crem", "brule", "fin", "strass"]),
        ("Sheila's and I didn’t", ["sheila", "didnt"]),
        ("l'accident, qu’il dell'acqua", ["accident", "il", "acqua"]),
        ("I'll, o'clock", ["ill", "oclock"]),
        ("東京タワー", ["東京", "京タ", "タワ", "ワー"]),
        ("AIの話", ["ai", "の話"]),
        ("東京-大阪", ["東京-大阪", "東京", "大阪"]),
        ("날씨에", ["날씨", "씨에"]),
        ("อากาศ", ["อา", "าก", "กา", "าศ"]),
        ("to be or not", ["not"]),
        (" -- ...", []),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("天気", "今日は天気の話をします", True),
        ("みなさん", "こんにちは、みなさん", True),
        ("犬", "うちの犬が走る", True),
        ("猫", "うちの犬が走る", False),
        ("天気", "天空の城", False),
        ("天气", "今天我们来谈谈天气", True),
        ("AI", "AIの話", True),
        ("날씨", "오늘은 날씨에 대해", True),
        ("물", "물을 마셔요", True),
        ("อากาศ", "วันนี้เราพูดถึงเรื่องอากาศ", True),
        ("друзья", "Привет, дорогие друзья", True),
    ],
)
def test_a_word_is_found_where_words_have_no_spaces_around_them(query: str, text: str, found: bool) -> None:
    assert (score(query, text, 10.0) > 0) == bool(matched_words(query, text)) == found


def test_a_text_with_spaces_is_found_by_its_own_terms_alone() -> None:
    text = "Crème Brûlée, C++ and 4.2.0: it's all 1 word"
    assert document_terms(text) == terms(text)


@pytest.mark.parametrize(
    "forms",
    [
        ("project", "projects", "projecting", "projected"),
        ("city", "cities"),
        ("box", "boxes"),
        ("require", "requires", "required", "requiring"),
        ("stop", "stops", "stopped", "stopping"),
        ("fall", "falls", "falling"),
    ],
)
def test_forms_of_one_word_have_one_stem(forms: tuple[str, ...]) -> None:
    assert len({stem(form) for form in forms}) == 1


@pytest.mark.parametrize("word", ["string", "bus", "glass", "king", "red", "this", "4.2.0", "q3s"])
def test_words_that_only_look_inflected_stay(word: str) -> None:
    assert stem(word) == word


def test_the_text_that_was_asked_for_scores_best() -> None:
    slides = [
        "Release checklist\n- Freeze main on Thursday\n- Tag version 4.2.0",
        "Release notes\n- Version 4.1.9\n- Version 4.2",
        "Binary search\n- O(log n) comparisons\n- Requires a sorted array",
        "Conditional probability\n- P(A|B) = P(B|A)P(A)/P(B)",
    ]
    average = sum(len(terms(slide)) for slide in slides) / len(slides)
    for query, expected in [
        ("tag version 4.2.0", 0),
        ("binary searching needs sorted arrays", 2),
        ("what is O(log n)?", 2),
        ("p(a|b)", 3),
    ]:
        scores = [score(query, slide, average) for slide in slides]
        assert scores.index(max(scores)) == expected, (query, scores)


def test_weights_are_bm25_without_idf() -> None:
    """Two of the four terms are alike, in a collection whose texts have two terms on average."""
    vector = document_vector("dog dog barks loudly", 2.0)
    norm = K1 * (1 - B + B * 4 / 2)
    assert sorted(vector.values) == pytest.approx(
        [(K1 + 1) / (1 + norm), (K1 + 1) / (1 + norm), 2 * (K1 + 1) / (2 + norm)]
    )


def test_an_empty_collection_has_no_average_to_weigh_by() -> None:
    assert document_vector("dog", 0.0).values == pytest.approx((1.0,))


def test_hashes_never_change_between_runs() -> None:
    """CRC-32 of "dog": an index that lies on disk depends on it."""
    assert query_vector("dogs").indices[0] == 0x812C397D


def test_matched_words_are_as_written_and_named_once() -> None:
    text = "Revenue: P(A|B), revenues and O(log n); release 4.2.0. Revenue"
    assert matched_words("revenue log", text) == ("Revenue", "revenues", "O(log n)")
    assert matched_words("release 4.2.0", text) == ("release", "4.2.0")
    assert matched_words("the and of", text) == ()


@given(st.text(max_size=200))
def test_any_text_has_a_sound_vector(text: str) -> None:
    vector = document_vector(text, 10.0)
    assert len(set(vector.indices)) == len(vector.indices) == len(vector.values)
    assert all(0 <= index < 2**32 for index in vector.indices)
    assert all(value > 0 for value in vector.values)


@given(st.text(max_size=80), st.text(max_size=80))
def test_words_match_only_where_there_is_a_score(query: str, text: str) -> None:
    if matched_words(query, text):
        assert not isclose(score(query, text, 10.0), 0.0)
