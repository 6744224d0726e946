"""Every encoder, asked by eight threads at once from its first call on, answers each as if it were alone."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from retrieval.domain import Lane, Profile, Span
from retrieval.encoders.base import EncoderSpec
from retrieval.encoders.clap import ClapEncoder
from retrieval.encoders.lite_sound import LiteSoundEncoder
from retrieval.encoders.lite_visual import LiteVisualEncoder
from retrieval.encoders.once import once
from retrieval.encoders.openclip import OpenClipEncoder
from retrieval.encoders.profiles import ProfileEncoders
from retrieval.encoders.screen_reader import RapidOcrReader
from retrieval.encoders.sentence import MiniLmEncoder
from retrieval.encoders.transformer_sentence import RECIPES, TransformerSentenceEncoder
from retrieval.encoders.voice_activity import VoiceActivity
from retrieval.encoders.whisper_speech import FasterWhisperTranscriber, WhisperTranscriber
from retrieval.settings import RetrievalSettings
from tests import checkpoints

THREADS = 8
INPUTS = 4
RATE_HZ = 16_000

Case = tuple[Callable[[], Any], Callable[[Any, int], Any]]
"""Makes an encoder; asks it for the answer to the input of that number."""


def words(number: int) -> list[str]:
    """Texts of other counts and lengths for each number, so that each wants other padding."""
    return [" ".join(["a dog", "rain"][: 1 + number % 2]) + " red" * (number * turn) for turn in range(number % 3 + 1)]


def picture(number: int) -> np.ndarray[Any, Any]:
    frame = np.random.default_rng(number).integers(0, 256, (1 + number % 3, 96, 96 + 32 * (number % 3), 3), np.uint8)
    frame[:, 32:64] //= 1 + number
    return frame


def sound(number: int) -> np.ndarray[Any, Any]:
    seconds = 1.0 + number * 0.3
    times_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(number).normal(0, 0.1, len(times_s))
    return np.asarray(0.3 * np.sin(2 * np.pi * (220 + 60 * number) * times_s) + noise, np.float32)


def babble(number: int) -> np.ndarray[Any, Any]:
    """A second of a humming voice that opens and closes its mouth: enough for words to be heard in it."""
    times_s = np.arange(RATE_HZ) / RATE_HZ
    pitch_hz = 110 + 15 * number
    hum = sum(np.sin(2 * np.pi * pitch_hz * overtone * times_s) / overtone for overtone in range(1, 20))
    noise = np.random.default_rng(number).normal(0, 0.3, len(times_s))
    return np.asarray(0.1 * (hum + noise) * np.abs(np.sin(np.pi * (3 + number) * times_s)), np.float32)


def slide(number: int) -> np.ndarray[Any, Any]:
    image = Image.new("RGB", (480, 160), "white")
    ImageDraw.Draw(image).text((20, 50), f"Chapter {number} begins", "black", font_size=36)
    return np.asarray(image)


def embedded(embedding: Any) -> list[Any]:
    return [embedding.vectors, [[astuple(label) for label in row] for row in embedding.labels]]


def heard(transcriber: Any, number: int) -> list[Any]:
    return [astuple(segment) for segment in transcriber.transcribe(babble(number), [Span(0.0, 1.0)])]


CASES: dict[str, Callable[[Path], Case]] = {
    "minilm-l6": lambda _: (MiniLmEncoder, lambda made, number: [made.embed_texts(words(number))]),
    "minilm-l6, the same query": lambda _: (MiniLmEncoder, lambda made, _: [made.embed_texts(["a dog barks"])]),
    "lite-visual": lambda _: (LiteVisualEncoder, lambda made, number: embedded(made.embed_frames(picture(number)))),
    "lite-sound": lambda _: (
        lambda: LiteSoundEncoder(MiniLmEncoder()),
        lambda made, number: embedded(made.embed_sounds([sound(number), sound(number + 1)])),
    ),
    "lite-sound, texts and tags": lambda _: (
        lambda: LiteSoundEncoder(MiniLmEncoder()),
        lambda made, number: [made.embed_texts(words(number)), made.tag(sound(number)).probabilities],
    ),
    "silero-vad": lambda _: (VoiceActivity, lambda made, number: [made.probabilities(sound(number))]),
    "rapidocr": lambda _: (RapidOcrReader, lambda made, number: [astuple(line) for line in made.read(slide(number))]),
    "open_clip": lambda folder: (
        lambda: OpenClipEncoder(
            checkpoints.write_clip(folder / "clip"), EncoderSpec("clip-vit-b-32-256", Lane.VISUAL, 512, "1")
        ),
        lambda made, number: [made.embed_texts(words(number)), made.embed_frames(picture(number)).vectors],
    ),
    "open_clip with a tokenizer of transformers": lambda folder: (
        lambda: OpenClipEncoder(
            checkpoints.write_siglip(folder / "siglip"), EncoderSpec("siglip2-b-16-256", Lane.VISUAL, 768, "1")
        ),
        lambda made, number: [made.embed_texts(words(number)), made.embed_frames(picture(number)).vectors],
    ),
    "clap": lambda folder: (
        lambda: ClapEncoder(
            checkpoints.write_clap(folder / "clap"), EncoderSpec("clap-htsat-unfused", Lane.SOUND, 512, "1")
        ),
        lambda made, number: [made.embed_texts(words(number)), made.embed_sounds([sound(number)]).vectors],
    ),
    "transformers": lambda folder: (
        lambda: TransformerSentenceEncoder(
            checkpoints.write_bert(folder / "bert"),
            EncoderSpec("multilingual-e5-small", Lane.SPEECH, 384, "1"),
            RECIPES["multilingual-e5-small"],
        ),
        lambda made, number: [made.embed_texts(words(number)), made.embed_passages(words(number))],
    ),
    "faster-whisper": lambda folder: (
        lambda: FasterWhisperTranscriber(checkpoints.write_ctranslate2_whisper(folder / "whisper"), "base"),
        heard,
    ),
    "whisper": lambda folder: (
        lambda: WhisperTranscriber(checkpoints.write_whisper(folder / "whisper"), "base"),
        heard,
    ),
}


# whisper leaves its vocabulary file open
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("name", CASES)
def test_eight_threads_get_what_one_gets(name: str, tmp_path: Path) -> None:
    make, ask = CASES[name](tmp_path)
    encoder = make()
    together = threading.Barrier(THREADS)

    def asked(thread: int) -> Any:
        together.wait()
        return ask(encoder, thread % INPUTS)

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(asked, range(THREADS)))
    alone = [ask(encoder, number) for number in range(INPUTS)]
    assert any(alone)
    for thread, answer in enumerate(answers):
        assert_alike(answer, alone[thread % INPUTS])


def test_a_warm_up_and_jobs_at_once_share_what_they_load(tmp_path: Path) -> None:
    """A fresh server's first seconds: nothing is made on its disk, and every thread gets the same objects."""
    encoders = ProfileEncoders(Profile.LITE, RetrievalSettings(data_dir=tmp_path, profile=Profile.LITE))
    together = threading.Barrier(THREADS)

    def begin(thread: int) -> list[int]:
        together.wait()
        turns: list[Callable[[], Any]] = [
            lambda: encoders.visual().embed_texts(["a first query"]),
            lambda: encoders.visual().embed_frames(picture(1)),
            lambda: encoders.sound().embed_sounds([sound(1)]),
            lambda: encoders.sentences().embed_passages(["a dog"]),
        ]
        for turn in range(len(turns)):
            turns[(turn + thread) % len(turns)]()
        return [id(made) for made in (encoders.visual(), encoders.sound(), encoders.sentences())]

    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(begin, range(THREADS)))
    assert all(made == found[0] for made in found)
    assert list(tmp_path.iterdir()) == []


def assert_alike(one: Any, other: Any) -> None:
    """Arrays and numbers to 1e-4, everything else exactly."""
    if isinstance(one, list | tuple):
        assert len(one) == len(other)
        for mine, yours in zip(one, other, strict=True):
            assert_alike(mine, yours)
    elif isinstance(one, np.ndarray | float):
        np.testing.assert_allclose(one, other, atol=1e-4)
    else:
        assert one == other


def test_an_attribute_is_made_once_whoever_asks() -> None:
    made: list[int] = []

    class Owner:
        @once
        def slow(self) -> object:
            made.append(threading.get_ident())
            time.sleep(0.05)
            return object()

    owner, other = Owner(), Owner()
    together = threading.Barrier(THREADS)

    def ask(_: int) -> object:
        together.wait()
        return owner.slow

    with ThreadPoolExecutor(THREADS) as pool:
        found = set(pool.map(ask, range(THREADS)))
    assert found == {owner.slow}
    assert len(made) == 1
    assert other.slow is not owner.slow


def test_an_attribute_that_could_not_be_made_is_tried_again() -> None:
    class Owner:
        tries = 0

        @once
        def second_time(self) -> str:
            self.tries += 1
            if self.tries == 1:
                raise OSError("not yet")
            return "there"

    owner = Owner()
    with pytest.raises(OSError, match="not yet"):
        _ = owner.second_time
    assert owner.second_time == "there"
