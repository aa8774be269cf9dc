"""Runs in the background, their events and publications; proposals can be withdrawn.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels = None
depends_on = None

_OLD_ACTIONS = "'proposed', 'drafted', 'accepted', 'corrected', 'rejected', 'skipped', 'reverted'"
_OLD_WITHOUT_MASK = "'rejected', 'skipped'"
_ACTIVE = sa.text("status IN ('claimed', 'running', 'stopping')")


def upgrade() -> None:
    _set_actions(f"{_OLD_ACTIONS}, 'withdrawn'", f"{_OLD_WITHOUT_MASK}, 'withdrawn'")
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("cloned_from_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("recipe", sa.JSON(), nullable=False),
        sa.Column("split", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=32), nullable=True),
        sa.Column("supervision", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("slot", sa.String(length=160), nullable=True),
        sa.Column("worker", sa.String(length=160), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trainer_pid", sa.Integer(), nullable=True),
        sa.Column("trainer_started", sa.Double(), nullable=True),
        sa.Column("stop_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stop_is_firm", sa.Boolean(), nullable=False),
        sa.Column("events_read", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("remedy", sa.Text(), nullable=True),
        sa.Column("log_tail", sa.Text(), nullable=True),
        sa.Column("metrics", sa.JSON(), nullable=True),
        sa.Column("pruned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('queued', 'claimed', 'running', 'stopping', 'done', 'failed', 'cancelled')",
            name=op.f("ck_runs_status"),
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_runs_attempts")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_runs_author_id_users"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["cloned_from_id"], ["runs.id"], name=op.f("fk_runs_cloned_from_id_runs"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name=op.f("fk_runs_dataset_id_datasets"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index(op.f("ix_runs_dataset_id"), "runs", ["dataset_id"], unique=False)
    op.create_index("ix_runs_status_position", "runs", ["status", "position"], unique=False)
    op.create_index(
        "uq_runs_slot_active", "runs", ["slot"], unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE
    )

    op.create_table(
        "publications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_publications_author_id_users"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_publications_run_id_runs"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["undone_by_id"],
            ["users.id"],
            name=op.f("fk_publications_undone_by_id_users"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publications")),
    )
    op.create_index(op.f("ix_publications_run_id"), "publications", ["run_id"], unique=False)

    op.create_table(
        "run_events",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("stage", sa.String(length=32), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_run_events_run_id_runs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "sequence", name=op.f("pk_run_events")),
    )
    op.create_index("ix_run_events_run_id_kind", "run_events", ["run_id", "kind"], unique=False)

    op.create_table(
        "published_revisions",
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("previous_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["previous_id"],
            ["revisions.id"],
            name=op.f("fk_published_revisions_previous_id_revisions"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.id"],
            name=op.f("fk_published_revisions_publication_id_publications"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"],
            ["revisions.id"],
            name=op.f("fk_published_revisions_revision_id_revisions"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("publication_id", "revision_id", name=op.f("pk_published_revisions")),
    )


def downgrade() -> None:
    for table in ("published_revisions", "run_events", "publications", "runs"):
        op.drop_table(table)
    _set_actions(_OLD_ACTIONS, _OLD_WITHOUT_MASK)


def _set_actions(actions: str, without_mask: str) -> None:
    """Replace what a revision may record; SQLite cannot alter a check and copies the table."""
    checks = {
        "ck_revisions_action": f"action IN ({actions})",
        "ck_revisions_mask_of_action": f"mask_hash IS NOT NULL OR action IN ({without_mask})",
    }
    with op.batch_alter_table("revisions") as revisions:
        for name, condition in checks.items():
            revisions.drop_constraint(op.f(name), type_="check")
            revisions.create_check_constraint(op.f(name), condition)
    if op.get_bind().dialect.name != "sqlite":
        return
    # Triggers belong to a table and went with the old one.
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER revisions_refuse_{change.lower()} BEFORE {change} ON revisions "
            "BEGIN SELECT RAISE(ABORT, 'revisions are append-only'); END"
        )
