"""The usual names of splits, however folders and lists spell them."""

from __future__ import annotations

from typing import Final

SPLITS: Final = ("train", "val", "test", "trainval")
_SPELLINGS: Final = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}


def is_split_folder(name: str) -> bool:
    """Whether a folder of that name holds a split."""
    return name.casefold() in _SPELLINGS


def split_name(name: str) -> str:
    """The usual name of a split; a name that is no spelling of one is kept.

    >>> split_name("Training"), split_name("valid"), split_name("fold.1")
    ('train', 'val', 'fold.1')
    """
    return _SPELLINGS.get(name.casefold(), name)
