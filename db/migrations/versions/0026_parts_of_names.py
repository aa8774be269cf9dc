"""Names of pictures are found by their parts: a table of FTS5 on SQLite, pg_trgm on PostgreSQL.

Revision ID: 0026
Revises: 0025
"""

import logging

from alembic import op
from sqlalchemy.exc import DBAPIError

revision: str = "0026"
down_revision: str | None = "0025"
branch_labels = None
depends_on = None

_log = logging.getLogger(__name__)

_ADD = "INSERT INTO item_names (rowid, name) VALUES (NEW.id, NEW.name);"
_REMOVE = "INSERT INTO item_names (item_names, rowid, name) VALUES ('delete', OLD.id, OLD.name);"
_SQLITE = (
    "CREATE VIRTUAL TABLE item_names USING "
    "fts5(name, content='items', content_rowid='id', columnsize=0, tokenize='trigram')",
    f"CREATE TRIGGER item_names_added AFTER INSERT ON items BEGIN {_ADD} END",
    f"CREATE TRIGGER item_names_removed AFTER DELETE ON items BEGIN {_REMOVE} END",
    f"CREATE TRIGGER item_names_changed AFTER UPDATE OF name ON items BEGIN {_REMOVE} {_ADD} END",
    "INSERT INTO item_names (item_names) VALUES ('rebuild')",
)
_POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX ix_items_name_parts ON items USING gin (name gin_trgm_ops)",
)


def upgrade() -> None:
    connection = op.get_bind()
    is_sqlite = connection.dialect.name == "sqlite"
    try:
        with connection.begin_nested():
            for statement in _SQLITE if is_sqlite else _POSTGRESQL:
                connection.exec_driver_sql(statement)
    except DBAPIError as error:  # an SQLite without FTS5, or a person who may not add extensions
        _log.warning("searching by name stays slow among very many pictures: %s", error.orig)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ("added", "removed", "changed"):
            op.execute(f"DROP TRIGGER IF EXISTS item_names_{name}")
        op.execute("DROP TABLE IF EXISTS item_names")
    else:
        op.execute("DROP INDEX IF EXISTS ix_items_name_parts")
