"""A person's own words for classes."""

from pathlib import Path

import pytest

from trainer.data.aliases import AliasError, add_alias, load_aliases
from trainer.data.imagenet_tags import match_tag
from trainer.data.tag_words import TagWords


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "aliases.toml"


def test_an_alias_is_another_tag_or_a_list_of_names_and_indices(path: Path) -> None:
    path.write_text('Hund = "dog"\n"team car" = ["minivan", 817, "407-408"]\n')
    words = TagWords(path)
    assert words.match("hund").imagenet_indices == match_tag("dog").imagenet_indices
    assert words.match("Team_Car").imagenet_indices == (656, 817, 407, 408)
    assert words.match("team car").origin == "alias"


def test_an_alias_takes_precedence_over_the_curated_table(path: Path) -> None:
    path.write_text("mouse = [333]\n")
    assert TagWords(path).match("mice").imagenet_names == ("hamster",)


def test_a_name_in_a_list_is_the_class_of_that_name(path: Path) -> None:
    """As a tag, *sorrel* could mean a plant."""
    path.write_text('Fuchs = ["sorrel"]\n')
    assert TagWords(path).match("Fuchs").imagenet_indices == (339,)


def test_an_alias_of_a_weak_tag_is_weak(path: Path) -> None:
    path.write_text('Fahrer = "person"\n')
    assert TagWords(path).match("Fahrer").weak


def test_without_a_file_there_are_no_aliases(path: Path) -> None:
    assert TagWords(path).match("dog") == match_tag("dog")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('# mine\na = "dog"\nb = dog\n', "line 3"),
        ('# mine\na = "dog"\nb = "forklfit"\n', "line 3: “forklfit” is unknown. Is it “forklift”?"),
        ('b = ["forklfit"]\n', "line 1: ImageNet has no class “forklfit”. Is it “forklift”?"),
        ("b = [1000]\n", "line 1: 1000 is not within the ImageNet classes"),
        ("b = [true]\n", "line 1: True is neither a name nor an index"),
        ("b = 5\n", "line 1: “b” stands for neither a tag nor a list"),
        ("b = []\n", "line 1: “b” stands for neither a tag nor a list"),
        ('[b]\nc = "dog"\n', "“b” stands for neither a tag nor a list"),
        ('"a b" = "dog"\n"A_B" = "cat"\n', "line 2: “A_B” and “a b” are the same tag"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line(path: Path, text: str, said: str) -> None:
    path.write_text(text)
    with pytest.raises(AliasError) as info:
        load_aliases(path)
    assert said in str(info.value)
    assert str(path) in str(info.value)


def test_a_file_that_is_no_text_is_an_error_and_not_a_crash(path: Path) -> None:
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(AliasError, match="cannot be read"):
        load_aliases(path)


def test_a_changed_file_is_read_again(path: Path) -> None:
    words = TagWords(path)
    path.write_text('Tier = "dog"\n')
    assert words.match("Tier").read_as == "dog"
    path.write_text('Tier = "zebra"\n')
    assert words.match("Tier").read_as == "zebra"


def test_adding_keeps_what_the_file_contains(path: Path) -> None:
    path.write_text('# my comment\nHund = "dog"  # a remark')
    add_alias(path, 'a "quoted" tag', "zebra", remark="by\nmeaning")
    add_alias(path, "Kran", 134)
    assert path.read_text().splitlines() == [
        "# my comment",
        'Hund = "dog"  # a remark',
        '"a \\"quoted\\" tag" = "zebra"  # by meaning',
        '"Kran" = [134]',
    ]
    assert TagWords(path).match("Kran").imagenet_indices == (134,)


def test_a_new_file_says_what_it_is(path: Path) -> None:
    add_alias(path, "Hund", "dog")
    assert path.read_text().startswith("# What tags mean")


def test_a_tag_gets_no_second_alias(path: Path) -> None:
    add_alias(path, "Hund", "dog")
    with pytest.raises(AliasError, match="has an alias for “Hund” already"):
        add_alias(path, "HUND", "cat")
    assert load_aliases(path).by_form["hund"].target == "dog"


def test_the_curated_tags_need_no_meaning_in_the_key_of_maps(path: Path) -> None:
    """Maps that were cached before WordNet and aliases existed stay valid."""
    words = TagWords(path)
    assert words.meaning_of(["dog", "diningtable", "person", "giraffe", "leaf blight"]) == ""


def test_the_key_of_maps_changes_with_the_meaning_of_their_tags_only(path: Path) -> None:
    words = TagWords(path)
    vehicle, unaffected = words.meaning_of(["vehicle"]), words.meaning_of(["dog"])
    path.write_text('vehicle = "zebra"\n')
    assert len({"", vehicle, words.meaning_of(["vehicle"])}) == 3
    assert words.meaning_of(["dog"]) == unaffected
