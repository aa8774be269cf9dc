"""Watches the maps during training, because a loss can fall while the CAMs collapse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from trainer.training.log import Alarm

COLLAPSE_SHARE = 0.9
"""Maps have collapsed if at least this share of the (picture, tag) pairs has no positive cell."""


class CamMonitor:
    """Counts, over an epoch, how many maps of tagged classes have a positive cell."""

    def __init__(self, class_names: Sequence[str], device: torch.device) -> None:
        self._names = tuple(class_names)
        self._seen = torch.zeros(len(self._names), device=device)
        self._alive = torch.zeros(len(self._names), device=device)

    @torch.no_grad()
    def add(self, maps: Tensor, labels: Tensor) -> None:
        """Count the maps (N, K, h, w), unbounded, of a batch with labels (N, K)."""
        self._seen += labels.sum(dim=0)
        self._alive += (labels * (maps.amax(dim=(2, 3)) > 0)).sum(dim=0)

    def end_epoch(self, epoch: int) -> Iterable[Alarm]:
        """Return the alarms of the epoch that ends, and start counting again.

        "collapse": most tagged classes have no positive cell, so everything is background. "vanished_class":
        a class has no positive cell in any picture with its tag.
        """
        seen, alive = self._seen.tolist(), self._alive.tolist()
        self._seen.zero_()
        self._alive.zero_()
        if sum(seen) == 0:
            return []
        dark_share = 1.0 - sum(alive) / sum(seen)
        if dark_share >= COLLAPSE_SHARE:
            message = (
                f"The maps collapsed to background in epoch {epoch}: those of {dark_share:.0%} of the tags "
                f"have no positive cell; lower the learning rate or the weight of the reconstruction loss."
            )
            return [Alarm("collapse", message, {"epoch": epoch, "share": round(dark_share, 4)})]
        gone = [name for name, shown, lit in zip(self._names, seen, alive, strict=True) if shown and not lit]
        if not gone:
            return []
        message = (
            f"In epoch {epoch} the maps of {', '.join(gone)} have no positive cell in any picture; check the "
            f"tags of their pictures, train longer, or lower the weight of the reconstruction loss."
        )
        return [Alarm("vanished_class", message, {"epoch": epoch, "classes": gone})]
