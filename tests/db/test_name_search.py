"""Pictures are found by a part of their name, with an index of names and without one."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, text

from db.engine import Database
from db.items import ItemSpec, upsert_items
from db.models import Item, ItemTag
from db.name_search import ids_named
from db.queue import list_items
from db.queue_filter import QueueFilter


@pytest.fixture
def ids(database: Database, dataset_id: int) -> dict[str, int]:
    specs = [ItemSpec(f"p{n}", f"p{n}", "0" * 64, 4, 3, 1, "image/jpeg", None) for n in range(8)]
    with database.write() as session:
        return dict(upsert_items(session, dataset_id, specs).ids)


def _named(database: Database, dataset_id: int, part: str) -> list[str]:
    with database.read() as session:
        found = list_items(session, dataset_id, QueueFilter(name=part))
    assert found.total == len(found.items)
    return sorted(entry.item.name for entry in found.items)


NAMES = ["IMG_0077.jpg", "img_1077.jpg", "École/été 3.jpg", 'a "quoted" one.jpg', "100%_sure.jpg"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("077", [0, 1]),
        ("IMG_1", [1]),
        ("g_", [0, 1]),
        ("cole/ét", [2]),
        ('"quoted"', [3]),
        ("0%_s", [4]),
        ("0%%s", []),
        ("077 OR quoted", []),
    ],
)
def test_parts_of_names_are_found_by_an_index_and_without_it_alike(
    database: Database,
    dataset_id: int,
    ids: dict[str, int],
    wanted: str,
    found: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with database.write() as session:
        for item_id, name in zip(ids.values(), ("was 077", *NAMES), strict=False):
            item = session.get(Item, item_id)
            assert item is not None
            item.name = name
            session.flush()
        for item_id, name in zip(ids.values(), NAMES, strict=False):  # they are renamed once more
            item = session.get(Item, item_id)
            assert item is not None
            item.name = f"now {name}"
            session.flush()
        session.execute(delete(ItemTag).where(ItemTag.item_id == ids["p5"]))
        session.execute(delete(Item).where(Item.id == ids["p5"]))  # it has the last of NAMES
    expected = sorted(f"now {NAMES[number]}" for number in found)
    assert _named(database, dataset_id, wanted) == expected
    monkeypatch.setattr("db.name_search._has_table", lambda _session: False)
    assert _named(database, dataset_id, wanted) == expected


def test_the_index_of_names_is_used(database: Database, dataset_id: int, ids: dict[str, int]) -> None:
    is_sqlite = database.url.get_backend_name() == "sqlite"
    with database.read() as session:
        if is_sqlite:
            plan = session.execute(
                text("EXPLAIN QUERY PLAN SELECT rowid FROM item_names WHERE item_names MATCH '\"077\"'")
            ).all()
            assert "VIRTUAL TABLE INDEX" in str(plan)
        else:
            found = session.scalar(text("SELECT 1 FROM pg_indexes WHERE indexname = 'ix_items_name_parts'"))
            assert found == 1
        assert ids_named(session, dataset_id, "p1", 5) == [ids["p1"]]


def test_frequent_parts_are_counted_as_they_are_listed(
    database: Database, dataset_id: int, ids: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.write() as session:
        for number, item_id in enumerate(ids.values()):
            session.get_one(Item, item_id).name = f"Été {number}"
    monkeypatch.setattr("db.queue_parts.SHORT", 2)
    monkeypatch.setattr("db.queue.SHORT", 2)
    for part in ("Été", "té ", "é 3"):
        assert len(_named(database, dataset_id, part)) == (1 if "3" in part else len(ids))
