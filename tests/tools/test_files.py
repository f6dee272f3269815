"""Files are replaced whole: links stay links, rights stay rights, and what is no file is left alone."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.files import write_whole


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def usual_rights() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_a_link_stays_and_what_it_points_at_is_written(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    file, link = tmp_path / "there" / "card", tmp_path / "link"
    link.symlink_to(file)
    for content in (b"new", b"newer"):
        write_whole(link, content)
        assert link.is_symlink()
        assert file.read_bytes() == content
    assert [path.name for path in file.parent.iterdir()] == ["card"]


@pytest.mark.parametrize("kind", ["folder", "pipe", "link to a pipe", "link to itself"])
def test_what_is_no_file_is_not_replaced(tmp_path: Path, kind: str) -> None:
    path, pipe = tmp_path / "given", tmp_path / "pipe"
    os.mkfifo(pipe)
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            pipe.rename(path)
        case "link to a pipe":
            path.symlink_to(pipe)
        case _:
            path.symlink_to(path)
    before = path.lstat()
    with pytest.raises(OSError, match=r"not a regular file|Too many levels") as caught:
        write_whole(path, b"new")
    assert caught.value.filename == str(path)
    assert (path.lstat().st_ino, path.lstat().st_mode) == (before.st_ino, before.st_mode)
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize("before", [None, 0o640, 0o600])
@pytest.mark.parametrize("private", [False, True])
def test_rights_stay_as_they_were_and_a_private_file_is_its_owners_alone(
    tmp_path: Path, before: int | None, private: bool
) -> None:
    path = tmp_path / "card"
    if before is not None:
        path.touch()
        path.chmod(before)
    write_whole(path, b"new", private=private)
    assert rights(path) == (0o600 if private else before or 0o644)


def test_a_file_that_can_not_be_written_is_named_as_it_was_given(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        write_whole(tmp_path / "none" / "card", b"new")
    assert caught.value.filename == str(tmp_path / "none" / "card")
