"""Log-mel patches of sound: the front end that the lite sound tagger and its teacher share.

25-ms periodic Hann frames every 10 ms, 512-point FFT, 64 mel bands from 125 to 7500 Hz,
``log(magnitude @ bands + 0.001)``; a patch is 96 frames (0.975 s of samples), a hop 48 (0.48 s).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from retrieval.encoders.base import Samples

Patches = NDArray[np.float32]
"""(n, 96, 64) float32 log-mel energies, time before frequency."""

SAMPLE_RATE_HZ = 16_000
FRAME_SAMPLES = 400
FRAME_HOP_SAMPLES = 160
FFT_SIZE = 512
BANDS = 64
LOWEST_HZ = 125.0
HIGHEST_HZ = 7500.0
LOG_FLOOR = 0.001
PATCH_FRAMES = 96
HOP_FRAMES = 48
HOP_SAMPLES = HOP_FRAMES * FRAME_HOP_SAMPLES
PATCH_SAMPLES = (PATCH_FRAMES - 1) * FRAME_HOP_SAMPLES + FRAME_SAMPLES


def log_mel(samples: Samples) -> NDArray[np.float32]:
    """(frames, 64) log-mel energies of 16 kHz mono samples; the last frame ends inside them."""
    if samples.size < FRAME_SAMPLES:
        return np.zeros((0, BANDS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME_SAMPLES)[::FRAME_HOP_SAMPLES]
    spectrum = np.abs(np.fft.rfft(frames * _hann(), FFT_SIZE)).astype(np.float32)
    return np.asarray(np.log(spectrum @ _bands() + LOG_FLOOR), np.float32)


def patches(samples: Samples) -> Patches:
    """Every whole patch of the samples, one per hop, first to last."""
    mel = log_mel(samples)
    if len(mel) < PATCH_FRAMES:
        return np.zeros((0, PATCH_FRAMES, BANDS), np.float32)
    view = np.lib.stride_tricks.sliding_window_view(mel, PATCH_FRAMES, axis=0)[::HOP_FRAMES]
    return np.ascontiguousarray(view.transpose(0, 2, 1))


@cache
def _hann() -> NDArray[np.float32]:
    phase = 2 * np.pi * np.arange(FRAME_SAMPLES) / FRAME_SAMPLES
    return (0.5 - 0.5 * np.cos(phase)).astype(np.float32)


@cache
def _bands() -> NDArray[np.float32]:
    """(257, 64) triangles, equal in width on the mel scale 1127 ln(1 + f / 700)."""
    bins = _mel(np.linspace(0, SAMPLE_RATE_HZ / 2, FFT_SIZE // 2 + 1))[:, None]
    edges = np.linspace(_mel(np.array(LOWEST_HZ)), _mel(np.array(HIGHEST_HZ)), BANDS + 2)
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (bins - low) / (centre - low), (high - bins) / (high - centre)
    bands = np.maximum(0.0, np.minimum(rising, falling))
    bands[0] = 0.0
    return bands.astype(np.float32)


def _mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1127.0 * np.log1p(hertz / 700.0))
