"""Annotations of VOC come from anywhere: objects are read, tricks are refused."""

from __future__ import annotations

import pytest

import trainer.data.voc_annotation as voc_annotation
from trainer.data.voc_annotation import AnnotationError, object_names


def test_objects_of_an_annotation_are_tags_and_their_parts_are_not() -> None:
    xml = b"""<?xml version="1.0"?><annotation><filename>a.jpg</filename>
      <object><name> person </name><part><name>head</name></part></object>
      <object><name>dog</name></object><object><name>person</name></object></annotation>"""
    assert object_names(xml) == ("person", "dog")


@pytest.mark.parametrize(
    "xml",
    [
        b'<!DOCTYPE a [<!ENTITY x "y">]><annotation><object><name>&x;</name></object></annotation>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><annotation/>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a []><annotation/>'.encode("utf-16"),
    ],
)
def test_entities_and_document_types_are_refused(xml: bytes) -> None:
    with pytest.raises(AnnotationError, match="refused"):
        object_names(xml)


@pytest.mark.parametrize("xml", [b"", b"<annotation>", b"\xff\xfe\x00", b"<a>&undefined;</a>"])
def test_an_annotation_that_is_not_xml_is_refused(xml: bytes) -> None:
    with pytest.raises(AnnotationError, match="not well-formed"):
        object_names(xml)


def test_an_annotation_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voc_annotation, "MAX_BYTES", 10)
    with pytest.raises(AnnotationError, match="larger than 10 bytes"):
        object_names(b"<annotation/>")


def annotation(declared: str, name: str = "cat") -> str:
    declaration = f' encoding="{declared}"' if declared else ""
    return f'<?xml version="1.0"{declaration}?><annotation><object><name>{name}</name></object></annotation>'


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("GB2312", "猫"),
        ("gbk", "貓"),
        ("GB18030", "猫"),
        ("Big5", "貓"),
        ("Shift_JIS", "猫"),
        ("EUC-JP", "猫"),
        ("EUC-KR", "고양이"),
        ("KOI8-R", "кот"),
        ("windows-1251", "кот"),
        ("ISO-8859-1", "Straße"),
        ("utf-8", "猫"),
        ("utf-16", "猫"),
        ("utf-32", "猫"),
    ],
)
def test_an_annotation_is_read_in_the_encoding_that_it_declares(encoding: str, name: str) -> None:
    assert object_names(annotation(encoding, name).encode(encoding)) == (name,)


def test_signs_beyond_the_declared_set_are_read_if_a_wider_one_has_them() -> None:
    assert object_names(annotation("GB2312", "貓").encode("gbk")) == ("貓",)


def test_a_byte_order_mark_counts_more_than_a_wrong_declaration() -> None:
    assert object_names(annotation("GB2312", "猫").encode("utf-8-sig")) == ("猫",)


def test_a_declaration_that_its_own_bytes_contradict_is_passed_over() -> None:
    assert object_names(annotation("utf-16", "猫").encode("utf-8")) == ("猫",)


@pytest.mark.parametrize("declared", ["martian", "punycode", "zlib_codec", "unicode_escape", "utf-7"])
def test_an_encoding_that_no_annotation_needs_is_refused_by_name(declared: str) -> None:
    with pytest.raises(AnnotationError, match=f"declares the encoding '{declared}'.*save it as UTF-8"):
        object_names(annotation(declared).encode())


@pytest.mark.parametrize("declared", ["", "Shift_JIS"])
def test_text_in_another_encoding_than_declared_asks_for_utf_8(declared: str) -> None:
    with pytest.raises(AnnotationError, match=r"not in the encoding .*save it as UTF-8"):
        object_names(annotation(declared, "caféÿ").encode("latin-1"))


def test_a_document_type_is_refused_in_any_encoding() -> None:
    xml = '<?xml version="1.0" encoding="GB2312"?><!DOCTYPE a []><annotation/>'
    with pytest.raises(AnnotationError, match="refused"):
        object_names(xml.encode("gb2312"))
