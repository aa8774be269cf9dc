"""Settings of the dense CRF, and what happens without its package."""

import builtins

import numpy as np
import pytest

from trainer.masks.crf import CrfUnavailableError, crf_available, label_unary
from trainer.masks.image_crf import ImageCrf


@pytest.fixture
def without_pydensecrf(monkeypatch):
    original = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.startswith("pydensecrf"):
            raise ImportError("No module named 'pydensecrf'")
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    crf_available.cache_clear()
    yield
    crf_available.cache_clear()


def test_unary_gives_the_label_its_probability_and_shares_the_rest():
    unary = label_unary(np.array([[0, 2]], dtype=np.uint8), 3, 0.7)
    np.testing.assert_allclose(np.exp(-unary), [[0.7, 0.15], [0.15, 0.15], [0.15, 0.7]], rtol=1e-6)


def test_without_the_package_the_status_says_why_and_what_to_do(without_pydensecrf):
    status = crf_available()
    assert not status.available
    assert "pip install pydensecrf2" in status.reason


def test_without_the_package_a_crf_is_refused_with_the_same_sentence(without_pydensecrf):
    with pytest.raises(CrfUnavailableError, match="dense CRF is off"):
        ImageCrf(np.zeros((4, 4, 3), dtype=np.uint8), 2)
