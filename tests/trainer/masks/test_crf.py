"""Settings of the dense CRF, and what happens without its package."""

import builtins

import numpy as np
import pytest
from pydantic import ValidationError

from trainer.masks.crf import CrfConfig, CrfUnavailableError, crf_available, label_unary
from trainer.masks.image_crf import ImageCrf
from trainer.segment_config import SegmentConfig


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


@pytest.mark.parametrize("field", ["gaussian_sxy_px", "bilateral_sxy_px", "bilateral_srgb"])
@pytest.mark.parametrize("value", [1e-9, 0.5, 1e9, float("nan"), float("inf")])
def test_a_reach_that_breaks_the_library_is_refused(field, value):
    with pytest.raises(ValidationError, match=field):
        CrfConfig(**{field: value})


@pytest.mark.parametrize("field", ["crf_bilateral_sxy_px", "crf_bilateral_srgb"])
def test_a_recipe_refuses_it_too(field):
    with pytest.raises(ValidationError, match=field):
        SegmentConfig(**{field: 1e-9})


@pytest.mark.skipif(not crf_available().available, reason="pydensecrf2 is not installed")
@pytest.mark.parametrize("gaussian", [1.0, 500.0])
@pytest.mark.parametrize("bilateral", [1.0, 500.0])
@pytest.mark.parametrize("tolerance", [1.0, 255.0])
def test_the_bounds_themselves_can_be_used(gaussian, bilateral, tolerance):
    config = CrfConfig(
        iterations=1, gaussian_sxy_px=gaussian, bilateral_sxy_px=bilateral, bilateral_srgb=tolerance
    )
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (24, 640, 3), dtype=np.uint8)
    labels = rng.integers(0, 2, (24, 640), dtype=np.uint8)
    for one in (config, config.at_half_size((24, 640))):
        assert set(np.unique(ImageCrf(image, 2, one).refine_labels(labels))) <= {0, 1}
