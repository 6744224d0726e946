"""What all bodies of requests have in common."""

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """A body of a request, in which an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")
