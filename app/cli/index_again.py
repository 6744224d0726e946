"""Which videos are to be indexed again: files as arguments name them, videos of the library by reference, or all."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.cli.media_files import media_files
from indexer.media.indexed_file import indexed_file
from indexer.outcome import Outcome, Status
from retrieval.errors import MomentsError
from retrieval.storage.library import Library
from retrieval.storage.records import Failure, VideoRecord, VideoStatus


@dataclass(slots=True)
class Again:
    """Files to index again, each with the id of its video where it was found by that; and what cannot be."""

    files: dict[Path, str | None] = field(default_factory=dict)
    failed: list[Outcome] = field(default_factory=list)


def to_index_again(library: Library, references: Sequence[str]) -> Again:
    """What the references mean, everything in the library if there are none.

    A file, folder or glob is what `moments index` takes it for; else it is a video as other commands take it.
    Raises VideoNotFoundError or InputError for what is neither.
    """
    wanted = Again()
    if not references:
        records = library.catalog.get_many(library.catalog.ids()).values()
        add_videos(library, wanted, sorted(records, key=lambda record: record.path))
    for reference in references:
        files = [file for file in media_files((reference,)).files if os.path.lexists(file)]
        wanted.files |= dict.fromkeys(files)
        if not files and not Path(reference).is_dir():
            add_videos(library, wanted, [library.catalog.resolve(reference)])
    return wanted


def add_videos(library: Library, wanted: Again, records: Iterable[VideoRecord]) -> None:
    """Take up videos by the file in which each still lies."""
    for record in records:
        if record.status is VideoStatus.REMOVING:
            continue
        try:
            wanted.files[indexed_file(library.catalog, record)] = record.id
        except MomentsError as error:
            failure = Failure(error.code, f"cannot be indexed again: {error.message}")
            wanted.failed.append(Outcome(record.path, record.id, Status.FAILED, failure=failure))
