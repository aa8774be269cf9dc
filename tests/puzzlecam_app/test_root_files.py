"""Files below a folder are opened there, whatever links are put in the way, and at whatever moment."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from puzzlecam_app import root_files
from puzzlecam_app.errors import UserError
from puzzlecam_app.root_files import LEADS_OUT, LeadsOutError, RootFiles


@pytest.fixture(params=["from open folders", "checked"])
def root(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file, next to one with a secret; opened in both ways."""
    if request.param == "checked":
        monkeypatch.setattr(root_files, "_OPENS_FROM_FOLDERS", False)
    elif not root_files._OPENS_FROM_FOLDERS:
        pytest.skip("this system cannot open a name from an open folder")
    (tmp_path / "root" / "sub").mkdir(parents=True)
    (tmp_path / "root" / "sub" / "a.txt").write_text("a")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "secret.txt").write_text("secret")
    return tmp_path / "root"


def test_a_file_is_read(root: Path) -> None:
    assert RootFiles(root).read("sub/a.txt") == b"a"


def test_the_root_itself_may_be_a_link(root: Path) -> None:
    (root.parent / "link").symlink_to(root)
    assert RootFiles(root.parent / "link").read("sub/a.txt") == b"a"


INSIDE: dict[str, Callable[[Path], None]] = {
    "a link to a file": lambda root: (root / "b.txt").symlink_to("sub/a.txt"),
    "a link through the folder above": lambda root: (root / "sub" / "b.txt").symlink_to("../sub/a.txt"),
    "an absolute link": lambda root: (root / "b.txt").symlink_to(root / "sub" / "a.txt"),
    "a link to a link": lambda root: (
        (root / "c.txt").symlink_to("sub/a.txt"),
        (root / "b.txt").symlink_to("c.txt"),
    ),
    "a link to a folder": lambda root: (root / "other").symlink_to("sub"),
}


@pytest.mark.parametrize("kind", INSIDE)
def test_links_inside_the_folder_are_followed(kind: str, root: Path) -> None:
    INSIDE[kind](root)
    (path,) = (path for path in ("b.txt", "sub/b.txt", "other/a.txt") if (root / path).exists())
    assert RootFiles(root).read(path) == b"a"


def test_an_absolute_link_into_a_root_that_is_a_link_is_followed(root: Path) -> None:
    (root.parent / "link").symlink_to(root)
    (root / "b.txt").symlink_to(root.parent / "link" / "sub" / "a.txt")
    assert RootFiles(root.parent / "link").read("b.txt") == b"a"


OUTSIDE: dict[str, Callable[[Path], None]] = {
    "a link": lambda root: (root / "b.txt").symlink_to("../out/secret.txt"),
    "an absolute link": lambda root: (root / "b.txt").symlink_to(root.parent / "out" / "secret.txt"),
    "a link to a link": lambda root: (
        (root / "c").symlink_to("../out"),
        (root / "b.txt").symlink_to("c/secret.txt"),
    ),
    "a folder": lambda root: (root / "c").symlink_to("../out"),
}


@pytest.mark.parametrize("kind", OUTSIDE)
def test_links_out_of_the_folder_are_refused_unless_they_are_followed_on_purpose(
    kind: str, root: Path
) -> None:
    OUTSIDE[kind](root)
    path = "b.txt" if (root / "b.txt").is_symlink() else "c/secret.txt"
    with pytest.raises(LeadsOutError, match=LEADS_OUT):
        RootFiles(root).read(path)
    assert RootFiles(root, follow_links=True).read(path) == b"secret"


def test_a_path_with_dots_does_not_lead_out(root: Path) -> None:
    with pytest.raises(LeadsOutError):
        RootFiles(root).read("../out/secret.txt")


def test_a_link_to_itself_is_an_error_and_no_endless_loop(root: Path) -> None:
    (root / "b.txt").symlink_to("b.txt")
    with pytest.raises(OSError, match=r"circle|symbolic links"):
        RootFiles(root).read("b.txt")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
def test_a_pipe_is_refused_without_waiting(root: Path) -> None:
    os.mkfifo(root / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        RootFiles(root).read("pipe")


def test_a_missing_file_is_missing(root: Path) -> None:
    with pytest.raises(FileNotFoundError):
        RootFiles(root).read("sub/none.txt")
    assert not RootFiles(root).has_file("sub/none.txt")


def test_what_is_there_is_known_as_file_or_folder(root: Path) -> None:
    files = RootFiles(root)
    assert files.has_folder("sub")
    assert not files.has_file("sub")
    assert files.has_file("sub/a.txt")


def test_the_first_file_that_exists_is_found_and_a_link_out_is_not_passed_over(root: Path) -> None:
    (root / "tags.csv").symlink_to("../out/secret.txt")
    files = RootFiles(root)
    assert str(files.first("none.txt", "sub/a.txt")) == str(root / "sub" / "a.txt")
    with pytest.raises(UserError, match=r"tags\.csv: the link leads out of the folder.*--follow-links"):
        files.first("tags.csv", "sub/a.txt")


def test_a_folder_exchanged_for_a_link_while_a_path_is_followed_leads_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not root_files._OPENS_FROM_FOLDERS:
        pytest.skip("this system cannot open a name from an open folder")
    (tmp_path / "root" / "sub").mkdir(parents=True)
    (tmp_path / "root" / "sub" / "a.txt").write_text("a")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").write_text("secret")
    opens = os.open

    def exchange_then_open(path: object, *arguments: object, **options: object) -> int:
        if path == "a.txt":
            (tmp_path / "root" / "sub").rename(tmp_path / "root" / "moved")
            (tmp_path / "root" / "sub").symlink_to(tmp_path / "out")
        return opens(path, *arguments, **options)

    monkeypatch.setattr(os, "open", exchange_then_open)
    assert RootFiles(tmp_path / "root").read("sub/a.txt") == b"a"
