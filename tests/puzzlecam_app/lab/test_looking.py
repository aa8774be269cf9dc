"""The steps to a mask in the Lab equal those of the trainer, with the model's settings and with others."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pytest

from puzzlecam_app.items import ItemFacts, read_item
from puzzlecam_app.lab.headers import WalkFacts
from puzzlecam_app.lab.looking import PictureLook, look
from puzzlecam_app.lab.masks import Masks, MaskSettings
from puzzlecam_app.lab.memory import LruCache
from puzzlecam_app.lab.room import Lab
from puzzlecam_app.lab.store import pack_look, unpack_look
from puzzlecam_app.lab.wording import model_facts
from puzzlecam_app.services import Services
from tests.puzzlecam_app.conftest import BLUE, HEIGHT, RED, WIDTH, ColourClassifier
from trainer.cams.sources import CamSource, CamSources
from trainer.config import RefineConfig
from trainer.contract import RUN_KIND
from trainer.machine.device import choose_device
from trainer.masks.crf import CrfConfig, crf_available
from trainer.masks.pseudo_labels import PseudoLabelConfig, pseudo_label, threshold_labels
from trainer.masks.random_walk import random_walk
from trainer.models.proposal import ProposalModel, SelfTrained, Walk
from trainer.nn.losses import EPSILON


class MiddleEdge:
    """An edge down the middle of every picture."""

    device = choose_device("cpu")

    def edges(self, image_rgb: np.ndarray, grid_size: tuple[int, int]) -> np.ndarray:
        edges = np.full(grid_size, 0.1, np.float32)
        edges[:, grid_size[1] // 2] = 0.9
        return edges


def open_lab(services: Services) -> Lab:
    """A second Lab of the workspace, with nothing in memory."""
    return Lab(services.database, services.masks, services.proposals, services.workspace, services.settings)


REFINE = RefineConfig(beta=4.0, radius=3, log2_steps=4)


@pytest.fixture
def model() -> ProposalModel:
    walk = Walk(MiddleEdge(), REFINE, "edge")  # type: ignore[arg-type]
    sources = CamSources([CamSource(ColourClassifier())])
    return ProposalModel(sources, PseudoLabelConfig(use_crf=False), walk, kind=RUN_KIND)


@pytest.fixture
def picture(services: Services, model: ProposalModel) -> PictureLook:
    with services.database.read() as session:
        item = read_item(session, 1)
    return look(model, item, item.load_image(10**6))


def walked(picture: PictureLook, **settings: float) -> np.ndarray:
    maps = random_walk(picture.steps.cams_thw, picture.edges_hw, **settings)
    return maps / (maps.max() + EPSILON)


def test_the_maps_after_the_walk_are_those_of_the_model(model: ProposalModel, picture: PictureLook) -> None:
    expected = model.cams(picture.image, ["blue", "red"]).cams_khw
    np.testing.assert_allclose(picture.final_thw, expected, atol=1e-6)
    assert not np.array_equal(picture.final_thw, picture.steps.cams_thw)
    np.testing.assert_allclose(
        picture.final_thw, walked(picture, radius=3, beta=4.0, log2_steps=4), atol=1e-5
    )


class Halves:
    """A pixel classifier that knows only red, on the right."""

    class_names = ("Red",)

    def maps(self, image_rgb: np.ndarray, class_indices: list[int], grid_size: tuple[int, int]) -> np.ndarray:
        assert class_indices == [1]
        maps = np.zeros((1, *grid_size), np.float32)
        maps[:, :, grid_size[1] // 2 :] = 0.9
        return maps


@pytest.mark.parametrize("has_walk", [True, False])
def test_self_trained_maps_take_the_place_of_the_cams(
    services: Services, model: ProposalModel, has_walk: bool
) -> None:
    model.self_trained = SelfTrained(Halves(), "halves")  # type: ignore[arg-type]
    if not has_walk:
        model.walk = None
    with services.database.read() as session:
        item = read_item(session, 1)
    picture = look(model, item, item.load_image(10**6))
    assert item.tag_names == ("blue", "red")
    assert picture.self_trained_thw is not None
    np.testing.assert_array_equal(picture.self_trained_thw[0], picture.steps.cams_thw[0])
    assert picture.self_trained_thw[1].max() == pytest.approx(0.9)
    expected = model.cams(picture.image, ["blue", "red"]).cams_khw
    np.testing.assert_allclose(picture.final_thw, expected, atol=1e-6)
    assert "+pixels-halves" in model.identity
    header, arrays = pack_look(picture)
    kept = unpack_look(header, arrays, item, lambda: picture.image)
    np.testing.assert_array_equal(kept.final_thw, picture.final_thw)


def test_another_walk_gives_the_mask_of_that_walk(model: ProposalModel, picture: PictureLook) -> None:
    wanted = REFINE.model_copy(update={"beta": 1.0, "log2_steps": 7})
    made = Masks().make(model, picture, MaskSettings(0.4, None, wanted))
    assert made.walked_thw is not None
    np.testing.assert_allclose(made.walked_thw, walked(picture, radius=3, beta=1.0, log2_steps=7), atol=1e-5)
    labels = threshold_labels(made.walked_thw, 0.4, (HEIGHT, WIDTH))
    np.testing.assert_array_equal(made.mask, np.array([0, BLUE, RED], np.uint8)[labels])


def test_the_model_says_what_its_walk_is(model: ProposalModel) -> None:
    facts = model_facts(model)
    assert facts.walk == WalkFacts(beta=4.0, radius=3, log2_steps=4)
    assert facts.no_walk is None
    assert facts.is_trained is True


def test_the_sentence_for_a_run_without_edge_map_says_what_to_train() -> None:
    plain = ProposalModel(CamSources([CamSource(ColourClassifier())]), kind=RUN_KIND)
    assert "affinity.enabled" in (model_facts(plain).no_walk or "")


def test_the_cache_keeps_the_values_used_last_and_makes_none_of_them_twice() -> None:
    made = SimpleNamespace(count=0)

    def make() -> int:
        made.count += 1
        return made.count

    cache = LruCache(most=2)
    assert [cache.get_or_make(key, make) for key in ("a", "b", "a", "c", "b")] == [1, 2, 1, 3, 4]


@pytest.mark.skipif(not crf_available().available, reason="pydensecrf2 is not installed")
def test_masks_that_share_lattices_and_walks_are_those_of_the_trainer(
    model: ProposalModel, picture: PictureLook
) -> None:
    masks = Masks()
    longer = REFINE.model_copy(update={"log2_steps": 7})
    for threshold, crf, walk in (
        (0.4, CrfConfig(iterations=2), None),
        (0.5, CrfConfig(iterations=7, gt_prob=0.6), None),
        (0.5, CrfConfig(bilateral_srgb=20.0), longer),
        (0.3, CrfConfig(iterations=7), longer),
        (0.3, None, longer),
    ):
        made = masks.make(model, picture, MaskSettings(threshold, crf, walk))
        maps = picture.final_thw
        if walk is not None:
            assert made.walked_thw is not None
            maps = made.walked_thw
            expected = walked(picture, radius=3, beta=4.0, log2_steps=7)
            np.testing.assert_allclose(maps, expected, atol=1e-5)
        config = PseudoLabelConfig(background_threshold=threshold, use_crf=False)
        np.testing.assert_array_equal(
            made.thresholded, pseudo_label(picture.image, maps, [BLUE, RED], config)
        )
        config = PseudoLabelConfig(
            background_threshold=threshold, use_crf=crf is not None, crf=crf or CrfConfig()
        )
        np.testing.assert_array_equal(made.mask, pseudo_label(picture.image, maps, [BLUE, RED], config))


@pytest.mark.skipif(not crf_available().available, reason="pydensecrf2 is not installed")
def test_a_draft_is_made_where_the_crf_would_take_long(model: ProposalModel, picture: PictureLook) -> None:
    masks = Masks()

    def made(threshold: float, **constants: float) -> tuple[bool, np.ndarray]:
        settings = MaskSettings(threshold, CrfConfig(**constants))  # type: ignore[arg-type]
        steps = masks.make(model, picture, settings, may_be_draft=True)
        return steps.is_draft, steps.mask

    assert made(0.4, iterations=2)[0], "its lattice is new"
    masks.make(model, picture, MaskSettings(0.4, CrfConfig(iterations=10)))
    assert not made(0.4, iterations=2)[0]
    assert made(0.4, iterations=10)[0], "it has begun anew for fewer iterations"
    masks.make(model, picture, MaskSettings(0.4, CrfConfig(iterations=10)))
    is_draft, mask = made(0.4, iterations=12)
    assert not is_draft
    config = PseudoLabelConfig(background_threshold=0.4, crf=CrfConfig(iterations=12))
    np.testing.assert_array_equal(mask, pseudo_label(picture.image, picture.final_thw, [BLUE, RED], config))
    assert made(0.5, iterations=12)[0], "another labelling begins anew"


def test_the_first_maps_do_not_wait_for_the_other_steps(
    services: Services, model: ProposalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = services.lab
    item = lab.item(1)
    go_on = threading.Event()

    def held(
        model: ProposalModel,
        item: ItemFacts,
        image: np.ndarray,
        on_first: Callable[[np.ndarray], None],
    ) -> PictureLook:
        made = look(model, item, image, on_first)
        assert go_on.wait(timeout=60)
        return made

    monkeypatch.setattr("puzzlecam_app.lab.room.look", held)
    scores = lab.first_scores(item, model)
    go_on.set()
    np.testing.assert_array_equal(scores, lab.look(item, model).steps.scores_chw[:2])
    np.testing.assert_array_equal(scores, open_lab(services).first_scores(item, model))


def test_a_failed_computation_has_no_first_maps(
    services: Services, model: ProposalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("puzzlecam_app.lab.room.look", Mock(side_effect=MemoryError))
    lab = services.lab
    with pytest.raises(MemoryError):
        lab.first_scores(lab.item(1), model)
