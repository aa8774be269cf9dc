"""Revisions keep the clicks that their mask was corrected with.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A column and no table beside it: the triggers that keep revisions append-only hold for it, too.
    op.add_column("revisions", sa.Column("seeds", sa.JSON(), nullable=True))
