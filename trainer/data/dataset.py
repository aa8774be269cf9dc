"""A dataset for training: pictures, tags, accepted masks and classes. Ground truth is not part of it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.contract import FailureCode
from trainer.data.class_list import MAX_CLASSES, VOC_CLASS_LIST, ClassList
from trainer.errors import TrainerError

ACCEPTED = "accepted"
"""Folder of a dataset with the masks that people accepted, `<id>.png`."""


class DatasetError(TrainerError):
    """A dataset cannot be read as one; the message names file and row."""

    code = FailureCode.BAD_DATASET


@dataclass(frozen=True)
class TaggedImage:
    """One picture.

    Attributes:
        id: name without suffix, unique in its dataset; may hold `/` for pictures in sub-folders.
        path: the file; it may turn out to be missing or damaged.
        tags: mask indices 1 .. K of the classes in it, ascending; may be empty.
        accepted_mask: file of the mask that a person accepted (`trainer.data.accepted`); None without one.
    """

    id: str
    path: Path
    tags: tuple[int, ...]
    accepted_mask: Path | None = None


class TaggedDataset:
    """Pictures of one split, in the order of its list.

    Attributes:
        root: folder of the dataset.
        split: name of the split.
        class_names: K names; the name at position k has mask index k + 1.
        images: the pictures.
        class_list: what the indices in the dataset's masks mean; None if nothing says it. Then the order of
            the names is that of the alphabet, and masks that were made elsewhere cannot be read.
    """

    def __init__(
        self,
        root: Path,
        split: str,
        class_names: Sequence[str],
        images: Iterable[TaggedImage],
        class_list: ClassList | None = None,
    ) -> None:
        self.root = root
        self.split = split
        self.class_names = tuple(class_names)
        self.images = tuple(images)
        self.class_list = class_list

    def __len__(self) -> int:
        return len(self.images)

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of all pictures, in order."""
        return tuple(image.id for image in self.images)

    @property
    def class_count(self) -> int:
        """K, background not counted."""
        return len(self.class_names)

    def names_of(self, image: TaggedImage) -> tuple[str, ...]:
        """Names of the classes in a picture, in the order of its tags."""
        return tuple(self.class_names[tag - 1] for tag in image.tags)

    def labels_of(self, image: TaggedImage) -> NDArray[np.float32]:
        """Multi-hot vector float32 (K,) of the classes in a picture."""
        labels = np.zeros(self.class_count, dtype=np.float32)
        labels[[tag - 1 for tag in image.tags]] = 1.0
        return labels

    def without(self, ids: Collection[str]) -> TaggedDataset:
        """The same dataset without some pictures."""
        left_out = frozenset(ids)
        return self.of_images(image for image in self.images if image.id not in left_out)

    def of_images(self, images: Iterable[TaggedImage]) -> TaggedDataset:
        """The same dataset with these pictures."""
        return TaggedDataset(self.root, self.split, self.class_names, images, self.class_list)

    @property
    def accepted(self) -> tuple[TaggedImage, ...]:
        """The pictures whose mask a person has accepted, in order."""
        return tuple(image for image in self.images if image.accepted_mask is not None)

    def with_accepted_repeated(self, times: int) -> TaggedDataset:
        """The same dataset, in which pictures with an accepted mask appear `times` times."""
        again = self.accepted * (times - 1)
        return self.of_images((*self.images, *again))

    def without_accepted(self) -> TaggedDataset:
        """The same pictures, as if nobody had accepted a mask."""
        return self.of_images(replace(image, accepted_mask=None) for image in self.images)

    @property
    def identity(self) -> str:
        """Short hash of class names, ids, tags and file sizes.

        A copy in another folder has the same one, and accepting masks does not change it.
        """
        digest = hashlib.sha256("\n".join(self.class_names).encode())
        for image in self.images:
            size = image.path.stat().st_size if image.path.is_file() else -1
            digest.update(f"\0{image.id}\0{image.tags}\0{size}".encode())
        return digest.hexdigest()[:16]

    @property
    def fingerprint(self) -> str:
        """Short hash of `identity` and the content of the accepted masks."""
        digest = hashlib.sha256(self.identity.encode())
        for image in self.accepted:
            content = image.accepted_mask.read_bytes() if image.accepted_mask is not None else b""
            digest.update(f"\0{image.id}\0{hashlib.sha256(content).hexdigest()}".encode())
        return digest.hexdigest()[:16] if self.accepted else self.identity


def build_dataset(
    root: Path,
    split: str,
    files: Iterable[tuple[str, Path, tuple[str, ...]]],
    class_list: ClassList | None,
    *,
    known_tags: Iterable[str],
    allow_voc: bool,
) -> TaggedDataset:
    """Build a dataset from ids, files and tag names.

    Args:
        root, split: where the pictures come from.
        files: (id, file, names of its classes) for each picture.
        class_list: None derives the classes from `known_tags`: VOC's twenty if `allow_voc` is true, there are
            tags and all are among the twenty, else the tags sorted by name.
        known_tags: the tags of the whole dataset, so that all its splits have the same classes.
        allow_voc: see `class_list`.

    Raises:
        DatasetError: there are no pictures, no classes or too many, an id appears twice or leaves the folder,
            or a tag is not among the classes.
    """
    rows = list(files)
    if not rows:
        raise DatasetError(f"Split {split!r} of {root} has no pictures; choose another split or folder.")
    found = set(known_tags)
    if class_list is None and allow_voc and found and found <= set(VOC_CLASS_LIST.names):
        class_list = VOC_CLASS_LIST
    names = class_list.names if class_list is not None else tuple(sorted(found))
    if not 0 < len(names) <= MAX_CLASSES:
        raise DatasetError(
            f"{root} has {len(names)} classes, but training needs 1 to {MAX_CLASSES}; check its tags."
        )
    by_index = class_list.classes if class_list is not None else dict(enumerate(names, start=1))
    index = {name: position for position, name in by_index.items()}
    images = []
    for identifier, path, tags in rows:
        if _leaves_folder(identifier):
            raise DatasetError(
                f"{identifier!r} in a list of {root} lies outside the folder of pictures; correct the list."
            )
        unknown = [tag for tag in tags if tag not in index]
        if unknown:
            raise DatasetError(
                f"Picture {identifier} of {root} is tagged {unknown[0]!r}, which is not one of the classes "
                f"({', '.join(index)}); correct the tag or the class list."
            )
        mask = root / ACCEPTED / f"{identifier}.png"
        images.append(
            TaggedImage(
                identifier,
                path,
                tuple(sorted({index[tag] for tag in tags})),
                mask if mask.is_file() else None,
            )
        )
    if len({image.id for image in images}) != len(images):
        raise DatasetError(f"Split {split!r} of {root} lists a picture twice; list each once.")
    return TaggedDataset(root, split, names, images, class_list)


def read_lines(path: Path) -> list[str]:
    """The non-empty lines of a UTF-8 file, without surrounding spaces.

    Raises:
        DatasetError: the file cannot be read.
    """
    return [line.strip() for line in read_utf8(path).splitlines() if line.strip()]


def read_utf8(path: Path) -> str:
    """The text of a UTF-8 file, with or without a byte-order mark.

    Raises:
        DatasetError: the file cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path} cannot be read as UTF-8 text: {error}.") from error


def _leaves_folder(identifier: str) -> bool:
    return Path(identifier).is_absolute() or ".." in Path(identifier).parts or "\\" in identifier
