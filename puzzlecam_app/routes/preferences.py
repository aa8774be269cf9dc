"""How a person has set the pages; kept for the account, or for the name where people have no accounts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from db.preferences import read_preferences, write_preferences
from db.users import find_user, get_or_create
from puzzlecam_app.lanes import SAVES, in_lane
from puzzlecam_app.routes.common import Annotator, OpenServices, problem_responses

router = APIRouter(tags=["session"])

ActionId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]{0,31}$")]
Chord = Annotated[str, StringConstraints(min_length=1, max_length=32)]


class Preferences(BaseModel):
    """What a person keeps from day to day."""

    model_config = ConfigDict(extra="forbid")

    keys: dict[ActionId, Chord] = Field(
        default_factory=dict, max_length=200, description="Keys that the person has chosen, by action"
    )
    keeps_zoom: bool = Field(
        default=False, description="The next picture is shown at the same place and zoom"
    )
    has_overview: bool = Field(default=True, description="A small map is shown while a part is out of view")
    is_magnetic: bool = Field(default=False, description="Outlines follow the edges of the picture")
    superpixels: Annotated[int, Field(ge=100, le=6400)] | None = Field(
        default=None, description="About how many; null: in proportion to the picture"
    )


@router.get("/preferences")
def read_own_preferences(services: OpenServices, annotator: Annotator) -> Preferences:
    """Return how this person has set the pages."""
    with services.database.read() as session:
        user = find_user(session, annotator)
        document = None if user is None else read_preferences(session, user.id)
    try:
        return Preferences() if document is None else Preferences.model_validate_json(document)
    except ValidationError:  # written by another version
        return Preferences()


@router.put("/preferences", status_code=204, responses=problem_responses(422, 503))
@in_lane(SAVES)
def write_own_preferences(preferences: Preferences, services: OpenServices, annotator: Annotator) -> None:
    """Keep how this person has set the pages."""
    with services.database.write() as session:
        user_id = get_or_create(session, annotator).id
        write_preferences(session, user_id, preferences.model_dump_json())
