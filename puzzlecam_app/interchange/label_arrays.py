"""Image tags from arrays of NumPy, such as the ``cls_labels`` of weakly supervised segmentation."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.list_bytes import MAX_BYTES, read_list
from puzzlecam_app.root_files import RootFile

SUFFIXES: Final = frozenset({".npy", ".npz"})
_CONVERT: Final = (
    "Convert it once, where you trust the file: d = numpy.load('{name}', allow_pickle=True).item(); "
    "numpy.savez('{stem}.npz', names=list(d), labels=list(d.values()))"
)


@dataclass(frozen=True)
class Meaning:
    """What a dataset says about an array: the classes of its columns, and lists that its rows may follow."""

    classes: Sequence[str] = ()
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)


def read_label_array(path: Path | RootFile, meaning: Meaning) -> list[tuple[str, str, tuple[str, ...]]]:
    """Place in the file, name of the picture, and tags of each row.

    An ``.npz`` holds ``names`` (N texts) and ``labels`` (N x K numbers, not 0 where the class is there). An
    ``.npy`` holds the labels alone; its rows are those of the only list with N names. The K columns are the
    classes in the order of the class list. Pickled files are refused, because they can run programs.

    Raises:
        UserError: The file is anything else, or does not fit the class list.
    """
    names, labels = _arrays(path)
    if labels.ndim != 2 or labels.dtype.kind not in "biuf":
        raise _refused(path, "the array is no table of numbers with a row for each picture")
    if not meaning.classes or labels.shape[1] != len(meaning.classes):
        listed = len(meaning.classes) or "no"
        reason = f"the array has {labels.shape[1]} columns, but the class list has {listed} classes"
        raise _refused(path, reason, "Give the classes of the columns in their order with --classes")
    if names is None:
        fitting = [one for one in meaning.lists.values() if len(one) == len(labels)]
        if len(fitting) != 1:
            reason = f"nothing says which pictures its {len(labels)} rows stand for"
            raise _refused(path, reason, "Save an .npz with the arrays names and labels")
        names = list(fitting[0])
    if len(names) != len(labels):
        raise _refused(path, f"there are {len(names)} names, but {len(labels)} rows of labels")
    rows = []
    for number, (name, row) in enumerate(zip(names, labels, strict=True), start=1):
        tags = tuple(meaning.classes[index] for index in np.flatnonzero(row).tolist())
        rows.append((f"{path.name}, row {number}", name, tags))
    return rows


def _arrays(path: Path | RootFile) -> tuple[list[str] | None, NDArray[Any]]:
    try:
        data = read_list(path)
        if path.suffix.lower() == ".npz":
            _check_unpacked(path, data)
        loaded = np.load(io.BytesIO(data), allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return None, loaded
        with loaded:
            names, labels = loaded["names"], loaded["labels"]
    except OSError as problem:
        raise _refused(path, f"the file cannot be read ({problem.strerror or problem})") from problem
    except UserError:
        raise
    except KeyError as problem:
        raise _refused(path, "the file lacks the arrays names and labels") from problem
    except ValueError as problem:
        if "pickle" not in str(problem).lower():
            raise _refused(path, f"the file cannot be read ({problem})") from problem
        raise _refused(
            path,
            "the file is pickled, and pickled files are not read because they can run programs",
            _CONVERT.format(name=path.name, stem=path.stem),
        ) from problem
    except Exception as problem:
        # Damaged archives raise errors of zipfile, zlib and others.
        raise _refused(path, f"the file is damaged ({problem})") from problem
    return [str(name) for name in names.reshape(-1)], labels


def _check_unpacked(path: Path | RootFile, data: bytes) -> None:
    """Refuse an archive that would fill the memory; NumPy would find out too late."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        unpacked = sum(one.file_size for one in archive.infolist())
    if unpacked > MAX_BYTES:
        raise _refused(path, f"the arrays have more than {MAX_BYTES >> 20} MiB", "Give a CSV list")


def _refused(
    path: Path | RootFile, reason: str, remedy: str = "Correct the file, or give a CSV list"
) -> UserError:
    return UserError(reason, where=str(path), remedy=remedy)
