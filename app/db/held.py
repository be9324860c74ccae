"""A connection that is held between two statements."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa


class HeldConnection:
    """What a thread uses whose every transaction is one statement, many times a second: to take a
    connection from the pool, and to give it back, costs more than to send the statement. Only that
    thread may use it, and lets go when it is quiet, so that others find a connection. PostgreSQL commits
    each statement when it has answered."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._connection: sa.Connection | None = None

    @contextmanager
    def use(self) -> Iterator[sa.Connection]:
        """The one that is held, or one from the pool. It is not held after an error, whatever it was:
        the next one is tried before it is used."""
        connection = self._connection or self._engine.connect()
        self._connection = None
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def let_go(self) -> None:
        """Give it back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def hold(engine: sa.Engine) -> HeldConnection | None:
    """One that may be held; SQLite has one writer, and its connections cost nothing."""
    return HeldConnection(engine) if engine.dialect.name == "postgresql" else None
