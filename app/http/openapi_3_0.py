"""The description in the words of OpenAPI 3.0, which is what the installed Swagger UI reads."""

from typing import Any

_NULL = {"type": "null"}


def in_3_0(description: dict[str, Any]) -> dict[str, Any]:
    """The same description; what 3.0 has no words for, such as a summary of it all, is left out."""
    info = {name: value for name, value in description["info"].items() if name != "summary"}
    told: dict[str, Any] = _told(description)
    return {**told, "openapi": "3.0.3", "info": info}


def _told(part: Any) -> Any:
    if isinstance(part, list):
        return [_told(item) for item in part]
    if not isinstance(part, dict):
        return part
    told = {name: _told(value) for name, value in part.items()}
    for words in ("anyOf", "oneOf"):
        kinds = told.get(words)
        if isinstance(kinds, list) and _NULL in kinds:
            told[words] = [kind for kind in kinds if kind != _NULL]
            told["nullable"] = True
    if isinstance(told.get("examples"), list):
        told["example"] = (told.pop("examples") or [None])[0]
    if "const" in told and "type" in told:
        told["enum"] = [told.pop("const")]
    for limit, inclusive in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(told.get(limit), int | float) and not isinstance(told[limit], bool):
            told |= {inclusive: told[limit], limit: True}
    if "contentMediaType" in told:
        told |= {"format": "binary"}
    return told
