"""Image tags from a file of COCO: the categories of the annotations of each picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from puzzlecam_app.interchange.problems import Problem, error, warning


def is_coco(data: Mapping[str, Any]) -> bool:
    """Whether a JSON object is COCO's: it has lists of pictures, and of annotations or categories."""
    return isinstance(data.get("images"), list) and any(
        isinstance(data.get(key), list) and all(isinstance(entry, dict) for entry in data[key])
        for key in ("annotations", "categories")
    )


def tags_of_coco(
    data: Mapping[str, Any], *, file: str
) -> tuple[list[tuple[str, str, tuple[str, ...]]], list[Problem]]:
    """Place in the file, file name and category names of each picture; `file` names the file for people.

    A picture without annotations has no tags. Outlines and boxes are not read, and a warning says so.
    """
    problems: list[Problem] = []
    names = _category_names(data)
    tags_of: dict[Any, dict[str, None]] = {}
    lost: Counter[str] = Counter()
    shapes = 0
    for annotation in _entries(data, "annotations"):
        # Panoptic files have one annotation for each picture, with segments.
        for segment in _entries(annotation, "segments_info") or [annotation]:
            name = names.get(_key(segment.get("category_id")))
            if name is None:
                lost["category"] += 1
                continue
            tags_of.setdefault(_key(annotation.get("image_id")), {})[name] = None
            shapes += bool(segment.get("segmentation") or segment.get("bbox"))
    pictures = []
    for number, image in enumerate(data["images"], start=1):
        where = f"{file}, image {number}"
        listed = image.get("file_name") if isinstance(image, dict) else None
        if not isinstance(listed, str) or not listed.strip():
            problems.append(error(where, "the picture has no file_name", "Write its file_name"))
            continue
        pictures.append((where, listed, tuple(tags_of.pop(_key(image.get("id")), ()))))
    if tags_of:
        lost["picture"] += len(tags_of)
    problems += (
        error(
            file,
            f"annotations of a {what} that the file lacks: {count}; they were left out",
            "Correct the file",
        )
        for what, count in lost.items()
    )
    if shapes:
        problems.append(
            warning(
                file,
                f"the file is COCO's: the categories of its annotations were read as tags of the pictures; "
                f"the outlines or boxes of {shapes} annotations were not read",
                "Import masks as PNG files if you need them",
            )
        )
    return pictures, problems


def _category_names(data: Mapping[str, Any]) -> dict[Any, str]:
    return {
        _key(category.get("id")): category["name"]
        for category in _entries(data, "categories")
        if isinstance(category.get("name"), str)
    }


def _entries(data: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    listed = data.get(key)
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def _key(identifier: Any) -> Any:
    """An id that can be looked up; files contain numbers and texts."""
    return identifier if isinstance(identifier, int | str) else None
