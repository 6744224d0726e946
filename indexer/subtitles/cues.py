"""Cues as they stand in subtitle files and tracks: when each is shown, and its lines without markup."""

import html
import io
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple, cast

from indexer.media.probe import MediaInfo, open_media
from indexer.subtitles.text_encoding import CODE_PAGES, Encoding, encoding_of

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.subtitles.stream import SubtitleStream

_TIME = r"(?:(\d{1,4}):\s?)?(\d{1,2}):\s?(\d{1,2})(?:[.,:]\s?(\d{1,9}))?"
_CUE_TIMES = re.compile(rf"\s*{_TIME}\s*--?>\s*{_TIME}")
"""Translating services put spaces after the colons and shorten the arrow."""

_LIKE_CUE_TIMES = re.compile(r"\s*-?\d(?:[\d:.,\s]*-->|[\d\s]*:[\d:.,\s]*->)")
_FORMATS = {
    "ass": re.compile(r"^Dialogue:", re.MULTILINE),
    "microdvd": re.compile(r"^\{\d+\}\{\d*\}", re.MULTILINE),
    "mpl2": re.compile(r"^\[\d+\]\[\d*\]", re.MULTILINE),
    "sami": re.compile(r"<SAMI\b", re.IGNORECASE),
    "subviewer": re.compile(r"^\d+:\d\d:\d\d\.\d+,\d+:\d\d:\d\d\.\d+", re.MULTILINE),
}
"""Formats that libav reads, and how they are known: its own way wants more lines than a short file has."""

_TEXT_IN_PACKETS = frozenset({"ass", "srt", "ssa", "subrip", "text", "webvtt"})
"""Codecs whose packets are the text as written; others are decoded, and come out as ASS."""

_ASS = frozenset({"ass", "ssa"})
_ASS_FIELDS_BEFORE_TEXT = 8
_DRAWING = re.compile(r"\\p(\d+)")
_MARKUP = re.compile(
    r"""
      (?P<escaped>\\[{}])
    | (?P<braces>\{\\[^}]{0,1000}\}|\{[^{}]*\})
    | (?P<line>\\{1,2}[Nn])
    | (?P<space>\\{1,2}h)
    | </?\s*[A-Za-z][^<>]*>     # <i>, <v Ann>, <c.yellow>
    | <[\d:.]+>                 # <00:01.500>
    | [♩♪♫♬\N{MUSICAL NOTE}\N{MULTIPLE MUSICAL NOTES}]
    """,
    re.VERBOSE,
)
_OVERRIDE = re.compile(r"\{\\|\{[A-Za-z]:")
"""How braces begin that are markup wherever they stand: of ASS, and of MicroDVD."""

_NO_CHARACTER = re.compile(r"&#[0-9]{8,};?")
"""What stands for none that there is; of thousands of digits, ``html`` would fail."""

_INVISIBLE = dict.fromkeys(
    [
        *range(0x09),
        *range(0x0E, 0x1C),
        0x7F,
        *map(ord, "\ufeff\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069"),
    ]
)
"""Marks of direction and of order, and control characters, such as the one that ends a file of DOS."""


class ReadCue(NamedTuple):
    """One subtitle as written: when it stands, and its lines without markup."""

    start_s: float
    end_s: float
    lines: tuple[str, ...]


class TrackCues(NamedTuple):
    """The cues of one track, and the encoding that its text was read with."""

    cues: list[ReadCue]
    encoding: Encoding


class _Written(NamedTuple):
    """One packet: when it is shown, and its text, in the encoding of its track."""

    start_s: float
    end_s: float
    text: bytes


def cues_in_text(text: str, frame_rate_fps: Fraction | None = None) -> list[ReadCue]:
    """The cues of a subtitle file's text, whichever format that is; none if it is none that is known.

    ``frame_rate_fps`` is the video's: MicroDVD counts frames, and does not always say how long one lasts.
    """
    return list(parse_cues(text)) or _demuxed(text, frame_rate_fps)


def parse_cues(text: str) -> Iterator[ReadCue]:
    """The cues of an SRT or WebVTT text; whatever is not a well-formed cue is passed over.

    A blank line ends a cue of WebVTT. Of SRT only the next cue does: people leave lines blank.
    """
    ends_at_blank = text.lstrip("\ufeff \t\r\n").startswith("WEBVTT")
    times, lines = None, list[str]()
    for line in [*text.splitlines(), None]:
        if line is not None and not _LIKE_CUE_TIMES.match(line) and (line.strip() or not ends_at_blank):
            lines.append(line)
            continue
        if line:
            lines = _without_number(lines)
        if times is not None:
            yield ReadCue(*times, clean(lines))
        lines = []
        match = _CUE_TIMES.match(line or "")
        times = (_seconds(match.groups()[:4]), _seconds(match.groups()[4:])) if match else None


def cues_of_tracks(info: MediaInfo, languages: Mapping[int, str | None]) -> Mapping[int, TrackCues]:
    """The text tracks of a media file, by their index: each with its cues on the video's clock.

    ``languages`` names the tracks that are wanted. A damaged file keeps the cues that came before the damage.
    """
    from av.stream import Discard

    with open_media(info.path, info.roots) as container:
        for stream in container.streams:
            stream.discard = Discard.default if stream.index in languages else Discard.all
        codecs = {index: container.streams[index].codec_context.name for index in languages}
        written = _written(container, languages)
    tracks = {}
    for index, packets in written.items():
        encoding = encoding_of(b"\n".join(packet.text for packet in packets), languages[index])
        if encoding.name not in CODE_PAGES:
            encoding = Encoding("utf-8")
        codec = codecs[index]
        tracks[index] = TrackCues(
            [_cue(packet, codec, info.start_time_s, encoding.name) for packet in packets], encoding
        )
    return tracks


def clean(lines: Iterable[str], *, is_ass: bool = False) -> tuple[str, ...]:
    """The lines as they are read: without tags, drawings and notes of music, and broken where ``\\N`` says so.

    In ASS whatever stands in braces is markup; elsewhere it may be words.
    """
    text, done, is_drawing = "\n".join(lines), 0, False
    read = list[str]()
    for mark in [*_MARKUP.finditer(text), None]:
        if not is_drawing:
            read.append(html.unescape(_NO_CHARACTER.sub("", text[done : mark.start() if mark else None])))
        if mark is None:
            break
        done = mark.end()
        match mark.lastgroup:
            case "escaped":
                read.append(mark[0][1])
            case "line":
                read.append("\n")
            case "space":
                read.append(" ")
            case "braces" if is_ass or _OVERRIDE.match(mark[0]):
                for scale in _DRAWING.findall(mark[0]):
                    is_drawing = scale.strip("0") != ""
            case "braces":
                read.append(mark[0])
            case None:
                pass  # tags, times and notes of music are left out
            case unread:
                raise AssertionError(f"_MARKUP marks {unread!r}, which nothing here reads")
    plain = (" ".join(line.split()) for line in "".join(read).translate(_INVISIBLE).splitlines())
    return tuple(line for line in plain if line)


def _without_number(lines: list[str]) -> list[str]:
    """The lines of a cue without the number of the next one, which stands last."""
    last = next((place for place in range(len(lines) - 1, -1, -1) if lines[place].strip()), None)
    return lines[:last] if last is not None and lines[last].strip().isdigit() else lines


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = parts
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return whole + float(f"0.{fraction or 0}")


def _demuxed(text: str, frame_rate_fps: Fraction | None) -> list[ReadCue]:
    """The cues of a text in one of the formats that libav reads."""
    import av

    form = next((name for name, lines in _FORMATS.items() if lines.search(text)), None)
    if form is None:
        return []
    options = {"subfps": str(frame_rate_fps)} if form == "microdvd" and frame_rate_fps else {}
    try:
        with av.open(io.BytesIO(text.encode()), "r", format=form, options=options) as container:
            (stream,) = container.streams
            codec = stream.codec_context.name
            (packets,) = _written(container, [stream.index]).values()
    except (av.FFmpegError, ValueError):
        return []
    return [_cue(packet, codec) for packet in packets]


def _written(container: "InputContainer", indexes: Collection[int]) -> Mapping[int, list[_Written]]:
    """What the packets of the given streams say, in the order of the file, as far as it can be read."""
    import av

    streams = [cast("SubtitleStream", container.streams[index]) for index in indexes]
    written: dict[int, list[_Written]] = defaultdict(list)
    with suppress(av.FFmpegError):
        for packet in container.demux(streams):
            if packet.size and packet.pts is not None:
                base_s = float(packet.time_base or 0)
                start_s, end_s = packet.pts * base_s, (packet.pts + (packet.duration or 0)) * base_s
                written[packet.stream_index] += [
                    _Written(start_s, end_s, text) for text in _texts(cast("Packet[SubtitleStream]", packet))
                ]
    return written


def _texts(packet: "Packet[SubtitleStream]") -> Iterator[bytes]:
    import av
    from av.subtitles.subtitle import AssSubtitle

    if packet.stream.codec_context.name in _TEXT_IN_PACKETS:
        yield bytes(packet)
        return
    with suppress(av.FFmpegError):
        for subtitle in packet.decode():
            if isinstance(subtitle, AssSubtitle):
                yield subtitle.ass


def _cue(packet: _Written, codec: str, start_time_s: float = 0.0, encoding: str = "utf-8") -> ReadCue:
    text = packet.text.decode(encoding, errors="replace")
    is_ass = codec in _ASS or codec not in _TEXT_IN_PACKETS
    if is_ass:
        text = text.split(",", _ASS_FIELDS_BEFORE_TEXT)[-1]
    return ReadCue(packet.start_s - start_time_s, packet.end_s - start_time_s, clean([text], is_ass=is_ass))
