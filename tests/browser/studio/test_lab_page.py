"""The Lab page in a browser: the numbers that it shows and the masks that it makes are the trainer's."""

from __future__ import annotations

import io
import json
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from puzzlecam_app.interchange.pictures import load_upright_rgb
from tests.browser.studio.conftest import Studio
from tests.browser.studio.lab import PERSON, SIZE, LabOnScreen, import_measured
from trainer.cams.compute import compute_cams
from trainer.cams.inspection import cam_steps, puzzle_look
from trainer.data.labels import VOC_CLASSES
from trainer.masks.metrics import confusion_matrix, mean_iou
from trainer.masks.pseudo_labels import pseudo_label, threshold_labels
from trainer.models.proposal import ProposalModel, zero_shot_model


@pytest.fixture(scope="module")
def measured(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Path]:
    """Number of a picture of a person with ground truth, and its file."""
    return import_measured(studio, tmp_path_factory.mktemp("lab") / "voc", "lab")


@pytest.fixture(scope="module")
def model() -> ProposalModel:
    return zero_shot_model()


@pytest.fixture(scope="module")
def image(measured: tuple[int, Path]) -> np.ndarray:
    return load_upright_rgb(measured[1], max_pixels=10**7)


@pytest.fixture
def lab(page: Page, studio: Studio) -> LabOnScreen:
    return LabOnScreen(page, studio)


def test_steps_are_measured_zoomed_and_thresholded_as_the_trainer_would(
    lab: LabOnScreen, measured: tuple[int, Path], model: ProposalModel, image: np.ndarray
) -> None:
    # Each stage says the IoU that the trainer measures.
    lab.open(measured[0], "steps")
    truth = lab.array("picture.references[0].mask").reshape(SIZE)
    assert set(np.unique(truth)) == {0, PERSON, 255}
    cams = model.cams(image, ["person"])
    labels = threshold_labels(cams.cams_khw, model.background_threshold, SIZE) * PERSON
    mask = model.mask(image, cams, [PERSON])
    np.testing.assert_array_equal(lab.array("picture.maskSteps.thresholded").reshape(SIZE), labels)
    np.testing.assert_array_equal(lab.array("picture.maskSteps.mask").reshape(SIZE), mask)
    for title, shown in (("Spread", labels), ("Dense CRF", mask)):
        iou = mean_iou(confusion_matrix(truth, shown, 256))
        assert lab.note(title).startswith(f"IoU {100 * iou:.1f}")
    # The chosen class alone is in the tooltip.
    tip = lab.view("Dense CRF").locator(".lb-pane-note").get_attribute("title") or ""
    found, there = (mask == PERSON) & (truth != 255), truth == PERSON
    assert f"precision {100 * (found & there).sum() / found.sum():.1f}" in tip
    assert f"recall {100 * (found & there).sum() / there.sum():.1f}" in tip

    # All views zoom and pan together, and two can be compared.
    canvas = lab.view("Spread").locator("canvas")
    canvas.focus()
    before = lab.page.evaluate("window.puzzlecamLab.panes.viewport.scale")
    pixels = """title => [...document.querySelectorAll("figure.lb-pane")]
        .find((node) => node.textContent.includes(title)).querySelector("canvas").toDataURL()"""
    other = lab.page.evaluate(pixels, "Dense CRF")
    lab.page.keyboard.press("+")
    assert lab.page.evaluate("window.puzzlecamLab.panes.viewport.scale") > before
    lab.page.wait_for_function(f"old => ({pixels})('Dense CRF') !== old", arg=other)
    lab.page.keyboard.press("0")
    assert lab.page.evaluate("window.puzzlecamLab.panes.viewport.scale") == pytest.approx(before)
    lab.view("Spread").get_by_role("button").click()
    big = lab.page.locator(".lb-enlarged")
    expect(big.get_by_role("button", name="Back to all views")).to_be_visible()
    shot = "() => document.querySelector('.lb-enlarged canvas').toDataURL()"
    alone = lab.page.evaluate(shot)
    big.get_by_label("Compare with").select_option(label="ground truth")
    lab.page.wait_for_function(f"old => ({shot})() !== old", arg=alone)
    lab.page.keyboard.press("Tab")
    big.get_by_role("button", name="Back to all views").click()
    expect(lab.view("Dense CRF").locator("canvas")).to_be_visible()

    # The threshold acts in the browser, pixel for pixel as the trainer would.
    asked: list[str] = []
    lab.page.on("request", lambda request: asked.append(request.url))
    labels = lab.array(
        "(document.querySelector('input[aria-label=threshold]').value = '0.3', "
        "picture.labels(picture.final, lab.settings.threshold))"
    )
    assert not [url for url in asked if "/lab/mask" in url]
    np.testing.assert_array_equal(labels.reshape(SIZE), threshold_labels(cams.cams_khw, 0.3, SIZE) * PERSON)
    lab.slide("threshold", 0.2)
    expect(lab.view("Threshold 0.20")).to_be_visible()
    lab.page.wait_for_function("window.puzzlecamLab.picture.maskSteps.settings.threshold === 0.2")
    np.testing.assert_array_equal(
        lab.array("picture.maskSteps.thresholded").reshape(SIZE),
        threshold_labels(cams.cams_khw, 0.2, SIZE) * PERSON,
    )

    # The last setting wins, and the model's come back.
    for iterations in (3, 5, 2):
        lab.slide("iterations", iterations)
    lab.page.wait_for_function("window.puzzlecamLab.picture.maskSteps.settings.crf?.iterations === 2")
    lab.page.get_by_role("button", name="the model's settings").click()
    usual = model.refinement.crf.iterations
    lab.page.wait_for_function(
        "usual => window.puzzlecamLab.picture.maskSteps.settings.crf?.iterations === usual",
        arg=usual,
    )
    expect(lab.page.get_by_role("button", name="the model's settings")).to_be_hidden()
    lab.page.get_by_role("checkbox", name="Dense CRF").uncheck()
    expect(lab.view("Dense CRF")).to_have_count(0)


def test_the_first_map_is_shown_while_the_others_are_computed(
    lab: LabOnScreen, measured: tuple[int, Path], model: ProposalModel, image: np.ndarray
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    lab.page.route(f"**/api/items/{measured[0]}/lab?*", hold)
    lab.page.goto(f"{lab.studio.url}/lab?item={measured[0]}&view=steps")
    expect(lab.view("person, ×1")).to_be_visible()
    scores = cam_steps(model.sources, image, ["person"]).scores_chw[0].clip(0)
    shown = lab.array("lab.panes.views[0].map.data").reshape(scores.shape)
    np.testing.assert_allclose(shown, scores / scores.max(), atol=1e-3)
    (route,) = held
    route.continue_()
    expect(lab.view("Dense CRF")).to_be_visible()
    expect(lab.view("person, ×1")).to_have_count(0)


def test_a_slider_shows_a_draft_and_then_the_mask_of_the_trainer(
    lab: LabOnScreen, measured: tuple[int, Path], model: ProposalModel, image: np.ndarray
) -> None:
    lab.open(measured[0], "steps")
    lab.page.evaluate(
        """() => {
            const { picture } = window.puzzlecamLab;
            const take = picture.setMaskSteps.bind(picture);
            window.drafts = [];
            picture.setMaskSteps = (answer) => {
                window.drafts.push(answer.header.is_draft);
                take(answer);
            };
        }"""
    )
    lab.slide("colour tolerance", 9)
    lab.page.wait_for_function("window.drafts.at(-1) === false")
    assert lab.page.evaluate("window.drafts") == [True, False]
    crf = model.refinement.crf.model_copy(update={"bilateral_srgb": 9.0})
    config = model.refinement.model_copy(update={"crf": crf})
    expected = pseudo_label(image, model.cams(image, ["person"]), [PERSON], config)
    np.testing.assert_array_equal(lab.array("picture.maskSteps.mask").reshape(SIZE), expected)


def test_the_puzzle_shows_the_losses_and_the_difference_of_the_trainer_and_can_be_taken_along(
    lab: LabOnScreen, measured: tuple[int, Path], model: ProposalModel, image: np.ndarray
) -> None:
    lab.open(measured[0], "puzzle")
    others = [name for name in VOC_CLASSES if name != "person"]
    for tiles in (2, 3):
        lab.page.get_by_role("button", name=f"{tiles}×{tiles}").click()
        lab.page.wait_for_function("tiles => window.puzzlecamLab.picture.puzzles.has(tiles)", arg=tiles)
        config = model.sources.config.model_copy(update={"tiles_per_side": tiles})
        look = puzzle_look(model.sources.first, image, ["person"], others, config)
        assert look.loss is not None
        shown = lab.page.locator(".lb-loss").all_text_contents()
        expected = [
            look.loss.classification,
            look.loss.tile_classification,
            look.loss.reconstruction,
            look.loss.total,
        ]
        assert [float(text.split()[-1]) for text in shown] == pytest.approx(expected, abs=2e-3)
        cams = compute_cams(model.sources.first, image, ["person"], config)
        difference = lab.array("lab.panes.views.find(({ key }) => key === 'difference').map.data")
        np.testing.assert_allclose(
            difference.reshape(cams.whole_khw.shape[1:]), (cams.whole_khw - cams.tiled_khw)[0], atol=2e-3
        )
        assert lab.note("Difference") == f"disagreement {cams.disagreement_k[0]:.3f}"
    expect(lab.page.locator(".lb-loss-classes tbody tr.lb-tagged")).to_have_count(
        0 if model.sources.first.is_weak("person") else 1
    )

    # Figure and arrays can be taken along.
    with lab.page.expect_download() as figure:
        lab.page.get_by_role("button", name="PNG").click()
    assert figure.value.suggested_filename == "astronaut-puzzle.png"
    with Image.open(figure.value.path()) as shown:
        assert shown.width > 4 * 480
        assert shown.height > 300
    lab.slide("threshold", 0.6)
    with lab.page.expect_download() as arrays:
        lab.page.get_by_role("button", name=".npz").click()
    with np.load(io.BytesIO(Path(arrays.value.path()).read_bytes()), allow_pickle=False) as stored:
        np.testing.assert_allclose(stored["cams"], model.cams(image, ["person"]).cams_khw, atol=1e-5)
        settings = json.loads(str(stored["settings"]))
        assert (stored["ground_truth"] == PERSON).any()
    assert settings["mask"]["threshold"] == 0.6


def test_every_class_is_there_and_the_pointer_reads_its_scores(
    lab: LabOnScreen, measured: tuple[int, Path], model: ProposalModel, image: np.ndarray
) -> None:
    lab.open(measured[0], "classes")
    lab.page.get_by_role("button", name="All 19 not tagged").click()
    expect(lab.page.locator(".lb-panes figure")).to_have_count(21)  # all classes and the background
    others = [name for name in VOC_CLASSES if name != "person"]
    steps = cam_steps(model.sources, image, ["person"], others)
    rows = lab.page.locator(".lb-scores tbody tr")
    assert rows.first.locator("td").nth(0).text_content() == "person"
    strongest = others[int(steps.logits_c[1:].argmax())]
    assert rows.nth(1).locator("td").nth(0).text_content() == strongest
    canvas = lab.view("background").locator("canvas")
    canvas.hover()
    point = lab.page.evaluate("window.puzzlecamLab.panes.pointer")
    x, y = (
        point[axis] / size * cells - 0.5
        for axis, size, cells in zip("xy", SIZE[::-1], (113, 75), strict=True)
    )
    assert steps.scores_chw.shape[1:] == (75, 113)

    def at(plane: np.ndarray) -> float:
        left, top = int(x), int(y)
        right, bottom = x - left, y - top
        block = plane[top : top + 2, left : left + 2]
        return float(
            (block[0] @ [1 - right, right]) * (1 - bottom) + (block[1] @ [1 - right, right]) * bottom
        )

    for number, name in ((0, "person"), (1, strongest)):
        position = ["person", *others].index(name)
        cells = [float(text) for text in rows.nth(number).locator("td").all_text_contents()[1:]]
        assert cells[0] == pytest.approx(at(steps.scores_chw[position]), abs=0.03)
        assert cells[1] == pytest.approx(at(steps.raw_chw[position]), abs=0.06)
    assert f"x {int(point['x'])}, y {int(point['y'])}" in (
        lab.page.locator(".lb-side-section p[role=status]").text_content() or ""
    )


def test_what_is_missing_is_said_with_the_next_step(
    lab: LabOnScreen, studio: Studio, dataset: str, tmp_path: Path
) -> None:
    with urllib.request.urlopen(f"{studio.url}/api/datasets") as answer:
        (found,) = [one for one in json.load(answer)["datasets"] if one["name"] == dataset]
    with urllib.request.urlopen(f"{studio.url}/api/datasets/{found['id']}/items") as answer:
        (item,) = [one for one in json.load(answer)["items"] if one["name"].startswith("small")]
    lab.open(item["id"], "steps")
    facts = lab.page.locator(".lb-main > .lb-header p")
    expect(facts).to_contain_text("accept its mask in Review")
    expect(lab.page.locator(".lb-side")).to_contain_text("Start a run on the Runs page")
    link = lab.page.get_by_role("link", name="Open in Review")
    assert link.get_attribute("href") == f"/?dataset={found['id']}&item={item['id']}"


def test_a_measured_dataset_leads_from_numbers_to_the_picture(
    lab: LabOnScreen, studio: Studio, measured: tuple[int, Path], model: ProposalModel, image: np.ndarray
) -> None:
    item, page = measured[0], lab.page
    lab.open(item, "steps")
    truth = lab.array("picture.references[0].mask").reshape(SIZE)
    # Review makes the proposal when it shows the picture.
    urllib.request.urlopen(f"{studio.url}/api/items/{item}/mask").close()
    page.get_by_role("button", name="Whole dataset").click()
    page.get_by_role("button", name="Measure", exact=True).click()
    row = page.locator(".lb-rows tbody tr", has_text="astronaut")
    expect(row).to_be_visible()
    mask = model.mask(image, model.cams(image, ["person"]), [PERSON])
    iou = mean_iou(confusion_matrix(truth, mask, 256))
    # The studio and the test compute the maps in two processes: a few pixels at the threshold may differ.
    assert float(row.locator("td").nth(1).text_content() or "nan") == pytest.approx(100 * iou, abs=0.5)
    classes = page.locator(".lb-wide tbody tr", has_text="person")
    found, there = (mask == PERSON) & (truth != 255), truth == PERSON
    recall = 100 * (found & there).sum() / there.sum()
    assert float(classes.locator("td").nth(3).text_content() or "nan") == pytest.approx(recall, abs=0.5)
    scatter = page.locator(".lb-scatter")
    box = scatter.bounding_box()
    assert box is not None
    # Unlike the mouse alone, `hover` waits until the plot is in sight and stands still.
    scatter.hover(position={"x": 50, "y": 5})
    page.mouse.down()
    for part in (0.5, 1):
        x, y = 50 + part * (box["width"] - 55), 5 + part * (box["height"] - 35)
        scatter.hover(position={"x": x, "y": y})
    page.mouse.up()
    expect(page.locator(".lb-gallery")).to_contain_text("1 chosen")
    assert f"item={item}" in (page.locator(".lb-gallery a").get_attribute("href") or "")
    row.get_by_role("button").click()
    page.wait_for_function("item => window.puzzlecamLab.picture?.item.id === item", arg=item)
    expect(page.locator(".lb-survey")).to_be_hidden()
