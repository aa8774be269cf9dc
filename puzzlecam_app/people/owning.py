"""Whoever makes a dataset leads it; otherwise nobody but an admin could use it."""

from __future__ import annotations

from dataclasses import replace

from db.datasets import require_dataset
from db.engine import Database
from db.roles import has_roles, set_role
from puzzlecam_app.people.person import Person


def lead_new_dataset(database: Database, person: Person, name: str) -> Person:
    """Make a person the lead of a dataset on which nobody has a role yet.

    Args:
        database: The database of the studio.
        person: Who made the dataset; without an account, or as an admin, they need no role.
        name: Name of the dataset.

    Returns:
        The person with the role that they have now.
    """
    if person.user_id is None or person.is_admin:
        return person
    with database.write() as session:
        dataset = require_dataset(session, name)
        if has_roles(session, dataset.id):
            return person
        set_role(session, person.user_id, dataset.id, "lead")
    return replace(person, roles={**person.roles, dataset.id: "lead"})
