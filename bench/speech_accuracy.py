"""What is heard of recordings of talk whose words, times and languages are known, and what is found of it.

    python bench/speech_accuracy.py FOLDER [--data-dir DIR] [--profile lite] [--out FILE]

    FOLDER/videos/             the recordings
    FOLDER/truth.json          [{"video", "turns": [{"start_s", "end_s", "language", "text"}],
                                "sounds": [{"start_s", "end_s"}]}]
    FOLDER/queries.jsonl       questions in other words, as `moments eval run` takes them
    FOLDER/quotes.jsonl        quotations, likewise

What DIR lacks of the recordings is indexed first, and what that cost is told: seconds of processor time and the most
memory at once, child processes included (Linux). Words belong to the turn that their middle is nearest to, half a
second away at most. Prints one JSON object, shares in percent; --out writes it to a file too.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from process_memory import Memory
from word_error import edits, units

from app.cli.commands.evaluate import run_cases
from app.open_engine import open_engine
from app.settings import Settings
from retrieval.domain import Profile, Segment, Span
from retrieval.evaluation.metrics import read_cases, summarise
from retrieval.search import SearchEngine

AWAY_S = 0.5
LEAST_TURN_S = 3.0
"""What is shorter says too little to tell its language by."""


@dataclass(frozen=True)
class SpokenTurn:
    """What one voice says without a pause, and what was heard of it."""

    span: Span
    language: str
    text: str
    heard: list[str] = field(default_factory=list)
    heard_in_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def heard_language(self) -> str | None:
        """The language of most of what was heard here."""
        return max(self.heard_in_s, key=self.heard_in_s.__getitem__, default=None)


@dataclass(frozen=True)
class Talk:
    """One video: its turns, and where there are sounds alone."""

    video: str
    turns: tuple[SpokenTurn, ...]
    sounds: tuple[Span, ...]


def read_truth(file: Path) -> list[Talk]:
    return [
        Talk(
            one["video"],
            tuple(SpokenTurn(_span(turn), turn["language"][:2], turn["text"]) for turn in one["turns"]),
            tuple(map(_span, one["sounds"])),
        )
        for one in json.loads(file.read_text("utf-8"))
    ]


def _span(value: Mapping[str, float]) -> Span:
    return Span(value["start_s"], value["end_s"])


def index(videos: Path, data_dir: Path, profile: str) -> dict[str, object]:
    """Index the videos; how many were new, how long they are and what that cost."""
    command = [sys.executable, "-m", "app.cli.main", "--data-dir", str(data_dir), "--profile", profile, "--json"]
    started = time.monotonic()
    process = subprocess.Popen([*command, "index", str(videos)], stdout=subprocess.PIPE, text=True)
    memory = Memory(process.pid)
    memory.start()
    assert process.stdout is not None
    outcomes = [json.loads(line) for line in process.stdout]
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"not every file of {videos} could be indexed")
    new = [outcome for outcome in outcomes if outcome["status"] != "unchanged"]
    cpu_s, most_mb = usage.ru_utime + usage.ru_stime, memory.end()
    length_s = sum(outcome["duration_s"] for outcome in new)
    cost = {
        "wall_s": round(time.monotonic() - started, 1),
        "cpu_s": round(cpu_s, 1),
        "cpu_s_per_s": round(cpu_s / length_s, 3),
        "peak_mb": round(most_mb),
    }
    return {"indexed": len(new), "duration_s": round(length_s, 1), **cost} if new else {"indexed": 0}


def listen(recording: Talk, segments: Sequence[Segment]) -> None:
    """Give each turn what was heard of it."""
    for segment in segments:
        for turn in recording.turns:
            shared_s = turn.span.overlap_s(segment.span)
            if shared_s and segment.language:
                turn.heard_in_s[segment.language[:2]] += shared_s
        said_in = [_nearest(recording.turns, word.span) for word in segment.words]
        first = said_in[0] if said_in else None
        if first and all(turn is first for turn in said_in):
            first.heard.append(segment.text)  # as it is written, where numbers are not cut into words
            continue
        for nearest, word in zip(said_in, segment.words, strict=True):
            if nearest:
                nearest.heard.append(word.text)


def _nearest(turns: Iterable[SpokenTurn], word: Span) -> SpokenTurn | None:
    middle_s = (word.start_s + word.end_s) / 2
    nearest = min(turns, key=lambda turn: _away_s(turn.span, middle_s))
    return nearest if _away_s(nearest.span, middle_s) <= AWAY_S else None


def _away_s(span: Span, at_s: float) -> float:
    return max(span.start_s - at_s, at_s - span.end_s, 0.0)


def is_over_sound(segment: Segment, recording: Talk) -> bool:
    """Whether more of the segment lies over a sound where nobody speaks than anywhere else."""
    over_s = sum(sound.overlap_s(segment.span) for sound in recording.sounds)
    return over_s > segment.span.duration_s / 2


def words_report(turns: Sequence[SpokenTurn]) -> dict[str, object]:
    """Errors by language, and over all."""
    wrong: dict[str, int] = defaultdict(int)
    said: dict[str, int] = defaultdict(int)
    for turn in turns:
        reference, heard = units(turn.text, turn.language), units(" ".join(turn.heard), turn.language)
        for group in ("all", turn.language):
            wrong[group] += edits(reference, heard)
            said[group] += len(reference)
    return {group: {"n": count, "error": _percent(wrong[group], count)} for group, count in said.items()}


def languages_report(turns: Sequence[SpokenTurn]) -> dict[str, object]:
    """How many turns that are long enough have their language, and which were heard as which."""
    long = [turn for turn in turns if turn.span.duration_s >= LEAST_TURN_S]
    taken: dict[str, int] = defaultdict(int)
    for turn in long:
        if turn.heard_language != turn.language:
            taken[f"{turn.language} as {turn.heard_language or 'nothing'}"] += 1
    return {"n": len(long), "right": _percent(len(long) - sum(taken.values()), len(long)), "taken": dict(taken)}


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def found(engine: SearchEngine, file: Path) -> dict[str, object]:
    """How often the first answers are right, all lanes open."""
    cases = read_cases(file.read_text("utf-8").splitlines(), str(file))
    scores = summarise(run_cases(engine, cases, 10)).all
    assert scores is not None
    kept = ("n", "r1@0.3", "r1@0.5", "r1@0.7", "r5@0.5", "miou_right")
    return {name: value for name, value in scores.as_dict().items() if name in kept}


def report(folder: Path, data_dir: Path, profile: Profile) -> dict[str, object]:
    """All figures but the cost."""
    recordings = read_truth(folder / "truth.json")
    over_sound: list[str] = []
    with open_engine(Settings(data_dir=data_dir, profile=profile), "bench") as engine:
        catalog = engine.library.catalog
        ids = {Path(video.path).name: video.id for video in catalog.get_many(catalog.ids()).values()}
        for recording in recordings:
            segments = catalog.contents.segments_of(ids[recording.video])
            listen(recording, segments)
            over_sound += [one.text for one in segments if is_over_sound(one, recording)]
        turns = [turn for recording in recordings for turn in recording.turns]
        return {
            "words": words_report(turns),
            "languages": languages_report(turns),
            "segments_over_sound": over_sound,
            "paraphrases": found(engine, folder / "queries.jsonl"),
            "quotations": found(engine, folder / "quotes.jsonl"),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--profile", choices=[one.value for one in Profile], default=Profile.LITE.value)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        data_dir = options.data_dir or Path(name)
        cost = index(options.folder / "videos", data_dir, options.profile)
        text = json.dumps({"indexing": cost, **report(options.folder, data_dir, Profile(options.profile))}, indent=1)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
