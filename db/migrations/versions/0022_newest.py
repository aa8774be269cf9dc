"""Pictures carry what their newest revision says, and indexes in every order of the queue.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels = None
depends_on = None

_SET = (
    "UPDATE items SET latest_id = {0}.id, latest_author_id = {0}.author_id, status = "
    "CASE {0}.action WHEN 'withdrawn' THEN 'new' WHEN 'reverted' THEN 'proposed' ELSE {0}.action END"
)
_WHERE = (
    " WHERE items.id = {0}.item_id AND NOT EXISTS (SELECT 1 FROM revisions AS later "
    "WHERE later.item_id = {0}.item_id AND later.sequence > {0}.sequence)"
)
_FOLLOW = (_SET + _WHERE).format("NEW")
_INDEXES = {
    "ix_items_queue_by_name": ["dataset_id", "status", "sort_name", "id"],
    "ix_items_queue_by_doubt": ["dataset_id", "status", "doubt_rank", "id"],
    "ix_items_queue_by_disagreement": ["dataset_id", "status", "disagreement_rank", "id"],
    "ix_items_queue_by_split": ["dataset_id", "split", "status"],
    "ix_items_queue_by_author": ["dataset_id", "latest_author_id", "status"],
}


def upgrade() -> None:
    op.add_column("items", sa.Column("latest_id", sa.Integer(), nullable=True))
    op.add_column("items", sa.Column("latest_author_id", sa.Integer(), nullable=True))
    op.add_column("items", sa.Column("status", sa.String(length=16), server_default="new", nullable=False))
    op.add_column("items", sa.Column("disagreement_rank", sa.Double(), server_default="1", nullable=False))
    op.execute("UPDATE items SET disagreement_rank = -disagreement WHERE disagreement IS NOT NULL")
    op.execute((_SET + " FROM revisions AS r" + _WHERE).format("r"))
    op.drop_index("ix_items_dataset_id_disagreement", table_name="items")
    op.drop_index("ix_items_dataset_id_split", table_name="items")
    for name, columns in _INDEXES.items():
        op.create_index(
            name,
            "items",
            columns,
            unique=False,
            sqlite_where=sa.text("missing_since IS NULL AND is_copy = 0"),
            postgresql_where=sa.text("missing_since IS NULL AND NOT is_copy"),
        )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER items_follow_revisions AFTER INSERT ON revisions BEGIN {_FOLLOW}; END")
        return
    op.execute(
        "CREATE FUNCTION items_follow_revisions() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {_FOLLOW}; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER items_follow_revisions AFTER INSERT ON revisions "
        "FOR EACH ROW EXECUTE FUNCTION items_follow_revisions()"
    )


def downgrade() -> None:
    op.execute(
        "DROP TRIGGER items_follow_revisions"
        + (" ON revisions" if op.get_bind().dialect.name == "postgresql" else "")
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION items_follow_revisions()")
    for name in _INDEXES:
        op.drop_index(name, table_name="items")
    for column in ("disagreement_rank", "status", "latest_author_id", "latest_id"):
        op.drop_column("items", column)
    op.create_index("ix_items_dataset_id_split", "items", ["dataset_id", "split"], unique=False)
    op.create_index("ix_items_dataset_id_disagreement", "items", ["dataset_id", "disagreement"], unique=False)
