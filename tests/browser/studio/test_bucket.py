"""A bucket that fails while a mask is saved: the page keeps the work, says so, and sends it again."""

from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from puzzlecam_app.storage.bucket import Bucket
from puzzlecam_app.storage.urls import parse_url
from tests.browser.studio.conftest import Review, Studio, photographs
from tests.s3 import S3Server

URL = "s3://photos/masks"


def test_nothing_is_lost_while_the_bucket_fails(page: Page, tmp_path: Path, s3: S3Server) -> None:
    photographs(tmp_path / "pictures", [("landscape", 480, 320)])
    studio = Studio(tmp_path / "workspace", environment={"PUZZLECAM_MASKS_URL": URL})
    studio.import_folder(tmp_path / "pictures", "bucket")
    studio.start()
    try:
        review = Review(page, studio)
        review.open("bucket", "landscape")
        s3.trouble = "error"
        page.keyboard.press("1")
        with page.expect_response(lambda answer: answer.request.method == "PUT") as refused:
            review.drag((30, 40), (420, 60))
        assert refused.value.status == 503
        assert "did not take the mask" in refused.value.json()["message"]
        expect(page.locator(".pr-save")).to_contain_text("kept in this browser")
        painted = review.mask()

        # The page is left and opened again while the bucket still fails.
        page.reload()
        review.wait_for("landscape")
        np.testing.assert_array_equal(review.mask(), painted)

        s3.trouble = ""
        review.wait_saved()
        page.reload()
        review.wait_for("landscape")
        np.testing.assert_array_equal(review.mask(), painted)
        local = {path.name for path in (studio.workspace / "masks").glob("??/*.png")}
        stored = {name.rsplit("/", 1)[-1] for name in Bucket(parse_url(URL)).list()} - {".puzzlecam-studio"}
        assert stored
        assert stored <= local
    finally:
        studio.kill()
