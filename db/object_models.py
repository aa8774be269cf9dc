"""Tables of what datasets bring along beside their masks: objects, and the numbers of classes elsewhere."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from db.models import Base


class ItemObjects(Base):
    """The objects that an import found in a picture, for the mask `mask_hash` that they made.

    Each has `class` (index), `top`, `left`, `height`, `width`, `counts` (run lengths of its box, column by
    column, beginning with zeros), `id` (in the file, may be null) and `crowd`. A later import replaces them.
    """

    __tablename__ = "item_objects"

    item_id: Mapped[int] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), primary_key=True)
    mask_hash: Mapped[str] = mapped_column(ForeignKey("masks.hash", ondelete="RESTRICT"))
    objects: Mapped[list[dict[str, Any]]]


class SourceClass(Base):
    """The number that the format of a dataset gives to a class, such as the id of a category of COCO."""

    __tablename__ = "source_classes"

    dataset_id: Mapped[int] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    source_id: Mapped[int] = mapped_column(BigInteger)
