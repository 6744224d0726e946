"""The steps between decoding and publishing, one function each: from artefacts to artefacts."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from indexer.media.decoded import Decoded, HeardTrack
from indexer.steps.attended import attended
from indexer.steps.embed import ReportShare, embed_frames, embed_sounds, embed_tags, load_frame, pool_windows
from indexer.steps.screen_text import Reading, merge_readings
from indexer.steps.shots import find_shots
from indexer.steps.sound_events import sound_events
from indexer.steps.speakers import tell_speakers
from indexer.steps.transcribe import said_in_any, transcribe
from indexer.steps.windows import cut_windows, frames_of_windows
from indexer.steps.work_folder import Artefacts
from indexer.subtitles.reading import has_words
from retrieval.domain import Lane, ScreenText, Segment, Shot, Span, Window
from retrieval.encoders.base import ScreenReader, SoundEncoder, Transcriber, VisualEncoder, VoiceEncoder
from retrieval.encoders.lite_sound import LiteSoundEncoder
from retrieval.encoders.speech_trust import MIN_SPEECH_PROBABILITY
from retrieval.encoders.voice_activity import SpeechFinder
from retrieval.errors import ModelUnavailableError
from retrieval.languages import is_same_language

_log = logging.getLogger(__name__)

SOUND_CONTEXT_S = 5.0
"""Sound around a window that encoders which hear whole clips are given."""

FINDING_SPEECH = 0.1
"""Share of the work that finding speech is, before its voices are told apart."""
TAGGING = 0.9
"""Share of the work that tagging is, before the tags of each window are put together."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """How a video divides: shots, and windows within them."""

    shots: tuple[Shot, ...]
    windows: tuple[Window, ...]


CutsOf = Callable[[Decoded], Cuts]
"""How a video divides: found by what was decoded, or known from before."""


def cuts_of(decoded: Decoded, window_s: float) -> Cuts:
    """Shots and windows; cheap enough to be found again by every step."""
    shots = find_shots(decoded.times_s, decoded.signal, decoded.duration_s)
    return Cuts(shots, cut_windows(shots, window_s, decoded.uneventful))


def look(artefacts: Artefacts, model: Callable[[], VisualEncoder], cut: CutsOf, report: ReportShare) -> None:
    """Embed the sampled frames and pool them into windows."""
    decoded = artefacts.decoded()
    cuts = cut(decoded)
    encoder = attended(model, lambda: report(0.0))
    frames = embed_frames([decoded.frame_path(frame) for frame in decoded.frames], encoder, report)
    times_s = [frame.time_s for frame in decoded.frames]
    units, best = pool_windows(frames, frames_of_windows(cuts.windows, cuts.shots, times_s))
    artefacts.save_units(Lane.VISUAL, units, best_frames=best)


def listen(artefacts: Artefacts, model: Callable[[], SoundEncoder], cut: CutsOf, report: ReportShare) -> None:
    """Embed the sound of every window, and find labelled sounds where the encoder has labels."""
    decoded = artefacts.decoded()
    sound = decoded.sound
    windows = cut(decoded).windows
    encoder = attended(model, lambda: report(0.0))
    if isinstance(encoder, LiteSoundEncoder):
        # It loads what it needs when it is first used.
        attended(partial(encoder.embed_sounds, []), lambda: report(0.0))
        tags = encoder.tag(sound, lambda share: report(TAGGING * share))
        units = embed_tags(windows, tags, encoder, lambda share: report(TAGGING + (1 - TAGGING) * share))
        artefacts.save_lines("sound_events", sound_events(tags, decoded.duration_s))
    else:
        units = embed_sounds(windows, sound, encoder, SOUND_CONTEXT_S, report)
        artefacts.save_lines("sound_events", ())
    artefacts.save_units(Lane.SOUND, units)


def hear(
    artefacts: Artefacts,
    transcriber: Callable[[], Transcriber],
    voice: Callable[[], SpeechFinder],
    report: ReportShare,
    *,
    translate: bool = False,
) -> None:
    """Transcribe what is said and stands in no subtitle; the transcriber is built if there is such speech."""
    decoded = artefacts.decoded()
    subtitles = artefacts.load_segments("subtitles")
    total_s = max(decoded.duration_s, 0.001)
    tracks = decoded.heard
    heard = []
    for number, track in enumerate(tracks):

        def told(done_s: float, done: int = number) -> None:
            report((done + done_s / total_s) / len(tracks))

        written = [line.span for line in subtitles if has_words(line.text) and may_be_said_in(track, line)]
        sound = decoded.sound_of(track)
        heard.append(transcribe(sound, transcriber, voice(), told, written, translate=translate).segments)
    segments = [*subtitles, *artefacts.load_segments("subtitles_beside"), *said_in_any(heard)]
    segments.sort(key=lambda segment: segment.span)
    artefacts.save_lines("segments", within(segments, decoded.duration_s))


def may_be_said_in(track: HeardTrack, line: Segment) -> bool:
    """Whether a subtitle may be what this track says: not if both are known to be in other languages."""
    return track.language is None or line.language is None or is_same_language(track.language, line.language)


def within(segments: Sequence[Segment], duration_s: float) -> tuple[Segment, ...]:
    """The segments as far as they lie in [0, duration_s): subtitles may claim more than there is."""
    return tuple(
        replace(
            segment,
            span=Span(max(0.0, segment.span.start_s), min(segment.span.end_s, duration_s)),
            words=tuple(word for word in segment.words if word.span.start_s < duration_s),
        )
        for segment in segments
        if segment.span.start_s < duration_s and segment.span.end_s > 0.0
    )


def tell(
    artefacts: Artefacts,
    model: Callable[[], VoiceEncoder],
    voice: Callable[[], SpeechFinder],
    report: ReportShare,
) -> None:
    """Tell who says each segment, by the video's own sound; nobody where there is no model for that."""
    segments = artefacts.load_segments("segments")
    decoded = artefacts.decoded()
    if not segments or not decoded.has_audio:
        return
    try:
        encoder = attended(model, lambda: report(0.0))
    except ModelUnavailableError as error:
        _say_once(f"who speaks is not told: {error.message}")
        return
    sound, total_s = decoded.sound, max(decoded.duration_s, 0.001)
    found = voice().find_speech(sound, lambda heard_s: report(FINDING_SPEECH * min(1.0, heard_s / total_s)))
    speech = [one.span for one in found if one.probability >= MIN_SPEECH_PROBABILITY]
    told = tell_speakers(
        sound, speech, segments, encoder, lambda share: report(FINDING_SPEECH + (1 - FINDING_SPEECH) * share)
    )
    # Last, so that a run that ends in between begins again with the segments as they were.
    artefacts.save_voices(told.voices)
    artefacts.save_lines("segments", told.segments)


@cache
def _say_once(what: str) -> None:
    _log.warning("%s", what)


def read(artefacts: Artefacts, reader: Callable[[], ScreenReader], cut: CutsOf, report: ReportShare) -> None:
    """Read text off the frames that decoding set aside for it, and merge what stays visible."""
    decoded = artefacts.decoded()
    shots = cut(decoded).shots
    frames = [(frame, path) for frame in decoded.frames if (path := decoded.text_path(frame)) is not None]
    readings = []
    for number, (frame, path) in enumerate(frames):

        def lines(file: Path = path) -> list[ScreenText]:
            return reader().read(load_frame(file))

        def told(done: int = number) -> None:
            report(done / len(frames))

        readings.append(Reading(frame.time_s, tuple(attended(lines, told))))
        told(number + 1)
    artefacts.save_lines("screen_texts", merge_readings(readings, shots))
