"""The body of every error."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Unprocessable Content",
                    "status": 422,
                    "code": "invalid_input",
                    "detail": "limit: Input should be less than or equal to 100, not 1000",
                    "request_id": "6f1c0a2b9d3e4f5687a1b2c3d4e5f607",
                    "param": "limit",
                }
            ]
        }
    )

    type: Annotated[str, Field(description="Always `about:blank`: `code` tells problems apart.")]
    title: Annotated[str, Field(description="The status in words.")]
    status: Annotated[int, Field(ge=400, le=599, description="The status of the response.")]
    code: Annotated[str, Field(description="What went wrong, for programs; stable.")]
    detail: Annotated[str, Field(description="What, which value, and what would be allowed, for people.")]
    request_id: Annotated[str, Field(description="Id of the request, in the server's log and in `X-Request-Id`.")]
    param: Annotated[
        str | None, Field(description="The field or parameter to blame, if one is; parts are joined by dots.")
    ] = None
