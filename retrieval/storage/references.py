"""How a user points at videos: by id, by path, by glob. Pure functions over ids and paths."""

import os
import unicodedata
from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePath

from retrieval.errors import InputError, VideoNotFoundError

_MIN_PREFIX = 4
_NAMED_AT_MOST = 5


def matches_glob(path: str, glob: str) -> bool:
    """Whether the glob describes the path. ``*`` crosses folders; a relative glob may start in any folder."""
    if fnmatchcase(path, glob):
        return True
    return not glob.startswith(("/", "*")) and fnmatchcase(path, f"*/{glob}")


def shown_path(paths: Sequence[str], wanted: Collection[str], glob: str | None) -> str:
    """The first of a video's paths that is one of those wanted, or that the glob describes; else its first."""
    matching = (path for path in paths if (not wanted or path in wanted) and (glob is None or matches_glob(path, glob)))
    return next(matching, paths[0])


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
    tail = PurePath(reference).parts
    ways = (
        [video for video in videos if video[0] == reference],
        [video for video in videos if video[1] in paths],
        [video for video in videos if len(reference) >= _MIN_PREFIX and video[0].startswith(reference.lower())],
        [video for video in videos if tail and PurePath(video[1]).parts[-len(tail) :] == tail],
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


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
