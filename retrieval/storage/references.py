"""How a user points at videos: by id, by path, by glob. Pure functions over ids and paths."""

import os
import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from fnmatch import translate
from pathlib import PurePath
from typing import TypeVar

from retrieval.errors import InputError, VideoNotFoundError
from retrieval.path_text import composed, readable, spellings
from retrieval.video_filter import require_short

_MIN_PREFIX = 4
_NAMED_AT_MOST = 5

Named = TypeVar("Named")


def matching(globs: Collection[str], named: Sequence[tuple[str, Named]]) -> list[Named]:
    """What is named by a path that one of the globs describes, in order; all of it without globs.

    ``*`` crosses folders; a relative glob may start in any folder. Where ``[…]`` as a choice of characters
    describes none of the paths, brackets stand for themselves. Raises InputError for globs that are too long.
    """
    if not globs:
        return [value for _, value in named]
    require_short(globs)
    spelt = [{path, _composed(path)} for path, _ in named]
    described = {number for glob in globs for number in _described(composed(glob), spelt)}
    return [value for number, (_, value) in enumerate(named) if number in described]


def _described(glob: str, spelt: Sequence[Collection[str]]) -> list[int]:
    """Which of the paths, each in its spellings, the glob describes."""
    for reading in (glob, glob.replace("[", "[[]")):
        describes = _pattern(reading)
        if found := [number for number, ways in enumerate(spelt) if any(map(describes, ways))]:
            return found
    return []


def _pattern(glob: str) -> Callable[[str], bool]:
    # Stars in a row say no more than one, and take a matcher time for each.
    single = re.sub(r"\*+", "*", glob)
    globs = [single] if single.startswith(("/", "*")) else [single, f"*/{single}"]
    patterns = [re.compile(translate(one)) for one in globs]
    return lambda path: any(pattern.match(path) for pattern in patterns)


def shown_path(paths: Sequence[str], wanted: Collection[str], globs: Collection[str]) -> str:
    """The first of a video's paths that is one of those wanted and that a glob describes; else its first."""
    meant = spellings(wanted)
    named = [(path, path) for path in paths if not wanted or path in meant]
    return next(iter(matching(globs, named)), paths[0])


def has_words(text: str, words: str) -> bool:
    """Whether all of the words stand in the text, in whatever case and however accents are encoded."""
    plain = _plain(text)
    return all(word in plain for word in _plain(words).split())


def resolve(reference: str, videos: Sequence[tuple[str, str]]) -> str:
    """The id among these (id, path) pairs that is meant by an id, its start, a path, or a path's end.

    An id stands there with each of its paths. What matches in an earlier way wins over later ways.
    Raises VideoNotFoundError if nothing matches, InputError if several videos do.
    """
    if "\0" in reference:
        raise _not_found(reference)
    paths = {reference, os.path.abspath(reference), os.path.realpath(reference)}  # noqa: PTH100
    composed = {_composed(path) for path in paths}
    tail = PurePath(_composed(reference)).parts
    ways = (
        [video for video in videos if video[0] == reference],
        [video for video in videos if video[1] in paths],
        [video for video in videos if len(reference) >= _MIN_PREFIX and video[0].startswith(reference.lower())],
        [video for video in videos if _composed(video[1]) in composed],
        [video for video in videos if tail and PurePath(_composed(video[1])).parts[-len(tail) :] == tail],
    )
    for pairs in ways:
        found = list(dict(pairs).items())
        if len(found) == 1:
            return found[0][0]
        if found:
            named = ", ".join(f"{video_id} ({path})" for video_id, path in found[:_NAMED_AT_MOST])
            more = f" and {len(found) - _NAMED_AT_MOST} more" if len(found) > _NAMED_AT_MOST else ""
            raise InputError(f"{reference!r} may mean {len(found)} videos: {named}{more}; give an id")
    raise _not_found(reference)


def _not_found(reference: str) -> VideoNotFoundError:
    return VideoNotFoundError(
        f"no video {reference!r} in the library; give an id, its first {_MIN_PREFIX} digits or more, "
        "a path or a file name, as `moments videos` lists them"
    )


def _composed(path: str) -> str:
    """The path as people write it: accents in one character with their letter, undecodable bytes as ``\\xNN``."""
    return composed(readable(path))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
