"""Frames as pictures: a small luma signature of every frame, upright JPEGs of the chosen ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from indexer.media.colours import colours_of
from indexer.media.ordinary_screen import OrdinaryScreen
from retrieval.encoders.base import FRAME_SIDE_PX
from retrieval.encoders.screen_reader import LARGE_FROM_PX

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.reformatter import VideoReformatter

SIGNATURE_WIDTH, SIGNATURE_HEIGHT = 64, 36
FRAME_QUALITY = 88
TEXT_SIDE_PX, TEXT_QUALITY = 1280, 92
LARGE_TEXT_SIDE_PX = 3840
"""What is larger than LARGE_FROM_PX is a screen full of small print as often as not, and kept so large for reading."""

_MATRICES = {"bt709": 1, "fcc": 4, "bt601": 5, "smpte240m": 7, "bt2020": 9}
"""What the scaler here calls them."""

Signature = NDArray[np.float32]
"""(36, 64) float32 luma, or (144, 256), 0 to 255, area-averaged so that noise and compression cancel out."""


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

    def __init__(self, scratch: Path, sample_aspect: float, decoder: "VideoCodecContext | None" = None) -> None:
        """``sample_aspect`` is what the file says of its pixels; what ``decoder`` learns later goes before it.

        Tables that are needed meanwhile are written to the folder ``scratch``.
        """
        from av.video.reformatter import VideoReformatter

        self._sample_aspect = sample_aspect
        self._decoder = decoder
        self._screens = OrdinaryScreen(scratch)
        self._first_aspect = decoder.sample_aspect_ratio if decoder else None
        self._coded: tuple[int, int] | None = None
        self.largest: tuple[int, int] | None = None
        """Width and height of the largest picture so far, upright, in square pixels."""
        self._signature_scaler = VideoReformatter()
        self._fine_scaler = VideoReformatter()
        self._frame_scaler = VideoReformatter()
        self._text_scaler = VideoReformatter()

    def signature(self, frame: "VideoFrame") -> Signature:
        """The frame as a few brightness values; coded orientation will do, frames are only compared."""
        self._note_size(frame)
        return self._brightness(frame, self._signature_scaler, SIGNATURE_WIDTH, SIGNATURE_HEIGHT)

    def fine_signature(self, frame: "VideoFrame") -> Signature:
        """The same, four times as wide and high."""
        return self._brightness(frame, self._fine_scaler, 4 * SIGNATURE_WIDTH, 4 * SIGNATURE_HEIGHT)

    def is_large(self, frame: "VideoFrame") -> bool:
        """Whether small print on the frame needs all of its pixels to be read."""
        return max(frame.width * self._aspect, frame.height) > LARGE_FROM_PX

    def _brightness(self, frame: "VideoFrame", scaler: "VideoReformatter", width: int, height: int) -> Signature:
        from av.video.reformatter import Interpolation

        small = scaler.reformat(frame, width, height, "gray", interpolation=Interpolation.AREA, threads=1)
        plane = np.frombuffer(memoryview(small.planes[0]), np.uint8).reshape(height, -1)
        return plane[:, :width].astype(np.float32)

    def save_frame(self, frame: "VideoFrame", path: Path) -> None:
        """Write the JPEG that is encoded and shown as thumbnail."""
        self._save(frame, path, self._frame_scaler, FRAME_SIDE_PX, FRAME_QUALITY)

    def save_text_frame(self, frame: "VideoFrame", path: Path) -> None:
        """Write the larger JPEG that screen text is read off."""
        side_px = LARGE_TEXT_SIDE_PX if self.is_large(frame) else TEXT_SIDE_PX
        self._save(frame, path, self._text_scaler, side_px, TEXT_QUALITY)

    def _save(self, frame: "VideoFrame", path: Path, scaler: "VideoReformatter", side_px: int, quality: int) -> None:
        from av.video.reformatter import Interpolation
        from PIL import Image

        width, height = fitted_size(frame.width * self._aspect, frame.height, side_px)
        colours = colours_of(frame)
        scaled = scaler.reformat(
            frame,
            width,
            height,
            "rgb24" if colours.is_ordinary else "rgb48le",
            src_colorspace=_MATRICES[colours.matrix] if colours.matrix else None,
            interpolation=Interpolation.AREA,
            threads=1,
        )
        if not colours.is_ordinary:
            scaled = self._screens.shown(scaled, colours)
        pixels = np.asarray(scaled.to_ndarray(), np.uint8)
        Image.fromarray(orientation(frame).apply(pixels)).save(path, "JPEG", quality=quality)

    @property
    def _aspect(self) -> float:
        now = self._decoder.sample_aspect_ratio if self._decoder else None
        return float(now) if now and now != self._first_aspect else self._sample_aspect

    def _note_size(self, frame: "VideoFrame") -> None:
        if (frame.width, frame.height) == self._coded:
            return
        self._coded = (frame.width, frame.height)
        size = (round(frame.width * self._aspect), frame.height)
        if orientation(frame).transposed:
            size = size[::-1]
        if self.largest is None or size[0] * size[1] > self.largest[0] * self.largest[1]:
            self.largest = size


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
