"""Real servers for the tests: PostgreSQL and Redis, each started once by whichever test needs it first.

With pytest-xdist every worker has its own: a new PostgreSQL cluster takes less than a second.
"""

import os
import shutil
import signal
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings as hypothesis_settings
from redis import Redis
from sqlalchemy.orm import Session

from app.services import EmbeddedRedis, collect_garbage_seldom, open_redis
from app.settings import Settings, load_settings
from tests.postgres import postgres_server
from tests.remembered import remember_what_applications_compile
from tests.tables import empty_tables

# A slow machine is not a failure. In CI the examples are the same on every run.
hypothesis_settings.register_profile("default", deadline=None)
hypothesis_settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis_settings.load_profile("ci" if os.environ.get("CI") else "default")


# Tests of these places start browsers, real processes or whole histories: minutes, not seconds.
_SLOW = ("faults", "journeys", "pages", "contracts", "test_starting.py", "test_deploy.py")
# In tests/pipeline those that have these play a whole shop at its platform: half a second to three each,
# half of the time of all other tests.
_SHOPS = {"stage", "store", "unasked", "world"}


# These wait for processes that they start, most of the time: others use the processors meanwhile.
_WAIT = (
    "test_demo.py",
    "test_campaign.py",
    "test_redis_away.py",
    "test_killed_web.py",
    "test_starting.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is slow, so that `-m "not slow"` leaves it out. What waits comes first: last it would be
    waited for with nothing else to do."""
    here = Path(__file__).parent
    items.sort(key=lambda item: item.path.name not in _WAIT)
    for item in items:
        place = item.path.relative_to(here).parts[0]
        plays = place == "pipeline" and not _SHOPS.isdisjoint(getattr(item, "fixturenames", ()))
        if place in _SLOW or plays:
            item.add_marker(pytest.mark.slow)


def pytest_configure(config: pytest.Config) -> None:
    """SIGTERM (a time limit, a stopped CI job) ends the run like Ctrl-C, so that servers are stopped."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    remember_what_applications_compile()
    _let_processes_keep_bytecode(config)


def _let_processes_keep_bytecode(config: pytest.Config) -> None:
    """Containers forbid files beside the sources; each of the many processes that tests start would
    compile all of the product again, a fifth of its time to start."""
    cache = getattr(config, "cache", None)  # none with `-p no:cacheprovider`
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", "") and cache:
        os.environ["PYTHONPYCACHEPREFIX"] = str(cache.mkdir("bytecode"))


def pytest_collection_finish() -> None:
    """As in the processes that are deployed: half of the time of a long history went into looking
    through objects that are all still needed."""
    collect_garbage_seldom()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """With `--durations`: how long each layer took, beside its slowest tests."""
    if terminalreporter.config.option.durations is None:
        return
    seconds: defaultdict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds["/".join(report.location[0].split("/")[:2])] += report.duration
    terminalreporter.section("seconds of each layer")
    for layer, spent in sorted(seconds.items(), key=lambda item: -item[1]):
        terminalreporter.write_line(f"{spent:8.1f} {layer}")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with made-up secrets, a SQLite database under `tmp_path` and no Redis."""
    return load_settings(
        {
            "BACKLINE_HOME": str(tmp_path / "home"),
            "APP_URL": "https://backline.test",
            "SECRET_KEY": "a-key-for-tests-alone-0123456789-abc",
            "ENCRYPTION_KEYS": "-pEar7LVZhLcZgrACGOUiQnu8sCifIacbkpOmmXWhw4=",
            "SHOPIFY_CLIENT_ID": "shopify-client-id",
            "SHOPIFY_CLIENT_SECRET": "shopify-client-secret",
            "BIGCOMMERCE_CLIENT_ID": "bigcommerce-client-id",
            "BIGCOMMERCE_CLIENT_SECRET": "bigcommerce-client-secret",
        }
    )


@pytest.fixture(scope="session")
def pg_engine() -> Iterator[sa.Engine]:
    """PostgreSQL, migrated once."""
    # Tests without a database need not load them.
    from app.db import migrate  # noqa: PLC0415
    from app.db.engine import open_database  # noqa: PLC0415

    with postgres_server() as server:
        engine = open_database(server.url)
        migrate.upgrade(engine)
        yield engine
        engine.dispose()


@pytest.fixture
def session(pg_engine: sa.Engine) -> Iterator[Session]:
    """A session on PostgreSQL. Whatever the test commits is rolled back after it."""
    with pg_engine.connect() as connection:
        transaction = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        transaction.rollback()


@pytest.fixture
def clean_pg(pg_engine: sa.Engine) -> Iterator[sa.Engine]:
    """PostgreSQL for tests that commit from several connections; every table is emptied after."""
    yield pg_engine
    empty_tables(pg_engine)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file, migrated once, to be copied."""
    from app.db import migrate  # noqa: PLC0415 -- as above
    from app.db.engine import open_database  # noqa: PLC0415 -- as above

    file = tmp_path_factory.mktemp("migrated") / "backline.sqlite3"
    engine = open_database(f"sqlite:///{file}")
    migrate.upgrade(engine)
    engine.dispose()
    return file


@pytest.fixture
def sqlite_engine(migrated_file: Path, tmp_path: Path) -> Iterator[sa.Engine]:
    """A migrated SQLite file."""
    from app.db.engine import open_database  # noqa: PLC0415 -- as above

    file = shutil.copy(migrated_file, tmp_path / "backline.sqlite3")
    engine = open_database(f"sqlite:///{file}")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """A redis-server; its `url` is for tests that start processes."""
    with EmbeddedRedis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis(redis_server: EmbeddedRedis) -> Iterator[Redis]:
    """An empty Redis."""
    with open_redis(redis_server.url) as client:
        client.flushall()
        yield client


@pytest.fixture(scope="session")
def durable_pg_url() -> Iterator[str]:
    """The URL of an empty PostgreSQL that waits for the disk at each commit, as real ones do."""
    with postgres_server(is_durable=True) as server:
        yield server.url
