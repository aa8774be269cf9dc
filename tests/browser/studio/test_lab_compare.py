"""Models, epochs and layers in the Lab: what is laid side by side is what the trainer computes."""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from puzzlecam_app.interchange.pictures import load_upright_rgb
from tests.browser.studio.conftest import Studio
from tests.browser.studio.lab import PERSON, SIZE, LabOnScreen, import_measured
from trainer.cams.inspection import cam_steps
from trainer.masks.metrics import confusion_matrix, mean_iou
from trainer.models.proposal import ProposalModel, run_model, zero_shot_model

SVG = "{http://www.w3.org/2000/svg}"
TRAINED_S = 240


@pytest.fixture(scope="module")
def measured(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Path]:
    """Number of a picture of a person with ground truth, and its file."""
    return import_measured(studio, tmp_path_factory.mktemp("compared") / "voc", "compared")


@pytest.fixture(scope="module")
def image(measured: tuple[int, Path]) -> np.ndarray:
    return load_upright_rgb(measured[1], max_pixels=10**7)


@pytest.fixture(scope="module")
def run(studio: Studio, measured: tuple[int, Path]) -> int:
    """A run on that picture that has kept its one epoch; the studio's own worker trains it."""
    small = ["batch_size=1", "epochs=1", "keep_epochs=true", "view.crop=64"]
    settings = [*(f"classify.{one}" for one in small), "affinity.enabled=false", "segment.enabled=false"]
    flags = [part for one in settings for part in ("--set", one)]
    done = studio.command(
        "run", "start", "compared", "--recipe", "tiny", *flags, "--name", "tiny run", "--json"
    )
    assert done.returncode == 0, done.stderr
    number: int = json.loads(done.stdout)["id"]
    deadline = time.monotonic() + TRAINED_S
    while True:
        with urllib.request.urlopen(f"{studio.url}/api/runs/{number}") as answer:
            found = json.load(answer)["run"]
        if found["status"] == "done":
            return number
        assert found["status"] in ("queued", "claimed", "running"), found
        assert time.monotonic() < deadline, found
        time.sleep(0.3)


@pytest.fixture
def lab(page: Page, studio: Studio) -> LabOnScreen:
    return LabOnScreen(page, studio)


def model_of(studio: Studio, run: int, epoch: int | None = None) -> ProposalModel:
    return run_model(studio.workspace / "runs" / str(run) / "train", epoch=epoch)


def compare(lab: LabOnScreen, item: int, a: str, b: str) -> None:
    lab.open(item, f"compare&a={a}&b={b}")
    lab.page.wait_for_function("window.puzzlecamLab.panes.views.length > 2")


def shot(lab: LabOnScreen, key: str) -> str:
    """The pixels of a view, once they are drawn."""
    text: str = lab.page.evaluate(
        """async (key) => {
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            return document.querySelector(`figure[data-key="${key}"] canvas`).toDataURL();
        }""",
        key,
    )
    return text


def test_maps_and_masks_of_two_epochs_are_those_of_the_trainer(
    lab: LabOnScreen, studio: Studio, measured: tuple[int, Path], run: int, image: np.ndarray
) -> None:
    compare(lab, measured[0], f"run-{run}-epoch-0", f"run-{run}-epoch-1")
    truth = lab.array("picture.references[0].mask").reshape(SIZE)
    maps, masks, ious = [], [], []
    for letter, epoch in (("A", 0), ("B", 1)):
        model = model_of(studio, run, epoch)
        cams = model.cams(image, ["person"])
        mask = model.mask(image, cams, [PERSON])
        shown = lab.array(f"lab.panes.views.find(({{ key }}) => key === 'map {letter}').map.data")
        np.testing.assert_array_equal(shown.reshape(cams.cams_khw.shape[1:]), cams.cams_khw[0])
        shown = lab.array(f"lab.panes.views.find(({{ key }}) => key === 'mask {letter}').labels")
        np.testing.assert_array_equal(shown.reshape(SIZE), mask)
        maps.append(cams.cams_khw[0])
        masks.append(mask)
        ious.append(100 * mean_iou(confusion_matrix(truth, mask, 256)))
    assert not np.array_equal(*maps)
    assert lab.note("A: mask") == f"IoU {ious[0]:.1f}"
    assert lab.note("B: mask").startswith(f"IoU {ious[1]:.1f} (")
    assert lab.note("B − A") == f"mean |B − A| {np.abs(maps[1] - maps[0]).mean():.3f}"
    assert lab.note("From A to B") == f"{100 * (masks[0] != masks[1]).mean():.1f} % differ"
    expect(lab.page.locator(".lb-compare-panel [role=status]")).to_contain_text("after this epoch")


def test_a_divider_slides_one_model_over_the_other(
    lab: LabOnScreen, measured: tuple[int, Path], run: int
) -> None:
    compare(lab, measured[0], "proposer", f"run-{run}")
    before = shot(lab, "map slider")
    canvas = lab.page.locator("figure[data-key='map slider'] canvas")
    box = canvas.bounding_box()
    assert box is not None
    scale = lab.page.evaluate("window.puzzlecamLab.panes.viewport.scale")
    middle = box["y"] + box["height"] / 2
    lab.page.mouse.move(box["x"] + box["width"] / 2, middle)
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + box["width"] / 4, middle, steps=4)
    lab.page.mouse.up()
    assert lab.page.evaluate("window.puzzlecamLab.panes.divide") == pytest.approx(0.25, abs=0.02)
    assert lab.page.evaluate("window.puzzlecamLab.panes.viewport.scale") == scale
    assert shot(lab, "map slider") != before
    canvas.focus()
    lab.page.keyboard.press("Shift+ArrowRight")
    assert lab.page.evaluate("window.puzzlecamLab.panes.divide") == pytest.approx(0.3, abs=0.02)
    # At the very left only B is to be seen.
    lab.page.evaluate("window.puzzlecamLab.panes.divideAt(0)")
    shot(lab, "map slider")
    a, b = (f"lab.panes.views.find(({{ key }}) => key === 'map {one}').map.data" for one in "AB")
    first, second = lab.array(a), lab.array(b)
    lab.page.get_by_role("button", name="Swap").click()
    np.testing.assert_array_equal(lab.array(a), second)
    np.testing.assert_array_equal(lab.array(b), first)
    assert f"a=run-{run}&b=proposer" in lab.page.url


def test_the_whole_page_looks_through_the_chosen_model(
    lab: LabOnScreen, studio: Studio, measured: tuple[int, Path], run: int, image: np.ndarray
) -> None:
    lab.open(measured[0], "steps")
    model = model_of(studio, run)
    cams = model.cams(image, ["person"])
    before = lab.array("picture.arrays.cams.data")
    np.testing.assert_array_equal(before, zero_shot_model().cams(image, ["person"]).cams_khw.ravel())
    lab.page.get_by_label("Model", exact=True).select_option(label=f"Run {run}: tiny run")
    lab.page.wait_for_function(
        "key => window.puzzlecamLab.picture?.model === key && window.puzzlecamLab.picture.maskSteps",
        arg=f"run-{run}",
    )
    np.testing.assert_array_equal(lab.array("picture.arrays.cams.data"), cams.cams_khw.ravel())
    np.testing.assert_array_equal(
        lab.array("picture.maskSteps.mask").reshape(SIZE), model.mask(image, cams, [PERSON])
    )
    assert lab.page.get_by_label("threshold", exact=True).input_value() == str(model.background_threshold)
    assert f"model=run-{run}" in lab.page.url


def test_the_scale_over_the_dataset_is_the_largest_map_of_a_class(
    lab: LabOnScreen, measured: tuple[int, Path], image: np.ndarray
) -> None:
    lab.open(measured[0], "classes")
    lab.page.get_by_role("button", name="over the dataset").click()
    steps = cam_steps(zero_shot_model().sources, image, ["person"])
    panel = lab.page.locator(".lb-content")
    expect(panel).to_contain_text("1 of 20 classes known, from 1 picture each")
    note = lab.view("person (a guess)").locator(".lb-pane-note")
    expect(note).to_have_text("max 1.00")
    assert f"{float(steps.raw_chw.max()):.2f}, over 1 picture" in (note.get_attribute("title") or "")
    assert lab.page.locator(".lb-pane-note", has_text="not measured").count() > 0
    with lab.page.expect_response(lambda answer: answer.request.method == "POST" and answer.ok):
        lab.page.get_by_role("button", name="Measure 6 pictures per class").click()
    # Looked at once already, the only picture changes nothing.
    button = lab.page.get_by_role("button", name="Measure 6 pictures per class")
    expect(button).to_be_visible()
    expect(panel).to_contain_text("1 of 20 classes known, from 1 picture each")


def test_each_layer_has_its_own_opacity(lab: LabOnScreen, measured: tuple[int, Path]) -> None:
    lab.open(measured[0], "steps")
    key = "spread"
    start = shot(lab, key)
    lab.page.locator(".lb-layers summary").click()
    lab.slide("Outlines", 0)
    without_outline = shot(lab, key)
    lab.slide("Maps", 0)
    bare = shot(lab, key)
    lab.slide("Reference outline", 1)
    with_truth = shot(lab, key)
    lab.slide("Picture", 0)
    assert len({start, without_outline, bare, with_truth, shot(lab, key)}) == 5
    lab.page.keyboard.press("Escape")
    expect(lab.page.get_by_label("Picture", exact=True)).to_be_hidden()


def test_an_svg_figure_holds_views_legend_and_settings(lab: LabOnScreen, measured: tuple[int, Path]) -> None:
    lab.open(measured[0], "puzzle")
    lab.page.wait_for_selector(".lb-loss")
    with lab.page.expect_download() as figure:
        lab.page.get_by_role("button", name="SVG").click()
    assert figure.value.suggested_filename == "astronaut-puzzle.svg"
    root = ElementTree.parse(figure.value.path()).getroot()
    assert root.tag == f"{SVG}svg"
    texts = [node.text or "" for node in root.iter(f"{SVG}text")]
    assert {"Whole map", "Each tile", "Tiled map", "Difference"} <= set(texts)
    assert lab.note("Difference") in texts
    assert any("zero-shot" in text for text in texts)
    assert "L_re" in (root.findtext(f"{SVG}desc") or "")
    assert len(list(root.iter(f"{SVG}linearGradient"))) == 2  # maps and differences
    assert len(list(root.iter(f"{SVG}use"))) == 4
    # Nothing is fetched from elsewhere, and outlines are paths.
    links = [node.get("href", "") for node in root.iter() if node.get("href")]
    assert all(link.startswith(("data:image/", "#")) for link in links)
    assert sum(node.get("fill") == "none" for node in root.iter(f"{SVG}path")) > 4


def test_one_model_alone_is_said_with_the_next_step(lab: LabOnScreen, studio: Studio, dataset: str) -> None:
    with urllib.request.urlopen(f"{studio.url}/api/datasets") as answer:
        (found,) = [one for one in json.load(answer)["datasets"] if one["name"] == dataset]
    with urllib.request.urlopen(f"{studio.url}/api/datasets/{found['id']}/items") as answer:
        (item,) = [one for one in json.load(answer)["items"] if one["name"].startswith("small")]
    lab.page.route("**/lab/models", lambda route: route.fulfill(json=[ONLY]))
    lab.open(item["id"], "compare")
    expect(lab.page.locator(".lb-compare-panel [role=status]")).to_contain_text(
        "Train a run on the Runs page"
    )


ONLY = {"key": "proposer", "title": "Zero-shot model", "moments": [], "not_learned": []}
