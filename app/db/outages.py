"""How a database says that it does not serve anybody now, whatever was asked of it."""

import sqlalchemy as sa

NO_DATABASE = (
    sa.exc.OperationalError,
    sa.exc.InterfaceError,
    sa.exc.InternalError,
    sa.exc.TimeoutError,
)
"""Gone, shut down, full, too slow, read-only after a failover, or every connection in use. What is wrong
with a value or a statement is said by other errors."""

# serialization_failure and deadlock_detected: https://www.postgresql.org/docs/current/errcodes-appendix.html
_GAVE_WAY = ("40001", "40P01")


def gave_way(error: BaseException) -> bool:
    """Whether the database ended the transaction in favor of another one."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) in _GAVE_WAY


def was_cut_off(error: BaseException) -> bool:
    """Whether the connection had ended, as after a restart of the database or of a pooler: the next one
    is new."""
    return isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated
