"""Speech that somebody already wrote down: sidecar subtitle files first, else embedded text tracks."""

import html
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple, cast

from indexer.probe import MediaInfo, SubtitleTrack, open_media
from retrieval.domain import Segment, Span, SpeechOrigin, Word

_TIME = r"(?:(\d+):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?"
_CUE_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}")
_TAGS = re.compile(r"<[^<>]*>|\{\\[^{}]*\}")
_ASS_FIELDS_BEFORE_TEXT = 8
SCROLLS_WITHIN_S = 0.1
LONGEST_CUE_S = 60.0
"""A cue that claims to stand longer is a typing error or a watermark."""


class Cue(NamedTuple):
    """One subtitle as written: when it stands, and its lines without markup."""

    start_s: float
    end_s: float
    lines: tuple[str, ...]


def read_subtitles(info: MediaInfo) -> tuple[Segment, ...]:
    """Segments in time order from the best subtitles of ``info``; none if it has none that can be read.

    A sidecar with the plain name comes first, then others by language, then the embedded text track
    that is marked default, then the first. Subtitles made of pictures are left to the screen lane.
    """
    for sidecar in info.sidecars:
        with suppress(OSError):
            cues = parse_cues(_text(sidecar.path.read_bytes()))
            segments = _segments(cues, sidecar.language, SpeechOrigin.SIDECAR_SUBTITLE)
            if segments:
                return segments
    tracks = [track for track in info.subtitle_tracks if track.is_text]
    for track in sorted(tracks, key=lambda track: not track.is_default):
        segments = _segments(_embedded(info, track), track.language, SpeechOrigin.EMBEDDED_SUBTITLE)
        if segments:
            return segments
    return ()


def parse_cues(text: str) -> Iterator[Cue]:
    """The cues of an SRT or WebVTT text; whatever is not a well-formed cue is passed over."""
    times, lines = None, list[str]()
    for line in [*text.splitlines(), ""]:
        match = _CUE_TIMES.match(line)
        if match is None and line.strip():
            lines.append(line)
            continue
        if match and lines and lines[-1].strip().isdigit():
            lines.pop()  # the number of the next cue, where no blank line stands before it
        if times is not None:
            yield Cue(*times, _clean(lines))
        lines = []
        times = (_seconds(match.groups()[:4]), _seconds(match.groups()[4:])) if match else None


def _text(data: bytes) -> str:
    """The text of a subtitle file, whatever it was written with: UTF-16 by its mark, UTF-8, or cp1252."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = parts
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return whole + int((fraction or "0").ljust(3, "0")) / 1000


def _clean(lines: Iterable[str]) -> tuple[str, ...]:
    plain = (" ".join(html.unescape(_TAGS.sub("", line)).split()) for line in lines)
    return tuple(line for line in plain if line)


def _embedded(info: MediaInfo, track: SubtitleTrack) -> Iterator[Cue]:
    import av
    from av.stream import Discard
    from av.subtitles.stream import SubtitleStream
    from av.subtitles.subtitle import AssSubtitle

    with open_media(info.path) as container:
        for other in container.streams:
            other.discard = Discard.default if other.index == track.index else Discard.all
        stream = cast(SubtitleStream, container.streams[track.index])
        base_s = float(stream.time_base or 0)
        try:
            for packet in container.demux(stream):
                if not packet.size or packet.pts is None:
                    continue
                start_s = packet.pts * base_s - info.start_time_s
                for subtitle in packet.decode():
                    if isinstance(subtitle, AssSubtitle):
                        yield Cue(start_s, start_s + (packet.duration or 0) * base_s, _dialogue(subtitle.ass))
        except av.FFmpegError:
            return  # a damaged file keeps the subtitles that came before the damage


def _dialogue(ass: bytes) -> tuple[str, ...]:
    fields = ass.decode("utf-8", errors="replace").split(",", _ASS_FIELDS_BEFORE_TEXT)
    return _clean(re.split(r"\\[Nn]", fields[-1]))


def _segments(cues: Iterable[Cue], language: str | None, origin: SpeechOrigin) -> tuple[Segment, ...]:
    """One segment per cue, in time order, without what a scrolling caption repeats from the cue before."""
    segments = []
    before = Cue(0.0, 0.0, ())
    for cue in sorted(cues):
        lines = cue.lines
        if cue.start_s <= before.end_s + SCROLLS_WITHIN_S:
            lines = lines[_lines_in_common(before.lines, lines) :]
        before = cue
        span = Span(max(0.0, cue.start_s), cue.end_s)
        if lines and 0 < span.duration_s <= LONGEST_CUE_S:
            text = " ".join(lines)
            segments.append(Segment(span, text, spread_words(text, span), language, 1.0, origin))
    return tuple(segments)


def _lines_in_common(before: tuple[str, ...], after: tuple[str, ...]) -> int:
    """How many lines at the end of one cue open the next."""
    return next((n for n in range(len(before), 0, -1) if before[-n:] == after[:n]), 0)


def spread_words(text: str, span: Span) -> tuple[Word, ...]:
    """The words of ``text`` laid over ``span`` one after another, longer words for longer."""
    words = text.split()
    letters = sum(map(len, words))
    spread, done = [], 0
    for word in words:
        start_s = span.start_s + span.duration_s * done / letters
        done += len(word)
        spread.append(Word(word, Span(start_s, span.start_s + span.duration_s * done / letters), 1.0))
    return tuple(spread)
