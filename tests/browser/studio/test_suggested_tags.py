"""The line below the picture: one key makes a suggested class a tag, another refuses it for good."""

from pathlib import Path

from playwright.sync_api import expect

from db.engine import open_database
from db.tags import SuggestedTag, store_suggestions
from puzzlecam_app.settings import Settings
from tests.browser.studio.conftest import Review, Studio

CAT = 1


def _suggest_cat(studio: Studio, item_id: int) -> None:
    database = open_database(Settings(workspace=studio.workspace).resolve_database_url())
    with database.write() as session:
        store_suggestions(session, item_id, [SuggestedTag(CAT, is_doubt=False, score=-0.1)])
    database.close()


def test_a_suggested_tag_is_added_with_one_key_and_refused_with_another(
    review: Review, studio: Studio, pictures: Path, tmp_path: Path
) -> None:
    page, dataset = review.page, tmp_path.name
    tags = pictures / "tags.csv"
    tags.write_text(tags.read_text().replace("small.jpg,person", "small.jpg,cat;person"))
    studio.import_folder(pictures, dataset)
    line = page.locator(".pr-tag-line")
    shown = page.locator(".pr-queue-item[aria-selected=true] .pr-queue-tags")
    review.open(dataset, "landscape")
    expect(line).to_be_hidden()

    for name, key, tags in (("landscape", "i", "cat, person"), ("portrait", "o", "person")):
        _suggest_cat(studio, review.item_id(dataset, name))
        review.open(dataset, name)
        expect(line).to_contain_text("“cat” may be in the picture")
        page.keyboard.press(key)
        expect(line).to_be_hidden()
        expect(shown).to_have_text(tags)
        page.reload()
        review.wait_for(name)
        expect(shown).to_have_text(tags)
        expect(line).to_be_hidden()

    page.evaluate("puzzlecamReview.editor.setActiveClass(1)")
    page.keyboard.press("w")
    expect(shown).to_have_text("cat, person")
    page.get_by_role("button", name="cat is a tag of the picture").click()
    expect(shown).to_have_text("person")
