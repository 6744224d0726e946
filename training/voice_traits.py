"""Learn how voices lie in the space of the voice vectors: their mean, and what tells them apart.

    python -m training.voice_traits --speech FOLDER --weights pretrained.pt \\
        --out retrieval/encoders/weights/voice_traits.safetensors

FOLDER/index.json lists recordings of speech ([{"file", "speaker"}]), each of one voice, beside it. The vectors of a
voice's pieces scatter around its own place, the same for every voice; voices scatter around the mean one. The traits
are the directions in which the second is largest beside the first, in units of the first (linear discriminant
analysis). A minute; the same recordings give the same file.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from indexer.steps.voice_turns import pieces_of
from indexer.steps.voices_apart import Matrix
from retrieval.asking.media_input import read_sound
from retrieval.encoders.base import Vectors
from retrieval.encoders.voice_activity import VoiceActivity
from retrieval.encoders.voice_vectors import Ge2eVoices, pieces_at
from retrieval.unit_rows import unit_rows

LONGEST_S = 60.0
TRAITS = 20
ROUND = 0.3
"""Share of the scatter within voices that is taken to be the same in all directions: there are more than pieces."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    voices = voices_in(options.speech, Ge2eVoices(options.weights, options.out))
    learnt = traits_of(list(voices.values()))
    save_file({name: np.ascontiguousarray(array, np.float32) for name, array in learnt.items()}, options.out)
    print(f"{len(voices)} voices, {sum(map(len, voices.values()))} pieces")


def voices_in(folder: Path, encoder: Ge2eVoices) -> dict[str, Vectors]:
    """(n, 256) the network's vectors of each voice's whole pieces."""
    found: dict[str, list[Vectors]] = defaultdict(list)
    finder = VoiceActivity()
    for entry in json.loads((folder / "index.json").read_text("utf-8")):
        samples = read_sound(folder / entry["file"], LONGEST_S)
        speech = [one.span for one in finder.find_speech(samples)]
        starts = [piece.start for piece in pieces_of(speech) if piece.is_whole]
        if starts:
            found[entry["speaker"]].append(encoder.embed_pieces(np.stack([*pieces_at(samples, starts)])))
    return {speaker: np.concatenate(vectors) for speaker, vectors in found.items()}


def traits_of(voices: list[Vectors]) -> dict[str, Matrix]:
    """The mean voice (256,), the axes (256, TRAITS) of the traits, and the variance of voices along each (TRAITS,)."""
    mean = np.mean([vectors.mean(0) for vectors in voices], axis=0)
    centred = [unit_rows(vectors - mean) for vectors in voices]
    places = np.stack([vectors.mean(0) for vectors in centred])
    inside = sum(((v - place).T @ (v - place) for v, place in zip(centred, places, strict=True)), np.zeros(()))
    inside = inside / sum(len(vectors) - 1 for vectors in centred)
    dim = len(mean)
    inside = (1 - ROUND) * inside + ROUND * np.trace(inside) / dim * np.eye(dim)
    whitened = np.linalg.cholesky(np.linalg.inv(inside))
    spread, axes = np.linalg.eigh(np.cov((places @ whitened).T))
    return {"mean": mean, "axes": (whitened @ axes)[:, : -TRAITS - 1 : -1], "spread": spread[: -TRAITS - 1 : -1]}


if __name__ == "__main__":
    main()
