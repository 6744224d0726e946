"""What the page says that the server takes is what the server takes."""

import re
from dataclasses import fields

from app.http.middleware import QUERY_FILE_LIMIT_BYTES
from app.http.schemas.videos import MAX_TAG_CHARS, MAX_TITLE_CHARS
from retrieval.asking.media_input import SPOKEN_USED_S
from retrieval.asking.query import MAX_QUERY_CHARS, MAX_STEPS, Query
from retrieval.speaker_names import MAX_NAME_CHARS
from tests.places import ROOT

JS = ROOT / "app" / "web" / "js"


def numbers(file: str) -> dict[str, float]:
    """Constants that a script exports as numbers, by name."""
    script = (JS / file).read_text(encoding="utf-8")
    return {name: float(value) for name, value in re.findall(r"^export const ([A-Z_]+) = ([\d_.]+);$", script, re.M)}


def test_the_page_knows_the_limits_of_the_server() -> None:
    assert numbers("limits.js") == {
        "QUERY_CHARS": MAX_QUERY_CHARS,
        "STEPS": MAX_STEPS,
        "QUERY_FILE_BYTES": QUERY_FILE_LIMIT_BYTES,
        "SPOKEN_S": SPOKEN_USED_S,
        "TITLE_CHARS": MAX_TITLE_CHARS,
        "TAG_CHARS": MAX_TAG_CHARS,
        "NAME_CHARS": MAX_NAME_CHARS,
    }


def test_steps_follow_within_the_same_time_where_nobody_says_otherwise() -> None:
    (within_s,) = (field.default for field in fields(Query) if field.name == "within_s")
    assert numbers("search/search-state.js")["DEFAULT_WITHIN_S"] == within_s
