"""What tests that commit leave behind."""

import sqlalchemy as sa


def empty_tables(engine: sa.Engine) -> None:
    """Empty every table of a PostgreSQL database. TRUNCATE takes longer than to delete the few rows of a
    test, but rows lie afterwards as they were put in, so that a history plays alike each time."""
    from app.db.models import Base  # noqa: PLC0415 -- tests without a database need not load it

    tables = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
    with engine.begin() as connection:
        # A test that left a transaction open must fail here, not hang.
        connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
        connection.exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")


def end_all_connections(engine: sa.Engine) -> None:
    """As a database does that is started anew; who tells it so is no connection of the engine's."""
    told = sa.text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with sa.create_engine(engine.url, poolclass=sa.NullPool).connect() as connection:
        connection.execute(told)
