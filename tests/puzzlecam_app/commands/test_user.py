"""The commands that manage accounts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from db.datasets import create_dataset
from db.engine import open_database, sqlite_url
from db.labels import ClassSpec
from puzzlecam_app.cli import main
from puzzlecam_app.people.joining import JOIN_PATH, join
from puzzlecam_app.people.signing_in import sign_in, who_has
from puzzlecam_app.settings import Settings

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def database(workspace: Any) -> Any:
    """The database that the commands work on, with the dataset `pets`."""
    database = open_database(sqlite_url(Settings.load().paths.prepare().database_path))
    database.migrate()
    with database.write() as session:
        create_dataset(session, "pets", root="/pets", layout="folder", classes=[ClassSpec(1, "cat")])
    yield database
    database.close()


def answer(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    capsys.readouterr()
    assert main([*arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out or "null")


def secret_of(answered: dict[str, str]) -> str:
    return answered["path"].removeprefix(f"{JOIN_PATH}/")


def test_an_account_is_added_and_its_owner_chooses_a_password(
    database: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    link = answer(capsys, "user", "add", "Ann", "--role", "lead", "--dataset", "pets")
    before = answer(capsys, "user", "list")
    join(database, secret_of(link), "", PASSWORD)

    assert before == [{"name": "Ann", "state": "no password yet", "admin": False, "roles": {"pets": "lead"}}]
    assert answer(capsys, "user", "list")[0]["state"] == "active"


def test_an_invitation_names_a_role_and_a_dataset(database: Any, capsys: pytest.CaptureFixture[str]) -> None:
    join(database, secret_of(answer(capsys, "user", "invite", "--dataset", "pets")), "Ben", PASSWORD)

    assert answer(capsys, "user", "list")[0]["roles"] == {"pets": "labeler"}
    answer(capsys, "user", "invite", "--role", "reviewer", code=2)
    answer(capsys, "user", "invite", "--role", "boss", code=2)


def test_roles_are_changed(capsys: pytest.CaptureFixture[str]) -> None:
    answer(capsys, "user", "add", "Ann", "--dataset", "pets")
    answer(capsys, "user", "role", "Ann", "reviewer", "--dataset", "pets")
    assert answer(capsys, "user", "list")[0]["roles"] == {"pets": "reviewer"}

    answer(capsys, "user", "role", "ann", "none", "--dataset", "pets")
    answer(capsys, "user", "role", "ann", "admin")
    assert answer(capsys, "user", "list")[0] | {"state": ""} == {
        "name": "Ann",
        "state": "",
        "admin": True,
        "roles": {},
    }
    answer(capsys, "user", "role", "Ann", "lead", code=2)


def test_a_disabled_account_is_enabled_again(database: Any, capsys: pytest.CaptureFixture[str]) -> None:
    link = answer(capsys, "user", "add", "Ann", "--dataset", "pets")
    join(database, secret_of(link), "", PASSWORD)
    answer(capsys, "user", "disable", "Ann")
    assert sign_in(database, "Ann", PASSWORD, address="", browser="") is None

    answer(capsys, "user", "enable", "Ann")
    assert sign_in(database, "Ann", PASSWORD, address="", browser="") is not None


def test_a_token_works_as_its_owner(database: Any, capsys: pytest.CaptureFixture[str]) -> None:
    answer(capsys, "user", "add", "Ann", "--role", "admin")
    token = answer(capsys, "user", "token", "Ann", "--role", "lead")["token"]

    known = who_has(database, token, is_token=True)
    assert known is not None
    assert (known.person.name, known.person.role_on(1)) == ("Ann", "lead")


def test_what_the_commands_did_is_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    answer(capsys, "user", "add", "Ann", "--role", "admin")
    answer(capsys, "user", "reset", "Ann")

    entries = answer(capsys, "user", "log", "--limit", "2")
    assert [entry["action"] for entry in entries] == ["made a link for another password", "added an account"]
    assert {entry["address"] for entry in entries} == {"command line"}


def test_an_unknown_person_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["user", "disable", "Nobody"]) == 1
    assert "no account named 'Nobody'" in capsys.readouterr().err
