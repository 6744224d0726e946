"""Lanes that cannot be searched: their vectors are lost or damaged, or were made by other encoders."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from retrieval.domain import Lane
from retrieval.errors import EncoderMismatchError
from retrieval.lanes.lane_table import LANES
from retrieval.storage.records import VideoStatus
from retrieval.storage.vectors import VectorStore

if TYPE_CHECKING:
    from retrieval.encoders.profiles import Encoders
    from retrieval.storage.catalog import Catalog

LOST = "the vectors are lost; `moments doctor --repair` makes them anew"


def lost_lanes(catalog: "Catalog", store: VectorStore, encoders: "Encoders") -> frozenset[Lane]:
    """The lanes whose vectors are not there any more.

    Raises EncoderMismatchError if the index was made by other encoders than these.
    """
    present = store.spaces()
    missing = {lane for lane in Lane if encoders.spec(lane).space not in present}
    if not missing:
        return frozenset()
    written = catalog.vector_totals()
    lost = frozenset(lane for lane in missing if encoders.spec(lane).space in written)
    if any(LANES[lane].is_in_every_index for lane in missing - lost):
        raise _mismatch(catalog, encoders)
    return lost


def warnings_of(unread: Sequence[Mapping[Lane, str]]) -> tuple[str, ...]:
    """What could not be searched for one thing or another, and why, each once."""
    return tuple(dict.fromkeys(told for one in unread for told in in_words(one)))


def in_words(unread: Mapping[Lane, str]) -> list[str]:
    """A line for each reason, of the lanes that could not be read for it."""
    reasons = dict.fromkeys(unread[lane] for lane in sorted(unread))
    return [
        f"not searched: {', '.join(lane for lane in sorted(unread) if unread[lane] == why)}: {why}" for why in reasons
    ]


def _mismatch(catalog: "Catalog", encoders: "Encoders") -> EncoderMismatchError:
    page = catalog.videos(1, status=VideoStatus.INDEXED)
    made_by = page.videos[0].profile if page.videos else None
    profile = encoders.profile
    again = f"index again with `moments --profile {profile} index --again`"
    if made_by in (None, profile):
        return EncoderMismatchError(f"the index was made by other models of profile {profile} than these; {again}")
    return EncoderMismatchError(
        f"the index was made by profile {made_by}, the search would use {profile}; "
        f"search with `moments --profile {made_by} search …`, or {again}"
    )
