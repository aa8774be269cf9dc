"""COCO instances in and out: ids, holes, crowds and overlaps are kept; pycocotools reads the same pixels."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.annotations import append_revision, latest_revision
from db.datasets import require_dataset
from db.items import all_items
from db.palette import voc_palette
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.class_changes import ClassChanges
from tests.helpers_formats import (
    MADE_AT,
    Data,
    Drawn,
    assert_same_masks,
    contents,
    datasets,
    export_names,
    exported,
    few,
    imported,
    scratch,
    studio_with,
)
from tests.helpers_pictures import reasons, save

coco = pytest.importorskip("pycocotools.mask")


def read_with_pycocotools(folder: Path) -> dict[str, np.ndarray]:
    """Class masks of every picture by its name, decoded by pycocotools and painted smaller over larger."""
    found = {}
    for path in (folder / "annotations").glob("*.json"):
        data = json.loads(path.read_text())
        order = {category["id"]: index for index, category in enumerate(data["categories"], start=1)}
        for image in data["images"]:
            own = [one for one in data["annotations"] if one["image_id"] == image["id"]]
            mask = np.zeros((image["height"], image["width"]), np.uint8)
            for one in sorted(own, key=lambda one: -one["area"]):
                parts = one["segmentation"]
                rle = coco.merge(coco.frPyObjects(parts, *mask.shape)) if isinstance(parts, list) else parts
                pixels = coco.decode(rle).astype(bool)
                assert coco.area(rle) == one["area"] == pixels.sum()
                assert coco.toBbox(rle).tolist() == one["bbox"]
                mask[pixels] = order[one["category_id"]]
            found[Path(image["file_name"]).stem] = mask
    return found


@few
@given(datasets(), st.booleans())
def test_out_and_in_again_is_the_same_but_for_void(data: Data, as_polygons: bool) -> None:
    with scratch() as root:
        studio = studio_with(root, data)
        report = exported(studio, root / "out", "coco", as_polygons=as_polygons)
        back, _ = imported(root / "out", root / "again")

        assert_same_masks(data, studio, back, void=0, classes=data.classes)
        void_px = sum(int((one.mask == 255).sum()) for one in data.pictures)
        assert any(line.startswith(f"{void_px} pixels of void") for line in report.lost) == (void_px > 0)
        _, pictures = contents(back)
        for one in data.pictures:
            came = pictures[export_names(studio)[one.name]]
            assert (came.split, came.author, came.made_at) == (one.split, "Ann", MADE_AT)


@few
@given(datasets(void=False), st.booleans())
def test_pycocotools_decodes_the_same_pixels(data: Data, as_polygons: bool) -> None:
    with scratch() as root:
        studio = studio_with(root, data)
        exported(studio, root / "out", "coco", as_polygons=as_polygons)
        found = read_with_pycocotools(root / "out")

        for one in data.pictures:
            np.testing.assert_array_equal(found[export_names(studio)[one.name]], one.mask)


def written(root: Path, annotations: list[dict], **changes: object) -> Path:
    """A dataset of COCO with one picture of 8 x 6 pixels and two categories with gaps, dog first."""
    save(root / "images/1.png", 8, 6)
    content = {
        "images": [{"id": 7, "file_name": "1.png", "width": 8, "height": 6}],
        "annotations": [{"id": 40 + number, "image_id": 7} | one for number, one in enumerate(annotations)],
        "categories": [{"id": 90, "name": "dog"}, {"id": 3, "name": "cat"}],
    }
    (root / "annotations").mkdir(exist_ok=True)
    (root / "annotations/instances_val2017.json").write_text(json.dumps(content | changes))
    return root


def rle(pixels: np.ndarray, *, compressed: bool = True) -> dict:
    """Run lengths as pycocotools writes them; uncompressed, as COCO stores crowds."""
    if compressed:
        one = coco.encode(np.asfortranarray(pixels.astype(np.uint8)))
        return {"size": list(one["size"]), "counts": one["counts"].decode()}
    flat = pixels.ravel(order="F").astype(int).tolist()
    counts, value = [0], 0
    for pixel in flat:
        if pixel != value:
            counts.append(0)
            value = pixel
        counts[-1] += 1
    return {"size": list(pixels.shape), "counts": counts}


def box(top: int, left: int, bottom: int, right: int) -> np.ndarray:
    pixels = np.zeros((6, 8), bool)
    pixels[top:bottom, left:right] = True
    return pixels


def overlapping() -> list[dict]:
    """A crowd of dogs everywhere, a ring of a cat, and a dog that covers a part of the ring."""
    ring = box(1, 1, 5, 6) & ~box(2, 2, 4, 5)
    return [
        {"category_id": 90, "iscrowd": 1, "segmentation": rle(box(0, 0, 6, 8), compressed=False)},
        {"category_id": 3, "iscrowd": 0, "segmentation": rle(ring)},
        {"category_id": 90, "iscrowd": 0, "segmentation": [[1, 1, 3, 1, 3, 3, 1, 3]]},
    ]


def test_objects_categories_and_ids_come_out_as_they_came_in(tmp_path: Path) -> None:
    studio, report = imported(written(tmp_path / "in", overlapping()), tmp_path / "w")
    exported(studio, tmp_path / "out", "coco")
    before = json.loads((tmp_path / "in/annotations/instances_val2017.json").read_text())
    after = json.loads((tmp_path / "out/annotations/instances_val.json").read_text())

    assert report.classes == ("dog", "cat")
    assert [(one["id"], one["name"]) for one in after["categories"]] == [(90, "dog"), (3, "cat")]
    assert [one["id"] for one in after["annotations"]] == [40, 41, 42]
    for mine, theirs in zip(after["annotations"], before["annotations"], strict=True):
        assert (mine["category_id"], mine["iscrowd"]) == (theirs["category_id"], theirs["iscrowd"])
        known = theirs["segmentation"]
        if isinstance(known, list) or isinstance(known["counts"], list):
            known = coco.frPyObjects(known, 6, 8)
            known = coco.merge(known) if isinstance(known, list) else known
        np.testing.assert_array_equal(coco.decode(mine["segmentation"]), coco.decode(known))


def test_each_pixel_has_one_class_and_the_report_counts_those_that_objects_lost(tmp_path: Path) -> None:
    studio, report = imported(written(tmp_path / "in", overlapping()), tmp_path / "w")

    mask = contents(studio)[1]["1"].mask
    assert (mask[1, 1], mask[4, 4], mask[3, 3], mask[0, 0]) == (1, 2, 1, 1)
    assert "went to the smaller object" in reasons(report)["masks"][1]
    # The crowd lost the 14 pixels of the ring, and the ring 3 to the dog on it.
    assert "17 pixels" in reasons(report)["masks"][1]


def test_an_edited_mask_changes_only_the_objects_that_it_touches(tmp_path: Path) -> None:
    studio, _ = imported(written(tmp_path / "in", overlapping()[1:]), tmp_path / "w")
    with studio.database.write() as session:
        (item,) = all_items(session, require_dataset(session, "data").id)
        newest = latest_revision(session, item.id)
        mask = studio.masks.get(newest.mask_hash)
        mask[1:3, 1:3] = 0
        mask[5, 7] = 2
        stored = studio.masks.put(mask, voc_palette())
        append_revision(
            session, item.id, expected=newest.id, action="corrected", author=None, mask_hash=stored
        )
    exported(studio, tmp_path / "out", "coco")
    after = json.loads((tmp_path / "out/annotations/instances_val.json").read_text())["annotations"]

    assert [(one["id"], one["category_id"], one["area"]) for one in after] == [(40, 3, 11), (41, 3, 1)]


def test_pictures_without_objects_come_in_with_an_empty_mask(tmp_path: Path) -> None:
    studio, report = imported(written(tmp_path / "in", []), tmp_path / "w")

    assert report.accepted == 1
    assert not contents(studio)[1]["1"].mask.any()


@pytest.mark.parametrize(
    ("annotation", "why"),
    [
        ({"segmentation": {"size": [6, 8], "counts": [3]}}, "3 pixels long together"),
        ({"segmentation": {"size": [60, 8], "counts": [480]}}, r"for \[60, 8\]"),
        ({"segmentation": [[0, 0, 5, float("nan"), 5, 5]]}, "not finite"),
        ({"segmentation": [[1.0, 2.0] * 1_000_000]}, "2000000 values"),
        ({"segmentation": "0101"}, "neither polygons nor run lengths"),
    ],
)
def test_a_hostile_outline_is_refused_with_its_place_and_no_mask_is_stored(
    tmp_path: Path, annotation: dict, why: str
) -> None:
    studio, report = imported(written(tmp_path / "in", [annotation | {"category_id": 3}]), tmp_path / "w")

    (problem,) = report.errors
    assert problem.file == "annotations/instances_val2017.json, image 1, annotation 40"
    assert re.search(why, problem.reason)
    assert contents(studio)[1]["1"].mask is None


@pytest.mark.parametrize("name", ["../1.png", "/etc/passwd", r"C:\1.png"])
def test_file_names_that_lead_out_of_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    root = written(tmp_path / "in", [], images=[{"id": 7, "file_name": name}])

    with pytest.raises(UserError, match="leads out of the folder"):
        imported(root, tmp_path / "w")


def test_a_category_that_two_files_number_differently_is_refused(tmp_path: Path) -> None:
    root = written(tmp_path / "in", [])
    other = json.loads((root / "annotations/instances_val2017.json").read_text())
    other["categories"][0]["id"] = 3
    (root / "annotations/instances_train2017.json").write_text(json.dumps(other))

    with pytest.raises(UserError, match="the id 3 is given to"):
        imported(root, tmp_path / "w")


def test_a_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    images = [{"id": 7, "file_name": "1.png", "width": 6, "height": 8}]

    _, report = imported(written(tmp_path / "in", [], images=images), tmp_path / "w")

    assert "it is for 6 x 8 pixels" in report.errors[0].reason


def test_pictures_in_no_list_are_counted(tmp_path: Path) -> None:
    root = written(tmp_path / "in", [])
    save(root / "images/2.png", seed=2)

    _, report = imported(root, tmp_path / "w")

    assert reasons(report)["*"][1] == "1 picture is in no list and left out (images/2.png)"
    assert not report.is_complete


def test_classes_of_an_export_can_be_renamed_merged_dropped_and_put_in_order(tmp_path: Path) -> None:
    mask = np.array([[0, 1, 2, 3, 255]], np.uint8)
    studio = studio_with(tmp_path, Data(("cat", "kitten", "person"), (Drawn("a", mask),)))
    changes = ClassChanges({"kitten": "cat"}, ("person",), drop_to_void=True)
    exported(studio, tmp_path / "out", "voc", classes=changes)
    back, report = imported(tmp_path / "out", tmp_path / "w")

    assert report.classes == ("cat",)
    np.testing.assert_array_equal(contents(back)[1]["a"].mask, [[0, 1, 1, 255, 255]])
