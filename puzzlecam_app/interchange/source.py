"""A dataset on disk as a reader gives it to the importer, independent of the layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from puzzlecam_app.interchange.problems import Problem
from puzzlecam_app.root_files import RootFiles
from trainer.data.class_list import ClassList

Layout = Literal["voc", "folder"]


@dataclass(frozen=True)
class SourceItem:
    """A picture as its dataset describes it; its content has not been read yet.

    `path` and `mask` are relative to the source's root, with forward slashes.
    """

    name: str
    path: str
    tags: tuple[str, ...] = ()
    split: str | None = None
    mask: str | None = None


@dataclass(frozen=True)
class Source:
    """A dataset on disk.

    `classes` are the class names in index order, from index 1. Only with a `class_list` does the dataset
    itself say what an index means; otherwise the order is the studio's own and masks cannot be read. With
    `tags_from_masks` the items have no tags yet: the importer takes them from the masks. `mask_problems` are
    told if masks are read, else `passed_over`, which are about whole folders. With `follow_links`, links may
    lead out of `root`.
    """

    root: Path
    layout: Layout
    items: Sequence[SourceItem]
    classes: tuple[str, ...]
    class_list: ClassList | None
    problems: Sequence[Problem]
    tags_from_masks: bool = False
    mask_problems: Sequence[Problem] = ()
    passed_over: Sequence[Problem] = ()
    follow_links: bool = False

    @property
    def taggable(self) -> tuple[str, ...]:
        """The classes that a picture can be tagged with: without those that mean void or background."""
        return self.classes if self.class_list is None else tuple(self.class_list.classes.values())

    @property
    def files(self) -> RootFiles:
        """The files of the dataset."""
        return RootFiles(self.root, self.follow_links)
