"""The best candidate of a group as a moment, with what is known of its video and of who speaks there."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from retrieval.answer.confidence import score_of
from retrieval.answer.grouping import Group
from retrieval.domain import Evidence, Moment, MomentStep
from retrieval.lanes.candidate import Candidate
from retrieval.storage.records import VideoRecord
from retrieval.storage.references import shown_path
from retrieval.storage.voices import Voices
from retrieval.video_filter import VideoFilter


def moment_of(rank: int, group: Group, record: VideoRecord, where: VideoFilter, texts: Sequence[str]) -> Moment:
    """The moment of that rank, inside of its video, at the path that the filter names if it names one.

    ``texts`` are what was looked for, in as many steps.
    """
    candidate = group.best
    evidence = tuple(sorted(_evidence(candidate), key=lambda item: -item.score))
    end_s = min(candidate.span.end_s, record.duration_s or candidate.span.end_s)
    span = replace(candidate.span, start_s=max(0.0, candidate.span.start_s), end_s=end_s)
    peak_s = min(max(candidate.peak_s, span.start_s), span.end_s)
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
        picture_s=_picture_s(evidence, peak_s) if record.has_picture else None,
        times_break=record.clock is not None,
        recorded_at=record.recorded_at,
        steps=tuple(
            MomentStep(text, link.span, _picture_s(link.evidence, link.peak_s) if record.has_picture else None)
            for text, link in zip(texts, candidate.links, strict=bool(candidate.links))
        ),
    )


def _evidence(candidate: Candidate) -> Iterator[Evidence]:
    """The proofs of a candidate, those of a sequence with the number of their step."""
    if not candidate.links:
        yield from candidate.evidence
    for number, link in enumerate(candidate.links, start=1):
        yield from (replace(item, step=number) for item in link.evidence)


def _picture_s(evidence: Iterable[Evidence], peak_s: float) -> float:
    """When the frame is seen that proves it, or else where it is clearest."""
    return next((item.frame_s for item in evidence if item.frame_s is not None), peak_s)


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
