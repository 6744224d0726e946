"""The sound or the picture of a file that is part of a query: small, and safe to read from strangers."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Concatenate, ParamSpec, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from retrieval.demuxers import ONLY_THE_FILE
from retrieval.encoders.base import FRAME_SIDE_PX, SPEECH_RATE_HZ, Samples
from retrieval.errors import InputError, MediaError, MissingFileError, QueryError, UnreadableFileError
from retrieval.isolation.isolated import CallLimits, run_isolated
from retrieval.mono import SILENCE_RMS, MonoMix
from retrieval.storage.media_roots import ANYWHERE

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from PIL.Image import Image as Picture

FileOrBytes = Path | bytes | BinaryIO
"""A file on this machine, or the bytes of one that was sent."""

LONGEST_SOUND_S = 300.0
SPOKEN_USED_S = 60.0
SOUND_USED_S = 30.0
MOST_TRACKS = 8

MOST_PIXELS = 52_000_000
"""What phones of 50 megapixels take; as a whole picture it fills 0.2 GB."""
MOST_SHRUNK_PIXELS = 210_000_000
"""Of a plain JPEG, as phones of 200 megapixels write it: it is decoded at an eighth of its size."""
MOST_COPIED_PIXELS = 16_000_000
"""Of formats whose decoders hold a picture several times over before they give it away."""

_LIMITS = CallLimits(memory_bytes=600_000_000, silence_s=60.0, cpu_s=30, output_bytes=1_000_000)
"""Twice what the largest pictures allowed take."""
_STRIP_PIXELS = 2_000_000
_TURNS = (2, 3, 4, 5, 6, 7, 8)
"""Values of Exif's orientation under which a picture is stored turned or mirrored."""
_AT_ONCE = threading.BoundedSemaphore(2)
"""So many files of queries are read at the same time; others wait."""

P = ParamSpec("P")
T = TypeVar("T")

_SOUND_ALLOWED = f"allowed is audio or video of at most {LONGEST_SOUND_S / 60:.0f} minutes (wav, mp3, m4a, flac, ogg …)"
_PICTURE_FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
_PICTURE_ALLOWED = f"allowed are {', '.join(_PICTURE_FORMATS)}"


def read_sound(source: FileOrBytes, used_s: float) -> Samples:
    """The first ``used_s`` seconds of the sound, 16 kHz; of several tracks, of the first that can be heard.

    Raises InputError for what is no media file, has no sound or is longer than LONGEST_SOUND_S, QueryError for
    silence, and DecoderFailedError for what its decoder does not survive.
    """
    return _apart(_read_sound, source, used_s)


def read_picture(source: FileOrBytes) -> NDArray[np.uint8]:
    """(height, width, 3) RGB, upright, at most FRAME_SIDE_PX long; what is transparent is white.

    Raises InputError for what is no picture or has more pixels than its format may, and DecoderFailedError for
    what its decoder does not survive.
    """
    return _apart(_read_picture, source)


def _apart(
    read: Callable[Concatenate[Path | bytes, P], T], source: FileOrBytes, *arguments: P.args, **_: P.kwargs
) -> T:
    """What ``read`` makes of the source, in a process of its own."""
    name = _name_of(source)
    if not isinstance(source, Path | bytes):
        with opened(source) as file:
            source = file.read()
    with _AT_ONCE:
        return run_isolated(read, source, *arguments, limits=_LIMITS, name=name)


def _read_sound(source: Path | bytes, used_s: float) -> Samples:
    import av

    name = _name_of(source)
    with opened(source) as file:
        try:
            container = av.open(file, "r", options=dict(ONLY_THE_FILE), metadata_errors="replace")
        except av.FFmpegError as error:
            raise InputError(f"{name} is no sound that can be read; {_SOUND_ALLOWED}") from error
        with container:
            if not container.streams.audio:
                raise InputError(f"{name} has no sound; {_SOUND_ALLOWED}")
            tracks = [samples for samples in _decoded(container, name, used_s) if len(samples)]
    if not tracks:
        raise InputError(f"nothing of the sound of {name} decodes; {_SOUND_ALLOWED}")
    heard = next((samples for samples in tracks if float(np.sqrt(np.mean(np.square(samples)))) > SILENCE_RMS), None)
    if heard is None:
        raise QueryError(f"{name} is silent; give a recording in which something can be heard")
    return heard


def _read_picture(source: Path | bytes) -> NDArray[np.uint8]:
    from PIL import Image

    name = _name_of(source)
    Image.MAX_IMAGE_PIXELS = None  # here the limit depends on the format, and is below Pillow's where it counts
    with opened(source) as file:
        try:
            if size := _webp_size(file):  # Pillow takes memory for all of one as it opens it
                _refuse_more(name, size, MOST_COPIED_PIXELS, "WEBP")
            with Image.open(file, formats=_PICTURE_FORMATS) as picture:
                _refuse_large(name, picture)
                shrunk = -(-picture.width // _factor(picture)), -(-picture.height // _factor(picture))
                picture.draft("RGB", shrunk)
                picture.load()
                upright = _upright(_reduced(picture), picture)
        except (OSError, SyntaxError, ValueError, EOFError) as error:  # what Pillow's decoders raise
            raise InputError(f"{name} is no picture that can be read; {_PICTURE_ALLOWED}") from error
    upright.thumbnail((FRAME_SIDE_PX, FRAME_SIDE_PX), Image.Resampling.LANCZOS)
    return np.asarray(upright, np.uint8)


@contextmanager
def opened(source: FileOrBytes) -> Iterator[BinaryIO]:
    """The source from its first byte. Raises InputError for what is no regular, readable, filled file."""
    if isinstance(source, Path):
        try:
            file: BinaryIO = BufferedReader(ANYWHERE.opened(source))
        except MissingFileError as error:
            raise InputError(f"{source} is missing; give the path of a file") from error
        except UnreadableFileError as error:
            raise InputError(error.message) from error
        except MediaError as error:
            raise InputError(f"{source} is not a file; give the path of a file") from error
    else:
        file = BytesIO(source) if isinstance(source, bytes) else source
        file.seek(0)
    try:
        if not file.read(1):
            raise InputError(f"{_name_of(source)} is empty (0 bytes)")
        file.seek(0)
        yield file
    finally:
        if isinstance(source, Path):
            file.close()


def _name_of(source: FileOrBytes) -> str:
    return str(source) if isinstance(source, Path) else "the file sent"


def _decoded(container: "InputContainer", name: str, used_s: float) -> list[Samples]:
    """What decodes of the first ``used_s`` of each track. How long they are, packets say: headers may lie."""
    import av

    streams = {stream.index: stream for stream in container.streams.audio[:MOST_TRACKS]}
    mixes = {index: MonoMix() for index in streams}
    parts: dict[int, list[Samples]] = {index: [] for index in streams}
    wanted = round(used_s * SPEECH_RATE_HZ)
    try:
        for packet in container.demux(list(streams.values())):
            index = packet.stream.index
            _refuse_long(name, packet, streams[index])
            if sum(map(len, parts[index])) < wanted:
                parts[index] += [part for frame in _frames(packet) for part in mixes[index].add(frame)]
        for index, mix in mixes.items():
            parts[index] += mix.end()
    except (av.FFmpegError, ValueError):
        pass  # a file that is cut off, or changes its rate midway, is heard as far as it goes
    tracks = [np.concatenate([np.zeros(0, np.float32), *some])[:wanted] for some in parts.values()]
    return [np.asarray(np.clip(np.nan_to_num(track), -1.0, 1.0), np.float32) for track in tracks]


def _refuse_long(name: str, packet: "Packet[Stream]", stream: "AudioStream") -> None:
    if packet.pts is None or stream.time_base is None:
        return
    end_s = float((packet.pts + (packet.duration or 0) - (stream.start_time or 0)) * stream.time_base)
    if end_s > LONGEST_SOUND_S + 1.0:  # encoders pad the end
        raise InputError(f"{name} lasts longer than {LONGEST_SOUND_S / 60:.0f} minutes; {_SOUND_ALLOWED}")


def _frames(packet: "Packet[Stream]") -> list["AudioFrame"]:
    import av

    try:
        return cast("list[AudioFrame]", list(packet.decode()))
    except av.InvalidDataError:
        return []  # mp3 and aac often begin with a packet that cannot be decoded


def _refuse_large(name: str, picture: "Picture") -> None:
    match picture.format:
        case "JPEG" if "progressive" in picture.info:
            _refuse_more(name, picture.size, MOST_PIXELS, "progressive JPEG")
        case "JPEG":
            _refuse_more(name, picture.size, MOST_SHRUNK_PIXELS, "JPEG")
        case "AVIF" | "WEBP":
            _refuse_more(name, picture.size, MOST_COPIED_PIXELS, picture.format)
        case _:
            _refuse_more(name, picture.size, MOST_PIXELS, str(picture.format))


def _refuse_more(name: str, size: tuple[int, int], most: int, kind: str) -> None:
    width, height = size
    if width * height > most:
        raise InputError(
            f"{name} has {width:,} × {height:,} = {width * height:,} pixels; at most {most:,} of {kind} are allowed"
        )


def _webp_size(file: BinaryIO) -> tuple[int, int] | None:
    """Width and height in the header of a WebP (RFC 9649); None for other formats."""
    head = file.read(30)
    file.seek(0)
    if len(head) < 30 or head[:4] + head[8:12] != b"RIFFWEBP":
        return None
    match head[12:16]:
        case b"VP8X":
            return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
        case b"VP8L":
            packed = int.from_bytes(head[21:25], "little")
            return 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)
        case _:
            return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF


def _factor(picture: "Picture") -> int:
    """How many pixels may become one before the picture is less than twice as large as it is to be."""
    return max(1, max(picture.size) // (2 * FRAME_SIDE_PX))


def _reduced(picture: "Picture") -> "Picture":
    """The picture as RGB, at most some 2 * FRAME_SIDE_PX long; strip by strip, so that there is no second whole."""
    from PIL import Image

    factor = _factor(picture)
    rows = factor * max(1, _STRIP_PIXELS // (picture.width * factor))
    made = Image.new("RGB", (-(-picture.width // factor), -(-picture.height // factor)))
    for top in range(0, picture.height, rows):
        strip = picture.crop((0, top, picture.width, min(top + rows, picture.height)))
        made.paste(_on_white(strip).reduce(factor), (0, top // factor))
    return made


def _upright(made: "Picture", picture: "Picture") -> "Picture":
    """What was ``made`` of a picture, turned as that says that it is to be."""
    from PIL import ExifTags, ImageOps

    orientation = picture.getexif().get(ExifTags.Base.Orientation)
    if orientation not in _TURNS:
        return made
    made.getexif()[ExifTags.Base.Orientation] = orientation
    return ImageOps.exif_transpose(made)


def _on_white(picture: "Picture") -> "Picture":
    from PIL import Image

    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB")
