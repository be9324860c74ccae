"""The build before works on while the new one's migrations have run: what it writes, changes, reads and
deletes still goes, and what it wrote reads as the new build wants it.

The build before stands for its statements: tables reflected from the schema that it knew, used on the
schema of now.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy.orm import Session

from app.db import migrate
from app.db.models import Base
from app.services import open_engine
from tests.db.old_builds import broken

# The first version that was ever installed: whoever has an older one goes by way of it.
FIRST = "0012"
_CONFIG = migrate._config()  # the folder of the migrations is its own affair


def revisions() -> list[str]:
    """From the first version on, oldest first."""
    scripts = ScriptDirectory.from_config(_CONFIG)
    return [one.revision for one in reversed(list(scripts.walk_revisions(FIRST, "head")))]


def empty_database(kind: str, name: str, folder: Path, request: pytest.FixtureRequest) -> sa.Engine:
    """A database without a table; one of that name that there was is gone."""
    if kind == "sqlite":
        (folder / f"{name}.sqlite3").unlink(missing_ok=True)
        return open_engine(f"sqlite:///{folder / name}.sqlite3")
    pg: sa.Engine = request.getfixturevalue("pg_engine")
    with pg.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    return open_engine(pg.url.set(database=name).render_as_string(hide_password=False))


class Ladder:
    """A database that climbs from version to version, since from nothing to each of them is a long way.
    A test that is about an earlier one than where it stands has it begin again."""

    def __init__(self, make: Callable[[], sa.Engine]) -> None:
        self._make = make
        self._engine: sa.Engine | None = None
        self._left: list[str] = []
        self._stands_at = ""
        self._known: dict[str, sa.MetaData] = {}

    def at(self, revision: str) -> sa.Engine:
        """The database at that version, empty: whoever puts something into it takes it out again, and
        what PostgreSQL numbers begins with 1."""
        if self._engine is None or revision not in [*self._left, self._stands_at]:
            self.close()
            self._engine, self._left = self._make(), revisions()
            self._climb(self._engine)
        while self._stands_at != revision:
            self._climb(self._engine)
        if self._engine.dialect.name == "postgresql":
            with self._engine.begin() as connection:
                connection.exec_driver_sql("SELECT setval(seqrelid, 1, false) FROM pg_sequence")
        return self._engine

    def known_at(self, revision: str) -> sa.MetaData:
        """What a build of that version knows of the schema."""
        if revision not in self._known:
            self.at(revision)
        return self._known[revision]

    def close(self) -> None:
        """Let the database go."""
        if self._engine is not None:
            self._engine.dispose()

    def _climb(self, engine: sa.Engine) -> None:
        self._stands_at = self._left.pop(0)
        upgrade_to(engine, self._stands_at)
        if self._stands_at not in self._known:
            self._known[self._stands_at] = tables_of(engine)


@pytest.fixture(scope="module", params=["postgresql", "sqlite"])
def ladder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ladder]:
    """One of each database."""
    folder = tmp_path_factory.mktemp("ladder")
    ladder = Ladder(lambda: empty_database(request.param, "ladder", folder, request))
    yield ladder
    ladder.close()


@pytest.fixture(params=["postgresql", "sqlite"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """A database without a table."""
    engine = empty_database(request.param, "two_builds", tmp_path, request)
    yield engine
    engine.dispose()


def upgrade_to(engine: sa.Engine, revision: str) -> None:
    """Run the migrations up to one."""
    with engine.begin() as connection:
        _CONFIG.attributes["connection"] = connection
        command.upgrade(_CONFIG, revision)


def tables_of(engine: sa.Engine) -> sa.MetaData:
    """What a build knows of the schema as it is now."""
    metadata = sa.MetaData()
    metadata.reflect(engine)
    metadata.remove(metadata.tables["alembic_version"])
    return metadata


def value(column: sa.Column[Any]) -> Any:
    """Something that the column takes; the same everywhere, so that rows find each other."""
    kinds: dict[type, Any] = {
        bool: False, int: 1, float: 0.5, str: "x", bytes: b"x",
        datetime: datetime(2026, 11, 29, tzinfo=UTC), date: date(2026, 11, 29),
    }  # fmt: skip
    return {} if isinstance(column.type, sa.JSON) else kinds[column.type.python_type]


def statements(table: sa.Table) -> tuple[sa.Insert, sa.Update, sa.Delete]:
    """What the build before says to a table: every column it must name, then changed and deleted."""
    needed = [one for one in table.columns if not one.nullable and one.server_default is None]
    row = {one.name: value(one) for one in needed}
    mine = sa.and_(*(one == row.get(one.name, 1) for one in table.primary_key))
    # A table of nothing but its key is told the same again.
    changed = {one.name: value(one) for one in table.columns if not one.primary_key} or row
    here = sa.delete(table).where(mine)
    return sa.insert(table).values(row), sa.update(table).where(mine).values(changed), here


def schema(*tables: str) -> sa.MetaData:
    """What a database holds that was made by these statements."""
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        for table in tables:
            connection.exec_driver_sql(table)
    metadata = sa.MetaData()
    metadata.reflect(engine)
    engine.dispose()
    return metadata


MUGS = "CREATE TABLE mugs (id INTEGER PRIMARY KEY, name TEXT, size INTEGER NOT NULL DEFAULT 1)"


@pytest.mark.parametrize(
    ("tables", "what"),
    [
        ([], "mugs is gone"),
        (["CREATE TABLE mugs (id INTEGER PRIMARY KEY, name TEXT)"], "mugs.size is gone"),
        ([MUGS.replace("name TEXT", "name INTEGER")], "mugs.name was TEXT and is INTEGER"),
        ([MUGS.replace("name TEXT", "name TEXT NOT NULL")], "mugs.name may be empty no more"),
        ([MUGS.replace(" DEFAULT 1", "")], "mugs.size has no default any more"),
        ([MUGS.replace(")", ", hue TEXT NOT NULL)")], "mugs.hue must be named"),
        ([MUGS.replace(")", ", CHECK (size > 0))")], "mugs refuses what it took: CHECK"),
        ([MUGS, "CREATE UNIQUE INDEX one ON mugs (name)"], "mugs refuses what it took: UNIQUE"),
        ([MUGS.replace(")", ", FOREIGN KEY (size) REFERENCES mugs (id))")], "REFERENCES mugs.id"),
        ([MUGS.replace("name TEXT", "name TEXT").replace(" PRIMARY KEY", "")], "primary key"),
        ([MUGS, "CREATE TABLE chips (mug INTEGER REFERENCES mugs (id))"], "chips.mug keeps rows"),
    ],
)
def test_what_the_build_before_can_not_live_with_is_seen(tables: list[str], what: str) -> None:
    assert any(what in one for one in broken(schema(MUGS), schema(*tables)))


@pytest.mark.parametrize(
    "tables",
    [
        [MUGS],
        [MUGS.replace(")", ", hue TEXT, glaze TEXT NOT NULL DEFAULT '')")],
        [MUGS, "CREATE INDEX one ON mugs (name)"],
        [
            MUGS,
            "CREATE TABLE chips (mug INTEGER, FOREIGN KEY (mug) REFERENCES mugs (id) ON DELETE CASCADE)",
        ],
    ],
)
def test_what_the_build_before_can_live_with_is_let_pass(tables: list[str]) -> None:
    assert broken(schema(MUGS), schema(*tables)) == []


@pytest.mark.parametrize(("before", "after"), list(pairwise(revisions())))
def test_no_migration_takes_what_the_build_before_relies_on(
    ladder: Ladder, before: str, after: str
) -> None:
    assert broken(ladder.known_at(before), ladder.known_at(after)) == []


@pytest.mark.parametrize(("before", "after"), list(pairwise(revisions())))
def test_the_build_before_works_with_the_tables_of_the_next(
    ladder: Ladder, before: str, after: str
) -> None:
    old = ladder.known_at(before)

    with ladder.at(after).begin() as connection:
        for table in old.sorted_tables:
            insert, update, _ = statements(table)
            connection.execute(insert)
            connection.execute(update)
            assert len(connection.execute(sa.select(table)).all()) == 1, table.name
        for table in reversed(old.sorted_tables):
            connection.execute(statements(table)[2])
            assert connection.execute(sa.select(table)).all() == [], table.name


def test_what_the_first_version_wrote_is_read_by_this_one(empty: sa.Engine) -> None:
    upgrade_to(empty, FIRST)
    first = tables_of(empty)
    with empty.begin() as connection:
        for table in first.sorted_tables:
            connection.execute(statements(table)[0])

    migrate.upgrade(empty)

    with Session(empty) as session:
        for mapper in Base.registry.mappers:
            rows = session.scalars(sa.select(mapper.class_)).all()
            assert len(rows) <= 1
