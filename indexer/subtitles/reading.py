"""Speech that somebody already wrote down: subtitle files beside a video, and the text tracks inside it."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from indexer.media.probe import MediaInfo
from indexer.subtitles.cues import ReadCue, cues_in_text, cues_of_tracks
from indexer.subtitles.sidecars import TEXT_SUFFIXES, Sidecar, SubtitleKind
from indexer.subtitles.text_encoding import Encoding, encoding_of
from retrieval.domain import Segment, Span, SpeechOrigin, Word
from retrieval.errors import MediaError, PathNotAllowedError
from retrieval.languages import is_same_language, language_tag

SCROLLS_WITHIN_S = 0.1
LONGEST_CUE_S = 60.0
"""A cue that claims to stand longer is a typing error or a watermark."""

SPARSE = 0.25
"""Subtitles that stand for less than this share of the time of others are partial, whatever they are called."""

MOST_BYTES = 32 << 20
"""A whole day of subtitles has a tenth of this; what is larger only has the name of a subtitle file."""

_UNREAD_REASONS = {
    ".idx": "subtitles made of pictures (VobSub) are not read",
    ".sub": "subtitles made of pictures (VobSub) are not read",
    ".sup": "subtitles made of pictures (PGS) are not read",
    ".ttml": "TTML is not read; SRT or WebVTT would be",
    ".dfxp": "TTML is not read; SRT or WebVTT would be",
}
_TIMECODE = re.compile(r"(\d\d):(\d\d):(\d\d)")
_MPEG_PACK = b"\x00\x00\x01\xba"
_UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-32")
_DESCRIPTION = re.compile(r"\[[^\[\]]*\]|\([^()]*\)|\uff08[^\uff08\uff09]*\uff09|【[^【】]*】")


@dataclass(frozen=True, slots=True)
class Subtitles:
    """What was found in writing. Segments are in time order; ``warnings`` name files that were not read surely.

    ``said`` may stand in for what is heard. ``beside`` never does: foreign lines, signs, songs, commentary.
    """

    said: tuple[Segment, ...] = ()
    beside: tuple[Segment, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    """One subtitle file or track, as far as it could be read."""

    kind: SubtitleKind
    language: str | None
    is_default: bool
    segments: tuple[Segment, ...]
    warnings: tuple[str, ...]

    @property
    def said_s(self) -> float:
        return sum(segment.span.duration_s for segment in self.segments if has_words(segment.text))


def read_subtitles(info: MediaInfo) -> Subtitles:
    """The best whole subtitles of ``info``, and the best partial ones and commentary beside them.

    Those in another language than the one that is spoken come last. Then files come before tracks, what is marked
    default before the rest, and subtitles without descriptions of sounds before those with them. Subtitles made of
    pictures are left to the screen lane.
    """
    spoken = info.audio.language if info.audio else None
    candidates = [*_sidecars(info), *_tracks(info)]
    longest_s = max((one.said_s for one in candidates if one.kind.is_whole), default=0.0)
    candidates = [
        replace(one, kind=SubtitleKind.PARTIAL) if one.kind.is_whole and one.said_s < SPARSE * longest_s else one
        for one in candidates
    ]
    ranked = sorted((one for one in candidates if one.segments), key=lambda one: _rank(one, spoken))
    whole = next((one for one in ranked if one.kind.is_whole), None)
    others = [
        next((one for one in ranked if one.kind is kind), None)
        for kind in (SubtitleKind.PARTIAL, SubtitleKind.COMMENTARY)
    ]
    taken = [one for one in (whole, *others) if one]
    said = whole.segments if whole else ()
    beside = [segment for one in others if one for segment in one.segments]
    return Subtitles(
        said,
        tuple(sorted(_not_in(said, beside), key=lambda segment: segment.span)),
        tuple(warning for one in candidates if not one.segments or one in taken for warning in one.warnings),
    )


def has_words(text: str) -> bool:
    """Whether the text has words that are said, and is not only a description in brackets, as ``[door slams]``."""
    return any(character.isalnum() for character in _DESCRIPTION.sub("", text))


def _rank(candidate: _Candidate, spoken: str | None) -> tuple[bool, ...]:
    is_foreign = bool(spoken and candidate.language and not is_same_language(spoken, candidate.language))
    is_track = any(segment.origin is SpeechOrigin.EMBEDDED_SUBTITLE for segment in candidate.segments)
    return is_foreign, is_track, not candidate.is_default, candidate.kind is SubtitleKind.HEARING_IMPAIRED


def _sidecars(info: MediaInfo) -> Iterator[_Candidate]:
    for sidecar in info.sidecars:
        cues, warnings = _cues_of_file(sidecar, info)
        early_s = _counted_before(cues, info)
        if early_s:
            cues = [ReadCue(cue.start_s - early_s, cue.end_s - early_s, cue.lines) for cue in cues]
            begins = timedelta(seconds=early_s)
            warnings.append(f"{sidecar.path.name}: its times were taken to count from {begins}, as a timecode does")
        segments = _segments(cues, sidecar.language, SpeechOrigin.SIDECAR_SUBTITLE)
        if not segments and not warnings:
            warnings = [f"{sidecar.path.name}: no subtitle in it can be read"]
        yield _Candidate(sidecar.kind, sidecar.language, sidecar.is_default, segments, tuple(warnings))


def _counted_before(cues: Sequence[ReadCue], info: MediaInfo) -> float:
    """What to take off the times of cues that all come after the end: the start timecode, or hours; 0 if neither fits.

    Cutting programs write the times of their sequence, which starts at 01:00:00 or 10:00:00 by custom.
    """
    if not cues or info.duration_s is None or min(cues).start_s < info.duration_s:
        return 0.0
    first_s, last_s = min(cues).start_s, max(cues).start_s
    stated = _TIMECODE.match(info.start_timecode or "")
    starts_s = [3600.0 * int(stated[1]) + 60 * int(stated[2]) + int(stated[3])] if stated else []
    starts_s.append(first_s // 3600 * 3600)
    return next((start_s for start_s in starts_s if start_s <= first_s and last_s < start_s + info.duration_s), 0.0)


def _cues_of_file(sidecar: Sidecar, info: MediaInfo) -> tuple[Sequence[ReadCue], list[str]]:
    name, suffix = sidecar.path.name, sidecar.path.suffix.lower()
    if suffix not in TEXT_SUFFIXES:
        return (), [f"{name}: {_UNREAD_REASONS[suffix]}"]
    try:
        with info.roots.opened(sidecar.path) as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            return (), [f"{name}: too large for subtitles; up to {MOST_BYTES >> 20} MiB are read"]
    except PathNotAllowedError:
        return (), [f"{name}: a link that leads out of the folders whose files may be read; it is left out"]
    except MediaError as error:
        return (), [error.message]
    except OSError as error:
        return (), [f"{name}: cannot be read: {error.strerror}"]
    if data.startswith(_MPEG_PACK):
        return (), [f"{name}: {_UNREAD_REASONS[suffix]}"] if suffix in _UNREAD_REASONS else []
    encoding = encoding_of(data, sidecar.language)
    rate_fps = info.video.nominal_rate_fps if info.video else None
    text = data.decode(encoding.name, errors="replace")
    return cues_in_text(text, rate_fps), _told(name, encoding)


def _tracks(info: MediaInfo) -> Iterator[_Candidate]:
    wanted = {track.index: track for track in info.subtitle_tracks if track.is_text}
    if not wanted:
        return
    languages = {index: language_tag(track.language or "") for index, track in wanted.items()}
    for index, (cues, encoding) in cues_of_tracks(info, languages).items():
        track = wanted[index]
        language = languages[index] or track.language
        segments = _segments(cues, language, SpeechOrigin.EMBEDDED_SUBTITLE)
        warnings = _told(f"subtitle track {index}", encoding)
        yield _Candidate(track.kind, track.language, track.is_default, segments, tuple(warnings))


def _told(name: str, encoding: Encoding) -> list[str]:
    """What to say of an encoding: nothing of those that say themselves which they are."""
    if encoding.name in _UNICODE:
        return []
    if encoding.or_else:
        others = ", ".join(encoding.or_else)
        return [
            f"{name}: read as {encoding.name}, which is a guess ({others} would fit too); as UTF-8 it would be sure"
        ]
    return [f"{name}: not in UTF-8; read as {encoding.name}"]


def _segments(cues: Iterable[ReadCue], language: str | None, origin: SpeechOrigin) -> tuple[Segment, ...]:
    """One segment per cue, in time order, without what a scrolling caption repeats from the cue before."""
    segments = []
    before = ReadCue(0.0, 0.0, ())
    for cue in sorted(cues):
        lines = cue.lines
        if cue.start_s <= before.end_s + SCROLLS_WITHIN_S:
            lines = lines[_lines_in_common(before.lines, lines) :]
        before = cue
        span = Span(max(0.0, cue.start_s), cue.end_s)
        text = " ".join(lines)
        if 0 < span.duration_s <= LONGEST_CUE_S and any(character.isalnum() for character in text):
            segments.append(Segment(span, text, spread_words(text, span), language, 1.0, origin))
    return tuple(segments)


def _lines_in_common(before: tuple[str, ...], after: tuple[str, ...]) -> int:
    """How many lines at the end of one cue open the next."""
    return next((n for n in range(len(before), 0, -1) if before[-n:] == after[:n]), 0)


def _not_in(said: Sequence[Segment], beside: Iterable[Segment]) -> Iterator[Segment]:
    """The segments that do not stand word for word at the same time in what is ``said``."""
    spans = defaultdict(list)
    for segment in said:
        spans[segment.text.casefold()].append(segment.span)
    for segment in beside:
        if not any(span.overlap_s(segment.span) for span in spans[segment.text.casefold()]):
            yield segment


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
