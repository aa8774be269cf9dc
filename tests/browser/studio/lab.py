"""The Lab page in the hands of a test, and a picture whose mask can be measured."""

from __future__ import annotations

import base64
import json
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page

from tests.browser.studio.conftest import Studio, photographs
from trainer.data.labels import VOC_CLASSES

PERSON = VOC_CLASSES.index("person") + 1
SIZE = (300, 451)


def import_measured(studio: Studio, folder: Path, name: str) -> tuple[int, Path]:
    """Import a picture of a person with ground truth; returns its number and its file."""
    pictures = folder / "JPEGImages"
    photographs(pictures, [("astronaut", SIZE[1], SIZE[0])])
    (pictures / "tags.csv").replace(folder / "tags.csv")
    truth = np.zeros(SIZE, np.uint8)
    truth[40:, 60:300] = PERSON
    truth[40:44, 60:300] = 255
    mask = Image.fromarray(truth)
    mask.putpalette([value for index in range(256) for value in (index, 0, 255 - index)])
    (folder / "SegmentationClass").mkdir()
    mask.save(folder / "SegmentationClass" / "astronaut.png")
    lists = folder / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("astronaut\n", encoding="utf-8")
    done = studio.command("dataset", "import", str(folder), "--name", name, "--masks", "ground-truth")
    assert done.returncode == 0, done.stderr
    with urllib.request.urlopen(f"{studio.url}/api/datasets") as answer:
        (dataset,) = [one for one in json.load(answer)["datasets"] if one["name"] == name]
    with urllib.request.urlopen(f"{studio.url}/api/datasets/{dataset['id']}/items") as answer:
        item = json.load(answer)["items"][0]
    return item["id"], pictures / "astronaut.jpg"


class LabOnScreen:
    """The Lab page in the hands of somebody."""

    def __init__(self, page: Page, studio: Studio) -> None:
        self.page = page
        self.studio = studio

    def open(self, item: int, view: str) -> None:
        self.page.goto(f"{self.studio.url}/lab?item={item}&view={view}")
        # The list of models moves what is below it: a click in this moment would hit something else.
        self.page.wait_for_function(
            "window.puzzlecamLab?.picture?.maskSteps && window.puzzlecamLab.modelChoice.choices.length"
        )

    def array(self, expression: str) -> np.ndarray:
        """A typed array of the page, e.g. `picture.maskSteps.mask`."""
        kind, text = self.page.evaluate(
            """async (expression) => {
                const { picture } = window.puzzlecamLab;
                const read = new Function("lab", "picture", `return ${expression}`);
                const array = read(window.puzzlecamLab, picture);
                const reader = new FileReader();
                const done = new Promise((resolve) => { reader.onload = resolve; });
                reader.readAsDataURL(new Blob([array]));
                await done;
                return [array.constructor.name, reader.result.slice(reader.result.indexOf(",") + 1)];
            }""",
            expression,
        )
        dtype = {"Float32Array": np.float32, "Uint8Array": np.uint8}[kind]
        return np.frombuffer(base64.b64decode(text), dtype)

    def view(self, title: str) -> Any:
        return self.page.locator(".lb-panes figure", has=self.page.get_by_text(title, exact=True))

    def note(self, title: str) -> str:
        return str(self.view(title).locator(".lb-pane-note").text_content())

    def slide(self, label: str, value: float) -> None:
        self.page.get_by_label(label, exact=True).first.evaluate(
            """(node, value) => {
                node.value = value;
                node.dispatchEvent(new Event("input", { bubbles: true }));
            }""",
            str(value),
        )
