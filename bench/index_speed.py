"""Indexing speed and peak memory on a 10-minute 720p file, profile lite.

    python bench/index_speed.py [--minutes 10] [--video FILE]

The file is made on the spot: pictures of scikit-image under slow pans, a cut every five seconds, slides,
noise and tones as sound. Prints one JSON object.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from app.cli.sample_video import make_sample
from indexer.media.ffmpeg_binary import ffmpeg_path


def long_video(minutes: float, folder: Path) -> Path:
    """The demo's sample at 1280x720, over and over until it is long enough."""
    sample = make_sample(folder / "sample.mp4")
    once = folder / "once.mp4"
    scale = ["-vf", "scale=1280:720", "-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-c:a", "copy", "-sn"]
    subprocess.run([ffmpeg_path(), "-v", "error", "-y", "-i", sample, *scale, once], check=True)
    whole = folder / "long.mp4"
    loop = ["-stream_loop", "-1", "-i", str(once), "-t", str(minutes * 60), "-c", "copy"]
    subprocess.run([ffmpeg_path(), "-v", "error", "-y", *loop, whole], check=True)
    return whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--video", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        video = options.video or long_video(options.minutes, folder)
        command = [
            sys.executable,
            "-m",
            "app.cli.main",
            "--data-dir",
            str(folder / "library"),
            "--profile",
            "lite",
            "--json",
        ]
        # The first run of all reads the models from the disk: not what is measured here.
        first = make_sample(folder / "first.mp4")
        subprocess.run([*command, "index", str(first)], capture_output=True, check=True)
        started = time.monotonic()
        process = subprocess.Popen([*command, "index", str(video)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        outcome = json.loads(process.stdout.readline())
        _, _, usage = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - started
        print(
            json.dumps(
                {
                    "duration_s": outcome["duration_s"],
                    "windows": outcome["windows"],
                    "wall_s": round(wall_s, 1),
                    "times_real_time": round(outcome["duration_s"] / wall_s, 2),
                    "cpu_s": round(usage.ru_utime + usage.ru_stime, 1),
                    "peak_mb": round(usage.ru_maxrss / 1024),
                }
            )
        )


if __name__ == "__main__":
    main()
