"""Image tags of a VOC dataset: from the annotations' objects, or from the lists in ImageSets/Main."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from puzzlecam_app.interchange.problems import Problem, error
from puzzlecam_app.interchange.safe_names import safe_names
from puzzlecam_app.interchange.splits import SPLITS
from puzzlecam_app.interchange.tag_files import read_text
from puzzlecam_app.root_files import LEADS_OUT, REPLACE_THE_LINK, LeadsOutError, RootFile, RootFiles
from trainer.data.image_lists import parse_list_line
from trainer.data.voc_annotation import MAX_BYTES, AnnotationError, object_names

ANNOTATIONS: Final = "Annotations"


def tags_from_annotations(
    files: RootFiles, names: Iterable[str]
) -> tuple[dict[str, tuple[str, ...]], list[Problem]]:
    """Tags of the pictures `names` from ``Annotations/<name>.xml``; a picture without one is left out."""
    tags: dict[str, tuple[str, ...]] = {}
    problems = []
    for name in names:
        path = f"{ANNOTATIONS}/{name}.xml"
        try:
            with files.open(path) as file:
                # One byte more than allowed, so that a longer file is noticed.
                tags[name] = object_names(file.read(MAX_BYTES + 1))
        except FileNotFoundError:
            continue
        except LeadsOutError:
            problems.append(error(path, LEADS_OUT, REPLACE_THE_LINK))
        except (AnnotationError, OSError) as problem:
            reason = str(problem) if isinstance(problem, AnnotationError) else f"cannot be read ({problem})"
            problems.append(error(path, reason, "Correct the file; its tags were not read"))
    return tags, problems


def tags_from_main_lists(
    files: RootFiles, splits: Iterable[str], classes: Iterable[str] = ()
) -> tuple[dict[str, tuple[str, ...]], list[Problem]]:
    """Tags of every picture named in ``ImageSets/Main/<class>_<split>.txt``.

    A line is a name and 1 (the class is in the picture), 0 (only objects that are hard to see) or -1.
    Hard objects count, because the class is there. A file whose name does not end with one of `splits`, and
    the list of a split itself, are not lists of a class.

    Args:
        files: Those of the folder that contains ``ImageSets``.
        splits: Splits of the dataset as their lists are named.
        classes: The class list, if one is known: file names contain its names as `safe_names` makes them.
    """
    tags: dict[str, dict[str, None]] = {}
    problems = []
    class_of = {safe: name for name, safe in safe_names(classes).items()}
    endings = sorted({*splits, *SPLITS}, key=len, reverse=True)
    for path in files.in_folder("ImageSets/Main", ".txt"):
        ending = next((split for split in endings if path.stem.endswith(f"_{split}")), None)
        if ending is None or path.stem in endings:
            continue
        in_file = path.stem.removesuffix(f"_{ending}")
        class_name = class_of.get(in_file, in_file)
        for number, line in enumerate(read_text(path).splitlines(), start=1):
            if not line.strip():
                continue
            entry = parse_list_line(line)
            if entry.flag is None:
                where = f"ImageSets/Main/{path.name}, line {number}"
                problems.append(error(where, "the line is not a name and 1, 0 or -1", "Correct the line"))
                continue
            own = tags.setdefault(entry.names[-1], {})
            if entry.flag != "-1":
                own[class_name] = None
    return {name: tuple(own) for name, own in tags.items()}, problems


def read_image_list(path: Path | RootFile, is_known: Callable[[str], bool]) -> dict[str, str | None]:
    """Names in a list of ImageSets, each once, and the mask that the list gives for it, None without one.

    `is_known` tells whether there is a picture of that name; `trainer.data.image_lists` says what a line may
    mean.
    """
    names: dict[str, str | None] = {}
    for text in read_text(path).splitlines():
        if text.strip():
            line = parse_list_line(text)
            names.setdefault(line.name(is_known), line.mask)
    return names
