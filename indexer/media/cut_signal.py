"""The signal that shots are cut by: a few numbers per frame, measured while decoding."""

from collections import deque

import numpy as np

from indexer.media.frame_pixels import SIGNATURE_HEIGHT, SIGNATURE_WIDTH, Signature

STEP, STRIDE, BRIGHTNESS = 0, 1, 2
"""Columns of the signal: difference from the frame before, from three frames before, mean luma."""

SIGNAL_COLUMNS = 3
STRIDE_FRAMES = 3

_ONES = np.ones(SIGNATURE_HEIGHT * SIGNATURE_WIDTH, np.float32)


class SignalMeter:
    """Measures the signal of one video, fed in time order; remembers three signatures."""

    def __init__(self) -> None:
        self._recent: deque[Signature] = deque(maxlen=STRIDE_FRAMES)

    def measure(self, signature: Signature) -> tuple[float, float, float]:
        """Step, stride and brightness of this frame; the first frame differs from nothing."""
        step = stride = 0.0
        if self._recent:
            step, stride = (_mean(np.abs(signature - before)) for before in (self._recent[-1], self._recent[0]))
        self._recent.append(signature)
        return step, stride, _mean(signature)


def _mean(luma: Signature) -> float:
    """The mean, several times faster than numpy's own on so small an array."""
    return float(luma.ravel() @ _ONES) / _ONES.size
