"""What an honest client notices while hostile ones do their worst: `moments serve`, profile lite, on this machine.

    python bench/hostile_clients.py [--seconds 60] [--idle 20] [--windows 5000] [--folder FOLDER] [--only KIND]…

The library is made on the spot: windows as in server_latency.py, and a video of half a minute that can be exported and
read. One client searches at a steady pace, first alone, then among the clients of attacks.py. Prints a Markdown table
and a line of JSON. Exits with 1 if the honest client's p99 is more than three times the idle one, memory does not come
back to within a tenth, the server has another process than before, or an honest request fails.
"""

import argparse
import http.client
import io
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from process_memory import Memory, memory_mb
from server_latency import PLACES, SUBJECTS, make_library

from indexer.media.ffmpeg_binary import ffmpeg_path

PACE_S = 0.2
PADDING_BYTES = 64_000_000
"""Behind the video in its file, so that reading it slowly takes longer than the system's buffers do."""
SETTLE_S = 20.0
P99_TIMES, MEMORY_TIMES = 3.0, 1.1
MOMENTS = [sys.executable, "-m", "app.cli.main", "--profile", "lite"]


@dataclass
class Asked:
    """What was asked over and over: how long each answer took, and with which status it came."""

    took_ms: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    def percentile_ms(self, share: float) -> float:
        return sorted(self.took_ms)[min(len(self.took_ms) - 1, int(share * len(self.took_ms)))]


class Asker(threading.Thread):
    """Asks one thing after the other, each ``PACE_S`` after the one before or as soon as that is answered."""

    def __init__(self, port: int, search: bool) -> None:
        super().__init__(daemon=True)
        self.asked = Asked()
        self._port = port
        self._search = search
        self._over = threading.Event()

    def run(self) -> None:
        number = 0
        while not self._over.wait(PACE_S):
            number += 1
            words = f"{SUBJECTS[number % len(SUBJECTS)]} {PLACES[number % len(PLACES)]}"
            started_s = time.monotonic()
            self.asked.statuses[self._once(words)] += 1
            self.asked.took_ms.append((time.monotonic() - started_s) * 1000)

    def _once(self, words: str) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)
        try:
            if self._search:
                body = json.dumps({"query": {"text": words}, "limit": 20})
                connection.request("POST", "/v1/search", body, {"Content-Type": "application/json"})
            else:
                connection.request("GET", "/healthz")
            answer = connection.getresponse()
            answer.read()
            return str(answer.status)
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        finally:
            connection.close()

    def end(self) -> Asked:
        self._over.set()
        self.join()
        return self.asked


@contextmanager
def asking(port: int) -> Iterator[tuple[Asked, Asked]]:
    """Searches and questions for health, asked during the block."""
    search, health = Asker(port, search=True), Asker(port, search=False)
    search.start()
    health.start()
    try:
        yield search.asked, health.asked
    finally:
        search.end()
        health.end()


def make_video(path: Path) -> Path:
    """Half a minute of 720p with sound, and padding that players skip."""
    sources = ["-f", "lavfi", "-i", "testsrc2=s=1280x720:r=25:d=30", "-f", "lavfi", "-i", "sine=d=30"]
    encoding = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"]
    subprocess.run([ffmpeg_path(), "-v", "error", "-y", *sources, *encoding, path], check=True)
    with path.open("ab") as file:
        file.write((PADDING_BYTES + 8).to_bytes(4, "big") + b"free")
        file.truncate(file.tell() + PADDING_BYTES)
    return path


@contextmanager
def serving(library: Path) -> Iterator[tuple[int, int]]:
    """The process and the port of a server on this library, once it is ready."""
    command = [*MOMENTS, "--data-dir", str(library), "serve", "--port", "0"]
    with (library.parent / "server.log").open("w+") as log:
        server = subprocess.Popen(command, stderr=log)
        try:
            port = None
            while port is None:
                time.sleep(0.2)
                if server.poll() is not None:
                    raise SystemExit(Path(log.name).read_text())
                words = Path(log.name).read_text().split()
                port = next((int(word.rpartition(":")[2]) for word in words if word.startswith("http://")), None)
            _wait_until_ready(port)
            yield server.pid, port
        finally:
            server.terminate()
            server.wait(60)


def warm_up(port: int, video: str) -> None:
    """Ask once for everything that loads something: what it takes then is no fault of hostile clients."""
    picture = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(picture, "PNG")
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    export = {"format": "reel", "moments": [{"video_id": video, "start_s": 1, "end_s": 2}]}
    several = {"query": {"text": "a dog", "then": ["a boat"], "not": ["a pizza"]}}
    for path, body, kind in (
        ("/v1/search/image", part + picture.getvalue() + b"\r\n--x--\r\n", "multipart/form-data; boundary=x"),
        ("/v1/exports", json.dumps(export).encode(), "application/json"),
        ("/v1/search", json.dumps(several).encode(), "application/json"),
    ):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        connection.request("POST", path, body, {"Content-Type": kind})
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {said[:500]!r}")


def _wait_until_ready(port: int) -> None:
    status = 0
    while status != 200:
        time.sleep(0.5)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", "/readyz")
            status = connection.getresponse().status
        except OSError:
            continue
        finally:
            connection.close()


def attack(port: int, seconds: float, video: str, only: list[str]) -> dict[str, dict[str, int]]:
    """What the hostile clients were answered."""
    script = str(Path(__file__).with_name("attacks.py"))
    command = [sys.executable, script, "--port", str(port), "--seconds", str(seconds), "--video", video]
    command += [word for kind in only for word in ("--only", kind)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as clients:
        assert clients.stdin is not None
        assert clients.stdout is not None
        clients.stdout.readline()
        said, _ = clients.communicate("go\n")
        if clients.returncode:
            raise SystemExit(f"the hostile clients failed with code {clients.returncode}")
    answers: dict[str, dict[str, int]] = json.loads(said.splitlines()[-1])
    return answers


def measure(options: argparse.Namespace, library: Path, video: str) -> dict[str, object]:
    with serving(library) as (pid, port):
        warm_up(port, video)
        with asking(port):
            time.sleep(5)
        with asking(port) as (idle, _):
            time.sleep(options.idle)
        before_mb = memory_mb(pid)
        memory = Memory(pid)
        memory.start()
        with asking(port) as (search, health):
            answers = attack(port, options.seconds, video, options.only)
        during_mb = memory.end()
        time.sleep(SETTLE_S)
        with asking(port) as (after, _):
            time.sleep(min(options.idle, 10))
        return {
            "idle": _row(idle),
            "attacked": _row(search),
            "after": _row(after),
            "healthz_max_ms": round(max(health.took_ms), 1),
            "healthz": dict(health.statuses),
            "memory_mb": {"before": round(before_mb), "most": round(during_mb), "after": round(memory_mb(pid))},
            "hostile": {kind: dict(counts) for kind, counts in answers.items()},
            "is_alive": Path(f"/proc/{pid}").exists(),
        }


def _row(asked: Asked) -> dict[str, object]:
    return {
        "p50_ms": round(asked.percentile_ms(0.5), 1),
        "p99_ms": round(asked.percentile_ms(0.99), 1),
        "max_ms": round(max(asked.took_ms), 1),
        "statuses": dict(asked.statuses),
    }


def faults(found: dict[str, dict[str, object]]) -> list[str]:
    """What is not as it should be."""
    idle, attacked, memory = found["idle"], found["attacked"], found["memory_mb"]
    rules = {
        f"p99 is more than {P99_TIMES:g} × the idle one": attacked["p99_ms"] > P99_TIMES * idle["p99_ms"],  # type: ignore[operator]
        f"memory is more than {MEMORY_TIMES:g} × that before": memory["after"] > MEMORY_TIMES * memory["before"],  # type: ignore[operator]
        "an honest search failed": set(attacked["statuses"]) != {"200"},  # type: ignore[call-overload]
        "a question for health failed": set(found["healthz"]) != {"200"},
        "the server is not the process that it was": not found["is_alive"],
    }
    return [what for what, is_so in rules.items() if is_so]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--idle", type=float, default=20.0)
    parser.add_argument("--windows", type=int, default=5_000)
    parser.add_argument("--folder", type=Path, help="where library and video are kept for the next run")
    parser.add_argument("--only", action="append", default=[], help="one kind of hostile client; again for more")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = options.folder or Path(name)
        library, video = folder / "library", folder / "talk.mp4"
        if not video.exists():
            make_library(library, options.windows)
            make_video(video)
        command = [*MOMENTS, "--data-dir", str(library), "--json", "index", str(video)]
        indexed = subprocess.run(command, check=True, capture_output=True, text=True)
        video_id = str(json.loads(indexed.stdout.splitlines()[0])["video_id"])
        found: dict[str, dict[str, object]] = measure(options, library, video_id)  # type: ignore[assignment]
    print("\n|  | p50 ms | p99 ms | worst ms | answers |\n|---|---|---|---|---|")
    for kind in ("idle", "attacked", "after"):
        row = found[kind]
        print(f"| {kind} | {row['p50_ms']} | {row['p99_ms']} | {row['max_ms']} | {row['statuses']} |")
    print(f"\n`/healthz` took {found['healthz_max_ms']} ms at most. Memory in MB: {found['memory_mb']}.\n")
    print("| hostile clients | answers |\n|---|---|")
    for kind, counts in found["hostile"].items():
        print(f"| {kind} | {counts} |")
    wrong = faults(found)
    print("\n" + json.dumps({**found, "faults": wrong}))
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
