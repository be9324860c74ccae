"""What tests that commit leave behind."""

from collections.abc import Sequence

import sqlalchemy as sa

# Rows that were deleted leave their room behind until somebody clears it.
_TRUNCATED_FROM_BYTES = 16 * 2**20


def empty_tables(engine: sa.Engine) -> None:
    """Empty every table of a PostgreSQL database, and number rows from 1 again. TRUNCATE makes new files
    for every table and index, which takes longer than most tests; the few rows of one are deleted."""
    from app.db.models import Base  # noqa: PLC0415 -- tests without a database need not load it

    names = [f'"{table.name}"' for table in reversed(Base.metadata.sorted_tables)]
    with engine.begin() as connection:
        # A test that left a transaction open must fail here, not hang.
        connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
        connection.exec_driver_sql(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE")
        sizes = "+".join(f"pg_relation_size('{name}')" for name in names)
        if connection.exec_driver_sql(f"SELECT {sizes}").scalar_one() > _TRUNCATED_FROM_BYTES:
            connection.exec_driver_sql(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE")
        else:
            connection.exec_driver_sql(_delete_all(names))


def _delete_all(names: Sequence[str]) -> str:
    """One statement, so that it is one journey; `names` of tables before those that they refer to."""
    deletes = " ".join(f"DELETE FROM {name};" for name in names)  # noqa: S608 -- names of our own tables
    restart = "PERFORM setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S';"
    return f"DO $$ BEGIN {deletes} {restart} END $$"


def end_all_connections(engine: sa.Engine) -> None:
    """As a database does that is started anew; who tells it so is no connection of the engine's."""
    told = sa.text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with sa.create_engine(engine.url, poolclass=sa.NullPool).connect() as connection:
        connection.execute(told)
