"""Dense CRFs on one picture: what depends on the picture alone is computed once.

Building the lattices of the two kernels takes longer than several iterations; they serve every labelling of
the picture with the same number of labels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.data.transforms import RgbImage, check_rgb, limited_size, resize_image
from trainer.masks.crf import CrfConfig, CrfUnavailableError, crf_available, label_unary
from trainer.masks.crf_lattices import lattices_of
from trainer.masks.upsampling import strongest_map

_LEAST_PROBABILITY = 1e-5
"""Keeps the energy of a label finite even if a network rules it out."""


class ImageCrf:
    """The dense CRF of one picture (Krähenbühl and Koltun 2011).

    It refines any number of labellings. The lattices are built at the first use, and more iterations of the
    last labelling continue from its earlier ones.
    """

    def __init__(
        self,
        image_rgb: RgbImage,
        label_count: int,
        config: CrfConfig | None = None,
        size: tuple[int, int] | None = None,
    ) -> None:
        """Args:
            image_rgb: uint8 (H, W, 3), or a reduced copy of the picture.
            label_count: labels that may appear, background included.
            config: defaults when None.
            size: (H, W) of the picture, if a reduced copy of it is given.

        Raises:
            CrfUnavailableError: pydensecrf2 is not installed.
            ValueError: the picture is not a uint8 RGB array, or `label_count` is below 1.
        """
        check_rgb(image_rgb)
        if label_count < 1:
            raise ValueError(f"A CRF needs at least one label, but label_count is {label_count}.")
        status = crf_available()
        if not status.available:
            raise CrfUnavailableError(status.reason)
        self._config = config or CrfConfig()
        self._label_count = label_count
        given_size = (image_rgb.shape[0], image_rgb.shape[1])
        self._size = size or given_size
        self._small_size = limited_size(*given_size, self._config.max_side)
        self._lattices = lattices_of(
            resize_image(image_rgb, self._small_size), label_count, self._config.lattice_kernels
        )

    @property
    def pixels(self) -> int:
        """Pixels of the limited size: each takes about 230 bytes once the lattices are built."""
        return self._small_size[0] * self._small_size[1]

    def prepare(self) -> None:
        """Build the lattices now."""
        self._lattices.prepare()

    def refine_labels(self, labels: NDArray[np.uint8], config: CrfConfig | None = None) -> NDArray[np.uint8]:
        """Sharpen a label map along the colour edges of the picture.

        Args:
            labels: uint8 (H, W), values 0 .. label_count - 1, each taken as right with probability `gt_prob`.
            config: for other `iterations` or `gt_prob`; its kernels must be those that the CRF was made with.

        Returns:
            uint8 (H, W) of the same values; unchanged if only one label occurs.

        Raises:
            ValueError: the size is not the picture's, a label is out of range, or the kernels differ.
        """
        config = config or self._config
        if config.kernels != self._config.kernels:
            raise ValueError(f"The lattices were built for {self._config.kernels}, not {config.kernels}.")
        self._check_size(labels.shape)
        if labels.max() >= self._label_count:
            raise ValueError(
                f"The label map holds label {labels.max()}, but only 0 .. {self._label_count - 1} may appear."
            )
        if labels.min() == labels.max():
            # Mean field would return a single label unchanged.
            return labels.copy()
        height, width = self._small_size
        small = np.asarray(
            cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST_EXACT), np.uint8
        )
        unary = label_unary(small, self._label_count, config.gt_prob)
        return self._argmax(self._marginals(unary, config.iterations))

    def refine_probabilities(self, probabilities_lhw: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Sharpen the prediction of a segmentation network.

        Args:
            probabilities_lhw: float32 (L, H, W), summing to one over L = label_count.

        Returns:
            uint8 (H, W), values 0 .. label_count - 1.

        Raises:
            ValueError: the size is not the picture's, or L is not label_count.
        """
        self._check_size(probabilities_lhw.shape[1:])
        return self.refine_maps(probabilities_lhw)

    def refine_maps(self, probabilities_lhw: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Like `refine_probabilities`, for maps (L, h, w) of any size that span the picture."""
        return self._argmax(self.marginals(probabilities_lhw))

    def _unary(self, probabilities_lhw: NDArray[np.float32]) -> NDArray[np.float32]:
        if len(probabilities_lhw) != self._label_count:
            raise ValueError(f"There are {len(probabilities_lhw)} maps, but {self._label_count} labels.")
        height, width = self._small_size
        shrinks = probabilities_lhw.shape[1] > height or probabilities_lhw.shape[2] > width
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        small = np.stack(
            [cv2.resize(plane, (width, height), interpolation=method) for plane in probabilities_lhw]
        )
        unary = -np.log(small.reshape(self._label_count, -1).clip(_LEAST_PROBABILITY, 1.0))
        return np.ascontiguousarray(unary, dtype=np.float32)

    def marginals(self, probabilities_lhw: NDArray[np.float32]) -> NDArray[np.float32]:
        """Like `refine_maps`, but the probabilities of all labels, float32 (L, h, w), at the limited size."""
        return self._marginals(self._unary(probabilities_lhw), self._config.iterations)

    def _marginals(self, unary: NDArray[np.float32], iterations: int) -> NDArray[np.float32]:
        """Unary energies (L, h * w) -> marginal probabilities (L, h, w) at the limited size."""
        marginals = self._lattices.marginals(unary, iterations)
        return marginals.reshape(self._label_count, *self._small_size)

    def _argmax(self, marginals: NDArray[np.float32]) -> NDArray[np.uint8]:
        """The most probable label at the picture's size, uint8 (H, W)."""
        return strongest_map(marginals, self._size)

    def _check_size(self, size: tuple[int, ...]) -> None:
        if size != self._size:
            raise ValueError(
                f"The labelling is {' x '.join(map(str, size))} pixels, "
                f"but its picture is {self._size[0]} x {self._size[1]}."
            )
