"""A dataset says whether links in its folder may lead out of it.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "datasets", sa.Column("follow_links", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
