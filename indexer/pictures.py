"""Frames as pictures: a small luma signature of every frame, upright JPEGs of the chosen ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.reformatter import VideoReformatter

SIGNATURE_WIDTH, SIGNATURE_HEIGHT = 64, 36
FRAME_SIDE_PX, FRAME_QUALITY = 640, 88
TEXT_SIDE_PX, TEXT_QUALITY = 1280, 92

Signature = NDArray[np.float32]
"""(36, 64) float32 luma, 0 to 255, area-averaged so that noise and compression cancel out."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """How a coded picture is turned upright: transposed first, then flipped."""

    transposed: bool = False
    flipped_x: bool = False
    flipped_y: bool = False

    def apply(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The upright picture; ``pixels`` is (height, width, 3)."""
        if self.transposed:
            pixels = pixels.transpose(1, 0, 2)
        rows = slice(None, None, -1 if self.flipped_y else 1)
        columns = slice(None, None, -1 if self.flipped_x else 1)
        return np.ascontiguousarray(pixels[rows, columns])


class Pictures:
    """Turns decoded frames into signatures and JPEG files; keeps the scalers it needs."""

    def __init__(self, sample_aspect: float) -> None:
        from av.video.reformatter import VideoReformatter

        self._sample_aspect = sample_aspect
        self._signature_scaler = VideoReformatter()
        self._frame_scaler = VideoReformatter()
        self._text_scaler = VideoReformatter()

    def signature(self, frame: "VideoFrame") -> Signature:
        """The frame as a few brightness values; coded orientation will do, frames are only compared."""
        from av.video.reformatter import Interpolation

        small = self._signature_scaler.reformat(
            frame, SIGNATURE_WIDTH, SIGNATURE_HEIGHT, "gray", interpolation=Interpolation.AREA, threads=1
        )
        plane = np.frombuffer(memoryview(small.planes[0]), np.uint8).reshape(SIGNATURE_HEIGHT, -1)
        return plane[:, :SIGNATURE_WIDTH].astype(np.float32)

    def save_frame(self, frame: "VideoFrame", path: Path) -> None:
        """Write the JPEG that is encoded and shown as thumbnail."""
        self._save(frame, path, self._frame_scaler, FRAME_SIDE_PX, FRAME_QUALITY)

    def save_text_frame(self, frame: "VideoFrame", path: Path) -> None:
        """Write the larger JPEG that screen text is read off."""
        self._save(frame, path, self._text_scaler, TEXT_SIDE_PX, TEXT_QUALITY)

    def _save(self, frame: "VideoFrame", path: Path, scaler: "VideoReformatter", side_px: int, quality: int) -> None:
        from av.video.reformatter import Interpolation
        from PIL import Image

        width, height = fitted_size(frame.width * self._sample_aspect, frame.height, side_px)
        scaled = scaler.reformat(frame, width, height, "rgb24", interpolation=Interpolation.AREA, threads=1)
        upright = orientation(frame).apply(np.asarray(scaled.to_ndarray(), np.uint8))
        Image.fromarray(upright).save(path, "JPEG", quality=quality)


def fitted_size(width: float, height: float, side_px: int) -> tuple[int, int]:
    """Width and height in whole pixels with the long side at most ``side_px``; never larger than given."""
    scale = min(1.0, side_px / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def orientation(frame: "VideoFrame") -> Orientation:
    """How this frame wants to be turned, from its display matrix."""
    matrix = cast("Mapping[str, bytes]", frame.side_data).get("DISPLAYMATRIX")
    if matrix is None:
        return Orientation()
    # x' = a x + c y, y' = b x + d y; 16.16 fixed point, of which only the signs matter here
    a, b, _, c, d = (int(value) for value in np.frombuffer(bytes(matrix), np.int32)[:5])
    if abs(a) >= abs(b):
        return Orientation(flipped_x=a < 0, flipped_y=d < 0)
    return Orientation(transposed=True, flipped_x=c < 0, flipped_y=b < 0)
