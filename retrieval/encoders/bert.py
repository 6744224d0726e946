"""BERT (arXiv 1810.04805) as a graph, from its tensors under the names that transformers gives them."""

from typing import TYPE_CHECKING

import numpy as np

from retrieval.encoders.graph import constant, linear
from retrieval.encoders.tensor_files import Tensors

if TYPE_CHECKING:
    from openvino import Node

NORM_EPSILON = 1e-12
HEAD_DIM = 32
"""Numbers per attention head, as in MiniLM; no tensor's shape tells it."""


def states(ids: "Node", mask: "Node", tensors: Tensors) -> "Node":
    """The last layer's states (n, length, dim) of (n, length) int64 tokens, of which ``mask`` is 0 for padding."""
    from openvino import opset13 as ops

    first = np.int64(0)
    length = ops.gather(ops.shape_of(ids), np.array([1]), first)
    words = ops.gather(constant(tensors["embeddings.word_embeddings.weight"]), ids, first)
    # Every token is of the first sentence: there is no other.
    places = tensors["embeddings.position_embeddings.weight"] + tensors["embeddings.token_type_embeddings.weight"][0]
    placed = ops.slice(constant(places), np.array([0]), length, np.array([1]), np.array([0]))
    node = _normed(ops.add(words, placed), tensors, "embeddings.LayerNorm")
    is_padding = ops.subtract(np.float32(1), ops.convert(mask, np.float32))
    hidden = ops.multiply(ops.unsqueeze(is_padding, np.array([1, 2])), np.finfo(np.float32).min)
    layers = sum(name.endswith(".attention.self.query.weight") for name in tensors)
    for number in range(layers):
        node = _layer(node, hidden, tensors, f"encoder.layer.{number}")
    return node


def _layer(node: "Node", hidden: "Node", tensors: Tensors, name: str) -> "Node":
    from openvino import opset13 as ops

    query, key, value = (_heads(node, tensors, f"{name}.attention.self.{part}") for part in ("query", "key", "value"))
    scores = ops.multiply(ops.matmul(query, key, transpose_a=False, transpose_b=True), np.float32(HEAD_DIM**-0.5))
    seen = ops.matmul(ops.softmax(ops.add(scores, hidden), 3), value, transpose_a=False, transpose_b=False)
    joined = ops.reshape(ops.transpose(seen, np.array([0, 2, 1, 3])), np.array([0, 0, -1]), special_zero=True)
    node = _added(node, joined, tensors, f"{name}.attention.output")
    inner = ops.gelu(_linear(node, tensors, f"{name}.intermediate.dense"), "erf")
    return _added(node, inner, tensors, f"{name}.output")


def _heads(node: "Node", tensors: Tensors, name: str) -> "Node":
    """(n, heads, length, HEAD_DIM)"""
    from openvino import opset13 as ops

    apart = ops.reshape(_linear(node, tensors, name), np.array([0, 0, -1, HEAD_DIM]), special_zero=True)
    return ops.transpose(apart, np.array([0, 2, 1, 3]))


def _added(node: "Node", more: "Node", tensors: Tensors, name: str) -> "Node":
    from openvino import opset13 as ops

    return _normed(ops.add(_linear(more, tensors, f"{name}.dense"), node), tensors, f"{name}.LayerNorm")


def _linear(node: "Node", tensors: Tensors, name: str) -> "Node":
    return linear(node, tensors[f"{name}.weight"], tensors[f"{name}.bias"])


def _normed(node: "Node", tensors: Tensors, name: str) -> "Node":
    from openvino import opset13 as ops

    normed = ops.mvn(node, np.array([2]), normalize_variance=True, eps=NORM_EPSILON, eps_mode="inside_sqrt")
    return ops.add(ops.multiply(normed, constant(tensors[f"{name}.weight"])), constant(tensors[f"{name}.bias"]))
