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

from training.sound_data import CLASSES
from training.sound_patches import SoundExamples

WIDTHS, STRIDES = (1, 24, 48, 96, 96, 160, 160), (2, 2, 2, 1, 2, 1)
MEL_MEAN, MEL_SCALE = -3.5, 2.5
FEATURES, TEACHER_CLASSES = 1024, 521
BATCH, EPOCHS, LEARNING_RATE, WEIGHT_DECAY, DROPOUT = 128, 8, 3e-3, 0.02, 0.2
MIXED, MIX_SHAPE, AUDIBLE = 0.5, 0.4, 0.15
"""Share of the patches that are mixed with another, the shape of the shares, and the least that can be heard."""
MASKED = 0.4
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


def train(examples: SoundExamples, report: Callable[[str], None]) -> SoundNet:
    """The network after a one-cycle run on one thread."""
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
    for epoch in range(EPOCHS):
        total = 0.0
        for rows in torch.randperm(len(mel))[: len(mel) // BATCH * BATCH].view(-1, BATCH):
            mixed, other, shares = mel[rows].float(), torch.randperm(BATCH), _shares()
            mixed = torch.log(shares[..., None] * mixed.exp() + (1 - shares[..., None]) * mixed[other].exp() + 1e-9)
            wanted, known = _mixed_targets(targets[rows], targets[rows][other], shares)
            with torch.autocast("cpu", torch.bfloat16):
                ours, theirs, seen = net(_masked(mixed))
            each = functional.binary_cross_entropy_with_logits(ours.float(), wanted, reduction="none")
            loss = (each * known).sum() / BATCH
            heard = torch.lerp(scores[rows][other].float(), scores[rows].float(), shares)[:, present]
            loss += (
                functional.binary_cross_entropy_with_logits(theirs[:, present].float(), heard, reduction="sum") / BATCH
            )
            loss += 5 * functional.smooth_l1_loss(
                seen.float(), torch.lerp(features[rows][other], features[rows], shares)
            )
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimizer.step()
            schedule.step()
            total += loss.item()
        report(f"epoch {epoch + 1}/{EPOCHS}: loss {total / (len(mel) // BATCH):.2f}")
    return net.eval()


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


def _shares() -> Tensor:
    """(BATCH, 1) how much of each patch is its own sound: all of it, or the larger part of a mixture."""
    larger = torch.distributions.Beta(MIX_SHAPE, MIX_SHAPE).sample((BATCH, 1))
    return torch.where(torch.rand(BATCH, 1) < MIXED, torch.maximum(larger, 1 - larger), torch.ones(BATCH, 1))


def _mixed_targets(own: Tensor, other: Tensor, shares: Tensor) -> tuple[Tensor, Tensor]:
    """What is heard in a mixture, and where that is known: both sounds, if the lesser is loud enough."""
    known = ~torch.isnan(own) & (~torch.isnan(other) | (shares == 1))
    audible = (1 - shares > AUDIBLE).float()
    return torch.maximum(own.nan_to_num(), other.nan_to_num() * audible), known


def _masked(mel: Tensor) -> Tensor:
    """Patches without a band of frequencies or a stretch of time, so that no class hangs on one."""
    for dim, longest in ((2, 9), (1, 24)):
        size = mel.shape[dim]
        places = torch.arange(size)
        first, width = torch.randint(0, size - 8, (len(mel), 1)), torch.randint(2, longest, (len(mel), 1))
        hidden = (places >= first) & (places < first + width) & (torch.rand(len(mel), 1) < MASKED)
        mask = hidden[:, None, :] if dim == 2 else hidden[:, :, None]
        mel = torch.where(mask, mel.mean((1, 2), keepdim=True), mel)
    return mel


def _array(tensor: Tensor) -> NDArray[np.float32]:
    return np.ascontiguousarray(tensor.detach().float().numpy())
