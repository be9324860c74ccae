"""Errors of a command's surroundings, explained: see `app.starting`. It is loaded when there is one, for
it knows the errors of every library."""

import contextlib
import errno
from collections.abc import Callable
from pathlib import Path

import click
import sqlalchemy as sa
from redis.exceptions import RedisError

from app.db import migrate
from app.db.engine import TablesMissingError
from app.db.migrate import Schema, UnfitDatabaseError
from app.logs import first_line
from app.services import ServerDidNotStart
from app.settings import SettingsError
from app.starting import CanNotCreate, Unavailable, WrongSetting

# duplicate_table: somebody else's. Any other error of a statement is a defect of ours.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_DUPLICATE = "42P07"


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
