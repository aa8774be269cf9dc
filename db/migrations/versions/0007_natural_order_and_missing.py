"""Pictures have a place in the natural order of names, and may be missing.

Revision ID: 0007
Revises: 0006
"""

import re

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("items", sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True))
    key = sa.String(640).with_variant(sa.String(640, collation="C"), "postgresql")
    op.add_column("items", sa.Column("sort_name", key, server_default="", nullable=False))
    _fill_sort_names()
    op.create_index("ix_items_dataset_id_sort_name", "items", ["dataset_id", "sort_name", "id"], unique=False)


def _fill_sort_names() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, name FROM items")).all()
    keys = [{"id": row.id, "key": _natural_key(row.name)} for row in rows]
    if keys:
        connection.execute(sa.text("UPDATE items SET sort_name = :key WHERE id = :id"), keys)


def _natural_key(name: str) -> str:
    def number(match: re.Match[str]) -> str:
        digits = str(int(match[0]))
        return f"{min(len(digits), 99):02}{digits}"

    return re.sub(r"\d+", number, name.casefold().replace("/", "\x01"))[:640]
