from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from trainer.cams.compute import compute_cams
from trainer.cams.config import CamConfig
from trainer.cams.trained import TrainedClassifier, load_classifier, save_classifier
from trainer.config import BackboneConfig, Recipe
from trainer.data.transforms import normalized_tensor
from trainer.machine.device import DeviceChoice
from trainer.nn.classifier import CamNetwork
from trainer.nn.encoders import build_encoder
from trainer.pretrained.encoders import load_encoder
from trainer.run.checkpoints import CheckpointError
from trainer.run.directory import RunDir

CLASSES = ("cat", "diningtable")
RECIPE = Recipe(name="test")


def model_path(run_dir: Path) -> Path:
    return RunDir(run_dir).model_path("classify")


@pytest.fixture
def network() -> CamNetwork:
    torch.manual_seed(0)
    return CamNetwork(load_encoder(BackboneConfig(name="lite0")), len(CLASSES)).eval()


@pytest.fixture
def classifier(network: CamNetwork, tmp_path: Path, exact_cpu: DeviceChoice) -> TrainedClassifier:
    save_classifier(model_path(tmp_path), network, RECIPE, CLASSES)
    return load_classifier(model_path(tmp_path), exact_cpu)


def test_a_loaded_classifier_sees_what_the_trained_one_saw(
    network: CamNetwork, classifier: TrainedClassifier
) -> None:
    images = normalized_tensor(np.full((32, 48, 3), 99, np.uint8), *classifier.mean_std)
    features = classifier.features(images)
    weights = classifier.class_weights(features, CLASSES)
    with torch.inference_mode():
        expected = network(images)
    maps = torch.einsum("kc,nchw->nkhw", weights, features)
    torch.testing.assert_close(maps, expected, rtol=1e-3, atol=1e-3)


def test_it_drops_into_the_place_of_the_zero_shot_classifier(classifier: TrainedClassifier) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (40, 50, 3), dtype=np.uint8)
    result = compute_cams(classifier, picture, ("dining table", "cat"), CamConfig(scales=(1.0,)))
    assert result.cams_khw.shape[0] == 2
    assert result.identity.startswith("trained/lite0-os16-")
    assert not result.weak_k.any()


def test_a_class_it_has_not_learned_is_weak_and_has_an_empty_map(classifier: TrainedClassifier) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (40, 50, 3), dtype=np.uint8)
    result = compute_cams(classifier, picture, ("unicorn",), CamConfig(scales=(1.0,), flip=False))
    assert result.weak_k.tolist() == [True]
    assert result.cams_khw.max() == 0.0


def test_no_classes_are_no_rows(classifier: TrainedClassifier) -> None:
    assert classifier.class_weights(torch.zeros(1, 1280, 1, 1), ()).shape == (0, 1280)


def test_other_weights_have_another_identity(
    network: CamNetwork, classifier: TrainedClassifier, tmp_path: Path
) -> None:
    with torch.no_grad():
        network.classifier.weight += 1
    save_classifier(model_path(tmp_path / "other"), network, RECIPE, CLASSES)
    assert load_classifier(model_path(tmp_path / "other"), "cpu").identity != classifier.identity


def test_normalisation_by_channel_is_that_of_training(tmp_path: Path, exact_cpu: DeviceChoice) -> None:
    """A ResNet was trained with a mean and a deviation for each channel."""
    torch.manual_seed(0)
    network = CamNetwork(build_encoder("resnet50"), 1).eval()
    recipe = Recipe(name="test", backbone=BackboneConfig(name="resnet50"))
    save_classifier(model_path(tmp_path), network, recipe, ("cat",))
    classifier = load_classifier(model_path(tmp_path), exact_cpu)
    picture = np.random.default_rng(0).integers(0, 255, (32, 32, 3), dtype=np.uint8)
    features = classifier.features(normalized_tensor(picture, *classifier.mean_std))
    spec = network.encoder.spec
    by_channel = (picture / 255.0 - np.array(spec.mean)) / np.array(spec.std)
    with torch.inference_mode():
        expected = network.encoder(torch.from_numpy(by_channel).float().permute(2, 0, 1)[None])
    torch.testing.assert_close(features, expected, rtol=1e-3, atol=1e-4)


def test_a_run_without_a_classifier_says_so(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="train it first"):
        load_classifier(model_path(tmp_path))


def test_a_damaged_classifier_is_named(classifier: TrainedClassifier, tmp_path: Path) -> None:
    path = model_path(tmp_path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match=r"classify\.safetensors is damaged"):
        load_classifier(model_path(tmp_path))


def test_maps_are_spread_as_asked(classifier: TrainedClassifier, tmp_path: Path) -> None:
    spread = load_classifier(model_path(tmp_path), "cpu", affinity_power=2.0)
    assert spread.affinity_power == 2.0
    # Cached maps of the other kind must not be taken for these.
    assert spread.identity == f"{classifier.identity}-spread2"


def test_it_says_how_it_sees_a_class(classifier: TrainedClassifier) -> None:
    assert "from the trained classifier" in classifier.describe("cat")
    assert "not learned “unicorn”" in classifier.describe("unicorn")
