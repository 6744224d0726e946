"""Queries that come with a file: a picture, a sound, or a recording of somebody who says the words."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from retrieval.asking.examples import with_picture, with_sound
from retrieval.asking.media_input import FileOrBytes
from retrieval.asking.query import Query, parse_term
from retrieval.asking.spoken import transcribe_query
from retrieval.domain import Answer, Gone, never
from retrieval.errors import InputError
from retrieval.search import SearchEngine


class QueryFileKind(StrEnum):
    """What a query's file is."""

    IMAGE = "image"
    SOUND = "sound"
    SPOKEN = "spoken"


@dataclass(frozen=True, slots=True)
class QueryFile:
    """A file that belongs to the first step of a query."""

    kind: QueryFileKind
    source: FileOrBytes


def search_with(engine: SearchEngine, query: Query, file: QueryFile, gone: Gone = never) -> Answer:
    """The answer to the query with the file for its first step, whose words may be empty.

    Raises InputError or QueryError for a file that cannot be read or tells nothing, HungUpError once ``gone`` says so.
    """
    first, *then = query.steps
    if first.like is not None:
        raise InputError("a query is either like a clip or like a file; give one of them")
    match file.kind:
        case QueryFileKind.SPOKEN:
            if first.text:
                raise InputError(f"a spoken query brings its own words; leave out {first.text!r}")
            transcript = transcribe_query(file.source, engine.encoders, gone)
            answer = engine.search(replace(query, steps=(parse_term(transcript.text), *then)), gone)
            return replace(answer, transcript=transcript)
        case QueryFileKind.IMAGE:
            first = with_picture(first, file.source, engine.encoders)
        case QueryFileKind.SOUND:
            first = with_sound(first, file.source, engine.encoders)
        case _:
            assert_never(file.kind)
    return engine.search(replace(query, steps=(first, *then)), gone)
