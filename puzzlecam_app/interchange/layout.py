"""Detects the layout of a dataset on disk, and reads it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.folder import read_folder
from puzzlecam_app.interchange.source import Source
from puzzlecam_app.interchange.voc import PICTURES, read_voc
from puzzlecam_app.root_files import RootFiles, refusal_in_words
from puzzlecam_app.user_paths import user_path

Format = Literal["auto", "voc", "folder"]


@dataclass(frozen=True)
class ReadOptions:
    """How a dataset on disk is read.

    Attributes:
        format: ``voc``, ``folder``, or ``auto``, which means VOC for a folder that holds ``JPEGImages``.
        tags_file: CSV or JSON list of tags; it takes precedence over the tags in the dataset's own layout.
        classes_file: class names in index order; without it they come from the dataset.
        split: VOC: read only this split. Folder: the split of pictures that have none.
        tags_from_masks: take the tags from the masks; no other source of tags is needed then.
        follow_links: links may lead out of the folder. Only for people who may read those files anyway.
    """

    format: Format = "auto"
    tags_file: Path | None = None
    classes_file: Path | None = None
    split: str | None = None
    tags_from_masks: bool = False
    follow_links: bool = False


def read_source(path: Path, options: ReadOptions | None = None) -> Source:
    """Read the dataset at `path`.

    Raises:
        UserError: The folder is missing, is not of that format, or its lists cannot be read.
    """
    options = options or ReadOptions()
    root = user_path(path)
    if not root.is_dir():
        raise UserError("there is no such folder", where=str(root), remedy="Give the folder of the dataset")
    files = RootFiles(root, options.follow_links)
    voc_root = find_voc_root(files) if options.format != "folder" else None
    if options.format == "voc" and voc_root is None:
        raise UserError(
            f"there is no folder {PICTURES}", where=str(root), remedy="Give the folder that contains it"
        )
    if voc_root is None:
        source = read_folder(
            root,
            tags_file=options.tags_file,
            classes_file=options.classes_file,
            split=options.split,
            tags_from_masks=options.tags_from_masks,
            follow_links=options.follow_links,
        )
    else:
        source = read_voc(
            voc_root,
            tags_file=options.tags_file,
            classes_file=options.classes_file,
            split=options.split,
            tags_from_masks=options.tags_from_masks,
            follow_links=options.follow_links,
        )
    return replace(source, tags_from_masks=options.tags_from_masks)


def find_voc_root(files: RootFiles) -> Path | None:
    """The folder with ``JPEGImages``: that of `files`, or the only one below as the development kit has it.

    Raises:
        UserError: There are several, one per year, or it is a link that leads out.
    """
    root = files.root
    with refusal_in_words(root / PICTURES):
        if files.has_folder(PICTURES):
            return root
    below = sorted(
        {folder.parent for pattern in ("*", "VOCdevkit/*") for folder in root.glob(f"{pattern}/{PICTURES}")}
    )
    if len(below) > 1:
        names = ", ".join(str(folder.relative_to(root)) for folder in below)
        raise UserError(
            f"there are several VOC folders ({names})", where=str(root), remedy="Give one of them"
        )
    if not below:
        return None
    inside = (below[0] / PICTURES).relative_to(root).as_posix()
    with refusal_in_words(root / inside):
        return below[0] if files.has_folder(inside) else None
