from __future__ import annotations

import pytest
import torch

from trainer.nn.encoders import ENCODERS, EncoderError, build_encoder, weights_hash


def test_backbones_of_the_paper_are_known() -> None:
    assert {
        "lite0",
        "lite2",
        "resnet50",
        "resnet101",
        "resnest50",
        "resnest101",
        "resnest200",
        "resnest269",
    } == set(ENCODERS)


@pytest.mark.parametrize("name", ["resnet50", "resnest50"])
def test_an_encoder_at_stride_16_has_sixteenths_of_the_picture(name: str) -> None:
    encoder = build_encoder(name, output_stride=16).eval()
    with torch.inference_mode():
        assert encoder(torch.zeros(1, 3, 64, 64)).shape == (1, 2048, 4, 4)


def test_an_unknown_backbone_is_answered_with_the_known_ones() -> None:
    with pytest.raises(EncoderError, match="resnest269"):
        build_encoder("resnet51")


def test_equal_networks_have_equal_hashes() -> None:
    torch.manual_seed(0)
    first = torch.nn.Linear(2, 2)
    second = torch.nn.Linear(2, 2)
    assert weights_hash(first) != weights_hash(second)
    second.load_state_dict(first.state_dict())
    assert weights_hash(first) == weights_hash(second)
