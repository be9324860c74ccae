"""What keeps a command from starting, in one sentence with what to do, and its exit code.

The codes are those of BSD's sysexits, which hosts and scripts know: 69 something that must answer does
not, 73 a file or folder can't be written, 78 a setting is wrong.
"""

import contextlib
import errno
import fcntl
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from redis.exceptions import RedisError

from app.db import migrate
from app.db.engine import TablesMissingError
from app.db.migrate import Schema, UnfitDatabaseError
from app.logs import first_line
from app.services import ServerDidNotStart
from app.settings import SettingsError

_MOST_DEMOS = 20


class Unavailable(click.ClickException):
    """Something that must answer does not."""

    exit_code = 69


class CanNotCreate(click.ClickException):
    """A file or folder can't be written."""

    exit_code = 73


class WrongSetting(click.ClickException):
    """The environment must be put right."""

    exit_code = 78


_SURROUNDINGS = (
    sa.exc.SQLAlchemyError, RedisError, OSError, ServerDidNotStart, SettingsError, UnfitDatabaseError
)  # fmt: skip

# duplicate_table: somebody else's. Any other error of a statement is a defect of ours.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_DUPLICATE = "42P07"


class ExplainingGroup(click.Group):
    """Commands whose surroundings may be missing: no database, no Redis, no room to write."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command. What is no fault of its surroundings is a defect: it keeps its traceback."""
        try:
            return super().invoke(ctx)
        except _SURROUNDINGS as error:
            refusal = explain(error)
            if refusal is None:
                raise
            raise refusal from error


def explain(error: Exception) -> click.ClickException | None:
    """The refusal that an error of our surroundings becomes; None for any other."""
    match error:
        case SettingsError() | UnfitDatabaseError():
            return WrongSetting(str(error))
        case sa.exc.SQLAlchemyError():
            return _explain_database(error)
        case RedisError() | ServerDidNotStart():
            cause = first_line(error).rstrip(".")
            return Unavailable(f"Redis can't be used: {cause}. Start it, or correct REDIS_URL.")
        case OSError():
            return _explain_system(error)
    return None


# Whichever write meets them: most do not say the name of their file.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_TOO_MANY_FILES = frozenset({errno.EMFILE, errno.ENFILE})


def _explain_system(error: OSError) -> click.ClickException | None:
    where = error.filename if isinstance(error.filename, str | Path) else ""
    if error.errno in _FULL:
        return CanNotCreate(
            f"{where or 'A file'} can't be written: {error.strerror}. Free some room there, or set "
            "BACKLINE_HOME to a folder on another disk."
        )
    if error.errno in _TOO_MANY_FILES:
        return Unavailable(f"{error.strerror}: let this user have more (`ulimit -n`), or end what runs.")
    if where:
        return CanNotCreate(
            f"{where} can't be used: {error.strerror}. Let this user write there, or set "
            "BACKLINE_HOME to a folder of its own."
        )
    return None


def _explain_database(error: sa.exc.SQLAlchemyError) -> click.ClickException | None:
    match error:
        case sa.exc.DBAPIError() if _is_not_ours(error):
            return WrongSetting(
                f"The database is not Backline's, or not all of it: {_cause(error)}. Give Backline a "
                "database of its own that its user owns, and run `backline release`."
            )
        case sa.exc.ArgumentError():
            return WrongSetting(
                "DATABASE_URL can't be read: write it as postgresql+psycopg://user:password@host/database."
            )
        case sa.exc.OperationalError() | sa.exc.InterfaceError():
            return Unavailable(
                f"The database can't be used: {_cause(error)}. Start it, or correct DATABASE_URL."
            )
    return None


def _is_not_ours(error: sa.exc.DBAPIError) -> bool:
    code = getattr(error.orig, "sqlstate", None)
    return isinstance(error, TablesMissingError) or code == _DUPLICATE


def tell_of_missing_tables(engine: sa.Engine, tell: Callable[[str], None]) -> None:
    """A process that starts before the migrations waits for them, and says so. One that can't ask now
    says later what is wrong."""
    with contextlib.suppress(sa.exc.SQLAlchemyError):
        if migrate.compare(engine) is Schema.OLDER:
            tell("The database's tables are missing or older than this build: run `backline release`.")


def _cause(error: sa.exc.DBAPIError) -> str:
    return first_line(error.orig or error).rstrip(".")


def need_port(host: str, port: int) -> None:
    """Refuses where another program listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                message = (
                    f"Port {port} is taken by another program, perhaps another Backline: stop that, or "
                    "set PORT to a free one."
                )
            else:
                message = f"Port {port} can't be listened on: {error.strerror}. Set PORT to another."
            raise Unavailable(message) from error


@contextlib.contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Refuses where another `backline up` uses the folder."""
    home.mkdir(parents=True, exist_ok=True)
    with _locked(home / "up.lock") as is_ours:
        if not is_ours:
            message = (
                f"Another `backline up` runs with {home}: stop it, or set other BACKLINE_HOME and PORT."
            )
            raise Unavailable(message)
        yield


@contextlib.contextmanager
def demo_folder(home: Path) -> Iterator[Path]:
    """A folder that no other demo uses, for as long as this lasts: `demo`, else `demo-2` and so on."""
    home.mkdir(parents=True, exist_ok=True)
    for number in range(1, _MOST_DEMOS + 1):
        folder = home / ("demo" if number == 1 else f"demo-{number}")
        with _locked(folder.with_suffix(".lock")) as is_ours:
            if is_ours:
                yield folder
                return
    message = f"{_MOST_DEMOS} demos run in {home} already: stop some."
    raise Unavailable(message)


def running_demo(home: Path) -> Path | None:
    """The folder of a demo that runs now, the first of several; None where none does."""
    for lock in sorted(home.glob("demo*.lock"), key=lambda each: (len(each.name), each.name)):
        with _locked(lock) as is_ours:
            if not is_ours:
                return lock.with_suffix("")
    return None


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Whether the lock is ours; the system lets go of it when we end, however that happens."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
