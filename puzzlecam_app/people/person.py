"""Who sends a request, and what they may do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from db.role_names import DatasetRole, Role, includes, lesser

Least = Literal["anyone", "person", Role]
"""The least that a request needs. `anyone` need not be signed in; `person` has any account."""


@dataclass(frozen=True)
class Person:
    """A signed-in person, or a script that works as one.

    Attributes:
        name: the name that work is stored under.
        user_id: id of the account; None for the one implied person of a studio without accounts.
        is_admin: whether the person has all rights everywhere.
        roles: roles by dataset id.
        limit: the highest role that counts; a token can have less than its owner.
        sign_in_id: the browser in which the person is signed in; None for a token.
    """

    name: str
    user_id: int | None = None
    is_admin: bool = False
    roles: Mapping[int, DatasetRole] = field(default_factory=dict)
    limit: Role = "admin"
    sign_in_id: int | None = None

    def role_on(self, dataset_id: int) -> Role | None:
        """Return the role on a dataset; None if the person may not see it."""
        role: Role | None = "admin" if self.is_admin else self.roles.get(dataset_id)
        return None if role is None else lesser(role, self.limit)

    def may(self, least: Role, dataset_id: int) -> bool:
        """Return whether the person has this role on a dataset, or a higher one."""
        return includes(self.role_on(dataset_id), least)

    def may_anywhere(self, least: Role) -> bool:
        """Return whether the person has this role on any dataset, or a higher one."""
        if self.is_admin:
            return includes(self.limit, least)
        return any(self.may(least, dataset_id) for dataset_id in self.roles)

    def may_everywhere(self) -> bool:
        """Return whether the person has all rights in the whole studio."""
        return self.is_admin and self.limit == "admin"

    def datasets(self, least: Role) -> frozenset[int] | None:
        """Return the ids of the datasets on which the person has this role; None stands for all."""
        if self.is_admin:
            return None if includes(self.limit, least) else frozenset()
        return frozenset(dataset_id for dataset_id in self.roles if self.may(least, dataset_id))


NOBODY_ELSE: Final = Person("", is_admin=True)
"""The one implied person of a studio without accounts, with all rights."""


def may_use(person: Person | None, least: Least, datasets: Collection[int] = ()) -> bool:
    """Return whether a person has the least that a request needs.

    Args:
        person: Who sends it; None if nobody is signed in.
        least: What it needs.
        datasets: The datasets that it is about; without any, a role on any dataset is enough.
    """
    if least == "anyone":
        return True
    if person is None:
        return False
    if least == "person":
        return True
    if least == "admin":
        return person.may_everywhere()
    if datasets:
        return all(person.may(least, dataset_id) for dataset_id in datasets)
    return person.may_anywhere(least)
