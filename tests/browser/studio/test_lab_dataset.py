"""The Lab over a whole dataset: the numbers on the screen are those of the trainer's functions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from db.engine import open_database, sqlite_url
from db.masks import MaskStore
from db.runs import get_run
from puzzlecam_app.runs.folder import RunFolder
from puzzlecam_app.runs.starting import RunRequest, start_run
from puzzlecam_app.settings import Settings
from tests.browser.studio.conftest import Studio
from trainer.masks.metrics import confusion_matrix, iou_per_class
from trainer.recipes import load_recipe
from trainer.run.map_storage import ClassMaps, save_maps

HEIGHT, WIDTH = 60, 90
CAT, DOG = 1, 2


def truth_of(number: int) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[10:50, 10:45] = CAT
    if number % 2:
        mask[20:55, 50:80] = DOG
    return mask


def mask_of(number: int, shift: int) -> np.ndarray:
    """What a run makes of a picture: moved to the right, and in the first one the dog is called a cat."""
    mask = np.roll(truth_of(number), shift * (number + 1), axis=1)
    if number == 1:
        mask[mask == DOG] = CAT
    return mask


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, studio: Studio) -> tuple[int, list[int]]:
    """A dataset with ground truth and two finished runs; its id and theirs."""
    root = tmp_path_factory.mktemp("voc") / "pets"
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / folder).mkdir(parents=True)
    rows, ids = ["image,tags"], []
    for number in range(6):
        name = f"pet{number}"
        rng = np.random.default_rng(number)
        Image.fromarray(rng.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)).save(
            root / "JPEGImages" / f"{name}.jpg"
        )
        Image.fromarray(truth_of(number)).save(root / "SegmentationClass" / f"{name}.png")
        rows.append(f"{name}.jpg,{'cat;dog' if number % 2 else 'cat'}")
        ids.append(name)
    (root / "tags.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (root / "labels.txt").write_text("cat\ndog\n", encoding="utf-8")
    (root / "ImageSets" / "Segmentation" / "train.txt").write_text("\n".join(ids), encoding="utf-8")
    done = studio.command("dataset", "import", str(root), "--name", "pets", "--masks", "ground-truth")
    assert done.returncode == 0, done.stderr
    workspace = Settings(workspace=studio.workspace).paths.prepare()
    database, masks = open_database(sqlite_url(workspace.database_path)), MaskStore(workspace.masks_dir)
    from db.datasets import require_dataset

    with database.read() as session:
        dataset = require_dataset(session, "pets").id
    runs = []
    for shift, title in ((1, "good"), (3, "worse")):
        request = RunRequest(
            dataset_id=dataset, recipe=load_recipe("tiny"), author="ann", split="train", name=title
        )
        run_id = start_run(database, masks, workspace.runs_dir, request).id
        with database.write() as session:
            get_run(session, run_id).status = "done"  # nobody is to train it
        train = RunFolder.of(workspace.runs_dir, run_id).train
        for number, name in enumerate(ids):
            tags = (CAT, DOG) if number % 2 else (CAT,)
            made = mask_of(number, shift)
            maps = np.stack([(made == tag).astype(np.float32) * 0.8 for tag in tags])
            save_maps(train.cam_path(name), ClassMaps(tags, (HEIGHT, WIDTH), maps))
            train.pseudo_path(name).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(made).save(train.pseudo_path(name))
        runs.append(run_id)
    database.close()
    return dataset, runs


def counts(shift: int, numbers: range = range(6)) -> np.ndarray:
    total = np.zeros((3, 3), np.int64)
    for number in numbers:
        total += confusion_matrix(truth_of(number), mask_of(number, shift), 3)
    return total


def shown(value: float) -> str:
    return f"{100 * value:.1f}"


def open_lab(page: Page, studio: Studio, dataset: int, run: int) -> None:
    page.goto(f"{studio.url}/lab?dataset={dataset}", wait_until="domcontentloaded")
    with page.expect_response(
        lambda answer: "/lab/survey?" in answer.url and f"run-{run}" in answer.url
    ) as found:
        page.get_by_label("Measured").select_option(f"run-{run}")
    if not found.value.json()["pictures"]:  # measured again, the points would come again under a test's hands
        page.get_by_role("button", name="Measure").click()
    page.wait_for_selector(".lb-rows tbody tr")


def test_a_class_is_explained_from_its_figures_to_its_pictures(
    page: Page, studio: Studio, measured: tuple[int, list[int]]
) -> None:
    dataset, (run, _) = measured
    open_lab(page, studio, dataset, run)
    total = counts(1)
    ious = iou_per_class(total)
    row = page.locator(".lb-wide tbody tr").filter(has=page.get_by_role("button", name="dog", exact=True))
    assert row.locator("td").nth(1).inner_text() == shown(ious[DOG])
    row.get_by_role("button").click()
    card = page.locator(".lb-class-page")
    expect(card.locator("h3")).to_have_text("Class: dog")
    last = card.locator("table").first.locator("tbody tr").last.locator("td").all_inner_texts()
    precision, recall = total[DOG, DOG] / total[:, DOG].sum(), total[DOG, DOG] / total[DOG].sum()
    assert last[3:6] == [shown(ious[DOG]), shown(precision), shown(recall)]
    beside = card.locator(".lb-other-tags tbody tr").first.locator("td").all_inner_texts()
    both = sum(counts(1, range(number, number + 1)) for number in (1, 3, 5))
    assert beside[:3] == ["cat", "3", shown(both[DOG, CAT] / both[DOG].sum())]
    assert card.locator(".lb-honest").count() == 1
    assert card.locator(".lb-oracle").count() == 1
    worst = card.locator(".lb-thumb").first
    assert worst.locator("img").get_attribute("alt") == "pet1"  # its dog is called a cat
    assert worst.locator(".lb-thumb-note").inner_text() == "0.0 %"
    assert f"dataset={dataset}&item=" in (worst.get_by_role("link").get_attribute("href") or "")
    page.locator(".lb-confusion summary").click()
    cell = page.locator(".lb-confusion tbody tr").nth(DOG).locator("td").nth(CAT)
    assert cell.inner_text() == str(round(100 * total[DOG, CAT] / total[DOG].sum()))
    card.get_by_role("button", name="Its pictures in the table").click()
    expect(page.locator(".lb-rows tbody tr")).to_have_count(3)
    page.get_by_label("Table or gallery").select_option("gallery")
    expect(page.locator(".lb-rows")).to_have_count(0)
    assert page.locator(".lb-survey-card .lb-gallery").last.locator(".lb-thumb").count() >= 3


def test_points_are_chosen_and_opened_by_keys(
    page: Page, studio: Studio, measured: tuple[int, list[int]]
) -> None:
    dataset, (run, _) = measured
    open_lab(page, studio, dataset, run)
    scatter = page.locator(".lb-scatter")
    page.wait_for_function("document.querySelector('.lb-scatter').getAttribute('aria-label')")
    names = page.locator(".lb-rows tbody tr td:first-child").all_inner_texts()  # the lowest IoU first
    scatter.focus()
    page.keyboard.press("ArrowDown")  # the first from above
    page.keyboard.press("Shift+ArrowDown")
    note = page.locator(".lb-gallery-note")
    expect(note).to_have_text("2 chosen")
    page.keyboard.press("Escape")
    expect(note).to_have_count(0)
    page.keyboard.press("ArrowUp")  # the first from below
    expect(page.locator(".lb-scatter-status")).to_contain_text("Enter opens picture")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "name => document.querySelector('.lb-picker-item[aria-selected=true]')?.title === name", arg=names[0]
    )


def test_two_runs_are_compared_and_the_worse_pictures_come_first(
    page: Page, studio: Studio, measured: tuple[int, list[int]]
) -> None:
    dataset, (good, worse) = measured
    page.goto(f"{studio.url}/lab?dataset={dataset}", wait_until="domcontentloaded")
    page.get_by_label("First to compare").select_option(f"run-{good}")
    page.get_by_label("Second to compare").select_option(f"run-{worse}")
    page.get_by_role("button", name="Compare", exact=True).click()
    page.wait_for_selector(".lb-compared .lb-thumb")
    first, second = iou_per_class(counts(1)), iou_per_class(counts(3))
    row = page.locator(".lb-compare-card tbody tr").filter(has_text="dog").locator("td").all_inner_texts()
    gain = 100 * (second[DOG] - first[DOG])
    assert row[1:4] == [shown(first[DOG]), shown(second[DOG]), f"−{abs(gain):.1f}"]
    changes = {
        f"pet{number}": np.nanmean(iou_per_class(counts(3, range(number, number + 1))))
        - np.nanmean(iou_per_class(counts(1, range(number, number + 1))))
        for number in range(6)
    }
    names = [image.get_attribute("alt") for image in page.locator(".lb-compared img").all()]
    assert names == sorted(changes, key=lambda name: changes[name])
    assert "6 of them with a reference mask" in page.locator(".lb-compare-card [role=status]").inner_text()


def test_what_is_missing_is_a_sentence(
    page: Page, studio: Studio, measured: tuple[int, list[int]], tmp_path: Path
) -> None:
    dataset, (run, _) = measured
    page.goto(f"{studio.url}/lab?dataset={dataset}", wait_until="domcontentloaded")
    status = page.locator(".lb-figures-card [role=status]")
    expect(status).to_have_text("Not drawn yet.")
    page.get_by_label("Run", exact=True).select_option(str(run))
    page.get_by_role("button", name="Draw figures").click()
    # A run directory without a manifest: the trainer's own sentence, and no stack trace.
    expect(status).to_contain_text("is not a run directory")
