"""A dataset for training: pictures, tags, accepted masks and class names. Ground truth is not part of it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.contract import FailureCode
from trainer.data.labels import VOC_CLASSES
from trainer.errors import TrainerError

ACCEPTED = "accepted"
"""Folder of a dataset with the masks that people accepted, `<id>.png`."""

MAX_CLASSES = 254
"""A uint8 mask has room for this many classes: index 0 is background and 255 void."""


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
    """

    def __init__(
        self, root: Path, split: str, class_names: Sequence[str], images: Iterable[TaggedImage]
    ) -> None:
        self.root = root
        self.split = split
        self.class_names = tuple(class_names)
        self.images = tuple(images)

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
        kept = (image for image in self.images if image.id not in left_out)
        return TaggedDataset(self.root, self.split, self.class_names, kept)

    @property
    def accepted(self) -> tuple[TaggedImage, ...]:
        """The pictures whose mask a person has accepted, in order."""
        return tuple(image for image in self.images if image.accepted_mask is not None)

    def with_accepted_repeated(self, times: int) -> TaggedDataset:
        """The same dataset, in which pictures with an accepted mask appear `times` times."""
        again = self.accepted * (times - 1)
        return TaggedDataset(self.root, self.split, self.class_names, (*self.images, *again))

    def without_accepted(self) -> TaggedDataset:
        """The same pictures, as if nobody had accepted a mask."""
        images = (replace(image, accepted_mask=None) for image in self.images)
        return TaggedDataset(self.root, self.split, self.class_names, images)

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
    class_names: Sequence[str] | None,
    *,
    allow_voc: bool,
) -> TaggedDataset:
    """Build a dataset from ids, files and tag names.

    Args:
        root, split: where the pictures come from.
        files: (id, file, names of its classes) for each picture.
        class_names: None derives the list from the tags: VOC's twenty classes if `allow_voc` is true and all
            tags are among them, else the tags sorted by name.
        allow_voc: see `class_names`.

    Raises:
        DatasetError: there are no pictures, no classes or too many, an id appears twice or leaves the folder,
            or a tag is not among the classes.
    """
    rows = list(files)
    if not rows:
        raise DatasetError(f"Split {split!r} of {root} has no pictures; choose another split or folder.")
    names = tuple(class_names) if class_names is not None else _derived_classes(rows, allow_voc=allow_voc)
    if not 0 < len(names) <= MAX_CLASSES:
        raise DatasetError(
            f"{root} has {len(names)} classes, but training needs 1 to {MAX_CLASSES}; check its tags."
        )
    index = {name: position for position, name in enumerate(names, start=1)}
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
                f"({', '.join(names)}); correct the tag or the class list."
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
    return TaggedDataset(root, split, names, images)


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


def _derived_classes(
    rows: Sequence[tuple[str, Path, tuple[str, ...]]], *, allow_voc: bool
) -> tuple[str, ...]:
    names = {tag for _, _, tags in rows for tag in tags}
    return VOC_CLASSES if allow_voc and names <= set(VOC_CLASSES) else tuple(sorted(names))


def _leaves_folder(identifier: str) -> bool:
    return Path(identifier).is_absolute() or ".." in Path(identifier).parts or "\\" in identifier
