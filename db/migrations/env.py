"""Runs migrations on the connection that `db.migrate` hands over; there is no other way in."""

from alembic import context

import db.account_models  # these tables are part of the metadata
import db.class_models
import db.labeler_models
import db.live_models
import db.object_models
import db.run_models
import db.team_models  # noqa: F401
from db.models import Base
from db.name_search import is_of_search

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite can neither alter constraints nor drop columns in place.
    render_as_batch=True,
    include_object=lambda _object, name, *_rest: not is_of_search(name),
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
