"""Which encoder turns the words of a query into vectors of a lane."""

from typing import TYPE_CHECKING

from retrieval.domain import Lane

if TYPE_CHECKING:
    from retrieval.encoders.base import TextEncoder
    from retrieval.encoders.profiles import Encoders


def text_encoder(encoders: "Encoders", lane: Lane) -> "TextEncoder":
    """The encoder whose space the lane's vectors are in."""
    match lane:
        case Lane.VISUAL:
            return encoders.visual()
        case Lane.SOUND:
            return encoders.sound()
        case Lane.SPEECH | Lane.SCREEN:
            return encoders.sentences()
