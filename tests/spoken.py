"""Speech whose words are known, by flite, a small program that speaks, and sounds that are none."""

import io
import shutil
import subprocess
import tempfile
import wave
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.media.ffmpeg_binary import ffmpeg_path
from retrieval.encoders.base import SPEECH_RATE_HZ
from tests.places import SHARED_MEDIA

_JFK = SHARED_MEDIA / "jfk.flac"
VOICES = ("made", "recorded") if _JFK.is_file() else ("made",)
"""In whose voice ``country`` can be had here."""


@cache
def said(sentence: str, voice: str = "rms") -> NDArray[np.int16]:
    """The sentence in a voice of flite's, 16 kHz; the same samples every time. Skips where no flite is installed."""
    flite = shutil.which("flite")
    if flite is None:
        pytest.skip("flite, which speaks for this test, is not installed")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "said.wav"
        subprocess.run([flite, "-voice", voice, "-t", sentence, "-o", file], capture_output=True, check=True)
        return recorded(file)


def country(voice: str) -> NDArray[np.int16]:
    """Ask not what your country can do for you, ask what you can do for your country."""
    if voice == "recorded":
        return recorded(_JFK)
    return said("ask not what your country can do for you. ask what you can do for your country")


def recorded(path: Path) -> NDArray[np.int16]:
    """A file's sound at 16 kHz."""
    return _samples(["-i", str(path)])


def silence(seconds: float) -> NDArray[np.int16]:
    return np.zeros(round(seconds * SPEECH_RATE_HZ), np.int16)


def chords(seconds: int, seed: int = 1) -> NDArray[np.int16]:
    """A plucked triad of a random key every second, five overtones each: music without a singer."""
    random = np.random.default_rng(seed)
    time_s = np.arange(SPEECH_RATE_HZ) / SPEECH_RATE_HZ
    bars = []
    for _ in range(seconds):
        root_hz = 220 * 2 ** (random.integers(-12, 12) / 12)
        tones = [root_hz * 2 ** (step / 12) * overtone for step in (0, 4, 7) for overtone in range(1, 6)]
        bars.append(sum(np.sin(2 * np.pi * tone * time_s) for tone in tones) * np.exp(-2 * time_s))
    music = np.concatenate(bars)
    return np.asarray(music / np.abs(music).max() * 16_000, np.int16)


def noise(seconds: float, seed: int = 1) -> NDArray[np.int16]:
    """Loud white noise."""
    count = round(seconds * SPEECH_RATE_HZ)
    return np.random.default_rng(seed).normal(0, 3000, count).astype(np.int16)


def wav(samples: NDArray[np.int16]) -> bytes:
    """The 16 kHz samples as a file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(16_000)
        made.writeframes(samples.tobytes())
    return file.getvalue()


def _samples(source: list[str]) -> NDArray[np.int16]:
    command = [ffmpeg_path(), "-v", "error", *source, "-ar", str(SPEECH_RATE_HZ), "-ac", "1", "-f", "s16le", "-"]
    return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.int16)
