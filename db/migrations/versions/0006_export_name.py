"""A picture keeps one name in all exports. Names are given at the next import or export.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("items", sa.Column("export_name", sa.String(255), nullable=True))
    op.create_index("ix_items_dataset_id_export_name", "items", ["dataset_id", "export_name"], unique=True)
