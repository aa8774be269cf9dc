"""The class list on the page Datasets: renamed and merged there, seen in Review, and undone."""

from playwright.sync_api import Page, expect

from tests.browser.studio.conftest import Review, Studio


def open_list(page: Page, studio: Studio, dataset: str) -> None:
    page.goto(f"{studio.url}/datasets")
    page.get_by_label("Dataset of the class list").select_option(label=dataset)
    expect(page.locator(f'.ds-root[data-shown="{dataset}"]:not([inert])')).to_be_visible()


def classes(review: Review) -> list[str]:
    return review.page.locator(".pr-class-name").all_text_contents()


def test_classes_are_added_merged_and_brought_back(page: Page, studio: Studio, dataset: str) -> None:
    review = Review(page, studio)
    review.open(dataset, "landscape")
    with page.expect_response("**/decision"):
        page.keyboard.press("a")

    open_list(page, studio, dataset)
    page.get_by_role("button", name="Add a class").click()
    page.get_by_label("Name of the new class").fill("astronaut")
    page.get_by_label("Description of person").fill("Everybody who wears no helmet")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".ds-root[data-shown]")).to_contain_text("Saved.")
    review.open(dataset, "landscape")
    assert set(classes(review)) == {"background", "person", "astronaut", "void"}
    expect(page.get_by_title("Everybody who wears no helmet")).to_be_visible()

    open_list(page, studio, dataset)
    page.get_by_role("button", name="Merge or remove person").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("This changes")
    dialog.get_by_label("What its pixels become").select_option(label="astronaut")
    dialog.get_by_role("button", name="Change the masks").click()
    expect(page.get_by_label("Classes that were merged or removed")).to_contain_text(
        "person was merged into astronaut"
    )
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    review.open(dataset, "landscape")
    assert set(classes(review)) == {"background", "astronaut", "void"}
    assert review.status_of("landscape") == "accepted"
    assert set(review.mask().ravel().tolist()) <= {0, 2}

    page.goto(f"{studio.url}/datasets")
    page.get_by_label("Dataset of the class list").select_option(label=dataset)
    undo.click()
    expect(page.get_by_label("Classes that were merged or removed")).to_contain_text("undone")
    review.open(dataset, "landscape")
    assert set(classes(review)) == {"background", "person", "astronaut", "void"}
    assert set(review.mask().ravel().tolist()) <= {0, 1}
