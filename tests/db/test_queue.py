"""The review queue: filters, orders and pages that hold while people work."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest
from sqlalchemy import Engine, event, select

from db.annotations import append_revision, latest_revision, propose
from db.done import count_done
from db.engine import Database
from db.errors import InvalidInputError
from db.items import ItemSpec, replace_tags, set_disagreement, set_doubt, upsert_items
from db.models import Item, utc_now
from db.queue import Page, QueueEntry, counts_by_status, entries_of, list_ids, list_items
from db.queue_filter import QueueFilter
from db.status import STATUS_GROUPS, status_of
from db.tags import SuggestedTag, store_suggestions
from db.users import get_or_create

MASK = "a" * 64


def _spec(name: str, split: str | None) -> ItemSpec:
    return ItemSpec(name, name, "0" * 64, 4, 3, 1, "image/jpeg", split)


@pytest.fixture
def ids(database: Database, dataset_id: int) -> dict[str, int]:
    """Pictures p0 to p9; even ones are cats (1) and for training, odd ones dogs (2) and for validation."""
    with database.write() as session:
        specs = [_spec(f"p{i}", "val" if i % 2 else "train") for i in range(10)]
        ids = dict(upsert_items(session, dataset_id, specs).ids)
        replace_tags(session, dataset_id, {ids[f"p{i}"]: [i % 2 + 1] for i in range(10)})
    return ids


def _record(database: Database, item_id: int, action: str, author: str | None = None) -> None:
    with database.write() as session:
        newest = None
        for one in _revisions(session, item_id):
            newest = one
        append_revision(
            session,
            item_id,
            expected=newest,
            action=action,
            author=get_or_create(session, author).id if author else None,
            mask_hash=MASK,
        )


def _revisions(session: object, item_id: int) -> Iterator[int]:
    from db.annotations import history

    return (revision.id for revision in history(session, item_id))


def _list(database: Database, dataset_id: int, **options: object) -> Page:
    kept = QueueFilter(**{one.name: options.pop(one.name, None) for one in fields(QueueFilter)})
    with database.read() as session:
        return list_items(session, dataset_id, kept, **options)


def _names(entries: tuple[QueueEntry, ...]) -> list[str]:
    return [entry.item.name for entry in entries]


def _all_pages(database: Database, dataset_id: int, **filters: object) -> list[str]:
    names: list[str] = []
    after = None
    while True:
        page = _list(database, dataset_id, after=after, **filters)
        names += _names(page.items)
        if page.next is None:
            return names
        after = page.next


def test_an_entry_tells_what_the_queue_shows(
    database: Database, dataset_id: int, ids: dict[str, int]
) -> None:
    _record(database, ids["p0"], "drafted", "Ann")
    first, second = _list(database, dataset_id, limit=2).items
    assert (first.item.name, first.status, first.author, first.tags) == ("p0", "drafted", "Ann", (1,))
    assert first.revision_id is not None
    assert (second.item.name, second.status, second.author, second.revision_id) == ("p1", "new", None, None)


@pytest.mark.parametrize("order", ["name", "doubt", "disagreement", "random"])
@pytest.mark.parametrize("limit", [1, 3, 10, 500])
def test_pages_hold_every_picture_once(
    database: Database, dataset_id: int, ids: dict[str, int], order: str, limit: int
) -> None:
    with database.write() as session:
        for name, value in (("p3", 0.5), ("p1", 0.5), ("p7", 0.1 + 0.2)):
            set_disagreement(session, ids[name], value)
            set_doubt(session, {ids[name]: value})
    names = _all_pages(database, dataset_id, order=order, limit=limit)
    assert sorted(names) == sorted(ids)
    assert _list(database, dataset_id, order=order, limit=limit).total == 10


def test_disagreement_comes_largest_first_and_unknown_last(
    database: Database, dataset_id: int, ids: dict[str, int]
) -> None:
    with database.write() as session:
        for name, value in (("p8", 0.9), ("p1", 0.0), ("p5", 0.4)):
            set_disagreement(session, ids[name], value)
    names = _all_pages(database, dataset_id, order="disagreement", limit=2)
    assert names[:3] == ["p8", "p5", "p1"]
    assert names[3:] == ["p0", "p2", "p3", "p4", "p6", "p7", "p9"]


def test_doubt_comes_largest_first_and_unknown_last_by_id(
    database: Database, dataset_id: int, ids: dict[str, int]
) -> None:
    with database.write() as session:
        set_doubt(session, {ids["p8"]: 0.9, ids["p1"]: 0.0, ids["p5"]: 0.4, ids["p2"]: 0.4, ids["p9"]: 0.7})
        set_doubt(session, {ids["p9"]: None})
    names = _all_pages(database, dataset_id, order="doubt", limit=2)
    assert names[:4] == ["p8", "p2", "p5", "p1"]
    assert names[4:] == ["p0", "p3", "p4", "p6", "p7", "p9"]


def test_the_order_of_doubt_counts_the_pictures_without_one(
    database: Database, dataset_id: int, ids: dict[str, int]
) -> None:
    with database.write() as session:
        set_doubt(session, {ids["p1"]: 0.4, ids["p2"]: 0.0})
    page = _list(database, dataset_id, order="doubt", limit=3)
    assert page.doubt_unknown == page.total - 2
    assert _list(database, dataset_id, order="name", limit=3).doubt_unknown is None


def test_what_follows_a_page_stays_when_doubts_before_it_change(
    database: Database, dataset_id: int, ids: dict[str, int]
) -> None:
    with database.write() as session:
        set_doubt(session, {item_id: 1.0 - number / 10 for number, item_id in enumerate(ids.values())})
    page = _list(database, dataset_id, order="doubt", limit=4)
    with database.write() as session:  # models look again at pictures that are already on screen
        set_doubt(session, {ids["p0"]: 0.95, ids["p2"]: 0.99})
    following = _list(database, dataset_id, order="doubt", limit=4, after=page.next)
    assert _names(following.items) == ["p4", "p5", "p6", "p7"]


@pytest.mark.parametrize(
    ("order", "index", "runs"),
    [
        ("name", "name", 1),
        ("doubt", "doubt", 1),
        ("disagreement", "disagreement", 1),
        ("random", "shuffle", 2),
    ],
)
def test_the_orders_of_long_queues_come_from_indexes(
    database: Database,
    dataset_id: int,
    ids: dict[str, int],
    order: str,
    index: str,
    runs: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if database.url.get_backend_name() != "sqlite":
        pytest.skip("The plan is read as SQLite words it.")
    monkeypatch.setattr("db.queue.SHORT", 0)
    plans: list[list[str]] = []

    def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "UNION ALL" in statement:
            connection = cursor.connection
            rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            plans.append([str(row[3]) for row in rows])

    event.listen(Engine, "before_cursor_execute", explain)
    try:
        first = _list(database, dataset_id, order=order, limit=2, status="todo")
        _list(database, dataset_id, order=order, limit=2, status="todo", after=first.next)
    finally:
        event.remove(Engine, "before_cursor_execute", explain)
    assert len(plans) == 2
    for plan in plans:
        read = [number for number, step in enumerate(plan) if step.startswith(("SEARCH items", "SCAN items"))]
        assert len(read) == runs * len(STATUS_GROUPS["todo"])
        assert all(f"ix_items_queue_by_{index}" in plan[number] for number in read)
        assert all("SCAN anon" in plan[number + 1] for number in read)  # nothing is sorted before the merge
    assert all(">" in step for step in plans[1] if "SEARCH items" in step)  # where the page before ended


@pytest.mark.parametrize("order", ["name", "doubt", "disagreement", "random"])
def test_long_queues_hold_what_short_ones_do(
    database: Database,
    dataset_id: int,
    ids: dict[str, int],
    order: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    filters: tuple[dict[str, Any], ...] = (
        {},
        {"status": "todo"},
        {"status": "done"},
        {"class_index": 1},
        {"split": "val"},
        {"name": "1"},
        {"tags_in_doubt": True},
        {"is_unassigned": True},
    )
    with database.write() as session:
        set_doubt(session, {ids["p3"]: 0.9, ids["p8"]: 0.2})
        set_disagreement(session, ids["p4"], 0.5)
        store_suggestions(session, ids["p5"], [SuggestedTag(1, False, 0.7)])
    for name, action in (("p1", "accepted"), ("p2", "drafted"), ("p6", "corrected"), ("p7", "skipped")):
        _record(database, ids[name], action, "Ann")
    short = [_all_pages(database, dataset_id, order=order, limit=3, **kept) for kept in filters]
    monkeypatch.setattr("db.queue.SHORT", -1)
    assert all(short)
    assert [_all_pages(database, dataset_id, order=order, limit=3, **kept) for kept in filters] == short


def test_pictures_repeat_what_their_newest_revision_says(
    database: Database, dataset_id: int, ids: dict[str, int]
) -> None:
    item_id = ids["p0"]
    with database.write() as session:
        propose(session, item_id, mask_hash=MASK, proposed_by="model")
    for action, author in (("drafted", "Ann"), ("reverted", "Bob"), ("withdrawn", None), ("rejected", "Ann")):
        _record(database, item_id, action, author)
        with database.read() as session:
            newest = latest_revision(session, item_id)
            row = session.execute(
                select(Item.latest_id, Item.latest_author_id, Item.status).where(Item.id == item_id)
            ).one()
            assert newest is not None
            assert tuple(row) == (newest.id, newest.author_id, status_of(action))


def test_by_name_comes_in_natural_order(database: Database, dataset_id: int) -> None:
    names = ["img10", "img2", "IMG1", "a b/1", "a/2"]
    with database.write() as session:
        upsert_items(session, dataset_id, [_spec(name, None) for name in names])
    listed = _all_pages(database, dataset_id, order="name", limit=2)
    assert listed == ["a/2", "a b/1", "IMG1", "img2", "img10"]


def test_missing_pictures_are_in_no_queue_and_no_count(
    database: Database, dataset_id: int, ids: dict[str, int]
) -> None:
    with database.write() as session:
        session.get_one(Item, ids["p3"]).missing_since = utc_now()
    assert "p3" not in _names(_list(database, dataset_id).items)
    assert _list(database, dataset_id).total == 9
    with database.read() as session:
        assert sum(counts_by_status(session, dataset_id).values()) == 9
        assert count_done(session, dataset_id).tagged == 9
    with database.write() as session:
        upserted = upsert_items(session, dataset_id, [_spec("p3", "val")])
    assert upserted.changed == ("p3",)
    assert _list(database, dataset_id).total == 10


def test_random_goes_round_a_shuffle_from_a_place_that_its_seed_repeats(
    database: Database, dataset_id: int, ids: dict[str, int]
) -> None:
    orders = {seed: _all_pages(database, dataset_id, order="random", seed=seed) for seed in range(6)}
    assert len({order[0] for order in orders.values()}) > 2
    for order in orders.values():
        begin = orders[0].index(order[0])
        assert order == orders[0][begin:] + orders[0][:begin]
    assert orders[0] not in (sorted(ids), sorted(ids, reverse=True))
    assert _all_pages(database, dataset_id, order="random", seed=3, limit=2) == orders[3]


def test_pages_that_follow_hold_while_decisions_are_made(
    database: Database, dataset_id: int, ids: dict[str, int]
) -> None:
    page = _list(database, dataset_id, status="todo", limit=4)
    for name in _names(page.items):
        _record(database, ids[name], "accepted", "Ann")
    following = _list(database, dataset_id, status="todo", limit=4, after=page.next)
    assert _names(following.items) == ["p4", "p5", "p6", "p7"]
    assert following.total == 6


def test_the_cursor_of_an_entry_leads_to_the_next_picture(
    database: Database, dataset_id: int, ids: dict[str, int]
) -> None:
    third = _list(database, dataset_id).items[2]
    assert _names(_list(database, dataset_id, after=third.cursor, limit=1).items) == ["p3"]


def test_status_is_that_of_the_newest_revision(
    database: Database, dataset_id: int, ids: dict[str, int]
) -> None:
    with database.write() as session:
        for name in ("p0", "p1"):
            propose(session, ids[name], mask_hash=MASK, proposed_by="model")
    _record(database, ids["p1"], "drafted", "Ann")
    _record(database, ids["p2"], "drafted", "Ann")
    _record(database, ids["p2"], "reverted", "Ann")
    _record(database, ids["p3"], "accepted", "Ann")
    _record(database, ids["p4"], "corrected", "Ben")
    _record(database, ids["p5"], "rejected", "Ben")
    _record(database, ids["p6"], "skipped", "Ben")
    _record(database, ids["p7"], "returned", "Ben")
    expected = {
        "new": ["p8", "p9"],
        "proposed": ["p0", "p2"],
        "drafted": ["p1"],
        "accepted": ["p3"],
        "corrected": ["p4"],
        "rejected": ["p5"],
        "skipped": ["p6"],
        "returned": ["p7"],
    }
    for status, names in expected.items():
        page = _list(database, dataset_id, status=status)
        assert _names(page.items) == names
        assert {entry.status for entry in page.items} == {status}
    with database.read() as session:
        counts = counts_by_status(session, dataset_id)
    assert counts == {status: len(names) for status, names in expected.items()}
    assert _names(_list(database, dataset_id, status="done").items) == ["p3", "p4"]
    assert _names(_list(database, dataset_id, status="todo").items) == [
        "p0", "p1", "p2", "p6", "p7", "p8", "p9",
    ]  # fmt: skip


def test_filters_narrow_together(database: Database, dataset_id: int, ids: dict[str, int]) -> None:
    _record(database, ids["p2"], "accepted", "Ann")
    _record(database, ids["p3"], "accepted", "Ben")
    with database.write() as session:
        ann = get_or_create(session, "Ann").id
    assert _names(_list(database, dataset_id, class_index=2).items) == ["p1", "p3", "p5", "p7", "p9"]
    assert _names(_list(database, dataset_id, split="val", status="done").items) == ["p3"]
    assert _names(_list(database, dataset_id, author=ann).items) == ["p2"]
    assert _list(database, dataset_id, author=ann, class_index=2).total == 0
    assert _list(database, dataset_id, split="nowhere") == Page((), None, 0)


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"status": "finished"}, "no status 'finished'"),
        ({"order": "size"}, "no order 'size'"),
        ({"limit": 0}, "1 to 500"),
        ({"limit": 501}, "1 to 500"),
        ({"after": "rubbish"}, "cannot be read"),
        ({"after": "W10="}, "cannot be read"),
        ({"after": "é"}, "cannot be read"),
        ({"after": "WyJuYW1lIiwgMSwgMl0="}, "belongs to another order"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    database: Database, dataset_id: int, filters: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        _list(database, dataset_id, **filters)


def test_a_cursor_belongs_to_its_order(database: Database, dataset_id: int, ids: dict[str, int]) -> None:
    cursor = _list(database, dataset_id, limit=1).next
    with pytest.raises(InvalidInputError, match="belongs to another order than 'random'"):
        _list(database, dataset_id, order="random", after=cursor)


@pytest.mark.parametrize(("wanted", "found"), [("P1", ["p1"]), ("%", []), ("_", []), ("", 10)])
def test_a_name_is_found_by_a_part_of_it(
    database: Database, dataset_id: int, ids: dict[str, int], wanted: str, found: list[str] | int
) -> None:
    page = _list(database, dataset_id, name=wanted)
    assert found in (_names(page.items), page.total)


def test_pictures_are_kept_by_doubt_and_by_size(
    database: Database, dataset_id: int, ids: dict[str, int]
) -> None:
    with database.write() as session:
        set_doubt(session, {ids["p1"]: 0.1, ids["p2"]: 0.39, ids["p3"]: 0.4, ids["p4"]: 0.9})
        large = session.get(Item, ids["p2"])
        assert large is not None
        large.width, large.height = 1000, 1000

    def names(**wanted: Any) -> list[str]:
        with database.read() as session:
            page = list_items(session, dataset_id, QueueFilter(**wanted), order="name")
        return [one.item.name for one in page.items]

    assert names(least_doubt=0.4) == ["p3", "p4"]
    assert names(pixels=(1_000_000, None)) == ["p2"]
    assert "p2" not in names(pixels=(0, 1_000_000))
    assert set(names(is_doubt_unknown=True)).isdisjoint({"p1", "p2", "p3", "p4"})
    assert names(least_doubt=0.1, pixels=(1_000_000, None)) == ["p2"]


@pytest.mark.parametrize("order", ["name", "doubt", "disagreement", "random"])
def test_ids_alone_come_in_the_order_of_the_queue(
    database: Database, dataset_id: int, ids: dict[str, int], order: str
) -> None:
    with database.write() as session:
        set_doubt(session, {ids["p3"]: 0.5, ids["p1"]: 0.5})
        set_disagreement(session, ids["p7"], 0.3)
    kept = QueueFilter(class_index=2)
    found: list[int] = []
    after = None
    with database.read() as session:
        while True:
            part, after = list_ids(session, dataset_id, kept, order=order, after=after, limit=2)
            found += part
            if after is None:
                break
        queue = list_items(session, dataset_id, kept, order=order)
    assert found == [entry.item.id for entry in queue.items]


def test_entries_come_in_the_order_asked_for_without_missing_and_foreign_items(
    database: Database, dataset_id: int, ids: dict[str, int]
) -> None:
    with database.write() as session:
        session.get_one(Item, ids["p2"]).missing_since = utc_now()
        entries = entries_of(session, dataset_id, [ids["p5"], 10**9, ids["p2"], ids["p0"]])
    assert _names(entries) == ["p5", "p0"]
