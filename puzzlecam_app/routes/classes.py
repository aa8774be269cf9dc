"""The class list of a dataset: what it holds, and how people change it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.annotations import latest_revisions
from db.class_changes import edit_class_list, get_change, list_changes
from db.class_models import ClassChange
from db.datasets import get_dataset
from db.distinct_colors import distinct_colors
from db.errors import NotFoundError
from db.labels import MOST_DESCRIPTION, MOST_HOTKEY, ClassSpec, latest_label_set
from db.models import Item, ItemTag, User
from db.palette import BACKGROUND, MAX_CLASS_INDEX, VOID
from db.status import STATUS_GROUPS
from db.users import get_or_create
from puzzlecam_app.labels.retiring import Followed, Impact
from puzzlecam_app.lanes import SAVES, in_lane
from puzzlecam_app.routes.common import Annotator, DatasetId, Id, OpenServices, problem_responses
from puzzlecam_app.runs.jobs import Job
from puzzlecam_app.services import Services

router = APIRouter(prefix="/datasets/{dataset_id}/classes", tags=["classes"])

_EXAMPLES = 4
ClassIndex = Annotated[int, Field(ge=1, le=MAX_CLASS_INDEX)]


class ListedClassOut(BaseModel):
    """A class of the list."""

    index: int = Field(description="In masks and exports; it never changes")
    name: str
    color: str = Field(description="#rrggbb")
    hotkey: int | None = Field(description="Digit of its key, plus 10 with Shift; null for that of its place")
    description: str | None
    tagged: int = Field(description="Pictures with it as a tag")
    examples: list[int] = Field(description="Ids of finished pictures with it as a tag, at most four")


class ClassChangeOut(BaseModel):
    """A class that was merged or removed."""

    id: int
    text: str = Field(description="What was done, in words")
    author: str | None
    created_at: str = Field(description="UTC, ISO 8601")
    state: Literal["applying", "applied", "undoing", "undone"]
    can_undo: bool


class ClassWorkOut(BaseModel):
    """Background work on masks."""

    state: Literal["running", "done", "failed"]
    done: int
    total: int
    sentence: str = Field(description="What it found or did, or why it failed; empty while it runs")

    @classmethod
    def of(cls, job: Job) -> ClassWorkOut:
        return cls(state=job.state, done=job.done, total=job.total, sentence=_sentence(job))


class ClassListOut(BaseModel):
    """The class list, its history of changes, and the work that is going on."""

    revision: int = Field(description="To be sent with a change")
    classes: list[ListedClassOut] = Field(description="In the order in which they are shown")
    distinct_colors: list[str] = Field(
        description="As many colours that are easily told apart, in the order of the classes"
    )
    changes: list[ClassChangeOut] = Field(description="The newest first")
    work: ClassWorkOut | None


class ClassIn(BaseModel):
    """A class as somebody wants it."""

    model_config = ConfigDict(extra="forbid")

    index: ClassIndex | None = Field(default=None, description="Null for a new class")
    name: str = Field(min_length=1, max_length=128)
    color: str | None = Field(default=None, pattern=r"^#[0-9a-fA-F]{6}$", description="Null for VOC's")
    hotkey: int | None = Field(default=None, ge=1, le=MOST_HOTKEY)
    description: str | None = Field(default=None, max_length=MOST_DESCRIPTION)


class ClassListIn(BaseModel):
    """All classes of the list, in the order in which they are to be shown."""

    model_config = ConfigDict(extra="forbid")

    revision: int = Field(ge=1, le=2**31 - 1)
    classes: list[ClassIn] = Field(max_length=MAX_CLASS_INDEX)


class RetireIn(BaseModel):
    """What the pixels of a class become."""

    model_config = ConfigDict(extra="forbid")

    target: int = Field(ge=0, le=255, description="Another class, 0 for background, 255 for void")


@router.get("", responses=problem_responses(404))
def read_classes(dataset_id: DatasetId, services: OpenServices) -> ClassListOut:
    """Send the class list of a dataset."""
    return _answer(services, dataset_id)


@router.put("", responses=problem_responses(404, 409, 422))
@in_lane(SAVES)
def write_classes(dataset_id: DatasetId, wanted: ClassListIn, services: OpenServices) -> ClassListOut:
    """Rename, recolour, describe, reorder or add classes. No index changes, and no mask does."""
    specs = [
        ClassSpec(
            one.index or 0,
            one.name.strip(),
            one.color,
            hotkey=one.hotkey,
            description=(one.description or "").strip() or None,
        )
        for one in wanted.classes
    ]
    with services.database.write() as session:
        get_dataset(session, dataset_id)
        edit_class_list(session, dataset_id, specs, expected_revision=wanted.revision)
    return _answer(services, dataset_id)


@router.post("/{class_index}/impact", responses=problem_responses(404, 422))
@in_lane(SAVES)
def count_impact(dataset_id: DatasetId, class_index: Id, services: OpenServices) -> ClassWorkOut:
    """Count the pictures and pixels that merging or removing a class would change; ask again until done."""
    with services.database.read() as session:
        get_dataset(session, dataset_id)
    key = ("class impact", dataset_id, class_index)
    known = services.jobs.get(key)
    if known is not None and known.state != "running":
        services.jobs.forget(key)  # it is told once: masks change
        return ClassWorkOut.of(known)
    return ClassWorkOut.of(services.class_changes.count(dataset_id, class_index))


@router.post("/{class_index}/retire", status_code=202, responses=problem_responses(404, 422))
@in_lane(SAVES)
def retire_class(
    dataset_id: DatasetId, class_index: Id, wanted: RetireIn, services: OpenServices, annotator: Annotator
) -> ClassListOut:
    """Merge a class into another one, or remove it. New revisions of the masks are made in the background."""
    with services.database.write() as session:
        get_dataset(session, dataset_id)
        author = get_or_create(session, annotator).id
    services.class_changes.retire(dataset_id, class_index, wanted.target, author=author)
    return _answer(services, dataset_id)


@router.post("/changes/{change_id}/undo", status_code=202, responses=problem_responses(404, 422))
@in_lane(SAVES)
def undo_change(dataset_id: DatasetId, change_id: Id, services: OpenServices) -> ClassListOut:
    """Undo the newest change. Pictures that somebody has worked on since keep their masks."""
    with services.database.read() as session:
        get_dataset(session, dataset_id)
        if get_change(session, change_id).dataset_id != dataset_id:
            raise NotFoundError(f"The dataset has no change of its class list with id {change_id}.")
    services.class_changes.undo(change_id)
    return _answer(services, dataset_id)


def _answer(services: Services, dataset_id: int) -> ClassListOut:
    job = None
    with services.database.read() as session:
        get_dataset(session, dataset_id)
    job = services.class_changes.job(dataset_id)
    with services.database.read() as session:
        label_set = latest_label_set(session, dataset_id)
        shown = sorted(
            (row for row in label_set.classes if row.retired_to is None),
            key=lambda row: (row.position is None, row.position, row.index),
        )
        tagged = _tagged(session, dataset_id)
        examples = _examples(session, dataset_id)
        names = {row.index: row.name for row in label_set.classes}
        changes = list_changes(session, dataset_id)
        last = next((one.id for one in changes if one.state == "applied"), None)
        is_free = not any(one.state in ("applying", "undoing") for one in changes)
        return ClassListOut(
            revision=label_set.revision,
            classes=[
                ListedClassOut(
                    index=row.index,
                    name=row.name,
                    color=row.color,
                    hotkey=row.hotkey,
                    description=row.description,
                    tagged=tagged.get(row.index, 0),
                    examples=examples.get(row.index, []),
                )
                for row in shown
            ],
            distinct_colors=list(distinct_colors(len(shown))),
            changes=[_change(session, one, names, can_undo=is_free and one.id == last) for one in changes],
            work=None if job is None else ClassWorkOut.of(job),
        )


def _change(
    session: Session, change: ClassChange, names: dict[int, str], *, can_undo: bool
) -> ClassChangeOut:
    name = names.get(change.class_index, str(change.class_index))
    became = {BACKGROUND: "background", VOID: "void"}.get(change.target_index)
    text = (
        f"{name} was merged into {names.get(change.target_index)}"
        if became is None
        else f"{name} was removed; its pixels became {became}"
    )
    author = None if change.author_id is None else session.get_one(User, change.author_id).name
    return ClassChangeOut(
        id=change.id,
        text=text,
        author=author,
        created_at=change.created_at.isoformat(),
        state=change.state,
        can_undo=can_undo,
    )


def _tagged(session: Session, dataset_id: int) -> dict[int, int]:
    rows = select(ItemTag.class_index, func.count()).join(Item, Item.id == ItemTag.item_id)
    rows = rows.where(Item.dataset_id == dataset_id, Item.missing_since.is_(None))
    return {row[0]: row[1] for row in session.execute(rows.group_by(ItemTag.class_index))}


def _examples(session: Session, dataset_id: int) -> dict[int, list[int]]:
    done = [
        item_id
        for item_id, revision in latest_revisions(session, dataset_id).items()
        if revision.action in STATUS_GROUPS["done"]
    ]
    found: dict[int, list[int]] = {}
    tags = select(ItemTag.item_id, ItemTag.class_index).join(Item, Item.id == ItemTag.item_id)
    is_done = set(done)
    rows = session.execute(tags.where(Item.dataset_id == dataset_id).order_by(ItemTag.item_id))
    for item_id, index in rows:
        of_class = found.setdefault(index, [])
        if item_id in is_done and len(of_class) < _EXAMPLES:
            of_class.append(item_id)
    return found


def _sentence(job: Job) -> str:
    if job.state == "running":
        return ""
    if job.state == "failed":
        return job.problem or ""
    result = job.result
    if isinstance(result, Impact):
        finished = f", {result.finished:,} of them finished" if result.finished else ""
        return (
            f"This changes {_counted(result.pictures, 'picture')}{finished} "
            f"({_counted(result.pixels, 'pixel')}), and {_counted(result.tags, 'tag')}."
        )
    assert isinstance(result, Followed)  # noqa: S101 - the two kinds of work
    sentence = f"{_counted(result.pictures, 'picture')} changed."
    if result.kept:
        few = ", ".join(result.kept[:5]) + (" and others" if len(result.kept) > 5 else "")
        sentence += f" Somebody has worked on {few} since, so these keep their masks."
    return sentence


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what if count == 1 else what + 's'}"
