"""Two people at one dataset: nobody is let into a picture that somebody else works on."""

from playwright.sync_api import expect

from tests.browser.studio.conftest import Review


def _rename(person: Review, name: str, dataset: str, picture: str) -> None:
    person.open(dataset, picture)
    person.page.get_by_label("Your name").fill(name)
    with person.page.expect_response("**/api/session"):
        person.page.get_by_label("Your name").press("Enter")


def test_a_picture_that_somebody_works_on_can_only_be_looked_at(
    review: Review, second_person: Review, dataset: str
) -> None:
    _rename(review, "Ada", dataset, "small")
    _rename(second_person, "Grace", dataset, "portrait")
    review.open(dataset, "landscape")
    second_person.page.locator(".pr-queue-item", has_text="landscape").click()
    second_person.wait_for("landscape")

    banner = second_person.page.locator(".pr-team-banner")
    expect(banner).to_contain_text("Ada has been working on this picture since")
    expect(second_person.page.get_by_role("button", name="Accept")).to_be_disabled()
    before = second_person.mask()
    second_person.page.keyboard.press("1")
    second_person.drag((40, 30), (400, 30))
    assert (second_person.mask() == before).all()

    banner.get_by_role("button", name="Next free picture").click()
    expect(banner).to_be_hidden()
    expect(second_person.page.get_by_role("button", name="Accept")).to_be_enabled()
    second_person.wait_for("portrait")


def test_next_passes_over_the_picture_of_another_person(
    review: Review, second_person: Review, dataset: str
) -> None:
    _rename(review, "Ada", dataset, "portrait")
    _rename(second_person, "Grace", dataset, "small")
    second_person.page.get_by_label("Order").select_option("name")
    second_person.open(dataset, "landscape")
    second_person.page.get_by_role("button", name="Next →").click()
    second_person.wait_for("small")


def test_a_picture_is_returned_with_a_comment_and_comes_back_to_its_labeler(
    review: Review, second_person: Review, dataset: str
) -> None:
    _rename(review, "Ada", dataset, "small")
    found = review.page.request.get(f"{review.studio.url}/api/datasets").json()["datasets"]
    dataset_id = next(one["id"] for one in found if one["name"] == dataset)
    rule = review.page.request.put(
        f"{review.studio.url}/api/datasets/{dataset_id}/second-look", data={"rule": "all"}
    )
    assert rule.ok
    review.open(dataset, "landscape")
    review.page.keyboard.press("1")
    review.drag((60, 60), (200, 60))
    review.page.keyboard.press("a")
    review.page.keyboard.press("a")  # right although the page points something out
    expect(review.page.locator(".pr-item-name")).not_to_have_text("landscape")

    _rename(second_person, "Grace", dataset, "small")
    second_person.page.get_by_label("Status").select_option("waiting")
    second_person.wait_for("landscape")
    second_person.page.locator(".pr-look button", has_text="Comment").click()
    x, y = second_person.to_screen(100, 60)
    second_person.page.mouse.click(x, y)
    second_person.page.get_by_label("Comment", exact=True).fill("The tail is missing")
    second_person.page.keyboard.press("Enter")
    expect(second_person.page.locator(".pr-pin")).to_have_text("1")
    with second_person.page.expect_response("**/lease/release"):  # Ada can open it again
        second_person.page.keyboard.press(";")

    review.page.goto(f"{review.studio.url}/?dataset={dataset_id}")
    review.wait_for("landscape")
    expect(review.page.locator(".pr-look")).to_contain_text("Grace returned this picture to Ada.")
    expect(review.page.locator(".pr-look")).to_contain_text("The tail is missing")
