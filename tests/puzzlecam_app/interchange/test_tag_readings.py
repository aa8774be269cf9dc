"""An import says how each tag was understood, and suggestions are used after somebody agreed."""

from pathlib import Path

import pytest

from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.dataset_words import (
    accept_suggestions,
    read_dataset,
    with_suggestions_of_import,
)
from puzzlecam_app.interchange.importing import import_dataset
from puzzlecam_app.interchange.reports import load_reports
from puzzlecam_app.interchange.stores import Stores
from puzzlecam_app.interchange.tag_readings import TagReader
from tests.helpers_pictures import Import, Studio, save
from trainer.data.aliases import AliasError
from trainer.data.meaning import Candidate, Suggestion

SCRATCH = Candidate("screw", 783, ("screw",))
DRIVER = Candidate("person", None, ("person",))


class MadeUp:
    """Suggests *person* for drivers and a screw for everything else."""

    def suggest(self, tag: str) -> tuple[Suggestion, ...]:
        return (Suggestion(tag, DRIVER if "driver" in tag else SCRATCH, 0.61),)


@pytest.fixture
def reader(tmp_path: Path) -> TagReader:
    return TagReader(tmp_path / "aliases.toml", None, lambda cache_dir: MadeUp())


def _folder(root: Path, *tags: str) -> Path:
    for seed, _ in enumerate(tags):
        save(root / f"{seed}.jpg", seed=seed)
    rows = "".join(f"{seed}.jpg,{tag}\n" for seed, tag in enumerate(tags))
    (root / "tags.csv").write_text(f"image,tags\n{rows}")
    return root


def test_an_import_says_how_each_tag_was_understood(tmp_path: Path, studio: Studio, run: Import) -> None:
    report = run(_folder(tmp_path / "in", "cab", "leaf blight", "pony", "zebras"))
    by_tag = {one.tag: one.sentence for one in report.words}
    assert by_tag["zebras"] == "zebras -> zebra (equine)"
    assert by_tag["cab"].startswith("cab -> cab, hack, taxi.")
    assert by_tag["pony"] == "pony -> horse: sorrel, horse cart. The map is weak."
    assert by_tag["leaf blight"].startswith("leaf blight -> nothing;")
    assert load_reports(studio.database, report.dataset_id)[0].words == report.words


def test_other_meanings_are_named(reader: TagReader) -> None:
    (crane,) = reader.read(["crane"])
    assert crane.sentence == "crane -> crane (lifting device). Other meanings: wading bird (crane)."


def test_one_class_is_told_apart_by_further_names(reader: TagReader) -> None:
    assert [one.understood_as for one in reader.read(["mice", "minicab"])] == [
        "mouse, computer mouse",
        "cab, hack, taxi",
    ]


def test_only_tags_without_classes_get_a_suggestion(reader: TagReader) -> None:
    dog, driver = reader.read(["dog", "lorry driver"], suggest=True)
    assert dog.suggestion is None
    assert driver.note == "Suggested by meaning: person (0.61)."
    assert driver.imagenet_classes == (), "nobody has agreed yet"


def test_an_accepted_suggestion_is_remembered_and_used(
    tmp_path: Path, studio: Studio, run: Import, reader: TagReader
) -> None:
    run(_folder(tmp_path / "in", "lorry driver", "scratch"))
    readings = read_dataset(studio.database, reader, "data", suggest=True)
    accept_suggestions(reader, readings, ["lorry driver", "scratch"])
    driver, scratch = read_dataset(studio.database, reader, "data", suggest=True)
    assert driver.origin == scratch.origin == "alias"
    assert scratch.imagenet_classes == (783,)
    assert scratch.sentence == "scratch -> screw (fastener). By its alias."
    assert "score 0.61" in (tmp_path / "aliases.toml").read_text()


def test_suggestions_of_the_import_are_shown_again_without_looking_for_them(
    tmp_path: Path, studio: Studio, reader: TagReader
) -> None:
    stores = Stores(studio.database, studio.masks, studio.images, reader)
    import_dataset(stores, _folder(tmp_path / "in", "dog", "lorry driver"), "data")
    plain = TagReader(reader.alias_file)
    readings = read_dataset(studio.database, plain, "data")
    dog, driver = with_suggestions_of_import(studio.database, "data", readings)
    assert dog.suggestion is None
    assert driver.suggestion is not None
    assert driver.suggestion.name == "person"


def test_nothing_is_written_if_one_tag_has_no_suggestion(reader: TagReader) -> None:
    readings = reader.read(["lorry driver", "dog"], suggest=True)
    with pytest.raises(UserError, match="no suggestion for the tag 'dog': it is understood as"):
        accept_suggestions(reader, readings, ["lorry driver", "dog"])
    with pytest.raises(UserError, match="has no tag 'cat'"):
        accept_suggestions(reader, readings, ["lorry driver", "cat"])
    assert reader.alias_file is not None
    assert not reader.alias_file.exists()


def test_a_broken_file_of_aliases_stops_an_import_before_anything_is_written(
    tmp_path: Path, studio: Studio
) -> None:
    (tmp_path / "aliases.toml").write_text("a = \n")
    stores = Stores(studio.database, studio.masks, studio.images, TagReader(tmp_path / "aliases.toml"))
    with pytest.raises(AliasError, match="line 1"):
        import_dataset(stores, _folder(tmp_path / "in", "dog"), "data")
    with studio.database.read() as session:
        from db.datasets import list_datasets

        assert list_datasets(session) == []
