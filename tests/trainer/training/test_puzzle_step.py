from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from trainer.classify_config import PuzzleLossConfig
from trainer.training.cam_monitor import CamMonitor
from trainer.training.puzzle_step import PuzzleStep

STRIDE = 4


class Cells(nn.Module):
    """Sees every cell alone, so that tiles show the same as the whole picture."""

    output_stride = STRIDE

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Conv2d(3, 2, STRIDE, stride=STRIDE, bias=False)
        self.seen: list[tuple[int, ...]] = []

    def forward(self, images: Tensor) -> Tensor:
        self.seen.append(tuple(images.shape))
        maps: Tensor = self.layer(images)
        return maps


class Neighbours(Cells):
    """Pools over the whole input, so that tiles show something else."""

    def forward(self, images: Tensor) -> Tensor:
        maps = super().forward(images)
        return maps + maps.mean(dim=(2, 3), keepdim=True)


def batch(size: int = 16) -> dict[str, Tensor]:
    images = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(1))
    return {"images": images, "labels": torch.tensor([[1.0, 0.0], [1.0, 1.0]])}


@pytest.mark.parametrize("side", [2, 3, 4])
@pytest.mark.parametrize("size", [16, 17, 24])
def test_a_network_without_context_sees_the_same_in_tiles(side: int, size: int) -> None:
    step = PuzzleStep(Cells(), PuzzleLossConfig(tiles_per_side=side))
    terms = step(batch(size), progress=1.0)
    assert terms["reconstruction"].item() == pytest.approx(0.0, abs=1e-6)
    assert terms["tile_classification"].item() == pytest.approx(terms["classification"].item(), rel=1e-5)


def test_a_network_with_context_is_pulled_towards_its_tiles() -> None:
    network = Neighbours()
    terms = PuzzleStep(network, PuzzleLossConfig())(batch(), progress=1.0)
    assert terms["reconstruction"].item() > 0.0
    (terms["reconstruction"]).backward()
    assert network.layer.weight.grad is not None
    assert network.layer.weight.grad.abs().sum() > 0


def test_tiles_go_through_the_network_as_one_batch() -> None:
    network = Cells()
    PuzzleStep(network, PuzzleLossConfig())(batch(), progress=0.0)
    assert network.seen == [(2, 3, 16, 16), (8, 3, 8, 8)]


def test_the_baseline_saves_the_pass_over_the_tiles() -> None:
    network = Cells()
    step = PuzzleStep(network, PuzzleLossConfig(tile_classification=False, reconstruction=False))
    assert set(step(batch(), progress=0.0)) == {"loss", "classification"}
    assert len(network.seen) == 1


def test_the_monitor_sees_the_maps_of_whole_pictures() -> None:
    monitor = CamMonitor(("cat", "dog"), torch.device("cpu"))
    network = Cells()
    nn.init.zeros_(network.layer.weight)
    PuzzleStep(network, PuzzleLossConfig(), monitor)(batch(), progress=0.0)
    assert [alarm.name for alarm in monitor.end_epoch(1)] == ["collapse"]
