"""Masks that people accepted are found, checked before training, and part of what a run depends on."""

import numpy as np
import pytest
from PIL import Image

from trainer.data.accepted import accepted_labels, check_accepted
from trainer.data.dataset import DatasetError
from trainer.data.folder import open_dataset
from trainer.data.masks import write_mask


@pytest.fixture
def root(make_voc):
    return make_voc(pictures=3)


def accept(root, identifier="p1", value=2, size=(40, 60)):
    mask = np.full(size, value, np.uint8)
    mask[:5] = 255
    write_mask(root / "accepted" / f"{identifier}.png", mask)
    return mask


def test_masks_are_found_by_id(root):
    mask = accept(root)
    dataset = open_dataset(root, "train")
    assert [image.id for image in dataset.accepted] == ["p1"]
    assert accepted_labels(dataset.images[0]) is None
    np.testing.assert_array_equal(accepted_labels(dataset.images[1]), mask)
    check_accepted(dataset)


def test_a_folder_with_tags_has_them_in_subfolders_too(tmp_path):
    (tmp_path / "cats").mkdir()
    Image.new("RGB", (6, 4)).save(tmp_path / "cats" / "a.png")
    (tmp_path / "tags.csv").write_text("image,tags\ncats/a.png,cat\n")
    write_mask(tmp_path / "accepted" / "cats" / "a.png", np.ones((4, 6), np.uint8))
    (image,) = open_dataset(tmp_path, "all").accepted
    assert image.id == "cats/a"


def test_a_changed_mask_changes_the_fingerprint_but_not_whose_run_it_is(root):
    dataset = open_dataset(root, "train")
    fingerprints, identities = [dataset.fingerprint], [dataset.identity]
    for value in (2, 1):
        accept(root, value=value)
        dataset = open_dataset(root, "train")
        fingerprints.append(dataset.fingerprint)
        identities.append(dataset.identity)
    assert len(set(fingerprints)) == 3
    assert set(identities) == {fingerprints[0]}
    assert dataset.without_accepted().fingerprint == fingerprints[0]


def test_a_mask_of_another_size_is_named_with_both_sizes(root):
    accept(root, size=(60, 40))
    with pytest.raises(
        DatasetError, match=r"p1\.png has 40 x 60 pixels, but its upright picture has 60 x 40"
    ):
        check_accepted(open_dataset(root, "train"))


def test_the_size_is_that_of_the_upright_picture(root):
    path = root / "JPEGImages" / "p1.png"
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(path) as image:
        image.save(path, exif=exif)
    accept(root, size=(60, 40))
    check_accepted(open_dataset(root, "train"))


def test_an_index_that_is_no_class_is_refused(root):
    accept(root, value=3)
    with pytest.raises(DatasetError, match=r"class index 3, which is no class of"):
        check_accepted(open_dataset(root, "train"))


def test_a_damaged_mask_is_named(root):
    accept(root)
    (root / "accepted" / "p1.png").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=r"p1\.png cannot be read"):
        check_accepted(open_dataset(root, "train"))
