"""Starting a run freezes what it learns from, as a dataset that the trainer opens."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from db.annotations import decide, latest_revision, propose
from db.datasets import require_dataset
from db.items import ItemSpec, replace_tags, upsert_items
from db.labels import ClassSpec, add_label_set
from db.models import Item, utc_now
from db.palette import voc_palette
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.importing import ImportOptions, import_dataset
from puzzlecam_app.runs.dataset_folder import missing_pictures
from puzzlecam_app.runs.snapshot import read_snapshot, supervision_sentence, uses_accepted
from puzzlecam_app.runs.starting import RunRequest, start_run
from puzzlecam_app.services import Services
from tests.puzzlecam_app.conftest import BLUE, HEIGHT, RED, WIDTH, draw
from tests.puzzlecam_app.runs.helpers import Runs
from trainer.data.folder import open_dataset
from trainer.data.ground_truth import GroundTruth, read_mask
from trainer.data.masks import write_mask
from trainer.recipes import load_recipe


def accept(services: Services, item_id: int, value: int) -> str:
    """Somebody accepts a mask full of one class."""
    mask = np.full((HEIGHT, WIDTH), value, np.uint8)
    name = services.masks.put(mask, voc_palette())
    with services.database.write() as session:
        propose(session, item_id, mask_hash=name, proposed_by="zero-shot-colour")
        newest = latest_revision(session, item_id)
        assert newest is not None
        decide(session, item_id, expected=newest.id, action="accept", author=None)
    return name


def test_the_trainer_opens_what_was_frozen(runs: Runs) -> None:
    folder = runs.folder(runs.start())
    dataset = open_dataset(folder.dataset, "all")
    assert dataset.class_names == ("blue", "red")
    assert [(image.id, image.tags) for image in dataset.images] == [("a", (BLUE, RED)), ("b", (RED,))]
    assert all(image.path.is_file() for image in dataset.images)
    assert open_dataset(folder.dataset, "train").ids == ("a", "b")
    assert load_recipe(folder.recipe_path) == load_recipe("tiny")
    assert missing_pictures(folder.dataset) == []


def test_a_missing_picture_is_in_no_snapshot(runs: Runs) -> None:
    with runs.services.database.write() as session:
        session.get_one(Item, 2).missing_since = utc_now()
    snapshot = read_snapshot(runs.folder(runs.start()).snapshot_path)
    assert [item.item_id for item in snapshot.items] == [1]


def test_pictures_are_linked_and_not_copied(runs: Runs, tmp_path: Path) -> None:
    folder = runs.folder(runs.start())
    links = sorted((folder.dataset / "JPEGImages").iterdir())
    assert [link.resolve() for link in links] == [tmp_path / "pictures" / f"{name}.png" for name in "ab"]
    assert all(link.is_symlink() for link in links)


def test_what_changes_later_does_not_reach_the_run(runs: Runs) -> None:
    accept(runs.services, 1, RED)
    run_id = runs.start()
    accept_later = accept(runs.services, 2, BLUE)
    with runs.database.write() as session:
        replace_tags(session, 1, {1: [BLUE]})
    snapshot = read_snapshot(runs.folder(run_id).snapshot_path)
    first, second = snapshot.items
    assert (first.status, first.tags, first.revision_id is not None) == ("accepted", (BLUE, RED), True)
    assert (second.status, second.accepted_mask) == ("new", None)
    assert accept_later not in snapshot.model_dump_json()
    assert (snapshot.untagged, snapshot.splits) == (1, {"all": 2, "train": 2})


def test_accepted_masks_and_ground_truth_lie_beside_the_pictures(runs: Runs) -> None:
    accept(runs.services, 1, RED)
    truth = runs.services.masks.put(np.full((HEIGHT, WIDTH), BLUE, np.uint8), voc_palette())
    with runs.database.write() as session:
        from db.annotations import register_mask

        register_mask(session, truth, height=HEIGHT, width=WIDTH)
        spec = ItemSpec("b", "b.png", "b" * 64, WIDTH, HEIGHT, 1, "image/png", "train", truth)
        upsert_items(session, 1, [spec])
    run_id = runs.start()
    dataset = runs.folder(run_id).dataset
    assert [path.name for path in (dataset / "accepted").iterdir()] == ["a.png"]
    assert (read_mask(dataset / "accepted" / "a.png") == RED).all()
    assert [image.accepted_mask for image in open_dataset(dataset, "all").images] == [
        dataset / "accepted" / "a.png",
        None,
    ]
    assert GroundTruth(dataset).has("b")
    assert not GroundTruth(dataset).has("a")
    counts = runs.run(run_id).supervision
    assert (counts["pictures"], counts["accepted_masks"], counts["ground_truth"]) == (2, 1, 1)


def test_names_that_are_no_file_names_become_some(runs: Runs, tmp_path: Path) -> None:
    with runs.database.write() as session:
        specs = [
            ItemSpec(name, "a.png", digit * 64, WIDTH, HEIGHT, 1, "image/png", split)
            for name, digit, split in (("my cat/ü 1.png", "7", "odd/split"), ("x.gif.png", "8", None))
        ]
        ids = upsert_items(session, 1, specs).ids
        add_label_set(session, 1, [ClassSpec(1, "blue"), ClassSpec(2, "red"), ClassSpec(3, "a;b")])
        replace_tags(session, 1, {item: [3] for item in ids.values()})
    run_id = runs.start(split="odd/split")
    folder = runs.folder(run_id)
    dataset = open_dataset(folder.dataset, "all")
    assert dataset.ids == ("a", "b", "my_cat_ü_1", "x.gif")
    assert all(image.path.is_file() for image in dataset.images)
    assert dataset.names_of(dataset.images[3]) == ("a,b",)
    assert open_dataset(folder.dataset, "odd_split").ids == ("my_cat_ü_1",)


def test_what_cannot_be_started_leaves_nothing_behind(runs: Runs) -> None:
    with pytest.raises(UserError, match=r"no split 'val' .* Choose one of all \(2\), train \(2\)"):
        runs.start(split="val")
    with pytest.raises(ValueError, match="1 to 128"):
        runs.start(name="x" * 200)
    with runs.database.write() as session:
        replace_tags(session, 1, {1: [], 2: []})
    with pytest.raises(UserError, match="nothing to learn from"):
        runs.start()
    assert list(runs.services.workspace.runs_dir.iterdir()) == []


def test_the_supervision_is_said_in_words() -> None:
    counts = {"pictures": 812, "accepted_masks": 96, "untagged": 0}
    assert supervision_sentence(counts, uses_accepted=True) == "Tags of 812 pictures; 96 accepted masks."
    assert "96 accepted masks are not used" in supervision_sentence(counts, uses_accepted=False)
    assert uses_accepted({"classify": {"use_accepted": True}})
    assert not uses_accepted({"use_accepted": False, "classify": {"epochs": 1}})


def test_the_snapshot_is_plain_json_that_says_what_it_is(runs: Runs) -> None:
    values = json.loads(runs.folder(runs.start()).snapshot_path.read_text(encoding="utf-8"))
    assert (values["format"], values["version"], values["dataset"]) == (
        "puzzlecam-run-snapshot",
        1,
        "colours",
    )


def test_a_voc_dataset_is_the_same_to_the_trainer_as_its_own_folder(runs: Runs, tmp_path: Path) -> None:
    """Equal fingerprints, classes and masks: a run's numbers are those of the command line."""
    root = tmp_path / "voc"
    for name in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / name).mkdir(parents=True)
    rows = ["image,tags"]
    for number, tag in enumerate(("cat", "dog", "cat;person"), start=1):
        draw(root / "JPEGImages" / f"2007_{number}.jpg", width=40 + number)
        write_mask(
            root / "SegmentationClass" / f"2007_{number}.png", np.zeros((HEIGHT, 40 + number), np.uint8)
        )
        rows.append(f"2007_{number}.jpg,{tag}")
    (root / "tags.csv").write_text("\n".join(rows), encoding="utf-8")
    lists = root / "ImageSets" / "Segmentation"
    (lists / "train.txt").write_text("2007_1\n2007_2\n", encoding="utf-8")
    (lists / "val.txt").write_text("2007_3\n", encoding="utf-8")
    services = runs.services
    import_dataset(services.stores, root, "voc", options=ImportOptions(masks="ground-truth"))
    with runs.database.read() as session:
        dataset_id = require_dataset(session, "voc").id
    request = RunRequest(dataset_id, load_recipe("tiny"), "ann", split="train")
    run = start_run(runs.database, services.masks, services.workspace.runs_dir, request)
    frozen = runs.folder(run.id).dataset
    for split in ("train", "val"):
        ours, theirs = open_dataset(frozen, split), open_dataset(root, split)
        assert (ours.fingerprint, ours.class_names, ours.ids) == (
            theirs.fingerprint,
            theirs.class_names,
            theirs.ids,
        )
        assert all(
            (GroundTruth.of(ours).mask(name) == GroundTruth.of(theirs).mask(name)).all() for name in ours.ids
        )
