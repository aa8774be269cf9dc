"""Label pictures of a class that nothing knows through the Review page, as docs/live.md shows it.

    python -m tests.browser.bench_made_up_class [--pictures N] [--screenshots DIR] [--json]

Opens drawn pictures of leaf blight one after another, measures the IoU of each proposal with the drawn truth,
paints the truth, and accepts it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from tests.browser.bench_tools import DATASET, bench_page, bench_studio, parser_of
from tests.browser.made_leaves import draw_leaves, leaf
from tests.browser.studio.conftest import Review, Studio

_BLIGHT = 1
_PAINT = """(mask) => {
    const { editor, draft } = window.puzzlecamReview;
    editor.setMask(Uint8Array.from(mask));
    draft.mask = editor.mask;
    draft.changed();
}"""
_WHEN_LEARNED = """async (masks) => {
    for (;;) {
        const state = await (await fetch("/api/datasets/1/live")).json();
        if (state.masks === masks && state.waiting === 0 && !state.computing) return;
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}"""


def label(page: Page, studio: Studio, pictures: int, screenshots: Path | None) -> Iterator[float]:
    """Label pictures; yields the IoU of each proposal before it is corrected."""
    review = Review(page, studio)
    review.open(DATASET, "leaf-01")
    page.get_by_label("Status", exact=True).select_option("")
    for number in range(1, pictures + 1):
        page.evaluate(_WHEN_LEARNED, number - 1)
        name = f"leaf-{number:02d}"
        page.locator(".pr-queue-item", has_text=name).click()
        review.wait_for(name)
        truth, proposed = leaf(number)[1], review.mask() == _BLIGHT
        if screenshots is not None:
            page.locator(".pr-compare canvas").first.wait_for()
            page.screenshot(path=screenshots / f"{name}.png")
        yield float((proposed & truth).sum() / (proposed | truth).sum())
        page.evaluate(_PAINT, (truth * _BLIGHT).astype(np.uint8).ravel().tolist())
        with page.expect_response("**/decision"):
            page.keyboard.press("a")


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--pictures", type=int, default=10, metavar="N")
    parser.add_argument(
        "--screenshots", type=Path, metavar="DIR", help="folder for a screenshot of each picture"
    )
    given = parser.parse_args()
    if given.screenshots is not None:
        given.screenshots.mkdir(parents=True, exist_ok=True)
    with (
        bench_studio(lambda folder: draw_leaves(folder, given.pictures + 2)) as studio,
        bench_page() as page,
    ):
        ious = list(label(page, studio, given.pictures, given.screenshots))
    if given.json:
        print(json.dumps({"iou_of_proposals": [round(iou, 3) for iou in ious]}))
        return
    for number, iou in enumerate(ious, 1):
        print(f"picture {number:2d}, after {number - 1:2d} masks: IoU of the proposal {iou:.2f}")


if __name__ == "__main__":
    main()
