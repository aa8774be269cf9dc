"""Links: who joins with them, under which name, and how often."""

from collections.abc import Callable

import pytest

from db import audit
from db.accounts import create_account, find_account
from db.annotations import append_revision
from db.engine import Database
from db.errors import InvalidInputError, NotFoundError
from db.role_names import Role
from db.roles import roles_of
from db.users import get_or_create
from puzzlecam_app.errors import UserError
from puzzlecam_app.people import joining
from puzzlecam_app.people.joining import JOIN_PATH, invite_first_admin, join
from puzzlecam_app.people.signing_in import sign_in, start_session, who_has
from puzzlecam_app.services import Services

PASSWORD = "correct horse battery"


@pytest.fixture
def database(services: Services) -> Database:
    return services.database


@pytest.fixture
def invite(database: Database) -> Callable[..., str]:
    """Make an invitation on dataset 1 and return its secret."""

    def make(role: Role = "labeler", *, name: str | None = None, by: str | None = "Lea") -> str:
        with database.write() as session:
            created_by = None if by is None else get_or_create(session, by).id
            datasets = [] if role == "admin" else [1]
            link = joining.invite(session, role, dataset_ids=datasets, name=name, created_by_id=created_by)
        return link.path.removeprefix(f"{JOIN_PATH}/")

    return make


def work_as(database: Database, name: str) -> None:
    with database.write() as session:
        author = get_or_create(session, name).id
        append_revision(session, 1, expected=None, action="rejected", author=author, mask_hash=None)


def test_who_joins_has_the_role_of_the_invitation(database: Database, invite: Callable[..., str]) -> None:
    account = join(database, invite("reviewer"), "Ann", PASSWORD)

    with database.read() as session:
        assert roles_of(session, account.user_id) == {1: "reviewer"}
        assert audit.read(session)[0].action == "joined"
    assert not account.is_admin
    assert sign_in(database, "ann", PASSWORD, address="", browser="") is not None


def test_an_invitation_works_once(database: Database, invite: Callable[..., str]) -> None:
    secret = invite()
    join(database, secret, "Ann", PASSWORD)

    with pytest.raises(NotFoundError, match="no longer valid"):
        join(database, secret, "Ben", PASSWORD)


def test_a_name_of_somebody_else_is_refused_and_the_invitation_still_works(
    database: Database, invite: Callable[..., str]
) -> None:
    join(database, invite(), "Ann", PASSWORD)
    secret = invite()

    with pytest.raises(InvalidInputError, match="already"):
        join(database, secret, "ANN", PASSWORD)
    assert join(database, secret, "Ben", PASSWORD).user.name == "Ben"


def test_nobody_becomes_the_author_of_earlier_work_by_choosing_its_name(
    database: Database, invite: Callable[..., str]
) -> None:
    work_as(database, "Ann")

    with pytest.raises(UserError, match="work is stored under the name"):
        join(database, invite(), "Ann", PASSWORD)
    assert join(database, invite(name="Ann"), "ignored", PASSWORD).user.name == "Ann"


def test_the_first_admin_joins_with_the_newest_link(database: Database) -> None:
    old, new = invite_first_admin(database), invite_first_admin(database)
    assert old is not None
    assert new is not None
    secrets = [link.path.removeprefix(f"{JOIN_PATH}/") for link in (old, new)]

    with pytest.raises(NotFoundError):
        join(database, secrets[0], "Ann", PASSWORD)
    assert join(database, secrets[1], "Ann", PASSWORD).is_admin
    assert invite_first_admin(database) is None


def test_who_chooses_another_password_is_signed_out_everywhere(
    database: Database, invite: Callable[..., str]
) -> None:
    account = join(database, invite(), "Ann", PASSWORD)
    cookie = start_session(database, account, address="", browser="")
    with database.write() as session:
        link = joining.invite_to_reset(session, account.user_id)
    join(database, link.path.removeprefix(f"{JOIN_PATH}/"), "", "another long one")

    assert who_has(database, cookie, is_token=False) is None
    assert sign_in(database, "Ann", PASSWORD, address="", browser="") is None
    assert sign_in(database, "Ann", "another long one", address="", browser="") is not None


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaa", "ann-ann-ann-1", "x" * 1025])
def test_a_poor_password_is_refused(database: Database, invite: Callable[..., str], password: str) -> None:
    with pytest.raises(UserError, match="password"):
        join(database, invite(), "Ann", password)
    with database.read() as session:
        assert find_account(session, "Ann") is None


def test_an_account_without_a_password_cannot_sign_in(database: Database) -> None:
    with database.write() as session:
        create_account(session, "Ann", None)

    assert sign_in(database, "Ann", "", address="", browser="") is None
