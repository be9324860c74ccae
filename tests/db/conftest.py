"""Every test of the SQL runs on PostgreSQL and on SQLite."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import migrate
from app.db.models import Shop
from app.services import open_engine
from tests.builders import installed_shop


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    """A SQLite file, migrated once."""
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'backline.sqlite3'}")
    migrate.upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture(params=["postgresql", "sqlite"])
def database(request: pytest.FixtureRequest) -> sa.Engine:
    """Either database. Nothing is committed to it."""
    return request.getfixturevalue("pg_engine" if request.param == "postgresql" else "migrated_sqlite")  # type: ignore[no-any-return]


@pytest.fixture
def session(database: sa.Engine) -> Iterator[Session]:
    """A session; whatever the test commits is rolled back after it."""
    with database.connect() as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        transaction.rollback()


@pytest.fixture
def shop(session: Session) -> Shop:
    """A shop with nothing due."""
    return installed_shop(session)
