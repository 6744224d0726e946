"""Bodies about videos."""

from typing import Annotated

from pydantic import Field

from app.schemas.body import Body


class AddVideoBody(Body):
    """A file of the server's machine to put into the library."""

    path: Annotated[str, Field(min_length=1, examples=["/videos/talk.mp4"])]
