"""The programs that formats belong to read what the studio writes, and the studio reads what they write."""

import json
from pathlib import Path

import numpy as np
import pytest

from puzzlecam_app.interchange.formats.brush import decode, encode
from puzzlecam_app.interchange.formats.rle import RleError
from tests.format_oracles import ask
from tests.helpers_formats import Data, Drawn, contents, export_names, exported, imported, studio_with

CLASSES = ("cat", "dog", "traffic light")


def hard_masks() -> Data:
    """Noise, rings in rings, and a row of pixels; no void, which not every format has."""
    random = np.random.default_rng(3)
    rings = np.zeros((15, 15), np.uint8)
    for step, index in enumerate((1, 0, 2, 3, 0, 1)):
        rings[step : 15 - step, step : 15 - step] = index
    noise = random.integers(0, 4, (12, 17)).astype(np.uint8)
    row = np.array([[0, 1, 1, 0, 2, 3]], np.uint8)
    return Data(CLASSES, (Drawn("rings", rings), Drawn("noise", noise), Drawn("row", row)))


# Only the file with the shapes is loaded, because the package imports Qt.
LABELME_IMPORTS = """
import importlib.util, loguru, numpy as np
from pathlib import Path
package = importlib.util.find_spec("labelme").submodule_search_locations[0]
spec = importlib.util.spec_from_file_location("shape", Path(package) / "utils/shape.py")
shape_module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(shape_module)
"""

LABELME = """
import json
names = {"__ignore__": 255, "_background_": 0, "cat": 1, "dog": 2, "traffic light": 3}
found = {}
for path in Path(sys.argv[1]).glob("*.json"):
    data = json.loads(path.read_text())
    if "shapes" in data:
        shape = (data["imageHeight"], data["imageWidth"], 3)
        found[path.stem] = shape_module.shapes_to_label(shape, data["shapes"], names)[0].tolist()
print(json.dumps(found))
"""

LABEL_STUDIO_IMPORTS = """
import numpy as np
from label_studio_sdk.converter.brush import decode_rle, mask2rle
"""

LABEL_STUDIO = """
import json
names = {"cat": 1, "dog": 2, "traffic light": 3}
found = {}
for task in json.load(open(sys.argv[1])):
    for region in task["annotations"][0]["result"]:
        shape = (region["original_height"], region["original_width"])
        name = task["data"]["image"].rpartition("/")[2].rpartition(".")[0]
        mask = np.array(found.setdefault(name, np.zeros(shape, int).tolist()))
        alpha = decode_rle(region["value"]["rle"]).reshape(*shape, 4)[:, :, 3]
        mask[alpha > 0] = names[region["value"]["brushlabels"][0]]
        found[name] = mask.tolist()
print(json.dumps(found))
"""

DATUMARO_IMPORTS = """
import numpy as np
from datumaro import Dataset
"""

DATUMARO = """
import json
dataset = Dataset.import_from(sys.argv[1], sys.argv[2])
names = [label.name for label in dataset.categories()[next(
    kind for kind in dataset.categories() if kind.name == "label")]]
index = {"cat": 1, "dog": 2, "traffic light": 3}
found = {}
for item in dataset:
    for one in item.annotations:
        if not hasattr(one, "image") or names[one.label] not in index:
            continue
        pixels = np.asarray(one.image).astype(bool)
        name = item.id.rpartition("/")[2]
        mask = np.array(found.get(name, np.zeros(pixels.shape, int).tolist()))
        mask[pixels] = index[names[one.label]]
        found[name] = mask.tolist()
print(json.dumps(found))
"""


def assert_read(found: dict[str, list[list[int]]], data: Data, names: dict[str, str]) -> None:
    for one in data.pictures:
        np.testing.assert_array_equal(np.array(found[names[one.name]]), one.mask)


def test_labelme_paints_the_same_pixels(tmp_path: Path) -> None:
    data = hard_masks()
    studio = studio_with(tmp_path, data)
    exported(studio, tmp_path / "out", "labelme")

    assert_read(ask("labelme", LABELME_IMPORTS, LABELME, tmp_path / "out"), data, export_names(studio))


def test_label_studios_own_decoder_finds_the_same_pixels(tmp_path: Path) -> None:
    data = hard_masks()
    studio = studio_with(tmp_path, data)
    exported(studio, tmp_path / "out", "label-studio")

    found = ask("label-studio-sdk", LABEL_STUDIO_IMPORTS, LABEL_STUDIO, tmp_path / "out/tasks.json")
    assert_read(found, data, export_names(studio))


def test_what_label_studios_own_encoder_writes_is_read(tmp_path: Path) -> None:
    mask = np.random.default_rng(0).random((9, 13)) < 0.5
    np.save(tmp_path / "mask.npy", mask)
    script = (
        "import json\n"
        "print(json.dumps([int(v) for v in mask2rle(np.load(sys.argv[1]).astype(np.uint8) * 255)]))"
    )

    values = ask("label-studio-sdk", LABEL_STUDIO_IMPORTS, script, tmp_path / "mask.npy")

    np.testing.assert_array_equal(decode(values, 9, 13), mask)


@pytest.mark.parametrize("format", ["cvat", "cvat-masks", "datumaro"])
def test_datumaro_reads_what_is_written_for_it_and_for_cvat(tmp_path: Path, format: str) -> None:
    data = hard_masks()
    studio = studio_with(tmp_path, data)
    exported(studio, tmp_path / "out", format)

    reader = {"cvat-masks": "voc_segmentation"}.get(format, format)
    found = ask("datumaro", DATUMARO_IMPORTS, DATUMARO, tmp_path / "out", reader)
    assert_read(found, data, export_names(studio))


def test_what_datumaro_itself_writes_is_read(tmp_path: Path) -> None:
    script = """
from datumaro import AnnotationType, DatasetItem, Image, Label, LabelCategories, Mask, Polygon
cat = np.zeros((6, 7), bool)
cat[1:5, 1:5] = True
items = [DatasetItem("sub/a", subset="train", media=Image.from_numpy(np.zeros((6, 7, 3), np.uint8)),
    annotations=[Mask(cat, label=0, z_order=1), Polygon([0, 0, 7, 0, 7, 6, 0, 6], label=1), Label(2)])]
labels = LabelCategories.from_iterable(["cat", "dog", "bird"])
Dataset.from_iterable(items, categories={AnnotationType.label: labels}).export(
    sys.argv[1], "datumaro", save_media=True)
print(1)
"""
    ask("datumaro", DATUMARO_IMPORTS, script, tmp_path / "in")

    studio, report = imported(tmp_path / "in", tmp_path / "workspace")

    classes, pictures = contents(studio)
    assert (report.layout, classes) == ("datumaro", ("cat", "dog", "bird"))
    expected = np.full((6, 7), 2, np.uint8)
    expected[1:5, 1:5] = 1
    np.testing.assert_array_equal(pictures["sub_a"].mask, expected)
    assert (pictures["sub_a"].split, pictures["sub_a"].tags) == ("train", (1, 2, 3))


FOREIGN = {
    "coco_instances": "coco",
    "coco_panoptic": "panoptic",
    "coco_stuff": "coco",
    "cvat": "cvat",
    "voc_segmentation": "cvat-masks",
    "camvid": "color-masks",
    "cityscapes": "cityscapes",
}
"""What datumaro calls a format whose writer it has, and what the studio reads it as."""


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture with a ring and a row, in the formats of `FOREIGN`."""
    folder = tmp_path_factory.mktemp("foreign")
    script = """
from datumaro import AnnotationType, DatasetItem, Image, LabelCategories, Mask, MaskCategories
cat, dog = np.zeros((6, 7), bool), np.zeros((6, 7), bool)
cat[1:5, 1:5], cat[2, 2], dog[0, :] = True, False, True
labels = LabelCategories.from_iterable(["background", "cat", "dog"])
colors = MaskCategories({0: (0, 0, 0), 1: (128, 0, 0), 2: (0, 128, 0)})
categories = {AnnotationType.label: labels, AnnotationType.mask: colors}
for format in sys.argv[2:]:
    masks = [Mask(cat, label=1, id=1, group=1), Mask(dog, label=2, id=2, group=2)]
    media = Image.from_numpy(np.full((6, 7, 3), 90, np.uint8))
    items = [DatasetItem("a", subset="train", media=media, annotations=masks)]
    Dataset.from_iterable(items, categories=categories).export(
        f"{sys.argv[1]}/{format}", format, save_media=True)
print(1)
"""
    ask("datumaro", DATUMARO_IMPORTS, script, folder, *FOREIGN)
    return folder


@pytest.mark.parametrize("format", FOREIGN)
def test_what_datumaro_writes_in_other_formats_is_read(foreign: Path, tmp_path: Path, format: str) -> None:
    studio, report = imported(foreign / format, tmp_path / "w")

    expected = np.zeros((6, 7), np.uint8)
    expected[1:5, 1:5] = 1
    expected[2, 2] = 0
    expected[0] = 2
    if format == "coco_panoptic":
        expected[expected == 0] = 255  # pixels without a segment are void
    assert (report.layout, report.classes) == (FOREIGN[format], ("cat", "dog"))
    (one,) = contents(studio)[1].values()
    np.testing.assert_array_equal(one.mask, expected)
    assert one.split == "train"


DATASETS_IMPORTS = """
import os
os.environ["HF_HUB_OFFLINE"] = "1"
import numpy as np
from datasets import ClassLabel, Dataset, Features, Image, Sequence, load_dataset
"""

DATASETS = """
import json
found = {}
for kind, options in ("hugging-face", {"path": "imagefolder", "data_dir": sys.argv[1]}), (
    "parquet", {"path": sys.argv[2]}):
    rows = load_dataset(split="train", cache_dir=sys.argv[3], **options)
    listed = getattr(rows.features["tags"].feature, "names", None)
    found[kind] = {"tags": {}, "masks": {}}
    for row in rows:
        name = getattr(row["image"], "filename", "").rpartition("/")[2].rpartition(".")[0]
        name = name or str(row["image"].size)
        found[kind]["tags"][name] = [listed[one] if listed else one for one in row["tags"]]
        found[kind]["masks"][name] = np.array(row["mask"]).tolist()
cat = np.eye(5, dtype=np.uint8)
features = Features({"image": Image(), "label": Image(), "tags": Sequence(ClassLabel(names=["none", "cat"]))})
rows = {"image": [np.zeros((5, 5, 3), np.uint8)], "label": [cat], "tags": [[1]]}
os.makedirs(sys.argv[4])
Dataset.from_dict(rows, features).to_parquet(sys.argv[4] + "/val-00000-of-00001.parquet")
print(json.dumps(found))
"""


def test_datasets_loads_what_is_written_and_what_it_writes_is_read(tmp_path: Path) -> None:
    data = hard_masks()
    studio = studio_with(tmp_path, data)
    for format in ("hugging-face", "parquet"):
        exported(studio, tmp_path / format, format)
    places = (tmp_path / name for name in ("hugging-face", "parquet", "cache", "in"))

    found = ask("datasets", DATASETS_IMPORTS, DATASETS, *places)

    assert_read(found["hugging-face"]["masks"], data, export_names(studio))
    assert found["hugging-face"]["tags"]["rings"] == ["cat", "dog", "traffic light"]
    # The pictures inside of Parquet have no names for datasets, but all have another size.
    sizes = {one.name: str(one.mask.shape[::-1]) for one in data.pictures}
    assert_read(found["parquet"]["masks"], data, sizes)
    assert found["parquet"]["tags"][sizes["rings"]] == ["cat", "dog", "traffic light"]

    (tmp_path / "in/id2label.json").write_text('{"0": "background", "1": "cat"}')
    back, report = imported(tmp_path / "in", tmp_path / "again")
    (one,) = contents(back)[1].values()
    assert (report.layout, one.split, one.tags) == ("parquet", "val", (1,))
    np.testing.assert_array_equal(one.mask, np.eye(5, dtype=np.uint8))


def test_brush_run_lengths_come_back_however_long_the_runs_are() -> None:
    mask = np.zeros((300, 400), bool)
    mask[100:250, :] = True
    mask[10, 7] = True

    np.testing.assert_array_equal(decode(encode(mask), 300, 400), mask)


@pytest.mark.parametrize("values", [[1, 2], [300], "ab", encode(np.ones((2, 2), bool))[:-2], [255] * 40])
def test_wrong_brush_run_lengths_are_refused(values: object) -> None:
    with pytest.raises(RleError):
        decode(values, 2, 2)


def test_a_label_studio_export_names_every_picture_of_its_masks(tmp_path: Path) -> None:
    exported(studio_with(tmp_path, hard_masks()), tmp_path / "out", "label-studio")

    tasks = json.loads((tmp_path / "out/tasks.json").read_text())
    assert [task["data"]["image"] for task in tasks] == [
        f"/data/local-files/?d=images/{name}.png" for name in ("noise", "rings", "row")
    ]
