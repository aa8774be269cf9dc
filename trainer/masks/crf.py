"""Settings and availability of the dense CRF (Krähenbühl and Koltun 2011), which is optional: pydensecrf2."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from trainer.config import CrfIterations, CrfReach, CrfTolerance, CrfWeight
from trainer.contract import FailureCode
from trainer.errors import TrainerError

_LEAST_SIDE = 16
_MOST_SIDE = 4096


class CrfUnavailableError(TrainerError):
    """The dense CRF was asked for, but its package is not there."""

    code = FailureCode.PACKAGE_MISSING


@dataclass(frozen=True)
class CrfStatus:
    """Whether the dense CRF can be used here, and one sentence that says why or why not."""

    available: bool
    reason: str


class CrfConfig(BaseModel):
    """Constants of the label CRF; the defaults are those usual for CAM pseudo-labels on VOC."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    iterations: CrfIterations = 10
    gt_prob: float = Field(
        default=0.7, gt=0.0, lt=1.0, description="Probability that a pixel's label is right before smoothing."
    )
    gaussian_sxy_px: CrfReach = Field(default=3.0, description="Reach of the position-only kernel.")
    gaussian_compat: CrfWeight = Field(default=3.0, description="Weight of the position-only kernel.")
    bilateral_sxy_px: CrfReach = Field(default=50.0, description="Reach of the colour kernel in position.")
    bilateral_srgb: CrfTolerance = Field(
        default=5.0, description="Reach of the colour kernel in grey levels."
    )
    bilateral_compat: CrfWeight = Field(default=10.0, description="Weight of the colour kernel.")
    max_side: int = Field(
        default=640,
        ge=_LEAST_SIDE,
        le=_MOST_SIDE,
        description="Longer side in pixels at which the CRF runs at most. Its reach suits pictures of about "
        "500 pixels, and time grows with the area; larger pictures get its probabilities up-sampled.",
    )

    @property
    def kernels(self) -> tuple[float, ...]:
        """What the lattices of a picture depend on: everything but `iterations` and `gt_prob`."""
        position = (self.gaussian_sxy_px, self.gaussian_compat)
        return (*position, self.bilateral_sxy_px, self.bilateral_srgb, self.bilateral_compat, self.max_side)

    def at_half_size(self, size: tuple[int, int]) -> CrfConfig:
        """The same CRF of a picture (height, width) at half the size it runs at now, with half the reach."""
        longer = min(max(size), self.max_side)
        half = max(_LEAST_SIDE, round(longer / 2))
        scale = min(1.0, half / longer)
        return self.model_copy(
            update={
                "max_side": half,
                "gaussian_sxy_px": scale * self.gaussian_sxy_px,
                "bilateral_sxy_px": scale * self.bilateral_sxy_px,
            }
        )


@functools.cache
def crf_available() -> CrfStatus:
    """Say whether pydensecrf2 can be imported here."""
    try:
        import pydensecrf.densecrf  # noqa: F401
    except ImportError as error:
        return CrfStatus(
            False,
            "The dense CRF is off because pydensecrf2 cannot be imported "
            f"({error}); install a C++ compiler and then: pip install pydensecrf2",
        )
    return CrfStatus(True, "The dense CRF is on (pydensecrf2).")


def label_unary(labels: NDArray[np.uint8], label_count: int, gt_prob: float) -> NDArray[np.float32]:
    """Negative log-probabilities (L, H * W): `gt_prob` for a pixel's label, the rest shared by the others."""
    unary = np.full(
        (label_count, labels.size), -np.log((1.0 - gt_prob) / (label_count - 1)), dtype=np.float32
    )
    unary[labels.ravel(), np.arange(labels.size)] = -np.log(gt_prob)
    return unary
