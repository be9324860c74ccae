"""Bring a database to the present schema. Alembic is loaded when it is needed: a worker, which needs it
for an error alone, would hold it in memory all day."""

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from alembic.config import Config


class Schema(StrEnum):
    """A database's schema, beside the one that this build knows."""

    PRESENT = "present"
    OLDER = "older"
    NEWER = "newer"


class UnfitDatabaseError(Exception):
    """What DATABASE_URL names can't be Backline's; the text says why and what to do."""


def upgrade(engine: sa.Engine) -> bool:
    """Run the migrations that are missing. Several processes may start at once: on PostgreSQL an
    advisory lock lets one of them through at a time.

    Returns False where a newer build has been here: the database is left as it is, for each migration
    is one that the build before it can work with. Raises `UnfitDatabaseError` for a database that does
    not hold every character.
    """
    from alembic import command  # noqa: PLC0415 -- see above

    if engine.dialect.name == "postgresql":
        _need_all_characters(engine)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('backline migrations'))"))
        config = _config()
        config.attributes["connection"] = connection
        if _compare(connection) is Schema.NEWER:
            return False
        command.upgrade(config, "head")
    return True


def _need_all_characters(engine: sa.Engine) -> None:
    """Buyers' notes hold any of them. An encoding that lacks some refuses the order, webhook after
    webhook."""
    with engine.connect() as connection:
        encoding = connection.scalar(sa.text("SHOW server_encoding"))
    if encoding != "UTF8":
        engine.dispose()
        raise UnfitDatabaseError(
            f"The database's encoding is {encoding}, which does not hold every character of an order: "
            "make one with `createdb --encoding=UTF8 --template=template0 NAME`, and name it in "
            "DATABASE_URL."
        )


def compare(engine: sa.Engine) -> Schema:
    """How the database's schema stands to ours. It changes nothing."""
    with engine.connect() as connection:
        return _compare(connection)


def _compare(connection: sa.Connection) -> Schema:
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 -- see above

    current = MigrationContext.configure(connection).get_current_revision()
    head, known = _revisions()
    if current == head:
        return Schema.PRESENT
    return Schema.OLDER if current is None or current in known else Schema.NEWER


@cache
def _revisions() -> tuple[str | None, frozenset[str]]:
    """Our newest, and all: read from their files once, for health checks ask often."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 -- see above

    scripts = ScriptDirectory.from_config(_config())
    return scripts.get_current_head(), frozenset(one.revision for one in scripts.walk_revisions())


def _config() -> "Config":
    from alembic.config import Config  # noqa: PLC0415 -- see above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
