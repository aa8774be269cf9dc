"""DeepLabv3+ on the encoders of this package (paper section 4.3; Chen et al. 2018)."""

from __future__ import annotations

import torch
from segmentation_models_pytorch.base import SegmentationHead
from segmentation_models_pytorch.decoders.deeplabv3.decoder import DeepLabV3PlusDecoder
from torch import Tensor, nn

from trainer.nn.depthwise import speed_up_depthwise
from trainer.nn.encoders import Encoder
from trainer.nn.fusion import FoldedCopy, FoldedTraining
from trainer.nn.normalization import keep_frozen, set_normalization
from trainer.nn.puzzle import pad_to_multiple
from trainer.training_config import BatchStatistics, DecoderStatistics

_DECODER_CHANNELS = 256
_RATES_AT_STRIDE_16 = (6, 12, 18)


class SegmentationNetwork(nn.Module):
    """Encoder, the decoder of DeepLabv3+ from segmentation_models_pytorch, and a 1x1 head."""

    def __init__(
        self,
        encoder: Encoder,
        class_count: int,
        *,
        batch_statistics: BatchStatistics = "frozen",
        decoder_statistics: DecoderStatistics = "group",
        decoder_dropout: float = 0.5,
        is_encoder_trained: bool = True,
    ) -> None:
        """Args:
            encoder: the backbone, at output stride 8 or 16.
            class_count: C, background included.
            batch_statistics: of the encoder, see `trainer.training_config.TrainingConfig`.
            decoder_statistics: of the decoder, which is new and has no running statistics to freeze.
            decoder_dropout: share of the pooled pyramid's values that training drops.
            is_encoder_trained: False trains only the decoder, which takes a third to half of the time.

        Raises:
            ValueError: the encoder has another output stride.
        """
        super().__init__()
        if encoder.output_stride not in (8, 16):
            raise ValueError(
                f"DeepLabv3+ needs an encoder of output stride 8 or 16, but this one has "
                f"{encoder.output_stride}."
            )
        set_normalization(encoder, batch_statistics)
        self.encoder = encoder
        self._frozen = None if is_encoder_trained else FoldedCopy(encoder)
        has_frozen_statistics = is_encoder_trained and batch_statistics == "frozen"
        self._folded = FoldedTraining() if has_frozen_statistics else None
        widening = 16 // encoder.output_stride
        self.decoder = DeepLabV3PlusDecoder(
            # The last features, which the classifier reads, separate classes; an EfficientNet's fifth stage
            # is only a narrow linear layer.
            encoder_channels=[3, *encoder.stage_widths[:-1], encoder.channels],
            encoder_depth=5,
            out_channels=_DECODER_CHANNELS,
            atrous_rates=[rate * widening for rate in _RATES_AT_STRIDE_16],
            output_stride=encoder.output_stride,
            aspp_separable=True,
            aspp_dropout=decoder_dropout,
        )
        set_normalization(self.decoder, decoder_statistics)
        speed_up_depthwise(self.decoder)  # its pyramid is dilated
        self.head = SegmentationHead(_DECODER_CHANNELS, class_count, kernel_size=1, upsampling=4)
        encoder.requires_grad_(is_encoder_trained)

    def forward(self, images: Tensor) -> Tensor:
        """Normalised pictures (N, 3, H, W) of any size -> logits (N, C, H, W)."""
        height, width = images.shape[-2:]
        padded = pad_to_multiple(images, max(self.encoder.stage_strides))
        stages, features = self._encoded(padded)
        logits: Tensor = self.head(self.decoder([padded, *stages[:-1], features]))
        return logits[..., :height, :width]

    def _encoded(self, padded: Tensor) -> tuple[list[Tensor], Tensor]:
        """Features of the five stages, and the last features."""
        if not self.training:
            return self.encoder.stages_and_features(padded)
        if self._frozen is not None:
            with torch.no_grad():
                return self._frozen.of(self.encoder).stages_and_features(padded)
        if self._folded is not None:
            stages, features = self._folded.call(self.encoder, "stages_and_features", padded)
            return stages, features
        return self.encoder.stages_and_features(padded)

    def train(self, mode: bool = True) -> SegmentationNetwork:
        """Set the mode; an encoder that is not trained, and frozen statistics, stay in evaluation mode."""
        super().train(mode)
        if self._frozen is not None:
            self.encoder.eval()
        elif self._folded is not None:
            keep_frozen(self.encoder)
        return self
