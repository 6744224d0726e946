"""What people can do about a file that could not be indexed, by the code of the error."""

from collections.abc import Mapping

from retrieval import errors

_CONVERT = (
    "If a player shows it, convert it, for example to MP4 with H.264 and AAC, and add that; else get a whole copy."
)
_READD = (
    "Check that it is the file that was meant. If not, remove it from the list; if so, convert it to MP4 and add that."
)
_OPERATOR = "Ask whoever runs the server: the setting is named in the message."
_DOCTOR = "Run `moments doctor`, do what it says, then try again."
_MODELS = "Run `moments models pull`, or choose another profile, then try again."

ADVICE: Mapping[str, str] = {
    errors.MediaError.code: _CONVERT,
    errors.MissingFileError.code: "Put the file back where it was, or add it where it lies now.",
    errors.UnreadableFileError.code: "Let the user that Moments runs as read the file, then try again.",
    errors.EmptyFileError.code: "There is nothing in the file: copy it again from where it came, and add that.",
    errors.NotMediaError.code: _READD,
    errors.EndlessStreamError.code: "Record it into a file that ends, and add that.",
    errors.UndecodableError.code: _CONVERT,
    errors.DecoderFailedError.code: _CONVERT,
    errors.DecoderCrashedError.code: _CONVERT,
    errors.DecoderHungError.code: f"{_CONVERT} A slow disk can be given more time (MOMENTS_DECODE_PATIENCE_S).",
    errors.DecoderLimitError.code: (
        "Give it more room (MOMENTS_DECODE_MEMORY_GB, MOMENTS_DECODE_OUTPUT_GB) and try again, or make it smaller."
    ),
    errors.WorkerDiedError.code: (
        "Try again with fewer videos at a time and memory to spare (MOMENTS_INDEX_WORKERS). If it dies again, convert "
        "the file and add that."
    ),
    errors.ExportFailedError.code: "Export fewer moments, or in another format.",
    errors.DownloadError.code: "Open the address in a browser: if it gives the file itself, try again.",
    errors.ForbiddenError.code: _OPERATOR,
    errors.PathNotAllowedError.code: "Move the file into a folder of MOMENTS_MEDIA_ROOTS, or upload it.",
    errors.UrlNotAllowedError.code: "Upload the file instead, or allow private addresses (MOMENTS_ALLOW_PRIVATE_URLS).",
    errors.ConflictError.code: "Try again.",
    errors.VideoFileChangedError.code: "Add the file once more, when nothing writes to it.",
    errors.WrongOffsetError.code: "Upload the file again.",
    errors.ModelError.code: _MODELS,
    errors.ModelUnavailableError.code: _MODELS,
    errors.ModelCorruptError.code: "Run `moments models verify`, fetch anew what it names, then try again.",
    errors.StorageError.code: _DOCTOR,
    errors.StorageFullError.code: "Free some space on the disk of the data folder, then try again.",
    errors.VectorsDamagedError.code: "Run `moments doctor --repair`, then try again.",
    errors.DataFolderBusyError.code: "Wait until the other command has ended, then try again.",
    errors.OtherDataFolderError.code: "Give each library a database of its own, then try again.",
    errors.EncoderMismatchError.code: "Use the profile that the library was indexed with, or run `moments reindex`.",
    errors.INTERNAL_ERROR: "Try again. If it fails again, the log has what a report needs.",
}
"""For every error that can end the indexing of a file."""


def what_to_do(code: str) -> str:
    """The advice for an error's code; for one that only another version knows, to try again with this one."""
    return ADVICE.get(code, "Another version of Moments failed at it: try again with this one.")
