"""Several threads ask one predictor."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from puzzlecam_app.proposing.predictor import Predictor
from tests.puzzlecam_app.conftest import BLUE, RED, colour_model
from trainer.cams.compute import CamResult
from trainer.masks.image_crf import ImageCrf
from trainer.models.proposal import ProposalModel

PATIENCE_S = 60
IMAGE = np.zeros((48, 64, 3), np.uint8)
IMAGE[:, :32, 2] = IMAGE[:, 32:, 0] = 255
TAGS = ("blue", "red")
FIRST, SECOND = "1" * 64, "2" * 64


class Watched(ProposalModel):
    """Computes nothing before `go_on` is set; `overlap` is set when two threads are in it at once."""

    def __init__(self) -> None:
        super().__init__(colour_model().sources)
        self.is_busy, self.go_on, self.overlap = threading.Event(), threading.Event(), threading.Event()
        self.times_computed = 0

    def cams(self, image_rgb: np.ndarray, class_names: Sequence[str]) -> CamResult:
        return self._watched(lambda: super(Watched, self).cams(image_rgb, class_names))

    def edges(self, image_rgb: np.ndarray, grid_size: tuple[int, int]) -> np.ndarray | None:
        return self._watched(lambda: super(Watched, self).edges(image_rgb, grid_size))

    def mask(
        self,
        image_rgb: np.ndarray,
        cams: CamResult,
        class_indices: Sequence[int],
        image_crf: ImageCrf | None = None,
    ) -> np.ndarray:
        return self._watched(lambda: super(Watched, self).mask(image_rgb, cams, class_indices, image_crf))

    def _watched(self, compute: Callable[[], Any]) -> Any:
        if self.is_busy.is_set():
            self.overlap.set()
        self.is_busy.set()
        assert self.go_on.wait(PATIENCE_S)
        self.is_busy.clear()
        self.times_computed += 1
        return compute()


@pytest.fixture
def model() -> Watched:
    return Watched()


@pytest.fixture
def predictor(model: Watched, tmp_path: Path) -> Predictor:
    return Predictor(lambda: model, tmp_path)


@pytest.fixture
def pool(model: Watched) -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool
        model.go_on.set()  # also when the test has failed


CAMS = colour_model().cams(IMAGE, TAGS)
WORK: dict[str, Callable[[Predictor], Any]] = {
    "maps": lambda predictor: predictor.cams(SECOND, TAGS, lambda: IMAGE),
    "edges": lambda predictor: predictor.edges(IMAGE, (3, 4)),
    "mask": lambda predictor: predictor.pseudo_mask(IMAGE, CAMS, [BLUE, RED], "0" * 64),
}


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_nothing_is_computed_beside_the_maps_of_another_picture(
    predictor: Predictor, model: Watched, pool: ThreadPoolExecutor, work: Callable[[Predictor], Any]
) -> None:
    first = pool.submit(predictor.cams, FIRST, TAGS, lambda: IMAGE)
    assert model.is_busy.wait(PATIENCE_S)
    second = pool.submit(work, predictor)

    overlaps = model.overlap.wait(0.2)  # time for a mistake to show; a right predictor uses all of it
    model.go_on.set()

    assert first.result(PATIENCE_S).cams_khw.shape[0] == len(TAGS)
    second.result(PATIENCE_S)
    assert not overlaps
    assert model.times_computed == 2


def test_maps_that_two_threads_ask_for_are_computed_once(
    predictor: Predictor, model: Watched, pool: ThreadPoolExecutor
) -> None:
    first = pool.submit(predictor.cams, FIRST, TAGS, lambda: IMAGE)
    assert model.is_busy.wait(PATIENCE_S)
    has_missed_the_cache = threading.Event()

    def load_image() -> np.ndarray:
        has_missed_the_cache.set()
        return IMAGE

    second = pool.submit(predictor.cams, FIRST, TAGS, load_image)
    assert has_missed_the_cache.wait(PATIENCE_S)
    model.go_on.set()

    np.testing.assert_allclose(
        first.result(PATIENCE_S).cams_khw, second.result(PATIENCE_S).cams_khw, atol=1e-3
    )
    assert model.times_computed == 1


def test_cached_maps_are_read_while_others_are_computed(
    predictor: Predictor, model: Watched, pool: ThreadPoolExecutor
) -> None:
    model.go_on.set()
    predictor.cams(FIRST, TAGS, lambda: IMAGE)
    model.go_on.clear()
    other = pool.submit(predictor.cams, SECOND, TAGS, lambda: IMAGE)
    assert model.is_busy.wait(PATIENCE_S)

    assert predictor.cams(FIRST, TAGS, lambda: IMAGE).cams_khw.shape[0] == len(TAGS)
    assert not other.done()

    model.go_on.set()
    other.result(PATIENCE_S)
