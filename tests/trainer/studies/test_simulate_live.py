"""What the live model learns: who is corrected and measured, and that an interrupted simulation continues."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from trainer import cli, commands, pipeline
from trainer.contract import CLASSIFY
from trainer.data.folder import open_dataset
from trainer.data.ground_truth import GroundTruth
from trainer.errors import TrainerUsageError
from trainer.live.features import load_live_encoder, run_live_encoder
from trainer.masks.metrics import confusion_matrix, mean_iou
from trainer.models.proposal import zero_shot_model
from trainer.recipes import load_recipe
from trainer.studies.live import session, study
from trainer.studies.live.figures import live_table
from trainer.studies.live.plan import LiveSimulationConfig, divided
from trainer.studies.live.study import simulate_live
from trainer.studies.teaching import corrections

SIZE = (64, 96)
UNTOUCHED, SECONDS_PER_CLICK = 4, 2.4


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """Ten pictures of flat squares of two colours on a flat ground, in VOC layout."""
    root = tmp_path_factory.mktemp("voc")
    folders = {name: root / name for name in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation")}
    for folder in folders.values():
        folder.mkdir(parents=True)
    rows, square = ["image,tags"], (slice(16, 33), slice(24, 49))
    for number in range(10):
        picture, mask = np.full((*SIZE, 3), (30, 60, 120), np.uint8), np.zeros(SIZE, np.uint8)
        picture[square], mask[square] = (200, 60 * (number % 2), 0), 1 + number % 2
        Image.fromarray(picture).save(folders["JPEGImages"] / f"p{number}.png")
        Image.fromarray(mask).save(folders["SegmentationClass"] / f"p{number}.png")
        rows.append(f"p{number}.png,{('cat', 'dog')[number % 2]}")
    (root / "tags.csv").write_text("\n".join(rows), encoding="utf-8")
    (root / "labels.txt").write_text("cat\ndog", encoding="utf-8")
    ids = "\n".join(f"p{number}" for number in range(10))
    (folders["ImageSets/Segmentation"] / "train.txt").write_text(ids, encoding="utf-8")
    return root


@pytest.fixture(scope="module", autouse=True)
def loaded_once() -> Iterator[None]:
    """Loading the networks takes longer than simulating on such pictures."""
    model, encoder = zero_shot_model("cpu"), load_live_encoder("cpu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study, "zero_shot_model", lambda _device: model)
        patch.setattr(study, "load_live_encoder", lambda _device: encoder)
        yield


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def result(root, out) -> dict[str, Any]:
    """Both orders, with and without learning."""
    return simulated(root, out, config(has_baseline=True))


@pytest.fixture
def prepared(result, out, tmp_path) -> Path:
    """A folder with features and maps, in which nothing was corrected or measured yet."""
    shutil.copytree(out / "pictures", tmp_path / "pictures")
    return tmp_path


def config(**changes: Any) -> LiveSimulationConfig:
    values: dict[str, Any] = {
        "points": (0, 1, 3),
        "orders": ("score", "random"),
        "seeds": (0, 1),
        "untouched": UNTOUCHED,
        "has_clicks": False,
    }
    return LiveSimulationConfig(**(values | changes))


def simulated(root: Path, folder: Path | None, used: LiveSimulationConfig, **options: Any) -> dict[str, Any]:
    return simulate_live(root, "train", used, out=folder, workers=1, device="cpu", **options)


def test_every_order_is_measured_at_each_point_on_the_same_untouched_pictures(result) -> None:
    learning = [one for one in result["sessions"] if one["learns"]]
    assert [(one["order"], one["seed"]) for one in learning] == [
        ("score", None),
        ("random", 0),
        ("random", 1),
    ]
    for one in learning:
        assert [point["corrected"] for point in one["points"]] == [0, 1, 3]
        assert len(one["corrected"]) == len(set(one["corrected"])) == 3
        assert not set(one["corrected"]) & set(result["untouched"])
        assert one["points"][0] == learning[0]["points"][0]
    assert len(result["untouched"]) == 4
    assert result["correctable"] == 6
    first, second = (one["corrected"] for one in learning[1:])
    assert first != second


def test_the_untouched_pictures_do_not_depend_on_points_or_seeds(root) -> None:
    images = open_dataset(root, "train").images
    one = divided(images, config())
    assert one == divided(images, config(points=(0, 5), seeds=(7,), orders=("random",)))
    assert {*one.untouched, *one.correctable} == set(images)


def test_masks_teach_the_proposals_of_pictures_that_nobody_touched(root, tmp_path) -> None:
    used = config(points=(0, 6), orders=("random",), seeds=(0,))
    start, end = simulated(root, tmp_path, used, uses_words=False)["rows"]
    assert end["miou"] > start["miou"] + 5


def test_without_learning_every_row_is_that_of_zero_shot(root, result) -> None:
    plain = [row for row in result["rows"] if not row["learns"]]
    assert [row["corrected"] for row in plain] == [0, 1, 3] * 2
    dataset, model = open_dataset(root, "train"), study.zero_shot_model("cpu")
    truth = GroundTruth.of(dataset)
    total = np.zeros((3, 3), np.int64)
    for image in dataset.images:
        if image.id in result["untouched"]:
            picture = np.asarray(Image.open(image.path))
            mask = model.mask(picture, model.cams(picture, dataset.names_of(image)), image.tags)
            total += confusion_matrix(truth.mask(image.id), mask, 3)
    # Maps are stored as float16, which may turn a pixel at the threshold.
    assert [row["miou"] for row in plain] == pytest.approx([100 * mean_iou(total)] * 6, abs=0.1)
    learned = [row for row in result["rows"] if row["learns"]]
    assert learned[0]["miou"] == plain[0]["miou"]


def test_an_interrupted_simulation_continues_with_the_same_table(root, result, prepared, monkeypatch) -> None:
    seen = 0

    def stop(_what: str, _done: int, _total: int) -> None:
        nonlocal seen
        seen += 1
        # 10 pictures prepared, 4 measured, 3 corrected in each of 3 orders, then one, and 3 measured with it
        if seen == 27:
            raise KeyboardInterrupt

    used = config(has_baseline=True)
    with pytest.raises(KeyboardInterrupt):
        simulated(root, prepared, used, advance=stop)
    assert simulated(root, prepared, used) == result
    monkeypatch.setattr(session, "leave_one_out", None)
    again = simulated(root, prepared, used)
    assert again == result, "what was measured is not measured again"


def test_corrections_by_clicks_are_made_once(root, prepared, monkeypatch) -> None:
    used = config(has_clicks=True, max_clicks=1, orders=("score",), points=(0, 2))
    first = simulated(root, prepared, used)
    monkeypatch.setattr(corrections, "next_click", None)
    assert simulated(root, prepared, used) == first


def test_clicks_and_seconds_of_each_corrected_picture_are_kept(root, prepared) -> None:
    used = config(has_clicks=True, has_baseline=True, max_clicks=2, orders=("random",), seeds=(0,))
    result = simulated(root, prepared, used)
    for one in result["sessions"]:
        assert [correction["id"] for correction in one["corrections"]] == one["corrected"]
        for correction in one["corrections"]:
            painted = result["seconds"]["polygon"] if correction["is_painted"] else 0
            assert correction["seconds"] == pytest.approx(SECONDS_PER_CLICK * correction["clicks"] + painted)
            assert correction["after"] >= 0.85
    rows = [row for row in result["rows"] if row["corrected"] == 3]
    last = [correction["clicks"] for correction in result["sessions"][1]["corrections"][1:]]
    assert rows[1]["clicks_per_picture"] == pytest.approx(np.mean(last))


def test_the_table_has_a_row_for_each_point_and_a_line_for_each_class(result) -> None:
    lines = live_table(result).splitlines()
    assert sum(line.startswith("| live model | random |") for line in lines) == 3
    assert sum(line.startswith("| no learning | score |") for line in lines) == 3
    assert sum(line.startswith("| cat |") for line in lines) == 2
    assert "clicks were not simulated" in lines[0]
    assert json.loads(json.dumps(result)) == result


def test_the_command_prints_json_and_needs_no_folder(root, monkeypatch, capsys) -> None:
    words = (
        "trainer simulate-live --points 0,1 --orders random --seeds 0 --untouched 4 --pictures 6 --no-clicks"
    )
    monkeypatch.setattr(
        "sys.argv", [*words.split(), "--device", "cpu", "--dataset-root", str(root), "--json"]
    )
    assert cli.main() == 0
    result = json.loads(capsys.readouterr().out)
    assert result["correctable"] == 2
    assert commands.live_table(result).startswith("Mean IoU in percent over 4 untouched pictures of train")


def test_the_features_of_a_run_are_those_of_its_classifier(root, tmp_path) -> None:
    recipe = load_recipe("tiny", ("classify.epochs=1",))
    run = pipeline.run(recipe, root, "train", tmp_path / "run", stages=(CLASSIFY,), device="cpu")
    encoder = run_live_encoder(run.path, "cpu")
    assert encoder.identity != load_live_encoder("cpu").identity
    used = config(points=(0, 3), orders=("random",), seeds=(0,))
    found = simulated(root, tmp_path / "out", used, model=str(run.path), features="run")
    assert found["features"] == "run"
    assert "features those of its classifier" in live_table(found)


def test_wrong_use_is_explained(root) -> None:
    with pytest.raises(TrainerUsageError, match="'clip'; choose from imagenet, run"):
        simulated(root, None, config(), features="clip")
    with pytest.raises(TrainerUsageError, match="need a run"):
        simulated(root, None, config(), features="run")
    with pytest.raises(TrainerUsageError, match="each once: --points"):
        config(points=(5, 1))
    with pytest.raises(TrainerUsageError, match="'doubt' cannot be used"):
        config(orders=("doubt",))
    with pytest.raises(TrainerUsageError, match="With 4 of them untouched, 7 cannot be corrected"):
        simulated(root, None, config(points=(0, 7)))
    with pytest.raises(TrainerUsageError, match="--no-words needs zero-shot"):
        simulated(root, None, config(), model="run", uses_words=False)
