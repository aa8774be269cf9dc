"""Datasets lose the column `cams_model`, which nothing reads: each proposal names its model.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("datasets", "cams_model")


def downgrade() -> None:
    op.add_column("datasets", sa.Column("cams_model", sa.Text(), nullable=True))
