"""The frames of one pass: each is measured, the chosen ones become JPEG files."""

from array import array
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from indexer.media.cut_signal import SIGNAL_COLUMNS, SignalMeter
from indexer.media.decoded import FRAMES_FOLDER, TEXT_FOLDER, SampledFrame
from indexer.media.frame_chooser import FrameChooser
from indexer.media.frame_pixels import Pictures

if TYPE_CHECKING:
    from av.video.frame import VideoFrame


class Gallery:
    """Takes every decoded frame in time order; keeps files of some and a few numbers of all.

    Without ``readable``, none are kept to read text off.
    """

    def __init__(self, folder: Path, pictures: Pictures, chooser: FrameChooser, *, readable: bool = True) -> None:
        self._readable = readable
        self._folder = folder
        self._pictures = pictures
        self._chooser = chooser
        self._meter = SignalMeter()
        self._times_s = array("d")
        self._signal = array("f")
        self._frames: list[SampledFrame] = []
        self._shown = False

    def add(self, frame: "VideoFrame", time_s: float) -> None:
        """Measure a frame; write its pictures if it is chosen."""
        signature = self._pictures.signature(frame)
        measured = self._meter.measure(signature)
        self._times_s.append(time_s)
        self._signal.extend(measured)
        fine = partial(self._pictures.fine_signature, frame) if self._pictures.is_large(frame) else None
        choice = self._chooser.choose(time_s, signature, measured[0], fine)
        if not choice.same or choice.keep:
            self._end_shown(time_s)
        name = f"{round(time_s * 1000):09d}.jpg"
        if choice.keep:
            file = f"{FRAMES_FOLDER}/{name}"
            self._pictures.save_frame(frame, self._folder / file)
            self._frames.append(SampledFrame(time_s, file, still_until_s=time_s))
            self._shown = True
        if choice.read and self._readable:
            text_file = f"{TEXT_FOLDER}/{name}"
            self._pictures.save_text_frame(frame, self._folder / text_file)
            self._frames[-1] = replace(self._frames[-1], text_file=text_file)

    def close(self, duration_s: float) -> None:
        """The picture that stands at the end stands until ``duration_s``."""
        self._end_shown(duration_s)

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of the largest picture, upright, in square pixels; None without pictures."""
        return self._pictures.largest

    @property
    def frames(self) -> tuple[SampledFrame, ...]:
        return tuple(self._frames)

    @property
    def times_s(self) -> NDArray[np.float64]:
        return np.array(self._times_s, np.float64)

    @property
    def signal(self) -> NDArray[np.float32]:
        return np.array(self._signal, np.float32).reshape(-1, SIGNAL_COLUMNS)

    def _end_shown(self, time_s: float) -> None:
        if self._shown:
            self._frames[-1] = replace(self._frames[-1], still_until_s=time_s)
        self._shown = False
