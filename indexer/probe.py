"""What a media file holds: container, streams, sidecar subtitles; or a clear reason to refuse it."""

import hashlib
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.errors import (
    EmptyFileError,
    EndlessStreamError,
    InputError,
    MediaError,
    MissingFileError,
    NotMediaError,
    UndecodableError,
    UnreadableFileError,
)
from retrieval.stream_clock import StreamClock
from retrieval.video_filter import in_utc, parse_time

if TYPE_CHECKING:
    from av.audio.stream import AudioStream as AvAudioStream
    from av.container import InputContainer
    from av.error import FFmpegError
    from av.stream import Stream
    from av.video.stream import VideoStream as AvVideoStream

# Demuxers that read nothing but the file they are given. Playlists (hls, dash, concat), picture
# sequences (image2) and devices (lavfi) are left out: they name other files, or addresses, to open.
DEMUXERS = (
    "aac,ac3,aiff,amr,ape,apng,asf,au,av1,avi,caf,dts,dv,eac3,flac,flv,gif,gxf,h264,hevc,ivf,m4v,matroska,"
    "mov,mp3,mpc,mpc8,mpeg,mpegts,mpegvideo,mxf,nsv,nut,obu,ogg,rm,swf,tta,vc1,voc,w64,wav,webm,wtv,wv,"
    "yuv4mpegpipe"
)
TEXT_SUBTITLE_CODECS = frozenset({"ass", "mov_text", "srt", "ssa", "subrip", "text", "webvtt"})
SIDECAR_SUFFIXES = (".srt", ".vtt")
_MP4_BOXES = frozenset({b"ftyp", b"mdat", b"moov", b"free", b"skip", b"wide"})
_PLAYLISTS = (b"#EXTM3U", b"[playlist]", b"ffconcat", b"<MPD", b"<smil")
_PACKETS_TRIED_FOR_ROTATION = 60
_HIGHEST_RATE_FPS = 240
_RECORDED_TAGS = ("com.apple.quicktime.creationdate", "creation_time", "date_recorded", "date")
"""Tags that say when a file was recorded, the surest first: the camera's own, the container's, an editor's."""


class DurationSource(StrEnum):
    """Where a duration came from. Headers may lie; content is what decoding has shown."""

    HEADER = "header"
    CONTENT = "content"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class VideoStream:
    """One stream of pictures. ``width`` and ``height`` are upright, in square pixels."""

    index: int
    codec: str
    width: int
    height: int
    coded_width: int
    coded_height: int
    rotation_deg: int
    """Clockwise turn that makes the coded picture upright: 0, 90, 180 or 270."""
    sample_aspect: float
    frame_rate_fps: float | None
    nominal_rate_fps: Fraction | None
    """The exact rate that its timestamps are on, as 30000/1001; a guess where the rate varies."""
    is_default: bool
    is_attached_picture: bool


@dataclass(frozen=True, slots=True)
class AudioTrack:
    index: int
    codec: str
    channels: int
    rate_hz: int
    language: str | None
    is_default: bool


@dataclass(frozen=True, slots=True)
class SubtitleTrack:
    index: int
    codec: str
    language: str | None
    is_default: bool

    @property
    def is_text(self) -> bool:
        """False for subtitles made of pictures."""
        return self.codec in TEXT_SUBTITLE_CODECS


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A subtitle file next to the media file; ``talk.en.srt`` beside ``talk.mp4`` has language ``en``."""

    path: Path
    language: str | None


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What the headers of one file say."""

    path: Path
    size_bytes: int
    container: str
    duration_s: float | None
    duration_source: DurationSource
    start_time_s: float
    """Presentation time of the container's start: what is subtracted from every pts."""
    video_streams: tuple[VideoStream, ...]
    audio_tracks: tuple[AudioTrack, ...]
    subtitle_tracks: tuple[SubtitleTrack, ...]
    sidecars: tuple[Sidecar, ...]
    start_timecode: str | None
    """Timecode of the first frame as the file states it, as 01:00:00;00."""
    recorded_at: datetime | None
    """When the file says that it was recorded; a time without a zone is taken for UTC."""
    clock: StreamClock | None = None
    """How its timestamps run, where decoding has found that they start over or leap; headers do not say."""

    @property
    def video(self) -> VideoStream | None:
        """The stream to look at: marked default, then largest, then first; never a cover picture."""
        moving = [stream for stream in self.video_streams if not stream.is_attached_picture]
        return max(moving, key=lambda s: (s.is_default, s.width * s.height), default=None)

    @property
    def audio(self) -> AudioTrack | None:
        """The track to listen to: the first marked default, else the first."""
        return max(self.audio_tracks, key=lambda track: track.is_default, default=None)


def probe(path: Path) -> MediaInfo:
    """What ``path`` holds. Raises a ``MediaError`` that says why it cannot be indexed."""
    with open_media(path) as container:
        video = tuple(_video_stream(stream) for stream in container.streams.video)
        if any(not stream.is_attached_picture for stream in video):
            rotations = _rotations(container)
            video = tuple(_turned(stream, rotations.get(stream.index, 0)) for stream in video)
        audio = tuple(_audio_track(stream) for stream in container.streams.audio)
        if not audio and all(stream.is_attached_picture for stream in video):
            raise NotMediaError(f"{path} has neither video nor audio (container: {container.format.name})")
        duration_s = None if container.duration is None else container.duration / 1e6
        return MediaInfo(
            path=path,
            size_bytes=path.stat().st_size,
            container=container.format.name,
            duration_s=duration_s,
            duration_source=DurationSource.UNKNOWN if duration_s is None else DurationSource.HEADER,
            start_time_s=(container.start_time or 0) / 1e6,
            video_streams=video,
            audio_tracks=audio,
            subtitle_tracks=tuple(
                SubtitleTrack(stream.index, _codec(stream), _language(stream), _is_default(stream))
                for stream in container.streams.subtitles
            ),
            sidecars=find_sidecars(path),
            start_timecode=_start_timecode(container),
            recorded_at=_recorded_at(container),
        )


def content_hash(path: Path) -> str:
    """32 hex digits that identify the file's bytes, whatever its name."""
    _refuse_unusable(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def find_sidecars(path: Path) -> tuple[Sidecar, ...]:
    """Subtitle files with the same stem beside ``path``: the plain name first, then by language."""
    found = []
    for candidate in path.parent.iterdir():
        stem, language = candidate.stem, None
        if candidate.suffix.lower() not in SIDECAR_SUFFIXES or not candidate.is_file():
            continue
        if stem != path.stem:
            stem, _, language = stem.rpartition(".")
        if stem == path.stem:
            found.append(Sidecar(candidate, language))
    return tuple(sorted(found, key=lambda sidecar: (sidecar.language or "", sidecar.path.name)))


@contextmanager
def open_media(path: Path) -> Iterator["InputContainer"]:
    """The opened container; it can reach no other file and no network, whatever it refers to."""
    _refuse_unusable(path)
    import av

    try:
        container = av.open(
            f"file:{path}",
            options={"protocol_whitelist": "file", "format_whitelist": DEMUXERS},
            metadata_errors="replace",
        )
    except av.FFmpegError as error:
        raise _refusal(path, error) from error
    with container:
        yield container


def _refuse_unusable(path: Path) -> None:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise NotMediaError(f"{path} is a folder; give the path of a file")
        if not stat.S_ISREG(status.st_mode):
            raise EndlessStreamError(f"{path} is a pipe or device, which has no end; give a regular file")
        with path.open("rb"):
            pass
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MissingFileError(f"{path} does not exist") from error
    except OSError as error:
        raise UnreadableFileError(f"{path} cannot be read: {error.strerror}") from error
    if status.st_size == 0:
        raise EmptyFileError(f"{path} is empty (0 bytes)")


def _refusal(path: Path, error: "FFmpegError") -> MediaError:
    """The error that best explains why the demuxers refused ``path``."""
    with path.open("rb") as file:
        head = file.read(1024)
    if head[4:8] in _MP4_BOXES:
        return UndecodableError(f"{path} is an MP4 without its index (moov): the file is cut off or damaged")
    if any(mark in head for mark in _PLAYLISTS):
        return EndlessStreamError(f"{path} is a playlist: it only refers to media; give the media itself")
    return NotMediaError(f"{path} is not a media file that can be read: {error.strerror}")


def _video_stream(stream: "AvVideoStream") -> VideoStream:
    from av.stream import Disposition

    context = stream.codec_context
    coded_width, coded_height = (context.width, context.height) if context else (0, 0)
    aspect = float(stream.sample_aspect_ratio or 1)
    rate = stream.average_rate or stream.guessed_rate
    return VideoStream(
        index=stream.index,
        codec=_codec(stream),
        width=round(coded_width * aspect),
        height=coded_height,
        coded_width=coded_width,
        coded_height=coded_height,
        rotation_deg=0,
        sample_aspect=aspect,
        frame_rate_fps=float(rate) if rate else None,
        nominal_rate_fps=_nominal_rate(stream),
        is_default=_is_default(stream),
        is_attached_picture=bool(stream.disposition & Disposition.attached_pic),
    )


def _nominal_rate(stream: "AvVideoStream") -> Fraction | None:
    """The rate that the container guesses, unless that is only the tick of its clock."""
    rates = [rate for rate in (stream.guessed_rate, stream.average_rate) if rate]
    return next((rate for rate in rates if rate <= _HIGHEST_RATE_FPS), rates[0] if rates else None)


def _start_timecode(container: "InputContainer") -> str | None:
    tags = [stream.metadata for stream in container.streams] + [container.metadata]
    return next((tag["timecode"] for tag in tags if tag.get("timecode")), None)


def _recorded_at(container: "InputContainer") -> datetime | None:
    tags = {name.lower(): text for name, text in container.metadata.items()}
    for name in _RECORDED_TAGS:
        with suppress(InputError):
            if name in tags:
                return in_utc(parse_time(tags[name].strip()))
    return None


def _turned(stream: VideoStream, rotation_deg: int) -> VideoStream:
    width, height = stream.width, stream.height
    if rotation_deg in (90, 270):
        width, height = height, width
    return replace(stream, rotation_deg=rotation_deg, width=width, height=height)


def _rotations(container: "InputContainer") -> dict[int, int]:
    """Clockwise rotation by stream index. Only decoded frames carry it, so one frame of each is decoded."""
    import av

    found: dict[int, int] = {}
    decoders = {stream.index: stream.codec_context for stream in container.streams.video if stream.codec_context}
    streams = [container.streams[index] for index in decoders]
    try:
        for _, packet in zip(range(_PACKETS_TRIED_FOR_ROTATION), container.demux(streams), strict=False):
            if len(found) == len(decoders):
                break
            if packet.stream_index not in found:
                with suppress(av.FFmpegError):
                    for frame in decoders[packet.stream_index].decode(packet):
                        found[packet.stream_index] = round(-frame.rotation / 90) * 90 % 360
    except av.FFmpegError:
        pass  # a file that stops early still has headers; decoding says what is wrong with it
    return found


def _audio_track(stream: "AvAudioStream") -> AudioTrack:
    context = stream.codec_context
    return AudioTrack(
        index=stream.index,
        codec=_codec(stream),
        channels=context.channels if context else 0,
        rate_hz=context.sample_rate if context else 0,
        language=_language(stream),
        is_default=_is_default(stream),
    )


def _codec(stream: "Stream") -> str:
    return stream.codec_context.codec.canonical_name if stream.codec_context else "unknown"


def _language(stream: "Stream") -> str | None:
    return stream.language if stream.language not in (None, "", "und") else None


def _is_default(stream: "Stream") -> bool:
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.default)
