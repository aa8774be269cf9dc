"""The roles that people have, from the least to the most rights."""

from __future__ import annotations

from typing import Final, Literal

DatasetRole = Literal["labeler", "reviewer", "lead"]
Role = Literal["labeler", "reviewer", "lead", "admin"]

DATASET_ROLES: Final[tuple[DatasetRole, ...]] = ("labeler", "reviewer", "lead")
"""Roles on one dataset. An admin has all rights on every dataset."""
ROLES: Final[tuple[Role, ...]] = (*DATASET_ROLES, "admin")


def includes(role: Role | None, least: Role) -> bool:
    """Return whether `role` has all rights of `least`; no role has none.

    >>> includes("lead", "reviewer"), includes("labeler", "lead"), includes(None, "labeler")
    (True, False, False)
    """
    return role is not None and ROLES.index(role) >= ROLES.index(least)


def higher(one: Role | None, other: Role) -> Role:
    """Return the role with more rights.

    >>> higher("lead", "reviewer"), higher(None, "labeler")
    ('lead', 'labeler')
    """
    return other if one is None else max(one, other, key=ROLES.index)


def lesser(one: Role, other: Role) -> Role:
    """Return the role with fewer rights.

    >>> lesser("lead", "reviewer")
    'reviewer'
    """
    return min(one, other, key=ROLES.index)
