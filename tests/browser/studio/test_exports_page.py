"""An export that is taken home through the browser."""

import io
import re
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import expect

from tests.browser.studio.conftest import Review, Studio


def test_a_download_holds_the_painted_mask_pixel_for_pixel(
    review: Review, studio: Studio, dataset: str
) -> None:
    page = review.page
    review.open(dataset, "landscape")
    page.keyboard.press("1")
    review.drag((90, 60), (300, 200))
    painted = review.mask()
    review.accept("portrait")
    row = page.locator(".pr-queue-item", has_text="landscape")
    expect(row.locator(".pr-status")).to_have_attribute("data-status", re.compile("corrected|accepted"))

    page.goto(f"{studio.url}/export")
    page.locator("#export-dataset input").click()
    page.get_by_role("option", name=dataset, exact=True).click()
    expect(page.locator("#export-preview")).to_contain_text("1 of 3 pictures")
    page.locator("#export-start").click()
    row = page.locator(".ex-row", has_text=dataset)
    expect(row).to_contain_text("1 picture, voc")
    with page.expect_download() as download:
        row.get_by_role("button", name="Download test").click()
    content = Path(download.value.path()).read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (name,) = [one for one in archive.namelist() if one.endswith("SegmentationClass/landscape.png")]
        exported = np.asarray(Image.open(io.BytesIO(archive.read(name))))
    np.testing.assert_array_equal(exported, painted)

    page.on("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="Remove test").click()
    expect(row).to_have_count(0)
