"""Who speaks in the videos: the voices of each, and the names that people give them."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi import Path as PathPart

from app.contract.speakers import SpeakersAnswer, VoiceAnswer
from app.http.dependencies import LibraryOf
from app.http.schemas.speakers import NameBody, SettledBody
from retrieval.speaker_names import MAX_NAME_CHARS
from retrieval.video_filter import MAX_REFERENCE_CHARS

router = APIRouter(prefix="/v1", tags=["speakers"])

_HIGHEST_NUMBER = 2**31 - 1
_Number = Annotated[int, PathPart(ge=1, le=_HIGHEST_NUMBER, description="Which of the video's voices.")]


@router.get("/speakers", operation_id="listSpeakers", summary="List speakers")
def list_speakers(
    library: LibraryOf,
    video_id: Annotated[
        str | None, Query(max_length=MAX_REFERENCE_CHARS, description="Only those of this video.")
    ] = None,
    name: Annotated[
        str | None, Query(max_length=MAX_NAME_CHARS, description="Only those of this name, in capitals or not.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many.")] = 100,
    cursor: Annotated[str | None, Query(description="The `next_cursor` of the page before.")] = None,
) -> SpeakersAnswer:
    """The voices of the videos, each with its name or with who it may be; those of the newest video first."""
    video_id = None if video_id is None else library.catalog.resolve(video_id).id
    page = library.catalog.voices.page(limit, cursor=cursor, video_id=video_id, name=name)
    return SpeakersAnswer(speakers=[VoiceAnswer.of_voice(voice) for voice in page.voices], next_cursor=page.next_cursor)


@router.patch("/videos/{video_id}/speakers/{number}", operation_id="nameSpeaker", summary="Name a speaker")
def name_speaker(video_id: str, number: _Number, body: NameBody, library: LibraryOf) -> VoiceAnswer:
    """The voice with its new name, which it keeps where the same voice comes when the video is indexed again."""
    [voice] = library.catalog.voices.rename(library.catalog.resolve(video_id).id, [number], body.name)
    return VoiceAnswer.of_voice(voice)


@router.post(
    "/videos/{video_id}/speakers/{number}/proposal",
    operation_id="settleProposal",
    summary="Confirm or refuse a proposed name",
    responses={409: {"description": "That name is not proposed for the voice."}},
)
def settle_proposal(video_id: str, number: _Number, body: SettledBody, library: LibraryOf) -> VoiceAnswer:
    """The voice with the name, or with the next one that is proposed; either way, again is fine."""
    resolved = library.catalog.resolve(video_id).id
    return VoiceAnswer.of_voice(library.catalog.voices.settle(resolved, number, body.name, is_right=body.is_right))


@router.delete(
    "/videos/{video_id}/speakers",
    status_code=204,
    operation_id="forgetSpeakers",
    summary="Forget who speaks in a video",
)
def forget_speakers(video_id: str, library: LibraryOf) -> None:
    """Delete the voices of a video with their names; what was said stays, by nobody. Indexing again finds them anew."""
    library.forget_voices(library.catalog.resolve(video_id).id)


@router.delete(
    "/speakers", status_code=204, operation_id="forgetAllSpeakers", summary="Forget who speaks in all videos"
)
def forget_all_speakers(library: LibraryOf) -> None:
    """Delete all voices with their names; what was said stays, by nobody."""
    library.forget_voices()
