"""A person links their account to the organisation's sign-in, signs in with it, and unlinks it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.studio.accounts import join, sign_out
from tests.browser.studio.conftest import Studio
from tests.puzzlecam_app.people.provider import CLIENT_ID, CLIENT_SECRET, SmallProvider, small_provider

pytest.importorskip("authlib")
from joserfc.jwk import RSAKey


@pytest.fixture
def provider() -> Iterator[SmallProvider]:
    with small_provider(RSAKey.generate_key(2048, {"kid": "one"}, private=True)) as provider:
        yield provider


@pytest.fixture
def linkable(tmp_path: Path, provider: SmallProvider) -> Iterator[Studio]:
    """A studio with accounts, and a provider at which people can sign in."""
    studio = Studio(
        tmp_path / "workspace",
        environment={
            "PUZZLECAM_ACCESS": "accounts",
            "PUZZLECAM_WORKER": "false",
            "PUZZLECAM_OIDC_ISSUER": provider.issuer,
            "PUZZLECAM_OIDC_CLIENT_ID": CLIENT_ID,
            "PUZZLECAM_OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "PUZZLECAM_OIDC_NAME": "Example Ltd",
        },
    )
    studio.start()
    yield studio
    studio.kill()


def test_an_account_is_linked_and_unlinked(page: Page, linkable: Studio) -> None:
    printed = (linkable.workspace.parent / "studio.log").read_text()
    link = re.search(r"http://\S+/join/\S+", printed)
    assert link is not None, printed
    join(page, link[0], "Ada")

    page.goto(f"{linkable.url}/account")
    page.get_by_role("button", name="Link Example Ltd").click()
    said = page.locator(".pp-notice")
    expect(said).to_have_text("You can now sign in with Example Ltd too.")
    expect(page).to_have_url(f"{linkable.url}/account")
    row = page.get_by_role("row").filter(has_text="127.0.0.1").filter(has_text="42")
    expect(row).to_contain_text("just now")

    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Sign in", exact=True).click()
    page.get_by_role("link", name="Sign in with Example Ltd").click()
    expect(page.get_by_label("Your name", exact=True)).to_have_value("Ada")

    page.goto(f"{linkable.url}/account")
    row.get_by_role("button", name="Unlink").click()
    expect(said).to_have_text("The identity no longer signs in to this account.")
    expect(row).to_have_count(0)
    sign_out(page)
