"""Teach a small head on EfficientNet-Lite0 to see 80 everyday objects, by the labels of a detector.

    python -m training.lite_objects --photos photos.tar --scenes FOLDER --teacher picodet_s_320_coco.onnx \\
        --names coco_labels.txt --out retrieval/encoders/weights/lite_objects.safetensors

The archive has pictures named KIND_image_NUMBER.jpg, the folder has scenes of several objects. Pictures are
pasted together at random, so that objects come small, cut off and in company; the detector says what is
where in the result, and the head learns to say it from the network's features there. A quarter of an hour of
one core. The same seed gives the same weights on the same machine.
"""

import argparse
import json
import tarfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch.nn import functional

from training.object_examples import (
    FEATURES,
    Backbone,
    Composer,
    ObjectExamples,
    ObjectTeacher,
    PackedPictures,
    examples,
)

HIDDEN = 256
SURE_FROM, SURE_AT = 0.15, 0.55
"""Detector scores below the first are noise (target 0), above the second certain (target 1)."""
PRESENT = 0.4
"""Detector score from which an object counts as there, in evaluation."""
PHOTO_LAYOUTS, SCENE_LAYOUTS = (0.4, 0.2, 0.15, 0.15, 0.1), (0.7, 0.1, 0.1, 0.1, 0.0)
BATCH = 64
CELLS_PER_FRAME = 6
EPOCHS = 10


class Head(torch.nn.Module):
    """Logits of the objects at a cell, from the features there."""

    def __init__(self, typical: torch.Tensor, objects: int) -> None:
        super().__init__()
        self.mean = torch.nn.Parameter(typical.mean(0), requires_grad=False)
        self.scale = torch.nn.Parameter(typical.std(0) + 1e-3, requires_grad=False)
        self.hidden = torch.nn.Linear(FEATURES, HIDDEN)
        self.out = torch.nn.Linear(HIDDEN, objects)
        self.drop = torch.nn.Dropout(0.2)
        torch.nn.init.constant_(self.out.bias, -3)  # most objects are absent: start there

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        normal = (cells.float() - self.mean) / self.scale
        logits: torch.Tensor = self.out(self.drop(torch.relu(self.hidden(self.drop(normal)))))
        return logits

    def tensors(self) -> dict[str, NDArray[np.float16]]:
        """Weights with the normalisation of features folded in."""
        weight = self.hidden.weight / self.scale
        folded = {
            "hidden.weight": weight,
            "hidden.bias": self.hidden.bias - weight @ self.mean,
            "out.weight": self.out.weight,
            "out.bias": self.out.bias,
        }
        return {name: tensor.detach().numpy().astype(np.float16) for name, tensor in folded.items()}


def trained(data: ObjectExamples, likelihood: torch.Tensor, seed: int) -> Head:
    """A head taught by ``data``, of which each frame is drawn with its ``likelihood``."""
    torch.manual_seed(seed)
    targets = ((data.scores - SURE_FROM) / (SURE_AT - SURE_FROM)).clamp(0, 1)
    head = Head(data.features[::5].flatten(0, 1).float(), data.scores.shape[2])
    steps = EPOCHS * len(targets) // BATCH
    learned = [parameter for parameter in head.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(learned, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps)
    for _ in range(steps):
        rows = torch.multinomial(likelihood, BATCH, replacement=True)[:, None]
        cells = torch.randint(targets.shape[1], (BATCH, CELLS_PER_FRAME))
        logits = head(data.features[rows, cells])
        loss = functional.binary_cross_entropy_with_logits(logits, targets[rows, cells])
        optimiser.zero_grad()
        torch.autograd.backward(loss * targets.shape[2])
        optimiser.step()
        schedule.step()
    return head.eval()


def average_precision(head: Head, data: ObjectExamples) -> dict[int, tuple[float, int]]:
    """By object that is there at all: average precision over frames, and in how many it is."""
    with torch.no_grad():
        logits = torch.cat([head(cells) for cells in torch.split(data.features, BATCH)])
    found, there = logits.amax(1).numpy(), (data.scores.amax(1) > PRESENT).numpy()
    result = {}
    for label in np.flatnonzero(there.any(0)).tolist():
        hits = there[np.argsort(-found[:, label], kind="stable"), label]
        precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
        result[label] = (float(precision[hits].mean()), int(hits.sum()))
    return result


def report(title: str, names: Sequence[str], precision: dict[int, tuple[float, int]]) -> None:
    mean = np.mean([value for value, _ in precision.values()])
    print(f"{title}: mean average precision {100 * mean:.1f} over {len(precision)} classes")
    for label, (value, count) in sorted(precision.items(), key=lambda item: -item[1][1]):
        print(f"  {names[label]}: {100 * value:.0f} ({count} frames)")


def _photos(archive: Path) -> tuple[list[str], list[bytes]]:
    with tarfile.open(archive) as tar:
        files = {member.name: tar.extractfile(member) for member in tar if member.isfile()}
        packed = {name: file.read() for name, file in sorted(files.items()) if file}
    return list(packed), list(packed.values())


def _balanced(files: Sequence[bytes], kinds: Sequence[str], chosen: set[int]) -> PackedPictures:
    """The chosen files, those of common kinds less likely each, though together still more likely."""
    rows = sorted(chosen)
    counts = Counter(kinds[row] for row in rows)
    weights = np.array([counts[kinds[row]] ** -0.5 for row in rows])
    return PackedPictures([files[row] for row in rows], weights / weights.sum())


def _evenly(files: list[bytes]) -> PackedPictures:
    return PackedPictures(files, np.full(len(files), 1 / len(files)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("photos", "scenes", "teacher", "names", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--compositions", type=int, default=5000, help="frames to teach by")
    parser.add_argument("--seed", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(1)
    objects = [name for name in options.names.read_text().split("\n") if name not in ("", "n/a")]

    names_of_photos, photos = _photos(options.photos)
    kinds = [name.rsplit("_image", 1)[0] for name in names_of_photos]
    scenes = [file.read_bytes() for file in sorted(options.scenes.iterdir())]
    held_out = set(range(0, len(photos), 10))
    sources = {
        "train": (_balanced(photos, kinds, set(range(len(photos))) - held_out), PHOTO_LAYOUTS, 1.0),
        "held out": (_balanced(photos, kinds, held_out), PHOTO_LAYOUTS, 0.12),
        "even scenes": (_evenly(scenes[::2]), SCENE_LAYOUTS, 0.13),
        "odd scenes": (_evenly(scenes[1::2]), SCENE_LAYOUTS, 0.13),
    }
    teacher = ObjectTeacher(options.teacher)
    data: dict[str, ObjectExamples] = {}
    backbone = Backbone()
    for number, (name, (pictures, layouts, share)) in enumerate(sources.items()):
        composer = Composer(pictures, layouts, options.seed + number)
        count = round(share * options.compositions)
        data[name] = examples(composer, teacher, backbone, count)
        print(f"{name}: {count} compositions of {len(pictures.files)} pictures", flush=True)

    def head_from(*parts: str) -> Head:
        weights = [torch.full((len(data[part].features),), 2.5 if "scenes" in part else 1.0) for part in parts]
        pool = data[parts[0]]
        for part in parts[1:]:
            pool = pool + data[part]
        return trained(pool, torch.cat(weights), options.seed)

    report("held-out photos, no scenes seen", objects, average_precision(head_from("train"), data["held out"]))
    for seen, unseen in (("even scenes", "odd scenes"), ("odd scenes", "even scenes")):
        report(f"{unseen}, taught by {seen}", objects, average_precision(head_from("train", seen), data[unseen]))
    tensors = head_from(*data).tensors()
    save_file(tensors, options.out, {"classes": json.dumps(objects)})
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
