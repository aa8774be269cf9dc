"""Who uses a page, and which datasets the page may show them."""

from __future__ import annotations

from collections.abc import Sequence

import gradio as gr
from sqlalchemy.orm import Session

from db.datasets import list_datasets
from db.models import Dataset
from puzzlecam_app.people.person import Person


def person_of(request: gr.Request) -> Person:
    """Return who sent an event of a page. `puzzlecam_app.people.gate` has put them into the request."""
    asked = request.request
    if asked is None:
        raise ValueError("the event came without its request")
    person: Person = asked.state.person
    return person


def led_datasets(session: Session, person: Person) -> Sequence[Dataset]:
    """Return the datasets that a person leads; all of them where people have no accounts."""
    return [dataset for dataset in list_datasets(session) if person.may("lead", dataset.id)]
