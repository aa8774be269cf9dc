"""A folder of pictures with tags, and index masks beside them; `interchange.folder` reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from puzzlecam_app.interchange.folder import read_folder
from puzzlecam_app.interchange.formats.base import ReadFormat
from puzzlecam_app.interchange.formats.zero import with_zero
from puzzlecam_app.interchange.read_options import ReadOptions
from puzzlecam_app.interchange.source import Source
from puzzlecam_app.root_files import RootFiles


def recognise(_files: RootFiles) -> str | None:
    """Never: any folder can be read so, which is what is done if no other format is recognised."""
    return None


def read(root: Path, options: ReadOptions) -> Source:
    """Read the folder; raises as `read_folder` does."""
    source = read_folder(
        root,
        tags_file=options.tags_file,
        classes_file=options.classes_file,
        split=options.split,
        tags_from_masks=options.tags_from_masks,
        follow_links=options.follow_links,
    )
    return with_zero(source, options.zero)


READ: Final = ReadFormat("folder", "folder of pictures, with masks beside them", recognise, read)
