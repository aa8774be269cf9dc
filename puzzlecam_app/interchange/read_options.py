"""How a dataset on disk is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Zero = Literal["background", "void", "class"]

AUTO: Final = "auto"
"""The format that means: the one that the files show."""


@dataclass(frozen=True)
class ReadOptions:
    """How a dataset on disk is read.

    Attributes:
        format: name of a format (see `formats.registry`), or ``auto``, which recognises it by its files.
        tags_file: CSV or JSON list of tags; it takes precedence over the tags in the dataset's own layout.
        classes_file: class names in index order; without it they come from the dataset.
        split: VOC: read only this split. Others: the split of pictures that have none.
        tags_from_masks: take the tags from the masks; no other source of tags is needed then.
        zero: what 0 means in masks of indices; with ``class``, it is the first class, 1 the second and so on.
        scratch: folder on the disk of the workspace in which pictures can be unpacked; by default that for
            temporary files.
        follow_links: links may lead out of the folder. Only for people who may read those files anyway.
    """

    format: str = AUTO
    tags_file: Path | None = None
    classes_file: Path | None = None
    split: str | None = None
    tags_from_masks: bool = False
    follow_links: bool = False
    zero: Zero = "background"
    scratch: Path | None = None
