"""Figures 1, 3 and 4 of the paper for a run: the pictures are the trainer's maps, the words its settings."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from trainer.cams.trained import save_classifier
from trainer.config import Recipe
from trainer.data.folder import open_dataset
from trainer.data.images import read_rgb
from trainer.errors import TrainerUsageError
from trainer.nn.classifier import CamNetwork
from trainer.nn.losses import EPSILON
from trainer.pretrained.encoders import load_encoder
from trainer.reports.figures.cams import ClassifierOfRun, predicted_tags
from trainer.reports.figures.paper import run_dirs_in, write_figures
from trainer.reports.figures.pictures import Photo, photos
from trainer.reports.figures.sheet import Cell, Sheet, sheet_png, sheet_svg
from trainer.reports.pictures import heat_picture
from trainer.run.directory import DatasetRecord, RunDir, RunDirError
from trainer.run.map_storage import ClassMaps

CLASSES = ("cat", "dog")


def make_run(path: Path, root: Path, *, reconstruction: bool = True, is_trained: bool = True) -> RunDir:
    recipe = Recipe(name="little")
    loss = recipe.classify.loss.model_copy(
        update={"reconstruction": reconstruction, "tile_classification": reconstruction}
    )
    recipe = recipe.model_copy(update={"classify": recipe.classify.model_copy(update={"loss": loss})})
    recipe = recipe.model_copy(update={"backbone": recipe.backbone.model_copy(update={"name": "lite0"})})
    directory = RunDir(path)
    record = DatasetRecord(
        root=str(root), split="train", fingerprint="f", class_names=CLASSES, pictures=4, skipped={}
    )
    directory.open(recipe, record)
    if is_trained:
        torch.manual_seed(0)
        network = CamNetwork(load_encoder(recipe.backbone), len(CLASSES)).eval()
        save_classifier(directory.model_path("classify"), network, recipe, CLASSES)
    return directory


@pytest.fixture
def root(make_voc: Callable[..., Path]) -> Path:
    return make_voc(pictures=4)


@pytest.fixture
def run(root: Path, tmp_path: Path) -> RunDir:
    return make_run(tmp_path / "run", root)


def pictures_in(svg: Path) -> list[np.ndarray]:
    found = re.findall(r'href="data:image/png;base64,([^"]+)"', svg.read_text(encoding="utf-8"))
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))) for data in found]


def words_in(svg: Path) -> str:
    """Its text with one space between words, however lines are broken."""
    return " ".join(re.sub(r"<[^>]+>", " ", svg.read_text(encoding="utf-8")).split())


def test_a_run_with_a_classifier_has_figures_1_and_3_as_svg_and_png(run: RunDir, tmp_path: Path) -> None:
    made = write_figures(run.path, tmp_path / "out", pictures=2)
    assert [path.name for path in made.files] == [
        "figure-1.svg",
        "figure-1.png",
        "figure-3.svg",
        "figure-3.png",
    ]
    for path in made.files:
        if path.suffix == ".png":
            assert Image.open(path).size[0] > 600
    assert any("name a run without L_p-cls" in note for note in made.notes)
    assert any("there is only one run" in note for note in made.notes)
    assert any("Figure 4 needs masks" in note for note in made.notes)


def test_figure_1_shows_the_maps_of_the_trainer_pixel_for_pixel(run: RunDir, tmp_path: Path) -> None:
    write_figures(run.path, tmp_path / "out", pictures=1)
    _, whole, tiled, final, legend = pictures_in(tmp_path / "out" / "figure-1.svg")
    dataset = open_dataset(run.manifest().dataset.root, "train")
    (photo,) = photos(dataset, 1)
    of_run = ClassifierOfRun.of(run)
    assert of_run is not None
    look = of_run.look(photo)
    maps = {
        "whole": look.whole_thw[:1],
        "tiled": look.tiled_thw[:1],
        "final": look.whole_thw[:1] / (look.whole_thw[:1].max() + EPSILON),
    }
    for shown, name in ((whole, "whole"), (tiled, "tiled"), (final, "final")):
        expected = heat_picture(
            photo.pixels, ClassMaps((1,), photo.pixels.shape[:2], maps[name]), max(photo.pixels.shape)
        )
        np.testing.assert_array_equal(shown, expected)
    assert legend.shape[0] < 20


def test_settings_are_written_into_a_figure(run: RunDir, root: Path, tmp_path: Path) -> None:
    baseline = make_run(tmp_path / "plain", root, reconstruction=False)
    made = write_figures(run.path, tmp_path / "out", baseline=baseline.path, pictures=1)
    text = words_in(tmp_path / "out" / "figure-1.svg")
    assert "(a) whole picture, L_cls" in text
    assert "L_cls + L_p-cls + 4 L_re" in text
    assert "Recipe little, backbone lite0, seed 0" in text
    assert "Pictures are spread evenly" in text
    assert not any("figure 1" in note for note in made.notes)


def test_figure_3_has_a_column_for_each_combination_of_terms(run: RunDir, root: Path, tmp_path: Path) -> None:
    for seed in (0, 1):
        make_run(tmp_path / "ablation" / f"cls-seed{seed}", root, reconstruction=False)
    assert [one.path.name for one in run_dirs_in(tmp_path / "ablation")] == ["cls-seed0"]
    made = write_figures(run.path, tmp_path / "out", compare=[tmp_path / "ablation"], pictures=2)
    svg = tmp_path / "out" / "figure-3.svg"
    assert len(pictures_in(svg)) == 2 * 3 + 1
    text = words_in(svg)
    assert text.index("(b) L_cls (c)") < text.index("(c) L_cls + L_p-cls")
    assert not any("igure 3" in note for note in made.notes)


def test_predicted_tags_are_those_above_half(run: RunDir, root: Path) -> None:
    of_run = ClassifierOfRun.of(run)
    assert of_run is not None
    dataset = open_dataset(root, "train")
    image = dataset.images[0]
    look = of_run.look(Photo(image, dataset.names_of(image), read_rgb(image.path)))
    assert look.loss is not None
    assert predicted_tags(look, -1000.0) == []
    everything = predicted_tags(look, 1000.0)
    assert {name for name, _ in everything} == set(CLASSES)


def test_figure_4_has_photograph_truth_and_prediction(run: RunDir, root: Path, tmp_path: Path) -> None:
    mask = np.zeros((40, 60), np.uint8)
    mask[10:21, 15:31] = 1
    run.pseudo_path("p0").parent.mkdir()
    Image.fromarray(mask).save(run.pseudo_path("p0"))
    made = write_figures(run.path, tmp_path / "out", pictures=2)
    svg = (tmp_path / "out" / "figure-4.svg").read_text(encoding="utf-8")
    assert "Pseudo-labels on split train" in svg
    assert "mean IoU 100.0" in svg  # p0 is a cat in that square
    assert any("no stage segment" in note for note in made.notes)
    split = str(run.manifest().recipe["segment"]["predict_split"])
    lists = root / "ImageSets" / "Segmentation"
    (lists / f"{split}.txt").write_text("p1\n", encoding="utf-8")
    run.predictions_path(split).mkdir(parents=True)
    Image.fromarray(mask).save(run.prediction_path(split, "p1"))
    made = write_figures(run.path, tmp_path / "out", pictures=2)
    svg = (tmp_path / "out" / "figure-4.svg").read_text(encoding="utf-8")
    assert f"Predictions of the segmentation network on split {split}" in svg
    assert not any("figure 4" in note for note in made.notes)


def test_what_a_run_lacks_is_a_sentence_and_no_old_figure_stays(root: Path, tmp_path: Path) -> None:
    bare = make_run(tmp_path / "bare", root, is_trained=False)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "figure-1.svg").write_text("of another run", encoding="utf-8")
    made = write_figures(bare.path, tmp_path / "out")
    assert made.files == ()
    assert len(made.notes) == 3
    assert all("run the stage" in note for note in made.notes)
    assert list((tmp_path / "out").iterdir()) == []


def test_wrong_use_says_what_to_do(run: RunDir, tmp_path: Path) -> None:
    with pytest.raises(TrainerUsageError, match="1 to 24"):
        write_figures(run.path, tmp_path / "out", pictures=0)
    with pytest.raises(RunDirError, match="that `ablate` wrote"):
        write_figures(run.path, tmp_path / "out", compare=[tmp_path / "nowhere"])
    with pytest.raises(RunDirError, match="not a run directory"):
        write_figures(tmp_path / "nowhere", tmp_path / "out")


def test_words_from_outside_cannot_break_the_svg_and_the_png_takes_any_letter() -> None:
    picture = np.zeros((8, 16, 3), np.uint8)
    sheet = Sheet("<script>&", ("Füße × 犬",), (("row", (Cell(picture, ("a <b>",)), Cell(None))),), ("end",))
    svg = sheet_svg(sheet).decode()
    assert "<script>" not in svg
    assert "&lt;script&gt;&amp;" in svg
    assert "Füße × 犬" in svg
    assert Image.open(io.BytesIO(sheet_png(sheet))).format == "PNG"
