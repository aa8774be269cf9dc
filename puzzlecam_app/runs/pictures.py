"""What a run made of single pictures, drawn for the page: maps and masks over the picture."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from puzzlecam_app.errors import UserError
from puzzlecam_app.runs.folder import RunFolder
from puzzlecam_app.runs.snapshot import RunItem, RunSnapshot
from trainer.data.voc import PICTURES

Output = Literal["photograph", "cam", "pixels", "walk", "pseudo"]
"""A pseudo-label is that of the last round."""
SHOWN = 8


def example_items(snapshot: RunSnapshot, split: str) -> tuple[RunItem, ...]:
    """A few pictures, evenly spread over the split; the same ones for every run on the same snapshot."""
    items = snapshot.in_split(split)
    count = min(SHOWN, len(items))
    return tuple(items[number * len(items) // count] for number in range(count))


def film_frame(folder: RunFolder, epoch: int, identifier: str) -> bytes:
    """JPEG of a picture of the film with its maps after an epoch; raises UserError if there is none."""
    from trainer.data.images import read_rgb
    from trainer.reports.pictures import as_jpeg, heat_picture
    from trainer.run.map_storage import load_maps
    from trainer.training.cam_film import frame_path

    path = frame_path(folder.train.film_path, epoch, identifier)
    if not path.is_file():
        raise UserError(
            "the film has no such frame", where=identifier, remedy="Wait for the end of the epoch"
        )
    image = read_rgb(_photograph(folder, identifier), at_least_side=512)
    return as_jpeg(heat_picture(image, load_maps(path)))


def output_picture(folder: RunFolder, item: RunItem, output: Output) -> bytes:
    """JPEG of what a stage made of a picture; raises UserError if it was not made yet, or was pruned."""
    from trainer.data.ground_truth import read_mask
    from trainer.data.images import read_rgb
    from trainer.reports.pictures import as_jpeg, heat_picture, mask_picture
    from trainer.run.map_storage import load_maps

    directory = folder.train
    paths: dict[Output, Path] = {
        "cam": directory.cam_path(item.id),
        "pixels": directory.pixels_path(item.id),
        "walk": directory.walk_path(item.id),
        "pseudo": directory.pseudo_path(item.id, directory.last_round()),
    }
    image = read_rgb(_photograph(folder, item.id), at_least_side=512)
    if output == "photograph":
        return as_jpeg(mask_picture(image, np.zeros(image.shape[:2], np.uint8)))
    if not paths[output].is_file():
        raise UserError(
            "the run has not made this yet", where=item.name, remedy="Wait until its stage is done"
        )
    if output == "pseudo":
        return as_jpeg(mask_picture(image, read_mask(paths[output])))
    return as_jpeg(heat_picture(image, load_maps(paths[output])))


def _photograph(folder: RunFolder, identifier: str) -> Path:
    for path in (folder.dataset / PICTURES).glob(f"{_literal(identifier)}.*"):
        if path.stem == identifier:
            return path
    raise UserError("the run does not have this picture", where=identifier, remedy="Reload the page")


def _literal(text: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in text)
