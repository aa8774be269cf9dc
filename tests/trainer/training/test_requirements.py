"""What methods need is checked before anything is trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainer.contract import CAMS, CLASSIFY, SEGMENT
from trainer.data.dataset import TaggedDataset, TaggedImage
from trainer.errors import TrainerUsageError
from trainer.masks.crf import CrfStatus, CrfUnavailableError
from trainer.recipes import load_recipe
from trainer.training import requirements
from trainer.training.requirements import check_methods

ICD = load_recipe("tiny", ("classify.method=icd",))


def dataset(*tags: tuple[int, ...]) -> TaggedDataset:
    images = [TaggedImage(str(number), Path("none"), each) for number, each in enumerate(tags)]
    return TaggedDataset(Path(), "train", ("cat", "cup", "dog"), images)


def test_icd_needs_a_single_tag_picture_for_each_class_that_is_there() -> None:
    check_methods(ICD, dataset((1,), (1, 2), (2,)), (CLASSIFY,))
    with pytest.raises(TrainerUsageError, match="there is none of cup, dog; add such pictures"):
        check_methods(ICD, dataset((1,), (2, 3)), (CLASSIFY,))
    with pytest.raises(TrainerUsageError, match="no picture has a tag"):
        check_methods(ICD, dataset((), ()), (CLASSIFY,))


def test_icd_needs_a_second_epoch() -> None:
    with pytest.raises(TrainerUsageError, match="at least 2 epochs"):
        check_methods(
            load_recipe("tiny", ("classify.method=icd", "classify.epochs=1")), dataset((1,)), (CLASSIFY,)
        )


def test_dsrg_needs_seeds() -> None:
    dsrg = load_recipe("tiny", ("segment.method=dsrg",))
    check_methods(dsrg, dataset((1, 2)), (SEGMENT,))
    with pytest.raises(TrainerUsageError, match="no picture has a tag; tag the pictures"):
        check_methods(dsrg, dataset((), ()), (SEGMENT,))
    nowhere = load_recipe("tiny", ("segment.method=dsrg", "affinity.foreground_threshold=1"))
    with pytest.raises(
        TrainerUsageError, match=r"no CAM exceeds affinity\.foreground_threshold = 1\.0; lower"
    ):
        check_methods(nowhere, dataset((1,)), (SEGMENT,))


def test_dsrg_needs_the_crf(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = CrfStatus(False, "It is off.")
    monkeypatch.setattr(requirements, "crf_available", lambda: missing)
    with pytest.raises(CrfUnavailableError, match=r"dsrg needs the dense CRF\. It is off\."):
        check_methods(load_recipe("tiny", ("segment.method=dsrg",)), dataset((1,)), (SEGMENT,))


def test_other_methods_and_stages_are_not_asked() -> None:
    check_methods(load_recipe("tiny"), dataset((1, 2)), (CLASSIFY,))
    check_methods(ICD, dataset((1, 2)), (CAMS,))
