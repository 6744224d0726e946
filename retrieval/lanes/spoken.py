"""What happens while a language is spoken or a speaker speaks: candidates held against the segments themselves."""

from collections.abc import Sequence

from retrieval.domain import Segment
from retrieval.lanes.candidate import Candidate
from retrieval.languages import main_language
from retrieval.storage.contents import Contents
from retrieval.storage.records import Place
from retrieval.storage.vectors import VectorFilter, voice_key


def while_spoken(candidates: Sequence[Candidate], where: VectorFilter, contents: Contents) -> list[Candidate]:
    """Those of the candidates during which something is said in one of the languages, by one of the voices.

    Points tell languages and voices of all that is said during a unit: not which voice speaks which language, nor
    that somebody still speaks where a candidate was cut shorter than its units.
    """
    if where.languages is None and where.voices is None:
        return list(candidates)
    said = contents.segments_during([Place(candidate.video_id, candidate.span) for candidate in candidates])
    return [
        candidate
        for candidate, segments in zip(candidates, said, strict=True)
        if any(_is_meant(segment, candidate.video_id, where) for segment in segments)
    ]


def _is_meant(segment: Segment, video_id: str, where: VectorFilter) -> bool:
    speaks = where.voices is None or (
        segment.speaker is not None and voice_key(video_id, segment.speaker) in where.voices
    )
    return speaks and (
        where.languages is None or (segment.language is not None and main_language(segment.language) in where.languages)
    )
