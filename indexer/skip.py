"""What decoding may leave out for speed: a setting that the decoder obeys."""

from enum import StrEnum


class Skip(StrEnum):
    """What may be left out for speed: nothing; frames no other frame needs; all but keyframes."""

    NONE = "none"
    FAST = "fast"
    FASTEST = "fastest"
