"""A step of DSRG with a network whose logits are given."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from trainer.masks.crf import crf_available
from trainer.segment_config import DsrgConfig
from trainer.training import dsrg_step
from trainer.training.dsrg_step import CELL, DsrgStep

pytestmark = pytest.mark.skipif(not crf_available().available, reason="pydensecrf2 is not installed")


class Given(nn.Module):
    """Returns its logits (1, C, H, W) whatever the picture is."""

    encoder = SimpleNamespace(spec=SimpleNamespace(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)))

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = nn.Parameter(logits)

    def forward(self, images: Tensor) -> Tensor:
        return self.logits.expand(len(images), -1, -1, -1)


@pytest.fixture
def step() -> DsrgStep:
    """Five classes; index 3 is probable on the left half of 8 x 8 cells, background on the right."""
    logits = torch.zeros(1, 5, 8 * CELL, 8 * CELL)
    logits[:, 3, :, : 4 * CELL], logits[:, 0, :, 4 * CELL :] = 9.0, 9.0
    return DsrgStep(Given(logits), DsrgConfig())  # type: ignore[arg-type]


@pytest.fixture
def batch() -> dict[str, Tensor]:
    """A white and black picture whose lowest row of cells is padding, with one seed of each kind."""
    images = torch.ones(1, 3, 8 * CELL, 8 * CELL)
    images[..., 4 * CELL :], images[:, :, 7 * CELL :] = -1.0, 0.0
    labels = torch.full((1, 8, 8), 255, dtype=torch.uint8)
    labels[0, 2, 1], labels[0, 2, 6] = 3, 0
    possible = torch.tensor([[True, False, False, True, False]])
    return {"images": images, "labels": labels, "possible": possible}


def test_seeds_grow_by_refined_probabilities_inside_the_picture_only(
    step: DsrgStep, batch: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    learned: list[np.ndarray] = []
    of_seeds = dsrg_step.seed_loss
    monkeypatch.setattr(
        dsrg_step, "seed_loss", lambda p, seeds: learned.append(seeds.numpy()[0]) or of_seeds(p, seeds)
    )
    losses = step(batch, 0.0)
    assert (learned[0][:7, :4] == 3).all()
    assert (learned[0][:7, 4:] == 0).all()
    assert (learned[0][7] == 255).all()
    torch.testing.assert_close(losses["loss"], losses["seed"] + losses["boundary"])
    losses["loss"].backward()
    assert step.network.logits.grad is not None
    assert batch["labels"].eq(255).sum() == 62  # the original seeds are as they were


def test_a_picture_without_tags_learns_its_background(step: DsrgStep, batch: dict[str, Tensor]) -> None:
    batch["possible"] = torch.tensor([[True, False, False, False, False]])
    batch["labels"][batch["labels"] == 3] = 255
    losses = step(batch, 0.0)
    assert torch.isfinite(losses["loss"])
