"""Bring a database to the present schema."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory


def upgrade(engine: sa.Engine) -> bool:
    """Run the migrations that are missing. Several processes may start at once: on PostgreSQL an
    advisory lock lets one of them through at a time.

    Returns False where a newer build has been here: the database is left as it is, for each migration
    is one that the build before it can work with.
    """
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('backline migrations'))"))
        config = _config()
        config.attributes["connection"] = connection
        if not _is_known(config, connection):
            return False
        command.upgrade(config, "head")
    return True


def _is_known(config: Config, connection: sa.Connection) -> bool:
    current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    return current is None or current in known


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
