"""Makers of small media files with known answers. All pictures are 320 x 180 unless a test says otherwise."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from indexer.media.ffmpeg_binary import ffmpeg_path

SIZE = "320x180"
FPS = 25
FAST_H264 = {"vcodec": "libx264", "preset": "ultrafast", "crf": 23, "pix_fmt": "yuv420p"}


def lavfi(source: str, **options: Any) -> Any:
    """A generated input, such as ``testsrc2=size=320x180:rate=25:duration=2``."""
    return ffmpeg.input(source, f="lavfi", **options)


def write(path: Path, *streams: Any, **options: Any) -> Path:
    """Encode ``streams`` into ``path`` and return it; ffmpeg's complaints are in the error."""
    try:
        ffmpeg.output(*streams, str(path), **options).run(
            cmd=ffmpeg_path(), overwrite_output=True, capture_stdout=True, capture_stderr=True
        )
    except ffmpeg.Error as error:
        raise AssertionError(error.stderr.decode(errors="replace")) from error
    return path


def colour(name: str, seconds: float, fps: float | Fraction = FPS, size: str = SIZE) -> Any:
    """A picture of one colour that stands still."""
    return lavfi(f"color={name}:size={size}:rate={fps}:duration={seconds}")


def moving(seconds: float, fps: float = FPS, size: str = SIZE) -> Any:
    """A test picture in which something moves all the time."""
    return lavfi(f"testsrc2=size={size}:rate={fps}:duration={seconds}")


def tone(seconds: float, hz: int = 440, rate_hz: int = 44_100) -> Any:
    """A steady sine at an eighth of full scale."""
    return lavfi(f"sine=frequency={hz}:sample_rate={rate_hz}:duration={seconds}")


def box(stream: Any, start_s: float, end_s: float, colour_name: str = "white") -> Any:
    """``stream`` with a box, a quarter of its width and height, to be seen in [start_s, end_s)."""
    return stream.filter(
        "drawbox",
        x="iw/2",
        y="ih/2",
        w="iw/4",
        h="ih/4",
        color=colour_name,
        t="fill",
        enable=f"gte(t,{start_s})*lt(t,{end_s})",
    )


def cuts(shots: Sequence[tuple[str, float]], fps: float = FPS) -> Any:
    """Shots of one colour each, ``(colour, seconds)``, joined by hard cuts."""
    return ffmpeg.concat(*(colour(name, seconds, fps) for name, seconds in shots))


def video(path: Path, pictures: Any, sound: Any = None, **options: Any) -> Path:
    """An H.264 file of ``pictures``, with AAC sound if given."""
    streams = [pictures] if sound is None else [pictures, sound]
    return write(path, *streams, **{**FAST_H264, **options})


def photo(path: Path, size: tuple[int, int] = (320, 180), *, seed: int = 0) -> Path:
    """A PNG full of soft blobs, as busy as a photograph; another seed, another picture."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (9, 16, 3), dtype=np.uint8)
    fine = rng.integers(0, 256, (36, 64, 3), dtype=np.uint8)
    below, above = (Image.fromarray(layer).resize(size, Image.Resampling.BICUBIC) for layer in (coarse, fine))
    Image.blend(below, above, 0.35).save(path)
    return path


def pan(picture: Path, seconds: float, fps: float = FPS, pixels_per_s: float = 20) -> Any:
    """A slow pan over ``picture``: a 320 x 180 view that moves to the right."""
    still = ffmpeg.input(str(picture), loop=1, framerate=fps, t=seconds)
    return still.filter("crop", 320, 180, f"min(iw-320,t*{pixels_per_s})", 0).filter("setsar", 1)


def turned(source: Path, path: Path, clockwise_deg: int) -> Path:
    """A copy of ``source`` that asks players to turn its picture clockwise."""
    import av

    with av.open(str(source)) as given, av.open(str(path), "w") as made:
        stream = given.streams.video[0]
        copy = made.add_stream_from_template(stream)
        copy.set_display_rotation(-clockwise_deg)
        for packet in given.demux(stream):
            if packet.dts is not None:
                packet.stream = copy
                made.mux(packet)
    return path


def joined_streams(path: Path, *parts: Path) -> Path:
    """Transport streams one after another, as ``cat`` joins them."""
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def growing(folder: Path, sizes: Sequence[str], *, seconds: float = 1.0, sound: bool = True) -> Path:
    """A broadcast whose picture has another size every so many seconds, on one clock; each part of one colour.

    The parts are red, green, blue in turn, with a tone.
    """
    parts = []
    for number, size in enumerate(sizes):
        streams = [colour(("red", "lime", "blue")[number % 3], seconds, size=size)]
        streams += [tone(seconds)] if sound else []
        options: dict[str, Any] = {"acodec": "aac"} if sound else {}
        part = folder / f"part{number}.ts"
        options |= {"output_ts_offset": number * seconds, "muxdelay": 0, "muxpreload": 0, "bf": 0}
        parts.append(write(part, *streams, **FAST_H264, **options))
    return joined_streams(folder / "growing.ts", *parts)
