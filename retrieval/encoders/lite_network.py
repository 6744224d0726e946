"""What lite's eye computes of a frame: one pass of EfficientNet-Lite0, and everything that is read off it."""

import math
from typing import TYPE_CHECKING

import numpy as np

from retrieval.encoders.base import Frames
from retrieval.encoders.efficientnet import features
from retrieval.encoders.graph import linear
from retrieval.encoders.tensor_files import Tensors

if TYPE_CHECKING:
    from openvino import Model, Node

FRAME_AREA_PX = 512 * 288
STRIDE_PX = 32
"""The network halves its input five times; multiples of this keep its padding the same everywhere."""
SHORTEST_SIDE_PX = 3 * STRIDE_PX

LOOKS = 1280 + 1280 + 1000
"""How many numbers tell the projection what a frame looks like."""
CLASSES_COUNT_FOR = 3.0
"""What the roots of class probabilities are multiplied with, so that they weigh about as much as features."""


def fitted(frames: Frames) -> Frames:
    """Frames scaled to about 512 by 288 pixels in the nearest shape that the network takes."""
    from PIL import Image

    height, width = network_size(*frames.shape[1:3])
    if frames.shape[1:3] == (height, width):
        return np.ascontiguousarray(frames)
    out = np.empty((len(frames), height, width, 3), np.uint8)
    for row, frame in enumerate(frames):
        out[row] = np.asarray(Image.fromarray(frame).resize((width, height), Image.Resampling.BILINEAR))
    return out


def network_size(height: int, width: int) -> tuple[int, int]:
    """Height and width of the network's input for frames of this size: about the same area for all."""
    scale = math.sqrt(FRAME_AREA_PX / (height * width))
    longest = FRAME_AREA_PX // SHORTEST_SIDE_PX

    def fit(side: int) -> int:
        return min(longest, max(SHORTEST_SIDE_PX, round(side * scale / STRIDE_PX) * STRIDE_PX))

    return fit(height), fit(width)


def network(backbone: Tensors, head: Tensors) -> "Model":
    """From (n, height, width, 3) uint8 RGB to what is seen there: three outputs of n rows.

    Probabilities of the 1000 classes and of the objects; and the features (n, 3560) that say more than names do: the
    1280 of the whole frame, their maxima over every 3 by 3 cells, and the roots of the classes' probabilities.
    """
    import openvino
    from openvino import opset13 as ops

    def classified(node: "Node") -> "Node":
        return ops.softmax(linear(node, backbone["_fc.weight"], backbone["_fc.bias"]), -1)

    frames = ops.parameter([-1, -1, -1, 3], np.uint8, "frames")
    seen = features(frames, backbone)
    around = ops.avg_pool(seen, [1, 1], [0, 0], [0, 0], [3, 3], exclude_pad=False)
    rows = ops.reshape(around, np.array([0, 0, -1]), special_zero=True)
    cells = ops.transpose(rows, np.array([0, 2, 1]))
    every_cell = np.array([1])
    whole = ops.reduce_mean(seen, np.array([2, 3]))
    in_whole = classified(whole)
    classes = ops.divide(ops.add(in_whole, ops.reduce_max(classified(cells), every_cell)), np.float32(2))
    hidden = ops.relu(linear(cells, head["hidden.weight"], head["hidden.bias"]))
    objects = ops.reduce_max(ops.sigmoid(linear(hidden, head["out.weight"], head["out.bias"])), every_cell)
    roots = ops.multiply(ops.sqrt(classes), np.float32(CLASSES_COUNT_FOR))
    looks = ops.concat([whole, ops.reduce_max(cells, every_cell), roots], 1)
    return openvino.Model([classes, objects, looks], [frames], "lite_visual")
