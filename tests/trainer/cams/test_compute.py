"""CAM arithmetic, with a classifier whose features are the mean colours of 16 x 16 pixels."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from trainer.cams.compute import (
    cam_identity,
    compute_cams,
    difference,
    disagreement,
    multi_scale_cams,
    upsample,
)
from trainer.cams.config import CamConfig

PRIMARY = {"red": (1.0, 0.0, 0.0), "green": (0.0, 1.0, 0.0), "nothing": (0.0, 0.0, 0.0)}


class ColourClassifier:
    """A linear "network": the class of a cell is its colour, so every map can be told in advance."""

    identity = "colours"
    output_stride = 16
    mean_std = (0.0, 1.0)
    affinity_power = 0.0

    def features(self, images):
        # Sums of 16 x 16 cells; padding of unit deviation and zero mean stays zero.
        return torch.nn.functional.avg_pool2d(images, 16)

    def class_weights(self, features, class_names):
        rows = [PRIMARY[name] for name in class_names]
        return torch.tensor(rows).reshape(-1, 3)

    def is_weak(self, class_name):
        return class_name == "nothing"


class TileSensitive(ColourClassifier):
    """Answers half as strongly to small pictures, as a network does that sees only a part of an object."""

    def features(self, images):
        factor = 0.5 if images.shape[-1] <= 32 else 1.0
        return factor * super().features(images)


def _picture(height=64, width=64):
    """Red left half, green lower right quarter, else black."""
    image = np.zeros((height, width, 3), dtype=np.uint8)
    image[:, : width // 2, 0] = 255
    image[height // 2 :, width // 2 :, 1] = 255
    return image


def test_a_class_lights_up_where_it_is():
    result = compute_cams(ColourClassifier(), _picture(), ["red", "green"])
    assert result.cams_khw.shape == (2, 16, 16)
    assert result.cams_khw.dtype == np.float32
    red, green = result.cams_khw
    assert red[:, :4].min() > 0.99
    assert red[:, -4:].max() < 0.01
    assert green[-4:, -4:].min() > 0.99
    assert green[:4].max() < 0.01


def test_every_present_class_reaches_one_and_an_absent_one_stays_zero():
    result = compute_cams(ColourClassifier(), _picture(), ["red", "nothing"])
    assert result.cams_khw[0].max() == pytest.approx(1.0, abs=1e-4)
    assert result.cams_khw[1].max() == 0.0
    assert result.weak_k.tolist() == [False, True]


def test_the_map_of_the_mirror_image_is_the_mirrored_map():
    """Both views weigh the same, so even padding (90 pixels are no whole cells) does not tell sides."""
    image = _picture(50, 90)
    straight = compute_cams(ColourClassifier(), image, ["red", "green"])
    mirrored = compute_cams(ColourClassifier(), np.ascontiguousarray(image[:, ::-1]), ["red", "green"])
    np.testing.assert_allclose(mirrored.cams_khw[..., ::-1], straight.cams_khw, atol=1e-4)


def test_padding_does_not_squeeze_the_map():
    """100 pixels need 128 for two tiles of stride 16; the map still ends where the picture ends."""
    image = np.zeros((32, 100, 3), dtype=np.uint8)
    image[:, 80:96] = 255
    result = compute_cams(ColourClassifier(), image, ["red"], CamConfig(scales=(1.0,), flip=False))
    peak = result.cams_khw[0].mean(axis=0).argmax()
    assert 20 <= peak <= 24  # stride 4: the bar covers cells 20 to 24 of 25


@pytest.mark.parametrize("size", [(1, 1), (1, 70), (17, 33), (300, 2)])
def test_any_size_from_one_pixel_is_answered_on_its_grid(size):
    result = compute_cams(ColourClassifier(), np.full((*size, 3), 255, np.uint8), ["red"])
    assert result.cams_khw.shape == (1, -(-size[0] // 4), -(-size[1] // 4))
    assert result.image_size == size
    assert np.isfinite(result.cams_khw).all()


def test_large_pictures_are_looked_at_in_limited_size():
    result = compute_cams(ColourClassifier(), _picture(300, 600), ["red"], CamConfig(max_side=64))
    assert result.cams_khw.shape == (1, 8, 16)
    assert result.image_size == (300, 600)


def test_whole_and_tiled_agree_where_the_network_is_local():
    result = compute_cams(ColourClassifier(), _picture(), ["red", "green"])
    np.testing.assert_allclose(result.whole_khw, result.tiled_khw, atol=1e-6)
    np.testing.assert_allclose(result.disagreement_k, 0.0, atol=1e-6)


def test_whole_and_tiled_share_their_divisor():
    """Tiles that answer half as strongly show half as bright; a divisor of their own would hide it."""
    result = compute_cams(TileSensitive(), _picture(), ["red"], CamConfig(scales=(1.0,)))
    assert result.whole_khw.max() == pytest.approx(1.0, abs=1e-4)
    np.testing.assert_allclose(result.tiled_khw, result.whole_khw / 2, atol=1e-6)
    assert result.disagreement_k[0] == pytest.approx(0.5, abs=1e-4)


def test_disagreement_is_one_minus_soft_iou():
    whole = np.array([[[1.0, 0.0]], [[0.5, 0.5]], [[0.0, 0.0]]], dtype=np.float32)
    tiled = np.array([[[0.0, 1.0]], [[0.5, 1.0]], [[0.0, 0.0]]], dtype=np.float32)
    np.testing.assert_allclose(disagreement(whole, tiled), [1.0, 0.5 / 1.5, 0.0])
    np.testing.assert_allclose(difference(whole, tiled)[1], [[0.0, 0.5]])


@pytest.mark.parametrize("affinity_power", [0.0, 2.0])
def test_the_maps_alone_are_the_same_as_with_tiles(affinity_power):
    classifier = ColourClassifier()
    classifier.affinity_power = affinity_power
    together = compute_cams(classifier, _picture(50, 90), ["red", "green"])
    np.testing.assert_array_equal(
        multi_scale_cams(classifier, _picture(50, 90), ["red", "green"]), together.cams_khw
    )


def test_affinity_fills_the_object_that_scales_have_blurred():
    """A coarse scale smears the edge of the red half; cells of one colour share their value again."""
    plain, spreading = ColourClassifier(), ColourClassifier()
    spreading.affinity_power = 2.0
    config = CamConfig(scales=(0.25, 1.0))
    before = compute_cams(plain, _picture(128, 128), ["red"], config).cams_khw[0]
    after = compute_cams(spreading, _picture(128, 128), ["red"], config).cams_khw[0]
    assert after[:, :14].min() > before[:, :14].min()


def test_no_tags_give_no_maps():
    result = compute_cams(ColourClassifier(), _picture(), [])
    assert result.cams_khw.shape == (0, 16, 16)
    assert result.disagreement_k.shape == result.weak_k.shape == (0,)


def test_upsampling_spans_the_picture():
    maps = np.array([[[0.0, 1.0]]], dtype=np.float32)
    np.testing.assert_allclose(upsample(maps, (1, 4)), [[[0.0, 0.25, 0.75, 1.0]]])
    assert upsample(maps[:0], (3, 4)).shape == (0, 3, 4)


def test_the_identity_changes_with_the_settings():
    classifier = ColourClassifier()
    assert cam_identity(classifier, CamConfig()) == cam_identity(classifier, CamConfig())
    assert cam_identity(classifier, CamConfig()) != cam_identity(classifier, CamConfig(flip=False))


def test_a_class_asked_twice_is_refused():
    with pytest.raises(ValueError, match="red, red"):
        compute_cams(ColourClassifier(), _picture(), ["red", "red"])


@pytest.mark.parametrize(
    "settings", [{"scales": ()}, {"scales": (9.0,)}, {"tiles_per_side": 0}, {"colour": "red"}]
)
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(ValidationError):
        CamConfig(**settings)
