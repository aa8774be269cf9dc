"""Finds the pictures of a dataset, and the picture that a name in a list means.

People and programs on other systems write such names: with backslashes, in another Unicode form, in capitals,
or with a path that leads out of the folder on purpose. Every path that this module returns is a regular file
under the root.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final

from db.natural_order import natural_key
from puzzlecam_app.interchange.kinds import is_picture, remarks_on_skipped, unreadable_kind
from puzzlecam_app.interchange.problems import Problem, error, printable
from puzzlecam_app.root_files import LEADS_OUT, REPLACE_THE_LINK
from trainer.data.picture_names import PictureNames

MAX_NAME_LENGTH: Final = 512


@dataclass(frozen=True)
class PictureTree:
    """The pictures under `root`, found by their names alone, as paths relative to it with slashes.

    `skipped` are the other files: lists, and pictures of a kind that cannot be read.
    """

    root: Path
    pictures: tuple[str, ...]
    problems: tuple[Problem, ...]
    skipped: tuple[str, ...]
    _names: PictureNames
    _skipped_names: PictureNames

    def find(self, listed: str, *, row: str) -> str | Problem:
        """The picture that the name `listed` in a list means, or what is wrong with the name.

        A name without a folder can also mean the only file of that name in any sub-folder. `row` says where
        the name is written.
        """
        name = listed.strip()
        if is_path_trick(name):
            return error(
                row, f"the path {printable(name)} leads out of the folder", "Use a file inside the folder"
            )
        found = self._names.find(name)
        if len(found) == 1:
            return found[0]
        if found:
            choices = ", ".join(printable(path) for path in found[:3])
            return error(
                row, f"the name {printable(name)} fits several files ({choices})", "Write the whole path"
            )
        if skipped := self._skipped_names.find(name):
            reason, remedy = unreadable_kind(skipped[0])
            return error(row, f"{printable(name)}: {reason}", remedy)
        return error(
            row, f"the file {printable(name)} is listed but missing", "Add the file or remove the row"
        )


def scan_pictures(
    root: Path, *, exclude: frozenset[str] = frozenset(), follow_links: bool = False
) -> PictureTree:
    """Find the pictures in `root` and its sub-folders in natural order; hidden files are skipped.

    With `follow_links`, links may lead out of `root`.
    `exclude` has the paths of folders, relative to `root`, that contain something else.
    """
    found: list[str] = []
    skipped: list[str] = []
    problems: list[Problem] = []
    inside = root.resolve()
    for path, is_folder_link in _walk(root, exclude, follow_links=follow_links):
        relative = path.relative_to(root).as_posix()
        if is_folder_link:
            if not is_inside(path, inside):
                problems.append(_leads_out(relative))
            continue
        if not is_picture(relative):
            skipped.append(relative)
            continue
        problem = _problem_of_file(path, relative, None if follow_links else inside)
        if problem is None:
            found.append(relative)
        else:
            problems.append(problem)
    problems += remarks_on_skipped(skipped)
    found.sort(key=lambda path: (natural_key(path), path))
    return PictureTree(
        root, tuple(found), tuple(problems), tuple(skipped), PictureNames(found), PictureNames(skipped)
    )


def is_path_trick(name: str) -> bool:
    """Whether a listed name is absolute or contains ``..``, on any system.

    >>> [is_path_trick(name) for name in ("cats/1.jpg", "../1.jpg", "/etc/passwd", r"C:\\1.jpg", "a..b.jpg")]
    [False, True, True, True, False]
    """
    windows = PureWindowsPath(name)
    return bool("\0" in name or PurePosixPath(name).is_absolute() or windows.anchor or ".." in windows.parts)


def is_inside(path: Path, root: Path) -> bool:
    """Whether `path` is under `root`, an absolute path without links, once its links are followed."""
    try:
        return path.resolve().is_relative_to(root)
    except (OSError, RuntimeError):
        # A link to itself.
        return False


def _walk(root: Path, exclude: frozenset[str], *, follow_links: bool) -> Iterator[tuple[Path, bool]]:
    """Every file, and every link to a folder (True) that is not followed.

    With `follow_links`, a link to a folder is followed, unless it leads in a circle.
    """
    # The places of the folders on the way to a folder, without links.
    above: dict[Path, frozenset[Path]] = {root: frozenset()}
    for folder, folders, files in os.walk(root, followlinks=follow_links):
        here = Path(folder)
        links = [name for name in folders if (here / name).is_symlink()]
        if follow_links:
            way = above.pop(here, frozenset()) | {here.resolve()}
            links = [name for name in links if _is_circle((here / name).resolve(), way)]
            above |= {here / name: way for name in folders}
        yield from ((here / name, True) for name in links)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in links
            and (here / name).relative_to(root).as_posix() not in exclude
        )
        yield from ((here / name, False) for name in files if not name.startswith("."))


def _is_circle(target: Path, way: frozenset[Path]) -> bool:
    return any(place.is_relative_to(target) for place in way)


def _problem_of_file(path: Path, relative: str, inside: Path | None) -> Problem | None:
    try:
        relative.encode()
    except UnicodeEncodeError:
        return error(relative, "the file's name is not UTF-8", "Rename the file")
    if len(relative) > MAX_NAME_LENGTH:
        return error(relative, f"the path has more than {MAX_NAME_LENGTH} characters", "Shorten it")
    if not relative.isprintable():
        return error(relative, "the file's name contains control characters", "Rename the file")
    try:
        mode = path.stat().st_mode
    except OSError:
        return error(relative, "the link leads nowhere", "Replace the link with the file")
    if inside is not None and path.is_symlink() and not is_inside(path, inside):
        return _leads_out(relative)
    # Reading a pipe would wait forever.
    if not stat.S_ISREG(mode):
        return error(relative, "not a regular file", "Remove it")
    return None


def _leads_out(relative: str) -> Problem:
    return error(relative, LEADS_OUT, REPLACE_THE_LINK)
