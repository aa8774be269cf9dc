"""The pair loss of AffinityNet on the CPU: compiled loops over the pairs, with one thread per picture."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from torch import Tensor

from trainer.machine.compiled import compiled
from trainer.machine.device import available_cpu_count
from trainer.masks.pair_terms import EPSILON, PairTerms
from trainer.masks.pseudo_labels import VOID
from trainer.masks.stencil import Stencil


def pair_terms(edges_nhw: Tensor, labels_nhw: Tensor, stencil: Stencil) -> PairTerms:
    """Terms and gradient; see `trainer.masks.affinity.affinity_loss`."""
    edges = np.ascontiguousarray(edges_nhw.detach().numpy(), dtype=np.float32)
    labels = labels_nhw.to(torch.uint8).numpy()
    offsets = np.array(stencil.offsets, dtype=np.int64).reshape(-1, 2)
    cells = np.array([cell for path in stencil.paths for cell in path], dtype=np.int64).reshape(-1, 2)
    ends = np.cumsum([len(path) for path in stencil.paths], dtype=np.int64)
    gradient = np.zeros_like(edges)
    with ThreadPoolExecutor(min(len(edges), available_cpu_count())) as threads:
        counts = sum(threads.map(lambda one: _count_pairs(one, offsets), labels), np.zeros(3, np.int64))
        shares = (np.array([0.25, 0.25, 0.5]) / (counts + EPSILON)).astype(np.float32)
        # One thread per picture and sums in the order of the pictures: the result never depends on timing.
        parts = threads.map(
            lambda edge, label, slope: _add_pairs(edge, label, slope, shares, offsets, cells, ends),
            edges,
            labels,
            gradient,
        )
        sums = sum(parts, np.zeros(3))
    background, same, different = (sums / (counts + EPSILON)).tolist()
    return PairTerms(background, same, different, torch.from_numpy(gradient))


@compiled
def _count_pairs(labels: Any, offsets: Any) -> Any:
    """Pairs of background, of one class, of two labels."""
    height, width = labels.shape
    counts = np.zeros(3, dtype=np.int64)
    for o in range(offsets.shape[0]):
        dy, dx = offsets[o, 0], offsets[o, 1]
        for y in range(height - dy):
            for x in range(max(0, -dx), width - max(0, dx)):
                first, second = labels[y, x], labels[y + dy, x + dx]
                if first != VOID and second != VOID:
                    counts[2 if first != second else (1 if first > 0 else 0)] += 1
    return counts


@compiled
def _add_pairs(
    edges: Any, labels: Any, gradient: Any, shares: Any, offsets: Any, cells: Any, ends: Any
) -> Any:
    """Sums of the three terms of one picture; their slopes, times `shares`, are added to `gradient`."""
    height, width = labels.shape
    epsilon = np.float32(EPSILON)
    sums = np.zeros(3, dtype=np.float64)
    for o in range(offsets.shape[0]):
        dy, dx = offsets[o, 0], offsets[o, 1]
        begin = ends[o - 1] if o > 0 else 0
        for y in range(height - dy):
            for x in range(max(0, -dx), width - max(0, dx)):
                first, second = labels[y, x], labels[y + dy, x + dx]
                if first == VOID or second == VOID:
                    continue
                strongest, where = edges[y, x], begin
                at_y, at_x = y, x
                for cell in range(begin, ends[o]):
                    value = edges[y + cells[cell, 0], x + cells[cell, 1]]
                    if value > strongest:
                        strongest, where = value, cell
                        at_y, at_x = y + cells[where, 0], x + cells[where, 1]
                if first != second:
                    sums[2] -= np.log(strongest + epsilon)
                    gradient[at_y, at_x] -= shares[2] / (strongest + epsilon)
                else:
                    term = 1 if first > 0 else 0
                    affinity = np.float32(1.0) - strongest
                    sums[term] -= np.log(affinity + epsilon)
                    gradient[at_y, at_x] += shares[term] / (affinity + epsilon)
    return sums
