"""The arithmetic of the 2021 reference, written plainly: what benchmarks time and parity tests compare with.

Slow on purpose, and independent of the fast paths: nothing is imported from them.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def dense_transition(
    edges_hw: Floats, radius: int = 5, beta: float = 10.0, dtype: type[np.floating] = np.float64
) -> Floats:
    """Return the transition matrix (h w, h w). Its columns sum to one; row vectors are multiplied by it."""
    height, width = edges_hw.shape
    cells = height * width
    affinity = np.eye(cells, dtype=dtype)
    index = np.arange(cells).reshape(height, width)
    for dy in range(1 - radius, radius):
        for dx in range(1 - radius, radius):
            length = math.hypot(dy, dx)
            if length == 0 or length >= radius or abs(dy) >= height or abs(dx) >= width:
                continue
            path = [
                (y, x)
                for y in range(min(0, dy), max(0, dy) + 1)
                for x in range(min(0, dx), max(0, dx) + 1)
                if abs(dy * x - dx * y) / length < 1
            ]
            starts_y, starts_x = np.mgrid[max(0, -dy) : height - max(0, dy), max(0, -dx) : width - max(0, dx)]
            strongest = np.max([edges_hw[starts_y + y, starts_x + x] for y, x in path], axis=0)
            source, target = index[starts_y, starts_x], index[starts_y + dy, starts_x + dx]
            affinity[source, target] = 1 - strongest
    powered = affinity**beta
    transition: Floats = powered / powered.sum(axis=0, keepdims=True)
    return transition


def dense_random_walk(
    seeds_khw: Floats,
    edges_hw: Floats,
    *,
    radius: int = 5,
    beta: float = 10.0,
    log2_steps: int = 8,
    dtype: type[np.floating] = np.float64,
) -> Floats:
    """Return (seeds (1 - edge)) T ^ (2 ^ log2_steps), by squaring the whole matrix; (K, h, w) in `dtype`."""
    transition = dense_transition(edges_hw.astype(dtype), radius, beta, dtype)
    for _ in range(log2_steps):
        transition = transition @ transition
    masked = (seeds_khw * (1 - edges_hw)).astype(dtype)
    walked: Floats = (masked.reshape(len(masked), -1) @ transition).reshape(masked.shape)
    return walked


def pair_loss(edges_hw: Floats, labels_hw: NDArray[np.uint8], radius: int = 10) -> tuple[float, float, float]:
    """Return AffinityNet's loss terms (background, object, different) of one picture, pair by pair."""
    height, width = edges_hw.shape
    terms: dict[str, list[float]] = {"background": [], "object": [], "different": []}
    for y, x, to_y, to_x in np.ndindex(height, width, height, width):
        dy, dx = to_y - y, to_x - x
        is_second_half = (dy, dx) <= (0, 0)
        if is_second_half or math.hypot(dy, dx) >= radius or 255 in (labels_hw[y, x], labels_hw[to_y, to_x]):
            continue
        affinity = 1 - max(
            float(edges_hw[a, b])
            for a in range(min(y, to_y), max(y, to_y) + 1)
            for b in range(min(x, to_x), max(x, to_x) + 1)
            if abs(dy * (b - x) - dx * (a - y)) / math.hypot(dy, dx) < 1
        )
        if labels_hw[y, x] != labels_hw[to_y, to_x]:
            terms["different"].append(-math.log(1 + 1e-5 - affinity))
        else:
            kind = "object" if labels_hw[y, x] else "background"
            terms[kind].append(-math.log(affinity + 1e-5))
    means = [sum(values) / (len(values) + 1e-5) for values in terms.values()]
    return means[0], means[1], means[2]


def plain_label_crf(
    image_rgb: NDArray[np.uint8], labels: NDArray[np.uint8], label_count: int, iterations: int
) -> NDArray[np.uint8]:
    """Run a dense CRF built for one labelling, with the usual constants for CAM pseudo-labels."""
    import pydensecrf.densecrf as densecrf
    from pydensecrf.utils import unary_from_labels

    height, width = labels.shape
    crf = densecrf.DenseCRF2D(width, height, label_count)
    crf.setUnaryEnergy(unary_from_labels(labels, label_count, gt_prob=0.7, zero_unsure=False))
    crf.addPairwiseGaussian(sxy=3, compat=3)
    crf.addPairwiseBilateral(sxy=50, srgb=5, rgbim=np.ascontiguousarray(image_rgb), compat=10)
    marginals = np.array(crf.inference(iterations))
    return np.asarray(marginals.argmax(axis=0).reshape(height, width), dtype=np.uint8)


def brute_force_sweep(
    truth: NDArray[np.uint8],
    maps_khw: NDArray[np.float32],
    class_indices: tuple[int, ...],
    thresholds: tuple[float, ...],
    class_count: int,
) -> NDArray[np.int64]:
    """Threshold, take the argmax and count by class, for every threshold.

    Returns:
        int64 (T, 3, C): true positives, predicted and true pixels of each class.
    """
    table = np.array([0, *class_indices])
    known = truth < 255
    counts = np.zeros((len(thresholds), 3, class_count), dtype=np.int64)
    for row, threshold in enumerate(thresholds):
        stacked = np.pad(maps_khw, ((1, 0), (0, 0), (0, 0)), constant_values=threshold)
        prediction = table[np.argmax(stacked, axis=0)]
        right = (prediction == truth) & known
        for index in range(class_count):
            counts[row, 0, index] = np.sum((truth == index) & right)
            counts[row, 1, index] = np.sum((prediction == index) & known)
            counts[row, 2, index] = np.sum((truth == index) & known)
    return counts
