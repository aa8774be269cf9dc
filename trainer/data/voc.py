"""Datasets in the layout of PASCAL VOC: JPEGImages, ImageSets, Annotations, tags.csv."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from trainer.contract import PICTURE_SUFFIXES
from trainer.data.class_files import find_class_list
from trainer.data.dataset import DatasetError, TaggedDataset, build_dataset, read_lines
from trainer.data.image_lists import parse_list_line
from trainer.data.picture_names import PictureNames
from trainer.data.tags import (
    TagRow,
    Tags,
    picture_id,
    read_tag_rows,
    tags_from_annotations,
    tags_from_main_lists,
)

PICTURES = "JPEGImages"
TAG_FILE = "tags.csv"
LISTS = "ImageSets/Segmentation"
"""Folder of the lists `<split>.txt`, looked through before `ImageSets/Main`."""
_MAIN_LISTS = "ImageSets/Main"


class VocDataset(TaggedDataset):
    """The pictures that `ImageSets/Segmentation/<split>.txt` (else `ImageSets/Main/<split>.txt`) lists.

    Without either list, they are those of `ImageSets/Main/<class>_<split>.txt`. Tags come from tags.csv, else
    from `ImageSets/Main/<class>_<split>.txt`, else from `Annotations/<id>.xml`. Classes come from a class
    file (`trainer.data.class_files`). Without one they are VOC's twenty if there are tags and all are among
    these, else the sorted tags, and then masks cannot be read. A listed picture without a file stays in the
    dataset; `trainer.data.unreadable` reports it.

    Raises:
        DatasetError: there is no such split or there are no tags, or a list cannot be read.
    """

    def __init__(self, root: Path | str, split: str) -> None:
        root = Path(root)
        ids = split_ids(root, split)
        tags = _tags(root, split, ids)
        untagged = [identifier for identifier in ids if identifier not in tags]
        if untagged:
            raise DatasetError(
                f"Picture {untagged[0]} (and {len(untagged) - 1} more) of split {split!r} in {root} has no "
                f"entry in the tags; add one, with an empty list if the picture shows none of the classes."
            )
        built = build_dataset(
            root,
            split,
            ((identifier, picture_path(root, identifier), tags[identifier]) for identifier in ids),
            find_class_list(root),
            known_tags=(tag for names in tags.values() for tag in names),
            allow_voc=True,
        )
        super().__init__(root, split, built.class_names, built.images, built.class_list)


def split_ids(root: Path, split: str) -> tuple[str, ...]:
    """Ids of a split, each once, in the order of its list.

    Raises:
        DatasetError: there is no such split; the message names those that exist.
    """
    folders = [root / LISTS, root / _MAIN_LISTS]
    for folder in folders:
        path = folder / f"{split}.txt"
        if path.is_file():
            return listed_ids(path, lambda name: picture_path(root, name).is_file())
    main = tags_from_main_lists(folders[1], split)
    if main:
        return tuple(main)
    known = {
        path.stem
        for folder in folders
        for path in folder.glob("*.txt")
        if "_" not in path.stem or folder == folders[0]
    }
    raise DatasetError(
        f"{root / 'ImageSets'} has no list of the split {split!r} "
        f"(it has: {', '.join(sorted(known)) or 'none'}); choose another split or add its list."
    )


def listed_ids(path: Path, is_known: Callable[[str], bool]) -> tuple[str, ...]:
    """Ids in a list of pictures, each once; `trainer.data.image_lists` says what a line may mean.

    Args:
        path: the list.
        is_known: whether there is a picture with that id.

    Raises:
        DatasetError: the list cannot be read.
    """
    lines = map(parse_list_line, read_lines(path))
    return tuple(dict.fromkeys(line.name(is_known) for line in lines))


def picture_path(root: Path, identifier: str) -> Path:
    """File of a picture; if there is none, the path of the `.jpg` that is missing."""
    for suffix in (*PICTURE_SUFFIXES, *(suffix.upper() for suffix in PICTURE_SUFFIXES)):
        path = root / PICTURES / f"{identifier}{suffix}"
        if path.is_file():
            return path
    return root / PICTURES / f"{identifier}.jpg"


def _tags(root: Path, split: str, ids: tuple[str, ...]) -> Tags:
    listing = root / TAG_FILE
    if listing.is_file():
        return _tags_of_rows(read_tag_rows(listing), ids)
    main = tags_from_main_lists(root / _MAIN_LISTS, split)
    if main:
        return main
    annotated = tags_from_annotations(root / "Annotations", ids)
    if annotated:
        return annotated
    raise DatasetError(
        f"{root} has no tags: neither {TAG_FILE}, nor ImageSets/Main/<class>_{split}.txt, nor "
        f"Annotations/*.xml; add one of them."
    )


def _tags_of_rows(rows: Iterable[TagRow], ids: tuple[str, ...]) -> Tags:
    """Tags by id; a picture may have several rows, and its name may be written as `PictureNames` says."""
    known = frozenset(ids)
    names = PictureNames(ids)
    tags: Tags = {}
    for row in rows:
        identifier = picture_id(row.image)
        if identifier not in known:
            found = names.find(identifier)
            identifier = found[0] if len(found) == 1 else identifier
        tags[identifier] = tuple(dict.fromkeys((*tags.get(identifier, ()), *row.tags)))
    return tags
