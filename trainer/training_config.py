"""How networks are trained: optimiser, batches, and the random views of the pictures."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from trainer.settings import Settings, machine_field

BatchStatistics = Literal["batch", "frozen", "group"]
DecoderStatistics = Literal["batch", "group"]
Precision = Literal["auto", "float32", "bfloat16"]

Epochs = Annotated[int, Field(ge=0, description="Passes over the pictures; 0 keeps the initial weights.")]
BatchSize = Annotated[
    int, Field(ge=1, description="Pictures per optimiser step, over all processes and accumulated parts.")
]
EncoderStatistics = Annotated[
    BatchStatistics,
    Field(
        description="Batch normalisation of the backbone: 'batch' uses the statistics of each batch, "
        "'frozen' the running ones of the backbone, and 'group' replaces it with group normalisation, for "
        "batches too small for statistics."
    ),
]


class OptimizerConfig(Settings):
    """Optimiser with polynomial decay and four rates: weights, biases, new weights, new biases."""

    method: Literal["sgd", "adamw"] = Field(
        default="sgd",
        description="SGD, as the authors trained, or AdamW, which trains new layers in a tenth of the steps.",
    )
    learning_rate: float = Field(
        default=0.1, gt=0, description="Learning rate of the backbone's weights at the first step."
    )
    momentum: float = Field(
        default=0.9,
        ge=0,
        lt=1,
        description="Momentum of SGD, or the first beta of AdamW. By mistake the authors' code passes its "
        "weight decay of 1e-4 as the momentum; their learning rate of 0.1 only works with that.",
    )
    nesterov: bool = Field(default=False, description="Use Nesterov momentum (SGD only).")
    weight_decay: float = Field(
        default=1e-4,
        ge=0,
        description="Weight decay: L2 with SGD, decoupled with AdamW. Biases are not decayed.",
    )
    bias_factor: float = Field(
        default=2.0, gt=0, description="Learning rate of biases, as a multiple of that of weights."
    )
    head_factor: float = Field(
        default=10.0, gt=0, description="Learning rate of new layers, as a multiple of the backbone's."
    )
    poly_power: float = Field(
        default=0.9,
        ge=0,
        description="At progress t in [0, 1] the learning rate is (1 - t) ** poly_power times the first one.",
    )


Optimizer = Annotated[OptimizerConfig, Field(description="Optimiser and schedule.")]


class TrainingConfig(Settings):
    """Settings that every trained network has."""

    epochs: Epochs
    batch_size: BatchSize
    accumulate: int = Field(
        default=1,
        ge=1,
        description="Parts that a batch is split into and computed one after the other, to save memory.",
    )
    optimizer: Optimizer = Field(default_factory=OptimizerConfig)
    batch_statistics: EncoderStatistics = "batch"
    precision: Precision = Field(
        default="auto", description="Number format of forward passes; auto chooses it for the device."
    )
    channels_last: bool = Field(
        default=True, description="Store tensors as NHWC, which makes convolutions faster."
    )
    ema_decay: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Decay of an exponential moving average of the weights, which replaces them after "
        "training; no average if empty.",
    )
    checkpoint_every_steps: int = machine_field(
        200, ge=1, description="Optimiser steps between checkpoints; each epoch also ends with one."
    )
    log_every_steps: int = machine_field(10, ge=1, description="Optimiser steps between logged losses.")
    workers: int = machine_field(
        0, ge=0, description="Processes that read pictures; 0 reads them in the training process."
    )

    @model_validator(mode="after")
    def _batch_divides(self) -> Self:
        if self.batch_size % self.accumulate:
            raise ValueError(
                f"batch_size {self.batch_size} cannot be computed in {self.accumulate} equal parts; "
                "choose accumulate so that it divides batch_size"
            )
        return self


class ViewConfig(Settings):
    """Random view of a picture for training: scale, flip, crop (paper section 4.1)."""

    min_side: int = Field(
        default=320, ge=1, description="Shortest length in pixels that the longer side is scaled to."
    )
    max_side: int = Field(
        default=640, ge=1, description="Greatest length in pixels that the longer side is scaled to."
    )
    crop: int = Field(
        default=512, ge=16, description="Side in pixels of the square crop, padded with zeros if needed."
    )
    flip: bool = Field(default=True, description="Mirror half of the pictures, chosen at random.")

    @model_validator(mode="after")
    def _sides_ordered(self) -> Self:
        if self.min_side > self.max_side:
            raise ValueError(f"min_side {self.min_side} is greater than max_side {self.max_side}; swap them")
        return self


View = Annotated[ViewConfig, Field(description="Random views of the pictures.")]
