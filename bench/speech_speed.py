"""Speed and memory of transcribing ten minutes of dense and of sparse speech, profile lite.

    python bench/speech_speed.py --speech FOLDER [--minutes 10] [--data-dir DIR]

    FOLDER/index.json   [{"file"}]   recordings of speech, beside it

Dense speech has pauses of half a second between recordings; of sparse speech a sixth is spoken and the rest is faint
noise. Each is transcribed in a process of its own, voice activity and trust gate included, once the models are loaded.
Prints one JSON object: seconds of processor time for a second of sound, and the most memory at once (Linux).
"""

import argparse
import json
import os
import random
import resource
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from process_memory import Memory

from indexer.media.ffmpeg_binary import ffmpeg_path
from indexer.steps.transcribe import transcribe
from retrieval.domain import Profile
from retrieval.encoders.base import SPEECH_RATE_HZ
from retrieval.encoders.profiles import ProfileEncoders
from retrieval.settings import RetrievalSettings

Pcm = NDArray[np.int16]

PAUSE_AFTER_S: dict[str, Callable[[float], float]] = {
    "dense": lambda spoken_s: 0.5,  # noqa: ARG005
    "sparse": lambda spoken_s: 5 * spoken_s,
}
"""Seconds without speech that follow so many of it."""
NOISE = 8
"""Deviation of the noise in pauses, in steps of 16 bits: -72 dB."""


def recording(speech: Path, kind: str, length_s: float) -> Pcm:
    """Recordings in a random order, over again if they do not suffice, with pauses of this kind between them."""
    chance = np.random.default_rng(7)
    files = [speech / one["file"] for one in json.loads((speech / "index.json").read_text("utf-8"))]
    random.Random(7).shuffle(files)
    parts: list[Pcm] = []
    missing = round(length_s * SPEECH_RATE_HZ)
    while missing > 0:
        said = _samples(files[0])
        files = [*files[1:], files[0]]
        pause = round(PAUSE_AFTER_S[kind](len(said) / SPEECH_RATE_HZ) * SPEECH_RATE_HZ)
        parts += [said, chance.normal(0, NOISE, pause).astype(np.int16)]
        missing -= len(said) + pause
    return np.concatenate(parts)[: round(length_s * SPEECH_RATE_HZ)]


def _samples(file: Path) -> Pcm:
    form = ["-f", "s16le", "-ac", "1", "-ar", str(SPEECH_RATE_HZ), "-"]
    done = subprocess.run([ffmpeg_path(), "-v", "error", "-i", str(file), *form], capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.int16)


def measure(speech: Path, kind: str, length_s: float, data_dir: Path) -> dict[str, float]:
    """What transcribing such a recording costs this process."""
    samples = recording(speech, kind, length_s)
    encoders = ProfileEncoders(Profile.LITE, RetrievalSettings(data_dir=data_dir, profile=Profile.LITE))
    transcribe(samples[: 5 * SPEECH_RATE_HZ], encoders.transcriber, encoders.voice_activity())
    memory = Memory(os.getpid())
    memory.start()
    before_s = _cpu_s()
    transcript = transcribe(samples, encoders.transcriber, encoders.voice_activity())
    cpu_s = _cpu_s() - before_s
    return {
        "speech_s": round(transcript.speech_s, 1),
        "segments": len(transcript.segments),
        "cpu_s_per_s": round(cpu_s / length_s, 4),
        "cpu_s_per_speech_s": round(cpu_s / max(transcript.speech_s, 0.001), 4),
        "peak_mb": round(memory.end()),
    }


def _cpu_s() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--data-dir", type=Path)
    options = parser.parse_args()
    report = {}
    with tempfile.TemporaryDirectory() as name:
        data_dir = options.data_dir or Path(name)
        for kind in PAUSE_AFTER_S:
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
                done = process.submit(measure, options.speech, kind, options.minutes * 60, data_dir)
                report[kind] = done.result()
    print(json.dumps(report))


if __name__ == "__main__":
    main()
