"""Moments as video files: one clip, or a reel of parts that are made one by one and then joined."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.exports.check import check_clip, check_part, check_reel
from app.exports.clip import Cutting, PartShape, clip_arguments, cutting, frames_read, joined_arguments, part_arguments
from app.exports.ffmpeg_process import run_ffmpeg
from app.exports.sequence import EditSequence
from indexer.media.apart import on_one_clock
from retrieval.domain import Gone, Span, never

if TYPE_CHECKING:
    from indexer.media.probe import MediaInfo


def render_clip(info: "MediaInfo", span: Span, title: str, output: Path, gone: Gone = never) -> bool:
    """Write the span as ``output``; whether it has pictures."""
    with on_one_clock(info, span, output.parent) as readable:
        cut = cutting(readable, span)
        with _open_for_ffmpeg(cut) as (opened, descriptors):
            run_ffmpeg(clip_arguments(opened, title, output), output, gone, descriptors=descriptors)
        check_clip(output, cut)
    return cut.has_picture


@contextmanager
def _open_for_ffmpeg(cut: Cutting) -> Iterator[tuple[Cutting, tuple[int, ...]]]:
    """The same with its file open for the block, and the descriptors to hand on, where systems can hand any on."""
    with cut.info.roots.opened(cut.info.path) as file:
        if os.name == "nt":
            yield cut, ()
        else:
            yield replace(cut, descriptor=file.fileno()), (file.fileno(),)


def render_reel(sequence: EditSequence, infos: "Mapping[Path, MediaInfo]", output: Path, gone: Gone = never) -> bool:
    """Write the sequence as ``output``; whether it has pictures. Sound alone makes a reel without pictures."""
    with tempfile.TemporaryDirectory(dir=output.parent, ignore_cleanup_errors=True) as parts:
        return _joined(sequence, infos, Path(parts), output, gone)


def _joined(sequence: EditSequence, infos: "Mapping[Path, MediaInfo]", parts: Path, output: Path, gone: Gone) -> bool:
    with ExitStack() as copies:
        cuttings = []
        for place in sequence.cuts:
            span = place.read(sequence.rate)
            readable = copies.enter_context(on_one_clock(infos[place.source.path], span, parts))
            cuttings.append(cutting(readable, span))
        shape = PartShape(
            sequence.rate,
            sequence.size,
            has_picture=any(cut.has_picture for cut in cuttings),
            has_sound=any(cut.has_sound for cut in cuttings),
        )
        lines = []
        for number, (cut, place) in enumerate(zip(cuttings, sequence.cuts, strict=True)):
            part = parts / f"{number:03d}.mov"
            with _open_for_ffmpeg(cut) as (opened, descriptors):
                run_ffmpeg(part_arguments(opened, place.frames, shape, part), part, gone, descriptors=descriptors)
            check_part(part, place.frames, frames_read(part, cut) if cut.has_picture else (), cut, shape)
            # A file rounds its length to milliseconds; two hundred of them would be heard.
            lines.append(f"file {part.name}\nduration {float(shape.rate.time_of(place.frames)):.6f}\n")
        parts_list = parts / "list.txt"
        parts_list.write_text("".join(lines), encoding="ascii")
        joined = parts / output.name
        run_ffmpeg(joined_arguments(parts_list, shape, sequence.name, joined), joined, gone)
        check_reel(joined, sequence.frames, shape)
        joined.replace(output)
        return shape.has_picture
