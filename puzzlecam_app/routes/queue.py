"""The queue of a dataset: pictures that a filter keeps, in the order of review."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from db.bookmarks import bookmarked
from db.datasets import get_dataset
from db.queue import QueueEntry, list_items
from db.queue_filter import QueueFilter, SecondLookFilter
from db.second_looks import waiting
from db.status import Status
from db.users import find_user
from puzzlecam_app.routes.common import Annotator, DatasetId, OpenServices, problem_responses

router = APIRouter(tags=["datasets"])

_NOBODY = 0  # ids start at 1
StatusFilter = Literal[
    "new", "proposed", "drafted", "accepted", "corrected", "rejected", "skipped", "returned", "todo", "done"
]
OrderName = Literal["name", "doubt", "disagreement", "random"]
DoubtFilter = Literal["10", "20", "40", "unknown"]
SizeFilter = Literal["small", "medium", "large"]
_LEAST_DOUBT: Mapping[str, float] = {"10": 0.1, "20": 0.2, "40": 0.4}
_PIXELS: Mapping[str, tuple[int, int | None]] = {
    "small": (0, 100_000),
    "medium": (100_000, 1_000_000),
    "large": (1_000_000, None),
}


@dataclass(frozen=True)
class AskedQueue:
    """Filters and order of a queue as an address names them."""

    status: StatusFilter | None
    class_index: int | None
    split: str | None
    author: str | None
    tags_in_doubt: bool
    name: str | None
    owner: Literal["me", "nobody"] | None
    second_look: Literal["waiting", "approved"] | None
    bookmarked: bool
    doubt: DoubtFilter | None
    size: SizeFilter | None
    annotator: str
    order: OrderName
    seed: int
    after: str | None

    def kept(self, session: Session, dataset_id: int) -> QueueFilter:
        """The filter; nothing is kept if nobody has the name of the author."""
        return QueueFilter(
            self.status,
            self.class_index,
            self.split,
            None if self.author is None else _id_of(session, self.author),
            self.tags_in_doubt,
            (self.name or "").strip(),
            assigned_to=_id_of(session, self.annotator) if self.owner == "me" else None,
            is_unassigned=self.owner == "nobody",
            second_look=self._second_look(session, dataset_id),
            viewer=_id_of(session, self.annotator),
            bookmarked_by=_id_of(session, self.annotator) if self.bookmarked else None,
            least_doubt=_LEAST_DOUBT.get(self.doubt or ""),
            is_doubt_unknown=self.doubt == "unknown",
            pixels=_PIXELS.get(self.size or ""),
        )

    def _second_look(self, session: Session, dataset_id: int) -> SecondLookFilter | None:
        if self.second_look == "waiting":
            return waiting(session, dataset_id, _id_of(session, self.annotator))
        return None if self.second_look is None else SecondLookFilter("approved")


def _id_of(session: Session, name: str) -> int:
    user = find_user(session, name)
    return user.id if user else _NOBODY


# A coroutine, because a plain function would be run on a thread.
async def _asked(
    annotator: Annotator,
    status: Annotated[StatusFilter | None, Query(description="A status, or the groups todo and done")] = None,
    class_: Annotated[int | None, Query(alias="class", ge=1, le=254, description="Tagged with it")] = None,
    split: Annotated[str | None, Query(max_length=64)] = None,
    author: Annotated[str | None, Query(max_length=64, description="Made the newest change")] = None,
    tags_in_doubt: Annotated[
        bool, Query(description="Only unfinished pictures with suggested or doubtful tags")
    ] = False,
    name: Annotated[str | None, Query(max_length=128, description="A part of the name, in any case")] = None,
    owner: Annotated[
        Literal["me", "nobody"] | None, Query(description="Only this person's pictures, or those of nobody")
    ] = None,
    second_look: Annotated[
        Literal["waiting", "approved"] | None,
        Query(
            description="Only finished pictures that wait for a second look by this person, or were approved"
        ),
    ] = None,
    bookmarked: Annotated[bool, Query(description="Only pictures that this person has bookmarked")] = False,
    doubt: Annotated[
        DoubtFilter | None,
        Query(description="Only pictures with at least so many per cent of doubt, or whose doubt is unknown"),
    ] = None,
    size: Annotated[
        SizeFilter | None, Query(description="Only pictures under 0.1, of 0.1 to 1, or over 1 megapixel")
    ] = None,
    order: Annotated[OrderName, Query()] = "name",
    seed: Annotated[int, Query(ge=0, le=2**31 - 1, description="Of the random order")] = 0,
    after: Annotated[str | None, Query(max_length=2048, description="`next` of the previous page")] = None,
) -> AskedQueue:
    return AskedQueue(
        status,
        class_,
        split,
        author,
        tags_in_doubt,
        name,
        owner,
        second_look,
        bookmarked,
        doubt,
        size,
        annotator,
        order,
        seed,
        after,
    )


QueueAsked = Annotated[AskedQueue, Depends(_asked)]


class ItemRow(BaseModel):
    """A picture in the queue."""

    id: int
    name: str
    width: int
    height: int
    tags: list[int]
    split: str | None
    status: Status
    revision: int | None
    author: str | None
    disagreement: float | None
    bookmarked: bool = Field(description="By the person who asks")
    doubt: float | None = Field(
        description="How doubtful the proposal is, 0..1; null if no model has processed the picture"
    )

    @classmethod
    def of(cls, entry: QueueEntry, marked: Collection[int] = ()) -> ItemRow:
        """The row of an entry; `marked` are ids of the pictures that the person has bookmarked."""
        item = entry.item
        return cls(
            id=item.id,
            name=item.name,
            width=item.width,
            height=item.height,
            tags=list(entry.tags),
            split=item.split,
            status=entry.status,
            revision=entry.revision_id,
            author=entry.author,
            disagreement=item.disagreement,
            bookmarked=item.id in marked,
            doubt=None if item.doubt_rank > 0 else abs(item.doubt_rank),
        )


class ItemsOut(BaseModel):
    items: list[ItemRow]
    next: str | None = Field(description="Value for `after` to get the next page; null on the last")
    total: int
    doubt_unknown: int | None = Field(
        description="In the order of doubt: how many of the pictures no model has processed; they come last"
    )


def marked_by(session: Session, annotator: str, entries: Sequence[QueueEntry]) -> set[int]:
    """Ids of the pictures among the entries that a person has bookmarked."""
    return bookmarked(session, _id_of(session, annotator), [entry.item.id for entry in entries])


@router.get("/datasets/{dataset_id}/items", responses=problem_responses(404, 422))
def read_items(
    dataset_id: DatasetId,
    services: OpenServices,
    asked: QueueAsked,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> ItemsOut:
    """List pictures of a dataset in the order of review."""
    with services.database.read() as session:
        get_dataset(session, dataset_id)
        page = list_items(
            session,
            dataset_id,
            asked.kept(session, dataset_id),
            order=asked.order,
            seed=asked.seed,
            after=asked.after,
            limit=limit,
        )
        marked = marked_by(session, asked.annotator, page.items)
    return ItemsOut(
        items=[ItemRow.of(entry, marked) for entry in page.items],
        next=page.next,
        total=page.total,
        doubt_unknown=page.doubt_unknown,
    )
