"""An export that is taken home through the browser."""

import json
import zipfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.studio.conftest import Studio


def test_a_coco_folder_is_checked_imported_and_exported_for_cvat(
    page: Page, studio: Studio, tmp_path: Path
) -> None:
    folder = tmp_path / "coco"
    (folder / "images").mkdir(parents=True)
    Image.new("RGB", (40, 30), "olive").save(folder / "images/a.png")
    square = {"segmentation": [[10, 10, 20, 10, 20, 20, 10, 20]], "iscrowd": 0}
    (folder / "instances.json").write_text(
        json.dumps(
            {
                "images": [{"id": 1, "file_name": "a.png", "width": 40, "height": 30}],
                "annotations": [{"id": 5, "image_id": 1, "category_id": 7, **square}],
                "categories": [{"id": 7, "name": "kitten"}, {"id": 9, "name": "dog"}],
            }
        )
    )
    page.goto(f"{studio.url}/datasets")
    page.locator("#import-path textarea, #import-path input").fill(str(folder))
    page.locator("#import-name textarea, #import-name input").fill(tmp_path.name)
    page.get_by_label("Import as accepted work").check()
    page.locator("#import-check").click()
    checked = page.locator("#import-report")
    expect(checked).to_contain_text("Read as coco")
    expect(checked).to_contain_text("1 of 1 mask can be imported, with 1 object")
    page.locator("#import-start").click()
    expect(checked).to_contain_text("1 added")

    page.goto(f"{studio.url}/export")
    page.locator("#export-dataset input").click()
    page.get_by_role("option", name=tmp_path.name, exact=True).click()
    expect(page.locator("#export-summary")).to_contain_text("1 picture would be exported")
    page.locator("#export-format input").click()
    page.get_by_role("option", name="CVAT for images 1.1", exact=True).click()
    expect(page.locator("#export-limits")).to_contain_text("overlaps of objects of different classes")
    page.get_by_text("Pictures and classes").click()
    page.locator("#export-offset input").fill("1")
    expect(page.locator("#export-summary")).to_contain_text("1 unused 1, 2 kitten, 3 dog")
    page.locator("#export-start").click()
    row = page.locator(".ex-row", has_text=tmp_path.name)
    with page.expect_download() as download:
        row.get_by_role("button", name="Download test").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        (name,) = [one for one in archive.namelist() if one.endswith("annotations.xml")]
        xml = archive.read(name).decode()
    assert '<mask label="kitten"' in xml
    assert 'left="10" top="10" width="10" height="10"' in xml
