"""What this server runs on, as `GET /v1/system` says it."""

import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

from app.http.middleware import BODY_LIMIT_BYTES, QUERY_FILE_LIMIT_BYTES
from app.http.schemas.system import LaneAnswer, LibrarySize, RequestLimits, SystemAnswer
from indexer.reindex import outdated
from retrieval.asking.query import MAX_LIMIT
from retrieval.encoders.profiles import Resolved
from retrieval.errors import StorageError
from retrieval.lanes.lane_table import LANES
from retrieval.search import SearchEngine
from retrieval.storage.library import Library

_LIBRARIES = ("av", "dbos", "fastapi", "onnxruntime", "open_clip_torch", "openai-whisper", "openvino", "qdrant-client")


def system_answer(engine: SearchEngine, resolved: Resolved | None, own_version: str) -> SystemAnswer:
    """Profile, lanes, encoders, versions, limits and the size of the library."""
    return SystemAnswer(
        version=own_version,
        versions={"python": platform.python_version()} | _versions(),
        profile=engine.encoders.profile,
        profile_reason=resolved.reason if resolved else None,
        lanes=[
            LaneAnswer(
                lane=lane,
                name=spec.name,
                about=spec.about,
                unit=spec.unit,
                evidence=spec.evidence,
                colour=spec.colour,
            )
            for lane, spec in LANES.items()
        ],
        encoders={lane: engine.encoders.spec(lane).name for lane in LANES},
        library=library_size(engine),
        warnings=_warnings(engine.library),
        limits=RequestLimits(moments=MAX_LIMIT, body_bytes=BODY_LIMIT_BYTES, query_file_bytes=QUERY_FILE_LIMIT_BYTES),
    )


def _versions() -> dict[str, str]:
    """Of the libraries that are installed: those of the extra `models` may not be."""
    found = {}
    for name in _LIBRARIES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def library_size(engine: SearchEngine) -> LibrarySize:
    """How much can be searched."""
    totals, older = engine.library.catalog.totals(), outdated(engine.library, engine.encoders)
    return LibrarySize(
        videos=totals.videos,
        seconds=round(totals.duration_s, 3),
        windows=totals.windows,
        outdated=older.videos,
        outdated_lanes=dict(older.lanes),
    )


def _warnings(library: Library) -> list[str]:
    try:
        reason = library.shortfall().reason
    except StorageError as error:
        reason = error.message
    return [] if reason is None else [reason]
