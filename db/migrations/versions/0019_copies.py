"""Pictures can be copied for other people, and be gold.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels = None
depends_on = None

_NAMES = "uq_items_dataset_id_name_of_originals"


def upgrade() -> None:
    with op.batch_alter_table("items") as items:
        items.add_column(sa.Column("is_copy", sa.Boolean(), server_default=sa.false(), nullable=False))
        items.drop_constraint(op.f("uq_items_dataset_id_name"), type_="unique")
    op.create_index(
        _NAMES,
        "items",
        ["dataset_id", "name"],
        unique=True,
        sqlite_where=sa.text("NOT is_copy"),
        postgresql_where=sa.text("NOT is_copy"),
    )
    op.create_table(
        "copies",
        sa.Column("item_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("of_item_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("is_gold", sa.Boolean(), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_copies_{column}_{table}"), ondelete=on_delete
            )
            for column, table, on_delete in (
                ("item_id", "items", "RESTRICT"),
                ("of_item_id", "items", "RESTRICT"),
                ("user_id", "users", "RESTRICT"),
                ("made_by_id", "users", "SET NULL"),
            )
        ),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_copies")),
        sa.UniqueConstraint("of_item_id", "user_id", name=op.f("uq_copies_of_item_id_user_id")),
    )
    op.create_index("ix_copies_user_id", "copies", ["user_id", "of_item_id"], unique=False)
    op.create_table(
        "gold_pictures",
        sa.Column("item_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mask_hash", sa.String(length=64), nullable=False),
        sa.Column("marked_by_id", sa.Integer(), nullable=True),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_gold_pictures_item_id_items"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["mask_hash"], ["masks.hash"], name=op.f("fk_gold_pictures_mask_hash_masks"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["marked_by_id"],
            ["users.id"],
            name=op.f("fk_gold_pictures_marked_by_id_users"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_gold_pictures")),
    )


def downgrade() -> None:
    op.drop_table("gold_pictures")
    op.drop_table("copies")
    op.drop_index(_NAMES, "items")
    with op.batch_alter_table("items") as items:
        items.create_unique_constraint(op.f("uq_items_dataset_id_name"), ["dataset_id", "name"])
        items.drop_column("is_copy")
