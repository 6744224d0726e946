"""How Whisper is made to listen: clips, the language of each utterance, and what came out badly heard again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Any, Protocol

from retrieval.domain import Segment, Span, SpeechOrigin, Word
from retrieval.encoders.base import Samples
from retrieval.encoders.speech_clips import SpeechClip, Utterance, clips_of, halves
from retrieval.encoders.speech_trust import doubt_of, is_repetitive
from retrieval.encoders.spoken_language import languages_of, runs_of
from retrieval.encoders.utterances import compression_ratio, has_full_stop, mean_confidence, parted

DOUBTFUL_LOGPROB = -0.7
DOUBTFUL_LANGUAGE = 0.5
CLEAR_WORTH = 0.8
"""Words as clear as this speak for the language they are in, however short the utterance is to tell it by."""

DOUBTFUL_WORTH = 0.5
"""Worth of what was heard in an utterance (``_worth``), 0 to 1; clear speech has 0.6 and more."""

LONGEST_WORD_S = 1.0
"""What a word takes longer, or a pause inside an utterance, are words that were not heard."""

_HALVED_S = 4.0
"""An utterance this long in which nothing, or one thing over and over, was heard is heard in halves."""

SENTENCE_PAUSE_S = 1.5
"""What follows after a longer pause is translated by itself, whatever marks stand between."""

_OPENING = frozenset("\"'“‘¿¡([{«「『")

Encoded = Any
"""What the encoder makes of one clip: (1500, dim), array or tensor; frames of 20 ms can be cut out of it."""


@dataclass(frozen=True, slots=True)
class Aligned:
    """One word as an aligner gives it, with the space before it, if any; punctuation comes as words of its own."""

    text: str
    start_s: float
    end_s: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Heard:
    """What an engine hears in one clip, on the clip's clock."""

    aligned: Sequence[Aligned]
    avg_logprob: float
    no_speech_prob: float


class Ear(Protocol):
    """An engine that runs Whisper a step at a time, so that a clip is encoded once."""

    def encode(self, clip: Samples, /) -> Encoded:
        """What the encoder makes of at most 30 s of 16 kHz samples."""
        ...

    def languages(self, encoded: Encoded, /) -> Mapping[str, float]:
        """How likely each language is, by Whisper's code, in any run of encoded frames."""
        ...

    def words(self, encoded: Encoded, language: str, frames: int, /) -> Heard:
        """What is said in the first ``frames`` of a whole encoded clip."""
        ...

    def translated(self, encoded: Encoded, language: str, /) -> str:
        """What is said in any encoded frames, in English; silence at their end tells where to stop."""
        ...


@dataclass(frozen=True, slots=True)
class ToldUtterance:
    """What was heard in one utterance: words on the clock of the recording, spelled with the spaces before them.

    ``likely`` is the probability of the language; ``heard`` is what the engine made of the clip it was in, which is
    ``encoded``.
    """

    utterance: Utterance
    language: str
    likely: float
    words: tuple[Word, ...]
    heard: Heard
    clip: SpeechClip
    encoded: Encoded

    @property
    def text(self) -> str:
        return "".join(word.text for word in self.words).strip()


def listen(samples: Samples, speech: Sequence[Span], ear: Ear, *, translate: bool = False) -> Iterator[Segment]:
    """Segments of all speech in time order, on the clock of the 16 kHz samples.

    With ``translate`` those in other languages than English have translations.
    """
    language: str | None = None
    for clip in clips_of(samples, speech):
        told = [better for one in _tell(samples, clip, ear, language) for better in _checked(samples, one, ear)]
        language = told[-1].language
        # What one clip was heard to say in one language is one text, whatever utterances it is made of.
        for _, together in groupby(told, key=lambda one: (id(one.heard), one.language)):
            of_text = list(together)
            segments = _segments(of_text)
            is_foreign = of_text[0].language != "en"
            yield from _translated(segments, of_text[0], ear) if translate and is_foreign else segments


def _tell(samples: Samples, clip: SpeechClip, ear: Ear, before: str | None) -> Iterator[tuple[ToldUtterance, ...]]:
    """What is said in each run of utterances of one language, ``before`` being the one spoken before."""
    encoded = ear.encode(clip.samples(samples))
    # What is heard alone is told by the silence after it, too: Whisper has learnt from whole windows.
    parts = clip.frames() if len(clip.utterances) > 1 else [slice(None)]
    likely = [ear.languages(encoded[frames]) for frames in parts]
    languages = languages_of(likely, [utterance.duration_s for utterance in clip.utterances], before)
    runs = runs_of(languages)
    if len(runs) > 1:
        for first, last in runs:
            yield from _tell(samples, SpeechClip(clip.utterances[first:last]), ear, languages[first])
        return
    heard = ear.words(encoded, languages[0], clip.frames()[-1].stop)
    words: list[list[Word]] = [[] for _ in clip.utterances]
    for word in _spelled(heard.aligned):
        ordinal, span = clip.place(word.span)
        words[ordinal].append(replace(word, span=span))
    yield tuple(
        ToldUtterance(utterance, languages[0], probabilities.get(languages[0], 0.0), tuple(said), heard, clip, encoded)
        for utterance, probabilities, said in zip(clip.utterances, likely, words, strict=True)
    )


def _checked(samples: Samples, told: Sequence[ToldUtterance], ear: Ear) -> Iterator[ToldUtterance]:
    """What was heard in a clip; of utterances that came out badly, what is heard in them alone if that is better."""
    for one in told:
        if not _is_doubtful(one):
            yield one
        elif len(told) > 1:
            yield from _better(samples, one, [one.utterance], ear)
        elif _worth([one]) <= 0 and one.utterance.duration_s >= _HALVED_S:
            yield from _better(samples, one, halves(samples, one.utterance), ear)
        else:
            yield one


def _better(samples: Samples, told: ToldUtterance, pieces: Sequence[Utterance], ear: Ear) -> list[ToldUtterance]:
    again = [
        better
        for piece in pieces
        for one in _tell(samples, SpeechClip((piece,)), ear, told.language)
        for better in _checked(samples, one, ear)
    ]
    return again if _worth(again) > _worth([told]) else [told]


def _is_doubtful(told: ToldUtterance) -> bool:
    if not _lost_s(told) and not told.words:
        return False
    return (
        _worth([told]) < DOUBTFUL_WORTH
        or told.heard.avg_logprob < DOUBTFUL_LOGPROB
        or (told.likely < DOUBTFUL_LANGUAGE and _worth([told]) < CLEAR_WORTH)
    )


def _worth(told: Sequence[ToldUtterance]) -> float:
    """How sure the words are, 0 to 1, times the share of the utterances that they fill: none if they are repetitive."""
    worth_s = sum(
        mean_confidence(one.words) * (one.utterance.duration_s - _lost_s(one))
        for one in told
        if one.words and not is_repetitive(one.text)
    )
    return worth_s / sum(one.utterance.duration_s for one in told)


def _lost_s(told: ToldUtterance) -> float:
    """How much of the utterance is too long for a word or for a pause."""
    span = told.utterance.span
    edges_s = [span.start_s, *(s for word in told.words for s in (word.span.start_s, word.span.end_s)), span.end_s]
    return sum(max(0.0, end_s - start_s - LONGEST_WORD_S) for start_s, end_s in pairwise(edges_s))


def _segments(told: Sequence[ToldUtterance]) -> Iterator[Segment]:
    spoken = [word for one in told for word in one.words]
    if not spoken:
        return
    text = "".join(word.text for word in spoken).strip()
    words = tuple(replace(word, text=word.text.strip()) for word in spoken)
    yield from parted(
        Segment(
            span=Span(words[0].span.start_s, words[-1].span.end_s),
            text=text,
            words=words,
            language=_iso_code(told[0].language),
            confidence=mean_confidence(words),
            origin=SpeechOrigin.TRANSCRIBED,
            avg_logprob=told[0].heard.avg_logprob,
            no_speech_prob=told[0].heard.no_speech_prob,
            compression_ratio=compression_ratio(text),
        )
    )


def _translated(segments: Iterable[Segment], told: ToldUtterance, ear: Ear) -> Iterator[Segment]:
    """The segments of one text, each with the translation of its sentence; with none where that makes no sense."""
    end = told.clip.frames()[-1].stop
    for sentence in _sentences(segments):
        frames = told.clip.frames_during(Span(sentence[0].span.start_s, sentence[-1].span.end_s))
        # What comes after the clip is silence: without any, the engine goes on and on.
        heard = [*range(frames.start, min(frames.stop, end)), *range(end, len(told.encoded))]
        is_sensible = not all(map(doubt_of, sentence))
        text = ear.translated(told.encoded[heard], told.language) if is_sensible else ""
        translation = text if text and not is_repetitive(text) else None
        yield from (replace(segment, translation=translation) for segment in sentence)


def _sentences(segments: Iterable[Segment]) -> list[list[Segment]]:
    found: list[list[Segment]] = []
    for segment in segments:
        before = found[-1][-1] if found else None
        if before is None or has_full_stop(before.text) or segment.span.start_s - before.span.end_s > SENTENCE_PAUSE_S:
            found.append([])
        found[-1].append(segment)
    return found


def _spelled(aligned: Sequence[Aligned]) -> list[Word]:
    """Whole words: what follows without a space belongs to the word before, opening marks to the next.

    In scripts without spaces each letter is a word, and only marks are joined to it.
    """
    has_spaces = any(one.text.startswith(" ") for one in aligned[1:])
    words: list[Word] = []
    opening = ""
    for one in aligned:
        text, is_mark = opening + one.text, not any(letter.isalnum() for letter in one.text)
        opening = ""
        if is_mark and one.text.strip() in _OPENING and (one.text.startswith(" ") or not has_spaces):
            opening = text
        elif words and (is_mark or (has_spaces and not text.startswith(" "))):
            words[-1] = _joined(words[-1], text, one, is_mark)
        elif not is_mark:
            words.append(Word(text, Span(float(one.start_s), float(one.end_s)), float(one.confidence)))
    return words


def _joined(word: Word, text: str, more: Aligned, is_mark: bool) -> Word:
    """The word with more text; marks leave its times and its confidence as they are."""
    if is_mark:
        return replace(word, text=word.text + text)
    end_s, confidence = float(more.end_s), min(word.confidence, float(more.confidence))
    return Word(word.text + text, Span(word.span.start_s, max(word.span.end_s, end_s)), confidence)


def _iso_code(language: str) -> str:
    """Whisper's code of a language as ISO 639 has it."""
    return {"jw": "jv"}.get(language, language)
