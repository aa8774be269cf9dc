"""The setting that chooses the zero-shot model of a studio."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from puzzlecam_app.app import create_api
from puzzlecam_app.errors import UsageError
from puzzlecam_app.services import open_services
from puzzlecam_app.settings import Settings
from tests.puzzlecam_app.conftest import add_colours
from trainer.pretrained.clip import ClipError


def test_the_zero_shot_model_of_a_studio_can_be_clip(tmp_path: Path) -> None:
    tiny_clip = pytest.importorskip("tests.trainer.tiny_clip")
    tiny_clip.register(tmp_path)
    settings = Settings(
        workspace=tmp_path / "workspace",
        source="clip",
        clip_weights=tiny_clip.saved(tmp_path),
        clip_network=tiny_clip.NETWORK,
    )
    with open_services(settings) as services:
        assert services.predictor.model.identity.startswith("zero-shot-clip-v1/tiny-clip-")


def test_weights_that_are_not_there_are_told_when_the_model_is_first_used(tmp_path: Path) -> None:
    pytest.importorskip("open_clip", reason="needs the extra words (open_clip_torch)")
    settings = Settings(
        workspace=tmp_path / "workspace", source="clip-es", clip_weights=tmp_path / "gone.safetensors"
    )
    with open_services(settings) as services, pytest.raises(ClipError, match="does not exist"):
        _ = services.predictor.model


def test_the_lab_names_clip_and_offers_the_imagenet_model_beside_it(make_services, tmp_path: Path) -> None:
    services = make_services(source="clip")
    add_colours(services, tmp_path / "pictures")
    with TestClient(create_api(services), base_url="http://127.0.0.1:7860") as client:
        choices = client.get("/api/items/1/lab/models").json()
    assert [(one["key"], one["title"]) for one in choices] == [
        ("proposer", "Zero-shot model (CLIP)"),
        ("zero-shot", "Zero-shot model"),
    ]


def test_an_unknown_source_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="'imagenet', 'clip' or 'clip-es'"):
        Settings.load({"PUZZLECAM_SOURCE": "sam"})
