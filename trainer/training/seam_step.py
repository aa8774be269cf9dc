"""One training step of SEAM: the pictures and their scaled twins through the same network."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from trainer.nn import puzzle
from trainer.nn.seam import SeamNetwork, seam_loss
from trainer.training.batches import Batch
from trainer.training.classifier_step import ClassifierStep


class SeamStep(ClassifierStep):
    """Both passes as one forward call; see `trainer.nn.seam.seam_loss`."""

    def maps_and_losses(self, batch: Batch, progress: float) -> tuple[Tensor, dict[str, Tensor]]:  # noqa: ARG002
        """The maps of the whole pictures, before the pixel correlation module, and the losses."""
        network = self.network
        assert isinstance(network, SeamNetwork)  # noqa: S101
        # Both maps span the same part of a picture only if both sizes are multiples of the stride.
        images = puzzle.pad_to_multiple(batch["images"], network.output_stride)
        size = [_scaled(side, network.settings.rescale, network.output_stride) for side in images.shape[-2:]]
        twins = functional.interpolate(images, size=size, mode="bilinear", align_corners=False)
        whole, small = (network.maps_and_spread(each) for each in (images, twins))
        losses = seam_loss(
            (whole[0].float(), whole[1]),
            (small[0].float(), small[1]),
            batch["labels"],
            top_share=network.settings.top_share,
            logit_offset=self.loss.logit_offset,
        )
        return whole[0].float(), losses


def _scaled(side: int, factor: float, stride: int) -> int:
    return max(stride, round(side * factor / stride) * stride)
