"""How many pixels a picture of a video may have: what is larger is refused before it is decoded."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from retrieval.errors import UndecodableError

MOST_FRAME_PIXELS = 8192 * 8192
"""Twice the pixels of 8K; a decoder keeps a good dozen such pictures at a time. Libav makes none that are larger."""
LIMITED = {"max_pixels": str(MOST_FRAME_PIXELS)}
"""What tells so to each decoder of libav."""
_REFUSED_SIZE = re.compile(r"Picture size (\d+)x(\d+)")


@contextmanager
def refused_sizes() -> Iterator[list[tuple[int, int]]]:
    """Width and height of pictures that libav refuses within the block: of some, nothing but its log says them."""
    import av.logging

    refused: list[tuple[int, int]] = []
    before = av.logging.get_level()
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture() as said:
            yield refused
    finally:
        av.logging.set_level(before)
        found = (_REFUSED_SIZE.match(line) for _, _, line in said)
        refused += [(int(match[1]), int(match[2])) for match in found if match]


def refuse_large(path: Path, size: tuple[int, int], refused: Sequence[tuple[int, int]]) -> None:
    """Raise UndecodableError for pictures of more pixels than that; where ``size`` is unknown, ``refused`` tells."""
    width, height = next(iter(refused), size) if 0 in size else size
    if width * height > MOST_FRAME_PIXELS:
        raise UndecodableError(
            f"{path} has pictures of {width:,} × {height:,} = {width * height:,} pixels; "
            f"at most {MOST_FRAME_PIXELS:,} (as 8,192 × 8,192) are allowed"
        )
