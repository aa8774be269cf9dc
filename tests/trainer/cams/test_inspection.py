"""The steps that the lab shows are the trainer's own: taken together they are its maps and its losses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from trainer.cams.compute import compute_cams
from trainer.cams.config import CamConfig
from trainer.cams.inspection import cam_steps, puzzle_look
from trainer.cams.sources import CamSource, CamSources
from trainer.cams.trained import TrainedClassifier
from trainer.classify_config import PuzzleLossConfig
from trainer.data.transforms import normalized_tensor
from trainer.machine.device import DeviceChoice
from trainer.nn.classifier import CamNetwork
from trainer.nn.encoders import build_encoder
from trainer.nn.losses import classification_loss, classification_terms, reconstruction_loss
from trainer.training.puzzle_step import PuzzleStep

COLOURS = {"red": 0, "green": 1, "blue": 2}
CONFIG = CamConfig(scales=(0.5, 1.0, 1.5), max_side=64)


class ColourClassifier:
    """The class of a cell is its colour; what a cell is not speaks against it. It spreads by affinity."""

    identity = "colours"
    output_stride = 16
    mean_std = (0.5, 0.5)

    def __init__(self, affinity_power: float = 2.0, factor: float = 1.0) -> None:
        self.affinity_power = affinity_power
        self.factor = factor

    def features(self, images: torch.Tensor) -> torch.Tensor:
        return self.factor * torch.nn.functional.avg_pool2d(images, 16)

    def class_weights(self, features: torch.Tensor, class_names: Sequence[str]) -> torch.Tensor:
        weights = torch.full((len(class_names), 3), -0.3)
        for row, name in enumerate(class_names):
            weights[row, COLOURS[name]] = 1.0
        return weights

    def is_weak(self, class_name: str) -> bool:
        return class_name == "blue"

    def describe(self, class_name: str) -> str:
        return class_name


class TileSensitive(ColourClassifier):
    """Answers half as strongly to small pictures, as a network does that sees only a part of an object."""

    def features(self, images: torch.Tensor) -> torch.Tensor:
        return super().features(images) * (0.5 if images.shape[-1] <= 32 else 1.0)


def picture(height: int = 50, width: int = 70) -> np.ndarray:
    image = np.random.default_rng(0).integers(0, 120, (height, width, 3), dtype=np.uint8)
    image[:, : width // 2, 0] = 255
    image[height // 2 :, width // 2 :, 1] = 255
    return image


@pytest.mark.parametrize("power", [0.0, 2.0])
def test_the_last_step_is_what_the_model_gives(power: float) -> None:
    sources = CamSources([CamSource(ColourClassifier(power))], CONFIG)
    steps = cam_steps(sources, picture(), ["red", "green"], ["blue"])
    np.testing.assert_array_equal(steps.cams_thw, sources.multi_scale(picture(), ["red", "green"]))
    assert (steps.spread_thw is None) == (power == 0)


def test_each_step_follows_from_the_one_before() -> None:
    steps = cam_steps(CamSources([CamSource(ColourClassifier(0.0))], CONFIG), picture(), ["red", "green"])
    assert steps.views_svthw.shape[:3] == (3, 2, 2)
    np.testing.assert_allclose(steps.scales_sthw, steps.views_svthw.mean(axis=1).clip(0), atol=1e-6)
    np.testing.assert_allclose(steps.total_thw, steps.scales_sthw.sum(axis=0), atol=1e-6)
    divided = steps.total_thw / (steps.total_thw.max(axis=(1, 2), keepdims=True) + 1e-5)
    np.testing.assert_allclose(steps.cams_thw, divided, atol=1e-6)
    np.testing.assert_allclose(steps.logits_c, steps.scores_chw.mean(axis=(1, 2)), atol=1e-5)


def test_the_first_maps_are_given_before_the_other_scales_are_looked_at() -> None:
    class Counted(ColourClassifier):
        looked = 0

        def features(self, images: torch.Tensor) -> torch.Tensor:
            self.looked += 1
            return super().features(images)

    classifier, given = Counted(), []
    sources = CamSources([CamSource(classifier)], CONFIG)

    def take(scores: np.ndarray) -> None:
        given.append((scores, classifier.looked))

    steps = cam_steps(sources, picture(), ["red", "green"], ["blue"], take)
    ((scores, looked),) = given
    np.testing.assert_array_equal(scores, steps.scores_chw[:2])
    assert looked == 1
    assert classifier.looked == len(CONFIG.scales)


def test_a_mean_of_classifiers_shows_each_of_them() -> None:
    first, second = ColourClassifier(2.0), ColourClassifier(0.0, factor=3.0)
    sources = CamSources([CamSource(first, 0.25), CamSource(second, 0.75)], CONFIG)
    steps = cam_steps(sources, picture(), ["red"])
    alone = CamSources([CamSource(second)], CONFIG).multi_scale(picture(), ["red"])
    np.testing.assert_array_equal(steps.others_thw[0], alone)
    np.testing.assert_array_equal(steps.cams_thw, sources.multi_scale(picture(), ["red"]))
    assert not np.array_equal(steps.own_thw, steps.cams_thw)


def test_a_class_without_tag_has_the_map_it_would_have_with_it() -> None:
    sources = CamSources([CamSource(ColourClassifier(2.0))], CONFIG)
    steps = cam_steps(sources, picture(), ["red"], ["green"])
    asked = cam_steps(sources, picture(), ["red", "green"])
    np.testing.assert_allclose(steps.raw_chw[1], asked.raw_chw[1], atol=1e-5)


@pytest.mark.parametrize("tiles", [1, 2, 3, 4])
def test_whole_and_tiles_are_those_of_the_maps(tiles: int) -> None:
    config = CONFIG.model_copy(update={"tiles_per_side": tiles})
    look = puzzle_look(ColourClassifier(), picture(), ["red", "green"], ["blue"], config)
    cams = compute_cams(ColourClassifier(), picture(), ["red", "green"], config)
    np.testing.assert_array_equal(look.whole_thw, cams.whole_khw)
    np.testing.assert_array_equal(look.tiled_thw, cams.tiled_khw)
    np.testing.assert_array_equal(look.disagreement_t, cams.disagreement_k)
    # 50 x 64 pixels, padded to whole tiles of whole cells.
    cells = look.whole_cells_thw.shape[1:]
    assert cells[0] % tiles == cells[1] % tiles == 0
    assert look.cells_share[0] >= 1
    assert look.tile_share[0] == pytest.approx(look.cells_share[0] / tiles)


def test_one_tile_is_the_picture_itself() -> None:
    config = CONFIG.model_copy(update={"tiles_per_side": 1})
    look = puzzle_look(ColourClassifier(), picture(), ["red"], ["green"], config)
    np.testing.assert_array_equal(look.whole_cells_thw, look.tiled_cells_thw)
    assert look.loss is not None
    assert look.loss.reconstruction == 0
    assert look.loss.classification == pytest.approx(look.loss.tile_classification)


def test_classes_that_were_never_learned_do_not_count_in_the_losses() -> None:
    look = puzzle_look(ColourClassifier(), picture(), ["red"], ["green", "blue"], CONFIG)
    assert look.loss is not None
    assert [(one.name, one.is_tagged) for one in look.loss.classes] == [("red", True), ("green", False)]
    assert look.loss.classification == pytest.approx(
        np.mean([one.classification for one in look.loss.classes])
    )
    only_guesses = puzzle_look(ColourClassifier(), picture(), ["blue"], [], CONFIG)
    assert only_guesses.loss is None


@pytest.mark.parametrize("level", ["cam", "feature"])
def test_the_losses_are_those_of_a_training_step(level: str, exact_cpu: DeviceChoice) -> None:
    torch.manual_seed(0)
    network = CamNetwork(build_encoder("lite0"), 2).eval()
    config = PuzzleLossConfig(level=level, logit_offset=-1.0, alpha=3.0)
    image = picture(96, 64)
    batch = {
        "images": normalized_tensor(image, 0.5, 0.5),
        "labels": torch.tensor([[1.0, 0.0]]),
    }
    with torch.no_grad():
        terms = PuzzleStep(network, config)(batch, 1.0)
    classifier = TrainedClassifier(network, ["cat", "dog"], exact_cpu, "test")
    look = puzzle_look(classifier, image, ["cat"], ["dog"], CamConfig(scales=(1.0,)), config)
    assert look.loss is not None
    for name in ("classification", "tile_classification", "reconstruction"):
        assert getattr(look.loss, name) == pytest.approx(float(terms[name]), rel=2e-3, abs=1e-5)
    assert look.loss.total == pytest.approx(float(terms["loss"]), rel=2e-3)


def test_the_parts_of_the_classification_loss_have_it_as_their_mean() -> None:
    maps = torch.randn(3, 4, 5, 6, generator=torch.Generator().manual_seed(0))
    labels = (torch.rand(3, 4, generator=torch.Generator().manual_seed(1)) > 0.5).float()
    torch.testing.assert_close(
        classification_terms(maps, labels, -2.0).mean(), classification_loss(maps, labels, -2.0)
    )


def test_a_loss_that_training_left_out_is_measured_but_not_added() -> None:
    config = PuzzleLossConfig(reconstruction=False, tile_classification=False)
    look = puzzle_look(TileSensitive(), picture(), ["red"], ["green"], CONFIG, config)
    assert look.loss is not None
    assert look.loss.reconstruction > 0
    assert look.loss.total == pytest.approx(look.loss.classification)
    whole = torch.from_numpy(look.whole_cells_thw)[None]
    tiled = torch.from_numpy(look.tiled_cells_thw)[None]
    # "masked" averages over all classes: one of two is present.
    expected = float(reconstruction_loss(whole, tiled, torch.ones(1, 1), config)) / 2
    assert look.loss.reconstruction == pytest.approx(expected, rel=1e-5)


def test_a_picture_without_tags_is_refused() -> None:
    with pytest.raises(ValueError, match="no CAMs"):
        cam_steps(CamSources([CamSource(ColourClassifier())], CONFIG), picture(), [])
    with pytest.raises(ValueError, match="no CAMs"):
        puzzle_look(ColourClassifier(), picture(), [], ["red"], CONFIG)


class SoftmaxColours(ColourClassifier):
    """Its maps are a softmax over the classes asked for, so they are not linear in the features."""

    def class_weights(self, features, class_names):
        weights = super().class_weights(features, class_names)
        return lambda cells: torch.einsum("kc,nchw->nkhw", weights, cells).softmax(dim=1)


def test_a_head_that_is_not_linear_gives_the_same_maps_in_all_views_of_the_lab():
    sources = CamSources([CamSource(SoftmaxColours(affinity_power=0.0))])
    image = picture()
    steps = cam_steps(sources, image, ["red", "green"], ["blue"])
    np.testing.assert_allclose(steps.cams_thw, sources.multi_scale(image, ["red", "green"]))
    assert steps.raw_chw.shape[0] == 3
    look = puzzle_look(sources.first, image, ["red", "green"], ["blue"], sources.config)
    assert look.loss is not None
    assert look.whole_cells_thw.max() <= 1.0
