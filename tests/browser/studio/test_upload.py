"""Pictures come from the browser: an upload that breaks off is continued, and becomes a dataset."""

from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.browser.studio.conftest import Studio


def test_an_upload_goes_on_after_a_broken_connection_and_becomes_a_dataset(
    page: Page, studio: Studio, pictures: Path, tmp_path: Path
) -> None:
    broken: list[str] = []

    def break_first(route: Route) -> None:
        if broken:
            route.continue_()
        else:
            broken.append(route.request.url)
            route.abort()

    page.route("**/api/uploads/*/files*", break_first)
    page.goto(f"{studio.url}/datasets")
    said = page.locator(".ds-uploads").get_by_role("status")
    page.locator('input[type=file][aria-label="Choose a folder"]').set_input_files(pictures)
    expect(said).to_contain_text("4 files")
    page.get_by_label("Name of the new dataset").fill(tmp_path.name)
    page.get_by_role("button", name="Upload", exact=True).click()

    expect(said).to_contain_text("3 pictures found: 3 added")
    assert broken
    page.get_by_role("link", name="Review the pictures").click()
    expect(page.locator(".pr-queue-name")).to_have_count(3)
