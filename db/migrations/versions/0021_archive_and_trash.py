"""Datasets can be archived, and removed ones are emptied after some time.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels = None
depends_on = None

COLUMNS = ("archived_at", "emptied_at")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("datasets", sa.Column(name, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column("datasets", name)
