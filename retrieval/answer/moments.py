"""The best candidate of a group as a moment, with what is known of its video and of who speaks there."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from retrieval.answer.confidence import score_of
from retrieval.answer.grouping import Group
from retrieval.domain import Moment
from retrieval.storage.records import VideoRecord
from retrieval.storage.references import shown_path
from retrieval.storage.voices import Voices
from retrieval.video_filter import VideoFilter


def moment_of(rank: int, group: Group, record: VideoRecord, where: VideoFilter) -> Moment:
    """The moment of that rank, inside of its video, at the path that the filter names if it names one."""
    candidate = group.best
    evidence = tuple(sorted(candidate.evidence, key=lambda item: -item.score))
    end_s = min(candidate.span.end_s, record.duration_s or candidate.span.end_s)
    span = replace(candidate.span, start_s=max(0.0, candidate.span.start_s), end_s=end_s)
    peak_s = min(max(candidate.peak_s, span.start_s), span.end_s)
    frames_s = [item.frame_s for item in evidence if item.frame_s is not None]
    return Moment(
        rank,
        candidate.video_id,
        str(Path(shown_path(record.paths, where.paths, where.path_globs))),
        record.title,
        span,
        peak_s,
        score_of(group.score),
        group.score,
        candidate.lanes,
        evidence,
        group.further,
        picture_s=[*frames_s, peak_s][0] if record.has_picture else None,
        times_break=record.clock is not None,
    )


def with_names(moments: Sequence[Moment], voices: Voices) -> list[Moment]:
    """The moments with the names, as far as somebody gave them, of those who speak in their evidence."""
    heard = [(moment.video_id, item.speaker.number) for moment in moments for item in moment.evidence if item.speaker]
    known = voices.speakers(heard)
    return [
        replace(
            moment,
            evidence=tuple(
                replace(item, speaker=known.get((moment.video_id, item.speaker.number))) if item.speaker else item
                for item in moment.evidence
            ),
        )
        for moment in moments
    ]
