"""Inputs that failed in the field, where they are at hand: ``shared/field`` beside the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from puzzlecam_app.errors import UserError
from tests.helpers_pictures import Import

FIELD = Path(__file__).resolve().parents[3].parent / "shared" / "field"

pytestmark = pytest.mark.skipif(not FIELD.is_dir(), reason="the samples are not at hand")


@pytest.mark.parametrize(
    ("sample", "options", "proposals", "told"),
    [
        ("11-*/G_stem", {"masks": "proposals"}, 0, ["fits several pictures"]),
        (
            "11-*/V_dup",
            {"masks": "proposals"},
            1,
            ["got its tags and mask too", "its split 'val' is not used"],
        ),
        ("11-*/DUP2", {}, 0, ["got its tags and split too"]),
        ("12-*/F_16bit", {"masks": "proposals"}, 3, ["masks/e.jpg", "masks/f_mask.png"]),
        ("12-*/Y2_images_masks", {"masks": "proposals", "tags_from_masks": True}, 3, []),
        ("12-*/MO", {"masks": "proposals"}, 0, ["masks/zzz.png: the mask fits no picture"]),
        ("13-*/H_csv", {}, 0, ["'cat,dog'", "'cat|dog'", "'cat/dog'", "read as cat; dog", "'Cat', 'cat'"]),
        ("13-*/W_case", {}, 0, ["'CAT', 'Cat', 'cat' differ only in capitals"]),
        ("13-*/H7_jsondup", {}, 0, ["listed twice"]),
        ("18-*/L_masks", {}, 0, ["masks: the folder was taken for masks and passed over"]),
        ("18-*/NE", {}, 0, ["animals: the folder was read as the class 'animals'"]),
    ],
)
def test_a_sample_is_imported_and_what_is_odd_is_told(
    run: Import, sample: str, options: dict[str, object], proposals: int, told: list[str]
) -> None:
    (folder,) = FIELD.glob(sample)
    report = run(folder, **options)
    text = "\n".join(f"{problem.file}: {problem.reason}" for problem in report.problems)
    assert report.proposals == proposals
    assert [part for part in told if part not in text] == []
    assert bool(told) == bool(report.problems)


@pytest.mark.parametrize(
    ("sample", "told"),
    [
        ("13-*/H6_comma", "tags.csv, line 2: the row has more columns"),
        ("18-*/CS", "gtFine: 2 masks of Cityscapes' train ids were passed over"),
        ("18-*/RF", "train/images: the folder was read as a folder of pictures"),
        ("18-*/TR", "train: the folder was read as a split"),
    ],
)
def test_a_sample_that_has_no_tags_is_refused_with_the_reason(run: Import, sample: str, told: str) -> None:
    (folder,) = FIELD.glob(sample)
    with pytest.raises(UserError) as info:
        run(folder)
    assert told in str(info.value)


def test_coco_and_label_studio_are_recognised(run: Import) -> None:
    (folder,) = FIELD.glob("13-*/CO")
    assert run(folder, tags_file=folder / "instances.json").classes == ("cat",)
    with pytest.raises(UserError, match="written by Label Studio"):
        run(folder, "other", tags_file=folder / "ls.json")
