"""The one error tree. A message names what, which value and what would be allowed."""


class MomentsError(Exception):
    """Base of every error that Moments raises on purpose; ``code`` is stable, for programs."""

    code = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

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


class NotFoundError(MomentsError):
    """A video, model or file that does not exist."""

    code = "not_found"


class VideoNotFoundError(NotFoundError):
    code = "video_not_found"


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


class DataFolderBusyError(StorageError):
    """Another process owns the data folder for the time being."""

    code = "data_folder_busy"


class EncoderMismatchError(StorageError):
    """The index was made by other encoders than those the search would use."""

    code = "encoder_mismatch"
