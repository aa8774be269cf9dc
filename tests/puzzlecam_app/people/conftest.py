"""A studio with accounts: an admin, and one person for each role on dataset 1."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from db import sign_ins
from db.accounts import create_account
from db.datasets import create_dataset
from db.items import ItemSpec, upsert_items
from db.labels import ClassSpec
from db.role_names import DATASET_ROLES
from db.roles import set_role
from puzzlecam_app.app import create_api
from puzzlecam_app.people import passwords
from puzzlecam_app.people.cookies import SESSION_COOKIE
from puzzlecam_app.people.tokens import hash_of
from puzzlecam_app.services import Services
from tests.puzzlecam_app.conftest import add_colours

OTHER_DATASET, OTHER_ITEM = 2, 4
ROLES = ("labeler", "reviewer", "lead", "admin")


def add_people(services: Services) -> None:
    """Add one person for each role, named after it, and one without any: `nobody`.

    Each is signed in with a cookie of the same name. The roles are on dataset 1; dataset 2 has picture 4.
    """
    with services.database.write() as session:
        other = create_dataset(
            session, "other", root="/other", layout="folder", classes=[ClassSpec(1, "cat")]
        )
        spec = ItemSpec("d", "d.png", "d" * 64, 64, 48, 1, "image/png", None)
        assert upsert_items(session, other.id, [spec]).ids == {"d": OTHER_ITEM}
        for name in (*ROLES, "nobody"):
            account = create_account(session, name, None, is_admin=name == "admin")
            sign_ins.start(session, account.user_id, hash_of(name), address="", browser="")
        for number, role in enumerate(DATASET_ROLES, start=1):
            set_role(session, number, 1, role)


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hash passwords with the least work that argon2 allows: what is tested here is not its strength."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._hash_of_no_account.cache_clear()
    yield
    passwords._hash_of_no_account.cache_clear()


@pytest.fixture
def team(make_services: Callable[..., Services], tmp_path: Path) -> Services:
    """The workspace of a studio with accounts."""
    services = make_services(access="accounts")
    add_colours(services, tmp_path / "pictures")
    add_people(services)
    return services


@pytest.fixture
def studio(team: Services) -> Iterator[TestClient]:
    """The studio, for requests of anybody; nobody is signed in at first."""
    with TestClient(create_api(team), base_url="http://127.0.0.1:7860", follow_redirects=False) as client:
        yield client


@pytest.fixture
def as_person(studio: TestClient) -> Callable[[str | None], TestClient]:
    """Sign somebody in by name; None signs out."""

    def enter(name: str | None) -> TestClient:
        studio.cookies.clear()
        if name is not None:
            studio.cookies.set(SESSION_COOKIE, name)
        return studio

    return enter
