"""Voice vectors against torch's own LSTM, and the energies against their formula."""

import subprocess
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from retrieval.encoders.registry import find_model
from retrieval.encoders.voice_vectors import PIECE_SAMPLES, Ge2eVoices, pieces_at, voice_mel
from retrieval.encoders.weights_store import WeightsStore
from tests.spoken import said

RANDOM = np.random.default_rng(3)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A checkpoint of two layers of 8, as the package has it: the state dict beside numbers of the training."""
    import torch

    torch.manual_seed(1)
    network = torch.nn.LSTM(40, 8, 2, batch_first=True)
    state = OrderedDict((f"lstm.{name}", tensor) for name, tensor in network.state_dict().items())
    state |= {f"linear.{name}": tensor for name, tensor in torch.nn.Linear(8, 6).state_dict().items()}
    checkpoint = {"step": 7, "model_state": state, "optimizer_state": {"lr": 0.1}}
    torch.save(checkpoint, tmp_path / "tiny.pt", _use_new_zipfile_serialization=False)
    return tmp_path / "tiny.pt"


@pytest.fixture(scope="module")
def real() -> Path:
    """The package's own checkpoint. Skips where it is not installed."""
    model = find_model("ge2e-voices")
    weights = WeightsStore().find(model)
    if weights is None:
        pytest.skip("the package resemblyzer, whose weights this test compares, is not installed")
    return weights.folder / model.weights[0]


def by_torch(checkpoint: Path, pieces: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same by torch."""
    import torch

    state: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True)["model_state"]
    layers = sum(name.startswith("lstm.weight_ih") for name in state)
    network = torch.nn.LSTM(40, state["lstm.weight_hh_l0"].shape[1], layers, batch_first=True)
    network.load_state_dict({name[5:]: tensor for name, tensor in state.items() if name.startswith("lstm.")})
    with torch.no_grad():
        _, (hidden, _) = network(torch.from_numpy(pieces))
        out = torch.relu(hidden[-1] @ state["linear.weight"].T + state["linear.bias"])
        vectors: NDArray[np.float32] = torch.nn.functional.normalize(out, dim=1).numpy()
    return vectors


@pytest.mark.parametrize("shape", [(1, 160, 40), (5, 160, 40), (2, 31, 40)])
def test_vectors_of_a_made_up_checkpoint_are_those_of_torch(shape: tuple[int, ...], tiny: Path) -> None:
    pieces = RANDOM.exponential(0.5, shape).astype(np.float32)
    np.testing.assert_allclose(Ge2eVoices(tiny).embed_pieces(pieces), by_torch(tiny, pieces), atol=1e-6)


def test_vectors_of_the_real_checkpoint_are_those_of_torch(real: Path) -> None:
    pieces = RANDOM.exponential(0.01, (3, 160, 40)).astype(np.float32)
    np.testing.assert_allclose(Ge2eVoices(real).embed_pieces(pieces), by_torch(real, pieces), atol=1e-5)


def test_one_voice_is_like_itself_and_not_like_another(real: Path) -> None:
    encoder = Ge2eVoices(real)
    ones = said("the ship came into the harbour at noon with a load of coal")
    others = said("we were asked to wait until the doctor had seen the children", "slt")
    starts = [0, 16_000]
    man, woman = encoder.embed_voices(ones, starts), encoder.embed_voices(others, starts)
    assert man.shape == (2, 256)
    np.testing.assert_allclose(np.linalg.norm(man, axis=1), 1.0, atol=1e-5)
    assert min(man[0] @ man[1], woman[0] @ woman[1]) > (man @ woman.T).max() + 0.2


def test_energies_are_those_of_the_formula() -> None:
    """Power of the spectrum of 25 ms under a Hann window, in triangles of unit area on Slaney's scale of mels."""
    samples = RANDOM.normal(0, 0.1, 1600).astype(np.float32)
    mel = voice_mel(samples)
    assert mel.shape == (11, 40)
    times = np.arange(400)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * times / 400)
    edges_hz = [_hertz(mels) for mels in np.linspace(0, 15 + 27 * np.log(8) / np.log(6.4), 42)]
    assert edges_hz[-1] == pytest.approx(8000)
    for frame, band in ((0, 0), (3, 7), (5, 20), (10, 39)):
        middle = 160 * frame
        heard = np.array([samples[at] if 0 <= at < 1600 else 0.0 for at in range(middle - 200, middle + 200)])
        low, top, high = edges_hz[band : band + 3]
        energy = 0.0
        for bin_ in range(201):
            hertz = bin_ * 40.0
            height = max(0.0, min((hertz - low) / (top - low), (high - hertz) / (high - top)))
            wave = np.exp(-2j * np.pi * bin_ * times / 400)
            energy += abs(np.sum(heard * hann * wave)) ** 2 * height * 2 / (high - low)
        assert mel[frame, band] == pytest.approx(energy, rel=1e-4)


def _hertz(mels: float) -> float:
    """Slaney's scale: 200 / 3 Hz a mel up to 1 kHz, from there 27 mels for a factor of 6.4."""
    return mels * 200 / 3 if mels < 15 else 1000 * 6.4 ** ((mels - 15) / 27)


def test_pieces_that_overlap_are_what_each_is_alone() -> None:
    samples = RANDOM.normal(0, 0.2, 80_000).astype(np.float32)
    starts = [0, 6_400, 12_800, 60_000 // 160 * 160]
    together = list(pieces_at(samples, starts))
    alone = [next(pieces_at(samples, [start])) for start in starts]
    # Alone, a piece's first frame has silence before it.
    for one, other in zip(together, alone, strict=True):
        assert one.shape == (160, 40)
        np.testing.assert_allclose(one[2:-2], other[2:-2], rtol=1e-4)


def test_around_the_samples_there_is_silence() -> None:
    samples = RANDOM.normal(0, 0.2, 1600).astype(np.float32)
    (piece,) = pieces_at(samples, [-12_800])
    loud = np.flatnonzero(piece.sum(1) > 1e-6)
    assert (loud.min(), loud.max()) == (79, 91)


def test_how_loud_a_quiet_voice_is_recorded_makes_no_difference() -> None:
    samples = RANDOM.normal(0, 0.02, PIECE_SAMPLES).astype(np.float32)
    (quiet,), (quieter,) = pieces_at(samples, [0]), pieces_at(samples / 10, [0])
    np.testing.assert_allclose(quiet, quieter, rtol=1e-3)


def test_vectors_need_no_torch_and_not_the_package(tiny: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nimport numpy as np\n"
        "from retrieval.encoders.voice_vectors import Ge2eVoices\n"
        f"assert Ge2eVoices(Path({str(tiny)!r})).embed_pieces(np.ones((1, 160, 40), np.float32)).shape == (1, 6)\n"
        "assert not {'torch', 'resemblyzer', 'librosa'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
