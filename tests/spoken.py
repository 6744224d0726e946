"""Speech whose words are known, made by ffmpeg's own voice, and sounds that are none."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from retrieval.encoders.base import SPEECH_RATE_HZ
from tests.places import SHARED

SHARED_MEDIA = SHARED / "media"
SHARED_SOUNDS = SHARED / "bench" / "assets" / "sounds"


@cache
def said(sentence: str) -> NDArray[np.int16]:
    """The sentence in a clear voice, 16 kHz; skips where ffmpeg was built without a voice."""
    ffmpeg = shutil.which("ffmpeg")
    made = ffmpeg and _samples(ffmpeg, "-f", "lavfi", "-i", f"flite=text='{sentence}':voice=rms")
    if not made:
        pytest.skip("no ffmpeg with a voice (flite) on this machine")
    return np.frombuffer(made, np.int16)


def recorded(path: Path) -> NDArray[np.int16]:
    """A file's sound at 16 kHz; skips where the file is not there."""
    if not path.is_file():
        pytest.skip(f"no {path.name} on this machine")
    made = _samples(shutil.which("ffmpeg") or _wheel_ffmpeg(), "-i", str(path))
    assert made, f"ffmpeg cannot decode {path}"
    return np.frombuffer(made, np.int16)


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


def _samples(ffmpeg: str, *source: str) -> bytes:
    command = [ffmpeg, "-nostdin", "-v", "error", *source, "-ar", str(SPEECH_RATE_HZ), "-ac", "1"]
    return subprocess.run([*command, "-f", "s16le", "-"], capture_output=True, check=False).stdout


def _wheel_ffmpeg() -> str:
    from imageio_ffmpeg import get_ffmpeg_exe

    return str(get_ffmpeg_exe())
