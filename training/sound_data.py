"""Recordings and made-up sounds that the lite sound tagger learns from.

Recordings of ESC-10 keep their published fold, so that takes of one source never lie on both
sides of a split.
"""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from retrieval.encoders.log_mel import SAMPLE_RATE_HZ

ESC_FOLDERS = {
    "Baby_cry": "baby crying",
    "Chainsaw": "chainsaw",
    "Clock_tick": "clock ticking",
    "Dog_bark": "dog barking",
    "Fire_crackling": "crackling fire",
    "Helicopter": "helicopter",
    "Person_sneeze": "sneeze",
    "Rain": "rain",
    "Rooster": "rooster crowing",
    "Sea_waves": "sea waves",
}
SPEECH, MUSIC = "speech", "music"
CLASSES = (*ESC_FOLDERS.values(), SPEECH, MUSIC)
EVERY_FOLD = 0

Wave = NDArray[np.floating[Any]]
"""(n,) mono samples at 16 kHz."""

VOICES = ("en-us", "en-gb", "en-gb-scotland", "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "sv")
VARIANTS = ("", "+f1", "+f2", "+f3", "+f4", "+m1", "+m3", "+m5", "+m7", "+croak", "+whisper")
SENTENCES = (
    "Good morning everyone, let us look at the numbers of the third quarter before we begin.",
    "She opened the door slowly and asked whether anybody had seen the green umbrella.",
    "First remove the four screws, then lift the cover and unplug the cable on the left.",
    "No, I do not think so. Maybe on Thursday, after the meeting, if the weather is fine.",
    "Seventeen, forty two, one hundred and six; that makes one hundred and sixty five altogether.",
    "Welcome back to the show! Tonight we talk about rivers, bridges and the people who build them.",
)


@dataclass(frozen=True, slots=True)
class LabelledSound:
    """16 kHz mono samples. ``label`` is None where only the teacher says what is heard."""

    samples: Wave
    label: str | None
    fold: int
    name: str


def decode(path: Path) -> Wave:
    """Wave of the first audio stream of a file; empty if it has none."""
    command = ["ffmpeg", "-nostdin", "-v", "quiet", "-i", str(path), "-vn", "-ac", "1", "-ar"]
    done = subprocess.run([*command, str(SAMPLE_RATE_HZ), "-f", "f32le", "-"], capture_output=True, check=False)
    return np.frombuffer(done.stdout, np.float32)


def esc_recordings(folder: Path) -> list[LabelledSound]:
    """ESC-10's recordings under ``folder/<label>/<fold>-<clip>-<take>.ogg``."""
    files = [(label, file) for name, label in ESC_FOLDERS.items() for file in sorted((folder / name).iterdir())]
    return [LabelledSound(decode(f), label, int(f.stem.split("-")[0]), f.stem) for label, f in files]


def real_recordings(speech: list[Path], soundtracks: list[Path], folds: int) -> list[LabelledSound]:
    """Speech, and soundtracks that the teacher labels, cut into 5-s pieces; a file stays within one fold."""
    pieces = []
    for number, (file, label) in enumerate([(f, SPEECH) for f in speech] + [(f, None) for f in soundtracks]):
        samples = decode(file)
        for start in range(0, samples.size - SAMPLE_RATE_HZ, 5 * SAMPLE_RATE_HZ):
            piece = samples[start : start + 5 * SAMPLE_RATE_HZ]
            pieces.append(LabelledSound(piece, label, 1 + number % folds, f"{file.stem}@{start // SAMPLE_RATE_HZ}"))
    return pieces


def spoken_recordings(rng: Generator, count: int) -> list[LabelledSound]:
    """Sentences read by espeak-ng in many voices."""
    if shutil.which("espeak-ng") is None:
        raise SystemExit("espeak-ng is missing: install it to make the spoken part of the training data")
    spoken = []
    for number in range(count):
        voice = str(rng.choice(VOICES)) + str(rng.choice(VARIANTS))
        options = [
            "-v",
            voice,
            "-s",
            str(rng.integers(120, 210)),
            "-p",
            str(rng.integers(25, 75)),
            "--stdout",
        ]
        made = subprocess.run(["espeak-ng", *options, str(rng.choice(SENTENCES))], capture_output=True, check=True)
        read = [
            "ffmpeg",
            "-nostdin",
            "-v",
            "error",
            "-i",
            "-",
            "-ac",
            "1",
            "-ar",
            str(SAMPLE_RATE_HZ),
            "-f",
            "f32le",
        ]
        pcm = subprocess.run([*read, "-"], input=made.stdout, capture_output=True, check=True).stdout
        spoken.append(LabelledSound(np.frombuffer(pcm, np.float32), SPEECH, EVERY_FOLD, f"espeak-{number}"))
    return spoken


def made_up_recordings(rng: Generator, music: int, other: int) -> Iterator[LabelledSound]:
    """Synthetic music, and sounds of no class of ours, labelled by the teacher alone."""
    for number in range(music):
        yield LabelledSound(_music(rng), MUSIC, EVERY_FOLD, f"music-{number}")
    for number in range(other):
        yield LabelledSound(_sound(rng), None, EVERY_FOLD, f"made-up-{number}")


def noise(rng: Generator, count: int, tilt: float) -> Wave:
    """Noise of unit power whose amplitude falls with frequency ** tilt: 0 white, 0.5 pink, 1 brown."""
    spectrum = rng.standard_normal(count // 2 + 1) + 1j * rng.standard_normal(count // 2 + 1)
    spectrum *= np.maximum(np.arange(spectrum.size), 20 * count / SAMPLE_RATE_HZ) ** -tilt
    samples = np.fft.irfft(spectrum, count)
    return np.asarray(samples / samples.std(), np.float32)


def _sound(rng: Generator, seconds: float = 5.0) -> Wave:
    """A random source under a random envelope through a random filter."""
    count = round(seconds * SAMPLE_RATE_HZ)
    time_s = np.arange(count) / SAMPLE_RATE_HZ
    kind = rng.choice(3, p=[0.35, 0.4, 0.25])
    source = (_noise_source, _voice_source, _click_source)[kind](rng, time_s)
    shaped = filtered(rng, source * _envelope(rng, time_s), strength_db=14)
    return np.asarray(0.3 * shaped / (np.abs(shaped).max() + 1e-9), np.float32)


def _noise_source(rng: Generator, time_s: Wave) -> Wave:
    return noise(rng, time_s.size, rng.uniform(0, 1.2))


def _voice_source(rng: Generator, time_s: Wave) -> Wave:
    """Harmonics over a wandering pitch: barks, cries, engines, sirens and beeps live here."""
    pitch_hz = np.exp(rng.uniform(np.log(25), np.log(1500)))
    wander = 1 + rng.uniform(0, 0.4) * np.sin(2 * np.pi * rng.uniform(0.1, 8) * time_s + rng.uniform(0, 6))
    phase = 2 * np.pi * np.cumsum(pitch_hz * wander) / SAMPLE_RATE_HZ
    tilt, count = rng.uniform(0.2, 1.6), int(min(40, 7000 // (pitch_hz * 1.4)) + 1)
    tones = sum(np.sin(k * phase + rng.uniform(0, 6)) * k**-tilt for k in range(1, count + 1))
    return np.asarray(tones / np.std(tones) + rng.uniform(0, 0.5) * noise(rng, time_s.size, 0.5))


def _click_source(rng: Generator, time_s: Wave) -> Wave:
    """Decaying clicks, regular like a clock or random like drops and crackle."""
    rate_hz = np.exp(rng.uniform(np.log(0.8), np.log(80)))
    if rng.random() < 0.5:
        at_s = np.arange(rng.uniform(0, 1 / rate_hz), time_s[-1], 1 / rate_hz)
    else:
        at_s = rng.uniform(0, time_s[-1], max(1, round(rate_hz * time_s[-1])))
    clicks = np.zeros(time_s.size)
    np.add.at(clicks, (at_s * SAMPLE_RATE_HZ).astype(int), rng.uniform(0.2, 1, at_s.size))
    tail_s = np.arange(0, 0.15, 1 / SAMPLE_RATE_HZ)
    ring = noise(rng, tail_s.size, 0.3) + rng.uniform(0, 3) * np.sin(2 * np.pi * rng.uniform(300, 5000) * tail_s)
    return convolved(clicks, ring * np.exp(-tail_s / np.exp(rng.uniform(np.log(0.002), np.log(0.05)))))


def _envelope(rng: Generator, time_s: Wave) -> Wave:
    """Steady, swelling, pulsing, or a few bursts."""
    kind = rng.integers(4)
    if kind == 0:
        return np.ones(time_s.size)
    if kind == 1:
        return np.asarray(0.55 + 0.45 * np.sin(2 * np.pi * rng.uniform(0.1, 0.6) * time_s + rng.uniform(0, 6)))
    if kind == 2:
        pulse = 0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(2, 25) * time_s)
        return np.asarray(pulse ** rng.uniform(0.5, 4))
    bursts = np.zeros(time_s.size)
    for at_s in rng.uniform(0, time_s[-1], rng.integers(1, 5)):
        since = time_s - at_s
        bursts += (since > 0) * np.minimum(since / 0.01, 1) * np.exp(-np.maximum(since, 0) / rng.uniform(0.05, 0.6))
    return bursts


def _music(rng: Generator, seconds: float = 5.0) -> Wave:
    """Chords, a melody and, often, drums on one beat and in one key."""
    time_s = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    beat_s, root = 60 / rng.uniform(70, 170), rng.integers(40, 60)
    scale = np.array([0, 2, 4, 5, 7, 9, 11] if rng.random() < 0.5 else [0, 2, 3, 5, 7, 8, 10])
    tilt, decay_s = rng.uniform(0.6, 2.0), rng.uniform(0.15, 2.0)
    mix = np.zeros(time_s.size)
    for at_s in np.arange(0, seconds, 4 * beat_s):
        for step in (0, 2, 4):
            pitch = root + scale[(rng.integers(7) + step) % 7]
            mix += 0.3 * _note(time_s - at_s, pitch, tilt, 2 * decay_s) * (time_s < at_s + 4 * beat_s)
    for at_s in np.arange(0, seconds, beat_s / rng.choice([1, 2])):
        if rng.random() < 0.8:
            mix += rng.uniform(0.3, 0.7) * _note(time_s - at_s, root + 12 + rng.choice(scale), tilt, decay_s)
    if rng.random() < 0.6:
        for number, at_s in enumerate(np.arange(0, seconds, beat_s / 2)):
            since = np.maximum(time_s - at_s, 0) + (time_s < at_s) * 9
            hit = np.sin(2 * np.pi * 60 * since) * np.exp(-since / 0.1) if number % 4 == 0 else 0
            mix += hit + 0.25 * noise(rng, time_s.size, 0.0) * np.exp(-since / (0.12 if number % 4 == 2 else 0.02))
    return np.asarray(0.3 * mix / np.abs(mix).max(), np.float32)


def _note(since_s: Wave, pitch: float, tilt: float, decay_s: float) -> Wave:
    since = np.maximum(since_s, 0)
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    tone = sum(np.sin(2 * np.pi * hertz * k * since) * k**-tilt for k in range(1, 8))
    return np.asarray(tone * np.minimum(since / 0.01, 1) * np.exp(-since / decay_s))


def filtered(rng: Generator, samples: Wave, strength_db: float) -> Wave:
    """The samples through a smooth random equaliser."""
    spectrum = np.fft.rfft(samples)
    knots = rng.normal(0, strength_db / 2, 9)
    place = np.log(np.linspace(60, 8000, spectrum.size))
    gains_db = np.interp(place, np.linspace(place[0], place[-1], knots.size), knots)
    return np.asarray(np.fft.irfft(spectrum * 10 ** (gains_db / 20), samples.size))


def convolved(samples: Wave, response: Wave) -> Wave:
    size = samples.size + response.size
    spectrum = np.fft.rfft(samples, size) * np.fft.rfft(response, size)
    return np.fft.irfft(spectrum, size)[: samples.size]
