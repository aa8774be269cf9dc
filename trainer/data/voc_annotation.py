"""Object names of a VOC annotation, read so that a file from an unknown source can do no harm."""

from __future__ import annotations

import codecs
import re
from typing import Final
from xml.parsers import expat

from trainer.contract import FailureCode
from trainer.errors import TrainerError

MAX_BYTES: Final = 8 << 20
_OBJECT_NAME: Final = ["annotation", "object", "name"]
_DECLARED: Final = re.compile(
    rb"""\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,40})["']"""
)
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
"""How files begin whose encoding needs no declaration."""
_WIDER: Final = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "cp950",
}
"""Encodings that contain others; files often declare the smaller one and use signs of the larger."""
_NO_TEXT: Final = frozenset(
    {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem", "utf-7"}
)
"""Python's codecs that no XML file uses; some take very long for hostile input."""


class AnnotationError(TrainerError):
    """An annotation cannot be used; the message says why and is meant to follow the file's name."""

    code = FailureCode.BAD_DATASET


def object_names(data: bytes) -> tuple[str, ...]:
    """Names of the objects in a VOC annotation, each once, in order; parts of objects do not count.

    Raises:
        AnnotationError: the annotation is larger than `MAX_BYTES`, not well-formed, not in the encoding that
            it declares, or declares a document type, which it never needs: entities could fill the memory or
            read other files.
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

    text_utf8 = _as_utf8(data)
    # Expat knows no encodings of several bytes; what it is told here comes before the declaration.
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text.append
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text_utf8, True)
    except (expat.ExpatError, ValueError, LookupError) as problem:
        raise AnnotationError(f"the annotation is not well-formed XML ({problem})") from problem
    return tuple(names)


def _as_utf8(data: bytes) -> bytes:
    """An annotation in UTF-8, decoded by its byte-order mark, else by the encoding that it declares."""
    name = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    if name is None:
        declared = _DECLARED.match(data)
        name = declared.group(1).decode("ascii") if declared else "utf-8"
    try:
        codec = codecs.lookup(name).name
        if codec in _NO_TEXT:
            raise LookupError(codec)
        if codec.startswith(("utf-16", "utf-32")) and not data.startswith(tuple(mark for mark, _ in _MARKS)):
            # The declaration itself was readable as ASCII, so it is wrong; some programs always write it.
            codec = "utf-8"
        return data.decode(_WIDER.get(codec, codec)).encode("utf-8")
    except LookupError as problem:
        raise AnnotationError(
            f"the annotation declares the encoding {name!r}, which cannot be read; save it as UTF-8"
        ) from problem
    except UnicodeError as problem:
        raise AnnotationError(
            f"the annotation is not well-formed XML (its text is not in the encoding {name}, which it "
            "declares or has by default); save it as UTF-8"
        ) from problem
