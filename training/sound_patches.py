"""Recordings rendered to augmented log-mel patches, each with what is known and what the teacher hears."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from retrieval.encoders.log_mel import (
    FRAME_HOP_SAMPLES,
    HOP_SAMPLES,
    PATCH_SAMPLES,
    SAMPLE_RATE_HZ,
    Patches,
    patches,
)
from training.sound_data import (
    CLASSES,
    ESC_FOLDERS,
    EVERY_FOLD,
    MUSIC,
    SPEECH,
    LabelledSound,
    Wave,
    convolved,
    filtered,
    noise,
)

HEARD_DB, UNHEARD_DB, SILENT_DBFS, MASKED_DB = -25.0, -45.0, -65.0, -12.0
TEACHER_NAMES = {
    "baby crying": ("Baby cry, infant cry", "Crying, sobbing"),
    "chainsaw": ("Chainsaw",),
    "clock ticking": ("Clock", "Tick", "Tick-tock"),
    "dog barking": ("Dog", "Bark", "Yip", "Howl", "Bow-wow"),
    "crackling fire": ("Fire", "Crackle"),
    "helicopter": ("Helicopter",),
    "sneeze": ("Sneeze",),
    "rain": ("Rain", "Raindrop", "Rain on surface"),
    "rooster crowing": ("Chicken, rooster", "Crowing, cock-a-doodle-doo"),
    "sea waves": ("Ocean", "Waves, surf"),
    SPEECH: ("Speech",),
    MUSIC: ("Music",),
}


@dataclass(frozen=True, slots=True)
class SoundExamples:
    """n patches. ``targets`` holds 1 heard, 0 not heard, NaN unknown, per class of ours."""

    mel: NDArray[np.float16]
    targets: NDArray[np.float32]
    scores: NDArray[np.float16]
    features: NDArray[np.float16]
    folds: NDArray[np.int64]

    def where(self, keep: NDArray[np.bool_]) -> "SoundExamples":
        return SoundExamples(*(getattr(self, f.name)[keep] for f in fields(self)))


def joined(parts: Sequence[SoundExamples]) -> SoundExamples:
    """All patches of the parts, in order."""
    return SoundExamples(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(SoundExamples)))


class SoundTeacher:
    """YAMNet: what its 521 classes score on a patch, and the 1024 features below them."""

    def __init__(self, folder: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        model = folder / "yamnet_spectra_in.tflite"
        self._net = Interpreter(str(model), num_threads=1, experimental_preserve_all_tensors=True)
        self._net.allocate_tensors()
        self._input = self._net.get_input_details()[0]["index"]
        self._scores = self._net.get_output_details()[0]["index"]
        details = self._net.get_tensor_details()
        self._features = next(d["index"] for d in details if d["name"].endswith("reduce_mean"))
        with (folder / "yamnet_class_map.csv").open() as file:
            self.names = [row["display_name"] for row in csv.DictReader(file)]

    def hear(self, mel: Patches) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
        """(n, 521) scores and (n, 1024) features."""
        scores, features = np.empty((len(mel), 521), np.float16), np.empty((len(mel), 1024), np.float16)
        for row, patch in enumerate(mel):
            self._net.set_tensor(self._input, patch[None])
            self._net.invoke()
            scores[row] = self._net.get_tensor(self._scores)[0]
            features[row] = self._net.get_tensor(self._features).ravel()
        return scores, features


def render(recordings: Sequence[LabelledSound], teacher: SoundTeacher, rng: Generator) -> SoundExamples:
    """Patches of a new variation of every recording, alone or mixed with another of its fold."""
    groups = [[teacher.names.index(name) for name in TEACHER_NAMES[ours]] for ours in CLASSES]
    by_fold = {fold: [r for r in recordings if r.fold in (fold, EVERY_FOLD)] for fold in {r.fold for r in recordings}}
    batches = []
    for recording in recordings:
        others = by_fold[recording.fold]
        parts = [recording]
        if rng.random() < 0.4:
            parts.append(others[rng.integers(len(others))])
        waves = [_varied(part.samples, rng) for part in parts]
        if len(waves) == 2:
            waves[1] = waves[1] * 10 ** (rng.uniform(-12, 6) / 20)
        loudest = max(float(np.abs(sum(waves)).max()), 1e-4)
        gain = 10 ** (rng.uniform(-30, 0) / 20) / loudest
        start = rng.integers(HOP_SAMPLES)
        waves = [(gain * wave)[start:] for wave in waves]
        mix = np.clip(sum(waves) + _background(rng, waves[0].size), -1, 1).astype(np.float32)
        mel = patches(mix)
        scores, features = teacher.hear(mel)
        heard = np.stack([scores[:, g].max(axis=1) for g in groups], axis=1).astype(np.float32)
        targets = _targets(parts, waves, heard)
        folds = np.full(len(mel), max(part.fold for part in parts))
        batches.append(SoundExamples(mel.astype(np.float16), targets, scores, features, folds))
    return joined(batches)


def _targets(parts: Sequence[LabelledSound], waves: Sequence[Wave], heard: NDArray[np.float32]) -> NDArray[np.float32]:
    """What is known of each patch: heard if any part is heard, else unknown if any is, else not heard."""
    levels_db = np.stack([_patch_levels_db(wave, len(heard)) for wave in waves])
    claims = [
        _claims(part, level_db, levels_db.max(axis=0), heard) for part, level_db in zip(parts, levels_db, strict=True)
    ]
    return np.where(np.any(np.stack(claims) == 1, axis=0), 1, np.sum(claims, axis=0)).astype(np.float32)


def _claims(
    part: LabelledSound,
    level_db: NDArray[np.float64],
    total_db: NDArray[np.float64],
    heard: NDArray[np.float32],
) -> NDArray[np.float32]:
    """What one part adds to each patch: its label where it is loud, other classes as the teacher has them."""
    peak_db = level_db.max(initial=SILENT_DBFS)
    loud = (level_db > max(SILENT_DBFS, peak_db + HEARD_DB)) & (level_db > total_db + MASKED_DB)
    quiet = level_db < max(SILENT_DBFS, peak_db + UNHEARD_DB)
    claims = np.zeros_like(heard)
    for column, name in enumerate(CLASSES):
        score = heard[:, column]
        if name == part.label:
            claims[:, column] = np.where(quiet, 0, np.where(loud, 1, np.nan))
        elif part.label is None and name in ESC_FOLDERS.values():
            claims[:, column] = np.where(quiet | (score < 0.05), 0, np.nan)
        elif part.label not in (SPEECH, MUSIC) and name in (SPEECH, MUSIC):
            claims[:, column] = np.where(quiet | (score < 0.15), 0, np.where(score > 0.6, 1, np.nan))
    return claims


def _patch_levels_db(wave: Wave, count: int) -> NDArray[np.float64]:
    """The loudest 10 ms of each patch, in dB of full scale."""
    power = np.square(wave[: wave.size // FRAME_HOP_SAMPLES * FRAME_HOP_SAMPLES], dtype=np.float64)
    frames_db = 10 * np.log10(power.reshape(-1, FRAME_HOP_SAMPLES).mean(axis=1) + 1e-12)
    hop, span = HOP_SAMPLES // FRAME_HOP_SAMPLES, PATCH_SAMPLES // FRAME_HOP_SAMPLES
    return np.array([frames_db[i * hop : i * hop + span].max() for i in range(count)])


def _varied(samples: Wave, rng: Generator, seconds: float = 5.0) -> Wave:
    """The recording at another speed, colour, place and room, padded or cut to ``seconds``, peak 1."""
    speed = np.exp(rng.normal(0, 0.08))
    wave: Wave = np.interp(np.arange(0, samples.size - 1, speed), np.arange(samples.size), samples)
    count, joint = round(seconds * SAMPLE_RATE_HZ), SAMPLE_RATE_HZ // 50
    start = rng.integers(max(1, wave.size - count))
    wave = wave[start : start + count]
    wave = np.pad(wave, (0, count - wave.size))
    wave[:joint] *= np.linspace(0, 1, joint)
    wave[-joint:] *= np.linspace(1, 0, joint)
    wave = np.roll(wave, rng.integers(count))
    if rng.random() < 0.7:
        wave = filtered(rng, wave, strength_db=6)
    if rng.random() < 0.25:
        wave = _in_a_room(wave, rng)
    return np.asarray(wave / (np.abs(wave).max() + 1e-6), np.float32)


def _in_a_room(wave: Wave, rng: Generator) -> Wave:
    time_s = np.arange(SAMPLE_RATE_HZ // 2) / SAMPLE_RATE_HZ
    response = 0.05 * rng.standard_normal(time_s.size) * np.exp(-6.9 * time_s / rng.uniform(0.1, 0.7))
    response[0] = 1
    return convolved(wave, response)


def _background(rng: Generator, count: int) -> Wave:
    """Noise of any colour at -80 to -40 dB of full scale, now and then with mains hum."""
    wave = 10 ** (rng.uniform(-80, -40) / 20) * noise(rng, count, rng.uniform(0, 1.2))
    if rng.random() < 0.1:
        phase = 2 * np.pi * rng.choice([50, 60]) * np.arange(count) / SAMPLE_RATE_HZ
        wave = wave + 10 ** (rng.uniform(-70, -40) / 20) * sum(np.sin(k * phase) / k for k in (1, 2, 3))
    return np.asarray(wave, np.float32)
