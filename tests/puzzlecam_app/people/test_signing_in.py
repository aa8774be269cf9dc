"""Who a cookie or a token belongs to, and what is stored about it."""

import pytest
from sqlalchemy import text

from db import api_tokens, audit, sign_ins
from db.accounts import create_account, set_disabled
from db.engine import Database
from db.roles import set_role
from puzzlecam_app.errors import UserError
from puzzlecam_app.people.passwords import hash_password
from puzzlecam_app.people.person import Person
from puzzlecam_app.people.signing_in import change_password, note_use, sign_in, sign_out, who_has
from puzzlecam_app.people.tokens import hash_of
from puzzlecam_app.services import Services

PASSWORD = "correct horse battery"


@pytest.fixture
def database(services: Services) -> Database:
    """Ann reviews dataset 1; Root is an admin."""
    with services.database.write() as session:
        create_account(session, "Root", hash_password(PASSWORD, "Root"), is_admin=True)
        ann = create_account(session, "Ann", hash_password(PASSWORD, "Ann"))
        set_role(session, ann.user_id, 1, "reviewer")
    return services.database


def enter(database: Database, name: str = "Ann") -> str:
    secret = sign_in(database, name, PASSWORD, address="10.0.0.7", browser="Firefox")
    assert secret is not None
    return secret


def person_of(database: Database, secret: str) -> Person:
    known = who_has(database, secret, is_token=False)
    assert known is not None
    return known.person


def test_the_cookie_says_who_it_is_and_what_they_may_do(database: Database) -> None:
    ann, root = person_of(database, enter(database)), person_of(database, enter(database, "ROOT"))

    assert (ann.name, ann.may("reviewer", 1), ann.may("lead", 1), ann.may("labeler", 2)) == (
        "Ann",
        True,
        False,
        False,
    )
    assert (root.name, root.may("lead", 99), root.may_everywhere()) == ("Root", True, True)


def test_only_the_hash_of_a_secret_is_stored(database: Database) -> None:
    secret = enter(database)
    with database.read() as session:
        stored = session.execute(text("SELECT token_hash FROM sign_ins")).scalars().all()
    assert stored == [hash_of(secret)]


@pytest.mark.parametrize(("name", "password"), [("Ann", "wrong password"), ("Nobody", PASSWORD)])
def test_a_wrong_name_or_password_is_refused_and_logged(database: Database, name: str, password: str) -> None:
    assert sign_in(database, name, password, address="10.0.0.7", browser="") is None
    with database.read() as session:
        entry = audit.read(session)[0]
    assert (entry.action, entry.name, entry.address) == ("failed to sign in", name, "10.0.0.7")


def test_a_disabled_person_cannot_sign_in(database: Database) -> None:
    cookie = enter(database)
    with database.write() as session:
        set_disabled(session, person_of(database, cookie).user_id or 0, is_disabled=True)

    assert who_has(database, cookie, is_token=False) is None
    assert sign_in(database, "Ann", PASSWORD, address="", browser="") is None


def test_signing_out_ends_the_session_on_the_server(database: Database) -> None:
    one, other = enter(database), enter(database)
    sign_out(database, person_of(database, one), address="")

    assert who_has(database, one, is_token=False) is None
    assert who_has(database, other, is_token=False) is not None


def test_another_password_signs_out_all_other_browsers(database: Database) -> None:
    one, other = enter(database), enter(database)
    with pytest.raises(UserError, match="present password is wrong"):
        change_password(database, person_of(database, one), "wrong password", "a new long one")
    change_password(database, person_of(database, one), PASSWORD, "a new long one")

    assert who_has(database, one, is_token=False) is not None
    assert who_has(database, other, is_token=False) is None
    assert sign_in(database, "Ann", PASSWORD, address="", browser="") is None


def test_a_token_has_at_most_its_own_role_and_that_of_its_owner(database: Database) -> None:
    with database.write() as session:
        root, ann = create_account(session, "Lea", None, is_admin=True), create_account(session, "Ben", None)
        set_role(session, ann.user_id, 1, "labeler")
        api_tokens.create(session, hash_of("less"), root.user_id, "nightly", "reviewer", days=1)
        api_tokens.create(session, hash_of("more"), ann.user_id, "nightly", "admin", days=1)
    less, more = (who_has(database, secret, is_token=True) for secret in ("less", "more"))
    assert less is not None
    assert more is not None

    assert (less.person.role_on(1), less.person.may_everywhere()) == ("reviewer", False)
    assert (more.person.role_on(1), more.person.may_everywhere()) == ("labeler", False)


def test_a_token_is_no_cookie_and_a_cookie_no_token(database: Database) -> None:
    with database.write() as session:
        token = create_account(session, "Lea", None)
        api_tokens.create(session, hash_of("token"), token.user_id, "nightly", "lead", days=1)

    assert who_has(database, "token", is_token=False) is None
    assert who_has(database, enter(database), is_token=True) is None


def test_the_use_of_a_session_is_noted_only_now_and_then(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookie = enter(database)
    fresh = who_has(database, cookie, is_token=False)
    assert fresh is not None
    assert fresh.sign_in_id is None
    monkeypatch.setattr(sign_ins, "SEEN_EVERY", -sign_ins.SEEN_EVERY)
    stale = who_has(database, cookie, is_token=False)
    assert stale is not None
    note_use(database, stale)
    with database.read() as session:
        first, seen = session.execute(text("SELECT created_at, seen_at FROM sign_ins")).one()
    assert seen > first
