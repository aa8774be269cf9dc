"""Object names of a VOC annotation, read so that a file from an unknown source can do no harm."""

from __future__ import annotations

from typing import Final
from xml.parsers import expat

from trainer.contract import FailureCode
from trainer.errors import TrainerError

MAX_BYTES: Final = 8 << 20
_OBJECT_NAME: Final = ["annotation", "object", "name"]


class AnnotationError(TrainerError):
    """An annotation cannot be used; the message says why and is meant to follow the file's name."""

    code = FailureCode.BAD_DATASET


def object_names(data: bytes) -> tuple[str, ...]:
    """Names of the objects in a VOC annotation, each once, in order; parts of objects do not count.

    Raises:
        AnnotationError: the annotation is larger than `MAX_BYTES`, not well-formed, or declares a document
            type, which it never needs: entities could fill the memory or read other files.
    """
    if len(data) > MAX_BYTES:
        raise AnnotationError(f"the annotation is larger than {MAX_BYTES} bytes")
    names: dict[str, None] = {}
    open_tags: list[str] = []
    text: list[str] = []

    def start(tag: str, _attributes: dict[str, str]) -> None:
        open_tags.append(tag)
        text.clear()

    def end(_tag: str) -> None:
        if open_tags == _OBJECT_NAME and (name := "".join(text).strip()):
            names[name] = None
        open_tags.pop()

    def refuse(*_declaration: object) -> None:
        raise AnnotationError("the annotation declares a document type or entities, which are refused")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text.append
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as problem:
        raise AnnotationError(f"the annotation is not well-formed XML ({problem})") from problem
    return tuple(names)
