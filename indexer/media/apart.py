"""Probing and decoding in a process of their own, so that a file that breaks its decoder costs only itself."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar, cast

from indexer.media import decode as decoding
from indexer.media import frames_shown as showing
from indexer.media import one_clock
from indexer.media import ordinary_screen as screen
from indexer.media import probe as probing
from indexer.media.colours import Colours
from indexer.media.decode import DecodeOptions
from indexer.media.decoded import Decoded
from indexer.media.probe import MediaInfo
from indexer.settings import IndexSettings
from indexer.subtitles import reading
from indexer.subtitles.reading import Subtitles
from retrieval.domain import Span
from retrieval.errors import UndecodableError
from retrieval.isolation.isolated import CallLimits, run_isolated
from retrieval.storage.media_roots import ANYWHERE, MediaRoots

P = ParamSpec("P")
T = TypeVar("T")

# What only looks at headers and packets; a file on a slow disk may take its time, though little of the processor's.
_LOOKING = CallLimits(memory_bytes=4_000_000_000, silence_s=120.0, cpu_s=120, output_bytes=1_000_000)
# What has no timestamps is decoded from its start on, and kept without loss.
_COPYING_FRAMES = CallLimits(memory_bytes=4_000_000_000, silence_s=1200.0, cpu_s=1200, output_bytes=20_000_000_000)
_OVERHEAD_BYTES = 100_000_000
_SLOWEST_READ_BYTES_PER_S = 20_000_000
"""A file that is read to its end with nothing to report has so much more time."""


def _looking(look: Callable[Concatenate[Path, P], T]) -> Callable[Concatenate[Path, P], T]:
    """``look``, in a process of its own; raises also DecoderFailedError."""

    @wraps(look)
    def apart(path: Path, *arguments: P.args, **options: P.kwargs) -> T:
        return run_isolated(look, path, *arguments, limits=_LOOKING, name=str(path), options=options)

    return cast(Callable[Concatenate[Path, P], T], apart)


def probe(path: Path, waiting: Callable[[], None] | None = None, *, roots: MediaRoots = ANYWHERE) -> MediaInfo:
    """What ``indexer.media.probe.probe`` says. Raises also DecoderFailedError.

    ``waiting`` is called every moment meanwhile; what it raises ends the process at once. So it is with the others.
    """
    return run_isolated(_probe, path, roots, limits=_LOOKING, name=str(path), waiting=waiting)


def read_subtitles(info: MediaInfo, settings: IndexSettings, waiting: Callable[[], None] | None = None) -> Subtitles:
    """What ``indexer.subtitles.reading.read_subtitles`` finds. Raises also DecoderFailedError."""
    return run_isolated(
        reading.read_subtitles, info, limits=_limits(info, settings), name=str(info.path), waiting=waiting
    )


def decode(
    info: MediaInfo,
    folder: Path,
    settings: IndexSettings,
    *,
    on_progress: Callable[[float], None] | None = None,
    options: DecodeOptions | None = None,
) -> Decoded:
    """What ``indexer.media.decode.decode`` makes in ``folder``. Raises also DecoderFailedError.

    ``on_progress`` is called every moment, with the same again while nothing happens.
    """
    folder.mkdir(parents=True, exist_ok=True)
    run_isolated(
        _decode,
        info,
        folder,
        options,
        limits=_limits(info, settings),
        name=str(info.path),
        on_progress=on_progress or (lambda _: None),
        watched=folder,
    )
    decoded = Decoded.load(folder)
    if decoded is None:
        raise UndecodableError(f"{info.path}: nothing of it was decoded")
    return decoded


def _probe(path: Path, roots: MediaRoots) -> MediaInfo:
    return probing.probe(path, roots)


def _decode(
    info: MediaInfo, folder: Path, options: DecodeOptions | None, *, on_progress: Callable[[float], None]
) -> None:
    decoding.decode(info, folder, on_progress=on_progress, options=options)


def _limits(info: MediaInfo, settings: IndexSettings) -> CallLimits:
    return CallLimits(
        memory_bytes=round(settings.decode_memory_gb * 1e9),
        silence_s=settings.decode_patience_s + info.size_bytes / _SLOWEST_READ_BYTES_PER_S,
        output_bytes=round(settings.decode_output_gb * 1e9),
    )


def brightest_during(info: MediaInfo, span: Span, colours: Colours) -> float:
    """What ``indexer.media.ordinary_screen.brightest_during`` sees. Raises also DecoderFailedError."""
    return run_isolated(screen.brightest_during, info, span, colours, limits=_LOOKING, name=str(info.path))


@contextmanager
def on_one_clock(info: MediaInfo, span: Span, folder: Path) -> Iterator[MediaInfo]:
    """What to read the span from: the file itself, or a copy in ``folder``, for the block, whose times run on."""
    if info.clock is None and info.container not in one_clock.UNTIMED:
        yield info
        return
    # Only one of them can hold how a picture is to be turned; its clock counts milliseconds.
    suffix = ".mkv" if info.video and info.video.rotation_deg and info.clock else ".nut"
    copy = folder / f".{uuid.uuid4().hex}{suffix}"
    limits = replace(_LOOKING, output_bytes=info.size_bytes + _OVERHEAD_BYTES)
    try:
        if info.clock:
            yield run_isolated(one_clock.copied, info, info.clock, span, copy, limits=limits, name=str(info.path))
        else:
            yield run_isolated(one_clock.timed, info, span, copy, limits=_COPYING_FRAMES, name=str(info.path))
    finally:
        copy.unlink(missing_ok=True)


shown_during = _looking(showing.shown_during)
"""What ``indexer.media.frames_shown.shown_during`` finds."""
