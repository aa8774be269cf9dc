"""Which datasets a request is about: the one place that leads from pictures and runs to datasets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.hidden_copies import WITH_COPIES
from db.models import Dataset, Item
from db.run_models import Run
from puzzlecam_app.people.permissions import Kind, Rule

_LARGEST_ID: Final = 2**31 - 1
_MOST_IDS: Final = 10_000
_IN_PATH: Final[Mapping[str, Kind]] = {"dataset_id": "dataset", "item_id": "item", "run_id": "run"}


@dataclass
class Ids:
    """The ids that a request names. Values that cannot be ids are left out: the route refuses them."""

    dataset: set[int] = field(default_factory=set)
    item: set[int] = field(default_factory=set)
    run: set[int] = field(default_factory=set)

    def add(self, kind: Kind, value: object) -> None:
        """Add an id, or several, as they stand in a path, a query or a body."""
        for one in value if isinstance(value, list) else [value]:
            number = one if isinstance(one, int) and not isinstance(one, bool) else _number(one)
            if number is not None and 1 <= number <= _LARGEST_ID:
                getattr(self, kind).add(number)


def ids_of(rule: Rule, parameters: Mapping[str, str], query: str, body: bytes) -> Ids:
    """Return the ids that a request names in its path, its query and its body.

    Args:
        rule: The rule of the request.
        parameters: Those in the path.
        query: The query as it was sent.
        body: The body; empty if the rule does not look into it.
    """
    found = Ids()
    for name, kind in _IN_PATH.items():
        if name in parameters:
            found.add(kind, parameters[name])
    given = parse_qs(query)
    for named in rule.named:
        if named.source == "query":
            found.add(named.kind, list(given.get(named.field, [])))
        else:
            content = _object(body)
            found.add(named.kind, content.get(named.field))
    return found


def datasets_of(session: Session, ids: Ids) -> set[int]:
    """Return the datasets that pictures, runs and datasets belong to. Unknown ids are left out."""
    found = _known(session, Dataset.id, Dataset.id, ids.dataset)
    found |= _known(session, Item.dataset_id, Item.id, ids.item)
    return found | _known(session, Run.dataset_id, Run.id, ids.run)


def datasets_named_in(session: Session, content: object) -> set[int]:
    """Return the datasets whose names are among the strings in an event of a page."""
    words = {text.strip() for text in _strings(content)}
    if not words:
        return set()
    rows = session.execute(select(Dataset.id, Dataset.name).where(Dataset.removed_at.is_(None)))
    return {row.id for row in rows if row.name.strip() in words}


def _known(
    session: Session,
    dataset_id: InstrumentedAttribute[int],
    own_id: InstrumentedAttribute[int],
    ids: set[int],
) -> set[int]:
    if not ids:
        return set()
    wanted = sorted(ids)[:_MOST_IDS]
    rows = select(dataset_id).distinct().where(own_id.in_(wanted))
    return set(session.scalars(rows, execution_options=WITH_COPIES))


def _object(body: bytes) -> dict[str, object]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _strings(content: object) -> Iterable[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for one in content:
            yield from _strings(one)
    elif isinstance(content, dict):
        for one in content.values():
            yield from _strings(one)


def _number(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.strip().isdigit() and len(value) <= 12:
        return int(value)
    return None
