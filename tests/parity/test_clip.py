"""The maps of CLIP on a small random network are those of an independent implementation in float64."""

import numpy as np
import pytest
import torch

from tests.parity.clip_oracle import Oracle, caa, softmax, unit
from tests.trainer.tiny_clip import PATCH, tiny_network
from trainer.cams.attention_affinity import class_aware_spread
from trainer.cams.clip import ClipClassifier, SoftmaxHead
from trainer.cams.clip_es import ClipEsClassifier, GradientHead
from trainer.machine.device import choose_device
from trainer.nn import puzzle
from trainer.nn.clip import class_gradients, gradient_features, naclip_features, text_embeddings

SIZES = [(16, 16), (12, 20), (28, 16), (36, 24), (4, 4)]
"""The trained size, smaller, larger in one side, larger in both, and a single patch."""


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return tiny_network(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def oracle(network):
    return Oracle(network.model.state_dict(), image_heads=4, text_heads=2, patch=PATCH)


def pictures(size, count=2):
    return torch.randn(count, 3, *size, generator=torch.Generator().manual_seed(sum(size)))


def cells_last(features):
    return features.permute(0, 2, 3, 1).numpy()


def close(result, expected):
    np.testing.assert_allclose(result, expected, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("size", SIZES)
def test_naclip_features_are_those_of_the_equations(network, oracle, size):
    images = pictures(size)
    with torch.inference_mode():
        features = cells_last(naclip_features(network.model.visual, images))
    close(features, [oracle.naclip(image) for image in images.double().numpy()])


@pytest.mark.parametrize("size", SIZES)
def test_features_of_windows_are_averaged_where_they_overlap(network, oracle, size):
    images = pictures(size)
    features = cells_last(ClipClassifier(network, choose_device("cpu")).features(images))
    close(features, [oracle.windowed_naclip(image) for image in images.double().numpy()])


def test_the_map_of_a_class_is_the_share_of_its_best_name():
    generator = np.random.default_rng(0)
    features, queries = unit(generator.normal(size=(2, 3, 4, 6))), unit(generator.normal(size=(5, 6)))
    head = SoftmaxHead(torch.from_numpy(queries).float(), sizes=(2, 1))
    maps = head(torch.from_numpy(features).float().permute(0, 3, 1, 2)).numpy()
    shares = softmax(40 * features @ queries.T)
    close(maps[:, 0], shares[..., :2].max(axis=-1))
    close(maps[:, 1], shares[..., 2])


def test_text_embeddings_cut_off_what_follows_the_end_token(network, oracle):
    sentences = ["a photo of a cat.", "a low resolution photo of the hi-vis vest."]
    tokens = network.tokenize(sentences)
    with torch.inference_mode():
        embeddings = text_embeddings(network.model, tokens).numpy()
        whole = torch.nn.functional.normalize(network.model.encode_text(tokens), dim=-1).numpy()
    close(embeddings, [oracle.text(row) for row in tokens.numpy()])
    close(embeddings, whole)


def test_the_embedding_of_a_word_is_the_mean_over_eighty_prompts(network, oracle):
    classifier = ClipClassifier(network, choose_device("cpu"))
    head = classifier.class_weights(torch.zeros(1, 24, 1, 1), ["leaf blight", "scratch"])
    from open_clip import OPENAI_IMAGENET_TEMPLATES

    tokens = network.tokenize([template("leaf blight") for template in OPENAI_IMAGENET_TEMPLATES])
    assert len(tokens) == 80
    close(head.queries[0].numpy(), unit(np.mean([oracle.text(row) for row in tokens.numpy()], axis=0)))


@pytest.mark.parametrize("size", SIZES[:-1])
def test_the_weights_of_clip_es_are_the_slopes_of_its_softmax(network, oracle, size):
    images = pictures(size, count=1)
    texts = unit(np.random.default_rng(1).normal(size=(5, 24)))
    with torch.inference_mode():
        features = gradient_features(network.model.visual, images)
        weights = class_gradients(network.model.visual, features, torch.from_numpy(texts).float(), 2, 10.0)
        maps = GradientHead(weights)(features)[0].numpy()
    expected = oracle.clip_es(images[0].double().numpy(), texts, 2, 10.0)
    assert expected.max() > 0.9
    close(maps, expected)


def test_a_class_spreads_within_its_boxes_alone():
    generator = np.random.default_rng(2)
    maps, attention = generator.random((3, 5, 6)) ** 4, softmax(generator.normal(size=(30, 30)))
    spread = class_aware_spread(
        torch.from_numpy(maps).float()[None],
        torch.from_numpy(attention.T.copy()).float().reshape(1, 30, 5, 6),
    )[0].numpy()
    from tests.parity.clip_oracle import stretch

    close(spread, [stretch(caa(stretch(one), attention)) for one in maps])


def test_tiles_spread_each_within_itself(network):
    """Tiled maps come from merged features, whose attention never leaves its tile."""
    images = pictures((16, 24), count=1)
    classifier = ClipEsClassifier(network, choose_device("cpu"))
    merged = puzzle.merge(classifier.features(puzzle.tile(images, 2, multiple=PATCH)), 2)
    maps = torch.zeros(1, 1, 4, 6)
    maps[..., 0, 0] = 1.0
    spread = class_aware_spread(maps, merged[:, 3 * 32 :])
    assert spread[..., :2, :3].min() >= 0
    assert spread[..., :2, :3].max() > 0.9
    assert spread[..., 2:, :].abs().max() == 0
    assert spread[..., :, 3:].abs().max() == 0


def test_attention_of_another_size_is_refused():
    with pytest.raises(ValueError, match="does not fit"):
        class_aware_spread(torch.zeros(1, 1, 4, 6), torch.ones(1, 5, 4, 6))
