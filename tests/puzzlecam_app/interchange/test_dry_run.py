"""`--check` says what an import would do, and stores nothing."""

from pathlib import Path

import numpy as np

from puzzlecam_app.interchange.dry_run import check_source
from puzzlecam_app.interchange.layout import read_source
from tests.helpers_pictures import save, save_mask


def test_the_report_counts_pictures_classes_masks_and_splits(tmp_path: Path) -> None:
    root = tmp_path / "in"
    for number in (1, 2):
        save(root / f"images/{number}.png", seed=number)
    (root / "images/3.png").write_bytes(b"no picture")
    save_mask(root / "masks/1.png", np.full((6, 8), 2, np.uint8))
    (root / "labels.txt").write_text("background\ncat\ndog\n")
    (root / "tags.csv").write_text("image,tags,split\n1.png,cat;dog,train\n2.png,cat,val\n3.png,cat,val\n")
    before = sorted(tmp_path.rglob("*"))

    report = check_source(read_source(root))

    assert (report.found, report.usable, report.masks_found, report.masks_usable) == (3, 2, 1, 1)
    assert [(one.index, one.name, one.color, one.tagged, one.in_masks) for one in report.classes] == [
        (1, "cat", "#800000", 3, 0),
        (2, "dog", "#008000", 1, 1),
    ]
    assert report.splits == {"train": 1, "val": 2}
    assert [problem.file for problem in report.problems if problem.left_out] == ["images/3.png"]
    assert not report.is_complete
    assert sorted(tmp_path.rglob("*")) == before
