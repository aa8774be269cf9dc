"""LayerCAM, EigenCAM and gradient saliency against slow arithmetic on tiny networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from trainer.cams.classifier import Activations
from trainer.cams.config import CamConfig
from trainer.cams.explanations import eigencam, explain, layercam, saliency
from trainer.cams.trained import TrainedClassifier
from trainer.cams.views import PictureViews
from trainer.classify_config import ClassifyConfig, ClassifyMethod
from trainer.machine.device import DeviceChoice
from trainer.nn.encoders import build_encoder
from trainer.nn.methods import build_classifier

CONFIG = CamConfig(max_side=64)


class Linear:
    """Scores are linear in the pixels: row k of the weights (K, 3), averaged over the padded picture."""

    identity = "linear"
    output_stride = 16
    mean_std = (0.5, 0.5)
    affinity_power = 0.0
    weights = torch.tensor([[1.0, -3.0, 2.0], [0.5, 0.25, 0.0]])

    def features(self, images: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(images, 16)

    def class_weights(self, features: Tensor, class_names: Sequence[str]) -> Tensor:
        return self.weights[: len(class_names)]

    def activations(self, images: Tensor, class_names: Sequence[str]) -> Activations:
        features = self.features(images)
        maps = torch.einsum("kc,nchw->nkhw", self.class_weights(features, class_names), features)
        return Activations([images, images, images * 2, features, features], features, maps)

    def is_weak(self, class_name: str) -> bool:
        return False

    def describe(self, class_name: str) -> str:
        return class_name


def picture(height: int = 40, width: int = 60) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_the_gradient_of_a_linear_model_is_its_largest_weight_for_every_picture() -> None:
    found = explain(Linear(), picture(), ["first", "second"], CONFIG)
    assert found is not None
    padded = 64 * 64  # pixels over which the score is averaged
    assert found.gradient_thw.shape == (2, 40, 60)  # without the padding
    np.testing.assert_allclose(found.gradient_thw[0], 3.0 / padded, rtol=1e-4)
    np.testing.assert_allclose(found.gradient_thw[1], 0.5 / padded, rtol=1e-4)


def test_saliency_is_the_largest_of_the_colours() -> None:
    gradient = torch.tensor([[[[1.0, -5.0]], [[-2.0, 0.0]], [[0.5, 3.0]]]])
    assert saliency(gradient).tolist() == [[[2.0, 5.0]]]


def test_layercam_of_an_inner_layer_agrees_with_finite_differences() -> None:
    torch.manual_seed(0)
    inner = nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.Tanh()).double()
    outer = nn.Sequential(nn.Conv2d(3, 2, 3, padding=1), nn.Tanh(), nn.Conv2d(2, 1, 1)).double()
    features = inner(torch.randn(1, 2, 4, 5, dtype=torch.float64)).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(outer(features).mean(), features)
    expected = np.zeros((4, 5))
    step = 1e-6
    with torch.no_grad():
        for channel, row, column in np.ndindex(3, 4, 5):
            moved = features.clone()
            moved[0, channel, row, column] += step
            slope = float(outer(moved).mean() - outer(features).mean()) / step
            expected[row, column] += max(slope, 0.0) * float(features[0, channel, row, column])
        expected = expected.clip(0)
        np.testing.assert_allclose(layercam(features, gradient)[0].numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(3, 4, 5), (30, 4, 5)], ids=["fewer channels", "fewer cells"])
def test_eigencam_is_the_projection_on_the_first_singular_vector(shape: tuple[int, int, int]) -> None:
    features = np.random.default_rng(0).normal(size=shape) + 0.3
    cells = features.reshape(shape[0], -1).T  # cells x channels
    left, values, _ = np.linalg.svd(cells, full_matrices=False)
    expected = left[:, 0] * values[0]
    expected = (expected * (1 if expected.sum() > 0 else -1)).clip(0).reshape(shape[1:])
    for sign in (1, -1):
        found = eigencam(torch.from_numpy(sign * features)[None])[0].numpy()
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_behind_pooling_and_a_linear_head_other_gradient_maps_are_the_cam() -> None:
    """Why the Lab does not offer Grad-CAM, HiResCAM and XGrad-CAM; LayerCAM keeps positive weights only."""
    generator = torch.Generator().manual_seed(0)
    features = torch.rand(1, 6, 4, 5, generator=generator).requires_grad_()
    weights = torch.randn(6, generator=generator)
    (gradient,) = torch.autograd.grad((weights @ features.mean(dim=(2, 3))[0]), features)
    cam = torch.einsum("c,nchw->nhw", weights, features) / 20
    grad_cam = (gradient.mean(dim=(2, 3), keepdim=True) * features).sum(dim=1)
    hires_cam = (gradient * features).sum(dim=1)
    share = (gradient * features).sum(dim=(2, 3), keepdim=True) / features.sum(dim=(2, 3), keepdim=True)
    xgrad_cam = (share * features).sum(dim=1)
    for other in (grad_cam, hires_cam, xgrad_cam):
        torch.testing.assert_close(other, cam)
    positive = torch.einsum("c,nchw->nhw", weights.relu(), features) / 20
    torch.testing.assert_close(layercam(features, gradient), positive)


@pytest.mark.parametrize("method", get_args(ClassifyMethod))
def test_a_trained_network_explains_its_classes_on_the_grid_of_its_cams(
    exact_cpu: DeviceChoice, method: ClassifyMethod
) -> None:
    torch.manual_seed(0)
    network = build_classifier(build_encoder("lite0"), 2, ClassifyConfig(method=method)).eval()
    classifier = TrainedClassifier(network, ["cat", "dog"], exact_cpu, "x")
    found = explain(classifier, picture(), ["dog", "unknown"], CONFIG)
    assert found is not None
    views = PictureViews(classifier, picture(), CONFIG.model_copy(update={"flip": False}))
    if method in {"plain", "puzzle"}:
        features = views.features(1.0)
        maps = views.maps(features, classifier.class_weights(features, ["dog", "unknown"]), 1.0)
        np.testing.assert_allclose(found.cam_thw, maps.relu().numpy(), atol=1e-5)
    assert found.stages_sthw.shape == (2, *found.cam_thw.shape)
    assert found.eigencam_hw.shape == found.cam_thw.shape[1:]
    assert found.gradient_thw[0].max() > 0
    assert not found.gradient_thw[1].any()  # nothing leads to a class that was not learned
    assert not found.layercam_thw[1].any()


def test_a_classifier_without_gradients_explains_nothing() -> None:
    class Closed(Linear):
        activations = None  # type: ignore[assignment]

    assert explain(Closed(), picture(), ["first"], CONFIG) is None
    with pytest.raises(ValueError, match="without tags"):
        explain(Linear(), picture(), [], CONFIG)
