"""Pictures have a place in one shuffle, so that an index gives the random order of the queue.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0025"
down_revision: str | None = "0024"
branch_labels = None
depends_on = None

_LINE = "((CAST(id AS BIGINT) * 1103515245 + 12345) % 2147483647)"
_INDEX = "ix_items_queue_by_shuffle"


def upgrade() -> None:
    # PostgreSQL has no index on virtual columns, and SQLite adds no stored ones.
    is_stored = op.get_bind().dialect.name == "postgresql"
    computed = sa.Computed(f"{_LINE} * {_LINE} % 2147483647", persisted=is_stored)
    op.add_column("items", sa.Column("shuffled", sa.BigInteger(), computed, nullable=False))
    op.create_index(
        _INDEX,
        "items",
        ["dataset_id", "status", "shuffled", "id"],
        unique=False,
        sqlite_where=sa.text("missing_since IS NULL AND is_copy = 0"),
        postgresql_where=sa.text("missing_since IS NULL AND NOT is_copy"),
    )


def downgrade() -> None:
    op.drop_index(_INDEX, table_name="items")
    op.drop_column("items", "shuffled")
