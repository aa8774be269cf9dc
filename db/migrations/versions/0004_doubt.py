"""Pictures have a place in the order by doubt, read from an index.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("items", sa.Column("doubt_rank", sa.Double(), server_default="1", nullable=False))
    op.create_index(
        "ix_items_dataset_id_doubt_rank", "items", ["dataset_id", "doubt_rank", "id"], unique=False
    )
