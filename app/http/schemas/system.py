"""Bodies of the system's routes and of sessions."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.contract.linked import ExampleAnswer
from app.contract.values import Text, TimeS
from app.http.schemas.body import Body
from retrieval.domain import EvidenceKind, Lane, Profile
from retrieval.lanes.lane_table import Colour, Unit
from retrieval.languages import language_name
from retrieval.storage.speech import SpeechTotals


class HealthAnswer(BaseModel):
    """That the server is alive."""

    status: Literal["ok"]


class ReadyAnswer(BaseModel):
    """That the server can answer searches and take up files, or what keeps it from that."""

    ready: bool
    checks: Annotated[
        dict[str, str],
        Field(description="`ok`, or why not, of each thing that is needed.", examples=[{"database": "ok"}]),
    ]


class LibrarySize(BaseModel):
    """How much can be searched."""

    videos: int
    seconds: Annotated[float, Field(description="Length of the videos together.")]
    windows: Annotated[int, Field(description="Stretches of video that the index knows.")]
    outdated: Annotated[
        int,
        Field(description="Videos that an older version or other models indexed; `POST /v1/reindex` updates them."),
    ]
    outdated_lanes: Annotated[dict[Lane, int], Field(description="Of how many of them each lane is to be made anew.")]


class ExamplesAnswer(BaseModel):
    """What there is to search, and searches to begin with."""

    library: LibrarySize
    searches: Annotated[
        list[ExampleAnswer],
        Field(description="At most one for each lane, out of the newest videos, the surest first."),
    ]


class RequestLimits(BaseModel):
    """What a request may be at most."""

    moments: Annotated[int, Field(description="Moments on a page.")]
    body_bytes: Annotated[int, Field(description="Length of a JSON body.")]
    query_file_bytes: Annotated[int, Field(description="Length of a search with a file.")]


class LaneAnswer(BaseModel):
    """One way in which a video can be searched, and how people are told of it."""

    lane: Lane
    name: Annotated[str, Field(description="What people are shown as its name.", examples=["Said"])]
    about: Annotated[str, Field(description="What it finds.", examples=["spoken words"])]
    unit: Annotated[Unit, Field(description="What of a video one of its vectors stands for.")]
    evidence: Annotated[EvidenceKind, Field(description="The kind of its proof of a moment.")]
    colour: Annotated[Colour, Field(description="The colour that it has on the page.")]


class SystemAnswer(BaseModel):
    """What runs here."""

    version: str
    versions: Annotated[dict[str, str], Field(description="Versions of Python and of the main libraries.")]
    profile: Profile
    profile_reason: Annotated[str | None, Field(description="Why it is this profile.")]
    lanes: Annotated[list[LaneAnswer], Field(description="The lanes, in the order in which they are shown.")]
    encoders: Annotated[dict[Lane, str], Field(description="The model of each lane.")]
    library: LibrarySize
    warnings: Annotated[
        list[str],
        Field(description="What is wrong with the index, and the command that mends it; none if all is well."),
    ]
    limits: RequestLimits


class LanguageAnswer(BaseModel):
    """A language that is spoken in the library."""

    language: Annotated[str, Field(description="Its code, as filters take it.", examples=["de"])]
    name: Annotated[str, Field(description="Its English name.", examples=["German"])]
    videos: Annotated[int, Field(description="Indexed videos in which it is spoken.")]
    seconds: Annotated[TimeS, Field(description="How long it is spoken in all of them.")]


class NamedSpeakerAnswer(BaseModel):
    """A speaker to whom somebody gave a name."""

    name: Annotated[Text, Field(description="As filters take it.")]
    videos: Annotated[int, Field(description="Indexed videos in which this speaker speaks.")]
    seconds: Annotated[TimeS, Field(description="How long in all of them.")]


class SpeechAnswer(BaseModel):
    """What is spoken in the library, and by whom."""

    languages: list[LanguageAnswer]
    speakers: list[NamedSpeakerAnswer]

    @classmethod
    def of(cls, speech: SpeechTotals) -> "SpeechAnswer":
        """What is spoken, as it is told."""
        return cls(
            languages=[
                LanguageAnswer(
                    language=spoken.language,
                    name=language_name(spoken.language),
                    videos=spoken.videos,
                    seconds=spoken.speech_s,
                )
                for spoken in speech.languages()
            ],
            speakers=[
                NamedSpeakerAnswer(name=speaker.name, videos=speaker.videos, seconds=speaker.speech_s)
                for speaker in speech.speakers()
            ],
        )


class SessionBody(Body):
    """A key to sign in with."""

    key: Annotated[str, Field(min_length=1, max_length=200, description="An API key.", examples=["mom_…"])]


class SessionAnswer(BaseModel):
    """Whether a key is needed, and whether this browser has brought one."""

    required: Annotated[bool, Field(description="Whether requests need a key.")]
    signed_in: Annotated[bool, Field(description="Whether this request may go on.")]
    name: Annotated[str | None, Field(description="Name of the key, where one was brought.")]
