"""From tags to ImageNet classes."""

import pytest

from tests.trainer.data.coco import COCO_CLASSES
from trainer.data.imagenet_tags import load_class_table, match_tag, parse_indices
from trainer.data.labels import VOC_CLASSES, normalize_class_name


def test_dog_is_every_breed_and_nothing_else():
    match = match_tag("dog")
    assert match.imagenet_indices == tuple(range(151, 269))
    assert {"Chihuahua", "pug"} <= set(match.imagenet_names)
    assert not match.weak


@pytest.mark.parametrize("name", sorted({*VOC_CLASSES, *COCO_CLASSES}))
def test_the_table_covers_voc_and_coco(name):
    table = load_class_table()
    assert normalize_class_name(name) in {*table.counterparts, *table.stand_ins, *table.class_agnostic}


def test_the_table_uses_normalised_names_once():
    table = load_class_table()
    names = [*table.counterparts, *table.stand_ins, *table.class_agnostic]
    assert len(names) == len(set(names))
    assert [normalize_class_name(name) for name in names] == names


def test_person_is_weak_and_says_what_stands_in():
    match = match_tag("person")
    assert match.weak
    assert match.imagenet_indices
    assert "no class for “person”" in match.reason


def test_a_tag_outside_the_table_is_found_by_its_wordnet_name():
    assert match_tag("zebras").imagenet_names == ("zebra",)
    assert match_tag("Sea Lion").imagenet_names == ("sea lion",)


def test_a_tag_that_ends_lemmas_means_all_of_them():
    assert {"Sussex spaniel", "clumber"} <= set(match_tag("spaniel").imagenet_names)


@pytest.mark.parametrize("name", ["giraffe", "qwertz", "", "s"])
def test_a_tag_unknown_to_imagenet_is_class_agnostic_and_weak(name):
    match = match_tag(name)
    assert match.weak
    assert match.imagenet_indices == ()


def test_ranges_include_both_ends_and_repeats_are_dropped():
    assert parse_indices([9, "3-5", 4]) == (9, 3, 4, 5)


@pytest.mark.parametrize("entry", ["5-3", "x", 1000, "-1", "990-1000"])
def test_malformed_indices_are_named(entry):
    with pytest.raises(ValueError, match=str(entry)):
        parse_indices([entry])
