"""The zero-shot classifier on real photographs that scikit-image and gradio ship."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from trainer.cams.compute import compute_cams
from trainer.cams.config import CamConfig
from trainer.cams.zero_shot import load_zero_shot

QUICK = CamConfig(scales=(1.0,), flip=False, max_side=256)


@pytest.fixture(scope="module")
def classifier():
    return load_zero_shot("cpu")


def _cam(classifier, image, *names):
    return compute_cams(classifier, image, names, QUICK).cams_khw


def test_the_cat_is_found_where_the_cat_is(classifier):
    """Chelsea's face fills the middle; the left edge of the photograph is wall."""
    cat = _cam(classifier, skimage.data.chelsea(), "cat")[0]
    height, width = cat.shape
    middle = cat[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3]
    assert middle.mean() > 3 * cat[:, : width // 16].mean()


def test_two_tags_of_one_picture_are_told_apart(classifier):
    """Beside each other: a cat on the left, a bus on the right."""
    package = Path(find_spec("gradio").origin).parent  # located, not imported: that takes seconds
    with Image.open(package / "media_assets" / "images" / "bus.png") as picture:
        bus = np.asarray(picture.convert("RGB").resize((300, 300)))
    cat = np.asarray(Image.fromarray(skimage.data.chelsea()).resize((300, 300)))
    cat_map, bus_map = _cam(classifier, np.concatenate([cat, bus], axis=1), "cat", "bus")
    half = cat_map.shape[1] // 2
    assert cat_map[:, :half].mean() > 2 * cat_map[:, half:].mean()
    assert bus_map[:, half:].mean() > 2 * bus_map[:, :half].mean()


def test_weak_tags_are_marked_in_the_result(classifier):
    result = compute_cams(classifier, skimage.data.astronaut(), ["person", "tvmonitor", "giraffe"], QUICK)
    assert result.weak_k.tolist() == [True, False, True]
    assert "weak" in classifier.describe("person")


def test_the_identity_names_head_weights_and_class_table(classifier):
    assert classifier.identity.startswith("zero-shot-v")
    assert "tf_efficientnet_lite0-os16-" in classifier.identity
    assert classifier.identity == load_zero_shot("cpu").identity


def test_weights_follow_the_picture(classifier):
    """The same tag is read through other breeds in another picture."""
    generator = torch.Generator().manual_seed(0)
    features = torch.rand(2, 1, 1280, 3, 4, generator=generator)
    first, second = (classifier.class_weights(view, ["dog"]) for view in features)
    assert first.shape == (1, 1280)
    assert not torch.allclose(first, second)


def test_tags_compete_for_what_they_share(classifier):
    """Beside another tag, a tag's weights point away from the other's."""
    features = torch.rand(1, 1280, 3, 4, generator=torch.Generator().manual_seed(0))
    cat_alone, dog_alone = (classifier.class_weights(features, [name])[0] for name in ("cat", "dog"))
    cat, dog = classifier.class_weights(features, ["cat", "dog"])
    cosine = torch.nn.functional.cosine_similarity
    assert cosine(cat, dog, dim=0) < cosine(cat_alone, dog_alone, dim=0)


def test_a_tag_without_imagenet_classes_still_gets_a_map(classifier):
    maps = _cam(classifier, skimage.data.astronaut(), "giraffe", "person")
    assert maps[0].max() > 0.99


def test_no_tags_give_no_weights(classifier):
    assert classifier.class_weights(torch.rand(1, 1280, 1, 1), []).shape == (0, 1280)


def test_an_impossible_device_is_refused_before_loading():
    with pytest.raises(ValueError, match="not known"):
        load_zero_shot("abacus")
