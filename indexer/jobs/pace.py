"""How far a job is as a whole, how fast it goes and how long it will take: functions over values."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from indexer.intake.addition import Addition, Origin
from indexer.pipeline import ALWAYS, FETCH, LANE_STEPS, STEPS

FETCH_WEIGHT = 5.0
"""How long a download takes beside the steps of ``STEPS``, roughly: nobody knows before."""

SMOOTHED_OVER_S = 15.0
"""Progress of so long a time decides what is left; what is older fades."""

SILENT_PART = 0.3
"""What stays of an estimate, however long nothing is heard."""

_WARM_UP = 0.02
"""Share of the whole before which an estimate is a guess."""


def weights_of(addition: Addition) -> Mapping[str, float]:
    """The steps of a job in order, with roughly how long each takes beside the others."""
    if addition.origin is Origin.URL:
        return {FETCH: FETCH_WEIGHT, **STEPS}
    if addition.video is not None and addition.lanes:
        steps = {step for lane in addition.lanes for step in LANE_STEPS.get(lane, STEPS)}
        return {name: weight for name, weight in STEPS.items() if name in {*steps, *ALWAYS}}
    return STEPS


def overall_share(stage: str | None, share: float, weights: Mapping[str, float] = STEPS) -> float:
    """How much of a video is done, 0 to 1, when ``share`` of ``stage`` is; 0 in no stage, or one of another version."""
    done = 0.0
    for name, weight in weights.items():
        if name == stage:
            return (done + weight * min(max(share, 0.0), 1.0)) / sum(weights.values())
        done += weight
    return 0.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the whole goes, from what was seen of it so far; ``seen`` gives the next.

    ``rate`` is the share of the whole done per second, None until there are two sightings.
    """

    started_s: float
    started_share: float
    seen_s: float
    share: float
    rate: float | None = None

    @classmethod
    def start(cls, now_s: float, share: float) -> "Pace":
        """A run that is at ``share`` now: not 0 if it goes on after a kill."""
        return cls(now_s, share, now_s, share)

    def seen(self, now_s: float, share: float) -> "Pace":
        """The pace, knowing that ``share`` is done now."""
        passed_s = now_s - self.seen_s
        if passed_s <= 0.0:
            return self
        latest = max(0.0, share - self.share) / passed_s
        kept = 0.0 if self.rate is None else math.exp(-passed_s / SMOOTHED_OVER_S)
        rate = kept * (self.rate or 0.0) + (1.0 - kept) * latest
        return Pace(self.started_s, self.started_share, now_s, share, rate)

    def speed_x(self, duration_s: float | None) -> float | None:
        """Seconds of video done per second, over the whole run; None until that can be told."""
        passed_s, done = self.seen_s - self.started_s, self.share - self.started_share
        if duration_s is None or passed_s <= 0.0 or done <= 0.0:
            return None
        return done * duration_s / passed_s

    def remaining_s(self, now_s: float) -> float | None:
        """Seconds left at this pace; None until that can be told."""
        passed_s, done = self.seen_s - self.started_s, self.share - self.started_share
        if self.rate is None or passed_s <= 0.0 or done < _WARM_UP:
            return None
        # A stage may be much faster than its weight says: the run as a whole keeps the estimate sober.
        left_s = (1.0 - self.share) / (0.5 * self.rate + 0.5 * done / passed_s)
        # Silence is no sign of the end: of what was left, a part stays until more is seen.
        return max(SILENT_PART * left_s, left_s - (now_s - self.seen_s))
