"""FickleNet: random windows and their maps, against window-by-window loops and autograd on tiny arrays."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from torch.nn import functional

from trainer.classify_config import ClassifyConfig, FickleConfig
from trainer.nn import ficklenet
from trainer.nn.classifier import init_head_from_imagenet
from trainer.nn.encoders import build_encoder
from trainer.nn.ficklenet import FickleNetwork

N, C, H, W, S, K, R = 2, 4, 5, 6, 3, 2, 1


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def pieces(generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Features, weights, and the cells that one choice sees."""
    features = torch.randn(N, C, H, W, generator=generator)
    weight = torch.randn(K, C, S, S, generator=generator)
    drawn = torch.rand(1, S * S, H, W, generator=generator)
    return features, weight, ficklenet.seen_cells(drawn, S, 0.6)


def score_of_windows(features: torch.Tensor, weight: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """Scores (N, K): each window is cut out, its unseen cells are set to 0 in all channels, then weighed."""
    padded = functional.pad(features, [R] * 4)
    total = torch.zeros(N, K)
    for y in range(H):
        for x in range(W):
            window = padded[:, :, y : y + S, x : x + S]
            mask = torch.zeros(S, S)
            for dy in range(-R, R + 1):
                for dx in range(-R, R + 1):
                    if 0 <= y + dy < H and 0 <= x + dx < W:
                        mask[dy + R, dx + R] = seen[0, (dy + R) * S + dx + R, y + dy, x + dx]
            total += ((window * mask)[:, None] * weight).sum((2, 3, 4))
    return total / (H * W)


def test_the_mean_of_a_map_is_the_score_of_windows_with_their_own_masks(generator: torch.Generator) -> None:
    features, weight, seen = pieces(generator)
    assert 0 < seen.mean() < 1
    maps = ficklenet.random_maps(ficklenet.window_terms(features, weight), seen)
    torch.testing.assert_close(maps[:, 0].mean((2, 3)), score_of_windows(features, weight, seen))


def test_the_map_is_features_times_the_gradient_of_the_score(generator: torch.Generator) -> None:
    features, weight, seen = pieces(generator)
    features.requires_grad_()
    maps = ficklenet.random_maps(ficklenet.window_terms(features, weight), seen)
    scores = score_of_windows(features, weight, seen)
    for kind in range(K):
        (gradient,) = torch.autograd.grad(scores[:, kind].sum(), features, retain_graph=True)
        by_autograd = (features * gradient).sum(1) * H * W
        torch.testing.assert_close(maps[:, 0, kind], by_autograd, atol=1e-5, rtol=1e-5)


def test_with_nothing_dropped_it_is_an_ordinary_convolution(generator: torch.Generator) -> None:
    features, weight, _ = pieces(generator)
    all_seen = ficklenet.seen_cells(torch.rand(1, S * S, H, W, generator=generator), S, 0.0)
    maps = ficklenet.random_maps(ficklenet.window_terms(features, weight), all_seen)
    plain = functional.conv2d(features, weight, padding=R)
    torch.testing.assert_close(maps[:, 0].mean((2, 3)), plain.mean((2, 3)), atol=1e-5, rtol=1e-5)


def test_every_window_sees_its_centre(generator: torch.Generator) -> None:
    seen = ficklenet.seen_cells(torch.rand(3, 25, H, W, generator=generator), 5, 0.99)
    assert torch.equal(seen[:, 12], torch.ones(3, H, W))
    assert seen[:, :12].mean() < 0.2


def head(maps: int, dropped: float = 0.9, threshold: float = 0.35) -> ficklenet._FickleHead:
    weight = torch.randn(K, C, S, S, generator=torch.Generator().manual_seed(1))
    settings = FickleConfig(window=S, dropped=dropped, maps=maps, threshold=threshold)
    return ficklenet._FickleHead(weight, settings)


def test_maps_are_repeated_exactly_and_grow_with_their_number(
    generator: torch.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ficklenet, "_DRAWN_VALUES", 4 * S * S * H * W)
    features = torch.randn(N, C, H, W, generator=generator)
    few, more, again = (head(maps, threshold=1.0)(features) for maps in (3, 6, 6))
    assert torch.equal(more, again)
    assert (more >= few).all()
    assert (more > few).any()


def test_one_map_with_nothing_dropped_is_grad_cam(generator: torch.Generator) -> None:
    features = torch.rand(N, C, H, W, generator=generator).requires_grad_()
    one = head(1, dropped=0.0, threshold=1.0)
    score = functional.conv2d(features, one._weight, padding=R).mean((2, 3))[:, 0].sum()
    (gradient,) = torch.autograd.grad(score, features)
    grad_cam = (features * gradient).sum(1).relu()
    expected = grad_cam / grad_cam.amax((1, 2), keepdim=True)
    torch.testing.assert_close(one(features)[:, 0], expected, atol=1e-4, rtol=1e-3)


def test_a_disputed_cell_belongs_to_the_class_with_the_highest_mean() -> None:
    strongest = torch.tensor([[[[0.9, 0.9, 0.3]], [[0.8, 0.2, 0.2]]]])
    mean = torch.tensor([[[[0.1, 0.1, 0.1]], [[0.4, 0.4, 0.4]]]])
    expected = torch.tensor([[[[0.35, 0.9, 0.3]], [[0.8, 0.2, 0.2]]]])
    torch.testing.assert_close(ficklenet.undisputed(strongest, mean, 0.35), expected)


def test_the_maps_of_the_score_are_the_mean_of_many_random_ones(generator: torch.Generator) -> None:
    config = ClassifyConfig(method="ficklenet", ficklenet=FickleConfig(window=3, dropped=0.5))
    network = FickleNetwork(build_encoder("lite0"), 2, config).eval()
    features = torch.rand(1, network.encoder.channels, 3, 4, generator=generator)
    with torch.no_grad():
        terms = ficklenet.window_terms(features, network.classifier.weight)
        drawn = torch.rand(4000, 9, 3, 4, generator=generator)
        mean = ficklenet.random_maps(terms, ficklenet.seen_cells(drawn, 3, 0.5)).mean(dim=1)
        torch.testing.assert_close(network.score_maps(features), mean, atol=0.05, rtol=0.05)


def test_a_window_needs_a_centre() -> None:
    with pytest.raises(ValidationError, match="has no centre; take 3 or 5"):
        FickleConfig(window=4)


def test_started_from_imagenet_its_expected_score_is_that_of_a_plain_classifier() -> None:
    config = ClassifyConfig(method="ficklenet", ficklenet=FickleConfig(dropped=0.0))
    network = FickleNetwork(build_encoder("lite0"), 2, config).eval()
    rows = torch.randn(1000, network.encoder.channels)
    network.encoder.imagenet_rows = rows
    init_head_from_imagenet(network, [[3], []])
    images = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        centre = network.classifier.weight[:, :, 2, 2]
        # Twenty-five cells share the row; with none dropped each has the same part.
        torch.testing.assert_close(centre[0] * 25, rows[3] - rows.mean(0))
        assert network(images).shape == (1, 2, 2, 2)
        assert torch.equal(network(images)[:, 1], torch.zeros(1, 2, 2))
