"""The options by which commands choose among the videos of the library."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

import click

from retrieval.video_filter import VideoFilter, parse_time, period

Returned = TypeVar("Returned")

_OPTIONS = (
    click.option("--video", "video_ids", metavar="VIDEO", multiple=True, help="Only this video; repeatable."),
    click.option(
        "--path",
        "path_globs",
        metavar="GLOB",
        multiple=True,
        help='Only videos whose path matches, as "*/talks/*.mp4"; repeatable: one match is enough.',
    ),
    click.option(
        "--tag",
        "tags",
        metavar="TAG",
        multiple=True,
        help="Only videos with this tag; repeatable: with all of these tags.",
    ),
    click.option(
        "--any-tag",
        "any_tags",
        metavar="TAG",
        multiple=True,
        help="Only videos with this tag; repeatable: with at least one of these tags.",
    ),
    click.option(
        "--recorded-from",
        metavar="WHEN",
        help="Only videos recorded on or after this day or time, as 2026-05-31 or 2026-05-31T14:30:00Z; in UTC.",
    ),
    click.option(
        "--recorded-to", metavar="WHEN", help="Only videos recorded on or before this day or time; a day is all of it."
    ),
    click.option(
        "--language",
        "languages",
        metavar="LANGUAGE",
        multiple=True,
        help="Only where this language is spoken, as de or German; repeatable: one of these languages.",
    ),
    click.option(
        "--speaker",
        "speakers",
        metavar="NAME",
        multiple=True,
        help="Only where this speaker speaks, by the name that somebody gave; repeatable: one of these speakers.",
    ),
)


def filter_options(command: Callable[..., Returned]) -> Callable[..., Returned]:
    """The command with the options of a filter, which it is given as ``where``.

    Raises InputError for what a filter refuses.
    """

    @wraps(command)
    def with_filter(
        *arguments: object,
        video_ids: tuple[str, ...],
        path_globs: tuple[str, ...],
        tags: tuple[str, ...],
        any_tags: tuple[str, ...],
        recorded_from: str | None,
        recorded_to: str | None,
        languages: tuple[str, ...],
        speakers: tuple[str, ...],
        **options: object,
    ) -> Returned:
        first, last = (None if text is None else parse_time(text) for text in (recorded_from, recorded_to))
        where = VideoFilter(
            video_ids,
            path_globs,
            tags,
            any_tags=any_tags,
            recorded=period(first, last),
            languages=languages,
            speakers=speakers,
        )
        return command(*arguments, where=where, **options)

    for option in reversed(_OPTIONS):
        option(with_filter)
    return with_filter
