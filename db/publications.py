"""Publications: a run's masks as proposals, which of them a publication made, and taking them back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.annotations import append_program_revision, latest_proposal, latest_revision
from db.errors import NotFoundError
from db.items import set_doubt
from db.models import Item, Publication, PublishedRevision, Revision, Run, utc_now
from db.status import UNTOUCHED_ACTIONS, Action


@dataclass(frozen=True)
class Undone:
    """What became of the items of a publication: went back, or stayed because somebody worked on them."""

    restored: int
    kept: int


def start_publication(session: Session, run_id: int, *, author: int | None) -> Publication:
    """Begin to publish a run; one that was cut off is gone on with."""
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
    """Whether a published mask may become the newest of an item: no person's work may lie on top.

    New, proposed and reverted items may always. A skipped one may unless a person painted on it before;
    rejected ones only when asked for, with the same exception. Drafts, accepted and corrected masks never.
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
    """Make a mask the proposal of an item; None when a person's work is on top or nothing would change.

    `doubt` is how doubtful the mask is (0..1, None unknown), for the order of review.
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
    """Note that every item of a run has had its turn."""
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
    """Whether a publication of the run is in force; its files must then stay."""
    in_force = select(Publication.id).where(Publication.run_id == run_id, Publication.undone_at.is_(None))
    return session.scalar(in_force.limit(1)) is not None


def published_run(session: Session, dataset_id: int) -> int | None:
    """The run whose publication is the newest in force in a dataset; None when there is none."""
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
    """Take published revisions back where nobody has worked on them since.

    The proposal from before becomes the newest again, as a new entry of the history, and with it its place in
    the order by doubt; where there was none, the proposal is withdrawn and the item is new. Call it in
    batches, then `note_undone`.
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
        # Of a publication from before the rank was kept nothing is known: the mask's own doubt must not stay.
        rank = published.previous_doubt_rank
        set_doubt(session, {revision.item_id: None if rank is None or rank > 0 else -rank})
        restored += 1
    return Undone(restored, kept)


def note_undone(session: Session, publication_id: int, *, author: int | None) -> None:
    """Note that a publication is no longer in force."""
    publication = get_publication(session, publication_id)
    publication.undone_at = utc_now()
    publication.undone_by_id = author
    session.flush()


def _doubt_rank(session: Session, item_id: int) -> float:
    return session.scalars(select(Item.doubt_rank).where(Item.id == item_id)).one()


def _is_still(newest: Revision, published: Revision) -> bool:
    """Whether the published mask is what the item shows, untouched: itself, or reverted to by a person."""
    if newest.id == published.id:
        return True
    return newest.action == "reverted" and newest.mask_hash == published.mask_hash
