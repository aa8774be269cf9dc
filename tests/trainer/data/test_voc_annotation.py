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
