"""Unpacks zips of strangers: nothing outside the folder, no links, and no more than was allowed."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Final

from puzzlecam_app.errors import UserError
from puzzlecam_app.uploads.paths import is_clutter, safe_path

MAX_ENTRIES: Final = 200_000
_MAX_RATIO: Final = 200
_RATIO_FROM_BYTES: Final = 10 * 2**20
_BLOCK_BYTES: Final = 2**20
_PICTURES: Final = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif")


def unpack(
    archive: Path,
    folder: Path,
    max_bytes: int,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> int:
    """Unpack a zip into a folder; returns how many bytes its files have.

    If everything in it lies in one folder that is only wrapped around the data set, that folder is left out.
    Links and what an operating system put there are not unpacked. Zips in zips stay as they are.

    Args:
        archive: The zip.
        folder: Where the files go; none of them may be there yet.
        max_bytes: The most that all files may have together.
        progress: Called with the bytes unpacked and their total.

    Raises:
        UserError: The file is no zip, is damaged, or holds paths or amounts that no data set needs.
    """
    name = archive.name
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = _entries(opened, name)
            total = sum(one.file_size for one, _ in entries)
            if total > max_bytes:
                raise _too_large(name, max_bytes)
            wrapper = _wrapper([path for _, path in entries], PurePosixPath(name).stem)
            done = 0
            for entry, path in entries:
                target = folder / path.removeprefix(wrapper)
                if target.exists():
                    raise UserError(
                        f"{path} is in the upload twice", where=name, remedy="Remove one of the two files"
                    )
                target.parent.mkdir(parents=True, exist_ok=True)
                done += _copy(opened, entry, target, max_bytes - done, name)
                progress(done, total)
            return done
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as problem:
        raise UserError(
            f"the zip cannot be unpacked ({problem})", where=name, remedy="Pack it again and upload it again"
        ) from problem
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as problem:
        raise UserError(
            "a file in the zip has the name of a folder", where=name, remedy="Rename one of the two"
        ) from problem


def _entries(opened: zipfile.ZipFile, name: str) -> list[tuple[zipfile.ZipInfo, str]]:
    """The files to unpack, with their paths."""
    listed = opened.infolist()
    if len(listed) > MAX_ENTRIES:
        raise UserError(
            f"the zip has more than {MAX_ENTRIES:,} entries", where=name, remedy="Pack several smaller zips"
        )
    found = []
    for entry in listed:
        if entry.is_dir():
            continue
        path = safe_path(entry.filename)
        if is_clutter(path) or stat.S_ISLNK(entry.external_attr >> 16):
            continue
        if entry.flag_bits & 1:
            raise UserError("the zip is encrypted", where=name, remedy="Pack it without a password")
        if entry.file_size > _RATIO_FROM_BYTES and entry.file_size > _MAX_RATIO * max(1, entry.compress_size):
            raise UserError(
                f"{path} would become more than {_MAX_RATIO} times as large, as no picture does",
                where=name,
                remedy="Leave the file out",
            )
        found.append((entry, path))
    return found


def _wrapper(paths: list[str], stem: str) -> str:
    """The folder around everything, with a slash, if it is not the folder of a class; else nothing."""
    first = {path.partition("/")[0] for path in paths if "/" in path}
    if len(first) != 1 or any("/" not in path for path in paths):
        return ""
    folder = next(iter(first))
    inside = [path.partition("/")[2] for path in paths]
    is_around = folder == stem or any("/" in path or not path.lower().endswith(_PICTURES) for path in inside)
    return f"{folder}/" if is_around else ""


def _copy(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, max_bytes: int, name: str) -> int:
    # The header may say anything, so what comes out is counted.
    size = 0
    with opened.open(entry) as source, target.open("xb") as file:
        while block := source.read(_BLOCK_BYTES):
            size += len(block)
            if size > max_bytes:
                raise _too_large(name, max_bytes)
            file.write(block)
    return size


def _too_large(name: str, max_bytes: int) -> UserError:
    return UserError(
        f"the files in the zip are larger than the {max_bytes / 1e9:.1f} GB that are left for uploads",
        where=name,
        remedy="Remove exports, uploads or data sets that nobody needs, or ask for a larger quota",
    )
