"""Finding out how a dataset on disk is laid out, and reading it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.folder import read_folder
from puzzlecam_app.interchange.source import Source
from puzzlecam_app.interchange.voc import PICTURES, read_voc

Format = Literal["auto", "voc", "folder"]


def read_source(
    path: Path,
    *,
    format: Format = "auto",
    tags_file: Path | None = None,
    classes_file: Path | None = None,
    split: str | None = None,
    tags_from_masks: bool = False,
) -> Source:
    """Read the dataset at `path`; ``auto`` takes it for VOC when it holds ``JPEGImages``.

    Raises:
        UserError: The folder is missing, is not of that format, or its lists cannot be read.
    """
    root = path.expanduser().absolute()
    if not root.is_dir():
        raise UserError("there is no such folder", where=str(root), remedy="Name the folder of the dataset")
    voc_root = find_voc_root(root) if format != "folder" else None
    if voc_root is not None:
        return read_voc(
            voc_root,
            tags_file=tags_file,
            classes_file=classes_file,
            split=split,
            tags_from_masks=tags_from_masks,
        )
    if format == "voc":
        raise UserError(
            f"there is no folder {PICTURES}", where=str(root), remedy="Name the folder that holds it"
        )
    return read_folder(root, tags_file=tags_file, classes_file=classes_file, split=split)


def find_voc_root(root: Path) -> Path | None:
    """The folder with ``JPEGImages``: `root`, or the only one below it as the development kit lays them out.

    Raises:
        UserError: There are several, one a year.
    """
    if (root / PICTURES).is_dir():
        return root
    below = sorted(
        {folder.parent for pattern in ("*", "VOCdevkit/*") for folder in root.glob(f"{pattern}/{PICTURES}")}
    )
    if len(below) > 1:
        names = ", ".join(str(folder.relative_to(root)) for folder in below)
        raise UserError(
            f"there are several VOC folders ({names})", where=str(root), remedy="Name one of them"
        )
    return below[0] if below else None
