"""The one error tree. A message names what, which value and what would be allowed."""

import logging
from collections.abc import Callable

from retrieval.path_text import readable

MOST_CHARACTERS = 2_000
"""Of a text that tells of an error, wherever it leaves: a library may quote half a megabyte of its own state."""

_ENDING = 500

INTERNAL_ERROR = "internal_error"
"""The code of an error that nobody foresaw, which is none of this tree."""

_log = logging.getLogger(__name__)


def shortened(text: str) -> str:
    """The text, or its beginning and end with a note between of how much is only in the log."""
    if len(text) <= MOST_CHARACTERS:
        return text
    note = f" … [{len(text):,} characters in all: see the log] … "
    return text[: MOST_CHARACTERS - _ENDING - len(note)] + note + text[-_ENDING:]


def system_text(error: OSError) -> str:
    """What the operating system refused, and of which file."""
    return f"{error.filename}: {error.strerror}" if error.filename is not None else str(error)


class MomentsError(Exception):
    """Base of every error that Moments raises on purpose; ``code`` is stable, for programs.

    A message that is too long to leave is shortened, and all of it goes to the log.
    """

    code = "error"

    def __init__(self, message: str) -> None:
        message = readable(message)
        self.message = shortened(message)
        if self.message != message:
            _log.warning("%s: %s", self.code, message)
        super().__init__(self.message)

    def __reduce__(self) -> tuple[type["MomentsError"], tuple[str]]:
        return type(self), (self.message,)


class InputError(MomentsError):
    """The caller asked for something that cannot be: wrong value, unknown name."""

    code = "invalid_input"


class QueryError(InputError):
    """A query that cannot be searched for: empty, too long, nothing but punctuation."""

    code = "invalid_query"


class CursorError(InputError):
    """A cursor that no page gave, or that belongs to another query."""

    code = "invalid_cursor"


class CursorExpiredError(InputError):
    """A cursor from before the library changed."""

    code = "cursor_expired"


class UnauthorizedError(MomentsError):
    """A request without a key that is known, where one is needed."""

    code = "unauthorized"


class ForbiddenError(MomentsError):
    """Something that is refused to whoever asks."""

    code = "forbidden"


class PathNotAllowedError(ForbiddenError):
    """A file outside the folders whose files may be added."""

    code = "path_not_allowed"


class TooManyAttemptsError(MomentsError):
    """Too many keys that were wrong."""

    code = "too_many_attempts"


class UrlNotAllowedError(ForbiddenError):
    """An address inside a private network."""

    code = "url_not_allowed"


class ConflictError(MomentsError):
    """Something that cannot be done in the state that the thing is in."""

    code = "conflict"


class VideoFileChangedError(ConflictError):
    """The video's file is not the one that was indexed any more."""

    code = "video_file_changed"


class WrongOffsetError(ConflictError):
    """A part of an upload that does not go on where the last one ended."""

    code = "wrong_offset"


class GoneError(MomentsError):
    """Something that was there and will not come back."""

    code = "gone"


class TooLargeError(MomentsError):
    """More bytes than are taken."""

    code = "too_large"


class UnsupportedTypeError(MomentsError):
    """A body of a kind that is not taken."""

    code = "unsupported_media_type"


class UploadProtocolError(MomentsError):
    """A request in another version of the tus protocol."""

    code = "unsupported_version"


class UploadHeaderError(MomentsError):
    """A header of the tus protocol that says nothing that the server can do."""

    code = "invalid_upload_header"


class ChecksumError(MomentsError):
    """Bytes that differ from their checksum."""

    code = "checksum_mismatch"


class DownloadError(MomentsError):
    """An address from which no whole file came."""

    code = "download_failed"


class NotFoundError(MomentsError):
    """A video, model or file that does not exist."""

    code = "not_found"


class VideoNotFoundError(NotFoundError):
    code = "video_not_found"


class SpeakerNotFoundError(NotFoundError):
    """A voice that a video does not have, or a name that nobody gave to one."""

    code = "speaker_not_found"


class VideoFileGoneError(NotFoundError):
    """The video is indexed, and its file has been moved or deleted since."""

    code = "video_file_gone"


class NoPictureError(NotFoundError):
    """A picture of a video that has none."""

    code = "no_picture"


class NothingSaidError(NotFoundError):
    """Subtitles of what has no speech, in a format that cannot say so."""

    code = "nothing_said"


class MediaError(MomentsError):
    """A file that cannot be indexed; nothing of it stays in the index."""

    code = "media_error"


class MissingFileError(MediaError):
    code = "file_not_found"


class UnreadableFileError(MediaError):
    """The file exists but this user may not read it."""

    code = "permission_denied"


class EmptyFileError(MediaError):
    code = "empty_file"


class NotMediaError(MediaError):
    """Not a media file, whatever its name says."""

    code = "not_media"


class EndlessStreamError(MediaError):
    """A pipe, device or playlist: something with no end to index up to."""

    code = "endless_stream"


class UndecodableError(MediaError):
    """A media file of which nothing decodes."""

    code = "undecodable"


class DecoderFailedError(MediaError):
    """A file that was too much for the process that read it; it is not to be read again without reason."""

    code = "decoder_failed"


class DecoderCrashedError(DecoderFailedError):
    """The process that read the file died of it."""

    code = "decoder_crashed"


class DecoderHungError(DecoderFailedError):
    """The process that read the file went on for too long without getting on."""

    code = "decoder_hung"


class DecoderLimitError(DecoderFailedError):
    """Reading the file takes more memory, time or space on disk than one file may have."""

    code = "decoder_limit"


class WorkerDiedError(MediaError):
    """A file at which the whole process died that indexed it, more than once."""

    code = "worker_died"


class ExportFailedError(MediaError):
    """Moments that cannot be made into a file."""

    code = "export_failed"


class TooBusyError(MomentsError):
    """More work than this machine takes on at a time; ``retry_after_s`` is when to ask again."""

    code = "too_busy"
    retry_after_s = 5


class HungUpError(MomentsError):
    """Work that was stopped, for whoever asked for it has gone away."""

    code = "hung_up"


class ModelError(MomentsError):
    """A model that cannot be loaded or used."""

    code = "model_error"


class ModelUnavailableError(ModelError):
    """Weights that are neither on disk nor to be fetched."""

    code = "model_unavailable"


class ModelCorruptError(ModelError):
    """Weights on disk that differ from what the registry expects."""

    code = "model_corrupt"


class StorageError(MomentsError):
    code = "storage_error"


class StorageAwayError(StorageError):
    """A server of a database that does not answer: it may be starting again."""


class StorageFullError(StorageError):
    """A disk with no room for a file."""

    code = "storage_full"


class VectorsDamagedError(StorageError):
    """Vectors that are there and cannot be read."""

    code = "vectors_damaged"


class DataFolderBusyError(StorageError):
    """Another process owns the data folder for the time being."""

    code = "data_folder_busy"


class OtherDataFolderError(StorageError):
    """The database belongs to another data folder than the one that it was opened with."""

    code = "other_data_folder"


class EncoderMismatchError(StorageError):
    """The index was made by other encoders than those the search would use."""

    code = "encoder_mismatch"


def go_on_unless(gone: Callable[[], bool]) -> None:
    """Raises HungUpError if nobody waits for the answer any more."""
    if gone():
        raise HungUpError("whoever asked has gone away")
