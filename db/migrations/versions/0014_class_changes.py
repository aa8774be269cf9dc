"""Classes have keys, descriptions and an order, and can be merged or removed without changing any index.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("label_classes") as table:
        table.add_column(sa.Column("hotkey", sa.Integer(), nullable=True))
        table.add_column(sa.Column("description", sa.Text(), nullable=True))
        table.add_column(sa.Column("position", sa.Integer(), nullable=True))
        table.add_column(sa.Column("retired_to", sa.Integer(), nullable=True))
        table.create_check_constraint(op.f("ck_label_classes_hotkey"), "hotkey BETWEEN 1 AND 19")
        table.create_check_constraint(op.f("ck_label_classes_retired_to"), "retired_to BETWEEN 0 AND 255")
    op.create_table(
        "class_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("class_index", sa.Integer(), nullable=False),
        sa.Column("target_index", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('applying', 'applied', 'undoing', 'undone')", name=op.f("ck_class_changes_state")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_class_changes_author_id_users"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["dataset_id"],
            ["datasets.id"],
            name=op.f("fk_class_changes_dataset_id_datasets"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_changes")),
    )
    op.create_index("ix_class_changes_dataset_id", "class_changes", ["dataset_id", "id"], unique=False)
    op.create_table(
        "class_change_items",
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("before_id", sa.Integer(), nullable=True),
        sa.Column("after_id", sa.Integer(), nullable=True),
        sa.Column("had_tag", sa.Boolean(), nullable=False),
        sa.Column("had_target_tag", sa.Boolean(), nullable=False),
        sa.Column("truth_before", sa.String(length=64), nullable=True),
        sa.Column("truth_after", sa.String(length=64), nullable=True),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["change_id"],
            ["class_changes.id"],
            name=op.f("fk_class_change_items_change_id_class_changes"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_class_change_items_item_id_items"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["before_id"],
            ["revisions.id"],
            name=op.f("fk_class_change_items_before_id_revisions"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["after_id"],
            ["revisions.id"],
            name=op.f("fk_class_change_items_after_id_revisions"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("change_id", "item_id", name=op.f("pk_class_change_items")),
    )


def downgrade() -> None:
    op.drop_table("class_change_items")
    op.drop_table("class_changes")
    with op.batch_alter_table("label_classes") as table:
        table.drop_constraint(op.f("ck_label_classes_retired_to"), type_="check")
        table.drop_constraint(op.f("ck_label_classes_hotkey"), type_="check")
        for name in ("retired_to", "position", "description", "hotkey"):
            table.drop_column(name)
