"""The lattices of a dense CRF and its mean field, with pydensecrf. It holds Python's lock meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Kernels:
    """Reach and weight of the kernel of positions, and of that of positions and colours."""

    gaussian_sxy_px: float
    gaussian_compat: float
    bilateral_sxy_px: float
    bilateral_srgb: float
    bilateral_compat: float


class Lattices(Protocol):
    """The CRF of one picture (h, w) for L labels. Not for several threads at once."""

    def prepare(self) -> None:
        """Build the lattices now, if that has not been done."""

    def marginals(self, unary: NDArray[np.float32], iterations: int) -> NDArray[np.float32]:
        """Return the mean field of unary energies, both float32 (L, h * w), after some iterations."""


@dataclass(eq=False)
class _MeanField:
    unary: NDArray[np.float32]
    matrices: tuple[Any, ...]
    iterations: int = 0


class LocalLattices:
    """Computes in this process. More iterations of the last energies continue from the earlier ones."""

    def __init__(self, image_rgb: NDArray[np.uint8], label_count: int, kernels: Kernels) -> None:
        """Take a picture, uint8 (h, w, 3); the lattices are built at the first use."""
        self._image_rgb = image_rgb
        self._label_count = label_count
        self._kernels = kernels
        self._built: Any = None
        self._field: _MeanField | None = None

    def prepare(self) -> None:
        """See `Lattices`."""
        if self._built is None:
            self._built = self._build()

    def marginals(self, unary: NDArray[np.float32], iterations: int) -> NDArray[np.float32]:
        """See `Lattices`."""
        self.prepare()
        field = self._field
        if field is None or field.iterations > iterations or not np.array_equal(field.unary, unary):
            self._built.setUnaryEnergy(unary)
            field = self._field = _MeanField(unary, self._built.startInference())
        while field.iterations < iterations:
            self._built.stepInference(*field.matrices)
            field.iterations += 1
        return np.array(field.matrices[0], dtype=np.float32)

    def _build(self) -> Any:
        import pydensecrf.densecrf as densecrf

        height, width = self._image_rgb.shape[:2]
        crf = densecrf.DenseCRF2D(width, height, self._label_count)
        kernels = self._kernels
        crf.addPairwiseGaussian(sxy=kernels.gaussian_sxy_px, compat=kernels.gaussian_compat)
        crf.addPairwiseBilateral(
            sxy=kernels.bilateral_sxy_px,
            srgb=kernels.bilateral_srgb,
            rgbim=np.ascontiguousarray(self._image_rgb),
            compat=kernels.bilateral_compat,
        )
        return crf


Make = Callable[[NDArray[np.uint8], int, Kernels], Lattices]
_make: list[Make] = [LocalLattices]


def lattices_of(image_rgb: NDArray[np.uint8], label_count: int, kernels: Kernels) -> Lattices:
    """Return the CRF of a picture, computed where `made_by` says, else in this process."""
    return _make[-1](image_rgb, label_count, kernels)


@contextmanager
def made_by(make: Make) -> Iterator[None]:
    """All CRFs of this process that are begun meanwhile are made by `make`. It nests."""
    _make.append(make)
    try:
        yield
    finally:
        _make.pop()
