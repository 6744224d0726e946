"""The pictures that indexing keeps of a video: one file per time, named by milliseconds."""

from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path

_TRIED_FOR_A_WHOLE_VIDEO = 9


def thumbnail_times_s(folder: Path) -> list[float]:
    """The seconds of which the folder has a picture, in order; none without the folder."""
    try:
        return sorted(int(file.stem) / 1000 for file in folder.iterdir() if file.stem.isdecimal())
    except FileNotFoundError:
        return []


def thumbnail_file(folder: Path, time_s: float) -> Path:
    """Where the picture of that second lies, if there is one."""
    return folder / f"{round(time_s * 1000):010d}.jpg"


def nearest_s(times_s: Sequence[float], time_s: float) -> float:
    """The one of these times, of which there is one at least, that is nearest; of two, the earlier."""
    after = bisect_left(times_s, time_s)
    return min(times_s[max(0, after - 1) : after + 1], key=lambda one: abs(one - time_s))


def most_telling_s(folder: Path, times_s: Sequence[float]) -> float:
    """The time of the picture that may stand for the whole video: of some spread over it, the one with most detail.

    Black and blurred pictures make small files.
    """
    step = max(1, len(times_s) // _TRIED_FOR_A_WHOLE_VIDEO)
    return max(times_s[step // 2 :: step], key=lambda time_s: thumbnail_file(folder, time_s).stat().st_size)
