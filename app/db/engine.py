"""The engine that the product uses: errors of its database say who must act."""

import time

import sqlalchemy as sa

from app.db import migrate
from app.db.migrate import Schema
from app.services import MOST_CONNECTIONS, Hear, open_engine

# So long an older schema is believed: where it is one, every request meets it.
_BELIEVED_S = 1.0
# undefined_table and undefined_column: https://www.postgresql.org/docs/current/errcodes-appendix.html
_UNDEFINED = frozenset({"42P01", "42703"})
# invalid_schema_name and insufficient_privilege: no statement of ours brings them about by itself.
_OUT_OF_REACH = frozenset({"3F000", "42501"})
# What is wrong with a statement; SQLite has no codes of its own for what: https://sqlite.org/rescode.html#error
_SQLITE_ERROR = "SQLITE_ERROR"
_SQLITE_UNDEFINED = ("no such table", "no such column", "has no column named")


class TablesMissingError(sa.exc.OperationalError):
    """The database has no tables of ours, older ones, or none that we may use: `backline release` has
    not run there. As with a database that is away nothing is lost, and all goes on once it has."""


def open_database(
    database_url: str, *, connections: int = MOST_CONNECTIONS, hear: Hear | None = None
) -> sa.Engine:
    """As `open_engine`. A table or column that is not there raises `TablesMissingError` where the
    migrations of this build have not run, and `ProgrammingError` where they have, those of a newer build
    with them or not: then our statement is wrong, and no `backline release` helps."""
    engine = open_engine(database_url, connections=connections, hear=hear)
    namer = _Namer(engine)
    sa.event.listen(engine, "handle_error", namer.name, retval=True)
    return engine


def _is_ours(engine: sa.Engine) -> bool:
    """Whether our migrations have run, those of a newer build with them or not. Another application may
    keep revisions in a table of the same name."""
    schema = migrate.compare(engine)
    return schema is Schema.PRESENT or (schema is Schema.NEWER and sa.inspect(engine).has_table("shops"))


class _Namer:
    def __init__(self, engine: sa.Engine) -> None:
        self._url = engine.url.render_as_string(hide_password=False)
        self._older_until = 0.0

    def name(self, context: sa.engine.ExceptionContext) -> BaseException | None:
        """The error to raise instead of SQLAlchemy's own; None for that."""
        cause = context.original_exception
        code = getattr(cause, "sqlstate", None)
        is_sqlite = getattr(cause, "sqlite_errorname", None) == _SQLITE_ERROR
        is_undefined = code in _UNDEFINED or (
            is_sqlite and any(one in str(cause) for one in _SQLITE_UNDEFINED)
        )
        if code in _OUT_OF_REACH or (is_undefined and not self._is_migrated()):
            return TablesMissingError(context.statement, (), cause)
        # SQLite's driver says the same of a wrong statement as of a full disk.
        return sa.exc.ProgrammingError(context.statement, (), cause) if is_sqlite else None

    def _is_migrated(self) -> bool:
        """Asked by a connection of its own: the one that failed can't ask, and the pool may have no
        other. Where nobody answers, that the database is away is as good a guess as any."""
        if time.monotonic() < self._older_until:
            return False
        probe = open_engine(self._url, connections=1)
        try:
            if _is_ours(probe.execution_options(read_only=True)):
                return True
        except sa.exc.SQLAlchemyError:
            return False
        finally:
            probe.dispose()
        self._older_until = time.monotonic() + _BELIEVED_S
        return False
