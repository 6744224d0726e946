"""Where a large picture may hold small print: regions of sharp strokes on an even ground, found without a model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_CELL_WIDTH, _CELL_HEIGHT = 32, 16
_STROKE = 24
_EVEN = 6
"""Steps of brightness from pixel to pixel: at the edge of a stroke at least, on an even ground at most."""
_MIN_STROKES, _MIN_EVEN = 0.06, 0.4
"""Shares of a cell. Photographs have soft edges, or texture without even ground."""
_MIN_CELLS_IN_A_ROW = 3
_GROWN_CELLS = 3
_MARGIN_PX = 32
_MOST_REGIONS = 8


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a picture, in pixels; right and bottom are exclusive."""

    left: int
    top: int
    right: int
    bottom: int


def regions_of_small_print(frame: NDArray[np.uint8]) -> list[Region]:
    """Parts of a (height, width, 3) BGR picture, apart from one another, in which lines of small print may stand."""
    import cv2

    height, width = frame.shape[:2]
    grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    steps = cv2.absdiff(grey[:, 1:], grey[:, :-1])
    cells = (max(1, width // _CELL_WIDTH), max(1, height // _CELL_HEIGHT))

    def share(of: NDArray[np.bool_]) -> NDArray[np.float32]:
        return np.asarray(cv2.resize(of.astype(np.float32), cells, interpolation=cv2.INTER_AREA), np.float32)

    printed = ((share(steps > _STROKE) > _MIN_STROKES) & (share(steps < _EVEN) > _MIN_EVEN)).astype(np.uint8)
    printed = np.asarray(
        cv2.morphologyEx(printed, cv2.MORPH_OPEN, np.ones((1, _MIN_CELLS_IN_A_ROW), np.uint8)), np.uint8
    )
    grown = cv2.dilate(printed, np.ones((2 * _GROWN_CELLS + 1, 2 * _GROWN_CELLS + 1), np.uint8))
    _, labels = cv2.connectedComponents(grown)
    labels = np.where(printed > 0, labels, 0)
    found = []
    for label in np.unique(labels[labels > 0]):
        rows, columns = np.nonzero(labels == label)
        found.append(_region(rows, columns, width, height))
    if len(found) > _MOST_REGIONS:
        rows, columns = np.nonzero(printed)
        return [_region(rows, columns, width, height)]
    return _joined(found)


def _region(rows: NDArray[np.int64], columns: NDArray[np.int64], width: int, height: int) -> Region:
    return Region(
        max(0, int(columns.min()) * _CELL_WIDTH - _MARGIN_PX),
        max(0, int(rows.min()) * _CELL_HEIGHT - _MARGIN_PX),
        min(width, (int(columns.max()) + 1) * _CELL_WIDTH + _MARGIN_PX),
        min(height, (int(rows.max()) + 1) * _CELL_HEIGHT + _MARGIN_PX),
    )


def _joined(regions: list[Region]) -> list[Region]:
    """The regions, those that overlap as one."""
    apart: list[Region] = []
    for region in regions:
        while touching := next((other for other in apart if _overlap(region, other)), None):
            apart.remove(touching)
            region = Region(
                min(region.left, touching.left),
                min(region.top, touching.top),
                max(region.right, touching.right),
                max(region.bottom, touching.bottom),
            )
        apart.append(region)
    return apart


def _overlap(one: Region, other: Region) -> bool:
    return one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom
