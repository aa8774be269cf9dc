"""The Python API: the code of docs/api.md runs, changes are checked, and reading labels needs no torch."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from db.annotations import StaleRevision
from puzzlecam_app import api
from puzzlecam_app.errors import UserError
from tests.puzzlecam_app.conftest import ColourClassifier, draw
from trainer.cams.sources import CamSource, CamSources
from trainer.models.proposal import ProposalModel

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
CAT, DOG = 1, 2


class PetClassifier(ColourClassifier):
    """Cats are red, dogs are blue."""

    identity = "zero-shot-pets"
    channels = {"cat": 0, "dog": 2}  # noqa: RUF012


def make_folder(folder: Path) -> Path:
    """Two pictures with masks: the left half of each is a dog, the right half a cat."""
    (folder / "images").mkdir(parents=True)
    (folder / "masks").mkdir()
    for name, colour in (("a", 7), ("b", 9)):
        draw(folder / "images" / f"{name}.png")
        picture = np.asarray(Image.open(folder / "images" / f"{name}.png")).copy()
        picture[0, 0] = colour
        Image.fromarray(picture).save(folder / "images" / f"{name}.png")
        mask = np.full(picture.shape[:2], CAT, np.uint8)
        mask[:, : mask.shape[1] // 2] = DOG
        Image.fromarray(mask).save(folder / "masks" / f"{name}.png")
    (folder / "labels.txt").write_text("background\ncat\ndog\n")
    (folder / "tags.csv").write_text("image,tags,split\na.png,cat;dog,train\nb.png,cat,val\n")
    return folder


def fill(workspace: api.Workspace, folder: Path) -> api.Dataset:
    """The dataset `pets`, whose masks are accepted."""
    report = workspace.import_dataset(
        make_folder(folder), "pets", options=api.ImportOptions(masks="accepted")
    )
    assert report.accepted == 2
    return workspace.dataset("pets")


@pytest.fixture
def pets(tmp_path: Path) -> Any:
    with api.open_workspace(tmp_path / "workspace") as workspace:
        yield fill(workspace, tmp_path / "pets")


def test_the_code_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    model = ProposalModel(CamSources([CamSource(PetClassifier())]))
    monkeypatch.setattr("puzzlecam_app.services._model_loader", lambda _: lambda: model)
    with api.open_workspace(tmp_path / "puzzlecam") as workspace:
        fill(workspace, tmp_path / "pets")
    make_folder(tmp_path / "more-pets")

    variables: dict[str, Any] = {}
    for number, code in enumerate(re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)):
        exec(compile(code, f"{PAGE.name}, example {number + 1}", "exec"), variables)

    assert variables["names"] == {CAT: "cat", DOG: "dog"}
    assert variables["stored"].action == "corrected"
    assert variables["maps"].class_names == ("cat", "dog")
    assert variables["report"].exported == 1
    assert (tmp_path / f"puzzlecam/runs/{variables['run']}/recipe.toml").is_file()


def test_pictures_have_their_tags_masks_and_history(pets: api.Dataset) -> None:
    first, second = pets.items()

    assert (first.name, first.split, first.tags) == ("images/a.png", "train", ("cat", "dog"))
    assert first.image_rgb().shape == (first.height, first.width, 3)
    assert np.unique(first.mask()).tolist() == [CAT, DOG]
    assert [(one.action, one.parent) for one in first.history()] == [("accepted", None)]
    assert first.ground_truth() is None
    assert [item.name for item in pets.items(split="val")] == [second.name]
    assert [item.name for item in pets.items(tag="dog")] == [first.name]


def test_a_mask_that_is_based_on_an_old_revision_is_refused(pets: api.Dataset) -> None:
    item = pets.item("images/a.png")
    first = item.history()[-1].id
    mask = item.mask()
    assert mask is not None
    stored = item.put_mask(mask * 0, parent=first, author="Ann")

    with pytest.raises(StaleRevision, match="Ann"):
        item.put_mask(mask, parent=first, author="Bob")

    assert [one.id for one in item.history()] == [first, stored.id]
    np.testing.assert_array_equal(item.mask(first), mask)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.zeros((2, 2), np.uint8), "shape"),
        (np.zeros((48, 64)), "float64"),
        (np.full((48, 64), 3), "3 is no class"),
        (np.full((48, 64), -1), "-1 is no class"),
    ],
)
def test_masks_that_do_not_fit_are_refused(pets: api.Dataset, mask: np.ndarray, message: str) -> None:
    item = pets.item("images/a.png")

    with pytest.raises(UserError, match=message):
        item.put_mask(mask, parent=item.history()[-1].id)

    assert len(item.history()) == 1


def test_an_unknown_name_is_answered_with_a_remedy(pets: api.Dataset) -> None:
    with pytest.raises(UserError, match="Names are those of items"):
        pets.item("images/c.png")
    with pytest.raises(UserError, match="Choose one of cat, dog"):
        next(pets.items(tag="bird"))


def test_labels_are_read_without_torch(tmp_path: Path) -> None:
    with api.open_workspace(tmp_path / "workspace") as workspace:
        fill(workspace, tmp_path / "pets")
    script = (
        "import sys; from puzzlecam_app import api\n"
        "with api.open_workspace(sys.argv[1]) as workspace:\n"
        "    for item in workspace.dataset('pets').items():\n"
        "        item.image_rgb(), item.tags\n"
        "        item.put_mask(item.mask(), parent=item.history()[-1].id, accept=True)\n"
        "    workspace.dataset('pets').export(sys.argv[2], 'coco')\n"
        "print('torch' in sys.modules, 'gradio' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "workspace", tmp_path / "out"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "False False\n", done.stderr
