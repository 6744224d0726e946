"""Frame rates as exact fractions, and timecode: drop-frame for 29.97 and 59.94, without for the others."""

import re
from dataclasses import dataclass
from fractions import Fraction
from math import floor, log

from retrieval.errors import InputError

_TIMECODE = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})([:;.,])(\d{2,3})")
_CLOSE = Fraction(1, 5000)
"""Rates that differ by less are one: far below the thousandth between 30 and 29.97."""
_MOST_MULTIPLES = 60


@dataclass(frozen=True, slots=True)
class Rate:
    """Frames per second, as cutting programs know them."""

    name: str
    fps: Fraction

    @property
    def nominal(self) -> int:
        """Frames that a second of timecode counts."""
        return round(self.fps)

    @property
    def drops(self) -> bool:
        """Whether timecode at this rate leaves out frame numbers, to keep up with the clock."""
        return self.fps.denominator != 1 and self.nominal % 30 == 0

    def frame_at(self, time_s: float | Fraction) -> int:
        """The frame nearest to a time."""
        return floor(Fraction(time_s) * self.fps + Fraction(1, 2))

    def time_of(self, frame: int) -> Fraction:
        """Seconds from frame 0 to the start of ``frame``."""
        return frame / self.fps


RATES: dict[str, Rate] = {
    name: Rate(name, fps)
    for name, fps in (
        ("23.976", Fraction(24000, 1001)),
        ("24", Fraction(24)),
        ("25", Fraction(25)),
        ("29.97", Fraction(30000, 1001)),
        ("30", Fraction(30)),
        ("50", Fraction(50)),
        ("59.94", Fraction(60000, 1001)),
        ("60", Fraction(60)),
    )
}
USUAL_RATE = RATES["25"]
"""For what has no pictures."""


def nearest_rate(fps: Fraction | None) -> Rate:
    """The rate to cut a file of ``fps`` at: the same, else the lowest that shows each frame equally often,
    else the nearest."""
    if fps is None or fps <= 0:
        return USUAL_RATE
    for times in range(1, _MOST_MULTIPLES + 1):
        for rate in RATES.values():
            if _is_close(fps * times, rate.fps) or _is_close(fps, rate.fps * times):
                return rate
    return min(RATES.values(), key=lambda rate: abs(log(fps / rate.fps)))


def _is_close(fps: Fraction, other: Fraction) -> bool:
    return abs(fps / other - 1) < _CLOSE


def timecode(frame: int, rate: Rate, drop: bool) -> str:
    """``HH:MM:SS:FF`` of a frame, ``HH:MM:SS;FF`` with ``drop``; begins again after 24 hours.

    With drop-frame, minutes start at number 2 (4 at 59.94), but for every tenth.
    """
    dropped = _dropped(rate) if drop else 0
    per_minute = rate.nominal * 60 - dropped
    per_ten_minutes = per_minute * 10 + dropped
    tens, rest = divmod(frame % (per_ten_minutes * 6 * 24), per_ten_minutes)
    number = tens * rate.nominal * 600 + rest
    if rest >= rate.nominal * 60:
        number += dropped * (1 + (rest - rate.nominal * 60) // per_minute)
    seconds, frames = divmod(number, rate.nominal)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}{';' if drop else ':'}{frames:02d}"


@dataclass(frozen=True, slots=True)
class StartTimecode:
    """The timecode that a file's first frame bears, as it is written there."""

    seconds: int
    frames: int
    drop: bool

    @classmethod
    def parse(cls, text: str | None, rate: Rate) -> "StartTimecode":
        """What a file of ``rate`` says; a file without timecode, or with a broken one, starts at 0."""
        found = _TIMECODE.fullmatch((text or "").strip())
        if found is None or int(found[5]) >= rate.nominal or int(found[2]) > 59 or int(found[3]) > 59:
            return cls(0, 0, rate.drops)
        seconds = (int(found[1]) * 60 + int(found[2])) * 60 + int(found[3])
        return cls(seconds, int(found[5]), rate.drops and found[4] != ":")

    def frame(self, rate: Rate) -> int:
        """The number of the frame that bears this timecode, counted from 00:00:00:00 at the file's ``rate``."""
        minutes = self.seconds // 60
        left_out = _dropped(rate) * (minutes - minutes // 10) if self.drop else 0
        return self.seconds * rate.nominal + self.frames - left_out


def counted_at(frame: int, own: Rate, own_drop: bool, rate: Rate) -> tuple[int, bool]:
    """The frame that bears, in a count of ``rate``, the timecode that ``frame`` bears in its own; and if that drops.

    Timecode keeps up with the clock where it drops numbers and where rates are whole; elsewhere its seconds
    are a thousandth longer. What keeps up is counted with dropping, the rest without: at any other rate that
    has both, the two then run side by side for as long as a file lasts.
    """
    keeps_up = own_drop or own.fps.denominator == 1
    label_s = Fraction(frame) / (own.fps if keeps_up else own.nominal)
    drop = rate.drops and keeps_up
    return floor(label_s * (rate.fps if drop else rate.nominal) + Fraction(1, 2)), drop


def rate_named(name: str) -> Rate:
    """The rate of that name. Raises InputError that lists them."""
    if name not in RATES:
        raise InputError(f"frame rate {name!r} is unknown; allowed are {', '.join(RATES)}")
    return RATES[name]


def _dropped(rate: Rate) -> int:
    """Frame numbers left out per minute."""
    return rate.nominal // 15
