"""The voices of videos in SQL: what people call them, and which may be one that has a name already."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from sqlalchemy import Engine, Select, and_, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from retrieval.domain import Speaker, Voice
from retrieval.errors import ConflictError, CursorError, SpeakerNotFoundError, VideoNotFoundError
from retrieval.speaker_names import name_key, parse_name
from retrieval.storage import cursors, voice_match
from retrieval.storage.database import reading, writing
from retrieval.storage.records import KnownVoice, Proposal, VideoStatus, VoicePage
from retrieval.storage.tables import SegmentRow, VideoRow, VoiceRow

VoiceKey = tuple[str, int]
"""A video's id and the number of a voice in it."""

MOST_REFUSED = 100
"""Names that one voice is remembered not to be, the latest ones."""
MOST_COMPARED = 20_000
"""Voices with a name that others are compared with: those that speak longest."""

_CHUNK = 200
_ROWS_AT_ONCE = 1_000
_NUMBER_DIGITS = 9
_TITLE = func.coalesce(VideoRow.given_title, VideoRow.title)
_NAMES_TOLD = 5
"""Of an error, which is logged if it is very long: the log holds no names."""


class Voices:
    """The voices of a catalog's videos; they go when their video goes. Numbers that a video lacks raise
    SpeakerNotFoundError, videos that do not exist VideoNotFoundError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def speakers(self, keys: Iterable[VoiceKey]) -> dict[VoiceKey, Speaker]:
        """Who these voices are, those left out that do not exist."""
        numbers: dict[str, set[int]] = defaultdict(set)
        for video_id, number in keys:
            numbers[video_id].add(number)
        found: dict[VoiceKey, Speaker] = {}
        rest = iter(numbers.items())
        with reading(self._engine) as session:
            while chunk := list(islice(rest, _CHUNK)):
                wanted = or_(*(_of(video_id, those) for video_id, those in chunk))
                for row in session.execute(select(VoiceRow.video_id, VoiceRow.number, VoiceRow.name).where(wanted)):
                    found[row.video_id, row.number] = Speaker(row.number, row.name)
        return found

    def speakers_of(self, video_id: str) -> dict[int, Speaker]:
        """Who speaks in the video, by number."""
        statement = select(VoiceRow.number, VoiceRow.name).where(VoiceRow.video_id == video_id)
        with reading(self._engine) as session:
            return {number: Speaker(number, name) for number, name in session.execute(statement)}

    def names(self, limit: int) -> list[str]:
        """The names that voices have, each in one way of writing, in the order of the alphabet; at most ``limit``."""
        statement = select(func.min(VoiceRow.name)).where(VoiceRow.name_key.is_not(None)).group_by(VoiceRow.name_key)
        with reading(self._engine) as session:
            return list(session.scalars(statement.order_by(VoiceRow.name_key).limit(limit)))

    def keys(self, names: Collection[str]) -> list[str]:
        """``VIDEO_ID:NUMBER`` of every voice with one of these names, however written.

        Raises SpeakerNotFoundError for a name that no voice has.
        """
        wanted = {name_key(name): name for name in names}
        statement = select(VoiceRow.name_key, VoiceRow.video_id, VoiceRow.number).where(VoiceRow.name_key.in_(wanted))
        with reading(self._engine) as session:
            rows = session.execute(statement.order_by(VoiceRow.video_id, VoiceRow.number)).all()
        if unknown := [name for key, name in wanted.items() if key not in {row.name_key for row in rows}]:
            raise self._unknown(unknown)
        return [f"{row.video_id}:{row.number}" for row in rows]

    def page(
        self, limit: int, *, cursor: str | None = None, video_id: str | None = None, name: str | None = None
    ) -> VoicePage:
        """At most ``limit`` voices of indexed videos, those of the newest video first, each with who it may be.

        Only those of this video and of this name, however written, where given.
        """
        statement = _known().order_by(VideoRow.created_at.desc(), VideoRow.id.desc(), VoiceRow.number).limit(limit + 1)
        if video_id is not None:
            statement = statement.where(VoiceRow.video_id == video_id)
        if name is not None:
            statement = statement.where(VoiceRow.name_key == name_key(name))
        if cursor is not None:
            statement = statement.where(_after(cursor))
        with reading(self._engine) as session:
            found = session.execute(statement).all()
            page = found[:limit]
            rows = [row for row, _, _ in page]
            proposed = _proposals(session, rows)
        told = tuple(_told(row, title, proposed.get((row.video_id, row.number))) for row, title, _ in page)
        if len(found) <= limit:
            return VoicePage(told, None)
        last, _, created_at = page[-1]
        return VoicePage(told, cursors.encode(created_at, f"{last.video_id}:{last.number}"))

    def rename(self, video_id: str, numbers: Collection[int], name: str | None) -> list[KnownVoice]:
        """The voices with this name, the same person if they are several; None takes their names away.

        Raises InputError for what cannot be a name.
        """
        name = None if name is None else parse_name(name)
        with writing(self._engine) as session:
            title, rows = _locked(session, video_id, numbers)
            for row in rows:
                _call(row, name)
            session.flush()
            proposed = _proposals(session, rows)
            return [_told(row, title, proposed.get((video_id, row.number))) for row in rows]

    def settle(self, video_id: str, number: int, name: str, *, is_right: bool) -> KnownVoice:
        """The voice, which has the proposed name from now on, or is not proposed as that one again.

        Raises ConflictError if that is not what is proposed for it.
        """
        key = name_key(name)
        with writing(self._engine) as session:
            title, [row] = _locked(session, video_id, [number])
            proposal = _proposals(session, [row]).get((video_id, number))
            is_proposed = proposal is not None and name_key(proposal.name) == key
            if is_right and row.name_key != key:
                if proposal is None or not is_proposed:
                    raise _not_proposed(row, title, proposal)
                _call(row, proposal.name)
            elif not is_right and key not in row.refused:
                if not is_proposed:
                    raise _not_proposed(row, title, proposal)
                row.refused = [*row.refused, key][-MOST_REFUSED:]
            session.flush()
            return _told(row, title, _proposals(session, [row]).get((video_id, number)))

    def forget(self, video_id: str | None = None) -> int:
        """How many voices were deleted, with their names: those of this video, or all there are.

        What was said stays, by nobody.
        """
        voices, counted = delete(VoiceRow), select(func.count()).select_from(VoiceRow)
        segments = update(SegmentRow).where(SegmentRow.speaker.is_not(None)).values(speaker=None)
        if video_id is not None:
            is_of = VoiceRow.video_id == video_id
            voices, counted = voices.where(is_of), counted.where(is_of)
            segments = segments.where(SegmentRow.video_id == video_id)
        with writing(self._engine) as session:
            count = session.scalars(counted).one()
            session.execute(segments)
            session.execute(voices)
            return count

    def _unknown(self, names: Sequence[str]) -> SpeakerNotFoundError:
        known = self.names(_NAMES_TOLD + 1)
        told = ", ".join(map(repr, known[:_NAMES_TOLD])) + (" and others" if len(known) > _NAMES_TOLD else "")
        return SpeakerNotFoundError(
            f"nobody is called {' or '.join(map(repr, names[:_NAMES_TOLD]))}; "
            + (f"there are {told}" if known else "no voice has a name yet: `moments speakers rename` gives one")
        )


def keep(session: Session, video: VideoRow, voices: Sequence[Voice]) -> None:
    """These are the voices of the video from now on; one that was there before keeps what people said of it.

    There before: in the video, or in one that it took the path of and that is being removed.
    """
    video_id = video.id
    displaced = and_(VideoRow.path == video.path, VideoRow.status == VideoStatus.REMOVING.value)
    there = select(VoiceRow).join(VideoRow, VideoRow.id == VoiceRow.video_id)
    there = there.where(or_(VoiceRow.video_id == video_id, displaced))
    before = session.scalars(there.order_by(VoiceRow.video_id, VoiceRow.number)).all()
    rows: list[dict[str, Any]] = [
        {
            "video_id": video_id,
            "number": voice.number,
            "name": None,
            "name_key": None,
            "vector": voice_match.packed(voice.vector),
            "speech_s": voice.speech_s,
            "certainty": voice.certainty,
            "refused": [],
        }
        for voice in voices
    ]
    then = voice_match.unpacked([row.vector for row in before])
    now = voice_match.unpacked([row["vector"] for row in rows])
    for old, new in voice_match.same(then, now):
        rows[new] |= {"name": before[old].name, "name_key": before[old].name_key, "refused": before[old].refused}
    session.execute(delete(VoiceRow).where(VoiceRow.video_id == video_id))
    if rows:
        session.execute(insert(VoiceRow), rows)


def _of(video_id: str, numbers: Collection[int]) -> Any:
    return and_(VoiceRow.video_id == video_id, VoiceRow.number.in_(numbers))


def _known() -> Select[*tuple[Any, ...]]:
    """Voices of indexed videos, with the title and the time of creation of the video."""
    statement = select(VoiceRow, _TITLE, VideoRow.created_at).join(VideoRow, VideoRow.id == VoiceRow.video_id)
    return statement.where(VideoRow.status == VideoStatus.INDEXED.value)


def _after(cursor: str) -> Any:
    created_at, key = cursors.decode(cursor)
    video_id, _, digits = key.partition(":")
    if not digits.isdecimal() or len(digits) > _NUMBER_DIGITS:
        raise CursorError(f"{cursor!r} is no cursor; give the next_cursor of the page before")
    older = or_(VideoRow.created_at < created_at, and_(VideoRow.created_at == created_at, VideoRow.id < video_id))
    return or_(older, and_(VideoRow.id == video_id, VoiceRow.number > int(digits)))


def _locked(session: Session, video_id: str, numbers: Collection[int]) -> tuple[str, list[VoiceRow]]:
    """The video's title and these voices of it, which nobody else writes until the transaction ends."""
    video = session.get(VideoRow, video_id, with_for_update=True)
    if video is None:
        raise VideoNotFoundError(f"there is no video {video_id} in the catalog")
    rows = session.scalars(select(VoiceRow).where(VoiceRow.video_id == video_id).order_by(VoiceRow.number)).all()
    title = video.given_title or video.title
    missing = set(numbers) - {row.number for row in rows}
    if missing:
        there = ", ".join(str(row.number) for row in rows) or "none"
        raise SpeakerNotFoundError(f"{title} has no speaker {min(missing)}; its speakers are: {there}")
    return title, [row for row in rows if row.number in numbers]


def _call(row: VoiceRow, name: str | None) -> None:
    row.name, row.name_key = name, None if name is None else name_key(name)
    if row.name_key in row.refused:
        row.refused = [key for key in row.refused if key != row.name_key]


def _proposals(session: Session, rows: Sequence[VoiceRow]) -> Mapping[VoiceKey, Proposal]:
    """For each of these voices that has no name, the most alike one of another video that has."""
    asked = [row for row in rows if row.name is None and row.speech_s >= voice_match.LEAST_SPEECH_S]
    if not asked:
        return {}
    vectors = voice_match.unpacked([row.vector for row in asked])
    found: dict[VoiceKey, Proposal] = {}
    for others in session.execute(_named().execution_options(yield_per=_ROWS_AT_ONCE)).partitions():
        alike = voice_match.cosines(vectors, voice_match.unpacked([other.vector for other in others]))
        videos, names = np.array([other.video_id for other in others]), np.array([other.name_key for other in others])
        for row, cosines in zip(asked, alike, strict=True):
            cosines[videos == row.video_id] = -1.0
            if row.refused:
                cosines[np.isin(names, row.refused)] = -1.0
            at, key = int(cosines.argmax()), (row.video_id, row.number)
            if cosines[at] >= voice_match.LIKE_VOICE and (key not in found or cosines[at] > found[key].similarity):
                found[key] = Proposal(others[at].name, others[at].video_id, others[at].title, float(cosines[at]))
    return found


def _named() -> Select[*tuple[Any, ...]]:
    """Voices of indexed videos that have a name and speak for long enough to be compared; of too many, the longest."""
    named = VoiceRow.name_key.is_not(None)
    lengths = select(VoiceRow.speech_s).where(named, VoiceRow.speech_s >= voice_match.LEAST_SPEECH_S)
    # Not the rows themselves in order: a database would sort all their vectors.
    last = lengths.order_by(VoiceRow.speech_s.desc()).offset(MOST_COMPARED - 1).limit(1).scalar_subquery()
    columns = VoiceRow.video_id, VoiceRow.name, VoiceRow.name_key, VoiceRow.vector, _TITLE.label("title")
    return (
        select(*columns)
        .join(VideoRow, VideoRow.id == VoiceRow.video_id)
        .where(named, VoiceRow.speech_s >= func.coalesce(last, voice_match.LEAST_SPEECH_S))
        .where(VideoRow.status == VideoStatus.INDEXED.value)
        .limit(MOST_COMPARED)
    )


def _told(row: VoiceRow, title: str, proposal: Proposal | None) -> KnownVoice:
    return KnownVoice(row.video_id, title, Speaker(row.number, row.name), row.speech_s, row.certainty, proposal)


def _not_proposed(row: VoiceRow, title: str, proposal: Proposal | None) -> ConflictError:
    speaker = Speaker(row.number, row.name)
    instead = "nobody is" if proposal is None else f"{proposal.name!r} is"
    return ConflictError(f"that name is not proposed for {speaker.label} of {title}; {instead}")
