"""The network of the lite sound tagger: its shape, how it is trained, and how it becomes a weights file."""

import json
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from training.sound_data import CLASSES
from training.sound_patches import Examples

WIDTHS, STRIDES = (1, 24, 48, 96, 96, 160, 160), (2, 2, 2, 1, 2, 1)
MEL_MEAN, MEL_SCALE = -3.5, 2.5
FEATURES, TEACHER_CLASSES = 1024, 521
BATCH, EPOCHS, LEARNING_RATE, WEIGHT_DECAY, DROPOUT = 128, 6, 3e-3, 0.02, 0.2
AVERAGING = 0.997
LEAST_TEACHER_PATCHES = 30


class SoundNet(nn.Module):
    """(n, 96, 64) log-mel patches to logits of our classes, of the teacher's, and to the teacher's features.

    Only the first head is shipped; the other two make the body see what the teacher sees.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for (inward, outward), stride in zip(pairwise(WIDTHS), STRIDES, strict=True):
            layers += [
                nn.Conv2d(inward, outward, 3, stride, 1, bias=False),
                nn.BatchNorm2d(outward),
                nn.ReLU(),
            ]
        self.body = nn.Sequential(*layers)
        self.drop = nn.Dropout(DROPOUT)
        self.head = nn.Linear(2 * WIDTHS[-1], len(CLASSES))
        self.teacher_head = nn.Linear(2 * WIDTHS[-1], TEACHER_CLASSES)
        self.feature_head = nn.Linear(2 * WIDTHS[-1], FEATURES)

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        image = ((mel - MEL_MEAN) / MEL_SCALE)[:, None].to(memory_format=torch.channels_last)
        maps = self.body(image).float()
        pooled = self.drop(torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], dim=1))
        return self.head(pooled), self.teacher_head(pooled), self.feature_head(pooled)


def train(examples: Examples, report: Callable[[str], None]) -> SoundNet:
    """The moving average of the network over a one-cycle run on one thread."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    mel, targets = torch.from_numpy(examples.mel), torch.from_numpy(examples.targets)
    scores, features = torch.from_numpy(examples.scores), torch.from_numpy(examples.features).float()
    features = (features - features.mean(0)) / (features.std(0) + 0.05)
    present = (scores.float() > 0.1).sum(0) > LEAST_TEACHER_PATCHES
    net = SoundNet().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    steps = EPOCHS * (len(mel) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, steps, pct_start=0.15)
    average = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(AVERAGING), use_buffers=True)  # type: ignore[no-untyped-call]
    for epoch in range(EPOCHS):
        total = 0.0
        for rows in torch.randperm(len(mel))[: len(mel) // BATCH * BATCH].view(-1, BATCH):
            with torch.autocast("cpu", torch.bfloat16):
                ours, theirs, seen = net(_masked(mel[rows].float()))
            known = ~torch.isnan(targets[rows])
            each = functional.binary_cross_entropy_with_logits(
                ours.float(), targets[rows].nan_to_num(), reduction="none"
            )
            loss = (each * known).sum() / BATCH
            wanted = scores[rows][:, present].float()
            loss += (
                functional.binary_cross_entropy_with_logits(theirs[:, present].float(), wanted, reduction="sum") / BATCH
            )
            loss += 5 * functional.smooth_l1_loss(seen.float(), features[rows])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimizer.step()
            schedule.step()
            average.update_parameters(net)
            total += loss.item()
        report(f"epoch {epoch + 1}/{EPOCHS}: loss {total / (len(mel) // BATCH):.2f}")
    trained = average.module
    assert isinstance(trained, SoundNet)
    return trained.eval()


def weights_file(net: SoundNet) -> bytes:
    """Safetensors with batch norm folded into the convolutions, and what is needed to read it."""
    tensors: dict[str, NDArray[np.float32]] = {}
    layers = list(net.body)
    for number in range(len(STRIDES)):
        convolution, norm = layers[3 * number], layers[3 * number + 1]
        assert isinstance(convolution, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.running_mean is not None
        assert norm.running_var is not None
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        tensors[f"conv{number}.weight"] = _array(convolution.weight * scale[:, None, None, None])
        tensors[f"conv{number}.bias"] = _array(norm.bias - norm.running_mean * scale)
    tensors["head.weight"], tensors["head.bias"] = _array(net.head.weight), _array(net.head.bias)
    about = {
        "classes": json.dumps(CLASSES),
        "strides": json.dumps(STRIDES),
        "mel_mean": str(MEL_MEAN),
        "mel_scale": str(MEL_SCALE),
        "licence": "Apache-2.0; learnt from ESC-10 (K. J. Piczak, 2015, CC-BY 3.0) and YAMNet (Apache-2.0)",
    }
    return bytes(save(tensors, about))


def _masked(mel: Tensor) -> Tensor:
    """Four patches of ten lose a band of frequencies, so that no class hangs on one."""
    bands = torch.arange(mel.shape[2])
    first, width = torch.randint(0, 56, (len(mel), 1)), torch.randint(2, 9, (len(mel), 1))
    hidden = (bands >= first) & (bands < first + width) & (torch.rand(len(mel), 1) < 0.4)
    return torch.where(hidden[:, None, :], mel.mean((1, 2), keepdim=True), mel)


def _array(tensor: Tensor) -> NDArray[np.float32]:
    return np.ascontiguousarray(tensor.detach().float().numpy())
