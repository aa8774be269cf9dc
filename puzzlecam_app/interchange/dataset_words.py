"""What the tags of a stored dataset are understood as, and agreeing to suggestions."""

from __future__ import annotations

from collections.abc import Sequence

from db.datasets import require_dataset
from db.engine import Database
from db.labels import latest_label_set
from puzzlecam_app.errors import UserError
from puzzlecam_app.interchange.reports import load_reports
from puzzlecam_app.interchange.tag_readings import TagReader, TagReading


def read_dataset(
    database: Database, reader: TagReader, name: str, *, suggest: bool = False
) -> tuple[TagReading, ...]:
    """Readings of a dataset's classes, in index order; `suggest` and errors are those of `TagReader.read`.

    Raises:
        NotFoundError: There is no such dataset.
    """
    with database.read() as session:
        classes = latest_label_set(session, require_dataset(session, name).id).classes
        names = [one.name for one in classes]
    return reader.read(names, suggest=suggest)


def with_suggestions_of_import(
    database: Database, name: str, readings: Sequence[TagReading]
) -> tuple[TagReading, ...]:
    """The readings with what the dataset's last import has suggested for tags that are still unknown.

    Raises:
        NotFoundError: There is no such dataset.
    """
    with database.read() as session:
        dataset_id = require_dataset(session, name).id
    reports = load_reports(database, dataset_id)
    suggested = {one.tag: one.suggestion for one in reports[0].words} if reports else {}
    return tuple(
        one if one.imagenet_classes else one.model_copy(update={"suggestion": suggested.get(one.tag)})
        for one in readings
    )


def accept_suggestions(reader: TagReader, readings: Sequence[TagReading], tags: Sequence[str]) -> None:
    """Write the suggestions for some tags into the file of aliases; all of them or, if one has none, none.

    Raises:
        UserError: A tag is not in the dataset, or has no suggestion; or the file cannot be written.
        trainer.data.aliases.AliasError: The file of aliases cannot be used.
    """
    by_tag = {reading.tag: reading for reading in readings}
    for tag in tags:
        if tag not in by_tag:
            raise UserError(f"the dataset has no tag {tag!r}", remedy=f"Its tags are {', '.join(by_tag)}")
        if by_tag[tag].suggestion is None:
            known = by_tag[tag].understood_as if by_tag[tag].imagenet_classes else None
            why = f"it is understood as {known}" if known else reader.hint or "nothing is like it"
            raise UserError(f"there is no suggestion for the tag {tag!r}: {why}")
    for tag in dict.fromkeys(tags):
        reader.accept(by_tag[tag])
