"""Copied pictures are found relative to the workspace, so that a workspace can be moved.

Revision ID: 0008
Revises: 0007
"""

from pathlib import Path, PurePath

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels = None
depends_on = None

_COPIES = "images"


def upgrade() -> None:
    connection = op.get_bind()
    for dataset_id, root in connection.execute(sa.text("SELECT id, root FROM datasets")).all():
        if PurePath(root).name == _COPIES and _is_content_addressed(dataset_id) and _is_of_workspace(root):
            connection.execute(
                sa.text("UPDATE datasets SET root = :root WHERE id = :id"),
                {"root": _COPIES, "id": dataset_id},
            )


def _is_content_addressed(dataset_id: int) -> bool:
    paths = sa.text("SELECT path, sha256 FROM items WHERE dataset_id = :id")
    rows = op.get_bind().execute(paths, {"id": dataset_id}).all()
    return bool(rows) and all(path.startswith(f"{sha256[:2]}/{sha256}") for path, sha256 in rows)


def _is_of_workspace(root: str) -> bool:
    """Whether `root` is, or was before the workspace was moved, the folder of its copied pictures."""
    engine = op.get_bind().engine
    if engine.dialect.name != "sqlite" or not Path(root).is_dir():
        return True
    copies = Path(str(engine.url.database)).parent / _COPIES
    return not copies.is_dir() or copies.samefile(root)
