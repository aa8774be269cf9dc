"""Maps spread over cells with like features."""

import pytest
import torch

from trainer.cams.feature_affinity import FeatureAffinity


def _two_materials(width=8):
    """Left half one feature, right half the opposite one."""
    features = torch.zeros(2, 1, width)
    features[0, :, : width // 2] = 1.0
    features[1, :, width // 2 :] = 1.0
    return features


def test_a_peak_lifts_the_whole_of_its_material_and_nothing_else():
    maps = torch.zeros(1, 1, 8)
    maps[0, 0, 1] = 1.0
    spread = FeatureAffinity(_two_materials(), 2.0).spread(maps)
    torch.testing.assert_close(spread, torch.tensor([[[0.25] * 4 + [0.0] * 4]]))


def test_maps_of_one_value_keep_it():
    features = torch.rand(5, 3, 4, generator=torch.Generator().manual_seed(0))
    spread = FeatureAffinity(features, 2.0).spread(torch.full((2, 6, 8), 0.5))
    torch.testing.assert_close(spread, torch.full((2, 6, 8), 0.5))


def test_a_larger_power_trusts_only_the_most_similar():
    features = torch.tensor([[[1.0, 0.9, -1.0]], [[0.0, 0.5, 0.0]]])
    maps = torch.tensor([[[1.0, 0.0, 0.0]]])
    lifted = [FeatureAffinity(features, power).spread(maps)[0, 0, 1].item() for power in (1.0, 8.0)]
    assert lifted[0] > lifted[1] > 0


def test_a_picture_without_any_difference_keeps_its_maps():
    maps = torch.tensor([[[1.0, 0.0]]])
    assert torch.equal(FeatureAffinity(torch.ones(3, 1, 2), 2.0).spread(maps), maps)


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (90, 90)])
def test_any_size_is_answered_and_large_ones_are_pooled(size):
    spread = FeatureAffinity(torch.rand(4, *size), 2.0).spread(torch.rand(1, *size))
    assert spread.shape == (1, *size)
    assert torch.isfinite(spread).all()


def test_no_maps_stay_no_maps():
    assert FeatureAffinity(torch.rand(3, 2, 2), 2.0).spread(torch.zeros(0, 2, 2)).shape == (0, 2, 2)
