"""Train the lite sound tagger and write its weights.

    python -m training.lite_sound --sounds ESC_FOLDER --teacher YAMNET_FOLDER --speech FILE… \\
        --soundtracks FILE… [--unseen FILE…] [--cross-validate FOLDER] --out WEIGHTS

Takes about ten minutes of one CPU core; three times that more with --cross-validate, which trains on two of
ESC-10's published folds, measures on the third, and leaves each fold's weights in FOLDER.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.encoders.base import Samples
from retrieval.encoders.lite_sound import SoundTagger, pooled
from training.sound_data import (
    CLASSES,
    ESC_FOLDERS,
    MUSIC,
    SPEECH,
    LabelledSound,
    decode,
    esc_recordings,
    made_up_recordings,
    noise,
    real_recordings,
    spoken_recordings,
)
from training.sound_net import train, weights_file
from training.sound_patches import SoundExamples, SoundTeacher, joined, render

FOLDS = (1, 2, 3)
ESC_VERSIONS, OTHER_VERSIONS = 12, 3
SPOKEN, MADE_UP_MUSIC, MADE_UP = 50, 60, 300
HEARD = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sounds", type=Path, required=True, help="folder of ESC-10, one folder per label")
    parser.add_argument("--teacher", type=Path, required=True, help="folder with yamnet_spectra_in.tflite")
    parser.add_argument("--speech", type=Path, nargs="+", required=True, help="recordings of speech")
    parser.add_argument("--soundtracks", type=Path, nargs="+", required=True, help="media the teacher labels")
    parser.add_argument("--unseen", type=Path, nargs="*", default=[], help="speech to measure on, not to learn")
    parser.add_argument("--cross-validate", type=Path, help="folder for the weights of each fold")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()

    rng = np.random.default_rng(1)
    esc = esc_recordings(options.sounds)
    real = real_recordings(options.speech, options.soundtracks, len(FOLDS))
    spoken = spoken_recordings(rng, SPOKEN)
    made_up = list(made_up_recordings(rng, MADE_UP_MUSIC, MADE_UP))
    teacher = SoundTeacher(options.teacher)
    others = [*real, *spoken, *made_up]
    turns = [ESC_VERSIONS * esc, OTHER_VERSIONS * others]
    examples = joined([render(group, teacher, rng) for group in turns])
    print(f"{len(examples.mel)} patches of {len(esc) + len(others)} recordings")
    if options.cross_validate:
        options.cross_validate.mkdir(parents=True, exist_ok=True)
        cross_validate(examples, esc, real, options.cross_validate)
    options.out.write_bytes(weights_file(train(examples, print)))
    tagger = SoundTagger(options.out)
    for file in options.unseen:
        print(f"{file.name}: {_summary(tagger.tag(decode(file)).probabilities)}")


def cross_validate(
    examples: SoundExamples, esc: Sequence[LabelledSound], real: Sequence[LabelledSound], folder: Path
) -> None:
    """Print what taggers hear in the fold that they never saw."""
    truth: list[str] = []
    heard: list[NDArray[np.float32]] = []
    for fold in FOLDS:
        weights = folder / f"fold{fold}.safetensors"
        weights.write_bytes(weights_file(train(examples.where(examples.folds != fold), print)))
        tagger = SoundTagger(weights)
        for recording in (r for r in esc if r.fold == fold):
            truth.append(str(recording.label))
            heard.append(pooled(tagger.tag(_with_noise(recording.samples)).probabilities))
        for recording in (r for r in real if r.fold == fold):
            print(f"unseen {recording.name}: {_summary(tagger.tag(recording.samples).probabilities)}")
    _print_table(np.array(truth), np.stack(heard))


def _print_table(truth: NDArray[np.str_], heard: NDArray[np.float32]) -> None:
    names = np.array(CLASSES)
    best = names[heard[:, : len(ESC_FOLDERS)].argmax(axis=1)]
    print(f"accuracy over the ten classes: {100 * np.mean(best == truth):.1f} %")
    print("| class | right | recall at 0.5 | precision at 0.5 | mistaken for |")
    for column, name in enumerate(CLASSES):
        own, claimed = truth == name, heard[:, column] > HEARD
        if name in (SPEECH, MUSIC):
            print(f"| {name} | | | heard in {int(claimed.sum())} of {len(truth)} recordings of other sounds | |")
            continue
        wrong = ", ".join(sorted(best[own & (best != truth)]))
        recall, precision = np.mean(claimed[own]), own[claimed].mean() if claimed.any() else np.nan
        row = (100 * np.mean(best[own] == name), 100 * recall, 100 * precision)
        print(f"| {name} | {row[0]:.0f} | {row[1]:.0f} | {row[2]:.0f} | {wrong} |")


def _summary(probabilities: NDArray[np.float32]) -> str:
    """Share of the hops in which each class is heard."""
    shares = np.mean(probabilities > HEARD, axis=0)
    heard = [f"{CLASSES[column]} {100 * shares[column]:.0f} %" for column in np.argsort(-shares) if shares[column]]
    return ", ".join(heard) or "nothing"


def _with_noise(samples: Samples) -> Samples:
    """The recording over faint brown noise, as a sound track has it."""
    level = 10 ** (-60 / 20)
    return (samples + level * noise(np.random.default_rng(0), samples.size, 1.0)).astype(np.float32)


if __name__ == "__main__":
    main()
