"""Where it is not known what is spoken when: videos that were indexed before the index told."""

from dataclasses import replace
from typing import TYPE_CHECKING

from retrieval.video_filter import VideoFilter

if TYPE_CHECKING:
    from retrieval.storage.catalog import Catalog


def spoken_unknown(where: VideoFilter, catalog: "Catalog") -> tuple[str, ...]:
    """A warning if the filter asks for a language or a speaker, and some of the other videos it means cannot tell."""
    if not (where.languages or where.speakers):
        return ()
    rest = replace(where, languages=(), speakers=())
    unknown = catalog.speech.unknown_in(catalog.searched(rest) if rest.in_words() else None)
    if not unknown:
        return ()
    videos = "1 video was" if unknown == 1 else f"{unknown:,} videos were"
    return (
        f"not searched: {videos} indexed before it was known what is spoken when, and by whom; "
        "`moments reindex` brings all up to date, `moments reindex VIDEO` one",
    )
