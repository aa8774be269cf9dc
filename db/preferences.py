"""How people have set the pages: one JSON document for each person."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from db.errors import InvalidInputError
from db.labeler_models import Preference
from db.models import utc_now

MAX_LENGTH: Final = 20_000


def read_preferences(session: Session, user_id: int) -> str | None:
    """The JSON document of a person; None if they have set nothing."""
    found = session.get(Preference, user_id)
    return None if found is None else found.document


def write_preferences(session: Session, user_id: int, document: str) -> None:
    """Replace the document of a person. Raises InvalidInputError for one of over 20,000 characters."""
    if len(document) > MAX_LENGTH:
        raise InvalidInputError(f"The settings of a person have at most {MAX_LENGTH} characters.")
    found = session.get(Preference, user_id)
    if found is None:
        session.add(Preference(user_id=user_id, document=document))
    else:
        found.document = document
        found.changed_at = utc_now()
    session.flush()
