"""What is not there: because the migrations have not run, or because a statement of ours is wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.db import engine, migrate
from app.db.engine import TablesMissingError, open_database
from app.db.outages import NO_DATABASE

WRONG = ["SELECT no_such_column FROM shops", "SELECT 1 FROM no_such_table"]


@pytest.fixture(params=["postgresql", "sqlite"])
def new(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """A database that nobody has migrated."""
    url = f"sqlite:///{tmp_path / 'new.sqlite3'}"
    if request.param == "postgresql":
        pg: sa.Engine = request.getfixturevalue("pg_engine")
        with pg.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("DROP DATABASE IF EXISTS of_an_engine")
            connection.exec_driver_sql("CREATE DATABASE of_an_engine")
        url = pg.url.set(database="of_an_engine").render_as_string(hide_password=False)
    opened = open_database(url, connections=1)
    yield opened
    opened.dispose()


def ask(database: sa.Engine, statement: str) -> None:
    with database.connect() as connection:
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize("statement", WRONG)
def test_what_no_migration_makes_is_a_defect_of_ours(new: sa.Engine, statement: str) -> None:
    """No wait helps, so it counts as no database that is away."""
    migrate.upgrade(new)

    with pytest.raises(sa.exc.ProgrammingError) as raised:
        ask(new, statement)

    assert not isinstance(raised.value, NO_DATABASE)


@pytest.mark.parametrize("statement", WRONG)
def test_where_a_newer_build_has_been_nobody_is_sent_to_the_migrations(
    new: sa.Engine, statement: str
) -> None:
    """They have run, and more of them than we know: to run ours would help nobody."""
    migrate.upgrade(new)
    mark_as(new, "of a newer build")

    with pytest.raises(sa.exc.ProgrammingError) as raised:
        ask(new, statement)

    assert not isinstance(raised.value, NO_DATABASE)


def mark_as(database: sa.Engine, revision: str) -> None:
    """As migrated up to there."""
    with database.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :one"), {"one": revision})


@pytest.mark.parametrize("statement", WRONG)
@pytest.mark.parametrize("revision", [None, "0012"])
def test_what_a_migration_may_still_make_waits_for_it(
    new: sa.Engine, revision: str | None, statement: str
) -> None:
    if revision is not None:
        migrate.upgrade(new)
        mark_as(new, revision)

    with pytest.raises(TablesMissingError):
        ask(new, statement)


@pytest.mark.parametrize(
    ("believed_s", "raised"), [(0, sa.exc.ProgrammingError), (60, TablesMissingError)]
)
def test_an_older_schema_is_believed_for_a_moment_and_no_longer(
    new: sa.Engine, monkeypatch: pytest.MonkeyPatch, believed_s: float, raised: type[Exception]
) -> None:
    monkeypatch.setattr(engine, "_BELIEVED_S", believed_s)
    with pytest.raises(TablesMissingError):
        ask(new, WRONG[1])
    migrate.upgrade(new)

    with pytest.raises(raised):
        ask(new, WRONG[1])


def test_a_statement_that_can_not_be_read_is_a_defect_everywhere(new: sa.Engine) -> None:
    """SQLite's driver says so by the class of error that a full disk has."""
    with pytest.raises(sa.exc.ProgrammingError):
        ask(new, "SELEKT 1")
