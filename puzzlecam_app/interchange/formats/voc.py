"""PASCAL VOC, read by `puzzlecam_app.interchange.voc`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.formats.base import ReadFormat
from puzzlecam_app.interchange.formats.zero import with_zero
from puzzlecam_app.interchange.read_options import ReadOptions
from puzzlecam_app.interchange.source import Source
from puzzlecam_app.interchange.voc import PICTURES, find_voc_root, read_voc
from puzzlecam_app.root_files import RootFiles


def recognise(files: RootFiles) -> str | None:
    """There is a folder ``JPEGImages``, also below ``VOCdevkit``."""
    root = find_voc_root(files)
    if root is None:
        return None
    return f"there is a folder {(root / PICTURES).relative_to(files.root).as_posix()}"


def read(root: Path, options: ReadOptions) -> Source:
    """Read the VOC folder in or below `root`; raises UserError if there is none, or as `read_voc` does."""
    voc_root = find_voc_root(RootFiles(root, options.follow_links))
    if voc_root is None:
        raise UserError(
            f"there is no folder {PICTURES}", where=str(root), remedy="Give the folder that contains it"
        )
    source = read_voc(
        voc_root,
        tags_file=options.tags_file,
        classes_file=options.classes_file,
        split=options.split,
        tags_from_masks=options.tags_from_masks,
        follow_links=options.follow_links,
    )
    return with_zero(source, options.zero)


READ: Final = ReadFormat("voc", "PASCAL VOC", recognise, read)
