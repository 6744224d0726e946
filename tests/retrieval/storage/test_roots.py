"""Which files may be added by path, and which may be read, whatever is put in their place."""

import os
import socket
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from retrieval.errors import (
    EndlessStreamError,
    InputError,
    MissingFileError,
    NotMediaError,
    PathNotAllowedError,
    UnreadableFileError,
)
from retrieval.storage.media_roots import MediaRoots


def test_without_folders_every_path_is_allowed_as_it_is() -> None:
    assert MediaRoots(None).allowed("/videos/../a.mp4") == Path("/videos/../a.mp4")


def test_a_file_in_a_listed_folder_is_allowed(tmp_path: Path) -> None:
    assert MediaRoots((tmp_path,)).allowed(f"{tmp_path}/b/../a.mp4") == tmp_path.resolve() / "a.mp4"


@pytest.mark.parametrize(
    "path", ["{root}/../secret.mp4", "/etc/passwd", "{root}x/a.mp4", "{root}/link/a.mp4", "{root}/loop"]
)
def test_a_path_that_leads_elsewhere_is_refused_whether_or_not_it_exists(tmp_path: Path, path: str) -> None:
    """``link`` is a symbolic link out of the folder, ``loop`` one to itself."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    (root / "loop").symlink_to(tmp_path / "other")
    (tmp_path / "other").symlink_to(root / "loop")
    with pytest.raises(PathNotAllowedError, match="allowed are files in"):
        MediaRoots((root,)).allowed(path.format(root=root))


def test_a_folder_may_be_listed_by_a_link_to_it(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert MediaRoots((tmp_path / "link",)).allowed(f"{tmp_path}/real/a.mp4").name == "a.mp4"


def test_with_no_folder_listed_nothing_is_allowed_and_the_setting_is_named() -> None:
    with pytest.raises(PathNotAllowedError, match="MOMENTS_MEDIA_ROOTS; upload it instead"):
        MediaRoots(()).allowed("/videos/a.mp4")


@pytest.mark.parametrize("path", ["a.mp4", "./a.mp4", "", "~/a.mp4", "/a\0b"])
def test_what_is_no_absolute_path_is_refused(path: str) -> None:
    with pytest.raises(InputError, match="is not the absolute path of a file"):
        MediaRoots(None).allowed(path)


def test_of_a_folder_that_holds_the_data_folder_only_media_that_came_are_read(tmp_path: Path) -> None:
    """The catalog, the token and clips lie there too; a root inside of it was meant by whoever listed it."""
    data_dir = tmp_path / "data"
    roots = MediaRoots((tmp_path, data_dir / "media"), data_dir)
    for name in ("server.token", "clips/a.mp4", "files/job/a.mp4", "media/a.mp4"):
        (data_dir / name).parent.mkdir(parents=True, exist_ok=True)
        (data_dir / name).write_text(name)
    (tmp_path / "link").symlink_to(data_dir / "server.token")
    for path in ("data/server.token", "data/clips/a.mp4", "data/files/job/a.mp4", "link"):
        with pytest.raises(PathNotAllowedError):
            roots.allowed(f"{tmp_path}/{path}")
    for path in ("data/server.token", "data/clips/a.mp4", "link"):
        with pytest.raises(PathNotAllowedError):
            roots.opened(tmp_path / path)
    assert roots.allowed(f"{data_dir}/media/a.mp4") == data_dir.resolve() / "media/a.mp4"
    for name in ("files/job/a.mp4", "media/a.mp4"):
        assert content(roots, data_dir / name) == name.encode()


@pytest.mark.parametrize("listed", [None, ()], ids=["any folder", "none"])
def test_what_came_to_the_data_folder_is_read_there_and_not_through_a_link(
    tmp_path: Path, listed: tuple[Path, ...] | None
) -> None:
    data_dir, secret = tmp_path / "data", tmp_path / "secret"
    secret.write_text("secret")
    (data_dir / "files" / "job").mkdir(parents=True)
    (data_dir / "files" / "job" / "a.mp4").write_text("a")
    (data_dir / "files" / "job" / "b.mp4").symlink_to(secret)
    roots = MediaRoots(listed, data_dir)
    assert content(roots, data_dir / "files" / "job" / "a.mp4") == b"a"
    with pytest.raises(PathNotAllowedError):
        roots.opened(data_dir / "files" / "job" / "b.mp4")


def test_links_from_root_to_root_are_followed(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        (folder / "deep").mkdir(parents=True)
    (other / "deep" / "a.mp4").write_text("a")
    (one / "deep" / "a.mp4").symlink_to(other / "deep" / "a.mp4")
    (one / "folder").symlink_to(other)
    (tmp_path / "listed").symlink_to(one)
    roots = MediaRoots((tmp_path / "listed", other))
    for path in (one / "deep" / "a.mp4", one / "folder" / "deep" / "a.mp4", tmp_path / "listed" / "folder/deep/a.mp4"):
        assert content(roots, path) == b"a"


@pytest.mark.parametrize("listed", [True, False], ids=["roots", "any folder"])
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("pipe", EndlessStreamError),
        ("socket", EndlessStreamError),
        ("device", EndlessStreamError),
        ("folder", NotMediaError),
        ("nothing", MissingFileError),
        ("unreadable", UnreadableFileError),
    ],
)
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, listed: bool, kind: str, error: type[Exception]) -> None:
    path = tmp_path / "a.mp4"
    roots = MediaRoots((tmp_path, Path("/dev")) if listed else None)
    with socket.socket(socket.AF_UNIX) as listening:
        match kind:
            case "nothing":
                pass
            case "pipe":
                os.mkfifo(path)
            case "socket":
                listening.bind(str(path))
            case "device":
                path = Path("/dev/zero")
            case "folder":
                path.mkdir()
            case "unreadable":
                path = tmp_path / ("a" * 300)
            case _:
                raise AssertionError(kind)
        with pytest.raises(error):
            roots.opened(path)


def test_a_pipe_that_takes_the_place_of_a_file_while_it_is_opened_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("a")
    before = path.stat()
    path.unlink()
    os.mkfifo(path)
    for roots in (MediaRoots(None), MediaRoots((tmp_path,))):
        with monkeypatch.context() as patched:
            patched.setattr(Path, "stat", lambda *_, **__: before)
            with pytest.raises(EndlessStreamError):
                roots.opened(path)


class Swapped:
    """root/in/a.mp4, which is "mine" or, after ``swap``, leads by a link in one of its places to a "secret"."""

    def __init__(self, tmp_path: Path, swapped: str) -> None:
        self.root, outside = tmp_path / "root", tmp_path / "outside"
        self.file = self.root / "in" / "a.mp4"
        for folder, text in ((self.root / "in", "mine"), (outside, "secret")):
            folder.mkdir(parents=True)
            (folder / "a.mp4").write_text(text)
        self._place = self.file if swapped == "file" else self.file.parent
        self._link, self._away = self.root / "link", self.root / "away"
        self._link.symlink_to(outside / "a.mp4" if swapped == "file" else outside)

    def swap(self) -> None:
        self._place.rename(self._away)
        self._link.rename(self._place)

    def swap_back(self) -> None:
        self._place.rename(self._link)
        self._away.rename(self._place)


@pytest.mark.parametrize("swapped", ["file", "folder"])
def test_a_swap_between_looking_and_opening_shows_nothing_of_what_lies_outside(
    tmp_path: Path, swapped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever somebody looks where the path leads, all is well; whenever it is opened, a link is in its place."""
    place, looked = Swapped(tmp_path, swapped), os.path.realpath
    place.swap()

    def look(path: Path, **how: bool) -> str:
        if Path(path) != place.file:
            return looked(path, **how)
        place.swap_back()
        real = looked(path)
        place.swap()
        return real

    monkeypatch.setattr(os.path, "realpath", look)
    with pytest.raises((PathNotAllowedError, MissingFileError)):
        MediaRoots((place.root,)).opened(place.file)


@pytest.mark.parametrize("swapped", ["file", "folder"])
def test_what_was_opened_is_what_is_read_however_often_it_is_swapped(tmp_path: Path, swapped: str) -> None:
    """A thread puts a link in the file's, or its folder's, place and takes it away, all the time."""
    place, ended = Swapped(tmp_path, swapped), threading.Event()

    def swap() -> None:
        while not ended.is_set():
            place.swap()
            place.swap_back()

    swapping = threading.Thread(target=swap)
    swapping.start()
    read, refused = Counter[bytes](), Counter[str]()
    try:
        until_s = time.monotonic() + 2
        while (read.total() < 100 or not refused["PathNotAllowedError"]) and time.monotonic() < until_s:
            try:
                with MediaRoots((place.root,)).opened(place.file) as file:
                    time.sleep(0.0005)
                    read[file.read()] += 1
            except (PathNotAllowedError, MissingFileError, UnreadableFileError) as error:
                refused[type(error).__name__] += 1
    finally:
        ended.set()
        swapping.join()
    assert set(read) <= {b"mine"}
    assert refused["PathNotAllowedError"]


def content(roots: MediaRoots, path: Path) -> bytes:
    with roots.opened(path) as file:
        return file.read()
