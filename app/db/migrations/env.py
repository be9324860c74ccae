"""What Alembic runs: the migrations, on the connection that `app.db.migrate` hands over."""

from alembic import context

from app.db.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite can't alter a table in place.
    render_as_batch=True,
)
context.run_migrations()
