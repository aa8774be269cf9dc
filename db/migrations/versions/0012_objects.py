"""Objects are kept beside imported masks, and so are the numbers of classes in other formats.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "item_objects",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("mask_hash", sa.String(length=64), nullable=False),
        sa.Column("objects", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_item_objects_item_id_items"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["mask_hash"], ["masks.hash"], name=op.f("fk_item_objects_mask_hash_masks"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_item_objects")),
    )
    op.create_table(
        "source_classes",
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"],
            ["datasets.id"],
            name=op.f("fk_source_classes_dataset_id_datasets"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("dataset_id", "name", name=op.f("pk_source_classes")),
    )


def downgrade() -> None:
    op.drop_table("source_classes")
    op.drop_table("item_objects")
