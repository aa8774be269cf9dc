"""Measures the queue, the counts and the gallery with very many pictures.

`python -m tests.measure_million FOLDER [--items 1000000] [--database URL] [--explain]` makes a database with
that many pictures in FOLDER (rows only, no files), asks for pages in every order and with every filter as the
pages do, and prints a Markdown table. The database is kept, so that a second call can use it.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import event, insert, text
from sqlalchemy.orm import Session

from db.annotations import register_mask
from db.datasets import create_dataset
from db.done import count_done
from db.engine import Database, open_database, sqlite_url
from db.labels import ClassSpec, latest_label_set
from db.models import Item, ItemTag, Revision
from db.natural_order import natural_key
from db.queue import counts_by_status, list_ids, list_items
from db.queue_filter import QueueFilter
from db.queue_orders import ORDERS
from db.users import get_or_create

CLASSES, PEOPLE, CHUNK, REPEATS = 20, 40, 20_000, 5
MASK = "0" * 64


def make(database: Database, count: int) -> None:
    """Fill an empty database: 60 % of the pictures have a proposal, a third of those a person's work."""
    with database.write() as session:
        classes = [ClassSpec(number, f"class {number}") for number in range(1, CLASSES + 1)]
        dataset = create_dataset(session, "million", root="/nowhere", layout="folder", classes=classes)
        label_set = latest_label_set(session, dataset.id).id
        people = [get_or_create(session, f"person {number}").id for number in range(PEOPLE)]
        register_mask(session, MASK, height=375, width=500)
    for first in range(0, count, CHUNK):
        chance = random.Random(first)
        items, tags, revisions = [], [], []
        for number in range(first, min(count, first + CHUNK)):
            item_id, name = number + 1, f"folder {number % 97}/picture {number}"
            is_known = chance.random() < 0.6
            items.append(
                {
                    "id": item_id,
                    "dataset_id": dataset.id,
                    "name": name,
                    "sort_name": natural_key(name),
                    "path": f"{name}.jpg",
                    "sha256": f"{number:064x}",
                    "width": 500,
                    "height": 375,
                    "orientation": 1,
                    "media_type": "image/jpeg",
                    "split": "val" if number % 10 == 0 else "train",
                    "disagreement": chance.random() if is_known else None,
                    "doubt_rank": -chance.random() if is_known else 1.0,
                }
            )
            classes_of = {1 + int(CLASSES * chance.random() ** 3) for _ in range(2)}
            tags += [{"item_id": item_id, "class_index": index} for index in classes_of]
            if is_known:
                actions = ["proposed"]
                if chance.random() < 1 / 3:
                    actions.append(chance.choice(("accepted", "corrected", "drafted", "rejected", "skipped")))
                for sequence, action in enumerate(actions, 1):
                    revisions.append(
                        {
                            "item_id": item_id,
                            "sequence": sequence,
                            "action": action,
                            "author_id": None if action == "proposed" else chance.choice(people),
                            "mask_hash": MASK,
                            "label_set_id": label_set,
                            "proposed_by": "model" if action == "proposed" else None,
                        }
                    )
        with database.write() as session:
            session.execute(insert(Item), items)
            session.execute(insert(ItemTag), tags)
            session.execute(insert(Revision), revisions)
        print(f"\r{first + len(items):,} pictures", end="", flush=True)
    with database.write() as session:
        session.execute(text("ANALYZE"))
    print()


def asked(dataset_id: int, author: int) -> Iterator[tuple[str, Callable[[Session], Any]]]:
    """What the pages ask for, by name."""
    filters = {
        "all": QueueFilter(),
        "todo": QueueFilter("todo"),
        "done": QueueFilter("done"),
        "new": QueueFilter("new"),
        "a frequent class": QueueFilter("todo", class_index=1),
        "a rare class": QueueFilter("todo", class_index=CLASSES),
        "split val": QueueFilter("todo", split="val"),
        "author": QueueFilter(author=author),
        "name": QueueFilter(name="picture 77777"),
        "nobody's": QueueFilter("todo", is_unassigned=True),
    }
    for order in ORDERS:
        for name, kept in filters.items():
            if order in ("name", "doubt") or name in ("all", "todo"):
                yield (
                    f"page: {name}, by {order}",
                    lambda session, kept=kept, order=order: list_items(
                        session, dataset_id, kept, order=order
                    ),
                )

    def deep(session: Session) -> object:
        _, after = list_ids(session, dataset_id, QueueFilter("todo"), order="doubt", limit=1)
        return list_items(session, dataset_id, QueueFilter("todo"), order="doubt", after=after)

    yield "page: todo, by doubt, the second one", deep
    yield "gallery: 20,000 ids", lambda session: list_ids(session, dataset_id, QueueFilter("todo"))
    yield "counts by status", lambda session: counts_by_status(session, dataset_id)
    yield "masks to learn from", lambda session: count_done(session, dataset_id)


def measure(database: Database, *, is_explained: bool) -> None:
    """Print the median of the warm times of everything that pages ask for.

    SQLite computes in this process, so its processor time is measured, which other programs do not change.
    """
    clock = time.process_time if database.url.get_backend_name() == "sqlite" else time.perf_counter
    print("| What | median ms |\n| --- | --- |")
    with database.read() as session:
        dataset_id = session.scalar(text("SELECT id FROM datasets WHERE name = 'million'"))
        author = session.scalar(text("SELECT min(id) FROM users"))
    for name, ask in asked(dataset_id or 0, author or 0):
        times = []
        for _ in range(REPEATS + 1):
            with database.read() as session:
                began = clock()
                ask(session)
            times.append(clock() - began)
            if times[0] > 5:
                break  # once is enough to know
        warm = sorted(times[1:] or times)
        print(f"| {name} | {1000 * warm[len(warm) // 2]:.0f} |", flush=True)
        if is_explained:
            _explain(database, ask)


def _explain(database: Database, ask: Callable[[Session], Any]) -> None:
    """Print the plan of each statement that `ask` sends."""
    statements: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, _many: bool) -> None:
        if statement.lstrip().startswith("SELECT"):
            statements.append((statement, parameters))

    with database.read() as session:
        engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", note)
        ask(session)
        event.remove(engine, "before_cursor_execute", note)
        words = "EXPLAIN QUERY PLAN " if database.url.get_backend_name() == "sqlite" else "EXPLAIN "
        for statement, parameters in statements:
            plan = session.connection().exec_driver_sql(words + statement, parameters)
            print("\n".join(f"    {row[-1]}" for row in plan), "\n")


def main() -> None:
    """Make the database if it is missing, and measure."""
    parser = argparse.ArgumentParser(prog="python -m tests.measure_million", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--database", help="URL of an empty PostgreSQL database; by default SQLite in FOLDER")
    parser.add_argument("--explain", action="store_true", help="print the plan of each query")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    database = open_database(given.database or sqlite_url(given.folder / "million.sqlite3"), given.folder)
    database.migrate()
    with database.read() as session:
        is_empty = session.scalar(text("SELECT count(*) FROM datasets")) == 0
    if is_empty:
        make(database, given.items)
    measure(database, is_explained=given.explain)
    database.close()


if __name__ == "__main__":
    main()
