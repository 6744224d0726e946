"""What all bodies of requests have in common."""

from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema

_EXACT_TYPES = ("int", "float", "bool")
_NO_SCHEMAS = ("default", "metadata", "serialization")


def _make_exact(part: Any) -> None:
    """Make numbers and truths strict. Pydantic's own setting would refuse the texts of enums and dates, too."""
    if isinstance(part, dict):
        if part.get("type") in _EXACT_TYPES:
            part["strict"] = True
        for key, inner in part.items():
            if key not in _NO_SCHEMAS:
                _make_exact(inner)
    elif isinstance(part, list | tuple):
        for inner in part:
            _make_exact(inner)


class Body(BaseModel):
    """A body of a request, in which an unknown field is an error, and so is a number or a truth as a text."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        _make_exact(schema)
        return schema
