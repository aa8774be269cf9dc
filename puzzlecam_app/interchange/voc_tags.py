"""Image tags of a VOC dataset: from the annotations' objects, or from the lists in ImageSets/Main."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from puzzlecam_app.interchange.problems import Problem, error
from puzzlecam_app.interchange.tag_files import read_text
from trainer.data.voc_annotation import AnnotationError, object_names


def tags_from_annotations(
    root: Path, names: Iterable[str]
) -> tuple[dict[str, tuple[str, ...]], list[Problem]]:
    """Tags of the pictures `names` from ``Annotations/<name>.xml``; a picture without one is left out."""
    tags: dict[str, tuple[str, ...]] = {}
    problems = []
    for name in names:
        path = root / "Annotations" / f"{name}.xml"
        try:
            tags[name] = object_names(path.read_bytes())
        except FileNotFoundError:
            continue
        except (AnnotationError, OSError) as problem:
            reason = str(problem) if isinstance(problem, AnnotationError) else f"cannot be read ({problem})"
            problems.append(
                error(f"Annotations/{name}.xml", reason, "Correct the file; its tags were not read")
            )
    return tags, problems


def tags_from_main_lists(root: Path) -> tuple[dict[str, tuple[str, ...]], list[Problem]]:
    """Tags of every picture named in ``ImageSets/Main/<class>_<split>.txt``.

    A line is a name and 1 (the class is in the picture), 0 (only objects that are hard to see) or -1.
    Hard ones count: the class is there.
    """
    tags: dict[str, dict[str, None]] = {}
    problems = []
    for path in sorted((root / "ImageSets" / "Main").glob("*_*.txt")):
        class_name = path.stem.rpartition("_")[0]
        for number, line in enumerate(read_text(path).splitlines(), start=1):
            if not line.strip():
                continue
            name, flag = _split_flag(line)
            if not flag:
                where = f"ImageSets/Main/{path.name}, line {number}"
                problems.append(error(where, "the line is not a name and 1, 0 or -1", "Correct the line"))
                continue
            own = tags.setdefault(name, {})
            if flag != "-1":
                own[class_name] = None
    return {name: tuple(own) for name, own in tags.items()}, problems


def read_image_list(path: Path) -> tuple[str, ...]:
    """Names in a list of ImageSets, each once; a flag behind a name is dropped."""
    names = dict.fromkeys(_split_flag(line)[0] for line in read_text(path).splitlines())
    names.pop("", None)
    return tuple(names)


def _split_flag(line: str) -> tuple[str, str]:
    """A line's name and its flag, empty when it has none. Names may hold spaces."""
    name, _, flag = line.strip().replace("\t", " ").rpartition(" ")
    if name and flag in {"1", "0", "-1"}:
        return name.strip(), flag
    return line.strip(), ""
