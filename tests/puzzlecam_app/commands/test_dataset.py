"""The commands that work on datasets, as a person or a script would use them on a small folder."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from db.items import set_doubt
from puzzlecam_app.cli import main
from puzzlecam_app.errors import UserError
from puzzlecam_app.proposing.predictor import Predictor
from puzzlecam_app.proposing.proposals import NoTagsError, Proposals


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Two cats and a dog, and a tag list; the pictures are noise."""
    folder = tmp_path / "pets"
    folder.mkdir()
    noise = np.random.default_rng(0)
    for name in ("cat1.png", "cat2.png", "dog.png"):
        Image.fromarray(noise.integers(0, 256, (12, 16, 3), dtype=np.uint8)).save(folder / name)
    (folder / "tags.csv").write_text("image,tags\ncat1.png,cat\ncat2.png,cat\ndog.png,dog;cat\n")
    return folder


@pytest.fixture
def imported(pets: Path) -> Path:
    assert main(["dataset", "import", str(pets), "--name", "pets"]) == 0
    return pets


def answer(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    """Run a command with --json and return what it reported."""
    capsys.readouterr()
    assert main([*arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_an_import_reports_what_it_took(pets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = answer(capsys, "dataset", "import", str(pets), "--name", "pets")

    assert (report["found"], report["added"], report["left_out"]) == (3, 3, 0)


def test_a_bad_file_is_listed_with_its_remedy_and_the_rest_is_taken(
    pets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pets / "dog.png").write_bytes(b"no picture")

    assert main(["dataset", "import", str(pets), "--name", "pets"]) == 1

    screen = capsys.readouterr().out
    assert "2 added" in screen
    assert "Problems: 1 error, 0 warnings." in screen
    assert "error    dog.png: " in screen


def test_a_warning_about_something_that_was_used_is_no_failure(
    pets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pets / "dog.png").rename(pets / "my dog.png")
    (pets / "tags.csv").write_text("image,tags\ncat1.png,cat\ncat2.png,cat\nmy dog.png,dog\n")

    assert main(["dataset", "import", str(pets), "--name", "pets"]) == 0

    assert "Problems: 0 errors, 1 warning." in capsys.readouterr().out


@pytest.mark.parametrize(
    "spoil",
    [
        lambda pets: (pets / "tags.csv").write_text(
            "image,tags\ncat1.png,cat;void\ncat2.png,\ndog.png,dog\n"
        ),
        lambda pets: shutil.copy(pets / "dog.png", pets / "copy.png"),
        lambda pets: (pets / "tags.csv").open("a").write("gone.png,cat\n"),
    ],
    ids=["a tag", "a picture", "a row"],
)
def test_an_import_that_left_something_out_exits_with_1(pets: Path, spoil: Callable[[Path], object]) -> None:
    spoil(pets)

    assert main(["dataset", "import", str(pets), "--name", "pets"]) == 1


def test_an_import_that_takes_nothing_has_failed(pets: Path) -> None:
    for picture in pets.glob("*.png"):
        picture.write_bytes(b"no picture")

    assert main(["dataset", "import", str(pets), "--name", "pets"]) == 1


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dataset", "import", str(tmp_path / "missing"), "--name", "x"]) == 1

    assert str(tmp_path / "missing") in capsys.readouterr().err


def test_the_list_is_empty_at_first_and_says_how_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dataset", "list"]) == 0

    assert "dataset import" in capsys.readouterr().out


def test_the_list_shows_every_dataset(imported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (dataset,) = answer(capsys, "dataset", "list")

    assert (dataset["name"], dataset["pictures"], dataset["done"]) == ("pets", 3, 0)
    assert dataset["root"] == str(imported)

    assert main(["dataset", "list"]) == 0
    assert "pets" in capsys.readouterr().out


def test_show_counts_classes_and_statuses(imported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = answer(capsys, "dataset", "show", "pets")

    assert {one["name"]: one["pictures"] for one in facts["classes"]} == {"cat": 3, "dog": 1}
    assert facts["statuses"]["new"] == 3
    assert facts["last_import"]["problems"] == []

    assert main(["dataset", "show", "pets"]) == 0
    assert "cat" in capsys.readouterr().out


def test_an_unknown_name_is_answered_with_the_known_ones(
    imported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dataset", "show", "pest"]) == 1

    assert "pets" in capsys.readouterr().err


def test_verify_finds_what_changed_since_the_import(
    imported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer(capsys, "dataset", "verify", "pets")["problems"] == []

    (imported / "dog.png").unlink()

    (problem,) = answer(capsys, "dataset", "verify", "pets", code=1)["problems"]
    assert problem["file"] == "dog.png"


def test_a_removed_dataset_is_gone_and_its_pictures_stay(
    imported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dataset", "remove", "pets"]) == 0

    assert answer(capsys, "dataset", "list") == []
    assert (imported / "dog.png").exists()


def test_exporting_before_anything_is_accepted_says_what_to_do(
    imported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "pets", "--out", str(tmp_path / "out")]) == 1

    assert "Review" in capsys.readouterr().err


def test_masks_that_came_along_can_be_exported_as_proposals(
    pets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pets / "classes.txt").write_text("cat\ndog\n")
    (pets / "masks").mkdir()
    mask = np.zeros((12, 16), np.uint8)
    mask[:6] = 2
    Image.fromarray(mask).save(pets / "masks" / "dog.png")
    masks = ["--masks", "proposals", "--classes", str(pets / "classes.txt")]
    assert main(["dataset", "import", str(pets), "--name", "pets", *masks]) == 0

    report = answer(capsys, "export", "pets", "--out", str(tmp_path / "out"), "--status", "proposed", "--zip")

    assert report["exported"] == 1
    with zipfile.ZipFile(report["zip"]) as archive:
        names = archive.namelist()
    assert report["zip"] == str(tmp_path / "out.zip")
    assert {"out/manifest.json", "out/VOCdevkit/VOC2012/labels.txt"} <= set(names)
    (exported,) = Path(report["root"]).glob("SegmentationClass/*.png")
    with Image.open(exported) as image:
        assert image.mode == "P"
        assert np.array_equal(np.asarray(image), mask)


class RecordedModel:
    """Stands in for the classifier: remembers which pictures were computed, fails on one."""

    def __init__(self) -> None:
        self.computed: list[int] = []
        self.failing: dict[int, UserError] = {}

    def compute(self, proposals: Proposals, item_id: int) -> None:
        if item_id in self.failing:
            raise self.failing[item_id]
        self.computed.append(item_id)
        with proposals._database.write() as session:
            set_doubt(session, {item_id: 0.5})


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> RecordedModel:
    recorded = RecordedModel()
    monkeypatch.setattr(
        Proposals, "compute", lambda self, item_id, *, is_ahead: recorded.compute(self, item_id)
    )
    monkeypatch.setattr(Proposals, "is_due", lambda self, newest, *_, **__: len(recorded.computed) < 3)
    monkeypatch.setattr(Predictor, "cached_cams", lambda self, sha256, names: object())
    return recorded


def test_propose_computes_what_is_due(
    imported: Path, model: RecordedModel, capsys: pytest.CaptureFixture[str]
) -> None:
    report = answer(capsys, "propose", "pets")

    assert (report["computed"], report["remaining"], report["failures"]) == (3, 0, [])
    assert len(model.computed) == 3

    again = answer(capsys, "propose", "pets")
    assert (again["computed"], again["present"]) == (0, 3)


def test_a_limit_leaves_the_rest_for_the_next_call(
    imported: Path, model: RecordedModel, capsys: pytest.CaptureFixture[str]
) -> None:
    report = answer(capsys, "propose", "pets", "--limit", "2")

    assert (report["computed"], report["remaining"]) == (2, 1)

    assert main(["propose", "pets", "--limit", "1"]) == 0
    assert "2 pictures are left" in capsys.readouterr().out


def test_a_picture_that_fails_does_not_stop_the_others(
    imported: Path, model: RecordedModel, capsys: pytest.CaptureFixture[str]
) -> None:
    model.failing[2] = NoTagsError("cat2.png")

    report = answer(capsys, "propose", "pets", code=1)

    assert report["computed"] == 2
    assert [failure["picture"] for failure in report["failures"]] == ["cat2.png"]


def test_a_moved_folder_is_relocated(imported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    moved = imported.rename(imported.with_name("moved"))
    assert main(["dataset", "import", str(moved), "--name", "pets"]) == 1
    assert f"dataset relocate pets {moved}" in capsys.readouterr().err

    (moved / "dog.png").rename(moved.parent / "dog.png")
    assert main(["dataset", "relocate", "pets", str(moved)]) == 1
    screen = capsys.readouterr().out
    assert "2 of 3 pictures" in screen
    assert "dog.png" in screen
    assert answer(capsys, "dataset", "show", "pets")["root"] == str(imported)

    report = answer(capsys, "dataset", "relocate", "pets", str(moved), "--partial", code=1)
    assert (report["relocated"], report["missing"]) == (True, ["dog.png"])
    shown = answer(capsys, "dataset", "show", "pets")
    assert (shown["root"], shown["pictures"], shown["missing"]) == (str(moved), 2, ["dog.png"])

    (moved.parent / "dog.png").rename(moved / "hund.png")
    report = answer(capsys, "dataset", "relocate", "pets", str(moved))
    assert (report["found"], report["renamed"], report["missing"]) == (3, 1, [])
    assert main(["dataset", "verify", "pets"]) == 0
