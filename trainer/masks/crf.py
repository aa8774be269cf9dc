"""Settings and availability of the dense CRF (Krähenbühl and Koltun 2011), which is optional: pydensecrf2."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from trainer.contract import FailureCode
from trainer.errors import TrainerError
from trainer.masks.crf_lattices import Kernels
from trainer.setting_types import CrfIterations, CrfReach, CrfTolerance, CrfWeight

_LEAST_SIDE = 16
_MOST_SIDE = 4096


class CrfUnavailableError(TrainerError):
    """The dense CRF was requested, but its package is not installed."""

    code = FailureCode.PACKAGE_MISSING


@dataclass(frozen=True)
class CrfStatus:
    """Whether the dense CRF is available here, and why, in one sentence."""

    available: bool
    reason: str


class CrfConfig(BaseModel):
    """Constants of the label CRF; the defaults are those usual for CAM pseudo-labels on VOC."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    iterations: CrfIterations = 10
    gt_prob: float = Field(
        default=0.7, gt=0.0, lt=1.0, description="Probability that a pixel's label is right before smoothing."
    )
    gaussian_sxy_px: CrfReach = Field(default=3.0, description="Reach of the position-only kernel in pixels.")
    gaussian_compat: CrfWeight = Field(default=3.0, description="Weight of the position-only kernel.")
    bilateral_sxy_px: CrfReach = Field(default=50.0, description="Reach of the colour kernel in pixels.")
    bilateral_srgb: CrfTolerance = Field(
        default=5.0, description="Reach of the colour kernel in colour levels, 0 to 255."
    )
    bilateral_compat: CrfWeight = Field(default=10.0, description="Weight of the colour kernel.")
    max_side: int = Field(
        default=640,
        ge=_LEAST_SIDE,
        le=_MOST_SIDE,
        description="Longer side in pixels at which the CRF runs; larger pictures are scaled down for it, "
        "and its probabilities up. Its reach suits about 500 pixels, and its time grows with the area.",
    )

    @property
    def kernels(self) -> tuple[float, ...]:
        """The settings that the lattices of a picture depend on: all but `iterations` and `gt_prob`."""
        position = (self.gaussian_sxy_px, self.gaussian_compat)
        return (*position, self.bilateral_sxy_px, self.bilateral_srgb, self.bilateral_compat, self.max_side)

    @property
    def lattice_kernels(self) -> Kernels:
        """The kernels as the lattices are built with them."""
        return Kernels(*self.kernels[:-1])

    def at_half_size(self, size: tuple[int, int]) -> CrfConfig:
        """The same CRF for a picture (height, width), at half its present size and with half the reach."""
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
    """Whether pydensecrf2 can be imported here."""
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
    """Negative log-probabilities (L, H * W): `gt_prob` for a pixel's label, the others share the rest."""
    unary = np.full(
        (label_count, labels.size), -np.log((1.0 - gt_prob) / (label_count - 1)), dtype=np.float32
    )
    unary[labels.ravel(), np.arange(labels.size)] = -np.log(gt_prob)
    return unary
