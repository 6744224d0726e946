"""Bodies about who speaks."""

from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints

from app.http.schemas.body import Body
from retrieval.errors import InputError
from retrieval.speaker_names import MAX_NAME_CHARS, parse_name


def _name(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return parse_name(value)
    except InputError as error:
        raise ValueError(error.message) from error


Name = Annotated[str, BeforeValidator(_name), StringConstraints(min_length=1, max_length=MAX_NAME_CHARS)]


class NameBody(Body):
    """What a voice is called from now on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Anna"}]})

    name: Annotated[
        Name | None,
        Field(description="The name; null takes it away. Voices of the same name are the same person."),
    ]


class SettledBody(Body):
    """Whether a voice is the one whose name was proposed for it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "Anna", "is_right": True}]})

    name: Annotated[Name, Field(description="The name that was proposed.")]
    is_right: Annotated[
        bool, Field(description="If so, the voice has the name; if not, it is not proposed for the voice again.")
    ]
