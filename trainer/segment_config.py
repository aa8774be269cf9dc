"""The settings of the segmentation network: what it learns, how it is trained, and how it predicts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from trainer.setting_types import (
    CrfIterations,
    CrfReach,
    CrfTolerance,
    Flip,
    MaxSide,
    Scales,
    Threshold,
    UseCrf,
)
from trainer.settings import Settings, later_field
from trainer.training_config import (
    BatchSize,
    DecoderStatistics,
    EncoderStatistics,
    Epochs,
    Optimizer,
    OptimizerConfig,
    TrainingConfig,
    View,
    ViewConfig,
)


class DsrgConfig(Settings):
    """DSRG (Huang et al., CVPR 2018); used if segment.method is dsrg."""

    foreground_probability: Threshold = later_field(
        0.85, description="After the CRF, cells where a class is more probable than this may join its seeds."
    )
    background_probability: Threshold = later_field(
        0.99, description="The same for background, which would otherwise grow into objects."
    )
    crf_iterations: CrfIterations = later_field(10)


class SegmentConfig(TrainingConfig):
    """Stage 6: DeepLabv3+ trained on the pseudo-labels (paper section 4.3)."""

    method: Literal["labels", "dsrg"] = later_field(
        "labels",
        description="What the network learns in the first round. labels: the pseudo-labels. dsrg: DSRG "
        "(2018). Seeds, where CAMs are sure by the thresholds of affinity, grow while it learns them.",
    )
    dsrg: DsrgConfig = later_field(DsrgConfig(), description="Settings of method dsrg.")
    enabled: bool = Field(default=True, description="Train a segmentation network on the pseudo-labels.")
    epochs: Epochs = 50
    batch_size: BatchSize = 32
    optimizer: Optimizer = Field(
        default_factory=lambda: OptimizerConfig(learning_rate=0.007, weight_decay=4e-5)
    )
    batch_statistics: EncoderStatistics = "frozen"
    output_stride: Literal[8, 16] = Field(default=16, description="Picture pixels per feature cell.")
    view: View = Field(default_factory=lambda: ViewConfig(min_side=256, max_side=1024))
    decoder_statistics: DecoderStatistics = Field(
        default="group",
        description="Normalisation of the new decoder: 'group' over groups of channels, as the authors did, "
        "or 'batch', which learns faster with batches of 16 or more.",
    )
    decoder_dropout: float = Field(
        default=0.5, ge=0, lt=1, description="Share of the decoder's pooled values that training drops."
    )
    encoder: Literal["trained", "frozen"] = Field(
        default="trained",
        description="Train the backbone too, or only the decoder, which takes a third to half of the time.",
    )
    predict_split: str = Field(
        default="val", description="Split whose pictures are segmented after training."
    )
    test_scales: Scales = Field(
        default=(0.5, 1.0, 1.5, 2.0), description="Scales of the picture whose logits are summed."
    )
    test_max_side: MaxSide = 1024
    test_flip: Flip = True
    use_crf: UseCrf = True
    crf_iterations: CrfIterations = 10
    crf_bilateral_sxy_px: CrfReach = Field(
        default=80.0, description="Reach of the CRF's colour kernel in pixels."
    )
    crf_bilateral_srgb: CrfTolerance = Field(
        default=13.0, description="Reach of the CRF's colour kernel in colour levels, 0 to 255."
    )
