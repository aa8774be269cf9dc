"""`dataset words` says what the tags of a dataset are understood as, and accepts suggestions."""

from __future__ import annotations

from typing import Annotated

import typer

from puzzlecam_app.commands.options import NameArgument
from puzzlecam_app.commands.printing import print_json, print_readings
from puzzlecam_app.commands.studio import Studio, studio_command


@studio_command(has_json=True)
def words(
    studio: Studio,
    name: NameArgument,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TAG",
            help="Accept the suggestion for this tag and write it into aliases.toml; can be repeated.",
        ),
    ] = None,
) -> None:
    """Show which ImageNet classes the first maps of a dataset's tags come from.

    Tags that no list knows get a suggestion by meaning, if the extra "meaning" is installed. A suggestion is
    only used after you have accepted it.

    \b
    Examples:
      puzzlecam dataset words site
      puzzlecam dataset words site --accept "lorry driver"
    """
    from puzzlecam_app.interchange.dataset_words import accept_suggestions, read_dataset

    with studio.open() as services:
        reader = services.tag_reader
        readings = read_dataset(services.database, reader, name, suggest=True)
        if accept:
            accept_suggestions(reader, readings, accept)
            readings = read_dataset(services.database, reader, name, suggest=True)
    if studio.as_json:
        print_json([reading.model_dump(mode="json") for reading in readings])
    else:
        print_readings(readings, reader.hint)
