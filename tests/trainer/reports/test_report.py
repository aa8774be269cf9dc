from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from trainer.config import Recipe
from trainer.data.folder import open_dataset
from trainer.reports.charts import Bar, Series, bar_chart, line_chart
from trainer.reports.pictures import heat_overlay, mask_overlay
from trainer.reports.report import write_report
from trainer.run.directory import DatasetRecord, RunDir, RunDirError
from trainer.run.events import EventLog
from trainer.run.map_storage import ClassMaps, save_maps

SCORE = {"miou": 0.5, "threshold": 0.4, "per_class": [0.75, 0.25, None]}


class Elements(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture
def directory(make_voc: Callable[..., Path], tmp_path: Path) -> RunDir:
    """A run with a trained stage, maps and pseudo-labels of all pictures, and figures."""
    root = make_voc(pictures=3)
    dataset = open_dataset(root, "train")
    directory = RunDir(tmp_path / "run")
    record = DatasetRecord(
        root=str(root),
        split="train",
        fingerprint="f",
        class_names=dataset.class_names,
        pictures=3,
        skipped={},
    )
    directory.open(Recipe(name="te<st", description="For & tests."), record)
    directory.begin("classify", "key", settings={}, inputs={}, makes=(), resume=True)
    directory.finish("classify", {"seconds": 1.5})
    events = EventLog(directory.events_path)
    for step in (1, 2, 3, 2, 3):  # cut off after step 3, resumed after step 1
        events.write("step", stage="classify", step=step, losses={"loss": 1.0 / step, "reconstruction": 0.1})
    events.write("alarm", stage="classify", name="collapse", message="All is <dark>.")
    for image in dataset.images:
        save_maps(
            directory.cam_path(image.id), ClassMaps(image.tags, (40, 60), np.ones((1, 10, 15), np.float32))
        )
        directory.pseudo_path(image.id).parent.mkdir(exist_ok=True)
        Image.fromarray(np.ones((40, 60), np.uint8)).save(directory.pseudo_path(image.id))
    row = {"name": "cam", "title": "CAM", "split": "train", "pictures": 3, "honest": SCORE, "oracle": None}
    metrics = {"classes": ["background", "cat", "dog"], "note": "Honest: fixed.", "rows": [row]}
    directory.metrics_path.write_text(json.dumps(metrics), encoding="utf-8")
    return directory


def test_the_page_needs_nothing_but_itself(directory: RunDir) -> None:
    html = write_report(directory.path).read_text(encoding="utf-8")
    page = Elements(html)
    sources = [image["src"] or "" for image in page.of("img")]
    assert sources
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert not page.of("script")
    assert not page.of("link")
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", html)


def test_figures_curves_alarms_and_examples_are_on_it(directory: RunDir) -> None:
    html = write_report(directory.path).read_text(encoding="utf-8")
    assert "50.00 at 0.40" in html
    assert "Losses of classify" in html
    assert "All is &lt;dark&gt;." in html
    # Photograph, CAM, pseudo-label and ground truth of each picture.
    assert len(Elements(html).of("img")) == 3 * 4
    assert "absent" in html


def test_names_from_outside_are_escaped(directory: RunDir) -> None:
    html = write_report(directory.path).read_text(encoding="utf-8")
    assert "te&lt;st" in html
    assert "For &amp; tests." in html
    assert "te<st" not in html


def test_a_run_that_has_only_begun_has_a_report_too(tmp_path: Path) -> None:
    directory = RunDir(tmp_path / "run")
    record = DatasetRecord(
        root=str(tmp_path / "gone"), split="train", fingerprint="f", class_names=("cat",), pictures=1
    )
    directory.open(Recipe(name="test"), record)
    assert "has not been evaluated" in write_report(directory.path).read_text(encoding="utf-8")


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunDirError, match="not a run directory"):
        write_report(tmp_path)


def points_of(svg: str) -> list[list[tuple[float, float]]]:
    lines = re.findall(r'<polyline points="([^"]*)"', svg)
    return [[tuple(map(float, pair.split(","))) for pair in line.split()] for line in lines]  # type: ignore[misc]


def test_a_curve_falls_where_its_values_fall() -> None:
    svg = line_chart([Series("loss", ((1, 4.0), (2, 2.0), (3, 1.0)))], title="t", x_label="step")
    ((first, second, third),) = points_of(svg)
    assert first[0] < second[0] < third[0]
    # SVG counts down from the top.
    assert first[1] < second[1] < third[1]


def test_dense_curves_are_thinned_to_what_can_be_seen() -> None:
    many = Series("loss", tuple((float(x), 1.0) for x in range(5000)))
    (points,) = points_of(line_chart([many], title="t", x_label="step"))
    assert 200 < len(points) <= 300


@pytest.mark.parametrize("series", [[], [Series("loss", ())], [Series("loss", ((1.0, 0.0),))]])
def test_charts_without_much_to_show_are_charts(series: list[Series]) -> None:
    assert line_chart(series, title="t", x_label="step").endswith("</svg>")


def test_bars_are_as_high_as_their_values() -> None:
    svg = bar_chart([Bar("a", 20.0, (19.0, 21.0)), Bar("b", 40.0)], title="t")
    low, high = (float(height) for height in re.findall(r'<rect [^>]*height="([\d.]+)"', svg))
    assert high == pytest.approx(2 * low, rel=0.01)
    assert svg.count("<circle") == 2


def opened(data_url: str) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data_url.partition(",")[2]))))


def test_a_mask_colours_objects_and_leaves_background_as_it_is() -> None:
    picture = np.full((40, 40, 3), 100, dtype=np.uint8)
    mask = np.zeros((40, 40), dtype=np.uint8)
    mask[:, 20:] = 1  # aeroplane, dark red
    shown = opened(mask_overlay(picture, mask))
    np.testing.assert_allclose(shown[20, 5], 100, atol=4)
    assert shown[20, 35, 0] > shown[20, 35, 1] + 40


def test_heat_is_bright_where_the_map_is() -> None:
    maps = np.zeros((1, 10, 10), dtype=np.float32)
    maps[0, :, 7:] = 1.0
    shown = opened(heat_overlay(np.zeros((40, 40, 3), np.uint8), ClassMaps((1,), (40, 40), maps)))
    assert shown[20, 36].mean() > shown[20, 4].mean() + 80
