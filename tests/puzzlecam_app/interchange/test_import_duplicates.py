"""Pictures that are in a dataset twice: nothing that is known of either of them is lost without a word."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from db.datasets import require_dataset
from db.items import all_items
from puzzlecam_app.interchange.problems import Problem
from tests.helpers_pictures import Import, Studio, save, save_mask


@pytest.fixture
def twins(tmp_path: Path) -> Path:
    """The pictures a.jpg (a cat) and b.jpg (a dog), which are the same file."""
    root = tmp_path / "in"
    save(root / "a.jpg")
    shutil.copy(root / "a.jpg", root / "b.jpg")
    (root / "labels.txt").write_text("background\ncat\ndog\n")
    return root


def _tags(root: Path, split_of_a: str, split_of_b: str) -> None:
    rows = f"image,tags,split\na.jpg,cat,{split_of_a}\nb.jpg,dog,{split_of_b}\n"
    (root / "tags.csv").write_text(rows)


def _mask(root: Path, name: str, index: int) -> None:
    save_mask(root / "masks" / f"{name}.png", np.full((6, 8), index))


def _of_b(problems: tuple[Problem, ...]) -> Problem:
    (problem,) = (problem for problem in problems if problem.file == "b.jpg")
    return problem


def test_the_one_that_stays_gets_mask_and_split_of_the_other(
    twins: Path, studio: Studio, run: Import
) -> None:
    _tags(twins, "", "val")
    _mask(twins, "b", 1)

    report = run(twins, masks="proposals")

    assert studio.tags("data") == {"a.jpg": ["cat", "dog"]}
    assert report.proposals == 1
    with studio.database.read() as session:
        (item,) = all_items(session, require_dataset(session, "data").id)
    assert item.split == "val"
    assert (
        _of_b(report.problems).reason == "the same picture as a.jpg, which got its tags, mask and split too"
    )


def test_a_mask_and_a_split_that_contradict_are_reported_as_lost(
    twins: Path, studio: Studio, run: Import
) -> None:
    _tags(twins, "train", "val")
    _mask(twins, "a", 1)
    _mask(twins, "b", 2)

    report = run(twins, masks="proposals")

    with studio.database.read() as session:
        (item,) = all_items(session, require_dataset(session, "data").id)
    assert item.split == "train"
    assert _of_b(report.problems).reason == (
        "the same picture as a.jpg, which got its tags too; its mask masks/b.png and its split 'val' are not "
        "used, because that one has its own"
    )


def test_tags_from_masks_come_from_the_mask_of_the_other(twins: Path, studio: Studio, run: Import) -> None:
    _tags(twins, "", "")
    _mask(twins, "b", 2)

    run(twins, tags_from_masks=True)

    assert studio.tags("data") == {"a.jpg": ["dog"]}
