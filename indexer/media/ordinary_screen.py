"""Single pictures in HDR or wide gamut, shown as on an ordinary screen; as exports are, by the same tables."""

from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from indexer.media.colours import Colours
from indexer.media.probe import open_media
from indexer.media.tone_map import WHITE_NITS, cube, peak_of
from retrieval.atomic import replacing
from retrieval.domain import Span
from retrieval.encoders.base import FRAME_SIDE_PX

if TYPE_CHECKING:
    from av.filter import Graph
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from indexer.media.probe import MediaInfo

_KEYFRAMES_LOOKED_AT = 12
_GRAPHS_KEPT = 6
_Setup = tuple[Colours, float, int, int]


class OrdinaryScreen:
    """Converts pictures one by one; keeps the filters of the last, which mostly fit the next."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._graphs: dict[_Setup, Graph] = {}

    def shown(self, picture: "VideoFrame", colours: Colours) -> "VideoFrame":
        """A picture in rgb48le as rgb24. How bright its brightest may be depends on this picture alone."""
        codes = np.asarray(picture.to_ndarray(), np.uint16)
        setup = (colours, peak_of(codes, colours), picture.width, picture.height)
        graph = self._graphs.get(setup) or self._made(picture, *setup[:2])
        if setup not in self._graphs and len(self._graphs) == _GRAPHS_KEPT:
            self._graphs.clear()
        self._graphs[setup] = graph
        graph.push(picture)
        return cast("VideoFrame", graph.pull())

    def _made(self, picture: "VideoFrame", colours: Colours, peak_nits: float) -> "Graph":
        from av.filter import Graph

        file = table_file(self._scratch, colours, peak_nits)
        graph = Graph()
        graph.link_nodes(
            graph.add_buffer(
                width=picture.width, height=picture.height, format=picture.format, time_base=Fraction(1, 1000)
            ),
            graph.add("lut3d", file=str(file), interp="tetrahedral"),
            graph.add("format", pix_fmts="rgb24"),
            graph.add("buffersink"),
        ).configure()
        return graph


def table_file(folder: Path, colours: Colours, peak_nits: float) -> Path:
    """The table for a peak of so many cd/m², written to ``folder`` unless it is there."""
    file = folder / f"{colours.transfer}-{colours.primaries}-{round(peak_nits)}.cube"
    if not file.exists():
        with replacing(file) as draft:
            draft.write_text(cube(colours, peak_nits), encoding="ascii")
    return file


def brightest_during(info: "MediaInfo", span: Span, colours: Colours) -> float:
    """The brightest of a stretch of a file in cd/m², as far as its keyframes tell; white if none decodes."""
    import av
    from av.video.reformatter import VideoReformatter

    assert info.video is not None
    scaler, peak_nits, looked_at = VideoReformatter(), WHITE_NITS, 0
    with open_media(info.path, info.roots) as container, suppress(av.FFmpegError):
        stream = cast("VideoStream", container.streams[info.video.index])
        stream.codec_context.skip_frame = "NONKEY"
        end_s = span.end_s + info.start_time_s
        container.seek(round((span.start_s + info.start_time_s) / float(stream.time_base or 1)), stream=stream)
        for frame in container.decode(stream):
            height = max(1, round(frame.height * FRAME_SIDE_PX / frame.width))
            codes = scaler.reformat(frame, FRAME_SIDE_PX, height, "rgb48le").to_ndarray()
            peak_nits = max(peak_nits, peak_of(np.asarray(codes, np.uint16), colours))
            looked_at += 1
            if looked_at >= _KEYFRAMES_LOOKED_AT or (frame.time is not None and frame.time >= end_s):
                break
    return peak_nits
