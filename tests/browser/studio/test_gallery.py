"""The Gallery page: pictures are selected by keyboard, decided together, and opened in Review."""

from playwright.sync_api import Page, expect

from tests.browser.studio.conftest import Studio


def test_pictures_are_selected_by_keyboard_decided_together_and_opened_in_review(
    page: Page, studio: Studio, dataset: str
) -> None:
    page.goto(f"{studio.url}/gallery")
    page.get_by_label("Dataset", exact=True).select_option(label=dataset)
    page.get_by_label("Status", exact=True).select_option("")
    page.get_by_label("Order").select_option("name")
    tiles = page.locator(".gl-name")
    expect(tiles).to_have_text(["landscape.jpg", "portrait.jpg", "small.jpg"])

    page.locator(".gl-grid").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator('.gl-tile[aria-selected="true"]')).to_have_count(2)
    page.keyboard.press("n")
    expect(page.locator(".gl-said")).to_have_text("2 pictures skipped.")
    expect(page.locator('.gl-tile [data-status="skipped"]')).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".gl-said")).to_have_text("2 pictures changed back.")
    expect(page.locator('.gl-tile [data-status="new"]')).to_have_count(3)

    page.keyboard.press("/")
    page.keyboard.type("SMA")
    expect(tiles).to_have_text(["small.jpg"])
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.locator(".pr-item-name")).to_have_text("small.jpg")
    expect(page.locator(".pr-queue-name")).to_have_text(["small.jpg"])
