"""What is spoken in the library, and by whom: what a filter may ask for, and where that is not known."""

from collections.abc import Collection

from sqlalchemy import Engine, func, or_, select

from retrieval.storage.database import reading
from retrieval.storage.records import SPOKEN_SINCE, NamedSpeaker, SpokenLanguage, VideoStatus
from retrieval.storage.tables import SpokenLanguageRow, VideoRow, VoiceRow

MOST_LISTED = 1_000
"""Languages or speakers, those of most videos first."""

_INDEXED = VideoRow.status == VideoStatus.INDEXED.value


class SpeechTotals:
    """Sums over all indexed videos: one short statement a call."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def languages(self) -> list[SpokenLanguage]:
        """The languages that are spoken, those of most videos first."""
        row = SpokenLanguageRow
        statement = (
            select(row.language, func.count(), func.sum(row.speech_s))
            .join(VideoRow, VideoRow.id == row.video_id)
            .where(_INDEXED)
            .group_by(row.language)
            .order_by(func.count().desc(), row.language)
            .limit(MOST_LISTED)
        )
        with reading(self._engine) as session:
            return [SpokenLanguage(*found) for found in session.execute(statement)]

    def speakers(self) -> list[NamedSpeaker]:
        """The speakers that have names, those of most videos first; names that differ in capitals alone are one."""
        row, videos = VoiceRow, func.count(VoiceRow.video_id.distinct())
        statement = (
            select(func.min(row.name), videos, func.sum(row.speech_s))
            .join(VideoRow, VideoRow.id == row.video_id)
            .where(_INDEXED, row.name_key.is_not(None))
            .group_by(row.name_key)
            .order_by(videos.desc(), row.name_key)
            .limit(MOST_LISTED)
        )
        with reading(self._engine) as session:
            return [
                NamedSpeaker(name, spoken_in, speech_s)
                for name, spoken_in, speech_s in session.execute(statement)
                if name is not None
            ]

    def unknown_in(self, ids: Collection[str] | None) -> int:
        """How many of these indexed videos, of all for None, were indexed before it was known what is spoken when."""
        older = or_(VideoRow.construction.is_(None), VideoRow.construction < SPOKEN_SINCE)
        is_heard = VideoRow.has_sound.is_not(False)
        meant = (_INDEXED, older, is_heard)
        with reading(self._engine) as session:
            if ids is None:
                return session.scalar(select(func.count()).select_from(VideoRow).where(*meant)) or 0
            return len(set(ids).intersection(session.scalars(select(VideoRow.id).where(*meant))))
