"""What the object head learns from: frames pasted together from pictures, labelled cell by cell by a detector."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import openvino
import torch
from numpy.typing import NDArray
from openvino import opset13 as ops
from PIL import Image
from torch.nn import functional

from retrieval.encoders.efficientnet import features, load_tensors

WIDTH, HEIGHT, STRIDE = 512, 288, 32
COLUMNS, ROWS = WIDTH // STRIDE, HEIGHT // STRIDE
FEATURES = 1280
DETECTOR_PX, DETECTOR_CLASSES = 320, 80
# Numbers of PicoDet's own preprocessing, in BGR.
DETECTOR_MEAN = np.array([103.53, 116.28, 123.675], np.float32)
DETECTOR_SCALE = np.array([57.375, 57.12, 58.395], np.float32)
LAYOUTS = ((1, 1), (1, 2), (1, 3), (2, 2), (2, 3))
"""Rows and columns of pictures in a frame."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class PackedPictures:
    """Packed pictures and how likely each is to be drawn."""

    files: list[bytes]
    likelihood: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ObjectExamples:
    """``features`` (n, cells, 1280) float16 and the detector's ``scores`` (n, cells, 80), of every other cell."""

    features: torch.Tensor
    scores: torch.Tensor

    def __add__(self, other: "ObjectExamples") -> "ObjectExamples":
        return ObjectExamples(torch.cat([self.features, other.features]), torch.cat([self.scores, other.scores]))


class Composer:
    """Random frames of 512 by 288 pixels from pictures: one to six of each, cut, mirrored, brighter or darker."""

    def __init__(self, pictures: PackedPictures, layouts: Sequence[float], seed: int) -> None:
        self._pictures = pictures
        self._layouts = layouts
        self._random = np.random.default_rng(seed)

    def compose(self) -> Picture:
        draw = self._random
        rows, columns = LAYOUTS[draw.choice(len(LAYOUTS), p=self._layouts)]
        xs = np.linspace(0, WIDTH, columns + 1).astype(int)
        ys = np.linspace(0, HEIGHT, rows + 1).astype(int)
        xs[1:-1] += draw.integers(-40, 41, columns - 1)
        ys[1:-1] += draw.integers(-40, 41, rows - 1)
        frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        for top, bottom in pairwise(ys):
            for left, right in pairwise(xs):
                frame[top:bottom, left:right] = self._covering(right - left, bottom - top)
        light = frame * draw.uniform(0.8, 1.2) + draw.uniform(-15, 15)
        packed = io.BytesIO()
        Image.fromarray(np.clip(light, 0, 255).astype(np.uint8)).save(
            packed, "JPEG", quality=int(draw.integers(50, 95))
        )
        return np.asarray(Image.open(packed))

    def _covering(self, width: int, height: int) -> Picture:
        draw = self._random
        chosen = draw.choice(len(self._pictures.files), p=self._pictures.likelihood)
        picture = Image.open(io.BytesIO(self._pictures.files[chosen])).convert("RGB")
        scale = max(width / picture.width, height / picture.height) * draw.uniform(1, 1.35)
        size = max(width, round(picture.width * scale)), max(height, round(picture.height * scale))
        picture = picture.resize(size, Image.Resampling.BILINEAR)
        left, top = draw.integers(size[0] - width + 1), draw.integers(size[1] - height + 1)
        part = np.asarray(picture)[top : top + height, left : left + width]
        return part[:, ::-1] if draw.random() < 0.5 else part


class ObjectTeacher:
    """The detector, asked about the whole frame and its left and right part: the best score by cell."""

    def __init__(self, file: Path) -> None:
        hints = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"}
        self._detector = openvino.Core().compile_model(file, "CPU", hints)

    def scores(self, frame: Picture) -> NDArray[np.float32]:
        """(9, 16, 80), 0 to 1."""
        best = np.zeros((ROWS, COLUMNS, DETECTOR_CLASSES), np.float32)
        for left, right in ((0, WIDTH), (0, HEIGHT), (WIDTH - HEIGHT, WIDTH)):
            shrunk = Image.fromarray(frame[:, left:right]).resize((DETECTOR_PX, DETECTOR_PX))
            pixels = (np.asarray(shrunk)[..., ::-1] - DETECTOR_MEAN) / DETECTOR_SCALE
            outputs = self._detector([np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])])
            for number in range(4):
                self._spread(outputs[number][0], left, right, best)
        return best

    def _spread(self, anchors: NDArray[np.float32], left: int, right: int, best: NDArray[np.float32]) -> None:
        """Raise the cells that lie under the square grid of anchors, be it finer or coarser than theirs."""
        side = round(len(anchors) ** 0.5)
        grid = anchors.reshape(side, side, -1)
        middle = (np.arange(side) + 0.5) / side
        rows = (middle * ROWS).astype(int)
        columns = ((left + middle * (right - left)) / STRIDE).astype(int)
        np.maximum.at(best, (rows[:, None], columns[None]), grid)
        up = ((np.arange(ROWS) + 0.5) / ROWS * side).astype(int)
        across = ((np.arange(COLUMNS) + 0.5) * STRIDE - left) / (right - left) * side
        inside = (across >= 0) & (across < side)
        best[:, inside] = np.maximum(best[:, inside], grid[np.ix_(up, across[inside].astype(int))])


class Backbone:
    """The network's features averaged over every 3 by 3 cells, in the precision that the processor is fastest in."""

    def __init__(self) -> None:
        frames = ops.parameter([-1, -1, -1, 3], np.uint8)
        cells = ops.avg_pool(features(frames, load_tensors()), [1, 1], [0, 0], [0, 0], [3, 3], exclude_pad=False)
        model = openvino.Model([cells], [frames], "cells")
        self._network = openvino.Core().compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": 1})

    def features(self, frame: Picture) -> NDArray[np.float16]:
        """(cells, 1280) of every other cell."""
        cells = np.asarray(self._network([frame[None]])[0])
        return cells[0, :, ::2, ::2].reshape(FEATURES, -1).T.astype(np.float16)


def examples(composer: Composer, teacher: ObjectTeacher, backbone: Backbone, count: int) -> ObjectExamples:
    features, scores = [], []
    for _ in range(count):
        frame = composer.compose()
        seen = torch.from_numpy(teacher.scores(frame)).permute(2, 0, 1)
        features.append(torch.from_numpy(backbone.features(frame)))
        scores.append(functional.max_pool2d(seen, 3, stride=1)[:, ::2, ::2].flatten(1).T)
    return ObjectExamples(torch.stack(features), torch.stack(scores))
