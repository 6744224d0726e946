"""HDR and wide-gamut colours as ordinary screens show them: BT.709 with the gamma of BT.1886.

HDR counts in light. Its 203 cd/m² are the white of an ordinary screen (ITU-R BT.2408), and what is brighter is
compressed by the curve of ITU-R BT.2390, from the brightest that is there down to that white. Dark and middle
tones, and all of a film that has no highlights, stay as they are. The hue stays too: the curve is applied to the
strongest of the three colours, and the others follow in proportion.
"""

from collections.abc import Mapping
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from indexer.media.colours import Colours, Primaries, Transfer

Pixels = NDArray[np.float32]
"""(..., 3) float32 RGB, 0 to 1."""

WHITE_NITS = 203.0
BRIGHTEST_NITS = 10_000.0
_HLG_SCREEN_NITS = 1_000.0
_HLG_SYSTEM_GAMMA = 1.2
_GAMMA = 2.4
_PEAK_PERCENTILE = 99.9
"""A few sparks brighter than the rest do not count as the brightest there is."""
_ROUNDING_STOPS = 0.1
_LOOKED_AT_EVERY = 4
_CURVE_POINTS = 1024
CUBE_POINTS = 33

# To BT.709 from each set of primaries, both with the white D65 (ITU-R BT.2087; SMPTE EG 432-1).
_TO_BT709: Mapping[Primaries, NDArray[np.float32]] = {
    Primaries.BT709: np.eye(3, dtype=np.float32),
    Primaries.BT2020: np.array(
        [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
    ),
    Primaries.P3: np.array([[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]], np.float32),
}
_LUMA_BT2020 = np.array([0.2627, 0.6780, 0.0593], np.float32)
_LUMA_BT709 = np.array([0.2126, 0.7152, 0.0722], np.float32)

_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
"""The constants of SMPTE ST 2084."""


def peak_of(codes: NDArray[np.uint16], colours: Colours) -> float:
    """The brightest in a picture, RGB of 16 bits, in cd/m²: in steps of half a stop, from white upwards."""
    some = codes[::_LOOKED_AT_EVERY, ::_LOOKED_AT_EVERY].astype(np.float32) / 65535
    brightest = _on_screen(_nits(np.asarray(some, np.float32), colours.transfer), colours.transfer).max(axis=-1)
    stops = np.log2(max(float(np.percentile(brightest, _PEAK_PERCENTILE)), WHITE_NITS) / WHITE_NITS)
    return float(WHITE_NITS * 2.0 ** (np.ceil(2 * stops - _ROUNDING_STOPS) / 2))


def cube(colours: Colours, peak_nits: float) -> str:
    """The conversion as a table of colours in the .cube format, which ffmpeg's filter ``lut3d`` reads."""
    steps = np.linspace(0, 1, CUBE_POINTS, dtype=np.float32)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    codes = np.stack([red, green, blue], axis=-1).reshape(-1, 3)
    light = _on_screen(_nits(codes, colours.transfer), colours.transfer)
    rows = _shown(light, colours, peak_nits)
    lines = "\n".join(f"{row[0]:.5f} {row[1]:.5f} {row[2]:.5f}" for row in rows.tolist())
    return f"LUT_3D_SIZE {CUBE_POINTS}\n{lines}\n"


def _shown(light: Pixels, colours: Colours, peak_nits: float) -> Pixels:
    match colours.transfer:
        case Transfer.SDR:
            pass
        case Transfer.PQ | Transfer.HLG:
            nits, factors = _curve(peak_nits)
            light = light * np.interp(light.max(axis=-1), nits, factors)[..., None].astype(np.float32)
        case _:
            assert_never(colours.transfer)
    linear = light @ _TO_BT709[colours.primaries].T / np.float32(WHITE_NITS)
    return np.asarray(np.power(_in_gamut(linear), np.float32(1 / _GAMMA)), np.float32)


def _in_gamut(linear: Pixels) -> Pixels:
    """Colours that no ordinary screen has, paled towards grey of the same brightness until it has them."""
    grey = np.clip(linear @ _LUMA_BT709, 0, 1)[..., None]
    lowest, highest = linear.min(axis=-1, keepdims=True), linear.max(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.minimum(
            np.where(lowest < 0, grey / (grey - lowest), 1.0), np.where(highest > 1, (1 - grey) / (highest - grey), 1.0)
        )
    return np.asarray(np.clip(grey + np.nan_to_num(kept) * (linear - grey), 0, 1), np.float32)


def _on_screen(linear: Pixels, transfer: Transfer) -> Pixels:
    match transfer:
        case Transfer.SDR | Transfer.PQ:
            return linear
        case Transfer.HLG:
            luma = linear @ _LUMA_BT2020
            return np.asarray(linear * _HLG_SCREEN_NITS * np.power(luma, _HLG_SYSTEM_GAMMA - 1)[..., None], np.float32)
        case _:
            assert_never(transfer)


def _nits(codes: Pixels, transfer: Transfer) -> Pixels:
    """Light of one colour by its number, in cd/m²; for HLG that of the scene, 0 to 1."""
    match transfer:
        case Transfer.PQ:
            root = np.power(codes.astype(np.float64), 1 / _M2)
            light = BRIGHTEST_NITS * np.power(np.maximum(root - _C1, 0) / (_C2 - _C3 * root), 1 / _M1)
        case Transfer.HLG:
            upper = np.exp((codes - 0.55991073) / 0.17883277) + 0.28466892
            light = np.where(codes <= 0.5, np.square(codes) / 3, upper / 12)
        case Transfer.SDR:
            light = WHITE_NITS * np.power(codes, _GAMMA)
        case _:
            assert_never(transfer)
    return np.asarray(light, np.float32)


def _curve(peak_nits: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Light in rising order, and by how much it is dimmed: the EETF of ITU-R BT.2390, section 5.4.1."""
    brightest, white = _pq(np.array([peak_nits, WHITE_NITS]))
    signal = np.linspace(1 / _CURVE_POINTS, 1, _CURVE_POINTS)
    limit = white / brightest
    knee = 1.5 * limit - 0.5
    t = np.maximum((signal - knee) / max(1 - knee, 1e-9), 0)
    spline = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * limit
    dimmed = np.where(signal < knee, signal, spline)
    light = _nits(np.asarray(signal * brightest, np.float32), Transfer.PQ).astype(np.float64)
    factors = _nits(np.asarray(dimmed * brightest, np.float32), Transfer.PQ) / light
    beyond = np.array([BRIGHTEST_NITS])
    return np.append(light, beyond + light[-1]), np.append(factors, WHITE_NITS / (beyond + light[-1]))


def _pq(nits: NDArray[np.float64]) -> NDArray[np.float64]:
    power = np.power(nits / BRIGHTEST_NITS, _M1)
    return np.asarray(np.power((_C1 + _C2 * power) / (1 + _C3 * power), _M2), np.float64)
