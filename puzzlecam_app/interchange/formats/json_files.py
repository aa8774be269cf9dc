"""JSON files of a dataset: found, told apart by their beginnings, and read within bounds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any, Final

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.folder import TAG_FILES
from puzzlecam_app.interchange.list_bytes import read_list
from puzzlecam_app.root_files import LeadsOutError, RootFile, RootFiles

_HEAD: Final = 1 << 16
_LOOKED_AT: Final = 40
_HIDDEN: Final = frozenset(TAG_FILES)


def json_files(files: RootFiles, *, depth: int = 2, ending: str = ".json") -> Iterator[RootFile]:
    """The JSON files of a folder and of those below it, by path; tag lists of the studio are left out."""
    yield from _below(files, "", depth, ending)


def first_fitting(
    files: RootFiles, fits: Callable[[bytes], bool], *, depth: int = 2, ending: str = ".json"
) -> RootFile | None:
    """The first JSON file whose beginning and end `fits`; only the first files are looked at."""
    for number, file in enumerate(json_files(files, depth=depth, ending=ending)):
        if number == _LOOKED_AT:
            return None
        if fits(head_and_tail(file)):
            return file
    return None


def head_and_tail(file: RootFile) -> bytes:
    """The first and the last 64 KiB of a file; nothing if it cannot be read."""
    try:
        with file.files.open(file.relative) as opened:
            head = opened.read(_HEAD)
            size = opened.seek(0, 2)
            opened.seek(max(_HEAD, size - _HEAD))
            return head + opened.read(_HEAD)
    except OSError:
        return b""


def read_json(file: RootFile) -> Any:
    """The content of a JSON file.

    Raises:
        UserError: It cannot be read, is too large, or is no JSON.
    """
    data = read_list(file)
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as problem:
        raise UserError(
            f"the file is not JSON ({problem})", where=str(file), remedy="Correct the file"
        ) from problem


def entries(data: Any, key: str) -> list[dict[str, Any]]:
    """The objects in the list `key` of a JSON object; anything else is left out."""
    listed = data.get(key) if isinstance(data, dict) else None
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def _below(files: RootFiles, folder: str, depth: int, ending: str) -> Iterator[RootFile]:
    try:
        names = sorted(path.name for path in (files.root / folder).iterdir())
    except OSError:
        return
    folders = []
    for name in names:
        if name.startswith(".") or name in _HIDDEN:
            continue
        relative = (PurePosixPath(folder) / name).as_posix()
        if name.lower().endswith(ending):
            if files.lists_file(relative):
                yield RootFile(files, relative)
        elif depth > 0 and "." not in name:
            folders.append(relative)
    for relative in folders:
        try:
            is_folder = files.has_folder(relative)
        except LeadsOutError:
            continue
        if is_folder:
            yield from _below(files, relative, depth - 1, ending)
