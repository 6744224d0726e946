"""Text off frames: rapidocr with the detection and recognition models that its wheel carries."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from retrieval.domain import ScreenText, Span
from retrieval.encoders.base import Frames
from retrieval.encoders.once import once
from retrieval.encoders.small_print import regions_of_small_print
from retrieval.errors import InputError, ModelError, ModelUnavailableError

if TYPE_CHECKING:
    from rapidocr import RapidOCR
    from rapidocr.ch_ppocr_det.utils import TextDetOutput
    from rapidocr.utils.output import RapidOCROutput

NAME = "rapidocr-ppocrv6-small"

GLANCE_SIDE_PX = 512
"""Longest side at which a frame is first searched for text: 46 ms where 960 takes 135, and lines of 20 px
at 720p are still found. Most frames hold no text and cost nothing more."""

READ_SIDE_PX = 960
"""Longest side at which a frame that holds text is searched again, for its small print."""

LARGE_FROM_PX = 1920
"""Pictures with a longer side are read twice: as a whole at WHOLE_SIDE_PX, and closely where small print may be."""

WHOLE_SIDE_PX = 1280

CLOSE_SIDE_PX = 1920
"""Longest side at which a wide region of small print is searched: lines of 16 px in 4K are 8 px high then."""

MIN_CONFIDENCE = 0.7
MIN_SHORT_CONFIDENCE = 0.9
"""Textures are read as one or two characters; those must be plainer than words."""

_SHORT = 2
_NEVER_SHRUNK_PX = 100_000
"""The engine would shrink pictures before it looks at them, and words with them."""
_MOST_OF_IT = 0.5
_SAME_LINE_OVERLAP = 0.5
_SAME_LINE_GAP_HEIGHTS = 1.5
_NO_TIME = Span(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class TextBox:
    """A piece of text, where it lies on the frame in pixels, and the reader's confidence, 0 to 1."""

    left: float
    top: float
    right: float
    bottom: float
    text: str
    confidence: float

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def moved(self, right_px: float, down_px: float) -> "TextBox":
        """The same text at another place."""
        return replace(
            self,
            left=self.left + right_px,
            top=self.top + down_px,
            right=self.right + right_px,
            bottom=self.bottom + down_px,
        )

    def scaled(self, factor: float) -> "TextBox":
        """Where the text lies on the picture in another size."""
        return replace(
            self,
            left=self.left * factor,
            top=self.top * factor,
            right=self.right * factor,
            bottom=self.bottom * factor,
        )

    def overlaps(self, other: "TextBox") -> bool:
        """Whether most of the smaller of the two lies inside the other."""
        width = min(self.right, other.right) - max(self.left, other.left)
        shared = max(0.0, width) * max(0.0, min(self.bottom, other.bottom) - max(self.top, other.top))
        return shared > _MOST_OF_IT * min(box.height * (box.right - box.left) for box in (self, other))


class RapidOcrReader:
    """Reads Latin and Chinese script; thread-safe."""

    name = NAME

    def __init__(self, threads: int = 1) -> None:
        self._threads = threads
        self._lock = Lock()

    def read(self, frame: Frames) -> list[ScreenText]:
        """Lines of one (height, width, 3) RGB frame in reading order; spans are left at zero."""
        if frame.ndim != 3 or frame.shape[2] != 3:
            raise InputError(f"A frame to read has the shape (height, width, 3), not {frame.shape}.")
        bgr = np.ascontiguousarray(frame[:, :, ::-1])
        with self._lock:
            boxes = self._large(bgr) if max(frame.shape) > LARGE_FROM_PX else self._whole(bgr)
        return [ScreenText(_NO_TIME, line.text, line.confidence) for line in lines_of(filter(is_legible, boxes))]

    def _whole(self, bgr: NDArray[np.uint8]) -> list[TextBox]:
        return self._boxes(self._engine, bgr) if self._holds_text(bgr) else []

    def _large(self, bgr: NDArray[np.uint8]) -> list[TextBox]:
        """Small print as it is, larger text as far as it does not stand there already."""
        close: list[TextBox] = []
        for region in regions_of_small_print(bgr):
            part = np.ascontiguousarray(bgr[region.top : region.bottom, region.left : region.right])
            engine = self._engine if max(part.shape) <= 2 * READ_SIDE_PX else self._close_engine
            close += [box.moved(region.left, region.top) for box in self._boxes(engine, part)]
        close = [box for box in close if is_legible(box)]
        scale = max(bgr.shape[:2]) / WHOLE_SIDE_PX
        boxes = [box.scaled(scale) for box in self._whole(_shrunk(bgr, WHOLE_SIDE_PX))]
        return close + [box for box in boxes if not any(box.overlaps(other) for other in close)]

    def _holds_text(self, bgr: NDArray[np.uint8]) -> bool:
        bgr = _shrunk(bgr, GLANCE_SIDE_PX)
        return cast("TextDetOutput", self._engine(bgr, use_det=True, use_cls=False, use_rec=False)).boxes is not None

    def _boxes(self, engine: "RapidOCR", bgr: NDArray[np.uint8]) -> list[TextBox]:
        found = cast("RapidOCROutput", engine(bgr, use_det=True, use_cls=False, use_rec=True))
        if found.boxes is None or found.txts is None or found.scores is None:
            return []
        read = zip(found.boxes, found.txts, found.scores, strict=True)
        return [_text_box(np.asarray(corners), text, score) for corners, text, score in read]

    @once
    def _engine(self) -> "RapidOCR":
        return self._loaded(READ_SIDE_PX)

    @once
    def _close_engine(self) -> "RapidOCR":
        return self._loaded(CLOSE_SIDE_PX)

    def _loaded(self, side_px: int) -> "RapidOCR":
        try:
            import rapidocr
        except ModuleNotFoundError as error:
            raise ModelUnavailableError("Screen text needs the package rapidocr, which is not installed.") from error
        models = Path(rapidocr.__file__).parent / "models"
        # OpenVINO reads 1.5 to 1.8 times as fast as onnxruntime on the same cores, with the same text.
        openvino = rapidocr.EngineType.OPENVINO
        parameters = {
            "Global.log_level": "critical",
            "Global.text_score": 0.0,
            "Global.max_side_len": _NEVER_SHRUNK_PX,
            "EngineConfig.openvino.inference_num_threads": self._threads,
            "Det.engine_type": openvino,
            "Det.model_path": str(_bundled(models / "PP-OCRv6_det_small.onnx")),
            "Det.limit_type": "max",
            "Det.limit_side_len": side_px,
            "Rec.engine_type": openvino,
            "Rec.model_path": str(_bundled(models / "PP-OCRv6_rec_small.onnx")),
        }
        try:
            return rapidocr.RapidOCR(params=parameters)
        except Exception as error:  # rapidocr's errors share no base class
            raise ModelError(f"Cannot load the text models in {models}: {error}") from error


def _shrunk(bgr: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8]:
    import cv2

    scale = side_px / max(bgr.shape[:2])
    if scale >= 1:
        return bgr
    size = (max(1, round(bgr.shape[1] * scale)), max(1, round(bgr.shape[0] * scale)))
    return np.asarray(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), np.uint8)


def _text_box(corners: NDArray[np.float32], text: str, score: float) -> TextBox:
    left, top = corners.min(axis=0)
    right, bottom = corners.max(axis=0)
    return TextBox(float(left), float(top), float(right), float(bottom), text.strip(), float(score))


def _bundled(path: Path) -> Path:
    if not path.is_file():
        raise ModelUnavailableError(f"The installed rapidocr lacks {path.name}; version 3.10 has it.")
    return path


def is_legible(box: TextBox) -> bool:
    """Whether a box holds text rather than a texture that was mistaken for it."""
    letters = re.sub(r"\W", "", box.text)
    return bool(letters) and box.confidence >= (MIN_SHORT_CONFIDENCE if len(letters) <= _SHORT else MIN_CONFIDENCE)


def lines_of(boxes: Iterable[TextBox]) -> list[TextBox]:
    """Boxes in reading order, top to bottom and left to right, neighbours on one line joined.

    Boxes far apart on the same height stay apart: columns, or the two ends of a status bar.
    """
    lines: list[TextBox] = []
    for row in _rows(sorted(boxes, key=lambda box: box.top)):
        for ordinal, box in enumerate(sorted(row, key=lambda box: box.left)):
            if ordinal and box.left - lines[-1].right <= _SAME_LINE_GAP_HEIGHTS * max(box.height, lines[-1].height):
                lines[-1] = _joined(lines[-1], box)
            else:
                lines.append(box)
    return lines


def _rows(boxes: Sequence[TextBox]) -> list[list[TextBox]]:
    """Boxes grouped by the line they stand on, rows from top to bottom."""
    rows: list[list[TextBox]] = []
    for box in boxes:
        for row in rows:
            shared = min(box.bottom, row[0].bottom) - max(box.top, row[0].top)
            if shared >= _SAME_LINE_OVERLAP * min(box.height, row[0].height):
                row.append(box)
                break
        else:
            rows.append([box])
    return rows


def _joined(first: TextBox, second: TextBox) -> TextBox:
    size = len(first.text) + len(second.text)
    return TextBox(
        left=first.left,
        top=min(first.top, second.top),
        right=second.right,
        bottom=max(first.bottom, second.bottom),
        text=f"{first.text} {second.text}",
        confidence=(first.confidence * len(first.text) + second.confidence * len(second.text)) / size,
    )
