"""One pass over a media file: sampled frames, sound and the signal for shots, all on one clock."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, assert_never, cast

from indexer.media.container_clock import Track
from indexer.media.decoded import FRAMES_FOLDER, RECORD_NAME, SAMPLES_NAME, TEXT_FOLDER, Decoded, HeardTrack
from indexer.media.frame_chooser import FrameChooser
from indexer.media.frame_limits import LIMITED
from indexer.media.frame_pixels import Pictures
from indexer.media.frame_writer import Gallery
from indexer.media.probe import AudioTrack, MediaInfo, open_media
from indexer.media.sound_file import delete_sound, sound_in
from indexer.media.sound_writer import SampleWriter
from indexer.media.stream_clock import USUAL_FRAME_S, BreakFinder, OnClock, read_clock
from indexer.media.tracks_heard import chosen
from indexer.skip import Skip
from retrieval.errors import UndecodableError
from retrieval.stream_clock import Break, StreamClock

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

PROGRESS_EVERY_S = 1.0
WORTH_A_WARNING_S = 1.0
WORTH_A_WARNING = 0.05
WORTH_A_WARNING_STILL_S = 600.0
MOST_TRACKS = 8
"""Sound tracks that are listened to at most; each costs 0.1 GB of scratch space an hour."""
_ENDS_EARLY = frozenset({"flv", "wav"})
"""Containers whose headers say where they end; what was joined to one by ``cat`` is no part of it to any reader."""
_TOLD_BREAKS = 10
_LARGE_PIXELS = 8192 * 4320


@dataclass(frozen=True, slots=True)
class DecodeOptions:
    """How densely frames are kept, and what may be skipped."""

    fps: float = 2.0
    """Frames kept per second while the picture changes."""
    burst_fps: float = 10.0
    """At most so many per second where something striking happens."""
    longest_s: float = 24 * 3600.0
    """What comes after is left out."""
    skip: Skip = Skip.NONE
    pictures: bool = True
    """Without, there is no picture, as of a file of sound alone."""
    readable: bool = True
    """Without, no larger pictures are kept to read text off."""
    sounds: bool = True
    """Without, there is no sound, as of a silent film."""


def decode(
    info: MediaInfo,
    folder: Path,
    *,
    on_progress: Callable[[float], None] | None = None,
    options: DecodeOptions | None = None,
) -> Decoded:
    """Decode ``info.path`` into ``folder`` and save the result there, replacing what an earlier run left.

    ``on_progress`` gets the seconds of media done so far. Memory does not grow with the length of the
    file, but for a few numbers per frame. Raises ``UndecodableError`` if neither picture nor sound
    decodes; lesser damage becomes a warning of the result.
    """
    try:
        decoded = _decode(info, folder, on_progress, options or DecodeOptions(), None)
    except _ClockBreaksError:
        # All packets are read before the second pass, so that no file whose times run on is read twice.
        decoded = _decode(info, folder, on_progress, options or DecodeOptions(), read_clock(info))
    decoded = replace(decoded, warnings=(*decoded.warnings, *_stillness(decoded)))
    decoded.save()
    return decoded


class _ClockBreaksError(Exception):
    """The file's timestamps start over or leap."""


def _decode(
    info: MediaInfo,
    folder: Path,
    on_progress: Callable[[float], None] | None,
    options: DecodeOptions,
    clock: StreamClock | None,
) -> Decoded:
    (folder / RECORD_NAME).unlink(missing_ok=True)
    for name in (FRAMES_FOLDER, TEXT_FOLDER):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
    with open_media(info.path, info.roots) as container:
        one_pass = _Pass(info, folder, container, options, clock)
        try:
            one_pass.run(on_progress)
        finally:
            one_pass.close()
        return one_pass.result(on_progress)


@dataclass(frozen=True, slots=True)
class _Sound:
    """One sound track being decoded."""

    about: AudioTrack
    track: Track
    samples: SampleWriter
    file: str

    @property
    def as_heard(self) -> HeardTrack:
        return HeardTrack(self.about.index, self.about.language, self.file)


class _Pass:
    """The state of one pass over the file."""

    def __init__(
        self,
        info: MediaInfo,
        folder: Path,
        container: "InputContainer",
        options: DecodeOptions,
        clock: StreamClock | None,
    ) -> None:
        self._info = info
        self._clock = clock
        self._longest_s = options.longest_s
        self._folder = folder
        self._container = container
        self._stopped: str | None = None
        self._read_bytes = 0
        self._video: Track | None = None
        self._sounds: list[_Sound] = []
        if info.video and options.pictures:
            frame_s = 1 / info.video.frame_rate_fps if info.video.frame_rate_fps else USUAL_FRAME_S
            self._video = self._track(info.video.index, frame_s)
        for about in info.candidates[:MOST_TRACKS] if options.sounds else ():
            track, file = self._track(about.index, USUAL_FRAME_S), SAMPLES_NAME.format(index=about.index)
            if track:
                self._sounds.append(_Sound(about, track, SampleWriter(folder / file), file))
        if self._video:
            _set_speed(cast("VideoStream", self._video.stream), options.skip)
        decoder = cast("VideoStream", self._video.stream).codec_context if self._video else None
        pictures = Pictures(folder, info.video.sample_aspect if info.video else 1.0, decoder)
        chooser = FrameChooser(options.fps, options.burst_fps)
        self._gallery = Gallery(folder, pictures, chooser, readable=options.readable)

    def run(self, on_progress: Callable[[float], None] | None) -> None:
        """Decode from the first packet to the last that can be had."""
        reported_s = 0.0
        samples_of = {id(sound.track): sound.samples for sound in self._sounds}
        for track, packet in self._packets():
            for frame, time_s in track.decode(packet):
                if track is self._video:
                    self._gallery.add(cast("VideoFrame", frame), time_s)
                else:
                    samples_of[id(track)].add(cast("AudioFrame", frame), time_s)
                if on_progress and time_s >= reported_s + PROGRESS_EVERY_S:
                    reported_s = time_s
                    on_progress(time_s)

    def close(self) -> None:
        for sound in self._sounds:
            sound.samples.close()

    def result(self, on_progress: Callable[[float], None] | None) -> Decoded:
        """What was decoded, with warnings about what was not."""
        heard = self._heard(on_progress)
        picture_s = self._video.end_s if self._video else 0.0
        sound_s = max((sound.samples.end_s for sound in heard), default=0.0)
        if not picture_s and not sound_s:
            why = "; ".join([self._streams(), *self._refused()])
            raise UndecodableError(f"{self._info.path}: nothing decodes ({why})")
        duration_s = max(picture_s, sound_s)
        self._gallery.close(duration_s)
        return Decoded(
            folder=self._folder,
            duration_s=duration_s,
            video_index=self._video.stream.index if self._video and picture_s else None,
            heard=tuple(sound.as_heard for sound in heard),
            frames=self._gallery.frames,
            times_s=self._gallery.times_s,
            signal=self._gallery.signal,
            warnings=(*self._warnings(picture_s, heard[0] if heard else None), *self._choices(heard)),
            size=self._gallery.size,
            sound_track=heard[0].about.index if heard and heard[0].about != self._info.audio else None,
            clock=self._clock,
        )

    def _heard(self, on_progress: Callable[[float], None] | None) -> list[_Sound]:
        """The tracks to listen to, the main one first; the files of the others are deleted."""
        sounds = [sound for sound in self._sounds if sound.samples.end_s]
        heard = sounds
        if len(sounds) > 1:
            decoded_s = max(sound.samples.end_s for sound in sounds)

            def told(compared_s: float) -> None:
                if on_progress:
                    on_progress(decoded_s + compared_s)

            positions = chosen([sound_in(self._folder / sound.file) for sound in sounds], told)
            heard = [sounds[position] for position in positions] or sounds[:1]
        for sound in self._sounds:
            if sound not in heard:
                delete_sound(self._folder / sound.file)
        return heard

    def _track(self, index: int, interval_s: float) -> Track | None:
        stream = cast("VideoStream | AudioStream", self._container.streams[index])
        if not stream.codec_context:
            return None
        return Track(stream, self._info.start_time_s, interval_s, self._longest_s)

    def _packets(self) -> Iterator[tuple[Track, "Packet[Stream] | None"]]:
        """Packets of the chosen streams in file order, on one clock, then what flushes each decoder."""
        import av

        finder, on_clock = BreakFinder(), OnClock(self._clock) if self._clock else None
        tracks = {
            track.stream.index: track for track in (self._video, *(sound.track for sound in self._sounds)) if track
        }
        left = dict(tracks)
        try:
            for packet in self._container.demux([track.stream for track in tracks.values()]):
                if packet.stream_index in left and left[packet.stream_index].is_over:
                    del left[packet.stream_index]
                if not left:
                    return
                if packet.size and packet.stream_index in left:
                    self._read_bytes = max(self._read_bytes, (packet.pos or 0) + packet.size)
                    if on_clock:
                        packet = on_clock.shifted(packet, self._info.start_time_s)
                    elif finder.is_break(packet):
                        raise _ClockBreaksError
                    yield tracks[packet.stream_index], packet
        except av.FFmpegError as error:
            self._stopped = error.strerror
        for track in left.values():
            yield track, None

    def _warnings(self, picture_s: float, sound: _Sound | None) -> Iterator[str]:
        sound_s = sound.samples.end_s if sound else 0.0
        duration_s, claimed_s = max(picture_s, sound_s), self._info.duration_s
        tracks = [track for track in (self._video, sound.track if sound else None) if track]
        # A few stray times far ahead are no reason to say so.
        is_cut = any(track.is_over or track.late > WORTH_A_WARNING * track.frames for track in tracks)
        if is_cut:
            yield (
                f"goes on after {self._longest_s / 3600:g} hours, the most that is indexed; what follows is left out "
                "(MOMENTS_MAX_VIDEO_HOURS says how much)"
            )
        if self._stopped:
            yield f"reading stopped at {duration_s:.1f} s: {self._stopped}"
        unread_bytes = self._info.size_bytes - self._read_bytes
        if self._info.container in _ENDS_EARLY and unread_bytes > WORTH_A_WARNING * self._info.size_bytes:
            yield (
                f"the {self._info.container} ends at {duration_s:.1f} s; {unread_bytes / 1e6:.1f} MB that follow in "
                "the file are not read: if files were joined, give them one by one"
            )
        # Headers count by the file's own timestamps, so that theirs is another length where these break.
        if claimed_s is not None and not self._clock and not is_cut and _differs(duration_s, claimed_s):
            if duration_s < claimed_s:
                yield f"decodes up to {duration_s:.1f} s of the {claimed_s:.1f} s that the header claims"
            else:
                yield f"lasts {duration_s:.1f} s; the header claims {claimed_s:.1f} s"
        if self._info.video and not picture_s:
            yield f"no picture decodes ({self._info.video.codec})"
        elif self._video and sound_s and _differs(picture_s, duration_s):
            yield f"the picture ends at {picture_s:.1f} s of {duration_s:.1f} s"
        if self._info.audio and not sound_s:
            yield f"no sound decodes ({'; '.join([self._info.audio.codec, *self._refused()])})"
        elif sound and picture_s and _differs(sound_s, duration_s):
            yield f"the sound ends at {sound_s:.1f} s of {duration_s:.1f} s"
        if self._clock:
            yield from _told(self._clock.breaks)
        if self._video:
            yield from _left_out("picture", self._video)
        if sound:
            yield from _left_out("sound", sound.track)

    def _refused(self) -> list[str]:
        """Why sound that decodes is not heard, each reason once."""
        return list(dict.fromkeys(sound.samples.refused for sound in self._sounds if sound.samples.refused))

    def _choices(self, heard: list[_Sound]) -> Iterator[str]:
        """Which of several programs, tracks and channels the index is made of."""
        if self._info.left_out:
            others = ", ".join(map(str, self._info.left_out))
            yield f"holds several programs: picture and sound of one are indexed, program {others} is left out"
        if len(self._info.candidates) > MOST_TRACKS:
            yield f"sound: of {len(self._info.candidates)} tracks, {MOST_TRACKS} were listened to"
        if len(heard) > 1:
            names = ", ".join(map(self._name, heard))
            yield f"sound: {names} differ; what is said in each is searched, other sounds of the first"
        elif heard and heard[0].about != self._info.audio:
            yield f"sound: {self._name(heard[0])} was listened to; those before it are silent, or far fainter"
        for sound in heard:
            lost_s = sound.samples.cancelled_s
            if lost_s >= WORTH_A_WARNING_S:
                name = self._name(sound)
                yield f"sound: the channels of {name} are out of phase for {lost_s:.1f} s; their difference was heard"

    def _name(self, sound: _Sound) -> str:
        number = 1 + [track.index for track in self._info.audio_tracks].index(sound.about.index)
        return f"track {number} ({sound.about.language})" if sound.about.language else f"track {number}"

    def _streams(self) -> str:
        streams = (self._info.video, self._info.audio)
        return ", ".join(f"stream {stream.index}: {stream.codec}" for stream in streams if stream)


def _told(breaks: Sequence[Break]) -> Iterator[str]:
    """What a user should know of the file's own clock: other players may show other times."""
    restarts = [f"{found.time_s:.1f} s" for found in breaks if found.jump_s < 0]
    if restarts:
        where = ", ".join(restarts[:_TOLD_BREAKS]) + (", …" if len(restarts) > _TOLD_BREAKS else "")
        times = "once" if len(restarts) == 1 else f"{len(restarts)} times"
        yield f"timestamps start over {times}, at {where}; times count on from there"
    leaps = [found for found in breaks if found.jump_s > 0]
    for found in leaps[:_TOLD_BREAKS]:
        skipped = timedelta(seconds=round(found.jump_s))
        yield f"timestamps leap ahead by {skipped} at {found.time_s:.1f} s; the gap is left out"


def _stillness(decoded: Decoded) -> Iterator[str]:
    """That hours in which nothing comes are found as a whole: players show them as what they are, too."""
    still = decoded.uneventful
    total_s = sum(stretch.duration_s for stretch in still)
    if total_s >= WORTH_A_WARNING_STILL_S:
        count = "1 stretch" if len(still) == 1 else f"{len(still)} stretches"
        yield (
            f"no new picture and no sound comes for {timedelta(seconds=round(total_s))} ({count} of half a minute or "
            "more); each stretch is found as one moment"
        )


def _left_out(what: str, track: Track) -> Iterator[str]:
    """What of the track is not as it was meant to be, and what is left out of it."""
    if track.frames and track.undecodable:
        yield f"{what}: {track.undecodable} packets do not decode and are left out"
    if track.damaged:
        yield f"{what}: {track.damaged} of {track.frames} frames are damaged"
    if track.misplaced > WORTH_A_WARNING * track.frames:
        yield f"{what}: {track.misplaced} frames with impossible times are left out"


def _set_speed(stream: "VideoStream", skip: Skip) -> None:
    # Threads that each decode a picture hold as many more; of pictures beyond 8K that is too much.
    is_large = stream.codec_context.width * stream.codec_context.height > _LARGE_PIXELS
    stream.thread_type = "SLICE" if is_large else "AUTO"
    match skip:
        case Skip.NONE:
            pass
        case Skip.FAST:
            stream.codec_context.skip_frame = "NONREF"
            stream.codec_context.options = {**LIMITED, "skip_loop_filter": "all"}
        case Skip.FASTEST:
            stream.codec_context.skip_frame = "NONKEY"
        case _:
            assert_never(skip)


def _differs(shorter_s: float, longer_s: float) -> bool:
    difference_s = abs(longer_s - shorter_s)
    return difference_s > max(WORTH_A_WARNING_S, WORTH_A_WARNING * longer_s)
