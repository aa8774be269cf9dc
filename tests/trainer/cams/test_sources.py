"""The maps of several classifiers as those of one."""

import numpy as np
import pytest
import torch

from trainer.cams.compute import compute_cams, multi_scale_cams
from trainer.cams.config import CamConfig
from trainer.cams.sources import CamSource, CamSources, load_sources
from trainer.config import Recipe
from trainer.run.checkpoints import CheckpointError
from trainer.run.directory import RunDir

QUICK = CamConfig(scales=(1.0,), flip=False)


class Shades:
    """One class, `bright`, whose map is a power of the brightness."""

    output_stride = 16
    mean_std = (0.0, 1.0)
    affinity_power = 0.0

    def __init__(self, power, scale=1.0):
        self.identity = f"shades-{power}"
        self._power, self._scale = power, scale

    def features(self, images):
        return self._scale * torch.nn.functional.avg_pool2d(images, 16).mean(1, keepdim=True) ** self._power

    def class_weights(self, features, class_names):
        return torch.ones(len(class_names), 1)

    def is_weak(self, class_name):
        return False

    def describe(self, class_name):
        return f"{class_name} by power {self._power}"


def _picture():
    """Four columns of rising brightness."""
    image = np.zeros((64, 64, 3), dtype=np.uint8)
    for column, value in enumerate((30, 90, 150, 255)):
        image[:, 16 * column : 16 * (column + 1)] = value
    return image


def test_one_source_is_the_classifier_itself():
    alone, classifier = CamSources([CamSource(Shades(1))], QUICK), Shades(1)
    expected = compute_cams(classifier, _picture(), ["bright"], QUICK)
    result = alone.compute(_picture(), ["bright"])
    np.testing.assert_array_equal(result.cams_khw, expected.cams_khw)
    assert result.identity == expected.identity == alone.identity


def test_the_mean_weighs_maps_by_their_shares_whatever_their_scale():
    first, second = Shades(1), Shades(2, scale=1000.0)
    sources = CamSources([CamSource(first, 0.25), CamSource(second, 0.75)], QUICK)
    maps = [multi_scale_cams(one, _picture(), ["bright"], QUICK) for one in (first, second)]
    expected = 0.25 * maps[0] + 0.75 * maps[1]
    mean = sources.multi_scale(_picture(), ["bright"])
    np.testing.assert_allclose(mean, expected / expected.max(), atol=1e-4)
    assert mean.max() == pytest.approx(1.0, abs=1e-4)


def test_whole_and_tiled_maps_are_those_of_the_first_source_and_the_identity_names_both():
    sources = CamSources([CamSource(Shades(1), 0.5), CamSource(Shades(2), 0.5)], QUICK)
    result = sources.compute(_picture(), ["bright"])
    np.testing.assert_array_equal(
        result.whole_khw, compute_cams(Shades(1), _picture(), ["bright"], QUICK).whole_khw
    )
    assert "shades-1" in result.identity
    assert "shades-2" in result.identity
    np.testing.assert_array_equal(result.cams_khw, sources.multi_scale(_picture(), ["bright"]))


def test_no_tags_are_no_maps():
    sources = CamSources([CamSource(Shades(1), 0.5), CamSource(Shades(2), 0.5)], QUICK)
    assert sources.multi_scale(_picture(), []).shape == (0, 16, 16)


@pytest.mark.parametrize("shares", [(), (0.0,), (0.5, -0.1)])
def test_shares_must_be_positive_and_there_must_be_one(shares):
    with pytest.raises(ValueError, match="share above 0"):
        CamSources([CamSource(Shades(1), share) for share in shares])


def test_a_recipe_of_zero_shot_maps_alone_needs_no_trained_classifier(tmp_path):
    recipe = Recipe(name="test", cams={"zero_shot_share": 1.0, "scales": (1.0,)})
    assert load_sources(recipe, RunDir(tmp_path), "cpu").identity.startswith("zero-shot")
    with pytest.raises(CheckpointError):
        load_sources(Recipe(name="test"), RunDir(tmp_path), "cpu")


def test_zero_shot_maps_are_refused_for_a_backbone_whose_imagenet_classifier_is_not_at_hand():
    with pytest.raises(ValueError, match=r"zero_shot_share needs.*backbone is resnet50"):
        Recipe(name="test", backbone={"name": "resnet50"}, cams={"zero_shot_share": 0.5})
