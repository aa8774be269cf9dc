"""ICD: axes, signs, superpixels and sides, against what they must be on tiny arrays."""

from __future__ import annotations

import math

import pytest
import torch

from trainer.classify_config import ClassifyConfig, IcdConfig
from trainer.nn import icd
from trainer.nn.encoders import build_encoder
from trainer.nn.icd import IcdNetwork
from trainer.training.icd_directions import first_axis


def test_the_first_axis_is_where_gradient_ascent_ends() -> None:
    generator = torch.Generator().manual_seed(0)
    stretched = torch.diag(torch.tensor([1.0, 1.0, 3.0, 1.0, 1.0]))
    turned = torch.linalg.qr(torch.randn(5, 5, generator=generator))[0]
    cells = torch.randn(2000, 5, generator=generator) @ stretched @ turned
    vector = torch.randn(5, generator=generator, requires_grad=True)
    for _ in range(200):
        energy = (cells @ (vector / vector.norm())).square().mean()
        (gradient,) = torch.autograd.grad(energy, vector)
        vector = (vector + 0.25 * gradient).detach().requires_grad_()
    axis = torch.from_numpy(first_axis((cells.T @ cells / len(cells)).double().numpy())).float()
    assert abs(float(axis @ (vector / vector.norm()).detach())) > 0.999
    assert float(axis.norm()) == pytest.approx(1.0, abs=1e-5)


def test_the_positive_side_is_where_cams_are_high_whatever_sign_the_axis_had() -> None:
    scores, cams = torch.tensor([-1.0, -2.0, 1.0, 1.0]), torch.tensor([1.0, 1.0, 0.0, 0.0])
    axis = torch.tensor([1.0, 2.0])
    assert torch.equal(icd.towards_cams(axis, scores, cams), -axis)
    assert torch.equal(icd.towards_cams(-axis, -scores, cams), -axis)


def test_scores_are_averaged_over_each_superpixel_of_each_picture() -> None:
    scores = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    pieces = torch.randint(0, 4, (2, 4, 5), generator=torch.Generator().manual_seed(1)).to(torch.uint8)
    means = icd.piece_means(scores, pieces)
    for picture in range(2):
        for kind in range(3):
            for number in range(4):
                inside = pieces[picture] == number
                expected = scores[picture, kind][inside].mean().expand(int(inside.sum()))
                torch.testing.assert_close(means[picture, kind][inside], expected)


def test_sides_are_sure_only_for_tagged_classes_inside_the_picture_where_scores_are_large() -> None:
    bottom_up = torch.tensor([[[[1.0, -1.0, 0.1, 50.0]], [[1.0, -1.0, 0.1, 50.0]]]])
    pieces = torch.tensor([[[0, 1, 2, 255]]], dtype=torch.uint8)
    targets, sure = icd.sides(bottom_up, pieces, torch.tensor([[1.0, 0.0]]), 0.2)
    assert sure[0, 0].flatten().tolist() == [True, True, False, False]
    assert not sure[0, 1].any()
    assert targets[0, 0].flatten().tolist()[:2] == [1.0, 0.0]
    top_down = torch.zeros(1, 2, 1, 4)
    assert float(icd.intra_class_loss(top_down, targets, sure)) == pytest.approx(math.log(2))


def test_without_directions_nothing_is_sure_and_nothing_is_lost() -> None:
    targets, sure = icd.sides(
        torch.zeros(1, 2, 2, 2), torch.zeros(1, 2, 2, dtype=torch.uint8), torch.ones(1, 2), 0.2
    )
    assert float(icd.intra_class_loss(torch.randn(1, 2, 2, 2), targets, sure)) == 0.0


def test_the_weight_rises_to_one_over_the_warm_up() -> None:
    assert icd.warmed_up(0.0, 0.1) == pytest.approx(math.exp(-10))
    assert icd.warmed_up(0.05, 0.1) == pytest.approx(math.exp(-5))
    assert icd.warmed_up(0.5, 0.1) == icd.warmed_up(0.0, 0.0) == 1.0


@pytest.fixture(scope="module")
def network() -> IcdNetwork:
    torch.manual_seed(0)
    config = ClassifyConfig(method="icd", icd=IcdConfig(width=8), batch_statistics="frozen")
    made = IcdNetwork(build_encoder("lite0"), 3, config).eval()
    made.directions.copy_(torch.nn.functional.normalize(torch.randn(3, made.encoder.channels), dim=1))
    return made


def test_directions_give_the_backbone_no_gradient(network: IcdNetwork) -> None:
    bottom_up = network.branches(torch.rand(1, 3, 32, 32))[2]
    assert bottom_up.abs().sum() > 0
    assert not bottom_up.requires_grad


def test_a_cell_on_the_side_of_two_classes_belongs_to_that_with_the_highest_cam_times_score(
    network: IcdNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = torch.tensor([[[[2.0, -1.0]], [[1.0, 3.0]], [[0.0, 0.0]]]])
    cams = torch.tensor([[[[1.0, 5.0]], [[4.0, 1.0]], [[0.0, 0.0]]]])
    monkeypatch.setattr(network, "top_down_scores", lambda _features: scores)
    monkeypatch.setattr(network.classifier, "forward", lambda _features: cams)
    maps = network.map_weights([0, 1])(torch.zeros(1, network.encoder.channels, 1, 2))
    assert float(maps[0, 0, 0, 0]) == 0.5  # the second class has 4 x 1 there, the first only 1 x 2
    torch.testing.assert_close(maps[0, 1], torch.tensor([[1.0, 3.0]]).sigmoid())
    torch.testing.assert_close(maps[0, 0, 0, 1], torch.tensor(-1.0).sigmoid())


def test_a_class_without_a_direction_has_an_empty_map(network: IcdNetwork) -> None:
    with torch.no_grad():
        before = network.directions[2].clone()
        network.directions[2] = 0.0
        features = torch.rand(1, network.encoder.channels, 2, 2)
        maps = network.map_weights([2, None, 0])(features)
        network.directions[2] = before
    assert maps[0, :2].abs().sum() == 0
    assert maps[0, 2].min() > 0
