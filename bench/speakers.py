"""How well voices are told apart: diarization error and the count of voices, with the processor's time.

    python bench/speakers.py --recordings FOLDER [FOLDER ...] [--speech FOLDER [--seeds 1 2] [--but-own]]

FOLDER has recordings (or videos, in `videos/`) and for each NAME.rttm beside it (or in `rttm/`) who speaks when.
With --speech, conversations of one to five voices are made up of the recordings that FOLDER/index.json lists
([{"file", "speaker", "speaker_known"}]). Error without and with a collar of 0.25 s, overlapping speech included.
With --but-own, how voices lie is learnt anew for each recording, without the voices in it: the honest figure where
the shipped file was learnt from these.
"""

import argparse
import json
import random
import resource
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from diarization_error import Errors, Said, errors, read_rttm, total
from safetensors.numpy import save_file

from indexer.steps.speakers import turns_in
from retrieval.asking.media_input import read_sound
from retrieval.encoders.base import SPEECH_RATE_HZ, Samples, Vectors
from retrieval.encoders.registry import find_model
from retrieval.encoders.speech_trust import MIN_SPEECH_PROBABILITY
from retrieval.encoders.voice_activity import VoiceActivity
from retrieval.encoders.voice_vectors import Ge2eVoices
from retrieval.encoders.weights_store import WeightsStore
from training.voice_traits import traits_of, voices_in

COLLAR_S = 0.25
LONGEST_S = 4 * 3600.0
MADE = 30
TURN_S = (1.2, 6.0)
PAUSE_S = (0.1, 1.0)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording and who speaks in it."""

    name: str
    samples: Samples
    truth: list[Said]

    @property
    def voices(self) -> set[str]:
        return {said.who for said in self.truth}


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one recording."""

    errors: Errors
    strict: Errors
    voices: int
    found: int
    cpu_s: float
    speech_s: float


def recordings(folder: Path) -> Iterator[Recorded]:
    """Those of a folder that have an RTTM."""
    beside = folder / "videos" if (folder / "videos").is_dir() else folder
    turns = folder / "rttm" if (folder / "rttm").is_dir() else folder
    for file in sorted(beside.iterdir()):
        rttm = turns / f"{file.stem}.rttm"
        if file.suffix != ".rttm" and file.suffix != ".json" and rttm.is_file():
            yield Recorded(file.stem, read_sound(file, LONGEST_S), read_rttm(rttm))


def made_up(speech: Path, seed: int, count: int = MADE) -> Iterator[Recorded]:
    """Conversations of one to five known voices in turn, equally loud, in a little noise."""
    rng, noise = random.Random(seed), np.random.default_rng(seed)
    by_voice: defaultdict[str, list[Samples]] = defaultdict(list)
    for entry in json.loads((speech / "index.json").read_text("utf-8")):
        if entry["speaker_known"]:
            by_voice[entry["speaker"]].append(read_sound(speech / entry["file"], 60.0))
    for number in range(count):
        who = rng.sample(sorted(by_voice), 1 + number % 5)
        parts: list[Samples] = []
        truth: list[Said] = []
        now = 0
        for turn in range(max(4, 3 * len(who))):
            others = [one for one in who if not truth or one != truth[-1].who] or who
            voice = who[turn] if turn < len(who) else rng.choice(others)
            whole = rng.choice(by_voice[voice])
            length = min(len(whole), int(rng.uniform(*TURN_S) * SPEECH_RATE_HZ))
            first = rng.randrange(len(whole) - length + 1)
            said = whole[first : first + length]
            pause = np.zeros(int(rng.uniform(*PAUSE_S) * SPEECH_RATE_HZ), np.float32)
            parts += [pause, said * np.float32(0.08 / max(1e-4, float(np.sqrt(np.mean(said**2)))))]
            now += len(pause)
            truth.append(Said(now / SPEECH_RATE_HZ, (now + length) / SPEECH_RATE_HZ, voice))
            now += length
        samples = np.concatenate(parts)
        samples = samples + noise.normal(0, 0.001, len(samples)).astype(np.float32)
        yield Recorded(f"made-up {number}", samples, truth)


def result_of(recorded: Recorded, encoder: Ge2eVoices, finder: VoiceActivity) -> Result:
    before_s = _cpu_s()
    found = finder.find_speech(recorded.samples)
    speech = [one.span for one in found if one.probability >= MIN_SPEECH_PROBABILITY]
    turns, _ = turns_in(recorded.samples, speech, encoder)
    cpu_s = _cpu_s() - before_s
    told = [Said(turn.span.start_s, turn.span.end_s, str(turn.voice)) for turn in turns]
    return Result(
        errors(recorded.truth, told, COLLAR_S),
        errors(recorded.truth, told),
        len(recorded.voices),
        len({said.who for said in told}),
        cpu_s,
        sum(span.duration_s for span in speech),
    )


class Learners:
    """The shipped encoder, or for each recording one that has not learnt from its voices."""

    def __init__(self, known: dict[str, Vectors] | None, folder: Path) -> None:
        store = WeightsStore()
        model = find_model("ge2e-voices")
        self.weights = store.require(model).folder / model.weights[0]
        self.shipped = Ge2eVoices(self.weights)
        self._known, self._folder = known, folder

    def of(self, recorded: Recorded) -> Ge2eVoices:
        if self._known is None:
            return self.shipped
        learnt = traits_of([vectors for voice, vectors in self._known.items() if voice not in recorded.voices])
        traits = self._folder / f"{recorded.name}.safetensors"
        save_file({name: np.ascontiguousarray(array, np.float32) for name, array in learnt.items()}, traits)
        return Ge2eVoices(self.weights, traits)


def show(name: str, results: list[Result]) -> None:
    collared, strict = total(one.errors for one in results), total(one.strict for one in results)
    right = sum(one.voices == one.found for one in results)
    cpu = sum(one.cpu_s for one in results) / sum(one.speech_s for one in results)
    parts = [collared.missed_s, collared.invented_s, collared.confused_s]
    missed, invented, confused = (100 * part / collared.said_s for part in parts)
    print(
        f"{name}: error {100 * collared.rate:.1f} % (missed {missed:.1f}, invented {invented:.1f}, confused "
        f"{confused:.1f}), without collar {100 * strict.rate:.1f} %; voices counted right in {right} of "
        f"{len(results)}; {cpu:.4f} CPU-s a second of speech"
    )


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recordings", type=Path, nargs="*", default=[])
    parser.add_argument("--speech", type=Path)
    parser.add_argument("--but-own", action="store_true", help="learn without the voices of each recording")
    parser.add_argument("--seeds", type=int, nargs="*", default=[1])
    options = parser.parse_args()
    finder = VoiceActivity()
    sets = {str(folder): partial(recordings, folder) for folder in options.recordings}
    if options.speech:
        sets |= {f"made up, seed {seed}": partial(made_up, options.speech, seed) for seed in options.seeds}
    with tempfile.TemporaryDirectory() as folder:
        encoders = Learners(None, Path(folder))
        if options.but_own:
            encoders = Learners(voices_in(options.speech, encoders.shipped), Path(folder))
        encoders.shipped.embed_voices(np.zeros(SPEECH_RATE_HZ, np.float32), [0])
        for name, take in sets.items():
            show(name, [result_of(one, encoders.of(one), finder) for one in take()])


if __name__ == "__main__":
    main()
