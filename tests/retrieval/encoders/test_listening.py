"""How clips are heard, by an ear that says what a test puts into the sound: its samples are the numbers of words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
import pytest

from retrieval.domain import Span
from retrieval.encoders.base import SPEECH_RATE_HZ, Samples
from retrieval.encoders.listening import Aligned, Heard, listen
from retrieval.encoders.speech_clips import FRAME_SAMPLES
from retrieval.encoders.speech_trust import doubt_of

ENGLISH, GERMAN, MURMUR, SHY, SHOUT, HUM = range(1, 7)
"""What lies in the sound: talk in two languages, talk that is heard rightly only by itself, not at all in company, over
and over in one go, and what is no talk."""

LANGUAGES = {GERMAN: {"de": 0.98}, HUM: {"la": 0.2, "en": 0.1}}
SAID = {ENGLISH: " Word", GERMAN: " Wort", MURMUR: " Mumble", SHOUT: " Hey", HUM: " Amen"}


@dataclass
class Ear:
    """Says one word a second; remembers which sounds were encoded together."""

    encoded: list[list[int]] = field(default_factory=list)

    def encode(self, clip: Samples) -> Samples:
        frames = clip[::FRAME_SAMPLES]
        self.encoded.append([int(sound) for sound, _ in groupby(frames.tolist())])
        return frames

    def languages(self, encoded: Samples) -> Mapping[str, float]:
        return LANGUAGES.get(int(np.median(encoded)), {"en": 0.98})

    def words(self, encoded: Samples, _language: str, frames: int) -> Heard:
        sounds = np.unique(encoded[:frames]).astype(int).tolist()
        return Heard(list(self._words(encoded[:frames], len(sounds) > 1)), -0.2, 0.9)

    def translated(self, encoded: Samples, language: str) -> str:
        return f"{len(encoded) / 50:.1f} s of {language}"

    def _words(self, frames: Samples, in_company: bool) -> Iterator[Aligned]:
        for second in range(0, len(frames), 50):
            sound = int(frames[second])
            if sound == SHY and in_company:
                continue
            unsure = in_company if sound == MURMUR else sound == HUM
            loops = sound == SHOUT and len(frames) > 6 * 50
            text = " Hey" if loops else f"{SAID.get(sound, ' Shy')}{second // 50}"
            yield Aligned(text, second / 50, second / 50 + 1, 0.2 if unsure else 0.9)
            yield Aligned(".", second / 50 + 1, second / 50 + 1, 0.1)


def sound_of(*sounds: tuple[int, float, float]) -> tuple[Samples, list[Span]]:
    """A minute and a half of silence with these sounds in it."""
    samples = np.zeros(90 * SPEECH_RATE_HZ, np.float32)
    for sound, start_s, end_s in sounds:
        samples[round(start_s * SPEECH_RATE_HZ) : round(end_s * SPEECH_RATE_HZ)] = sound
    return samples, [Span(start_s, end_s) for _, start_s, end_s in sounds]


def test_utterances_are_encoded_together_and_their_words_are_on_the_clock_of_the_recording() -> None:
    ear = Ear()
    segments = list(listen(*sound_of((ENGLISH, 2.0, 4.0), (ENGLISH, 30.0, 31.0), (ENGLISH, 80.0, 81.0)), ear))
    assert ear.encoded == [[ENGLISH]]
    assert [(one.text, one.span) for one in segments] == [
        ("Word0.", Span(2.0, 3.0)),
        ("Word1.", Span(3.0, 4.0)),
        ("Word2.", Span(30.0, 31.0)),
        ("Word3.", Span(80.0, 81.0)),
    ]
    assert {(one.language, one.avg_logprob, one.no_speech_prob, one.confidence) for one in segments} == {
        ("en", -0.2, 0.9, 0.9)
    }


def test_more_than_a_clip_holds_goes_into_the_next() -> None:
    ear = Ear()
    list(listen(*sound_of((ENGLISH, 0.0, 20.0), (ENGLISH, 30.0, 50.0), (ENGLISH, 60.0, 65.0)), ear))
    assert len(ear.encoded) == 2


def test_a_clip_in_two_languages_is_heard_in_parts() -> None:
    ear = Ear()
    segments = list(listen(*sound_of((ENGLISH, 0.0, 4.0), (GERMAN, 10.0, 14.0), (ENGLISH, 20.0, 24.0)), ear))
    assert ear.encoded == [[ENGLISH, GERMAN, ENGLISH], [ENGLISH], [GERMAN], [ENGLISH]]
    assert {(one.language, one.text[:4]) for one in segments} == {("en", "Word"), ("de", "Wort")}


@pytest.mark.parametrize(("sound", "text"), [(MURMUR, "Mumble0."), (SHY, "Shy0.")])
def test_what_comes_out_badly_is_heard_again_by_itself(sound: int, text: str) -> None:
    ear = Ear()
    segments = list(listen(*sound_of((ENGLISH, 0.0, 4.0), (sound, 10.0, 12.0), (ENGLISH, 20.0, 24.0)), ear))
    assert ear.encoded == [[ENGLISH, sound, ENGLISH], [sound]]
    assert [one.text for one in segments if one.span.overlap_s(Span(10.0, 11.0)) > 0] == [text]
    assert all(doubt_of(one) is None for one in segments)


GERMAN_AMONG_ENGLISH = (ENGLISH, 0.0, 4.0), (GERMAN, 10.0, 13.0), (ENGLISH, 20.0, 24.0)


def test_each_sentence_in_another_language_is_translated_from_its_own_frames() -> None:
    ear = Ear()
    segments = list(listen(*sound_of(*GERMAN_AMONG_ENGLISH), ear, translate=True))
    assert [(one.text, one.translation) for one in segments if one.language == "de"] == [
        ("Wort0.", "1.2 s of de"),
        ("Wort1.", "1.4 s of de"),
        ("Wort2.", "1.2 s of de"),
    ]
    assert {one.translation for one in segments if one.language == "en"} == {None}
    assert ear.encoded == [[ENGLISH, GERMAN, ENGLISH], [ENGLISH], [GERMAN], [ENGLISH]]


def test_nothing_is_translated_that_need_not_be() -> None:
    assert {one.translation for one in listen(*sound_of(*GERMAN_AMONG_ENGLISH), Ear())} == {None}


@pytest.mark.parametrize("text", ["", "and so on " * 9])
def test_a_translation_that_says_nothing_is_none(text: str) -> None:
    class Babbler(Ear):
        def translated(self, _encoded: Samples, _language: str) -> str:
            return text

    segments = list(listen(*sound_of((GERMAN, 0.0, 3.0)), Babbler(), translate=True))
    assert [one.translation for one in segments] == [None] * 3


def test_what_the_gate_rejects_is_not_translated() -> None:
    segments = list(listen(*sound_of((HUM, 0.0, 6.0)), Ear(), translate=True))
    assert {one.translation for one in segments} == {None}


def test_one_thing_over_and_over_is_heard_again_in_halves() -> None:
    segments = list(listen(*sound_of((SHOUT, 0.0, 10.0)), Ear()))
    assert {one.text for one in segments} >= {"Hey0.", "Hey4."}
    assert all(doubt_of(one) is None for one in segments)


def test_what_is_no_talk_keeps_the_figures_that_the_gate_rejects() -> None:
    ear = Ear()
    segments = list(listen(*sound_of((HUM, 0.0, 6.0)), ear))
    assert ear.encoded == [[HUM]]
    assert all(doubt_of(one) for one in segments)


class Spelling(Ear):
    """Says given words, whatever the sound."""

    def __init__(self, *texts: str) -> None:
        super().__init__()
        self.texts = texts

    def words(self, _encoded: Samples, _language: str, _frames: int) -> Heard:
        return Heard([Aligned(text, n / 4, n / 4 + 0.25, 0.9) for n, text in enumerate(self.texts)], -0.2, 0.9)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ((" L", "'", "eau", " est", " là", "."), ["L'eau", "est", "là."]),
        ((" He", " said", ",", ' "', "go", '!"'), ["He", "said,", '"go!"']),
        ((" well", "-", "known", " in", " 3", ".", "5"), ["well-known", "in", "3.5"]),
        (("你", "好", "，", "「", "再", "见", "」"), ["你", "好，", "「再", "见」"]),
        (("...", " so"), ["so"]),
    ],
)
def test_words_come_whole_with_their_punctuation(texts: tuple[str, ...], words: list[str]) -> None:
    segments = list(listen(*sound_of((ENGLISH, 0.0, 5.0)), Spelling(*texts)))
    assert [word.text for one in segments for word in one.words] == words
    assert "".join(one.text.replace(" ", "") for one in segments) == "".join(words)


@pytest.mark.parametrize("texts", [(), ("...", "!")])
def test_where_no_word_is_heard_there_is_no_segment(texts: tuple[str, ...]) -> None:
    assert list(listen(*sound_of((ENGLISH, 0.0, 5.0)), Spelling(*texts))) == []


def test_no_speech_is_not_listened_to() -> None:
    ear = Ear()
    assert list(listen(np.zeros(SPEECH_RATE_HZ, np.float32), [], ear)) == []
    assert ear.encoded == []
