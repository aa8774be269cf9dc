"""Keys of finished stages stay the same, so that later versions of the program do not repeat finished runs.

`finished_run.json` is the manifest of a run that the first version of these keys has finished, on the dataset
of the fixture `root`. Do not write it anew: it stands for the runs that people have.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from trainer import pipeline
from trainer.config import Recipe, RefineConfig
from trainer.contract import CAMS, CLASSIFY, REFINE, SEGMENT, STAGES
from trainer.data.aliases import AliasError
from trainer.data.folder import open_dataset
from trainer.recipes import recipe_from
from trainer.run.directory import RunDir
from trainer.run.events import Event
from trainer.settings import Settings, is_later_field, is_machine_field, later_field
from trainer.stage_graph import StageGraph

FINISHED_RUN = Path(__file__).parent / "finished_run.json"

WITH_ACCEPTED = {
    "classify": "ef91861dad2e6393",
    "cams": "412e3bebb6226435",
    "affinity": "fddbe38a8381574c",
    "pixels": "4a82c3240436629b",
    "refine": "b3b45dacb182846f",
    "segment": "91c00ee5f5b168d8",
    "evaluate": "09bb2bea574c9412",
}
"""Keys of the first version for the same dataset with an accepted mask, before any stage has run."""

WITHOUT_PIXEL_TERM = {
    "classify": "416b4bb92bf37570",
    "cams": "b0e266d389b47687",
    "affinity": "aa6c9d8c54f6337c",
    "pixels": "ab405f5bbc4bcec3",
    "refine": "1e5eca4e3487ab97",
    "segment": "524845173c480dc4",
    "evaluate": "09bb2bea574c9412",
}
"""The same where the recipe sets accepted_pixel_weight to 0."""

LATER_DEFAULTS: dict[str, Any] = {
    "classify.method": "puzzle",
    "classify.seam.rescale": 0.3,
    "classify.seam.top_share": 0.2,
    "classify.seam.dropout": 0.5,
    "classify.seenet.object_threshold": 0.7,
    "classify.seenet.background_threshold": 0.05,
    "classify.seenet.width": 128,
    "classify.seenet.dropout": 0.5,
    "classify.ficklenet.window": 5,
    "classify.ficklenet.dropped": 0.9,
    "classify.ficklenet.maps": 200,
    "classify.ficklenet.threshold": 0.35,
    "classify.icd.superpixels": 150,
    "classify.icd.least_score": 0.2,
    "classify.icd.warm_up": 0.1,
    "classify.icd.width": 128,
    "affinity.method": "irn",
    "affinity.displacement": False,
    "refine.instance_threshold": 0.25,
    "affinity.psa.low_power": 4.0,
    "affinity.psa.high_power": 32.0,
    "affinity.psa.walk_power": 16.0,
    "affinity.psa.trains_backbone": False,
    "refine.min_piece_share": 0.001,
    "saliency.source": "none",
    "saliency.folder": None,
    "saliency.background_threshold": 0.06,
    "segment.method": "labels",
    "segment.dsrg.foreground_probability": 0.85,
    "segment.dsrg.background_probability": 0.99,
    "segment.dsrg.crf_iterations": 10,
    "rounds": 1,
    "relabel.scales": (0.75, 1.0, 1.25),
    "relabel.flip": True,
    "relabel.max_side": 512,
    "relabel.use_walk": True,
    "relabel.background_threshold": 0.5,
    "cams.learn_from_accepted": False,
    "cams.zero_shot_source": "imagenet",
    "cams.clip_sha256": None,
    "cams.clip_network": "ViT-B-16-quickgelu",
}
"""Settings added after the first version, by dotted name, with their defaults. Add new ones and change none:
outputs that were made with a default carry a key without it."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The dataset of the finished run. Keys depend on the sizes of pictures only, not on what they show."""
    root = tmp_path / "pets"
    root.mkdir()
    rows = ["image,tags"]
    for number in range(4):
        (root / f"p{number}.bmp").write_bytes(bytes(7254))
        rows.append(f"p{number}.bmp,{('cat', 'dog')[number % 2]}")
    (root / "tags.csv").write_text("\n".join(rows), encoding="utf-8")
    return root


@pytest.fixture
def recipe() -> Recipe:
    """The recipe of the finished run, as its manifest has it."""
    return recipe_from(json.loads(FINISHED_RUN.read_bytes())["recipe"], where="The manifest")


@pytest.fixture
def finished(tmp_path: Path) -> RunDir:
    directory = RunDir(tmp_path / "run")
    directory.path.mkdir()
    shutil.copy(FINISHED_RUN, directory.manifest_path)
    return directory


def accept(root: Path) -> None:
    (root / "accepted").mkdir()
    (root / "accepted" / "p1.png").write_bytes(b"a mask")


def keys(recipe: Recipe, root: Path, directory: RunDir) -> dict[str, str]:
    graph = StageGraph(recipe, open_dataset(root, "train"), directory)
    return {name: graph.key(name) for name in STAGES}


def test_a_run_of_the_first_version_is_not_repeated(recipe: Recipe, root: Path, finished: RunDir) -> None:
    events: list[Event] = []
    pipeline.run(recipe, root, "train", finished.path, device="cpu", listeners=(events.append,))
    assert [event["stage"] for event in events if event["kind"] == "stage_skipped"] == list(STAGES)


def test_keys_with_accepted_masks_are_those_of_the_first_version(
    recipe: Recipe, root: Path, finished: RunDir
) -> None:
    accept(root)
    manifest = json.loads(FINISHED_RUN.read_bytes())
    finished.manifest_path.write_text(json.dumps({**manifest, "stages": {}}), encoding="utf-8")
    assert keys(recipe, root, finished) == WITH_ACCEPTED
    without_term = recipe.model_copy(update={"accepted_pixel_weight": 0.0})
    assert keys(without_term, root, finished) == WITHOUT_PIXEL_TERM


def test_aliases_change_the_keys_of_what_reads_them_only_for_tags_that_have_one(
    recipe: Recipe, root: Path, finished: RunDir
) -> None:
    before = keys(recipe, root, finished)
    finished.aliases_path.write_text('Pferd = "horse"\n')
    assert keys(recipe, root, finished) == before
    finished.aliases_path.write_text('cat = "lion"\n')
    after = keys(recipe, root, finished)
    assert {name for name in STAGES if after[name] != before[name]} >= {CLASSIFY, CAMS}


def test_a_run_keeps_the_aliases_that_it_was_given(
    recipe: Recipe, root: Path, finished: RunDir, tmp_path: Path
) -> None:
    given = tmp_path / "mine.toml"
    given.write_text('Pferd = "horse"\n')
    pipeline.run(recipe, root, "train", finished.path, device="cpu", aliases=given)
    assert finished.aliases_path.read_text() == given.read_text()
    with pytest.raises(AliasError, match="no file of aliases"):
        pipeline.run(recipe, root, "train", finished.path, device="cpu", aliases=tmp_path / "missing.toml")


class GrownRefineConfig(RefineConfig):
    """The settings of a stage in a later version that has one more."""

    smoothing: float = later_field(1.0, ge=0, description="1 is what the first version did.")


def grown(recipe: Recipe, **settings: float) -> Recipe:
    later = GrownRefineConfig.model_validate({**recipe.refine.model_dump(), **settings})
    return recipe.model_copy(update={"refine": later})


def test_a_new_setting_at_its_default_changes_no_key(recipe: Recipe, root: Path, finished: RunDir) -> None:
    before = keys(recipe, root, finished)
    assert keys(grown(recipe), root, finished) == before
    assert keys(grown(recipe, smoothing=1), root, finished) == before


def test_a_new_setting_with_another_value_changes_the_keys_of_its_stage_and_those_that_follow(
    recipe: Recipe, root: Path, finished: RunDir
) -> None:
    before, after = (keys(one, root, finished) for one in (recipe, grown(recipe, smoothing=2)))
    assert after[CAMS] == before[CAMS]
    assert after[REFINE] != before[REFINE]
    assert after[SEGMENT] != before[SEGMENT]


def test_settings_of_the_first_version_are_part_of_the_key_even_at_their_default() -> None:
    assert RefineConfig().result_settings()["beta"] == 10.0


def fields_of(model: type[BaseModel], prefix: str = "") -> dict[str, Any]:
    """Every field that changes results, by dotted name."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, Settings):
            found |= fields_of(inner, f"{prefix}{name}.")
        elif not is_machine_field(field):
            found[prefix + name] = field
    return found


def names_in(values: dict[str, Any], prefix: str = "") -> set[str]:
    names: set[str] = set()
    for name, value in values.items():
        names |= names_in(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name}
    return names


def test_every_setting_since_the_first_version_is_a_later_field_whose_default_does_not_change() -> None:
    first = names_in(json.loads(FINISHED_RUN.read_bytes())["recipe"])
    added = {name: field for name, field in fields_of(Recipe).items() if name not in first}
    assert [name for name, field in added.items() if not is_later_field(field)] == [], (
        "make these with later_field, or finished runs become stale"
    )
    assert {name: field.default for name, field in added.items()} == LATER_DEFAULTS
