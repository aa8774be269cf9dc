"""People are known by a name."""

import pytest

from db.engine import Database
from db.errors import InvalidInputError, NotFoundError
from db.users import find_user, get_or_create, get_user


def test_the_same_name_is_the_same_person(database: Database) -> None:
    with database.write() as session:
        assert get_or_create(session, " Änn ").id == get_or_create(session, "Änn").id
    with database.read() as session:
        found = find_user(session, "Änn")
        assert found is not None
        assert found.name == "Änn"


@pytest.mark.parametrize("name", ["", "   ", "x" * 65, "a\nb", "a\x00b", "\u202eevil"])
def test_names_that_cannot_be_shown_are_refused(database: Database, name: str) -> None:
    with database.write() as session, pytest.raises(InvalidInputError, match="1 to 64 printable"):
        get_or_create(session, name)


def test_an_unknown_id_is_told(database: Database) -> None:
    with database.read() as session, pytest.raises(NotFoundError, match="id 7"):
        get_user(session, 7)
