"""Stored steps are read back bit for bit, and never for another model, picture or tag."""

from __future__ import annotations

import os
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from puzzlecam_app.items import ItemFacts, read_item
from puzzlecam_app.lab.looking import look, puzzle
from puzzlecam_app.lab.models import ModelKey
from puzzlecam_app.lab.store import LookStore, pack_look, pack_puzzle, unpack_look, unpack_puzzle
from puzzlecam_app.services import Services
from tests.puzzlecam_app.conftest import ColourClassifier, colour_model
from tests.puzzlecam_app.lab.test_looking import MiddleEdge, open_lab
from trainer.cams.sources import CamSource, CamSources
from trainer.config import RefineConfig
from trainer.models.proposal import ProposalModel, Walk

ONE = np.arange(6, dtype=np.float32).reshape(1, 2, 3)


@pytest.fixture
def item(services: Services) -> ItemFacts:
    with services.database.read() as session:
        return read_item(session, 2)


def rich_model() -> ProposalModel:
    """Two classifiers, spread maps and a random walk: every array that a model can have."""
    spreading = ColourClassifier()
    spreading.affinity_power = 2.0
    sources = CamSources([CamSource(spreading, 0.7), CamSource(ColourClassifier(), 0.3)])
    return ProposalModel(sources, walk=Walk(MiddleEdge(), RefineConfig(radius=3, log2_steps=2), "edge"))  # type: ignore[arg-type]


def test_steps_are_read_back_bit_for_bit(item: ItemFacts, tmp_path: Path) -> None:
    image = item.load_image(10**6)
    made = look(rich_model(), item, image)
    store = LookStore(tmp_path)
    store.save("key", *pack_look(made))
    stored = store.load("key")
    assert stored is not None
    read = unpack_look(*stored, item, lambda: image)
    assert (read.others, read.steps.scales) == (made.others, made.steps.scales)
    assert len(read.steps.others_thw) == 1
    for field in fields(made.steps):
        before, after = getattr(made.steps, field.name), getattr(read.steps, field.name)
        np.testing.assert_array_equal(after, before)
    np.testing.assert_array_equal(read.edges_hw, made.edges_hw)
    np.testing.assert_array_equal(read.final_thw, made.final_thw)


def test_tiles_and_losses_are_read_back(item: ItemFacts, tmp_path: Path) -> None:
    made = puzzle(colour_model(), item, item.load_image(10**6), 3)
    store = LookStore(tmp_path)
    store.save("key", *pack_puzzle(made))
    stored = store.load("key")
    assert stored is not None
    read = unpack_puzzle(*stored)
    assert read.loss == made.loss
    assert (read.cells_share, read.tile_share) == (made.cells_share, made.tile_share)
    np.testing.assert_array_equal(read.tiled_cells_thw, made.tiled_cells_thw)


def test_damaged_files_and_files_of_another_key_are_not_read(tmp_path: Path) -> None:
    store = LookStore(tmp_path)
    assert store.load("a") is None
    store.save("a", {}, {"x": ONE})
    store.path("b").parent.mkdir(parents=True, exist_ok=True)
    store.path("a").replace(store.path("b"))
    assert store.load("b") is None
    store.save("a", {}, {"x": ONE})
    store.path("a").write_bytes(store.path("a").read_bytes()[:-3])
    assert store.load("a") is None
    store.path("a").write_bytes(safetensors.numpy.save({"x": ONE}))
    assert store.load("a") is None


def test_files_that_were_not_read_for_longest_are_deleted(tmp_path: Path) -> None:
    store = LookStore(tmp_path, most_bytes=5_000)
    big = np.zeros((1000,), np.float32)
    store.save("old", {}, {"x": big})
    for age, key in ((300, "old"),):
        os.utime(store.path(key), (1e9 - age, 1e9 - age))
    store.save("new", {}, {"x": big})
    assert store.load("old") is None
    assert store.load("new") is not None


def test_a_full_disk_only_costs_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("puzzlecam_app.lab.store.write_atomic", full)
    store = LookStore(tmp_path)
    store.save("a", {}, {"x": ONE})
    assert store.load("a") is None


def test_nothing_is_computed_again_after_a_restart(
    services: Services, item: ItemFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = services.lab
    model = first.model(ModelKey("proposer"), item)
    made, tiles = first.look(item, model), first.puzzle(item, model, 2)
    mask = first.mask(item, model).mask

    def fail(*_: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr("puzzlecam_app.lab.room.look", fail)
    monkeypatch.setattr("puzzlecam_app.lab.room.puzzle", fail)
    monkeypatch.setattr("puzzlecam_app.lab.masks.Masks.make", fail)
    second = open_lab(services)
    np.testing.assert_array_equal(second.mask(item, model).mask, mask)
    read = second.look(item, model)
    np.testing.assert_array_equal(read.final_thw, made.final_thw)
    np.testing.assert_array_equal(read.image, made.image)
    np.testing.assert_array_equal(second.puzzle(item, model, 2).tiled_thw, tiles.tiled_thw)
    # Another name, dataset or colour of the picture changes no map; another content or tag does.
    renamed = replace(item, name="other", id=9)
    assert second.look(renamed, model).item.name == "other"
    for changed in (replace(item, sha256="f" * 64), replace(item, tags=(1, 2))):
        with pytest.raises(AssertionError, match="computed again"):
            open_lab(services).look(changed, model)


def test_pictures_are_computed_ahead_of_time(
    services: Services, item: ItemFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = services.lab
    model = lab.model(ModelKey("proposer"), item)
    lab.look_ahead(item, model, 2)
    services.proposals.in_turn("after", lambda: None).result()
    services.proposals.queue.submit("at the end", lambda: None, 9).result()  # type: ignore[arg-type]
    monkeypatch.setattr("puzzlecam_app.lab.room.look", None)
    monkeypatch.setattr("puzzlecam_app.lab.room.puzzle", None)
    monkeypatch.setattr("puzzlecam_app.lab.masks.Masks.make", None)
    assert lab.mask(item, model).mask.shape == (item.height, item.width)
    assert lab.look(item, model).steps.cams_thw.shape[0] == 1
    assert lab.puzzle(item, model, 2).tiles_per_side == 2
