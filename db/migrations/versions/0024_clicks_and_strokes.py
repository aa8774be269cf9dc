"""Revisions count the clicks and strokes that they took.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0024"
down_revision: str | None = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("revisions", sa.Column("clicks", sa.Integer(), nullable=True))
    op.add_column("revisions", sa.Column("strokes", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("revisions", "strokes")
    op.drop_column("revisions", "clicks")
