"""The loss of the displacement field, against sums over all pairs written out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from trainer.masks.displacement import displacement_loss

RADIUS = 4


def written_out(field: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Means over pairs of one object, and over pairs of background, of |D(i) - D(j) - target|."""
    cells = list(np.ndindex(*labels.shape))
    of_object, of_background = [], []
    for first in cells:
        for second in cells:
            offset = np.subtract(second, first)
            if first >= second or offset @ offset >= RADIUS**2 or labels[first] != labels[second]:
                continue
            apart = field[:, *first] - field[:, *second]
            if labels[first] == 0:
                of_background.append(np.abs(apart).mean())
            elif labels[first] != 255:
                of_object.append(np.abs(apart - offset).mean())
    return float(np.mean(of_object)), float(np.mean(of_background))


def labels_of_two_classes() -> np.ndarray:
    labels = np.zeros((7, 9), np.uint8)
    labels[1:5, 1:4] = 200  # classes are not VOC's twenty
    labels[2:6, 5:8] = 3
    labels[0, :] = 255
    return labels


def test_both_terms_are_means_over_pairs_and_the_gradient_is_theirs() -> None:
    labels = labels_of_two_classes()
    field = torch.from_numpy(np.random.default_rng(0).normal(0, 3, (1, 2, 7, 9))).float().requires_grad_()
    terms = displacement_loss(field, torch.from_numpy(labels)[None], RADIUS)
    of_object, of_background = written_out(field[0].detach().numpy(), labels)
    assert float(terms["field_object"]) == pytest.approx(of_object, rel=1e-4)
    assert float(terms["field_background"]) == pytest.approx(of_background, rel=1e-4)
    assert float(terms["loss"].detach()) == pytest.approx(0.5 * (of_object + of_background), rel=1e-4)
    terms["loss"].backward()
    step, direction = 1e-2, torch.zeros_like(field)
    direction[0, 1, 3, 2] = direction[0, 0, 6, 0] = 1.0
    ahead, behind = (
        float(
            displacement_loss(
                field.detach() + sign * step * direction, torch.from_numpy(labels)[None], RADIUS
            )["loss"]
        )
        for sign in (1, -1)
    )
    assert float((field.grad * direction).sum()) == pytest.approx((ahead - behind) / (2 * step), abs=2e-3)


def pointing(labels: np.ndarray, centres: dict[int, tuple[float, float]]) -> np.ndarray:
    """The field that points from every cell of a class to its centre, and nowhere in background."""
    rows, columns = np.mgrid[: labels.shape[0], : labels.shape[1]]
    field = np.zeros((2, *labels.shape), np.float32)
    for index, (y, x) in centres.items():
        inside = labels == index
        field[0][inside], field[1][inside] = (y - rows)[inside], (x - columns)[inside]
    return field


def test_a_perfect_field_costs_nothing_and_a_constant_cannot_be_seen() -> None:
    labels = labels_of_two_classes()
    field = torch.from_numpy(pointing(labels, {200: (2.5, 2), 3: (4, 6)}))[None]
    batch = torch.from_numpy(labels)[None]
    assert float(displacement_loss(field, batch, RADIUS)["loss"]) == 0.0
    assert float(displacement_loss(field + 7, batch, RADIUS)["loss"]) == pytest.approx(0.0, abs=1e-5)
    rough = field + torch.randn(field.shape, generator=torch.Generator().manual_seed(0))
    alone, moved = (float(displacement_loss(one, batch, RADIUS)["loss"]) for one in (rough, rough + 7))
    assert moved == pytest.approx(alone, rel=1e-4)


def test_background_that_points_somewhere_is_pulled_back() -> None:
    labels = torch.zeros((1, 4, 5), dtype=torch.uint8)
    field = torch.zeros((1, 2, 4, 5))
    field[0, 0, 2, 2] = 3.0
    field.requires_grad_()
    terms = displacement_loss(field, labels, RADIUS)
    terms["loss"].backward()
    assert float(terms["field_object"]) == 0.0
    assert field.grad is not None
    assert float(field.grad[0, 0, 2, 2]) > 0


def test_a_batch_without_known_pairs_costs_nothing() -> None:
    labels = torch.full((2, 4, 5), 255, dtype=torch.uint8)
    assert float(displacement_loss(torch.randn(2, 2, 4, 5), labels)["loss"]) == 0.0
