"""People can add and refuse tags; the tags that the program suggests or doubts are stored.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tag_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("class_index", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "action IN ('added', 'refused', 'removed', 'kept')", name=op.f("ck_tag_changes_action")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_tag_changes_author_id_users"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_tag_changes_item_id_items"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag_changes")),
    )
    op.create_index("ix_tag_changes_item_id", "tag_changes", ["item_id", "id"], unique=False)
    op.create_table(
        "tag_suggestions",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("class_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("is_doubt", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_tag_suggestions_item_id_items"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", "class_index", name=op.f("pk_tag_suggestions")),
    )
    _make_tag_changes_append_only()


def _make_tag_changes_append_only() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER tag_changes_refuse_{change.lower()} BEFORE {change} ON tag_changes "
                "BEGIN SELECT RAISE(ABORT, 'changes of tags are append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_change_of_tag_changes() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'changes of tags are append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER tag_changes_refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON tag_changes "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_tag_changes()"
    )


def downgrade() -> None:
    op.drop_table("tag_suggestions")
    op.drop_table("tag_changes")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change_of_tag_changes()")
