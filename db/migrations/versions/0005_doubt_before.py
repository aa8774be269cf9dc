"""A publication remembers the places in the order by doubt that it changes, so that undoing restores them.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("published_revisions", sa.Column("previous_doubt_rank", sa.Double(), nullable=True))
