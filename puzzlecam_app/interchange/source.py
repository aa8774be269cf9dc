"""A dataset on disk as a reader gives it to the importer, independent of the layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from db.masks import MaskArray
from puzzlecam_app.interchange.drawn import DrawnObject, PaintOrder
from puzzlecam_app.interchange.fetched_tree import FetchedTree
from puzzlecam_app.interchange.pictures import PictureInfo
from puzzlecam_app.interchange.problems import Problem
from puzzlecam_app.interchange.unpacked import UnpackedPictures
from puzzlecam_app.root_files import RootFiles
from trainer.data.class_list import ClassList, Rgb


@dataclass(frozen=True)
class Labels:
    """The mask of a picture as a format tells it, and the objects beside it where the format has objects.

    Attributes:
        indices: class indices of the source's class list, uint8 (H, W), as large as the upright picture.
        objects: as the file has them, overlaps included; empty for formats without objects.
        remarks: what is odd about them.
        hidden_px: pixels of objects that an object of another class covers in the mask.
        order: the rule that decided which one covers which.
    """

    indices: MaskArray
    objects: tuple[DrawnObject, ...] = ()
    remarks: tuple[Problem, ...] = ()
    hidden_px: int = 0
    order: PaintOrder = "smaller-over-larger"


class LabelReader(Protocol):
    """Reads the mask of one picture from whatever a format stores."""

    @property
    def where(self) -> str:
        """File, and place in it, for messages."""

    def read(self, files: RootFiles, picture: PictureInfo) -> Labels:
        """Read the mask. Called from several threads.

        Raises:
            UserError: It cannot be used.
        """


@dataclass(frozen=True)
class SourceItem:
    """A picture as its dataset describes it; its content has not been read yet.

    `path` is relative to the source's root, with forward slashes, and so is `mask` if it is a file of
    indices. `object_mask` is a file that gives each object a colour. `author` and `labelled_at` say who made
    the mask, and when, if the format knows.
    """

    name: str
    path: str
    tags: tuple[str, ...] = ()
    split: str | None = None
    mask: str | LabelReader | None = None
    object_mask: str | None = None
    author: str | None = None
    labelled_at: datetime | None = None

    @property
    def mask_place(self) -> str:
        """The file of the mask, for messages; "" without a mask."""
        return self.mask if isinstance(self.mask, str) else "" if self.mask is None else self.mask.where


@dataclass(frozen=True)
class Source:
    """A dataset on disk.

    `classes` are the class names in index order, from index 1. Only with a `class_list` does the dataset
    itself say what an index means; otherwise the order is the studio's own and masks cannot be read. With
    `tags_from_masks` the items have no tags yet: the importer takes them from the masks. `mask_problems` are
    told if masks are read, else `passed_over`, which are about whole folders. With `follow_links`, links may
    lead out of `root`. `colors` are those that the format gives to class indices, and `source_ids` the
    numbers that it gives to classes, by name. `recognised` says how the format was recognised. If pictures
    lie inside other files, `unpacked` has them, and an import must copy them. A dataset at a URL is read from
    `tree`, in which `root` is.
    """

    root: Path
    layout: str
    items: Sequence[SourceItem]
    classes: tuple[str, ...]
    class_list: ClassList | None
    problems: Sequence[Problem]
    tags_from_masks: bool = False
    mask_problems: Sequence[Problem] = ()
    passed_over: Sequence[Problem] = ()
    follow_links: bool = False
    colors: Mapping[int, Rgb] = field(default_factory=dict)
    source_ids: Mapping[str, int] = field(default_factory=dict)
    recognised: str = ""
    unpacked: UnpackedPictures | None = None
    tree: FetchedTree | None = None

    @property
    def taggable(self) -> tuple[str, ...]:
        """The classes that a picture can be tagged with: without those that mean void or background."""
        return self.classes if self.class_list is None else tuple(self.class_list.classes.values())

    @property
    def place(self) -> str:
        """Where the dataset is: its folder or URL."""
        return str(self.root) if self.tree is None else self.tree.place_of(self.root)

    @property
    def files(self) -> RootFiles:
        """The files of the dataset, which items name."""
        if self.unpacked is not None:
            return RootFiles(self.unpacked.folder)
        if self.tree is not None:
            return self.tree.files(self.root)
        return RootFiles(self.root, self.follow_links)

    def in_words(self, text: str) -> str:
        """A text in which the dataset's folder is called as people know it."""
        return text if self.tree is None else self.tree.in_words(text)

    def named(self) -> AbstractContextManager[None]:
        """Let errors in the block name the place of the dataset, wherever it is read from."""
        return nullcontext() if self.tree is None else self.tree.named()
