"""Reviewers approve or return finished pictures, and people comment on places of pictures.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels = None
depends_on = None

_OLD_ACTIONS = (
    "'proposed', 'drafted', 'accepted', 'corrected', 'rejected', 'skipped', 'reverted', 'withdrawn'"
)


def upgrade() -> None:
    _set_actions(f"{_OLD_ACTIONS}, 'returned'")
    op.create_table(
        "second_look_rules",
        sa.Column("dataset_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rule", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "rule IN ('off', 'all', 'nth', 'doubt', 'beginner')", name=op.f("ck_second_look_rules_rule")
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_second_look_rules_number")),
        sa.ForeignKeyConstraint(
            ["dataset_id"],
            ["datasets.id"],
            name=op.f("fk_second_look_rules_dataset_id_datasets"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("dataset_id", name=op.f("pk_second_look_rules")),
    )
    op.create_table(
        "second_looks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("changed_from_id", sa.Integer(), nullable=True),
        sa.Column("labeler_id", sa.Integer(), nullable=False),
        sa.Column("reviewer_id", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("verdict IN ('approved', 'returned')", name=op.f("ck_second_looks_verdict")),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.id"],
                name=op.f(f"fk_second_looks_{column}_{table}"),
                ondelete="RESTRICT",
            )
            for column, table in (
                ("item_id", "items"),
                ("revision_id", "revisions"),
                ("changed_from_id", "revisions"),
                ("labeler_id", "users"),
                ("reviewer_id", "users"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_looks")),
    )
    op.create_index("ix_second_looks_item_id", "second_looks", ["item_id", "id"], unique=False)
    op.create_index("ix_second_looks_revision_id", "second_looks", ["revision_id"], unique=False)
    op.create_table(
        "comments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("x", sa.Double(), nullable=False),
        sa.Column("y", sa.Double(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("x >= 0 AND y >= 0", name=op.f("ck_comments_place")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_comments_author_id_users"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_comments_item_id_items"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
    )
    op.create_index("ix_comments_item_id", "comments", ["item_id", "id"], unique=False)


def downgrade() -> None:
    for table in ("comments", "second_looks", "second_look_rules"):
        op.drop_table(table)
    _set_actions(_OLD_ACTIONS)


def _set_actions(actions: str) -> None:
    """Replace what a revision may record; SQLite cannot alter a check and copies the table."""
    with op.batch_alter_table("revisions") as revisions:
        revisions.drop_constraint(op.f("ck_revisions_action"), type_="check")
        revisions.create_check_constraint(op.f("ck_revisions_action"), f"action IN ({actions})")
    if op.get_bind().dialect.name != "sqlite":
        return
    # Triggers belong to a table and went with the old one.
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER revisions_refuse_{change.lower()} BEFORE {change} ON revisions "
            "BEGIN SELECT RAISE(ABORT, 'revisions are append-only'); END"
        )
