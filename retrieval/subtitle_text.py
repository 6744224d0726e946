"""Subtitles as text: cues written as WebVTT and as SubRip, whatever characters they contain."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from retrieval.domain import Segment, Span, Speaker
from retrieval.errors import NothingSaidError

LONGEST_S = 7.0
MOST_CHARS = 84
"""What can be read of one cue: two lines of 42 characters, for a few seconds."""

_VTT_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(frozen=True, slots=True)
class Cue:
    """Words, when they are shown, the tag of their language and who says them, where that is known."""

    span: Span
    text: str
    language: str | None = None
    speaker: str | None = None


def vtt(cues: Iterable[Cue]) -> str:
    """The cues as a WebVTT file, numbered, in the order given; cues without words are left out.

    Who speaks stands in a voice span, ``<v Anna>``, which players may style and do not show. Where cues are in several
    languages, each says in which it is.
    """
    cues = list(cues)
    several = len({cue.language for cue in cues if cue.language is not None}) > 1
    return "\n".join(["WEBVTT", "", *_blocks(cues, ".", _VTT_ESCAPES, with_languages=several)])


def srt(cues: Iterable[Cue]) -> str:
    """The cues as a SubRip file, numbered, in the order given; cues without words are left out.

    Who speaks stands before the words, ``Anna: ``, where it is somebody else than before.

    SubRip has no escapes: what looks like markup is kept from being read as such by a space. Raises
    NothingSaidError if no cue has words: SubRip has no heading, and readers refuse an empty file.
    """
    blocks = _blocks(cues, ",", {})
    if not blocks:
        raise NothingSaidError("nothing is said here, and SubRip has no way to say so; WebVTT (vtt) has")
    return "\n".join(blocks)


def cues_of(segments: Iterable[Segment], speakers: Mapping[int, Speaker]) -> list[Cue]:
    """One cue per utterance; where the times of words are known, long ones are cut between words.

    ``speakers`` are those of the video, by number.
    """
    return [
        replace(cue, speaker=label_of(segment, speakers))
        for segment in segments
        for cue in (_cut(segment) if _is_long(segment) else [_whole(segment)])
    ]


def label_of(segment: Segment, speakers: Mapping[int, Speaker]) -> str | None:
    """What to call who says it, of the video's ``speakers``; None where that is not known."""
    speaker = None if segment.speaker is None else speakers.get(segment.speaker)
    return None if speaker is None else speaker.label


def timestamp(time_s: float, decimal_mark: str = ".") -> str:
    """``HH:MM:SS.mmm``, to the nearest millisecond; times before the start are the start."""
    total_ms = max(0, round(time_s * 1000))
    minutes, rest_ms = divmod(total_ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    seconds, milliseconds = divmod(rest_ms, 1000)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{decimal_mark}{milliseconds:03d}"


def _whole(segment: Segment) -> Cue:
    return Cue(segment.span, segment.text, segment.language)


def _is_long(segment: Segment) -> bool:
    too_long = segment.span.duration_s > LONGEST_S or len(segment.text) > MOST_CHARS
    return too_long and len(segment.words) > 1


def _cut(segment: Segment) -> list[Cue]:
    """Cues that take in words as long as they stay short."""
    cues: list[Cue] = []
    for word in segment.words:
        last = cues[-1] if cues else None
        grown = last and replace(last, span=Span(last.span.start_s, word.span.end_s), text=f"{last.text} {word.text}")
        if grown and grown.span.duration_s <= LONGEST_S and len(grown.text) <= MOST_CHARS:
            cues[-1] = grown
        else:
            cues.append(Cue(word.span, word.text, segment.language))
    return cues


def _blocks(
    cues: Iterable[Cue], decimal_mark: str, escapes: dict[int, str], *, with_languages: bool = False
) -> list[str]:
    blocks: list[str] = []
    before: str | None = None
    for cue in cues:
        # A blank line ends a cue and an arrow starts one, so neither may stand in its words.
        lines = [" ".join(line.split()) for line in cue.text.replace("\0", "").splitlines()]
        words = "\n".join(line for line in lines if line)
        if not words:
            continue
        language = cue.language if with_languages else None
        words = _in_vtt(words, cue.speaker, language, escapes) if escapes else _in_srt(words, cue.speaker, before)
        before = cue.speaker
        start, end = (timestamp(time_s, decimal_mark) for time_s in (cue.span.start_s, cue.span.end_s))
        blocks += [str(len(blocks) // 4 + 1), f"{start} --> {end}", words, ""]
    return blocks


def _in_vtt(words: str, speaker: str | None, language: str | None, escapes: dict[int, str]) -> str:
    words = words.translate(escapes)
    if language is not None:
        words = f"<lang {language}>{words}</lang>"
    return words if speaker is None else f"<v {' '.join(speaker.split()).translate(escapes)}>{words}</v>"


def _in_srt(words: str, speaker: str | None, before: str | None) -> str:
    told = words if speaker in (None, before) else f"{' '.join((speaker or '').split())}: {words}"
    return told.replace("-->", "- ->").replace("<", "< ")
