"""The ffmpeg graphs of exports: one moment cut exactly, and a part of a reel.

Filters cut by the file's own timestamps, so it does not matter which keyframe a seek finds; nothing is
rounded before the timestamps have been brought to a fine clock.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.exports.ffmpeg_process import THREADS
from app.exports.picture_filters import TAGS, one_size, shown_in, tagged
from app.exports.sequence import even
from app.exports.text import one_line
from app.exports.timecode import Rate
from indexer.media.apart import shown_during
from indexer.media.ffmpeg_binary import ffmpeg_path
from indexer.media.frame_limits import LIMITED
from indexer.media.frames_shown import ROUNDING_S
from indexer.media.stream_clock import CLOCK_HZ, USUAL_FRAME_S
from retrieval.demuxers import DEMUXERS
from retrieval.domain import Span
from retrieval.errors import ExportFailedError
from retrieval.path_text import loaded, stored

if TYPE_CHECKING:
    from indexer.media.frames_shown import Shown
    from indexer.media.probe import MediaInfo

SOUND_RATE_HZ = 48_000
_LEAD_S = 1.0
"""Reading starts so much early: decoders of sound need what comes before."""
_SAME_S = 1e-4
"""Clocks round; no two frames are so close."""
_HOLE_S = 0.03
"""Sound is put right when it is so far from its timestamps; less is nothing that anybody notices."""
# Without frames out of order (bf), files need no shifted start and end where their last frame does.
_PICTURE = TAGS | {
    "vcodec": "libx264",
    "preset": "veryfast",
    "crf": 20,
    "bf": 0,
    "pix_fmt": "yuv420p",
    "threads": THREADS,
}
_SOUND = {"acodec": "aac", "audio_bitrate": "160k"}


@dataclass(frozen=True, slots=True)
class Cutting:
    """One moment of one file, with when its frames appear and its packets of sound are heard; None without any."""

    info: "MediaInfo"
    span: Span
    shown: "Shown | None"
    heard: "Shown | None"
    descriptor: int | None = None
    """On which the file is open for ffmpeg; without it, it is opened by its path."""

    @property
    def has_picture(self) -> bool:
        return self.shown is not None

    @property
    def has_sound(self) -> bool:
        """False also for sound that nothing here decodes."""
        return self.info.audio is not None and self.info.audio.rate_hz > 0

    @property
    def frame_s(self) -> float:
        """How long a frame of the file usually lasts."""
        rate = self.info.video.nominal_rate_fps if self.info.video else None
        return float(1 / rate) if rate else USUAL_FRAME_S

    def file_time(self, time_s: float) -> float:
        """The timestamp in the file of a time on the video's clock."""
        return time_s + self.info.start_time_s

    @property
    def read_from_s(self) -> float:
        first_s = self.span.start_s if self.shown is None else min(self.shown.first_s, self.span.start_s)
        return max(0.0, first_s - _LEAD_S)


def cutting(info: "MediaInfo", span: Span) -> Cutting:
    """What to cut. Raises ExportFailedError if the file has nothing to show or hear there."""
    video, audio, start_time_s = info.video, info.audio, info.start_time_s
    during = partial(shown_during, info.path, start_time_s=start_time_s, span=span, roots=info.roots)
    shown = during(stream_index=video.index) if video and video.coded_width else None
    heard = during(stream_index=audio.index) if audio and audio.rate_hz else None
    cut = Cutting(info, span, shown, heard)
    if not cut.has_picture and not cut.has_sound:
        raise ExportFailedError(f"{info.path} has neither picture nor sound from {span.start_s:g} to {span.end_s:g} s")
    return cut


def clip_arguments(cut: Cutting, title: str, output: Path) -> list[str]:
    """The call of ffmpeg that writes the moment as MP4: frames keep their times, sound starts to the sample."""
    source = _source(cut)
    start_s = cut.file_time(cut.span.start_s)
    streams: list[Any] = []
    options: dict[str, Any] = {}
    if cut.has_picture:
        picture = _from_first_frame(source, cut)
        # The frame that is there when the moment starts may have come before: it is shown from 0 on.
        picture = picture.filter("setpts", f"if(eq(N,0),0,max(PTS-({start_s:.6f})/TB,0))")
        picture = _until_the_end(picture, cut)
        width, height = _upright(cut)
        end = f"{cut.span.duration_s:.6f}/TB"
        streams.append(shown_in(picture, cut.info, cut.span, (even(width), even(height))))
        options |= _PICTURE | {
            "fps_mode": "vfr",
            "enc_time_base:v": f"1:{CLOCK_HZ}",
            "video_track_timescale": CLOCK_HZ,
            # The last frame lasts to the end of the moment, not as long as it does in its file.
            "bsf:v": f"setts=duration=if(gt(PTS+DURATION\\,{end})\\,max(1\\,{end}-PTS)\\,DURATION)",
        }
    if cut.has_sound:
        sound = _steady(_sound(source, cut, cut.span))
        if not cut.has_picture or cut.heard is None or cut.heard.last_s < cut.span.start_s:
            # Silence stands for what a file lacks of sound, where a file without would have another length or fail.
            sound = sound.filter("apad", whole_dur=f"{cut.span.duration_s:.6f}")
        streams.append(sound)
        options |= _SOUND
    return _compiled(
        ["-copyts"], streams, [], output, movflags="+faststart", metadata=f"title={one_line(title)}", **options
    )


@dataclass(frozen=True, slots=True)
class PartShape:
    """What all parts of a reel have in common."""

    rate: Rate
    size: tuple[int, int]
    has_picture: bool
    has_sound: bool


def part_arguments(cut: Cutting, frames: int, shape: PartShape, output: Path) -> list[str]:
    """The call of ffmpeg that writes one part of a reel: ``frames`` long to the sample, letterboxed.

    Sound stays uncompressed, so that parts join without gaps; black and silence stand for what a file lacks.
    Beside the part, ``frames_read`` gets the frames that were decoded for it.
    """
    import ffmpeg

    fps, duration_s, origin_s = shape.rate.fps, float(shape.rate.time_of(frames)), cut.span.start_s
    source = _source(cut)
    streams: list[Any] = []
    beside: list[Any] = []
    options: dict[str, Any] = {}
    if shape.has_picture:
        width, height = shape.size
        if cut.has_picture:
            picture, read = _noted(_from_first_frame(source, cut), output)
            beside.append(read)
            picture = picture.filter("setpts", f"max(PTS-({cut.file_time(origin_s):.6f})/TB,0)")
            # The rate is kept up to the time of a last frame; one from before the part may be all that it has.
            picture = _repeated_at(picture, cut, origin_s, duration_s)
            picture = picture.filter("fps", fps=str(fps), start_time=0, round="near")
            picture = shown_in(picture, cut.info, cut.span, shape.size)
            picture = picture.filter("tpad", stop=-1, stop_mode="clone")
        else:
            picture = ffmpeg.input(f"color=black:size={width}x{height}:rate={fps}", f="lavfi").filter("setsar", 1)
            picture = tagged(picture.filter("format", "yuv420p"))
        streams.append(picture.filter("trim", end_frame=frames))
        options |= _PICTURE | {"r": str(fps), "video_track_timescale": fps.numerator}
    if shape.has_sound:
        samples = round(shape.rate.time_of(frames) * SOUND_RATE_HZ)
        silence = ffmpeg.input(f"anullsrc=r={SOUND_RATE_HZ}:cl=stereo", f="lavfi")
        if cut.has_sound:
            sound = _steady(_sound(source, cut, Span(origin_s, origin_s + duration_s)), layout="stereo")
            silence = ffmpeg.concat(sound, silence, v=0, a=1)
        streams.append(silence.filter("atrim", end_sample=samples))
        options |= {"acodec": "pcm_s16le"}
    return _compiled(["-copyts"], streams, beside, output, **options)


def frames_read(part: Path, cut: Cutting) -> list[float]:
    """When the frames appear, on the video's clock, that ``part`` was made of."""
    tick_s, times_s = 0.0, []
    for line in _notes_of(part).read_text(encoding="ascii").splitlines():
        if line.startswith("#tb 0: "):
            tick_s = float(Fraction(line.removeprefix("#tb 0: ")))
        elif not line.startswith("#"):
            times_s.append(int(line.split(",")[2]) * tick_s - cut.info.start_time_s)
    return times_s


def _noted(picture: Any, output: Path) -> tuple[Any, Any]:
    """The pictures, and an output that notes the time of each, by way of its corner."""
    import ffmpeg

    both = picture.split()
    corner = both[1].filter("crop", 2, 2, 0, 0)
    clock = {"fps_mode": "passthrough", "enc_time_base:v": f"1:{CLOCK_HZ}"}
    return both[0], ffmpeg.output(corner, str(_notes_of(output)), f="framecrc", **clock)


def _notes_of(part: Path) -> Path:
    return part.with_suffix(".frames")


def joined_arguments(parts_list: Path, shape: PartShape, title: str, output: Path) -> list[str]:
    """The call of ffmpeg that joins the parts that ``parts_list`` names: pictures as they are, sound as AAC."""
    import ffmpeg

    parts = ffmpeg.input(parts_list.name, f="concat", protocol_whitelist="file", threads=THREADS)
    codecs = ({"vcodec": "copy"} if shape.has_picture else {}) | (_SOUND if shape.has_sound else {})
    streams = [parts[kind] for kind, there in (("v", shape.has_picture), ("a", shape.has_sound)) if there]
    return _compiled([], streams, [], output, movflags="+faststart", metadata=f"title={one_line(title)}", **codecs)


def _source(cut: Cutting) -> Any:
    import ffmpeg

    # The demuxers that read nothing but the file, as when it was indexed: it may be another file by now.
    options: dict[str, Any] = {"protocol_whitelist": "file", "format_whitelist": DEMUXERS, "threads": THREADS}
    options |= one_size(cut.info)
    if cut.read_from_s > 0:
        options |= {"ss": f"{cut.file_time(cut.read_from_s):.6f}", "seek_timestamp": 1}
    if cut.descriptor is None:
        return ffmpeg.input(f"file:{stored(str(cut.info.path))}", noaccurate_seek=None, **LIMITED, **options)
    # It has no name there, by whose ending demuxers guess.
    options["f"] = cut.info.container.partition(",")[0]
    return ffmpeg.input(f"file:/dev/fd/{cut.descriptor}", noaccurate_seek=None, **LIMITED, **options)


def _from_first_frame(source: Any, cut: Cutting) -> Any:
    """The pictures from the first that is shown in the moment to its end."""
    assert cut.shown is not None
    assert cut.info.video is not None
    tolerance_s = max(ROUNDING_S / 2, 0.6 * cut.shown.tick_s)
    start_s = cut.file_time(cut.shown.first_s) - ROUNDING_S / 2
    end_s = cut.file_time(cut.shown.last_s) + tolerance_s
    picture = source[str(cut.info.video.index)].filter("trim", start=f"{start_s:.6f}", end=f"{end_s:.6f}")
    return picture.filter("settb", f"1/{CLOCK_HZ}")


def _until_the_end(picture: Any, cut: Cutting) -> Any:
    """The pictures with the last repeated at the end, if it stands still so long that its end would be lost."""
    assert cut.shown is not None
    frame_s, start_s = cut.frame_s, cut.span.start_s
    if cut.span.duration_s - max(0.0, cut.shown.last_s - start_s) < 2 * frame_s:
        return picture
    return _repeated_at(picture, cut, start_s, cut.span.duration_s - frame_s)


def _repeated_at(picture: Any, cut: Cutting, origin_s: float, time_s: float) -> Any:
    """The pictures, on a clock from ``origin_s`` on, and the last once more at that time."""
    assert cut.shown is not None
    last_s = max(0.0, cut.shown.last_s - origin_s) + _SAME_S
    picture = picture.filter("tpad", stop=1, stop_mode="clone")
    # Without a known rate, the repeated one has the time of the last.
    return picture.filter("setpts", f"if(gt(T,{last_s:.6f})+lte(PTS,PREV_INPTS),{time_s:.6f}/TB,PTS)")


def _sound(source: Any, cut: Cutting, span: Span) -> Any:
    """The sound of a span, from 0 on."""
    assert cut.info.audio is not None
    start_s, end_s = cut.file_time(span.start_s), cut.file_time(span.end_s)
    sound = source[str(cut.info.audio.index)].filter("atrim", start=f"{start_s:.6f}", end=f"{end_s:.6f}")
    return sound.filter("asetpts", f"PTS-({start_s:.6f})/TB")


_SAMPLES = {"mono|stereo": "fltp", "stereo": "s16"}
"""What sound is counted in: of a clip as its encoder has it, of a reel's parts as they are joined."""


def _steady(sound: Any, layout: str = "mono|stereo") -> Any:
    """Sound from sample 0 on without holes: silence where the file has none."""
    return sound.filter("aresample", SOUND_RATE_HZ, **{"async": 1}, min_hard_comp=_HOLE_S, first_pts=0).filter(
        "aformat", channel_layouts=layout, sample_fmts=_SAMPLES[layout]
    )


def _upright(cut: Cutting) -> tuple[int, int]:
    """The picture's size as it is to be seen; ffmpeg turns it by itself."""
    assert cut.info.video is not None
    return cut.info.video.width, cut.info.video.height


def _compiled(general: list[str], streams: list[Any], beside: list[Any], output: Path, **options: Any) -> list[str]:
    import ffmpeg

    made = ffmpeg.output(*streams, stored(str(output)), map_metadata=-1, map_chapters=-1, **options)
    made = ffmpeg.merge_outputs(made, *beside)
    program, *arguments = ffmpeg.compile(made, cmd=ffmpeg_path(), overwrite_output=True)
    # ffmpeg-python takes valid Unicode only; file systems take any bytes.
    paths_as_they_are = map(loaded, arguments)
    return [program, "-nostdin", "-loglevel", "error", "-filter_complex_threads", "1", *general, *paths_as_they_are]
