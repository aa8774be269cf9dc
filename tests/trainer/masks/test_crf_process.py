"""Dense CRFs of another process are those of this one, and survive its end."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from trainer.masks.crf import CrfConfig, crf_available
from trainer.masks.crf_lattices import LocalLattices, made_by
from trainer.masks.crf_process import CrfProcess
from trainer.masks.image_crf import ImageCrf

pytestmark = pytest.mark.skipif(not crf_available().available, reason="pydensecrf2 is not installed")

PICTURE = np.random.default_rng(0).integers(0, 255, (24, 32, 3), np.uint8)
LABELS = np.zeros((24, 32), np.uint8)
LABELS[6:18, 8:24] = 1


@pytest.fixture(scope="module")
def crfs() -> Iterator[CrfProcess]:
    with CrfProcess() as crfs, made_by(crfs.make):
        yield crfs


def here(labels: NDArray[np.uint8], **config: float) -> NDArray[np.uint8]:
    with made_by(LocalLattices):
        return ImageCrf(PICTURE, 3, CrfConfig(**config)).refine_labels(labels)


def test_the_result_is_the_same_as_in_this_process(crfs: CrfProcess) -> None:
    crf, other = ImageCrf(PICTURE, 3), ImageCrf(PICTURE[:, ::-1], 2)
    np.testing.assert_array_equal(crf.refine_labels(LABELS), here(LABELS))
    other.refine_labels(LABELS)
    np.testing.assert_array_equal(crf.refine_labels(LABELS.T.reshape(24, 32)), here(LABELS.T.reshape(24, 32)))
    more = crf.refine_labels(LABELS, CrfConfig(iterations=3))
    np.testing.assert_array_equal(more, here(LABELS, iterations=3))


def test_a_process_that_was_killed_is_started_again(crfs: CrfProcess) -> None:
    crf = ImageCrf(PICTURE, 3)
    crf.prepare()
    first = crfs.pid
    assert first is not None
    os.kill(first, signal.SIGTERM)
    psutil.Process(first).wait(30)
    np.testing.assert_array_equal(crf.refine_labels(LABELS), here(LABELS))
    assert crfs.pid not in (None, first)


def test_where_no_process_can_be_started_this_one_computes(
    crfs: CrfProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CrfProcess() as other, made_by(other.make):
        monkeypatch.setattr("sys.executable", "/nowhere/python")
        np.testing.assert_array_equal(ImageCrf(PICTURE, 3).refine_labels(LABELS), here(LABELS))
        assert other.pid is None


def test_lattices_that_nobody_holds_are_dropped(crfs: CrfProcess) -> None:
    ImageCrf(PICTURE, 3).prepare()
    gc.collect()
    assert crfs._dropped
    kept = ImageCrf(PICTURE, 3)
    kept.prepare()
    assert not crfs._dropped
