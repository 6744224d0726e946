"""Which files may be added over HTTP."""

from pathlib import Path

import pytest

from app.roots import MediaRoots
from retrieval.errors import InputError, PathNotAllowedError


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
