"""Publications: making a run's masks proposals, which proposals came from it, and unpublishing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.annotations import append_program_revision, latest_proposal, latest_revision
from db.errors import NotFoundError
from db.items import set_doubt
from db.models import Item, Revision, utc_now
from db.run_models import Publication, PublishedRevision, Run
from db.status import UNTOUCHED_ACTIONS, Action


@dataclass(frozen=True)
class Undone:
    """Items of a publication: `restored` to what they were, or `kept` because somebody worked on them."""

    restored: int
    kept: int


def start_publication(session: Session, run_id: int, *, author: int | None) -> Publication:
    """Start to publish a run, or continue a publication that was interrupted."""
    unfinished = select(Publication).where(
        Publication.run_id == run_id, Publication.finished_at.is_(None), Publication.undone_at.is_(None)
    )
    publication = session.scalar(unfinished.order_by(Publication.id.desc()).limit(1))
    if publication is None:
        publication = Publication(run_id=run_id, author_id=author)
        session.add(publication)
        session.flush()
    return publication


def may_publish_over(session: Session, item_id: int, *, over_rejected: bool) -> bool:
    """Whether a published mask may become the newest mask of an item: it must not replace a person's work.

    It always may if the item is new, proposed or reverted, and never if its mask is a draft, accepted or
    corrected. It may if the item is skipped, or rejected and `over_rejected` is set, unless a person had
    painted on it before.
    """
    newest = latest_revision(session, item_id)
    if newest is None or newest.action in UNTOUCHED_ACTIONS:
        return True
    if newest.action != "skipped" and not (newest.action == "rejected" and over_rejected):
        return False
    proposal = latest_proposal(session, item_id)
    return newest.mask_hash == (proposal.mask_hash if proposal else None)


def publish_mask(
    session: Session,
    publication_id: int,
    item_id: int,
    *,
    mask_hash: str,
    proposed_by: str,
    doubt: float | None = None,
    over_rejected: bool = False,
) -> Revision | None:
    """Make a mask the newest proposal of an item; None if it would replace human work or change nothing.

    `doubt` is how doubtful the mask is (0..1, None if unknown), for the order of review.
    """
    if not may_publish_over(session, item_id, over_rejected=over_rejected):
        return None
    previous = latest_revision(session, item_id)
    if previous is not None and previous.action == "proposed":
        if (previous.mask_hash, previous.proposed_by) == (mask_hash, proposed_by):
            return None
    elif previous is not None and previous.action != "withdrawn":
        previous = latest_proposal(session, item_id)
    else:
        previous = None
    revision = append_program_revision(
        session, item_id, action="proposed", mask_hash=mask_hash, proposed_by=proposed_by
    )
    session.add(
        PublishedRevision(
            publication_id=publication_id,
            revision_id=revision.id,
            previous_id=previous.id if previous else None,
            previous_doubt_rank=_doubt_rank(session, item_id),
        )
    )
    session.flush()
    set_doubt(session, {item_id: doubt})
    return revision


def finish_publications(session: Session, run_id: int) -> None:
    """Record that all items of a run have been handled."""
    for publication in publications_of(session, run_id):
        if publication.finished_at is None:
            publication.finished_at = utc_now()
    session.flush()


def get_publication(session: Session, publication_id: int) -> Publication:
    """The publication with that id; raises NotFoundError."""
    publication = session.get(Publication, publication_id)
    if publication is None:
        raise NotFoundError(f"There is no publication {publication_id}.")
    return publication


def publications_of(session: Session, run_id: int) -> list[Publication]:
    """Publications of a run, newest first."""
    rows = select(Publication).where(Publication.run_id == run_id)
    return list(session.scalars(rows.order_by(Publication.id.desc())))


def is_published(session: Session, run_id: int) -> bool:
    """Whether the run is published and not unpublished; its files must then be kept."""
    in_force = select(Publication.id).where(Publication.run_id == run_id, Publication.undone_at.is_(None))
    return session.scalar(in_force.limit(1)) is not None


def published_run(session: Session, dataset_id: int) -> int | None:
    """The run that was published last in a dataset and not unpublished; None if there is none."""
    in_force = (
        select(Publication.run_id)
        .join(Run, Run.id == Publication.run_id)
        .where(Run.dataset_id == dataset_id, Run.removed_at.is_(None))
        .where(Publication.finished_at.is_not(None), Publication.undone_at.is_(None))
    )
    return session.scalar(in_force.order_by(Publication.id.desc()).limit(1))


def published_revision_ids(session: Session, publication_id: int) -> list[int]:
    """Ids of the revisions that a publication appended."""
    rows = select(PublishedRevision.revision_id).where(PublishedRevision.publication_id == publication_id)
    return list(session.scalars(rows.order_by(PublishedRevision.revision_id)))


def undo_revisions(session: Session, publication_id: int, revision_ids: Iterable[int]) -> Undone:
    """Undo published revisions, except where somebody has worked on them since.

    The earlier proposal becomes the newest again, as a new revision, and with it its place in the order by
    doubt. If there was none, the proposal is withdrawn and the item is new. Call this in batches, then
    `note_undone`.
    """
    restored = kept = 0
    for revision_id in revision_ids:
        published = session.get_one(PublishedRevision, (publication_id, revision_id))
        revision = session.get_one(Revision, revision_id)
        newest = latest_revision(session, revision.item_id)
        if newest is None or not _is_still(newest, revision):
            kept += 1
            continue
        previous = None if published.previous_id is None else session.get(Revision, published.previous_id)
        action: Action = "withdrawn" if previous is None else "proposed"
        append_program_revision(
            session,
            revision.item_id,
            action=action,
            mask_hash=previous.mask_hash if previous else None,
            proposed_by=previous.proposed_by if previous else None,
            note=f"publication {publication_id} undone",
        )
        # An old publication has no rank stored: it is unknown, and the undone mask's doubt must not stay.
        rank = published.previous_doubt_rank
        set_doubt(session, {revision.item_id: None if rank is None or rank > 0 else -rank})
        restored += 1
    return Undone(restored, kept)


def note_undone(session: Session, publication_id: int, *, author: int | None) -> None:
    """Record that a publication was undone."""
    publication = get_publication(session, publication_id)
    publication.undone_at = utc_now()
    publication.undone_by_id = author
    session.flush()


def _doubt_rank(session: Session, item_id: int) -> float:
    return session.scalars(select(Item.doubt_rank).where(Item.id == item_id)).one()


def _is_still(newest: Revision, published: Revision) -> bool:
    """Whether the item still shows the published mask: it is newest, or a person has reverted to it."""
    if newest.id == published.id:
        return True
    return newest.action == "reverted" and newest.mask_hash == published.mask_hash
