"""SeeNet: masks, conditional ReLU and the three branches on tiny arrays."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError

from trainer.classify_config import ClassifyConfig, SeeConfig
from trainer.nn import seenet
from trainer.nn.encoders import build_encoder
from trainer.nn.seenet import SeeNetwork

SEEN = torch.tensor([[[[0.9, 0.7, 0.4, 0.05, 0.04, 0.0]]]])


def test_the_mask_erases_objects_keeps_the_unsure_and_flips_background() -> None:
    mask = seenet.ternary_mask(SEEN, SeeConfig())
    assert mask.flatten().tolist() == [0.0, 0.0, 1.0, 1.0, -1.0, -1.0]


def test_without_a_lower_threshold_it_is_adversarial_erasing() -> None:
    mask = seenet.ternary_mask(SEEN, SeeConfig(background_threshold=0.0))
    assert mask.flatten().tolist() == [0.0, 0.0, 1.0, 1.0, 1.0, 1.0]


def test_the_third_branch_looks_below_the_middle_of_the_thresholds() -> None:
    mask = seenet.background_mask(SEEN, SeeConfig(object_threshold=0.7, background_threshold=0.1))
    assert mask.flatten().tolist() == [0.0, 0.0, 1.0, 1.0, 1.0, 1.0]


def test_the_conditional_relu_holds_in_all_channels_and_drops_negatives() -> None:
    features = torch.randn(1, 3, 1, 6, generator=torch.Generator().manual_seed(0))
    masked = seenet.c_relu(features, seenet.ternary_mask(SEEN, SeeConfig()))
    for channel in range(3):
        for cell, sign in enumerate([0.0, 0.0, 1.0, 1.0, -1.0, -1.0]):
            expected = max(float(features[0, channel, 0, cell]), 0.0) * sign
            assert float(masked[0, channel, 0, cell]) == pytest.approx(expected)


def test_attention_is_the_strongest_tagged_class_and_gives_no_gradient() -> None:
    maps = torch.tensor([[[[1.0, 3.0]], [[4.0, 2.0]], [[9.0, -9.0]]]], requires_grad=True)
    seen = seenet.attention(maps, torch.tensor([[1.0, 0.0, 0.0]]))
    torch.testing.assert_close(seen.flatten(), torch.tensor([0.0, 1.0]), atol=1e-4, rtol=0)
    both = seenet.attention(maps, torch.tensor([[1.0, 1.0, 0.0]]))
    torch.testing.assert_close(both.flatten(), torch.tensor([1.0, 1.0]), atol=1e-4, rtol=0)
    assert not both.requires_grad
    assert seenet.attention(maps, torch.zeros(1, 3)).abs().sum() == 0


@pytest.fixture(scope="module")
def network() -> SeeNetwork:
    torch.manual_seed(0)
    config = ClassifyConfig(method="seenet", seenet=SeeConfig(width=8), batch_statistics="frozen")
    return SeeNetwork(build_encoder("lite0"), 3, config).eval()


@pytest.mark.parametrize(("seen", "factor"), [(1.0, 0.0), (0.0, -1.0), (0.5, 1.0)])
def test_the_second_branch_sees_nothing_of_objects_and_the_opposite_of_background(
    network: SeeNetwork, monkeypatch: pytest.MonkeyPatch, seen: float, factor: float
) -> None:
    images = torch.rand(1, 3, 64, 64)
    monkeypatch.setattr(seenet, "attention", lambda maps, _labels: torch.full_like(maps[:, :1], seen))
    with torch.no_grad():
        features = network.last_features(images)
        _, second, third = network.branches(images, torch.ones(1, 3))
        torch.testing.assert_close(second, network.branch(seenet.SECOND, factor * features.relu()))
        kept = features * (seen <= 0.375)
        torch.testing.assert_close(third, network.branch(seenet.THIRD, kept))


def test_background_has_no_class_and_the_loss_is_the_sum() -> None:
    labels = torch.tensor([[1.0, 0.0]])
    maps = torch.tensor([[[[2.0]], [[-1.0]]]])
    terms = seenet.seenet_loss((maps, maps, maps), labels)
    of_tags = torch.nn.functional.multilabel_soft_margin_loss(torch.tensor([[2.0, -1.0]]), labels)
    of_nothing = torch.nn.functional.multilabel_soft_margin_loss(
        torch.tensor([[2.0, -1.0]]), torch.zeros(1, 2)
    )
    torch.testing.assert_close(terms["erased"], of_tags)
    torch.testing.assert_close(terms["background"], of_nothing)
    torch.testing.assert_close(terms["loss"], 2 * of_tags + of_nothing)


def test_maps_are_the_larger_of_both_branches_each_over_its_maximum(network: SeeNetwork) -> None:
    features = torch.rand(1, network.encoder.channels, 2, 3, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        made = network.map_weights([2, None, 0])(features)
        first = network.branch(seenet.FIRST, features)[:, [2, 0]]
        # A class that was not learned has an empty map, which changes nothing in the mask.
        mask = seenet.ternary_mask(seenet.attention(first, torch.ones(1, 2)), network.settings)
        second = network.branch(seenet.SECOND, features * mask)[:, [2, 0]]
    for position, row in ((0, 0), (2, 1)):
        parts = [maps[0, row].relu() / (maps[0, row].relu().max() + 1e-5) for maps in (first, second)]
        torch.testing.assert_close(made[0, position], torch.maximum(*parts), atol=1e-4, rtol=1e-4)
    assert made[0, 1].abs().sum() == 0


def test_thresholds_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValidationError, match="must be below object_threshold"):
        SeeConfig(object_threshold=0.3, background_threshold=0.4)
