"""What every shop of this installation stands on, but for its processes."""

from collections.abc import Iterator

import requests
import sqlalchemy as sa

from app.db import migrate
from app.db.migrate import Schema
from app.logs import first_line
from app.pipeline.checks.check import Check, Tone
from app.pipeline.runtime import Runtime

_WAIT_S = 10
# Platforms sign their messages with their time, and grant no more than some minutes.
_CLOCKS_DIFFER_S = 30.0


def check_installation(runtime: Runtime) -> Iterator[Check]:
    """Everything of `_CHECKS`. It asks the database, and `APP_URL`."""
    for check in _CHECKS:
        yield from check(runtime)


def _settings(runtime: Runtime) -> Iterator[Check]:
    app_url = runtime.settings.app_url
    if app_url.startswith("https://"):
        yield Check("Settings", Tone.FINE, f"APP_URL is {app_url}.")
        return
    yield Check(
        "Settings",
        Tone.CHECK,
        f"APP_URL is {app_url}: platforms send webhooks to https alone.",
        "Set APP_URL to the public https address, unless this is a try on your own machine.",
    )


def _database(runtime: Runtime) -> Iterator[Check]:
    try:
        state = migrate.compare(runtime.engine)
    except sa.exc.SQLAlchemyError as error:
        advice = "Start it, or correct DATABASE_URL."
        yield Check("Database", Tone.FIX, f"Does not answer: {first_line(error)}.", advice)
        return
    yield Check("Database", Tone.FINE, f"Answers ({runtime.engine.dialect.name}).")
    yield from _time(runtime)
    yield _MIGRATIONS[state]


def _time(runtime: Runtime) -> Iterator[Check]:
    """Of a clock that does not tell, there is nothing to say."""
    ahead_s = getattr(runtime.clock, "ahead_s", 0.0)
    if abs(ahead_s) < _CLOCKS_DIFFER_S:
        yield Check("Time", Tone.FINE, "This machine and the database agree.")
        return
    how = "ahead of" if ahead_s > 0 else "behind"
    text = f"This machine's clock is {abs(ahead_s):,.0f} seconds {how} the database's."
    yield Check("Time", Tone.CHECK, text, "Backline goes by the database's. See that NTP runs on both.")


_MIGRATIONS = {
    Schema.PRESENT: Check("Migrations", Tone.FINE, "All have run."),
    Schema.OLDER: Check(
        "Migrations", Tone.FIX, "Some have not run.", "Run `backline release`; nothing works before."
    ),
    Schema.NEWER: Check(
        "Migrations",
        Tone.CHECK,
        "A newer Backline has been here.",
        "This build can work with it; deploy the newer one when you can.",
    ),
}


def _address(runtime: Runtime) -> Iterator[Check]:
    """Asked as a platform asks: from the outside, as far as this machine can."""
    app_url = runtime.settings.app_url
    advice = "Start `backline web`, and see that the name and its certificate lead here."
    try:
        answer = requests.get(f"{app_url}/healthz", timeout=_WAIT_S, allow_redirects=False)
        is_ours = answer.ok and answer.json().get("status") == "ok"
    except (requests.RequestException, ValueError, AttributeError) as error:
        reason = type(error).__name__
        yield Check("Address", Tone.FIX, f"{app_url} does not answer ({reason}).", advice)
        return
    if is_ours:
        yield Check("Address", Tone.FINE, f"{app_url} answers.")
    else:
        said = f"{app_url} answers {answer.status_code}, and not as Backline does."
        yield Check("Address", Tone.FIX, said, advice)


_CHECKS = (_settings, _database, _address)
