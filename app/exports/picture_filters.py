"""The part of ffmpeg's graph that makes any picture one of a given size in ordinary colours, and says so."""

import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer.media.apart import brightest_during
from indexer.media.ordinary_screen import table_file

if TYPE_CHECKING:
    from indexer.media.colours import Colours
    from indexer.media.probe import MediaInfo
    from retrieval.domain import Span

TAGS = {"colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709", "color_range": "tv"}
"""What all exports are in: options of the encoder. HDR is brought to it, so nothing that leaves here is HDR."""


def one_size(info: "MediaInfo") -> dict[str, Any]:
    """Options of the input: where the picture's size changes in mid-stream, filters go on and do not begin anew.

    ffmpeg turns pictures by a filter that needs one size; those are left to it.
    """
    return {"reinit_filter:v": 0} if info.video and not info.video.rotation_deg else {}


def shown_in(picture: Any, info: "MediaInfo", span: "Span", size: tuple[int, int]) -> Any:
    """The pictures of a file upright in ``size``, letterboxed where their own is another, in BT.709."""
    assert info.video is not None
    width, height = size
    colours = info.video.colours
    # Each frame is measured: the size may change on the way.
    fitted = {
        "w": f"min({width},2*round(min({width},{height}*dar)/2))",
        "h": f"min({height},2*round(min({height},{width}/dar)/2))",
        "eval": "frame",
    }
    given = _given(colours)
    if colours is None or colours.is_ordinary:
        picture = picture.filter("scale", **fitted, **given, out_color_matrix="bt709", out_range="tv")
    else:
        peak_nits = brightest_during(info, span, colours)
        picture = picture.filter("scale", **fitted, **given).filter("format", "gbrp16le")
        picture = picture.filter("lut3d", file=str(table_file(_tables(), colours, peak_nits)), interp="tetrahedral")
        picture = picture.filter("scale", out_color_matrix="bt709", out_range="tv")
    picture = picture.filter("setsar", 1).filter("format", "yuv420p")
    return tagged(picture.filter("pad", width, height, "(ow-iw)/2", "(oh-ih)/2", eval="frame"))


def tagged(picture: Any) -> Any:
    """Pictures that are in BT.709, with the tags that say so."""
    named = {"range" if name == "color_range" else name: value for name, value in TAGS.items()}
    return picture.filter("setparams", **named)


def _given(colours: "Colours | None") -> dict[str, str]:
    if colours is None or colours.matrix is None:
        return {}
    return {"in_color_matrix": colours.matrix, "in_range": "pc" if colours.full_range else "tv"}


def _tables() -> Path:
    return Path(_tables_folder().name)


@cache
def _tables_folder() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="moments-colours-")
