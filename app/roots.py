"""Which files of the server's machine may be added over HTTP: those in folders that the operator lists."""

from dataclasses import dataclass
from pathlib import Path

from retrieval.errors import InputError, PathNotAllowedError
from retrieval.path_text import meant


@dataclass(frozen=True, slots=True)
class MediaRoots:
    """Folders whose files may be added; None is every file that the server can read."""

    folders: tuple[Path, ...] | None

    def allowed(self, path: str) -> Path:
        """The file that may be added, without symbolic links where folders bound it.

        Raises InputError for a path that is not absolute, PathNotAllowedError for one that leads elsewhere,
        whether or not there is a file.
        """
        if "\0" in path or not Path(path).is_absolute():
            raise InputError(f"path {path!r} is not the absolute path of a file, as /videos/talk.mp4")
        if self.folders is None:
            return Path(meant(path))
        try:
            real = Path(meant(path)).resolve()
        except (OSError, RuntimeError) as error:
            raise PathNotAllowedError(self._refusal(path)) from error
        if not any(real.is_relative_to(folder.resolve()) for folder in self.folders):
            raise PathNotAllowedError(self._refusal(path))
        return real

    def _refusal(self, path: str) -> str:
        if not self.folders:
            return f"{path} may not be added by its path: the server has no MOMENTS_MEDIA_ROOTS; upload it instead"
        listed = ", ".join(str(folder) for folder in self.folders)
        return f"{path} may not be added: allowed are files in {listed} (MOMENTS_MEDIA_ROOTS)"
