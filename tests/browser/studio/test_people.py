"""Accounts in the browser: an admin invites a labeler, who joins and works, and sees no more than that."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.studio.conftest import Studio

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio with accounts; nobody has one before the first test."""
    studio = Studio(
        tmp_path_factory.mktemp("shared") / "workspace",
        environment={"PUZZLECAM_ACCESS": "accounts", "PUZZLECAM_WORKER": "false"},
    )
    studio.start()
    yield studio
    studio.kill()


def first_link(studio: Studio) -> str:
    """The link for the first admin, which the start printed."""
    printed = (studio.workspace.parent / "studio.log").read_text()
    found = re.search(r"http://\S+/join/\S+", printed)
    assert found is not None, printed
    return found[0]


def invited(studio: Studio, role: str, *options: str) -> str:
    """The link of an invitation from the command line."""
    done = studio.command("user", "invite", "--role", role, *options, "--json")
    return f"{studio.url}{json.loads(done.stdout)['path']}"


def join(page: Page, link: str, name: str) -> None:
    page.goto(link)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password of at least").fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your name", exact=True)).to_have_value(name)


def test_an_admin_invites_a_labeler_who_sees_only_their_own_pages(
    page: Page, browser: Browser, shared: Studio
) -> None:
    join(page, first_link(shared), "Lea")
    page.get_by_role("link", name="People").click()
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_label("Send this link to the person").input_value()

    with browser.new_context() as other:
        labeler = other.new_page()
        join(labeler, link, "Ben")
        expect(labeler.get_by_label("Your name", exact=True)).not_to_be_editable()
        links = labeler.locator(".nav-holder nav").get_by_role("link")
        expect(links.filter(visible=True)).to_have_text(["Review", "Gallery", "Team", "Account", "Sign out"])
        labeler.goto(f"{shared.url}/people")
        expect(labeler.get_by_role("heading")).to_have_text("This page is closed to you")
        assert other.request.get(f"{shared.url}/api/people").status == 403

        page.reload()
        page.get_by_role("button", name="Disable: Ben").click()
        expect(page.locator(".pp-notice")).to_have_text("Ben is signed out and cannot sign in.")
        labeler.goto(shared.url)
        expect(labeler.get_by_role("heading")).to_have_text("Sign in")


def test_a_password_is_changed_and_the_old_one_no_longer_works(page: Page, shared: Studio) -> None:
    join(page, invited(shared, "admin"), "Ada")
    page.get_by_role("link", name="Account").click()
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("New password, at least").fill("another long one")
    page.get_by_label("New password again").fill("another long one")
    page.get_by_role("button", name="Change the password").click()
    expect(page.locator(".pp-notice")).to_contain_text("The password was changed.")

    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("button", name="Sign out").click()
    for password, heading in ((PASSWORD, "Sign in"), ("another long one", None)):
        page.get_by_label("Name").fill("ada")
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        if heading is not None:
            expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    expect(page.get_by_label("Your name", exact=True)).to_have_value("Ada")


def test_a_lead_sees_their_own_datasets_and_leads_those_they_import(
    page: Page, shared: Studio, pictures: Path
) -> None:
    shared.import_folder(pictures, "secret")
    join(page, invited(shared, "lead", "--dataset", "sample"), "Cleo")

    page.get_by_role("link", name="Datasets").click()
    table = page.locator("#datasets-table")
    expect(table).to_contain_text("sample")
    page.locator("#import-path textarea").fill(str(pictures))
    page.locator("#import-name textarea").fill("mine")
    page.locator("#import-tags textarea").fill(str(pictures / "tags.csv"))
    page.locator("#import-start").click()
    expect(page.locator("#import-report")).to_contain_text("3 added")
    expect(table).to_contain_text("mine")
    expect(table).not_to_contain_text("secret")

    seen = page.request.get(f"{shared.url}/api/datasets").json()["datasets"]
    assert sorted(one["name"] for one in seen) == ["mine", "sample"]
