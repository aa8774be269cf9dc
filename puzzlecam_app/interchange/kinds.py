"""Which files of a folder are pictures that can be read, and what to say about the others."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Final

from puzzlecam_app.interchange.problems import Problem, error, printable, warning
from trainer.contract import HEIF_SUFFIXES, PICTURE_SUFFIXES
from trainer.data.images import INSTALL_HEIF, can_read_heif

_SAVE_AS_JPEG: Final = "Save it as JPEG"
_UNREADABLE: Final = frozenset(
    {
        ".jp2", ".j2k", ".jpx", ".jpf", ".jxl", ".jxr", ".ppm", ".pgm", ".pbm", ".pnm", ".pfm", ".tga",
        ".psd", ".psb", ".xcf", ".svg", ".eps", ".ai", ".ico", ".icns", ".cur", ".dds", ".exr", ".hdr",
        ".sgi", ".rgb", ".pcx", ".xbm", ".xpm", ".emf", ".wmf", ".dng", ".cr2", ".cr3", ".nef", ".nrw",
        ".arw", ".orf", ".rw2", ".raf", ".srw", ".pef", ".raw", ".dcm", ".nii", ".mha", ".mhd", ".nrrd",
        ".czi", ".lif", ".nd2", ".svs", ".ndpi", ".mrxs", ".vsi", ".fits", ".fit", ".pdf", ".djvu", ".mng",
        ".jng", ".bpg", ".flif", ".qoi", ".heics", ".avifs",
    }
)  # fmt: skip
"""Endings of pictures, scans and documents with pictures that people put into such folders."""

_NOT_PICTURES: Final = frozenset(
    {
        ".csv", ".tsv", ".json", ".jsonl", ".txt", ".xml", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".md",
        ".rst", ".html", ".htm", ".log", ".py", ".ipynb", ".sh", ".npy", ".npz", ".mat", ".pkl", ".db",
        ".sqlite", ".names", ".data", ".cache", ".lock", ".license", ".sha256", ".md5", ".bak",
    }
)  # fmt: skip
"""Endings of files that stand beside pictures and need no remark."""

_SHOWN: Final = 3


def is_picture(path: str) -> bool:
    """Whether a file is a picture of a kind that can be read here, told by the ending of its name."""
    suffix = PurePosixPath(path).suffix.lower()
    return suffix in PICTURE_SUFFIXES or (suffix in HEIF_SUFFIXES and can_read_heif())


def unreadable_kind(path: str) -> tuple[str, str]:
    """What is wrong with a listed file that is no `is_picture`, and what to do about it."""
    suffix = PurePosixPath(path).suffix.lower()
    kind = printable(suffix) if suffix else "without an ending"
    return f"this kind of file ({kind}) cannot be read", _remedy(suffix)


def remarks_on_skipped(paths: Iterable[str]) -> list[Problem]:
    """One problem for each kind of file that is not imported: how many there are, and the first of them.

    Lists, texts and the like are left out. A kind of picture is an error, because pictures are missing then.
    """
    by_suffix: dict[str, list[str]] = {}
    for path in paths:
        suffix = PurePosixPath(path).suffix.lower()
        if suffix and suffix not in _NOT_PICTURES:
            by_suffix.setdefault(suffix, []).append(path)
    problems = []
    for suffix, found in sorted(by_suffix.items()):
        more = ", ..." if len(found) > _SHOWN else ""
        names = ", ".join(printable(path) for path in sorted(found)[:_SHOWN]) + more
        count = "1 file was" if len(found) == 1 else f"{len(found)} files were"
        where = f"*{suffix}"
        if suffix in _UNREADABLE or suffix in HEIF_SUFFIXES:
            reason = f"this kind of picture cannot be read, so {count} left out ({names})"
            problems.append(error(where, reason, _remedy(suffix)))
        else:
            reason = f"{count} passed over, because this is no kind of picture ({names})"
            problems.append(warning(where, reason, "Nothing needs to be done, unless these are pictures"))
    return problems


def _remedy(suffix: str) -> str:
    return INSTALL_HEIF if suffix in HEIF_SUFFIXES else _SAVE_AS_JPEG
