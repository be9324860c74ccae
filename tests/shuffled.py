"""A database that answers in another order wherever a statement leaves it open."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa


@contextmanager
def shuffled(engine: sa.Engine, seed: float) -> Iterator[None]:
    """Within it rows that are equal to the ORDER BY of a SELECT, or all where it has none, come by lot.
    PostgreSQL alone; `seed` is from 0 to 1. DISTINCT and UNION are left alone."""

    def begin_anew(connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"SELECT setseed({seed})")

    def shuffle(
        _: sa.Connection, statement: Any, multiparams: Any, params: Any, __: Any
    ) -> tuple[Any, Any, Any]:
        if isinstance(statement, sa.Select) and not statement._distinct:
            statement = statement.order_by(sa.func.random())
        return statement, multiparams, params

    sa.event.listen(engine, "begin", begin_anew)
    sa.event.listen(engine, "before_execute", shuffle, retval=True)
    try:
        yield
    finally:
        sa.event.remove(engine, "begin", begin_anew)
        sa.event.remove(engine, "before_execute", shuffle)
