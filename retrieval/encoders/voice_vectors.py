"""Whose voice it is, as a vector: GE2E (arXiv 1710.10467) with the weights of the package Resemblyzer."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retrieval.encoders.base import SPEECH_RATE_HZ, Recording, Samples, Vectors
from retrieval.encoders.graph import Graph, constant, linear
from retrieval.encoders.once import once
from retrieval.encoders.tensor_files import Tensors, read_safetensors, read_torch
from retrieval.encoders.voice_activity import to_float
from retrieval.unit_rows import unit_rows

if TYPE_CHECKING:
    from openvino import Model, Node

_TRAITS = Path(__file__).parent / "weights" / "voice_traits.safetensors"
BANDS = 40
FRAME_SAMPLES = 400
FRAME_HOP_SAMPLES = 160
PIECE_FRAMES = 160
PIECE_SAMPLES = PIECE_FRAMES * FRAME_HOP_SAMPLES
"""1.6 s: what the network was trained on."""

_BATCH = 32
_LEAST_LOUDNESS = 10 ** (-30 / 20)
"""Root mean square that quieter pieces are raised to, as in training: the energies are no logarithms."""


class Ge2eVoices:
    """Voice vectors of 1.6-s pieces of speech, about 3 ms of one core each. Threads may share it.

    What all voices have in common is taken away: the cosine of two voices' vectors is about 0, that of one voice's
    two pieces about 0.5, and of the means over six seconds each 0.75.
    """

    def __init__(self, weights: Path, traits: Path = _TRAITS) -> None:
        """``weights`` is the package's checkpoint, ``traits`` are how voices lie in its space, by our own measure."""
        self._weights = weights
        self._traits_file = traits

    @property
    def spread(self) -> NDArray[np.float32]:
        return self._traits["spread"]

    def embed_voices(self, samples: Recording, starts: Sequence[int]) -> Vectors:
        batches = [starts[first : first + _BATCH] for first in range(0, len(starts), _BATCH)]
        vectors = [self.embed_pieces(np.stack([*pieces_at(samples, batch)])) for batch in batches]
        return (
            self.centred(np.concatenate(vectors)) if vectors else np.zeros((0, len(self._traits["mean"])), np.float32)
        )

    def embed_pieces(self, pieces: NDArray[np.float32]) -> Vectors:
        """(n, 256) float32 unit vectors of (n, frames, 40) mel energies, as the network has them: nowhere negative."""
        return self._graph.run(pieces)[0]

    def centred(self, vectors: Vectors) -> Vectors:
        """Unit vectors from the mean voice to these."""
        return unit_rows(np.asarray(vectors - self._traits["mean"], np.float32))

    def traits(self, vectors: Vectors) -> NDArray[np.float32]:
        return np.asarray(vectors @ self._traits["axes"], np.float32)

    @once
    def _graph(self) -> Graph:
        return Graph(voice_model(read_torch(self._weights, "model_state")))

    @once
    def _traits(self) -> Tensors:
        return read_safetensors(self._traits_file)[0]


def pieces_at(samples: Recording, starts: Sequence[int]) -> Iterator[NDArray[np.float32]]:
    """(160, 40) mel energies of the 1.6 s from each of the ``starts``, ascending multiples of 160 that may be negative.

    Outside of the samples there is silence. What pieces share is analysed once.
    """
    run: list[int] = []
    for start in [*starts, None]:
        if run and (start is None or start > run[-1] + PIECE_SAMPLES):
            heard = _padded(samples, run[0], run[-1] + PIECE_SAMPLES)
            mel = voice_mel(heard)
            for one in run:
                at = one - run[0]
                gain = _gain(heard[at : at + PIECE_SAMPLES])
                yield mel[at // FRAME_HOP_SAMPLES :][:PIECE_FRAMES] * np.float32(gain**2)
            run = []
        if start is not None:
            run.append(start)


def _padded(samples: Recording, first: int, end: int) -> Samples:
    inside = to_float(samples[max(0, first) : max(0, end)])
    before = max(0, -first)
    return np.pad(inside, (before, end - first - before - len(inside)))


def _gain(piece: Samples) -> float:
    loudness = float(np.sqrt(np.mean(np.square(piece))))
    return max(1.0, _LEAST_LOUDNESS / max(loudness, 1e-6))


def voice_model(tensors: Tensors) -> "Model":
    """(n, dim) unit vectors of (n, frames, bands) mel energies, by the names that torch gives its LSTM's tensors."""
    import openvino
    from openvino import opset13 as ops

    layers = sum(name.startswith("lstm.weight_ih_l") for name in tensors)
    bands = tensors["lstm.weight_ih_l0"].shape[1]
    pieces = ops.parameter([-1, -1, bands], np.float32)
    shape = ops.shape_of(pieces)
    rows, frames = (ops.gather(shape, np.array([at]), np.array(0)) for at in (0, 1))
    lengths = ops.broadcast(frames, rows)
    node: Node = pieces
    for layer in range(layers):
        node, last = _lstm(node, tensors, layer, rows, lengths)
    voice = ops.relu(linear(last, tensors["linear.weight"], tensors["linear.bias"]))
    length = ops.reduce_l2(voice, np.array([1]), keep_dims=True)
    return openvino.Model([ops.divide(voice, ops.maximum(length, np.float32(1e-12)))], [pieces], "ge2e")


def _lstm(node: "Node", tensors: Tensors, layer: int, rows: "Node", lengths: "Node") -> tuple["Node", "Node"]:
    """Hidden states of all frames (n, frames, hidden), and that of the last (n, hidden)."""
    from openvino import opset13 as ops

    into, again = (_in_order(tensors[f"lstm.weight_{part}_l{layer}"]) for part in ("ih", "hh"))
    bias = _in_order(tensors[f"lstm.bias_ih_l{layer}"] + tensors[f"lstm.bias_hh_l{layer}"])
    hidden = again.shape[1]
    rest = ops.broadcast(np.float32(0), ops.concat([rows, np.array([1, hidden])], 0))
    out = ops.lstm_sequence(
        node, rest, rest, lengths, constant(into[None]), constant(again[None]), constant(bias[None]), hidden, "FORWARD"
    )
    return ops.squeeze(out.output(0), np.array([1])), ops.squeeze(out.output(1), np.array([1]))


def _in_order(gates: NDArray[np.float32]) -> NDArray[np.float32]:
    """The gates as OpenVINO has them (forget, input, cell, output), from torch's order (input, forget, …)."""
    into, forget, cell, out = np.split(gates, 4)
    return np.concatenate([forget, into, cell, out])


def voice_mel(samples: Samples) -> NDArray[np.float32]:
    """(1 + n // 160, 40) mel energies, not their logarithms, of 16 kHz mono samples.

    Frames of 25 ms (periodic Hann) are centred on every 10th ms, with silence before and after the samples.
    """
    padded = np.pad(samples, FRAME_SAMPLES // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME_SAMPLES)[::FRAME_HOP_SAMPLES]
    power = np.abs(np.fft.rfft(frames * _hann())) ** 2
    return np.asarray(power @ _bands(), np.float32)


@cache
def _hann() -> NDArray[np.float32]:
    phase = 2 * np.pi * np.arange(FRAME_SAMPLES) / FRAME_SAMPLES
    return np.asarray(0.5 - 0.5 * np.cos(phase), np.float32)


@cache
def _bands() -> NDArray[np.float32]:
    """(201, 40) triangles of unit area, equal in width on Slaney's mel scale: linear to 1 kHz, then logarithmic."""
    bins = np.linspace(0, SPEECH_RATE_HZ / 2, FRAME_SAMPLES // 2 + 1)[:, None]
    top = 15.0 + np.log(SPEECH_RATE_HZ / 2 / 1000.0) / (np.log(6.4) / 27.0)
    mels = np.linspace(0.0, top, BANDS + 2)
    edges = np.where(mels < 15.0, mels * (200.0 / 3), 1000.0 * np.exp((mels - 15.0) * (np.log(6.4) / 27.0)))
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (bins - low) / (centre - low), (high - bins) / (high - centre)
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)) * (2.0 / (high - low)), np.float32)
