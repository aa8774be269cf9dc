"""Proposals of a dataset, computed ahead of review by actors of a cluster that hold the model.

The studio reads the pictures and sends them, and stores what comes back as if it had computed it itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from db.engine import Database
from db.errors import StorageError
from puzzlecam_app.errors import UserError
from puzzlecam_app.items import ItemFacts, read_item
from puzzlecam_app.proposing.ahead import Failure
from puzzlecam_app.proposing.predictor import Predictor
from puzzlecam_app.proposing.proposals import Proposals
from trainer.cluster.actors import map_on_actors
from trainer.cluster.connection import Cluster
from trainer.errors import TrainerError

if TYPE_CHECKING:
    from trainer.cams.compute import CamResult
    from trainer.models.proposal import ProposalModel

_GROUP: Final = 4


@dataclass(frozen=True)
class _Request:
    """A picture on its way to an actor; `content` is that of its file, None if it cannot be read here."""

    item: tuple[int, str]
    content: bytes | None
    class_names: tuple[str, ...]
    class_indices: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class _Answer:
    """A picture on its way back; `made` is None if the actor could not compute it."""

    item: tuple[int, str]
    made: tuple[CamResult, NDArray[np.uint8]] | None


def compute_on_cluster(
    cluster: Cluster,
    database: Database,
    proposals: Proposals,
    predictor: Predictor,
    due: Sequence[tuple[int, str]],
    max_pixels: int,
    progress: Callable[[int, int], None],
) -> list[Failure]:
    """Compute pictures on a cluster; returns those that failed.

    Args:
        cluster: A connection to it is open.
        database, proposals: Of the studio; `proposals` stores what comes back.
        predictor: That of the dataset. Its model is loaded in every actor.
        due: Ids and names of the pictures, all of one dataset.
        max_pixels: Larger pictures are not decoded.
        progress: Called with (done, total) after every picture.

    Raises:
        TrainerError: The cluster lost a picture's process again and again, or a node cannot load the model.
    """
    failures = []
    answers = map_on_actors(
        cluster,
        partial(_load, predictor.load_model, max_pixels),
        due,
        group=_GROUP,
        uses_cores=True,
        name_of=lambda item: item[1],
        check=lambda: None,
        say=lambda _sentence: None,
        send=partial(_requests, database),
    )
    done = 0
    for group in answers:
        for answer in group:
            item_id, name = answer.item
            try:
                if answer.made is not None:
                    facts = _facts(database, item_id)
                    predictor.take(facts.sha256, facts.tag_names, *answer.made)
                # A picture that an actor could not compute is tried here, which also tells what is wrong.
                proposals.compute(item_id, is_ahead=True)
            except (UserError, StorageError) as error:
                failures.append(Failure(name, str(error)))
            done += 1
            progress(done, len(due))
    return failures


def _requests(database: Database, items: Sequence[tuple[int, str]]) -> list[_Request]:
    return [_request(database, item) for item in items]


def _request(database: Database, item: tuple[int, str]) -> _Request:
    try:
        facts = _facts(database, item[0])
        return _Request(item, facts.read(), facts.tag_names, facts.tags)
    except (UserError, StorageError):
        return _Request(item, None, (), ())


def _facts(database: Database, item_id: int) -> ItemFacts:
    with database.read() as session:
        return read_item(session, item_id)


def _load(load_model: Callable[[], ProposalModel], max_pixels: int) -> Callable[[Any], list[_Answer]]:
    """Runs once in an actor."""
    model = load_model()
    return lambda requests: [_Answer(request.item, _made(model, max_pixels, request)) for request in requests]


def _made(
    model: ProposalModel, max_pixels: int, request: _Request
) -> tuple[CamResult, NDArray[np.uint8]] | None:
    from puzzlecam_app.interchange.pictures import load_upright_rgb

    if request.content is None or not request.class_names:
        return None
    try:
        image = load_upright_rgb(request.content, max_pixels=max_pixels, where=request.item[1])
        cams = model.cams(image, request.class_names)
        crf = model.image_crf(image, len(request.class_indices))
        return cams, model.mask(image, cams, request.class_indices, crf)
    except (UserError, TrainerError, ValueError):
        return None
