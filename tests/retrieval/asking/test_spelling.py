"""Misspelt words: what they are corrected to, and all that is left alone."""

import random
import time

import pytest

from retrieval.asking.dictionary import english, is_word_elsewhere
from retrieval.asking.spelling import Speller, Vocabulary
from retrieval.domain import Correction

LINES = (
    "Welcome to the Kubernetes workshop, says Sheila",
    "Zermatt and the Matterhorn; cofree",
    "a naïve résumé of the keynote",
    "gitlab.example.org v4.2.0",
)


def speller(*lines: str) -> Speller:
    library = Vocabulary.of(lines)
    return Speller(english, lambda: library, is_word_elsewhere)


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("cofee", "coffee"),
        ("a cup of cofee", "a cup of coffee"),
        ("Cofee in a cup", "coffee in a cup"),
        ("someone writing on a wihteboard", "someone writing on a whiteboard"),
        ("speach about the budjet", "speech about the budget"),
        ("presentaton", "presentation"),
        ("skatebord", "skateboard"),
        ("bridg", "bridge"),
        ("sreaming", "screaming"),
        ("recieve", "receive"),
        ("the kuberntes talk", "the kubernetes talk"),
        ("snow on the Mattehorn", "snow on the matterhorn"),
        ("résumee", "resume"),
        ("Sheilla", "sheila"),
    ],
)
def test_a_misspelt_word_is_corrected(query: str, meant: str) -> None:
    assert speller(*LINES).correct(query)[0] == meant


def test_what_was_corrected_is_told_once() -> None:
    text, corrected = speller().correct("cofee and cofee with a laptob")
    assert text == "coffee and coffee with a laptop"
    assert corrected == (Correction("cofee", "coffee"), Correction("laptob", "laptop"))


@pytest.mark.parametrize(
    "query",
    [
        "someone writing on a whiteboard",
        "where she mentions the Q3 projections",
        "colour, color, grey, analyse, theatre",
        "the splendours of draughts, mouldy vapours, prioritised",
        "analysing an aeroplane, a sceptical paediatric talk",
        "a team offsite with a backsplash on the countertop",
        "a selfie with a hoodie, esports on a webcam, an emoji in a podcast on youtube",
        "Kubernetes workshops by Sheila in Zermatt",
        "vlogger numpy ollama hoverboard figma",
        "a man named Zelensky",
        "an OpenAI talk in NASA's COFEE shop",
        "release 4.2.0 of foo_bar at cofee.example.org, cofee@example.org, #cofee, cofee2, cofee's",
        'he says "cofee"',
        "„cofee“ and «laptob»",
        "teh dgo",
        "ein Hund auf der Strasse",
        "hund",
        "chien",
        "gato",
        "un perro en la calle",
        "naïve café résumé",
        "東京 タワー",
        "кофе с молком",
        "قهوة",
        "qwrtz sdfgh yxcvb",
        "?!",
        "",
    ],
)
def test_what_may_be_right_is_left_alone(query: str) -> None:
    assert speller(*LINES).correct(query) == (query, ())


def test_a_word_of_the_library_is_right_however_it_is_spelt() -> None:
    assert speller("they misspelt it: cofee").correct("cofee") == ("cofee", ())
    assert speller("a pair of qdrants").correct("qdrant") == ("qdrant", ())


def test_a_library_is_asked_only_about_words_that_english_lacks() -> None:
    def fail() -> Vocabulary:
        raise AssertionError("the library was read")

    assert Speller(english, fail, is_word_elsewhere).correct("a dog on a sofa") == ("a dog on a sofa", ())


def test_names_that_an_encoder_knows_are_right() -> None:
    assert speller().correct("a clumber") == ("a climber", (Correction("clumber", "climber"),))
    knowing = Speller(english, lambda: Vocabulary.of([]), Vocabulary.of(["clumber spaniel"]).has)
    assert knowing.correct("a clumber") == ("a clumber", ())


def test_queries_are_corrected_in_milliseconds_in_a_large_library() -> None:
    words = random.Random(1).choices(sorted(english().counts), k=1_000_000)
    large = speller(*(" ".join(words[at : at + 10]) for at in range(0, len(words), 10)))
    for query, bound_s in (("someone writes on a whiteboard", 0.005), ("a cup of cofee by the kuberntes", 0.2)):
        large.correct(query)
        began = time.perf_counter()
        large.correct(query)
        assert time.perf_counter() - began < bound_s
