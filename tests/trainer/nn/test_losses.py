from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from trainer.classify_config import PuzzleLossConfig
from trainer.nn.losses import (
    alpha_at,
    classification_loss,
    max_normalized,
    needs_tiles,
    pixel_loss,
    puzzle_loss,
    reconstruction_loss,
)

# One picture, two classes, two cells. Only the first class is there.
WHOLE = torch.tensor([[[[2.0, 0.0]], [[1.0, 1.0]]]])
TILED = torch.tensor([[[[1.0, 1.0]], [[5.0, 1.0]]]])
LABELS = torch.tensor([[1.0, 0.0]])


def loss(whole: Tensor = WHOLE, tiled: Tensor = TILED, labels: Tensor = LABELS, **settings: object) -> float:
    return reconstruction_loss(whole, tiled, labels, PuzzleLossConfig.model_validate(settings)).item()


def test_classification_is_the_soft_margin_of_the_pooled_maps() -> None:
    def nll(probability: float) -> float:
        return -math.log(probability)

    sigmoid = 1 / (1 + math.exp(-1.0))
    # Both maps have mean 1; the first class is there, the second is not (equations 2 and 3).
    expected = (nll(sigmoid) + nll(1 - sigmoid)) / 2
    assert classification_loss(WHOLE, LABELS).item() == pytest.approx(expected, rel=1e-6)


def test_an_offset_lets_absent_classes_be_absent_without_negative_maps() -> None:
    silent = torch.zeros_like(WHOLE)
    absent = torch.zeros_like(LABELS)
    assert classification_loss(silent, absent).item() == pytest.approx(math.log(2))
    assert classification_loss(silent, absent, -3.0).item() == pytest.approx(math.log(1 + math.exp(-3)))
    shifted = puzzle_loss(WHOLE, TILED, LABELS, PuzzleLossConfig(logit_offset=-3.0, alpha=0.0), 1.0)
    assert shifted["classification"] == classification_loss(WHOLE - 3.0, LABELS)
    assert shifted["tile_classification"] == classification_loss(TILED - 3.0, LABELS)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"classes": "all"}, (1 + 1 + 4 + 0) / 4),
        ({"classes": "masked"}, (1 + 1) / 4),
        ({"classes": "selected"}, (1 + 1) / 2),
        ({"classes": "all", "distance": "l2"}, (1 + 1 + 16 + 0) / 4),
        # Divided by their maxima the maps are [1, 0], [1, 1] and [1, 1], [1, 0.2].
        ({"classes": "all", "level": "cam"}, (0 + 1 + 0 + 0.8) / 4),
    ],
)
def test_reconstruction_by_hand(settings: dict[str, str], expected: float) -> None:
    assert loss(**settings) == pytest.approx(expected, abs=1e-4)


def test_selected_weighs_pictures_the_same_however_many_classes_they_have() -> None:
    both = torch.tensor([[1.0, 1.0]])
    whole, tiled = torch.cat([WHOLE, WHOLE]), torch.cat([TILED, TILED])
    together = loss(whole, tiled, torch.cat([LABELS, both]), classes="selected")
    alone = [loss(labels=labels, classes="selected") for labels in (LABELS, both)]
    assert together == pytest.approx(sum(alone) / 2)


def test_a_picture_without_classes_adds_nothing() -> None:
    assert loss(labels=torch.zeros(1, 2), classes="selected") == 0.0
    assert loss(labels=torch.zeros(1, 2), classes="masked") == 0.0


@pytest.mark.parametrize(
    ("detach", "sides"), [("none", (True, True)), ("whole", (False, True)), ("tiled", (True, False))]
)
def test_the_detached_side_is_a_target(detach: str, sides: tuple[bool, bool]) -> None:
    whole, tiled = WHOLE.clone().requires_grad_(), TILED.clone().requires_grad_()
    config = PuzzleLossConfig.model_validate({"detach": detach})
    reconstruction_loss(whole, tiled, LABELS, config).backward()
    assert (whole.grad is not None, tiled.grad is not None) == sides


@pytest.mark.parametrize("level", ["feature", "cam"])
@pytest.mark.parametrize("distance", ["l1", "l2"])
@pytest.mark.parametrize("classes", ["masked", "selected", "all"])
def test_gradients_are_those_of_the_formula(level: str, distance: str, classes: str) -> None:
    generator = torch.Generator().manual_seed(0)
    whole, tiled = (torch.randn(2, 2, 2, 3, generator=generator, dtype=torch.float64) for _ in range(2))
    labels = torch.tensor([[1.0, 0.0], [1.0, 1.0]], dtype=torch.float64)
    config = PuzzleLossConfig.model_validate({"level": level, "distance": distance, "classes": classes})
    inputs = (whole.requires_grad_(), tiled.requires_grad_())
    assert torch.autograd.gradcheck(lambda a, b: reconstruction_loss(a, b, labels, config), inputs)


def test_a_map_without_positive_cells_has_a_cam_of_zeros_and_a_finite_gradient() -> None:
    maps = torch.full((1, 1, 2, 2), -1.0, requires_grad=True)
    cams = max_normalized(maps)
    cams.sum().backward()
    assert torch.all(cams == 0)
    assert maps.grad is not None
    assert torch.isfinite(maps.grad).all()


@pytest.mark.parametrize(("progress", "alpha"), [(0.0, 0.0), (0.25, 2.0), (0.5, 4.0), (1.0, 4.0)])
def test_alpha_rises_linearly_until_half_of_training(progress: float, alpha: float) -> None:
    assert alpha_at(progress, PuzzleLossConfig()) == alpha


def test_alpha_without_a_ramp_is_constant() -> None:
    assert alpha_at(0.0, PuzzleLossConfig(alpha_ramp=0.0)) == 4.0


@pytest.mark.parametrize(
    ("tile_classification", "reconstruction", "terms"),
    [
        (False, False, {"classification"}),
        (True, False, {"classification", "tile_classification"}),
        (False, True, {"classification", "reconstruction"}),
        (True, True, {"classification", "tile_classification", "reconstruction"}),
    ],
)
def test_every_row_of_table_1_sums_its_own_terms(
    tile_classification: bool, reconstruction: bool, terms: set[str]
) -> None:
    config = PuzzleLossConfig(tile_classification=tile_classification, reconstruction=reconstruction)
    losses = puzzle_loss(WHOLE, TILED if needs_tiles(config) else None, LABELS, config, progress=0.25)
    assert set(losses) == {"loss", *terms}
    weights = {"classification": 1.0, "tile_classification": 1.0, "reconstruction": 2.0}
    expected = sum(weights[name] * losses[name].item() for name in terms)
    assert losses["loss"].item() == pytest.approx(expected)


def test_tiles_are_not_computed_where_nothing_looks_at_them() -> None:
    assert not needs_tiles(PuzzleLossConfig(tile_classification=False, reconstruction=False))
    assert not needs_tiles(PuzzleLossConfig(tile_classification=False, alpha=0.0))
    assert needs_tiles(PuzzleLossConfig(tile_classification=False))


def softplus(value: float) -> float:
    return math.log(1 + math.exp(value))


# Cells: all of class 1; three quarters background and the rest unknown.
COVERAGE = torch.tensor([[[[0.0, 0.75]], [[1.0, 0.0]], [[0.0, 0.0]]]])


def test_pixel_loss_by_hand() -> None:
    # The map of the class that is there has logits 2 and 0; the second class is not in the mask.
    expected = (1.0 * softplus(-2.0) + 0.75 * softplus(0.0)) / 1.75
    assert pixel_loss(WHOLE, COVERAGE).item() == pytest.approx(expected, rel=1e-5)


def test_cells_beyond_the_coverage_are_padding() -> None:
    padded = torch.nn.functional.pad(WHOLE, (0, 1, 0, 2), value=9.0)
    assert pixel_loss(padded, COVERAGE).item() == pytest.approx(pixel_loss(WHOLE, COVERAGE).item())


def test_pictures_without_a_mask_get_no_gradient_and_do_not_change_the_weight_of_one() -> None:
    maps = torch.cat([WHOLE, WHOLE]).requires_grad_()
    loss = pixel_loss(maps, torch.cat([COVERAGE, torch.zeros_like(COVERAGE)]))
    loss.backward()
    assert loss.item() == pytest.approx(pixel_loss(WHOLE, COVERAGE).item() / 2)
    assert maps.grad is not None
    assert maps.grad[0].abs().sum() > 0
    assert maps.grad[1].abs().sum() == 0


def test_background_of_a_mask_pushes_the_map_down_and_the_object_up() -> None:
    maps = WHOLE.clone().requires_grad_()
    pixel_loss(maps, COVERAGE).backward()
    assert maps.grad is not None
    inside, outside = maps.grad[0, 0, 0].tolist()
    assert inside < 0 < outside
