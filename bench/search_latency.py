"""Cold and warm time of a search, profile lite: a whole `moments search`, and one inside a running process.

    python bench/search_latency.py [--data-dir DIR] [--runs 9]

Without --data-dir the demo's sample is indexed first. Prints one JSON object.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from app.cli.sample_video import make_sample
from app.open_engine import open_engine
from app.settings import Settings
from retrieval.asking.query import Query, parse_term

QUERIES = ("a cat", "a cup of coffee on a table", "the slide about revenue", "the sound of rain", "a rocket")


def timed(command: list[str]) -> float:
    started = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    return time.monotonic() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        data_dir = options.data_dir or Path(name) / "library"
        moments = [sys.executable, "-m", "app.cli.main", "--data-dir", str(data_dir), "--profile", "lite", "--json"]
        if options.data_dir is None:
            timed([*moments, "index", str(make_sample(Path(name) / "sample.mp4"))])
        helps = [timed([sys.executable, "-m", "app.cli.main", "--help"]) for _ in range(options.runs)]
        cold = [timed([*moments, "search", QUERIES[run % len(QUERIES)]]) for run in range(options.runs)]
        warm = []
        with open_engine(Settings(data_dir=data_dir)) as engine:
            engine.library.keep_vectors()
            for run in range(options.runs * len(QUERIES) + 1):
                started = time.monotonic()
                engine.search(Query((parse_term(QUERIES[run % len(QUERIES)]),)))
                warm.append(time.monotonic() - started)
        print(
            json.dumps(
                {
                    "help_s": round(statistics.median(helps), 2),
                    "cold_search_s": round(statistics.median(cold), 2),
                    "cold_search_worst_s": round(max(cold), 2),
                    "warm_search_ms": round(statistics.median(warm[1:]) * 1000, 1),
                }
            )
        )


if __name__ == "__main__":
    main()
