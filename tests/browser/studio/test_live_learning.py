"""The studio learns a class that ImageNet does not know from the first masks, forgets, and remembers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE_MS
from tests.browser.studio.conftest import Review, Studio

HEIGHT, WIDTH = 192, 256
NAMES = [f"p{number}" for number in range(1, 7)]
WIDGET = 1


def disc(number: int, *, is_decoy: bool = False) -> NDArray[np.bool_]:
    """Where the disc of a picture is; the decoy is on the other side."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    top, left = 60 + 70 * (number % 2), 60 + 20 * (number % 3)
    if is_decoy:
        top, left = HEIGHT - top, WIDTH - left + 10
    return np.asarray((rows - top) ** 2 + (columns - left) ** 2 < 42**2)


def draw(folder: Path) -> None:
    """Pictures of a chequered disc and a striped one, tagged with a word that means nothing."""
    folder.mkdir()
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    stripes = np.stack(
        [255 * ((rows + columns) // 8 % 2), 200 * ((rows - columns) // 8 % 2), 0 * rows], axis=-1
    )
    checks = np.stack([80 * (rows // 12 % 2 ^ columns // 12 % 2) + 100] * 2 + [0 * rows + 200], axis=-1)
    for number, name in enumerate(NAMES, 1):
        ground = np.random.default_rng(number).integers(60, 140, (HEIGHT // 4, WIDTH // 4, 1))
        picture = np.repeat(np.kron(ground, np.ones((4, 4, 1), int)), 3, axis=2)
        picture[disc(number, is_decoy=True)] = stripes[disc(number, is_decoy=True)]
        picture[disc(number)] = checks[disc(number)]
        Image.fromarray(picture.astype(np.uint8)).save(folder / f"{name}.jpg", quality=95)
    rows_of_csv = ["image,tags", *(f"{name}.jpg,qwzrtx" for name in NAMES)]
    (folder / "tags.csv").write_text("\n".join(rows_of_csv) + "\n", encoding="utf-8")


@pytest.fixture
def own_studio(tmp_path: Path) -> Iterator[Studio]:
    draw(tmp_path / "pictures")
    studio = Studio(tmp_path / "workspace")
    studio.import_folder(tmp_path / "pictures", "widgets")
    studio.start()
    yield studio
    studio.kill()


def state(page: Page) -> dict[str, Any]:
    """What the panel of the dataset shows."""
    answer: dict[str, Any] = page.evaluate("fetch('/api/datasets/1/live').then((one) => one.json())")
    return answer


def wait_for_masks(page: Page, masks: int) -> None:
    """Ask until the studio has learned from so many masks; the page itself awaits every answer."""
    page.evaluate(
        """async ([masks, patience_ms]) => {
            const deadline = Date.now() + patience_ms;
            for (;;) {
                const state = await (await fetch('/api/datasets/1/live')).json();
                if (state.masks === masks && state.waiting === 0) return;
                if (Date.now() > deadline) throw Error(`The studio learned from ${state.masks} masks.`);
                await new Promise((resolve) => setTimeout(resolve, 100));
            }
        }""",
        [masks, PATIENCE_MS],
    )


def correct(review: Review, number: int) -> None:
    """Paint the disc, accept it, and arrive at the next picture."""
    review.wait_for(NAMES[number - 1])
    review.page.evaluate(
        """(mask) => {
            const { editor, draft } = window.puzzlecamReview;
            editor.setMask(Uint8Array.from(mask));
            draft.mask = editor.mask;
            draft.changed();
        }""",
        (disc(number) * WIDGET).ravel().tolist(),
    )
    with review.page.expect_response("**/decision"):
        review.page.keyboard.press("a")
    review.wait_for(NAMES[number])


def take_back(review: Review, number: int) -> None:
    """Withdraw what was accepted for a picture."""
    review.page.locator(".pr-queue-item", has_text=NAMES[number - 1]).click()
    review.wait_for(NAMES[number - 1])
    with review.page.expect_response("**/decision"):
        review.page.keyboard.press("v")


def proposer(page: Page, item_id: int) -> str:
    """What made the newest revision of a picture that is opened, after a proposal that is being made."""
    return str(
        page.evaluate(
            """async (id) => {
                let answer;
                do {
                    answer = await fetch(`/api/items/${id}/mask`);
                    await answer.arrayBuffer();
                } while (answer.headers.get("X-Renewal") === "pending");
                return (await (await fetch(`/api/items/${id}/revisions`)).json()).at(-1).proposed_by;
            }""",
            item_id,
        )
    )


def iou(review: Review, number: int) -> float:
    found, truth = review.mask() == WIDGET, disc(number)
    return float((found & truth).sum() / (found | truth).sum())


def test_three_accepted_masks_teach_a_class_that_nothing_else_knows(page: Page, own_studio: Studio) -> None:
    review = Review(page, own_studio)
    review.open("widgets", NAMES[3])
    before = iou(review, 4)
    page.keyboard.press("ArrowLeft")
    page.locator(".pr-queue-item", has_text=NAMES[0]).click()
    for number in (1, 2, 3):
        correct(review, number)

    # The picture is open and nobody has touched it: the better proposal comes by itself.
    page.wait_for_function(
        """([truth, wanted]) => {
            const { mask } = window.puzzlecamReview.editor;
            let both = 0, either = 0;
            for (let i = 0; i < truth.length; i++) {
                both += mask[i] === 1 && truth[i];
                either += mask[i] === 1 || truth[i];
            }
            return both / either > wanted;
        }""",
        arg=[disc(4).astype(int).ravel().tolist(), before + 0.1],
    )
    page.keyboard.press("y")
    expect(page.get_by_role("dialog")).to_contain_text(re.compile(r"by the studio, learned from \d masks?"))
    page.keyboard.press("Escape")

    wait_for_masks(page, 3)

    take_back(review, 3)
    wait_for_masks(page, 2)

    # A studio that was killed remembers.
    own_studio.kill()
    own_studio.start()
    page.reload()
    review.wait_for(NAMES[2])
    wait_for_masks(page, 2)
    assert state(page)["classes"][0]["masks"] == 2

    # With all of them taken back, nothing of what was learned is left in later proposals.
    take_back(review, 2)
    take_back(review, 1)
    wait_for_masks(page, 0)
    assert not proposer(page, 4).startswith("live/")
