"""`POST /v1/search` at 1 and 8 clients on a library of 100,000 windows, profile lite, measured with wrk.

    python bench/server_latency.py [--windows 100000] [--seconds 20] [--library FOLDER]

The library is made on the spot: vectors are random mixtures of what the encoders of lite can see and hear,
speech and screen text are random sentences. --library keeps it for the next run. Each number of clients is
measured twice: with questions never asked before, and with ten that repeat. Prints a Markdown table.
"""

import argparse
import itertools
import json
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.steps.publish import AVERAGE_TERMS, space_of
from retrieval.domain import (
    Label,
    Lane,
    Profile,
    ScreenText,
    Segment,
    Shot,
    SoundEvent,
    Span,
    SpeechOrigin,
    Window,
    Word,
)
from retrieval.encoders.lite_sound import PROMPTS
from retrieval.encoders.lite_visual import LiteVisualEncoder
from retrieval.encoders.profiles import Encoders, ProfileEncoders
from retrieval.lanes.terms import document_vector
from retrieval.settings import RetrievalSettings
from retrieval.storage.library import Library
from retrieval.storage.records import VideoContents, VideoRecord, VideoStatus, VideoWindow
from retrieval.storage.vectors import Point, SparseVector

WINDOWS_PER_VIDEO, WINDOW_S, WINDOWS_PER_SHOT = 1000, 2.0, 2
SEGMENTS_PER_VIDEO, SCREEN_TEXTS_PER_VIDEO, SOUND_EVENTS_PER_VIDEO = 200, 50, 100
SUBJECTS = "a dog, a red bus, two people, a bicycle, a laptop, a pizza, a horse, a train, a kite, a boat".split(", ")
PLACES = "in the street, on a beach, at a table, near a window, in the snow, on grass, at night, by a lake".split(", ")
WORDS = "budget rocket market forest number harbour engine winter meeting answer season border window letter".split()

Vectors = NDArray[np.float32]


def make_library(folder: Path, windows: int) -> None:
    """Fill ``folder`` with so many windows, and build what makes searching them fast."""
    random = np.random.default_rng(7)
    settings = RetrievalSettings(data_dir=folder, profile=Profile.LITE)
    encoders = ProfileEncoders(Profile.LITE, settings)
    with Library(settings, "bench") as library, library.vectors() as store:
        for lane in Lane:
            spec = encoders.spec(lane)
            store.ensure_space(space_of(spec))
            library.catalog.add_space(spec)
            store.activate(lane, spec.space)
        visual = encoders.visual()
        assert isinstance(visual, LiteVisualEncoder)
        sounds = encoders.sound().embed_texts([prompts[0] for prompts in PROMPTS.values()])
        sentences = [" ".join(random.choice(WORDS, 8)) for _ in range(2_000)]
        said = encoders.sentences().embed_passages(sentences)
        for number in range(windows // WINDOWS_PER_VIDEO):
            contents, points = _video(random, number, visual, sounds, sentences, said)
            record = _record(number, encoders)
            for lane, lane_points in points.items():
                store.upsert(encoders.spec(lane).space, lane_points)
            library.catalog.publish(record, contents)
            print(f"\rvideo {number + 1}", end="", file=sys.stderr)
        store.optimize()


def _record(number: int, encoders: Encoders) -> VideoRecord:
    return VideoRecord(
        id=f"{number:016x}",
        content_hash=f"{number:064x}",
        path=f"/videos/{number}.mp4",
        title=f"video {number}",
        size_bytes=1,
        modified_ns=1,
        status=VideoStatus.INDEXING,
        duration_s=WINDOWS_PER_VIDEO * WINDOW_S,
        profile=Profile.LITE,
        encoders={lane: encoders.spec(lane).space for lane in Lane},
    )


def _video(
    random: np.random.Generator,
    number: int,
    visual: LiteVisualEncoder,
    sounds: Vectors,
    sentences: list[str],
    said: Vectors,
) -> tuple[VideoContents, dict[Lane, list[Point]]]:
    spans = [Span(ordinal * WINDOW_S, (ordinal + 1) * WINDOW_S) for ordinal in range(WINDOWS_PER_VIDEO)]
    vocabulary = visual.vocabulary
    seen = random.integers(len(vocabulary.names), size=(WINDOWS_PER_VIDEO, 4))
    weights = random.dirichlet((1, 1, 1, 1), WINDOWS_PER_VIDEO).astype(np.float32)
    looks = _unit(np.einsum("nk,nkd->nd", weights, vocabulary.vectors[seen]))
    windows = tuple(
        VideoWindow(
            Window(ordinal, ordinal // WINDOWS_PER_SHOT, span),
            span.start_s + 0.5,
            tuple(Label(vocabulary.names[index], 0.5) for index in seen[ordinal]),
        )
        for ordinal, span in enumerate(spans)
    )
    heard = _unit(
        sounds[random.integers(len(sounds), size=WINDOWS_PER_VIDEO)] + random.normal(0, 0.02, sounds[:1].shape)
    )
    lines = random.integers(len(sentences), size=SEGMENTS_PER_VIDEO)
    texts = random.integers(len(sentences), size=SCREEN_TEXTS_PER_VIDEO)
    shot_spans = [
        Span(spans[at].start_s, spans[at + WINDOWS_PER_SHOT - 1].end_s)
        for at in range(0, WINDOWS_PER_VIDEO, WINDOWS_PER_SHOT)
    ]
    contents = VideoContents(
        shots=tuple(Shot(ordinal, span) for ordinal, span in enumerate(shot_spans)),
        windows=windows,
        segments=tuple(
            Segment(
                _line_span(at, 10.0), sentences[line], _words(sentences[line], at), "en", 0.9, SpeechOrigin.TRANSCRIBED
            )
            for at, line in enumerate(lines)
        ),
        screen_texts=tuple(ScreenText(_line_span(at, 40.0), sentences[line], 0.9) for at, line in enumerate(texts)),
        sound_events=tuple(
            SoundEvent(_line_span(at, 20.0), str(random.choice(list(PROMPTS))), 0.8)
            for at in range(SOUND_EVENTS_PER_VIDEO)
        ),
    )
    return contents, {
        Lane.VISUAL: _points(number, Lane.VISUAL, spans, looks),
        Lane.SOUND: _points(number, Lane.SOUND, spans, heard),
        Lane.SPEECH: _points(
            number, Lane.SPEECH, [s.span for s in contents.segments], said[lines], [sentences[i] for i in lines]
        ),
        Lane.SCREEN: _points(
            number, Lane.SCREEN, [s.span for s in contents.screen_texts], said[texts], [sentences[i] for i in texts]
        ),
    }


def _line_span(at: int, every_s: float) -> Span:
    return Span(at * every_s, at * every_s + 4.0)


def _words(text: str, at: int) -> tuple[Word, ...]:
    return tuple(
        Word(word, Span(at * 10.0 + index * 0.5, at * 10.0 + index * 0.5 + 0.5), 0.9)
        for index, word in enumerate(text.split())
    )


def _points(
    number: int, lane: Lane, spans: list[Span], vectors: Vectors, texts: list[str] | None = None
) -> list[Point]:
    sparse: list[SparseVector | None] = (
        [None] * len(spans) if texts is None else [document_vector(text, AVERAGE_TERMS) for text in texts]
    )
    return [
        Point(
            str(uuid.uuid5(uuid.NAMESPACE_OID, f"{number}:{lane}:{at}")),
            f"{number:016x}",
            at,
            span,
            vectors[at],
            sparse[at],
        )
        for at, span in enumerate(spans)
    ]


def _unit(rows: NDArray[np.float64]) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


SCRIPT = """
local fresh, texts, count = %s, %s, 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
request = function()
  count = count + 1
  local text = texts[count %% #texts + 1]
  if fresh then text = text .. " " .. math.random(1000000000) end
  return wrk.format(nil, nil, nil, '{"query": {"text": "' .. text .. '"}, "limit": 20}')
end
init = function() math.randomseed(os.time() + tonumber(tostring({}):sub(8), 16)) end
done = function(summary, latency)
  local form = 'RESULT {"p50_ms": %%.1f, "p95_ms": %%.1f, "requests": %%d, "errors": %%d, "seconds": %%.2f}\\n'
  io.write(string.format(form,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000, summary.requests,
    summary.errors.status + summary.errors.timeout + summary.errors.connect, summary.duration / 1e6))
end
"""


def measure(url: str, clients: int, fresh: bool, seconds: int, folder: Path) -> dict[str, float]:
    """Latencies of one run of wrk."""
    texts = [f"{subject} {place}" for subject, place in itertools.islice(zip(SUBJECTS, itertools.cycle(PLACES)), 10)]
    script = folder / "search.lua"
    script.write_text(SCRIPT % ("true" if fresh else "false", "{" + ", ".join(f'"{text}"' for text in texts) + "}"))
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "30s", "-s", str(script), f"{url}/v1/search"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    value: dict[str, float] = json.loads(line.removeprefix("RESULT "))
    return value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--library", type=Path)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing; install it from your system's packages")
    with tempfile.TemporaryDirectory() as name:
        library = options.library or Path(name) / "library"
        if not library.exists():
            make_library(library, options.windows)
        command = [
            sys.executable,
            "-m",
            "app.cli.main",
            "--data-dir",
            str(library),
            "--profile",
            "lite",
            "serve",
            "--port",
            "0",
        ]
        server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            assert server.stderr is not None
            url = next(word for line in server.stderr for word in line.split() if word.startswith("http://"))
            time.sleep(5)
            measure(url, 1, True, 5, Path(name))
            print("| clients | questions | p50 ms | p95 ms | per second |\n|---|---|---|---|---|")
            for clients, fresh in itertools.product((1, 8), (True, False)):
                found = measure(url, clients, fresh, options.seconds, Path(name))
                if found["errors"]:
                    raise SystemExit(f"{found['errors']:.0f} of {found['requests']:.0f} requests failed")
                rate = found["requests"] / found["seconds"]
                asked = "new" if fresh else "repeated"
                print(f"| {clients} | {asked} | {found['p50_ms']} | {found['p95_ms']} | {rate:.0f} |", flush=True)
        finally:
            server.terminate()
            server.wait(30)


if __name__ == "__main__":
    main()
