"""What a media file holds: container, streams, sidecar subtitles; or a clear reason to refuse it."""

import hashlib
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.media.colours import Colours
from indexer.media.first_look import first_look, is_cover
from indexer.media.frame_limits import LIMITED, refuse_large, refused_sizes
from indexer.media.programs import programs_of
from indexer.subtitles.sidecars import Sidecar, SubtitleKind, find_sidecars, kind_in_words
from retrieval.demuxers import ONLY_THE_FILE
from retrieval.errors import (
    EmptyFileError,
    EndlessStreamError,
    InputError,
    MediaError,
    NotMediaError,
    UndecodableError,
)
from retrieval.storage.media_roots import ANYWHERE, MediaRoots
from retrieval.stream_clock import StreamClock
from retrieval.video_filter import in_utc, parse_time

if TYPE_CHECKING:
    from av.audio.stream import AudioStream as AvAudioStream
    from av.container import InputContainer
    from av.error import FFmpegError
    from av.stream import Stream
    from av.video.stream import VideoStream as AvVideoStream

TEXT_SUBTITLE_CODECS = frozenset({"ass", "mov_text", "srt", "ssa", "subrip", "text", "webvtt"})
_MP4_BOXES = frozenset({b"ftyp", b"mdat", b"moov", b"free", b"skip", b"wide"})
_PLAYLISTS = (b"#EXTM3U", b"[playlist]", b"ffconcat", b"<MPD", b"<smil")
_HIGHEST_RATE_FPS = 240
_RECORDED_TAGS = ("com.apple.quicktime.creationdate", "creation_time", "date_recorded", "date")
"""Tags that say when a file was recorded, the surest first: the camera's own, the container's, an editor's."""


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
    is_cover: bool
    """A picture that goes with the sound: flagged as such, or a single frame beside seconds of sound."""
    colours: Colours | None
    """None if nothing decodes that would tell."""
    programs: frozenset[int] = frozenset()
    """Numbers of the programs of a transport stream that it belongs to; empty where there are none."""


@dataclass(frozen=True, slots=True)
class AudioTrack:
    index: int
    codec: str
    channels: int
    rate_hz: int
    language: str | None
    is_default: bool
    programs: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class SubtitleTrack:
    index: int
    codec: str
    language: str | None
    is_default: bool
    kind: SubtitleKind = SubtitleKind.FULL

    @property
    def is_text(self) -> bool:
        """False for subtitles made of pictures."""
        return self.codec in TEXT_SUBTITLE_CODECS


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What the headers of one file say."""

    path: Path
    size_bytes: int
    container: str
    duration_s: float | None
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
    heard_index: int | None = None
    """The track that was listened to when the file was indexed, where that is known."""
    clock: StreamClock | None = None
    """How its timestamps run, where decoding has found that they start over or leap; headers do not say."""
    roots: MediaRoots = ANYWHERE
    """Where it, and subtitles beside it, must lie whenever they are opened."""

    @property
    def video(self) -> VideoStream | None:
        """The stream to look at: marked default, then largest, then first; never a cover picture."""
        moving = [stream for stream in self.video_streams if not stream.is_cover]
        return max(moving, key=lambda s: (s.is_default, s.width * s.height), default=None)

    @property
    def candidates(self) -> tuple[AudioTrack, ...]:
        """The tracks that can go with the picture, the likeliest first: marked default, then in file order.

        Of several programs in one file, only the one that the picture is of.
        """
        shown = self.video.programs if self.video else frozenset()
        fitting = [track for track in self.audio_tracks if not shown or not track.programs or shown & track.programs]
        if not shown and fitting:
            # Sound alone: the first program that has any.
            shown = fitting[0].programs
            fitting = [track for track in fitting if track.programs == shown]
        return tuple(sorted(fitting, key=lambda track: not track.is_default))

    @property
    def audio(self) -> AudioTrack | None:
        """The track to listen to: the one that was listened to, else the likeliest."""
        fitting = self.candidates
        heard = next((track for track in fitting if track.index == self.heard_index), None)
        return heard or next(iter(fitting), None)

    def as_indexed(self, size: tuple[int, int] | None, sound_track: int | None) -> "MediaInfo":
        """The same with what decoding showed: the largest picture's size, and the track that was listened to."""
        streams = self.video_streams
        if size and self.video:
            largest = replace(self.video, width=size[0], height=size[1])
            streams = tuple(largest if stream is self.video else stream for stream in streams)
        return replace(self, video_streams=streams, heard_index=sound_track)

    @property
    def left_out(self) -> tuple[int, ...]:
        """Numbers of the programs that are not indexed, as only one of them is."""
        chosen = self.video or self.audio
        shown, heard = ([of.programs for of in streams] for streams in (self.video_streams, self.audio_tracks))
        every = frozenset[int]().union(*shown, *heard)
        return tuple(sorted(every - chosen.programs)) if chosen and chosen.programs else ()


def probe(path: Path, roots: MediaRoots = ANYWHERE) -> MediaInfo:
    """What ``path`` holds. Raises a ``MediaError`` that says why it cannot be indexed, or PathNotAllowedError."""
    with refused_sizes() as refused, open_media(path, roots) as container:
        duration_s = None if container.duration is None else container.duration / 1e6
        audio = tuple(_audio_track(stream) for stream in container.streams.audio)
        video = _video_streams(container, (duration_s or math.inf) if audio else None)
        if not audio and all(stream.is_cover for stream in video):
            raise NotMediaError(f"{path} has neither video nor audio (container: {container.format.name})")
        if len(video) > 1 or len(audio) > 1:
            video, audio = _in_programs(container, path, roots, video, audio)
        info = MediaInfo(
            path=path,
            size_bytes=path.stat().st_size,
            container=container.format.name,
            duration_s=duration_s,
            start_time_s=(container.start_time or 0) / 1e6,
            video_streams=video,
            audio_tracks=audio,
            subtitle_tracks=tuple(
                SubtitleTrack(stream.index, _codec(stream), _language(stream), _is_default(stream), _kind(stream))
                for stream in container.streams.subtitles
            ),
            sidecars=find_sidecars(path),
            start_timecode=_start_timecode(container),
            recorded_at=_recorded_at(container),
            roots=roots,
        )
    if info.video is not None:
        refuse_large(path, (info.video.coded_width, info.video.coded_height), refused)
    return info


def content_hash(path: Path, roots: MediaRoots = ANYWHERE) -> str:
    """32 hex digits that identify the file's bytes, whatever its name."""
    with _filled(path, roots) as file:
        return hash_of(file)


def hash_of(file: FileIO) -> str:
    """The same of a file that is open."""
    file.seek(0)
    return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


@contextmanager
def open_media(path: Path, roots: MediaRoots = ANYWHERE) -> Iterator["InputContainer"]:
    """The opened container; it can reach no other file and no network, whatever it refers to."""
    with _filled(path, roots) as file:
        import av

        try:
            container = av.open(
                file,
                "r",
                options={**ONLY_THE_FILE, **LIMITED},
                metadata_errors="replace",
            )
        except av.FFmpegError as error:
            raise _refusal(path, file, error) from error
        with container:
            for stream in container.streams.video:
                if stream.codec_context:
                    stream.codec_context.options = dict(LIMITED)
            yield container


def _filled(path: Path, roots: MediaRoots) -> FileIO:
    """The file, open. Raises as ``MediaRoots.opened``, and EmptyFileError."""
    file = roots.opened(path)
    if os.fstat(file.fileno()).st_size == 0:
        file.close()
        raise EmptyFileError(f"{path} is empty (0 bytes)")
    return file


def _refusal(path: Path, file: FileIO, error: "FFmpegError") -> MediaError:
    """The error that best explains why the demuxers refused ``path``."""
    file.seek(0)
    head = file.read(1024)
    if head[4:8] in _MP4_BOXES:
        return UndecodableError(f"{path} is an MP4 without its index (moov): the file is cut off or damaged")
    if any(mark in head for mark in _PLAYLISTS):
        return EndlessStreamError(f"{path} is a playlist: it only refers to media; give the media itself")
    return NotMediaError(f"{path} is not a media file that can be read: {error.strerror}")


def _video_streams(container: "InputContainer", sound_s: float | None) -> tuple[VideoStream, ...]:
    """All streams of pictures; ``sound_s`` is how long there is sound, None for none."""
    streams = [_video_stream(stream) for stream in container.streams.video]
    if all(stream.is_cover for stream in streams):
        return tuple(streams)
    looks = first_look(container)
    return tuple(
        replace(
            _turned(stream, looks[stream.index].rotation_deg),
            colours=looks[stream.index].colours,
            is_cover=is_cover(looks[stream.index], sound_s),
        )
        if stream.index in looks
        else stream
        for stream in streams
    )


def _in_programs(
    container: "InputContainer",
    path: Path,
    roots: MediaRoots,
    video: tuple[VideoStream, ...],
    audio: tuple[AudioTrack, ...],
) -> tuple[tuple[VideoStream, ...], tuple[AudioTrack, ...]]:
    """The streams with the programs that a transport stream puts them into."""
    if container.format.name != "mpegts":
        return video, audio
    with roots.opened(path) as file:
        of_pid = programs_of(file)
    of_stream = {stream.index: of_pid.get(stream.id, frozenset[int]()) for stream in container.streams}
    return (
        tuple(replace(stream, programs=of_stream[stream.index]) for stream in video),
        tuple(replace(track, programs=of_stream[track.index]) for track in audio),
    )


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
        is_cover=bool(stream.disposition & Disposition.attached_pic),
        colours=None,
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


def _kind(stream: "Stream") -> SubtitleKind:
    """What the container's marks and the track's title say; that a track is partial counts before all else."""
    from av.stream import Disposition

    marks = {
        SubtitleKind.PARTIAL: Disposition.forced | Disposition.lyrics | Disposition.karaoke | Disposition.descriptions,
        SubtitleKind.COMMENTARY: Disposition.comment,
        SubtitleKind.HEARING_IMPAIRED: Disposition.hearing_impaired | Disposition.captions,
    }
    tags = {name.lower(): text for name, text in stream.metadata.items()}
    titled = kind_in_words(" ".join(tags.get(name, "") for name in ("title", "name", "handler_name")))
    marked = (kind for kind, disposition in marks.items() if stream.disposition & disposition or kind is titled)
    return next(marked, SubtitleKind.FULL)


def _is_default(stream: "Stream") -> bool:
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.default)
