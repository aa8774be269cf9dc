"""Accounts in a browser: joining by a link, signing in and out, inviting, another password."""

from playwright.sync_api import Page, expect

from tests.browser.studio.conftest import Studio

PASSWORD = "correct horse battery"
BETTER_PASSWORD = "another long one"


def join(page: Page, link: str, name: str) -> None:
    page.goto(link)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password of at least").fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your name", exact=True)).to_have_value(name)


def sign_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def sign_out(page: Page) -> None:
    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading")).to_have_text("Sign in")


def invite(page: Page, studio: Studio, role: str, dataset: str) -> str:
    """Make a link on the page People."""
    page.goto(f"{studio.url}/people")
    form = page.locator("form", has=page.get_by_role("button", name="Make a link"))
    form.get_by_role("combobox", name="Role", exact=True).select_option(role)
    form.get_by_label(dataset).check()
    form.get_by_role("button", name="Make a link").click()
    return page.get_by_label("Send this link to the person").input_value()


def change_the_password(page: Page, studio: Studio, name: str) -> None:
    """The old one no longer works."""
    page.goto(f"{studio.url}/account")
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("New password, at least").fill(BETTER_PASSWORD)
    page.get_by_label("New password again").fill(BETTER_PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    expect(page.locator(".pp-notice")).to_contain_text("The password was changed.")
    sign_out(page)
    sign_in(page, name, PASSWORD)
    expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    sign_in(page, name, BETTER_PASSWORD)
    expect(page.get_by_label("Your name", exact=True)).to_have_value(name)
