"""SEAM: the pixel correlation module and the losses, against what they must be on tiny arrays."""

from __future__ import annotations

import pytest
import torch

from trainer.classify_config import ClassifyConfig
from trainer.nn import seam
from trainer.nn.encoders import build_encoder


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_equal_embeddings_give_the_mean_of_the_picture(generator: torch.Generator) -> None:
    seeds = torch.rand(1, 3, 4, 5, generator=generator)
    spread = seam.pixel_correlation(seeds, torch.ones(1, 7, 4, 5))
    torch.testing.assert_close(spread, seeds.mean((2, 3), keepdim=True).expand_as(seeds), atol=1e-4, rtol=0)


def test_orthogonal_embeddings_change_nothing(generator: torch.Generator) -> None:
    seeds = torch.rand(1, 3, 4, 5, generator=generator)
    spread = seam.pixel_correlation(seeds, torch.eye(20).view(1, 20, 4, 5))
    torch.testing.assert_close(spread, seeds, atol=1e-4, rtol=0)


def test_two_regions_give_the_mean_of_each(generator: torch.Generator) -> None:
    seeds, embedding = torch.rand(1, 2, 4, 5, generator=generator), torch.zeros(1, 2, 4, 5)
    embedding[:, 0, :, :2], embedding[:, 1, :, 2:] = 1.0, 1.0
    spread = seam.pixel_correlation(seeds, embedding)
    for region in (slice(0, 2), slice(2, 5)):
        mean = seeds[..., region].mean((2, 3), keepdim=True).expand(1, 2, 4, region.stop - region.start)
        torch.testing.assert_close(spread[..., region], mean, atol=1e-4, rtol=0)


def test_seeds_are_of_the_strongest_class_alone_beside_background() -> None:
    maps = torch.tensor([[[[2.0, 1.0]], [[0.5, 1.0]]]])
    # Over their maxima: (1, .5) and (.5, 1); the weaker one is dropped, background is 1 - the stronger.
    expected = torch.tensor([[[[0.0, 0.0]], [[1.0, 0.0]], [[0.0, 1.0]]]])
    torch.testing.assert_close(seam.correlation_seeds(maps), expected, atol=1e-4, rtol=0)


def test_dropping_weaker_classes_leaves_the_maps_themselves_alone(generator: torch.Generator) -> None:
    maps = torch.rand(1, 3, 2, 2, generator=generator, requires_grad=True) * 1.0
    before = maps.clone()
    seam.strongest_alone(maps.detach())
    seam.correlation_seeds(maps)
    assert torch.equal(before, maps)


def branches(generator: torch.Generator) -> list[tuple[torch.Tensor, torch.Tensor]]:
    return [
        (torch.randn(2, 3, 4, 4, generator=generator), torch.rand(2, 4, 4, 4, generator=generator))
        for _ in range(2)
    ]


def test_swapping_the_branches_changes_no_loss(generator: torch.Generator) -> None:
    one, two = branches(generator)
    labels = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    losses = [seam.seam_loss(*pair, labels, top_share=0.2) for pair in ((one, two), (two, one))]
    for name, value in losses[0].items():
        torch.testing.assert_close(value, losses[1][name], msg=name)


def test_constant_maps_are_equivariant() -> None:
    flat = (torch.ones(1, 2, 4, 4), torch.ones(1, 3, 4, 4))
    assert seam.seam_loss(flat, flat, torch.ones(1, 2), top_share=0.2)["equivariance"] == 0


def test_the_cross_loss_is_the_mean_of_the_largest_fifth(generator: torch.Generator) -> None:
    target, spread = (torch.rand(2, 3, 2, 5, generator=generator) for _ in range(2))
    kept = target.clone()
    for picture in range(2):
        for y in range(2):
            for x in range(5):
                weaker = 1 + int(kept[picture, 1:, y, x].argmin())
                kept[picture, weaker, y, x] = 0.0
    largest = [sorted((kept - spread)[picture].abs().flatten().tolist())[-6:] for picture in range(2)]
    expected = torch.tensor(largest).mean()
    torch.testing.assert_close(seam.cross_difference(target, spread, 0.2), expected)


def test_the_lowest_quarter_counts_only_tagged_classes() -> None:
    spread = torch.zeros(1, 3, 2, 4)
    spread[:, 1], spread[:, 2] = torch.arange(8.0).view(2, 4), 100.0
    assert seam.lowest_quarter(spread, torch.tensor([[1.0, 0.0]])) == 0.5  # the mean of 0 and 1


def test_the_module_trains_the_embedding_but_not_the_backbone() -> None:
    torch.manual_seed(0)
    network = seam.SeamNetwork(
        build_encoder("lite0"), 2, ClassifyConfig(method="seam", batch_statistics="frozen")
    )
    network.train().maps_and_spread(torch.rand(1, 3, 64, 64))[1].square().sum().backward()
    assert network.embed.weight.grad is not None
    assert all(parameter.grad is None for parameter in network.encoder.parameters())
    assert network.classifier.weight.grad is None
