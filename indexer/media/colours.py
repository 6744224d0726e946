"""How a picture's numbers become light: its matrix, its range, its transfer curve, its primaries."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

# Code points of ITU-T H.273, which all of FFmpeg counts by.
_MATRICES = {1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020", 10: "bt2020"}
_UNSPECIFIED = (0, 2)
_FULL_RANGE = 2
_HD_WIDTH, _HD_HEIGHT = 1280, 577
"""From this size on, what carries no tags is taken for BT.709, as players do; below, for BT.601."""


class Transfer(StrEnum):
    """How numbers stand for light: as on ordinary screens, or in one of the two ways of HDR."""

    SDR = "sdr"
    PQ = "pq"
    HLG = "hlg"


class Primaries(StrEnum):
    """Which red, green and blue are meant. The old ones of BT.601 are near enough to BT.709's."""

    BT709 = "bt709"
    P3 = "p3"
    BT2020 = "bt2020"


# What is not named here is that of ordinary screens, or near enough, or is no code point: players show it as such.
_TRANSFERS = {16: Transfer.PQ, 18: Transfer.HLG}
_PRIMARIES = {9: Primaries.BT2020, 11: Primaries.P3, 12: Primaries.P3}
_UNTAGGED = {Transfer.SDR: Primaries.BT709, Transfer.PQ: Primaries.BT2020, Transfer.HLG: Primaries.BT2020}
"""The primaries that go with a transfer where the file names none."""


@dataclass(frozen=True, slots=True)
class Colours:
    """What the numbers of a picture mean."""

    transfer: Transfer
    primaries: Primaries
    matrix: str | None
    """From RGB to the numbers, as ffmpeg's scaler calls it; None where they are RGB."""
    full_range: bool

    @property
    def is_ordinary(self) -> bool:
        """Whether an ordinary screen shows them as they are meant, once they are RGB."""
        return self.transfer is Transfer.SDR and self.primaries is Primaries.BT709


def colours_of(frame: "VideoFrame") -> Colours:
    """What a frame says of its colours, with what players assume where it says nothing."""
    transfer = _TRANSFERS.get(frame.color_trc, Transfer.SDR)
    primaries = _PRIMARIES.get(frame.color_primaries, Primaries.BT709)
    if frame.color_primaries in _UNSPECIFIED:
        primaries = _UNTAGGED[transfer]
    is_hd = frame.width >= _HD_WIDTH or frame.height >= _HD_HEIGHT
    untagged = "bt2020" if primaries is Primaries.BT2020 else "bt709" if is_hd else "bt601"
    is_rgb = frame.format.is_rgb
    return Colours(
        transfer=transfer,
        primaries=primaries,
        matrix=None if is_rgb else _MATRICES.get(frame.colorspace, untagged),
        full_range=is_rgb or frame.format.name.startswith("yuvj") or frame.color_range == _FULL_RANGE,
    )
