"""The live model: sums over accepted masks, and the weights that follow from them in closed form.

Every (picture, class) pair is one binary problem over the picture's cells: is a cell of the class (+1) or not
(-1)? Its regressors are z = [g | x]: g is class-agnostic (`trainer.live.design`), x are the frozen features
and a constant. With the prior's score p = `PRIOR_SLOPE` * log(map / threshold) as an offset, two ridge
regressions follow each other:

    w   = argmin  sum over all pairs     |y - p - z w|^2 + penalty(w)        what all classes have in common
    w_c = argmin  sum over pairs of c    |y - p - z w - x w_c|^2 + penalty   what is special about class c

Cells are weighted so that each pair counts the same, however large the object or picture is. Both minima
need only the sums of z z^T and z y, so that adding a mask adds, and taking it back subtracts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.live.design import CLASS_AGNOSTIC, PRIOR_COLUMN, class_agnostic, log_score
from trainer.live.evidence import PictureEvidence
from trainer.live.features import CellFeatures
from trainer.live.grid import cell_means, spread_to_grid
from trainer.live.trust import Trust, caution
from trainer.run.map_storage import Maps

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

PRIOR_SLOPE = 0.3
"""The prior's log score times this is its guess of y in [-1, 1]."""

BALANCE = 0.7
"""Cells of a pair weigh n^-balance, n being the number of cells with or without the class: at 1 both sides
have equal weight, at 0 every cell has."""

AGNOSTIC_PENALTY = 1.0
SHARED_PENALTY = 3.0
CLASS_PENALTY = 3.0
"""Penalties in pairs: as if so many pairs said that a weight is 0. Chosen on VOC *train* pictures
(docs/research-log.md)."""


SHARPNESS = 4.0
"""The logit of a map is that of the threshold plus this times the score."""


@dataclass(frozen=True, eq=False)
class PairSums:
    """Sums over (picture, class) pairs. Immutable: sums are added and subtracted as new objects.

    Attributes:
        pairs: how many pairs.
        zz: float64 (d, d), sum of z z^T.
        zr: float64 (d,), sum of z (y - p).
    """

    pairs: int
    zz: Matrix
    zr: Vector

    def __add__(self, other: PairSums) -> PairSums:
        return PairSums(self.pairs + other.pairs, self.zz + other.zz, self.zr + other.zr)

    def __sub__(self, other: PairSums) -> PairSums:
        return PairSums(self.pairs - other.pairs, self.zz - other.zz, self.zr - other.zr)


class LiveModel:
    """Sums over accepted masks, by class. It has the same size for ten masks and for a million.

    The order in which masks are added and subtracted changes the sums only by rounding. Not thread-safe.
    """

    def __init__(self, background_threshold: float) -> None:
        """An empty model.

        Args:
            background_threshold: that of the prior's maps, in (0, 1).
        """
        self.background_threshold = background_threshold
        self._by_class: dict[int, PairSums] = {}
        self._masks = 0

    @property
    def masks(self) -> int:
        """Accepted masks that it has learned from."""
        return self._masks

    def masks_of(self, class_index: int) -> int:
        """Accepted masks that show the class."""
        return self._by_class[class_index].pairs if class_index in self._by_class else 0

    @property
    def class_indices(self) -> tuple[int, ...]:
        """The classes that accepted masks show, ascending."""
        return tuple(sorted(self._by_class))

    def add(self, evidence: PictureEvidence) -> None:
        """Learn from an accepted mask."""
        for index, sums in pair_sums(evidence, self.background_threshold).items():
            known = self._by_class.get(index)
            self._by_class[index] = sums if known is None else known + sums
        self._masks += 1

    def subtract(self, evidence: PictureEvidence) -> None:
        """Forget a mask that was added before.

        Raises:
            ValueError: the model has no mask of one of its classes.
        """
        self._take(pair_sums(evidence, self.background_threshold))

    def _copy(self) -> LiveModel:
        other = LiveModel(self.background_threshold)
        other._by_class = dict(self._by_class)
        other._masks = self._masks
        return other

    def _take(self, taken: Mapping[int, PairSums]) -> None:
        unknown = sorted(set(taken) - set(self._by_class))
        if unknown or not self._masks:
            raise ValueError(f"The model has learned no mask of the classes {unknown}.")
        for index, sums in taken.items():
            left = self._by_class[index] - sums
            if left.pairs:
                self._by_class[index] = left
            else:
                del self._by_class[index]  # without the rounding error of a subtraction
        self._masks -= 1

    def sums_of(self, class_index: int) -> PairSums:
        """The sums of a class that accepted masks show."""
        return self._by_class[class_index]

    def without(self, taken: Mapping[int, PairSums]) -> LiveModel:
        """The model as if a mask that was added before had never been accepted.

        Args:
            taken: what `pair_sums` returns for that mask.
        """
        other = self._copy()
        other._take(taken)
        return other

    def without_class(self, class_index: int) -> LiveModel:
        """The model as if no mask had shown a class."""
        other = self._copy()
        other._by_class.pop(class_index, None)
        return other

    def fit(self, trust: Trust | None = None) -> Knowledge:
        """The weights that follow from the sums.

        Args:
            trust: how far they are believed (`trainer.live.leave_one_out`); as untested ones when None.
        """
        return Knowledge(self._masks, self.background_threshold, self._by_class, trust or Trust())

    def to_arrays(self) -> dict[str, NDArray[np.float64]]:
        """The sums by name, for a file; `from_arrays` reads them."""
        arrays = {"masks": np.array([self._masks, self.background_threshold])}
        for index, sums in self._by_class.items():
            arrays |= {
                f"{index}.zz": sums.zz,
                f"{index}.zr": sums.zr,
                f"{index}.pairs": np.array([sums.pairs]),
            }
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.float64]]) -> LiveModel:
        """A model with the sums that `to_arrays` returned.

        Raises:
            ValueError: an array is missing or has another shape.
        """
        try:
            model = cls(float(arrays["masks"][1]))
            model._masks = int(arrays["masks"][0])
            for index in {int(name.partition(".")[0]) for name in arrays if name != "masks"}:
                zz, zr = arrays[f"{index}.zz"], arrays[f"{index}.zr"]
                if zz.shape != (len(zr), len(zr)):
                    raise ValueError(f"the sums of class {index} have the shape {zz.shape}")
                model._by_class[index] = PairSums(int(arrays[f"{index}.pairs"][0]), zz, zr)
        except (KeyError, IndexError) as error:
            raise ValueError(f"The sums of a live model lack {error}.") from error
        return model


class Knowledge:
    """What a model knew when it was fitted: immutable, and safe to use from several threads.

    Attributes:
        masks: accepted masks behind it.
        trust: how far what was learned is believed.
        shared_weights: float64 (d,), what all classes have in common; empty without a mask.
        identity: short hash of sums and trust; equal ones make equal maps from equal features and priors.
    """

    def __init__(
        self,
        masks: int,
        background_threshold: float,
        by_class: Mapping[int, PairSums],
        trust: Trust,
    ) -> None:
        """See `LiveModel.fit`, which makes it."""
        self.masks = masks
        self.trust = trust
        self._threshold = background_threshold
        self._by_class = dict(by_class)
        self._weights: dict[int, Vector] = {}
        self.shared_weights = _shared_weights(list(self._by_class.values()))
        digest = hashlib.sha256(f"{masks} {sorted(trust.by_class.items())} {trust.unseen}".encode())
        for index, sums in sorted(self._by_class.items()):
            digest.update(f"{index} {sums.pairs}".encode() + np.round(sums.zr, 6).tobytes())
        self.identity = digest.hexdigest()[:12]

    @property
    def class_indices(self) -> tuple[int, ...]:
        """The classes it has learned, ascending."""
        return tuple(sorted(self._by_class))

    def maps(self, features: CellFeatures, cams_khw: Maps, class_indices: Sequence[int]) -> Maps:
        """Maps that combine the prior with what was learned.

        A class without an accepted mask keeps its map until leaving out whole classes has shown that what all
        classes have in common helps (`Trust.unseen`). If nothing was learned for any class, the maps are
        returned as they are.

        Args:
            features: of the picture.
            cams_khw: float32 (K, h, w) in [0, 1], the prior's maps, which span the picture.
            class_indices: mask index of each of the K classes.

        Returns:
            float32 (K, h, w) in [0, 1]; the threshold is still the prior's.
        """
        if not any(self.trust_in(index) > 0 for index in class_indices):
            return cams_khw
        size = features.limited_size
        learned = self.learned(features, cell_means(cams_khw, size), class_indices)
        rows, columns, _ = features.values_hwd.shape
        cells = learned.astype(np.float32).reshape(rows, columns, len(class_indices))
        scores = PRIOR_SLOPE * log_score(cams_khw, self._threshold)
        scores += spread_to_grid(cells, size, (cams_khw.shape[1], cams_khw.shape[2]))
        odds = np.exp(np.float32(SHARPNESS) * scores) * np.float32(self._threshold / (1 - self._threshold))
        maps: Maps = odds / (1 + odds)
        return maps

    def learned(
        self, features: CellFeatures, prior_nk: NDArray[np.float32], class_indices: Sequence[int]
    ) -> NDArray[np.float32]:
        """What is added to the prior's score at the n cells: float32 (n, K)."""
        learned = np.zeros(prior_nk.shape, dtype=np.float32)
        regressors = class_agnostic(features, prior_nk, self._threshold)
        appearance = _appearance(features)
        for position, index in enumerate(class_indices):
            trust = self.trust_in(index)
            if trust > 0:
                weights = self.weights(index)
                score = (
                    regressors[position] @ weights[:CLASS_AGNOSTIC] + appearance @ weights[CLASS_AGNOSTIC:]
                )
                learned[:, position] = trust * self._cautious(score, index)
        return learned

    def _cautious(self, score: Vector, class_index: int) -> Vector:
        """A learned score float64 (n,), with less of what speaks against a class that few masks show."""
        if class_index not in self._by_class:
            return score
        return np.where(score < 0, caution(self._by_class[class_index].pairs) * score, score)

    def trust_in(self, class_index: int) -> float:
        """The factor in [0, 1] of what was learned about a class; 0 without a mask."""
        if not self._by_class:
            return 0.0
        return self.trust.of(class_index, self.masks, is_known=class_index in self._by_class)

    def weights(self, class_index: int) -> Vector:
        """Weights of a class, float64 (d,): the shared ones, plus its own if masks show it; computed once."""
        if class_index not in self._by_class:
            return self.shared_weights
        if class_index not in self._weights:
            weights = self.shared_weights.copy()
            weights[CLASS_AGNOSTIC:] += _class_weights(self._by_class[class_index], self.shared_weights)
            self._weights[class_index] = weights
        return self._weights[class_index]


def pair_sums(evidence: PictureEvidence, background_threshold: float) -> dict[int, PairSums]:
    """What a mask adds to the sums of each of its classes; a tag without a pixel in the mask adds nothing."""
    prior = evidence.prior_nk.astype(np.float32)
    regressors = class_agnostic(evidence.features, prior, background_threshold)
    appearance = _appearance(evidence.features)
    known = evidence.known_n.astype(np.float64)
    sums = {}
    for position, index in enumerate(evidence.class_indices):
        inside = np.minimum(evidence.shares_nk[:, position].astype(np.float64), known)
        if not inside.any():
            continue
        positive, negative = _balanced(inside, known - inside)
        z = np.concatenate([regressors[position], appearance], axis=1).astype(np.float64)
        offset = PRIOR_SLOPE * z[:, PRIOR_COLUMN]
        weights = positive + negative
        residual = positive - negative - weights * offset
        sums[index] = PairSums(1, z.T @ (z * weights[:, None]), z.T @ residual)
    return sums


def _balanced(inside: Vector, outside: Vector) -> tuple[Vector, Vector]:
    """Weights of the cells as members and as non-members; all together they sum to 1."""
    positive = inside * inside.sum() ** -BALANCE
    negative = outside * outside.sum() ** -BALANCE if outside.any() else outside
    total = positive.sum() + negative.sum()
    return positive / total, negative / total


def _shared_weights(sums: Sequence[PairSums]) -> Vector:
    if not sums:
        return np.zeros(0)
    total = sum(sums[1:], start=sums[0])
    scale = np.diag(total.zz) / total.pairs
    penalty = AGNOSTIC_PENALTY * scale
    penalty[CLASS_AGNOSTIC:] = SHARED_PENALTY * scale[CLASS_AGNOSTIC:].mean()
    return np.asarray(np.linalg.solve(total.zz + np.diag(penalty + _TINY), total.zr))


def _class_weights(sums: PairSums, shared: Vector) -> Vector:
    own = slice(CLASS_AGNOSTIC, None)
    residual = sums.zr[own] - sums.zz[own] @ shared
    scale = np.diag(sums.zz)[own].mean() / sums.pairs
    system = sums.zz[own, own] + CLASS_PENALTY * scale * np.eye(len(residual))
    return np.asarray(np.linalg.solve(system, residual))


def _appearance(features: CellFeatures) -> NDArray[np.float32]:
    """x of every cell: its features and a constant, float32 (n, D + 1)."""
    values = features.values_hwd.reshape(-1, features.values_hwd.shape[2]).astype(np.float32)
    return np.concatenate([values, np.ones((len(values), 1), dtype=np.float32)], axis=1)


_TINY = 1e-9
