"""Datasets from the field that tools of this kind fail on. They are not part of the project.

`PUZZLECAM_FIELD_SAMPLES` names the folder that holds them; without it these tests are skipped. Other tests,
which make their own inputs, check the same behaviour.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from db.engine import open_database, sqlite_url
from puzzlecam_app.cli import main
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.pictures import load_upright_rgb
from tests.helpers_pictures import Import
from trainer.data.images import read_rgb

FOLDER = Path(os.environ.get("PUZZLECAM_FIELD_SAMPLES", ""))
pytestmark = pytest.mark.skipif(
    "PUZZLECAM_FIELD_SAMPLES" not in os.environ, reason="PUZZLECAM_FIELD_SAMPLES names no folder"
)


@dataclass
class Said:
    code: int
    report: dict[str, Any]
    text: str

    @property
    def reasons(self) -> str:
        """All problems of a report, one per line."""
        return "\n".join(
            f"{one['file']}: {one['reason']}. {one.get('remedy')}" for one in self.report.get("problems", [])
        )


class Shell:
    def __init__(self, tmp_path: Path) -> None:
        self._tmp = tmp_path

    def say(self, *words: object) -> Said:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([*map(str, words), "--workspace", str(self._tmp / "workspace"), "--json"])
        try:
            report = json.loads(out.getvalue())
        except ValueError:
            report = {}
        return Said(code, report, out.getvalue() + err.getvalue())

    def bring(self, folder: Path, *options: object, name: str = "field") -> Said:
        return self.say("dataset", "import", folder, "--name", name, *options)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        from sqlalchemy import text

        database = open_database(sqlite_url(self._tmp / "workspace" / "puzzlecam.sqlite3"))
        with database.read() as session:
            return [tuple(row) for row in session.execute(text(query))]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def sample(tmp_path: Path) -> Any:
    """A copy of a sample that may be changed."""

    def copy(name: str) -> Path:
        (found,) = FOLDER.glob(name)
        shutil.copytree(found, tmp_path / found.name)
        return tmp_path / found.name

    return copy


PROPOSED = ("--masks", "proposals")


def test_01_a_good_export_is_not_replaced_by_an_empty_one(shell: Shell, sample: Any, tmp_path: Path) -> None:
    folder = sample("01-*/LB")
    shell.bring(folder, *PROPOSED)
    out = tmp_path / "out"
    assert shell.say("export", "field", "--status", "proposed", "--out", out).code == 0
    folder.rename(tmp_path / "away")
    assert shell.say("export", "field", "--status", "proposed", "--out", out).code == 1
    assert len(list(out.rglob("JPEGImages/*"))) == 3


def test_02_names_keep_what_follows_a_dot(shell: Shell, sample: Any, tmp_path: Path) -> None:
    shell.bring(sample("02-*/J_voc_dots"), "--tags-from-masks", *PROPOSED)
    shell.say("export", "field", "--status", "proposed", "--out", tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out").rglob("JPEGImages/*"))
    assert names == ["frame.001.jpg", "frame.002.jpg", "frame.003.jpg"]
    shell.bring(sample("02-*/LN"), *PROPOSED, name="names")
    shell.say("export", "names", "--status", "proposed", "--out", tmp_path / "out2")
    names = {path.stem for path in (tmp_path / "out2").rglob("JPEGImages/*")}
    assert {"DSC0123", "_DSC0123", "-x", "a.", "v1.2_final"} <= names


def test_04_a_split_called_Train_is_train(shell: Shell, sample: Any, tmp_path: Path) -> None:  # noqa: N802
    shell.bring(sample("04-*/SP"), *PROPOSED)
    shell.say("export", "field", "--status", "proposed", "--out", tmp_path / "out")
    (train,) = (tmp_path / "out").rglob("Segmentation/train.txt")
    assert train.read_text().split()


def test_05_an_export_can_be_imported_again(shell: Shell, sample: Any, tmp_path: Path) -> None:
    shell.bring(sample("05-*/J_voc_dots"), "--tags-from-masks", *PROPOSED)
    shell.say("export", "field", "--status", "proposed", "--out", tmp_path / "out")
    back = shell.bring(tmp_path / "out", *PROPOSED, name="back")
    assert (back.code, back.report["problems"]) == (0, [])
    query = (
        "select i.name, c.name from item_tags t join items i on i.id = t.item_id "
        "join label_sets s on s.dataset_id = i.dataset_id "
        'join label_classes c on c.label_set_id = s.id and c."index" = t.class_index '
        "where i.dataset_id = {} order by 1, 2"
    )
    assert shell.rows(query.format(1)) == shell.rows(query.format(2))


@pytest.mark.parametrize("name", ["06-*/A2_void_mid", "06-*/A_void_mid"])
def test_06_void_in_a_class_list_moves_no_class(shell: Shell, sample: Any, name: str) -> None:
    folder = sample(name)
    said = shell.bring(folder, *PROPOSED)
    names = (folder / "labels.txt").read_text().split()
    assert "void" in said.text.lower()
    assert said.code == 1 or said.report["classes"]
    for index, label in shell.rows('select "index", name from label_classes'):
        assert names[index] == label


def test_06_a_list_of_labelme_moves_no_class(shell: Shell, sample: Any) -> None:
    shell.bring(sample("06-*/FC"))
    assert (3, "cat") in shell.rows('select "index", name from label_classes')


@pytest.mark.parametrize(
    ("name", "file", "classes"),
    [
        ("07-*/B_index_prefix", "classes.txt", ["cat", "dog"]),
        ("07-*/C_cvat", "labelmap.txt", ["cat", "dog"]),
        ("07-*/I_json", "classes.json", ["cat", "dog"]),
        ("07-*/I_json", "rgb.txt", ["cat", "dog"]),
        ("07-*/I_json", "yaml.txt", ["cat", "dog"]),
        ("07-*/I_json", "tab.txt", ["cat", "dog"]),
        ("07-*/I_json", "quoted.txt", ["cat", "dog"]),
        ("07-*/I_json", "comment.txt", ["cat", "dog"]),
        ("07-*/I_json", "oneline.txt", None),
        ("07-*/I_json", "dup.txt", None),
    ],
)
def test_07_class_files_of_other_tools_are_read_or_refused(
    shell: Shell, sample: Any, name: str, file: str, classes: list[str] | None
) -> None:
    folder = sample(name)
    said = shell.bring(folder, "--tags-from-masks", *PROPOSED, "--classes", folder / file)
    if classes is None or said.code == 2 or not said.report:
        assert said.code in (1, 2), said.text
        assert file in said.text
    else:
        assert said.report["classes"] == classes


@pytest.mark.parametrize("name", ["08-*/BM2", "08-*/C_cvat"])
def test_08_a_custom_dataset_is_not_read_with_the_classes_of_voc(
    shell: Shell, sample: Any, name: str
) -> None:
    said = shell.bring(sample(name), "--tags-from-masks", *PROPOSED)
    assert "aeroplane" not in json.dumps(said.report)
    assert said.code != 0 or "cat" in said.report["classes"]


def test_09_masks_of_only_0_and_255_are_remarked_on(shell: Shell, sample: Any) -> None:
    said = shell.bring(sample("09-*/D_binary"), *PROPOSED)
    assert "255" in said.text


def test_14_kinds_that_cannot_be_read_are_not_called_missing(shell: Shell, sample: Any) -> None:
    said = shell.bring(sample("14-*/K_ext"))
    assert said.code == 1
    assert "missing" not in said.reasons.lower()
    assert "c.jp2" in said.reasons or "jp2" in said.reasons
    assert "e.jfif" not in said.reasons
    assert "heic" in shell.bring(sample("14-*/K2_heic_only"), name="heic").text.lower()


def test_15_a_moved_folder_keeps_its_work(shell: Shell, sample: Any, tmp_path: Path) -> None:
    folder = sample("15-*/MV2")
    shell.bring(folder)
    moved = folder.rename(tmp_path / "MV3")
    assert "relocate" in shell.bring(moved).text
    assert shell.say("dataset", "relocate", "field", moved).code == 0
    assert shell.bring(moved).report["unchanged"] == 3


@pytest.mark.parametrize("name", ["alpha.png", "float.tif", "a.png", "b.gif"])
def test_16_trainer_and_studio_see_the_same_pixels(name: str) -> None:
    path = next(FOLDER.glob("16-*/FZ")) / name
    np.testing.assert_array_equal(read_rgb(path), load_upright_rgb(path))


def test_19_lists_of_deeplab_are_read(shell: Shell, sample: Any) -> None:
    said = shell.bring(sample("19-*/M_aug"), "--tags-from-masks", *PROPOSED)
    assert "leads out" not in said.text
    assert said.report["proposals"] > 0
    listed = shell.bring(sample("19-*/M2_listext"), "--tags-from-masks", *PROPOSED, name="listed")
    assert "jpg.jpg" not in listed.text


def test_20_links_are_followed_when_asked_for(shell: Shell, sample: Any, tmp_path: Path) -> None:
    store, links = sample("20-*/X_store"), tmp_path / "X_sym" / "cat"
    for path in [path for path in store.rglob("*") if path.is_file()]:
        link = links / path.relative_to(store)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)
    assert shell.bring(links.parent).code != 0
    assert shell.bring(links.parent, "--follow-links", name="followed").code == 0


def test_21_annotations_are_read_in_their_encoding(shell: Shell, sample: Any) -> None:
    said = shell.bring(sample("21-*/N_xml"))
    assert "multi-byte" not in said.text
    assert said.report["found"] > 0


def test_22_renamed_pictures_keep_their_history(shell: Shell, sample: Any) -> None:
    folder = sample("22-*/RN0")
    shell.bring(folder)
    before = shell.rows("select sha256, id from items")
    (folder / "cat").rename(folder / "kitty")
    (folder / "dog" / "0.jpg").rename(folder / "dog" / "zero.jpg")
    (folder / "dog" / "1.jpg").unlink()
    again = shell.bring(folder)
    assert shell.rows("select sha256, id from items") == before
    assert "dog/1.jpg" in again.reasons


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
    (folder,) = FOLDER.glob(sample)
    report = run(folder, **options)
    text = "\n".join(f"{problem.file}: {problem.reason}" for problem in report.problems)
    assert report.proposals == proposals
    assert [part for part in told if part not in text] == []
    assert bool(told) == bool(report.problems)


@pytest.mark.parametrize(
    ("sample", "told"),
    [
        ("13-*/H6_comma", "tags.csv, line 2: the row has more columns"),
        ("18-*/RF", "train/images: the folder was read as a folder of pictures"),
        ("18-*/TR", "train: the folder was read as a split"),
    ],
)
def test_a_sample_that_has_no_tags_is_refused_with_the_reason(run: Import, sample: str, told: str) -> None:
    (folder,) = FOLDER.glob(sample)
    with pytest.raises(UserError) as info:
        run(folder)
    assert told in str(info.value)


def test_coco_and_label_studio_are_recognised(run: Import) -> None:
    (folder,) = FOLDER.glob("13-*/CO")
    assert run(folder, tags_file=folder / "instances.json").classes == ("cat",)
    with pytest.raises(UserError, match="written by Label Studio"):
        run(folder, "other", tags_file=folder / "ls.json")
