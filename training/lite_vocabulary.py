"""Write the vectors of everything that the visual lane of `lite` can see.

    python -m training.lite_vocabulary --out retrieval/encoders/weights/lite_vocabulary.safetensors

The names are timm's of ImageNet's classes, then the objects of the head; their vectors are MiniLM's. Seconds of
one CPU core. To be made anew when the head has other objects, and with a new revision of the encoder.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save
from timm.data.imagenet_info import ImageNetInfo

from retrieval.encoders.concepts import centred
from retrieval.encoders.lite_visual import HEAD, VisualVocabulary, load_head
from retrieval.encoders.sentence import MiniLmEncoder
from retrieval.unit_rows import unit_rows

CLASSES = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--head", type=Path, default=HEAD)
    options = parser.parse_args()
    options.out.write_bytes(vocabulary_file(vocabulary(options.head)))


def vocabulary(head: Path) -> VisualVocabulary:
    """The 1000 classes and the objects of the head, each set without what all of it shares."""
    objects, _ = load_head(head)
    info = ImageNetInfo()
    classes = [info.index_to_description(index) for index in range(CLASSES)]
    defined = [info.index_to_description(index, detailed=True) for index in range(CLASSES)]
    embed = MiniLmEncoder().embed_texts
    # Definitions tie rare words to everyday ones: "go-kart: a small low motor vehicle …".
    imagenet = unit_rows(embed(classes) + embed(defined))
    everyday = embed(objects)
    names = (*(name.split(",")[0] for name in classes), *objects)
    return VisualVocabulary(names, np.vstack([centred(imagenet), centred(everyday)]), embed(names))


def vocabulary_file(vocabulary: VisualVocabulary) -> bytes:
    """The vocabulary as lite_visual reads it."""
    tensors = {"vectors": vocabulary.vectors, "plain_vectors": vocabulary.plain_vectors}
    halves = {name: tensor.astype(np.float16) for name, tensor in tensors.items()}
    return bytes(save(halves, {"names": json.dumps(vocabulary.names)}))


if __name__ == "__main__":
    main()
