"""Watches the maps during training: a loss can fall while CAMs turn to nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from trainer.training.log import Alarm

COLLAPSE_SHARE = 0.9
"""Share of (picture, class) pairs without any positive cell from which on maps count as collapsed."""


class CamMonitor:
    """Collects, over an epoch, the peaks of the maps of the classes that are present."""

    def __init__(self, class_names: Sequence[str], device: torch.device) -> None:
        self._names = tuple(class_names)
        self._seen = torch.zeros(len(self._names), device=device)
        self._alive = torch.zeros(len(self._names), device=device)

    @torch.no_grad()
    def add(self, maps: Tensor, labels: Tensor) -> None:
        """Take in maps (N, K, h, w), unbounded, and labels (N, K)."""
        self._seen += labels.sum(dim=0)
        self._alive += (labels * (maps.amax(dim=(2, 3)) > 0)).sum(dim=0)

    def end_epoch(self, epoch: int) -> Iterable[Alarm]:
        """Alarms of the epoch that ends; counting starts anew.

        "collapse": most present classes have no positive cell, everything is background. "vanished_class": a
        class was shown and had no positive cell in any picture.
        """
        seen, alive = self._seen.tolist(), self._alive.tolist()
        self._seen.zero_()
        self._alive.zero_()
        if sum(seen) == 0:
            return []
        dark_share = 1.0 - sum(alive) / sum(seen)
        if dark_share >= COLLAPSE_SHARE:
            message = (
                f"The maps collapsed to background in epoch {epoch}: {dark_share:.0%} of the classes shown "
                f"have no positive cell; lower the learning rate or the weight of the reconstruction loss."
            )
            return [Alarm("collapse", message, {"epoch": epoch, "share": round(dark_share, 4)})]
        gone = [name for name, shown, lit in zip(self._names, seen, alive, strict=True) if shown and not lit]
        if not gone:
            return []
        message = (
            f"In epoch {epoch} no picture shows anything of {', '.join(gone)} in its map; check the tags of "
            f"these pictures, train longer, or lower the weight of the reconstruction loss."
        )
        return [Alarm("vanished_class", message, {"epoch": epoch, "classes": gone})]
