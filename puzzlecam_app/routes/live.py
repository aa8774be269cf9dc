"""The live model of a dataset: what it has learned, and how people control it."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from db.live import record_live_change
from db.live_actions import LiveAction
from db.users import get_or_create
from puzzlecam_app.lanes import SAVES, in_lane
from puzzlecam_app.live.state import LiveState
from puzzlecam_app.routes.common import Annotator, DatasetId, Id, OpenServices, problem_responses
from puzzlecam_app.services import Services

router = APIRouter(prefix="/datasets", tags=["live"])


class LiveClassOut(BaseModel):
    """A class, and what the live model knows about it."""

    index: int
    name: str
    masks: int = Field(description="Masks that the model has learned from and that show the class")
    tagged_todo: int = Field(description="Unfinished pictures with this tag")
    iou_before: float | None = Field(
        description="IoU, 0..1, of the maps without what was learned; null if it was not measured yet"
    )
    iou_after: float | None = Field(
        description="IoU, 0..1, with what was learned; each picture is measured by a model that has not "
        "seen its mask"
    )
    trust: float | None = Field(
        description="How much of what was learned is used for this class, 0..1; null if not measured yet"
    )


class LiveNextOut(BaseModel):
    """The class whose correction helps most now."""

    index: int
    name: str
    why: str = Field(description="One sentence")


class LivePictureOut(BaseModel):
    """A picture that the model does not learn from."""

    id: int
    name: str


class LiveOut(BaseModel):
    """What the live model of a dataset has learned."""

    sentence: str = Field(description="The state in words")
    paused: bool
    computing: bool = Field(description="Whether it is learning, measuring or renewing proposals now")
    masks: int = Field(description="Accepted masks that it has learned from")
    waiting: int = Field(description="Accepted masks that it has not learned from yet")
    measured_on: int = Field(description="Masks that the IoUs of the classes were measured on")
    classes: list[LiveClassOut] = Field(description="In the order of the class list, without background")
    next: LiveNextOut | None = Field(description="The class to correct next; null if no picture is left")
    ignored: list[LivePictureOut]
    forgotten_before: str | None = Field(
        description="When the model was reset: it ignores earlier decisions. UTC, ISO 8601; null if never"
    )
    problem: str | None = Field(description="Why it cannot learn; null if it can")

    @classmethod
    def of(cls, state: LiveState) -> LiveOut:
        following = state.next_class
        return cls(
            sentence=state.sentence,
            paused=state.is_paused,
            computing=state.is_computing,
            masks=state.masks,
            waiting=state.waiting,
            measured_on=state.measured_on,
            classes=[
                LiveClassOut(
                    index=one.index,
                    name=one.name,
                    masks=one.masks,
                    tagged_todo=one.tagged_todo,
                    iou_before=one.iou_before,
                    iou_after=one.iou_after,
                    trust=one.trust,
                )
                for one in state.classes
            ],
            next=None
            if following is None
            else LiveNextOut(index=following.index, name=following.name, why=following.why),
            ignored=[LivePictureOut(id=item_id, name=name) for item_id, name in state.ignored],
            forgotten_before=state.reset_at.isoformat() if state.reset_at else None,
            problem=state.problem,
        )


class LivePictureIn(BaseModel):
    """A picture of the dataset."""

    item_id: Id


@router.get("/{dataset_id}/live", responses=problem_responses(404))
def read_live(dataset_id: DatasetId, services: OpenServices) -> LiveOut:
    """Describe what the live model of a dataset has learned from accepted masks."""
    return _state(services, dataset_id)


@router.post("/{dataset_id}/live/pause", responses=problem_responses(404, 503))
@in_lane(SAVES)
def pause(dataset_id: DatasetId, services: OpenServices, annotator: Annotator) -> LiveOut:
    """Pause the live model: it learns nothing new, and proposals stay as they are."""
    return _change(services, dataset_id, "paused", annotator)


@router.post("/{dataset_id}/live/resume", responses=problem_responses(404, 503))
@in_lane(SAVES)
def resume(dataset_id: DatasetId, services: OpenServices, annotator: Annotator) -> LiveOut:
    """End the pause: the model learns from everything that was accepted meanwhile."""
    return _change(services, dataset_id, "resumed", annotator)


@router.post("/{dataset_id}/live/reset", responses=problem_responses(404, 503))
@in_lane(SAVES)
def reset(dataset_id: DatasetId, services: OpenServices, annotator: Annotator) -> LiveOut:
    """Forget everything learned so far; later decisions are learned again. Masks and history stay."""
    return _change(services, dataset_id, "reset", annotator)


@router.post("/{dataset_id}/live/ignore", responses=problem_responses(404, 422, 503))
@in_lane(SAVES)
def ignore(
    dataset_id: DatasetId, picture: LivePictureIn, services: OpenServices, annotator: Annotator
) -> LiveOut:
    """Stop learning from a picture, and forget what its mask taught. The mask itself stays."""
    return _change(services, dataset_id, "ignored", annotator, picture.item_id)


@router.post("/{dataset_id}/live/unignore", responses=problem_responses(404, 422, 503))
@in_lane(SAVES)
def unignore(
    dataset_id: DatasetId, picture: LivePictureIn, services: OpenServices, annotator: Annotator
) -> LiveOut:
    """Learn from a picture again that was ignored."""
    return _change(services, dataset_id, "unignored", annotator, picture.item_id)


def _change(
    services: Services, dataset_id: int, action: LiveAction, annotator: str, item_id: int | None = None
) -> LiveOut:
    with services.database.write() as session:
        author = get_or_create(session, annotator).id
        record_live_change(session, dataset_id, action, author=author, item_id=item_id)
    services.live_changed(dataset_id)
    return _state(services, dataset_id)


def _state(services: Services, dataset_id: int) -> LiveOut:
    state = services.live.state(dataset_id, is_computing=services.live_work.is_computing(dataset_id))
    if state.waiting and not state.is_paused and not state.is_computing:
        services.live_work.changed(dataset_id)  # another studio's decisions, or those before a restart
    return LiveOut.of(state)
