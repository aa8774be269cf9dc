"""Refusing to begin with an empty database where masks show that there was a full one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import func, inspect, make_url, select

from db.engine import Database, open_database
from db.errors import DatabaseLostError
from db.masks import MaskStore
from db.models import Dataset

_COUNTED: Final = 100_000


def open_beside_masks(url: str, masks: MaskStore) -> Database:
    """Open the database that describes `masks`, and bring its tables up to date.

    Masks are stored for datasets alone, and datasets stay in the database even after they were removed. So
    masks beside a database without any dataset mean that the database was lost. Then nothing is made or
    changed: an empty studio would look as if all work were gone, and would hide that a backup brings it back.

    Raises DatabaseLostError, and what `open_database` and `Database.migrate` raise.
    """
    has_masks = masks.count(1) > 0
    if has_masks:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database and _is_gone(Path(parsed.database)):
            raise DatabaseLostError(_lost(parsed.database, "is missing or empty", masks))
    database = open_database(url, workspace=masks.root.parent)
    try:
        if has_masks and not _has_datasets(database):
            where = database.url.render_as_string(hide_password=True)
            if database.url.get_backend_name() == "sqlite":
                where = str(database.url.database)
            raise DatabaseLostError(_lost(where, "holds no dataset", masks))
        database.migrate()
    except BaseException:
        database.close()
        raise
    return database


def _is_gone(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0


def _has_datasets(database: Database) -> bool:
    with database.read() as session:
        if not inspect(session.connection()).has_table(Dataset.__tablename__):
            return False
        return bool(session.scalar(select(func.count()).select_from(Dataset)))


def _lost(where: str, what: str, masks: MaskStore) -> str:
    found = masks.count(_COUNTED)
    amount = f"{found:,}{' or more' if found == _COUNTED else ''} mask{'' if found == 1 else 's'}"
    copies = sorted(Path(where).parent.glob(f"{Path(where).name}.before-upgrade-from-*"))
    hint = f" (the newest copy beside it is {copies[-1].name})" if copies else ""
    return (
        f"The database {where} {what}, but {masks.root} holds {amount} that it should describe. Nothing was "
        f"changed. Restore the database from your backup{hint}; docs/operators.md tells how. To begin anew "
        "instead, name another workspace or move the folder of masks away."
    )
