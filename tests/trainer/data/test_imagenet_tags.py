"""From tags to ImageNet classes."""

import pytest

from tests.trainer.data.coco import COCO_CLASSES
from trainer.data.class_table import load_class_table, parse_indices
from trainer.data.imagenet_tags import match_tag
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


def test_a_broad_noun_means_all_its_classes():
    names = set(match_tag("vehicle").imagenet_names)
    assert {"airliner", "mountain bike", "canoe"} <= names
    assert "tabby" not in names
    assert len(match_tag("animal").imagenet_indices) == 398


@pytest.mark.parametrize(
    ("tag", "same_as"),
    [
        ("mice", "mouse"),
        ("Wolves", "wolf"),
        ("an insect", "insect"),
        ("The_Insects", "insect"),
        ("people", "person"),
        ("ladybugs", "ladybug"),
        ("Buses", "bus"),
    ],
)
def test_plurals_capitals_and_articles_do_not_matter(tag, same_as):
    assert match_tag(tag).imagenet_indices == match_tag(same_as).imagenet_indices != ()


def test_of_several_meanings_the_most_frequent_is_taken_and_the_others_are_named():
    crane = match_tag("crane")
    assert crane.imagenet_indices == (517,), "the machine"
    assert crane.remark == "Other meanings: wading bird (crane)."


def test_a_noun_whose_frequent_meanings_imagenet_lacks_is_remarked_on():
    assert "more frequent meanings" in match_tag("nail").remark
    assert match_tag("zebra").remark == ""


def test_a_kind_of_a_class_is_that_class():
    minicab = match_tag("minicab")
    assert (minicab.imagenet_names, minicab.weak, minicab.read_as) == (("cab",), False, "cab")


def test_a_kind_of_a_curated_tag_takes_its_classes_and_is_weak():
    assert match_tag("pony").imagenet_indices == match_tag("horse").imagenet_indices
    assert match_tag("pony").weak
    assert match_tag("nurse").imagenet_indices == match_tag("person").imagenet_indices


@pytest.mark.parametrize("name", [*VOC_CLASSES, *COCO_CLASSES])
def test_the_curated_table_takes_precedence(name):
    table = load_class_table()
    listed = table.counterparts | table.stand_ins
    assert match_tag(name).imagenet_indices == listed.get(normalize_class_name(name), ())


@pytest.mark.parametrize("name", ["object", "crack", "leaf blight", "bat"])
def test_words_that_say_nothing_about_imagenet_match_nothing(name):
    assert match_tag(name).origin == "none"


def test_ranges_include_both_ends_and_repeats_are_dropped():
    assert parse_indices([9, "3-5", 4]) == (9, 3, 4, 5)


@pytest.mark.parametrize("entry", ["5-3", "x", 1000, "-1", "990-1000"])
def test_malformed_indices_are_named(entry):
    with pytest.raises(ValueError, match=str(entry)):
        parse_indices([entry])
