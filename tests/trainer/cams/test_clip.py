"""CLIP as a source of CAMs: any tag has a map, of pictures of any size, whole, mirrored and in tiles."""

import hashlib
from zlib import crc32

import numpy as np
import pytest
import torch

from tests.trainer.tiny_clip import NETWORK, saved, tiny_network
from trainer.cams.clip import CONTRAST_COUNT, ClipClassifier
from trainer.cams.clip_es import ClipEsClassifier
from trainer.cams.clip_words import load_clip_words
from trainer.cams.compute import compute_cams
from trainer.cams.config import CamConfig
from trainer.cams.inspection import cam_steps, puzzle_look
from trainer.cams.sources import CamSource, CamSources, load_sources
from trainer.cams.zero_shot_sources import ZeroShotSource
from trainer.config import Recipe
from trainer.contract import ZERO_SHOT_KIND
from trainer.machine.device import choose_device
from trainer.models.proposal import zero_shot_model
from trainer.pretrained.clip import ClipWeights
from trainer.run.directory import RunDir

CONFIG = CamConfig(scales=(0.5, 1.0), max_side=40)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return tiny_network(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module", params=[ClipClassifier, ClipEsClassifier])
def classifier(request, network):
    return request.param(network, choose_device("cpu"))


def picture(height, width):
    return np.random.default_rng(height + width).integers(0, 255, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(1, 1), (7, 33), (40, 29), (16, 16)])
def test_any_tag_has_a_map_in_a_picture_of_any_size(classifier, size):
    result = compute_cams(classifier, picture(*size), ["leaf blight", "forklift driver"], CONFIG)
    assert result.cams_khw.shape[0] == 2
    assert np.isfinite(result.cams_khw).all()
    assert result.cams_khw.min() >= 0
    assert result.cams_khw.max() <= 1
    assert result.whole_khw.shape == result.tiled_khw.shape == result.cams_khw.shape
    assert not result.weak_k.any()


def test_no_tags_give_no_maps(classifier):
    assert compute_cams(classifier, picture(16, 16), [], CONFIG).cams_khw.shape[0] == 0


def test_the_lab_computes_the_same_maps_step_by_step(classifier):
    image, tags = picture(24, 36), ["cat", "dog"]
    sources = CamSources([CamSource(classifier)], CONFIG)
    steps = cam_steps(sources, image, tags, ["sheep"])
    np.testing.assert_array_equal(steps.cams_thw, sources.multi_scale(image, tags))
    assert steps.raw_chw.shape[0] == 3
    assert puzzle_look(classifier, image, tags, ["sheep"], CONFIG).loss is not None


def test_the_identity_makes_proposals_give_way_as_those_of_imagenet_do(classifier, network):
    assert classifier.identity.startswith(f"{ZERO_SHOT_KIND}-clip")
    assert network.identity in classifier.identity
    assert load_clip_words().fingerprint in classifier.identity


def test_a_description_names_the_words(network):
    clip, es = (kind(network, choose_device("cpu")) for kind in (ClipClassifier, ClipEsClassifier))
    assert "“person in jeans”" in clip.describe("person")
    assert "“leaf blight”" in clip.describe("leaf_blight")
    assert "“bird avian”" in es.describe("bird")


def test_a_tag_never_competes_with_itself_in_the_background(network):
    classifier = ClipClassifier(network, choose_device("cpu"))
    features = torch.rand(1, 24, 3, 3)
    words = load_clip_words()
    alone, beside = (classifier.class_weights(features, [name, "cat"]) for name in ("grass", "zebra"))
    assert len(beside.queries) == len(words.naclip_background) + 2
    assert len(alone.queries) == len(words.naclip_background) + 1


def invented(words):
    """A random unit vector for each word; the text of a dog says the same as that of a cat."""
    rows = [
        torch.randn(24, generator=torch.Generator().manual_seed(crc32(word.replace("dog", "cat").encode())))
        for word in words
    ]
    return torch.nn.functional.normalize(torch.stack(rows), dim=-1)


def test_a_single_tag_gets_contrast_words_that_the_picture_chooses(network, monkeypatch):
    """The cells show a telephone and a dog, whose text is as that of the tag."""
    classifier = ClipClassifier(network, choose_device("cpu"))
    monkeypatch.setattr(classifier._plainly, "of", invented)
    words = load_clip_words()
    features = invented(["telephone", "dog"]).T[None, :, None, :]
    chosen = classifier.contrast(features, ["cat"], words.naclip_background)
    assert chosen[0] == "telephone"
    assert len(chosen) == CONTRAST_COUNT
    assert not {"cat", "dog"} & set(chosen)
    head = classifier.class_weights(features, ["cat"])
    assert len(head.queries) == 1 + len(words.naclip_background) + CONTRAST_COUNT


def test_words_are_embedded_once(network, monkeypatch):
    classifier = ClipClassifier(network, choose_device("cpu"))
    embedded = []
    original = classifier._embedded._embed
    monkeypatch.setattr(classifier._embedded, "_embed", lambda some: embedded.extend(some) or original(some))
    features = torch.rand(1, 24, 2, 2)
    classifier.class_weights(features, ["cat", "dog"])
    before = len(embedded)
    classifier.class_weights(features, ["dog", "sheep"])
    assert len(embedded) - before == 80


@pytest.mark.parametrize("name", ["clip", "clip-es"])
def test_a_proposal_model_of_clip_makes_masks(tmp_path, network, name):
    source = ZeroShotSource(name, clip=ClipWeights(saved(tmp_path), network=NETWORK))
    model = zero_shot_model("cpu", source=source)
    image = picture(30, 40)
    cams = model.cams(image, ["scratch"])
    assert model.identity.startswith(f"{ZERO_SHOT_KIND}-{name}-v1")
    assert set(np.unique(model.mask(image, cams, [7]))) <= {0, 7}


def test_a_recipe_can_take_its_zero_shot_maps_from_clip(tmp_path, network):
    path = saved(tmp_path)
    cams = {
        "zero_shot_share": 1.0,
        "zero_shot_source": "clip",
        "clip_weights": path,
        "clip_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "clip_network": NETWORK,
        "max_side": 64,
    }
    recipe = Recipe(name="test", backbone={"name": "resnet50"}, cams=cams)
    sources = load_sources(recipe, RunDir(tmp_path / "run"), "cpu")
    assert sources.config == CamConfig(scales=(1.0,), flip=False, max_side=64)
    assert sources.first.identity.startswith("zero-shot-clip-v1")


def test_a_recipe_with_clip_must_say_which_weights_it_means():
    with pytest.raises(ValueError, match=r"needs cams\.clip_sha256"):
        Recipe(name="test", cams={"zero_shot_share": 0.5, "zero_shot_source": "clip"})


def test_where_the_weights_of_clip_lie_does_not_change_results():
    cams = {"zero_shot_share": 0.5, "zero_shot_source": "clip", "clip_sha256": "0" * 64}
    one, other = (Recipe(name="test", cams={**cams, "clip_weights": path}) for path in (None, "elsewhere"))
    assert one.cams.fingerprint == other.cams.fingerprint


def test_clip_beside_another_classifier_keeps_its_own_scales(network):
    other = ClipEsClassifier(network, choose_device("cpu"))
    own = CamConfig(scales=(1.0,), flip=False, max_side=40)
    sources = CamSources(
        [CamSource(ClipClassifier(network, choose_device("cpu")), 0.5), CamSource(other, 0.5, own)], CONFIG
    )
    maps = sources.multi_scale(picture(20, 40), ["cat", "dog"])
    assert maps.shape == (2, 5, 10)
    assert own.fingerprint in sources.identity
    assert CONFIG.fingerprint in sources.identity
