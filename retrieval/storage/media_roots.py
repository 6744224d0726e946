"""Which files of this machine may be read, and how one is opened so that what was checked is what is read.

A path says nothing of what lies there a moment later: whoever can write beside a video can put a symbolic link in its
place. So a file is opened on its real path, folder by folder and through no link, and read from what was opened.
"""

import errno
import os
import stat
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from retrieval.errors import (
    EndlessStreamError,
    InputError,
    MissingFileError,
    NotMediaError,
    PathNotAllowedError,
    UnreadableFileError,
)
from retrieval.path_text import meant

# Not waiting for the other end, if it is a pipe by now.
_READING = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_BINARY", "O_CLOEXEC", "O_NOCTTY", "O_NONBLOCK"))
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_IS_WALKED = os.open in os.supports_dir_fd
"""Windows opens no file from a folder that is open; links are rare there, and need a right of their own."""


@dataclass(frozen=True, slots=True)
class MediaRoots:
    """Folders whose files may be read; None is every file.

    Of the data folder, which may lie in one of them, only media that came by upload or from an address may be.
    """

    folders: tuple[Path, ...] | None = None
    data_dir: Path | None = None

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
        if self._root_of(real) is None:
            raise PathNotAllowedError(self._refusal(path))
        return real

    def check(self, path: Path) -> None:
        """Raises PathNotAllowedError for a path that leads, by now, where no file may be read."""
        if self._is_bound(path):
            self._way_to(path)

    def opened(self, path: Path) -> FileIO:
        """The file, open, whatever is put in its place from here on; who reads it reads nothing but this.

        Raises PathNotAllowedError if it lies elsewhere by now, MissingFileError, UnreadableFileError, NotMediaError
        for a folder and EndlessStreamError for a pipe or a device.
        """
        try:
            self.check(path)
            _refuse_others(path, path.stat())
            descriptor = self._descriptor(path)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise MissingFileError(f"{path} does not exist") from error
        except OSError as error:
            if error.errno == errno.ELOOP and self._is_bound(path):
                raise PathNotAllowedError(self._refusal(str(path))) from error
            raise UnreadableFileError(f"{path} cannot be read: {error.strerror}") from error
        try:
            _refuse_others(path, os.fstat(descriptor))
        except BaseException:
            os.close(descriptor)
            raise
        # The name stays with it: by its ending, demuxers guess.
        return FileIO(str(path), opener=lambda *_: descriptor)

    def _descriptor(self, path: Path) -> int:
        if not self._is_bound(path):
            return os.open(path, _READING)
        root, real = self._way_to(path)
        if not _IS_WALKED or real == root:
            return os.open(real, _READING | _NO_LINK)
        *folders, name = real.relative_to(root).parts
        at = os.open(root, _FOLDER)
        try:
            for folder in folders:
                inner = os.open(folder, _FOLDER | _NO_LINK, dir_fd=at)
                os.close(at)
                at = inner
            return os.open(name, _READING | _NO_LINK, dir_fd=at)
        finally:
            os.close(at)

    def _way_to(self, path: Path) -> tuple[Path, Path]:
        """The folder that bounds the file, and where it really lies. Raises PathNotAllowedError."""
        real = Path(os.path.realpath(path))
        root = self._root_of(real)
        if root is None and self.data_dir is not None:
            came = self._came_to(self.data_dir).resolve()
            root = came if real.is_relative_to(came) else None
        if root is None:
            raise PathNotAllowedError(self._refusal(str(path)))
        return root, real

    def _root_of(self, real: Path) -> Path | None:
        """The innermost of the folders that the real path lies in; None also inside the data folder."""
        roots = [folder.resolve() for folder in self.folders or ()]
        inside = [root for root in roots if real.is_relative_to(root)]
        root = max(inside, key=lambda root: len(root.parts), default=None)
        if root is not None and self.data_dir is not None:
            data_dir = self.data_dir.resolve()
            if real.is_relative_to(data_dir) and data_dir.is_relative_to(root):
                return None
        return root

    def _is_bound(self, path: Path) -> bool:
        is_ours = self.data_dir is not None and path.is_relative_to(self._came_to(self.data_dir))
        return self.folders is not None or is_ours

    @staticmethod
    def _came_to(data_dir: Path) -> Path:
        return data_dir / "files"

    def _refusal(self, path: str) -> str:
        if self.folders is None:
            return f"{path} leads out of the data folder, by a link that was put there"
        if not self.folders:
            return f"{path} may not be read by its path: the server has no MOMENTS_MEDIA_ROOTS; upload it instead"
        listed = ", ".join(str(folder) for folder in self.folders)
        return f"{path} may not be read: allowed are files in {listed} (MOMENTS_MEDIA_ROOTS)"


ANYWHERE = MediaRoots()
"""Every file that this user can read."""


def _refuse_others(path: Path, about: os.stat_result) -> None:
    if stat.S_ISDIR(about.st_mode):
        raise NotMediaError(f"{path} is a folder; give the path of a file")
    if not stat.S_ISREG(about.st_mode):
        raise EndlessStreamError(f"{path} is a pipe or device, which has no end; give a regular file")
