"""Datasets, items, masks, label sets and the append-only history of revisions.

Revision ID: 0001
Revises: -
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "datasets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("layout", sa.String(length=32), nullable=False),
        sa.Column("cams_model", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_datasets")),
    )
    op.create_index(
        "uq_datasets_name_live",
        "datasets",
        ["name"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_table(
        "masks",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("height > 0 AND width > 0", name=op.f("ck_masks_size")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_masks")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
    )
    op.create_table(
        "import_reports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"],
            ["datasets.id"],
            name=op.f("fk_import_reports_dataset_id_datasets"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_reports")),
    )
    op.create_index(op.f("ix_import_reports_dataset_id"), "import_reports", ["dataset_id"], unique=False)
    op.create_table(
        "items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("orientation", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("split", sa.String(length=64), nullable=True),
        sa.Column("ground_truth", sa.String(length=64), nullable=True),
        sa.Column("disagreement", sa.Double(), nullable=True),
        sa.CheckConstraint("height > 0 AND width > 0", name=op.f("ck_items_size")),
        sa.CheckConstraint("orientation BETWEEN 1 AND 8", name=op.f("ck_items_orientation")),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name=op.f("fk_items_dataset_id_datasets"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["ground_truth"], ["masks.hash"], name=op.f("fk_items_ground_truth_masks"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
        sa.UniqueConstraint("dataset_id", "name", name=op.f("uq_items_dataset_id_name")),
    )
    op.create_index("ix_items_dataset_id_disagreement", "items", ["dataset_id", "disagreement"], unique=False)
    op.create_index("ix_items_dataset_id_sha256", "items", ["dataset_id", "sha256"], unique=False)
    op.create_index("ix_items_dataset_id_split", "items", ["dataset_id", "split"], unique=False)
    op.create_table(
        "label_sets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"],
            ["datasets.id"],
            name=op.f("fk_label_sets_dataset_id_datasets"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_sets")),
        sa.UniqueConstraint("dataset_id", "revision", name=op.f("uq_label_sets_dataset_id_revision")),
    )
    op.create_table(
        "item_tags",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("class_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_item_tags_item_id_items"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", "class_index", name=op.f("pk_item_tags")),
    )
    op.create_index("ix_item_tags_class_index_item_id", "item_tags", ["class_index", "item_id"], unique=False)
    op.create_table(
        "label_classes",
        sa.Column("label_set_id", sa.Integer(), nullable=False),
        sa.Column("index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("color", sa.String(length=7), nullable=False),
        sa.CheckConstraint("color LIKE '#______'", name=op.f("ck_label_classes_color")),
        sa.CheckConstraint('"index" BETWEEN 1 AND 254', name=op.f("ck_label_classes_index")),
        sa.ForeignKeyConstraint(
            ["label_set_id"],
            ["label_sets.id"],
            name=op.f("fk_label_classes_label_set_id_label_sets"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("label_set_id", "index", name=op.f("pk_label_classes")),
        sa.UniqueConstraint("label_set_id", "name", name=op.f("uq_label_classes_label_set_id_name")),
    )
    op.create_table(
        "revisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("mask_hash", sa.String(length=64), nullable=True),
        sa.Column("label_set_id", sa.Integer(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=True),
        sa.Column("seconds_spent", sa.Double(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "action IN ('proposed', 'drafted', 'accepted', 'corrected', 'rejected', 'skipped', 'reverted')",
            name=op.f("ck_revisions_action"),
        ),
        sa.CheckConstraint(
            "mask_hash IS NOT NULL OR action IN ('rejected', 'skipped')",
            name=op.f("ck_revisions_mask_of_action"),
        ),
        sa.CheckConstraint("seconds_spent >= 0", name=op.f("ck_revisions_seconds_spent")),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_revisions_sequence")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_revisions_author_id_users"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_revisions_item_id_items"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["label_set_id"],
            ["label_sets.id"],
            name=op.f("fk_revisions_label_set_id_label_sets"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["mask_hash"], ["masks.hash"], name=op.f("fk_revisions_mask_hash_masks"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["revisions.id"],
            name=op.f("fk_revisions_parent_id_revisions"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revisions")),
        sa.UniqueConstraint("item_id", "sequence", name=op.f("uq_revisions_item_id_sequence")),
    )
    op.create_index(
        "ix_revisions_author_id_created_at", "revisions", ["author_id", "created_at"], unique=False
    )

    _make_revisions_append_only()


def _make_revisions_append_only() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER revisions_refuse_{change.lower()} BEFORE {change} ON revisions "
                "BEGIN SELECT RAISE(ABORT, 'revisions are append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_change_of_revisions() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'revisions are append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER revisions_refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON revisions "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_revisions()"
    )


def downgrade() -> None:
    op.drop_index("ix_revisions_author_id_created_at", table_name="revisions")
    op.drop_table("revisions")
    op.drop_table("label_classes")
    op.drop_index("ix_item_tags_class_index_item_id", table_name="item_tags")
    op.drop_table("item_tags")
    op.drop_table("label_sets")
    op.drop_index("ix_items_dataset_id_split", table_name="items")
    op.drop_index("ix_items_dataset_id_sha256", table_name="items")
    op.drop_index("ix_items_dataset_id_disagreement", table_name="items")
    op.drop_table("items")
    op.drop_index(op.f("ix_import_reports_dataset_id"), table_name="import_reports")
    op.drop_table("import_reports")
    op.drop_table("users")
    op.drop_table("masks")
    op.drop_index(
        "uq_datasets_name_live",
        table_name="datasets",
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.drop_table("datasets")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change_of_revisions")
