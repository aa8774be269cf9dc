"""Whoever makes a dataset leads it."""

from db.roles import roles_of
from puzzlecam_app.people.owning import lead_new_dataset
from puzzlecam_app.people.person import NOBODY_ELSE, Person
from puzzlecam_app.services import Services

LEAD = 3


def test_whoever_makes_a_dataset_leads_it(team: Services) -> None:
    known = lead_new_dataset(team.database, Person("lead", LEAD, roles={1: "lead"}), "other")

    assert known.may("lead", 2)
    with team.database.read() as session:
        assert roles_of(session, LEAD) == {1: "lead", 2: "lead"}


def test_nobody_takes_over_a_dataset_that_has_people(team: Services) -> None:
    known = lead_new_dataset(team.database, Person("nobody", 5), "colours")

    assert not known.may("labeler", 1)
    with team.database.read() as session:
        assert roles_of(session, 5) == {}


def test_without_accounts_nothing_is_stored(services: Services) -> None:
    assert lead_new_dataset(services.database, NOBODY_ELSE, "colours") is NOBODY_ELSE
