"""The table of WordNet's nouns, made from a database and looked up."""

from pathlib import Path

import pytest

from trainer.data.make_wordnet_table import read_ranks, read_synsets, table_lines
from trainer.data.wordnet_table import WordNetTable, load_wordnet_table

LICENCE = "  1 This line of the licence is indented.\n"
DATA = """\
00000001 03 n 01 animal 0 000 | living
00000002 03 n 02 dog 0 domestic_dog 0 001 @ 00000001 n 0000 | barks
00000003 03 n 02 Pug 0 pug-dog 0 001 @ 00000002 n 0000 | small
00000004 03 n 01 puppy 0 001 @ 00000002 n 0000 | young
00000005 03 n 01 tool 0 000 | helps
00000006 03 n 01 hammer 0 001 @ 00000005 n 0000 | hits
00000007 03 n 02 dog 1 andiron 0 001 @ 00000005 n 0000 | in a fireplace
00000008 03 n 01 Dog 2 001 @i 00000002 n 0000 | a comic character
00000009 03 n 01 gavel 0 001 @ 00000006 n 0000 | for judges
00000010 03 n 01 saw 0 001 @ 00000005 n 0000 | cuts
"""
INDEX = """\
dog n 3 1 @ 3 1 00000008 00000007 00000002
andiron n 1 1 @ 1 0 00000007
"""
CLASSES = ["00000003", "00000006"]


@pytest.fixture
def lines(tmp_path: Path) -> list[str]:
    (tmp_path / "data.noun").write_text(LICENCE + DATA)
    (tmp_path / "index.noun").write_text(LICENCE + INDEX)
    synsets = read_synsets(tmp_path / "data.noun")
    ranks = read_ranks(tmp_path / "index.noun", synsets)
    return list(table_lines(synsets, ranks, CLASSES, {"dog": {0}}))


def test_a_synset_has_the_classes_below_it(lines: list[str]) -> None:
    table = WordNetTable(lines)
    (animal,), (tool,) = table.senses("animal"), table.senses("tool")
    assert table.synsets[animal.synset].classes == (0,)
    assert table.synsets[tool.synset].classes == (1,)


def test_classes_keep_their_order_and_spelling(lines: list[str]) -> None:
    assert WordNetTable(lines).class_lemmas == (("Pug", "pug-dog"), ("hammer",))


def test_names_do_not_count_as_meanings(lines: list[str]) -> None:
    """The comic character is the most frequent one in the index."""
    assert "dog:2,domestic dog" in "\n".join(lines)


def test_words_below_classes_and_listed_tags_are_kept_and_others_are_not(lines: list[str]) -> None:
    table = WordNetTable(lines)
    (puppy,), (gavel,) = table.senses("puppy"), table.senses("gavel")
    assert [one.lemmas[0] for one in table.broader(puppy.synset)] == ["puppy", "dog", "animal"]
    assert [one.lemmas[0] for one in table.broader(gavel.synset)] == ["gavel", "hammer", "tool"]
    assert table.senses("saw") == ()


def test_a_database_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data.noun").write_text(DATA)
    with pytest.raises(ValueError, match="1 ImageNet classes are not in this database"):
        list(table_lines(read_synsets(tmp_path / "data.noun"), {}, ["00000099"], {}))


def test_the_shipped_table_has_the_classes_of_timm() -> None:
    from timm.data.imagenet_info import ImageNetInfo

    shipped = [", ".join(lemmas) for lemmas in load_wordnet_table().class_lemmas]
    assert shipped == ImageNetInfo().label_descriptions()
