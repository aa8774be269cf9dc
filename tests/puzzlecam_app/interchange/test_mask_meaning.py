"""What the indices in imported masks mean is said by the dataset, never guessed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from db.items import all_items
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.importing import ImportOptions, import_dataset
from puzzlecam_app.interchange.read_options import ReadOptions
from puzzlecam_app.interchange.reports import ImportReport
from tests.helpers_pictures import Studio, save, save_mask

ROWS = [[0, 0, 1, 1, 2, 2, 3, 3]] * 6


def folder(root: Path, labels: str, tags: str, name: str = "labels.txt") -> Path:
    """A folder dataset of one picture with a mask of the indices 0 to 3."""
    save(root / "a.jpg")
    save_mask(root / "masks" / "a.png", np.array(ROWS))
    (root / "tags.csv").write_text(f"image,tags\na.jpg,{tags}\n")
    (root / name).write_text(labels)
    return root


def voc(root: Path) -> Path:
    """A VOC layout of one picture with a mask of index 1, without tags and classes."""
    save(root / "JPEGImages" / "a.jpg")
    save_mask(root / "SegmentationClass" / "a.png", np.array([[0, 0, 1, 1, 1, 1, 1, 1]] * 6))
    return root


def imported(studio: Studio, root: Path, reading: ReadOptions | None = None) -> ImportReport:
    options = ImportOptions(masks="ground-truth")
    return import_dataset(studio.stores, root, "data", reading=reading, options=options)


def truth(studio: Studio) -> list[int]:
    """The indices in the stored ground truth of the only picture."""
    with studio.database.read() as session:
        (item,) = all_items(session, 1)
        assert item.ground_truth is not None
        return np.unique(studio.masks.get(item.ground_truth)).tolist()


@pytest.mark.parametrize("void", ["void", "__ignore__", "unlabeled"])
def test_void_in_the_class_list_moves_no_class(studio: Studio, tmp_path: Path, void: str) -> None:
    report = imported(studio, folder(tmp_path / "d", f"background\nroad\n{void}\ncar\n", "road;car"))
    assert report.classes == ("road", void, "car")
    assert truth(studio) == [0, 1, 3, 255]
    assert studio.tags("data") == {"a.jpg": ["road", "car"]}
    (problem,) = report.problems
    assert "index 2 is read as void (255)" in problem.reason


def test_void_is_no_tag(studio: Studio, tmp_path: Path) -> None:
    report = imported(studio, folder(tmp_path / "d", "background\nroad\nignore\ncar\n", "road;ignore"))
    assert studio.tags("data") == {"a.jpg": ["road"]}
    assert any("'ignore'" in problem.reason for problem in report.errors)


def test_importing_the_same_list_again_changes_nothing(studio: Studio, tmp_path: Path) -> None:
    root = folder(tmp_path / "d", "background\nroad\nvoid\ncar\nvoid\n", "road;car")
    imported(studio, root)
    assert imported(studio, root).unchanged == 1


def test_a_list_may_not_call_a_class_void_later(studio: Studio, tmp_path: Path) -> None:
    root = folder(tmp_path / "d", "background\nroad\ntree\ncar\n", "road;car")
    imported(studio, root)
    (root / "labels.txt").write_text("background\nroad\ntree\nvoid\n")
    with pytest.raises(UserError, match="differs from that of the dataset"):
        imported(studio, root)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("classes.txt", "0 background\n1 cat\n2 dog\n"),
        ("class_names.txt", "_background_\ncat\ndog\n"),
        (
            "labelmap.txt",
            "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:128,0,0::\n",
        ),
        ("classes.json", '["background", "cat", "dog"]'),
    ],
)
def test_tags_from_masks_take_the_class_file_that_lies_there(
    studio: Studio, tmp_path: Path, name: str, text: str
) -> None:
    root = voc(tmp_path / "d")
    (root / name).write_text(text)
    imported(studio, root, ReadOptions(tags_from_masks=True))
    assert studio.tags("data") == {"a": ["cat"]}


def test_masks_without_any_word_about_their_classes_are_refused(studio: Studio, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing says which classes the indices in the masks stand for"):
        imported(studio, voc(tmp_path / "d"), ReadOptions(tags_from_masks=True))


def test_vocs_annotations_say_that_the_classes_are_vocs(studio: Studio, tmp_path: Path) -> None:
    root = voc(tmp_path / "d")
    (root / "Annotations").mkdir()
    (root / "Annotations" / "a.xml").write_text("<annotation><object><name>dog</name></object></annotation>")
    imported(studio, root, ReadOptions(tags_from_masks=True))
    assert studio.tags("data") == {"a": ["aeroplane"]}


def test_voc_can_be_given_as_the_class_list(studio: Studio, tmp_path: Path) -> None:
    imported(studio, voc(tmp_path / "d"), ReadOptions(tags_from_masks=True, classes_file=Path("voc")))
    assert studio.tags("data") == {"a": ["aeroplane"]}


def test_masks_of_0_and_255_are_told_and_can_be_read_as_the_class(studio: Studio, tmp_path: Path) -> None:
    root = folder(tmp_path / "d", "background\nlesion\n", "lesion")
    save_mask(root / "masks" / "a.png", np.array([[0, 0, 0, 0, 255, 255, 255, 255]] * 6))
    (problem,) = imported(studio, root).problems
    assert "holds no class: its 24 pixels that are not background are void (255)" in problem.reason
    assert "--mask-255 class" in problem.remedy
    options = ImportOptions(masks="ground-truth", void_is_class=True)
    assert import_dataset(studio.stores, root, "data", options=options).problems == ()
    assert truth(studio) == [0, 1]


def test_255_is_not_one_of_several_classes(studio: Studio, tmp_path: Path) -> None:
    root = folder(tmp_path / "d", "a\nb\nc\n", "a")
    with pytest.raises(UserError, match="only where there is one class, and here are 3"):
        import_dataset(studio.stores, root, "data", options=ImportOptions("ground-truth", void_is_class=True))


def test_a_palette_that_exchanges_object_and_background_is_refused(studio: Studio, tmp_path: Path) -> None:
    root = folder(tmp_path / "d", "background\ncat\n", "cat")
    image = Image.fromarray(np.array([[0, 0, 1, 1, 1, 1, 1, 1]] * 6, np.uint8))
    image.putpalette([128, 0, 0, 0, 0, 0])
    image.save(root / "masks" / "a.png")
    (problem,) = imported(studio, root).errors
    assert "exchange object and background: index 0 has the colour of index 1" in problem.reason


def test_a_palette_that_exchanges_classes_is_told_with_counts(studio: Studio, tmp_path: Path) -> None:
    root = folder(tmp_path / "d", "background\ncat\ndog\n", "cat")
    image = Image.fromarray(np.array([[0, 0, 1, 1, 1, 2, 2, 2]] * 6, np.uint8))
    image.putpalette([0, 0, 0, 0, 128, 0, 128, 0, 0])
    image.save(root / "masks" / "a.png")
    (problem,) = imported(studio, root).problems
    assert "18 px of index 1 (cat) have the colour of index 2 (dog)" in problem.reason
    assert truth(studio) == [0, 1, 2]
