from __future__ import annotations

from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from safetensors.torch import save_file

from trainer.config import BackboneConfig
from trainer.nn.encoders import EncoderError
from trainer.pretrained import hub
from trainer.pretrained.encoders import load_encoder


def test_the_offline_encoder_has_features_stages_and_imagenet_rows() -> None:
    encoder = load_encoder(BackboneConfig(name="lite0")).eval()
    images = torch.zeros(1, 3, 64, 48)
    with torch.inference_mode():
        assert encoder(images).shape == (1, encoder.channels, 4, 3)
        stages = encoder.stages(images)
    assert [tuple(stage.shape[1:]) for stage in stages] == [
        (width, 64 // stride, 48 // stride)
        for width, stride in zip(encoder.stage_widths, encoder.stage_strides, strict=True)
    ]
    assert len(stages) == 5
    assert encoder.imagenet_rows is not None
    assert encoder.imagenet_rows.shape == (1000, encoder.channels)


def test_the_imagenet_classifier_is_neither_trained_nor_stored() -> None:
    encoder = load_encoder(BackboneConfig(name="lite0"))
    assert not any("classifier" in name for name in encoder.state_dict())


def test_weights_that_cannot_be_had_are_answered_with_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unreachable(*_arguments: object, **_keywords: object) -> None:
        raise URLError("no internet")

    monkeypatch.setattr(hub, "urlopen", unreachable)
    monkeypatch.setenv("HF_HUB_CACHE", "nowhere")
    with pytest.raises(
        EncoderError, match=r"no internet.*download https://.*resnest269e.*--set backbone\.weights=FILE"
    ):
        load_encoder(BackboneConfig(name="resnest269"))


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_weights_come_from_a_named_file(tmp_path: Path, suffix: str) -> None:
    import timm

    torch.manual_seed(1)
    state = timm.create_model("resnet50", pretrained=False).state_dict()
    path = tmp_path / f"weights{suffix}"
    if suffix == ".pth":
        torch.save({"state_dict": state}, path)
    else:
        save_file(state, path)
    encoder = load_encoder(BackboneConfig(name="resnet50", weights=path))
    torch.testing.assert_close(encoder.network.conv1.weight, state["conv1.weight"])
    assert encoder.imagenet_rows is not None


@pytest.mark.parametrize("content", [None, b"rubbish"])
def test_a_missing_or_damaged_weights_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "weights.pth"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(EncoderError, match=r"weights\.pth"):
        load_encoder(BackboneConfig(name="resnet50", weights=path))


def test_random_weights_need_no_file() -> None:
    assert load_encoder(BackboneConfig(name="resnet50", pretrained=False)).imagenet_rows is None
