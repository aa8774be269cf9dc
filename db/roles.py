"""Who has which role on which dataset."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.orm import Session

from db.account_models import RoleOnDataset
from db.accounts import get_account
from db.datasets import get_dataset
from db.errors import InvalidInputError
from db.models import Dataset
from db.role_names import DATASET_ROLES, DatasetRole, includes


def set_role(session: Session, user_id: int, dataset_id: int, role: DatasetRole | None) -> None:
    """Give somebody a role on a dataset in place of the one they have; None takes it away.

    Raises:
        NotFoundError: There is no such account or dataset.
        InvalidInputError: There is no such role.
    """
    get_account(session, user_id)
    get_dataset(session, dataset_id)
    if role is None:
        session.execute(
            delete(RoleOnDataset).where(
                RoleOnDataset.user_id == user_id, RoleOnDataset.dataset_id == dataset_id
            )
        )
        return
    if role not in DATASET_ROLES:
        raise InvalidInputError(f"{role!r} is not a role on a dataset; use {', '.join(DATASET_ROLES)}.")
    session.merge(RoleOnDataset(user_id=user_id, dataset_id=dataset_id, role=role))
    session.flush()


def give_at_least(session: Session, user_id: int, dataset_ids: Iterable[int], role: DatasetRole) -> None:
    """Give somebody a role on datasets, where they do not have it or a higher one."""
    have = roles_of(session, user_id)
    for dataset_id in dataset_ids:
        if not includes(have.get(dataset_id), role):
            set_role(session, user_id, dataset_id, role)


def roles_of(session: Session, user_id: int) -> dict[int, DatasetRole]:
    """Return somebody's roles by dataset id. Of removed datasets only leads keep theirs: they can restore."""
    can_restore = and_(RoleOnDataset.role == "lead", Dataset.emptied_at.is_(None))
    rows = session.execute(
        select(RoleOnDataset.dataset_id, RoleOnDataset.role)
        .join(Dataset, Dataset.id == RoleOnDataset.dataset_id)
        .where(RoleOnDataset.user_id == user_id, or_(Dataset.removed_at.is_(None), can_restore))
    )
    return {row.dataset_id: row.role for row in rows}


def roles_by_user(session: Session) -> dict[int, dict[int, DatasetRole]]:
    """Return everybody's roles: role by dataset id by user id, without those on removed datasets."""
    rows = session.execute(
        select(RoleOnDataset.user_id, RoleOnDataset.dataset_id, RoleOnDataset.role)
        .join(Dataset, Dataset.id == RoleOnDataset.dataset_id)
        .where(Dataset.removed_at.is_(None))
    )
    found: dict[int, dict[int, DatasetRole]] = defaultdict(dict)
    for user_id, dataset_id, role in rows:
        found[user_id][dataset_id] = role
    return dict(found)


def has_roles(session: Session, dataset_id: int) -> bool:
    """Return whether anybody has a role on a dataset."""
    wanted = select(RoleOnDataset.user_id).where(RoleOnDataset.dataset_id == dataset_id).limit(1)
    return session.scalar(wanted) is not None
