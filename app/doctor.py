"""What `backline doctor` looks at, from the settings to each shop: what is well, what is not, and what
to do."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import requests
import sqlalchemy as sa

from app.db import migrate, shops
from app.db.models import Shop
from app.db.pages.overview import read_inbox
from app.errors import BacklineError
from app.logs import first_line
from app.pipeline.machines import look_at_machines
from app.pipeline.runtime import Runtime
from app.platforms.http import PlatformRefused
from app.settings import Settings

_WAIT_S = 10
_SLOW = timedelta(minutes=2)
_UNCHECKED = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `tone` is well, look or act; `advice` says what to do about it."""

    tone: str
    name: str
    text: str
    advice: str = ""


def examine(runtime: Runtime) -> Iterator[Finding]:
    """Look at everything, outermost first. Where the database does not answer nothing behind it can be
    looked at."""
    yield _settings(runtime.settings)
    database = list(_database(runtime))
    yield from database
    yield from _machines(runtime)
    yield _address(runtime.settings.app_url)
    if all(finding.tone != "act" for finding in database):
        yield from _shops(runtime)


def _settings(settings: Settings) -> Finding:
    if settings.app_url.startswith("https://"):
        return Finding("well", "Settings", f"APP_URL is {settings.app_url}.")
    return Finding(
        "look",
        "Settings",
        f"APP_URL is {settings.app_url}: platforms send webhooks to https alone.",
        "Set APP_URL to the public https address, unless this is a try on your own machine.",
    )


def _database(runtime: Runtime) -> Iterator[Finding]:
    try:
        state = migrate.compare(runtime.engine)
        kind = runtime.engine.dialect.name
    except sa.exc.SQLAlchemyError as error:
        advice = "Start it, or correct DATABASE_URL."
        yield Finding("act", "Database", f"Does not answer: {first_line(error)}.", advice)
        return
    yield Finding("well", "Database", f"Answers ({kind}).")
    yield {
        migrate.Schema.PRESENT: Finding("well", "Migrations", "All have run."),
        migrate.Schema.OLDER: Finding(
            "act", "Migrations", "Some have not run.", "Run `backline release`."
        ),
        migrate.Schema.NEWER: Finding(
            "look",
            "Migrations",
            "A newer Backline has been here.",
            "This build can work with it; deploy the newer one when you can.",
        ),
    }[state]


def _machines(runtime: Runtime) -> Iterator[Finding]:
    machines = look_at_machines(runtime.redis)
    if machines.redis_problem:
        advice = "Webhooks are kept meanwhile; check REDIS_URL (and REDIS_TLS_VERIFY)."
        yield Finding("act", "Redis", machines.redis_problem, advice)
        return
    yield Finding("well", "Redis", "Answers.")
    yield (
        Finding("well", "Workers", f"{machines.workers} running.")
        if machines.workers
        else Finding("act", "Workers", "None is running.", "Start `backline worker`.")
    )
    yield (
        Finding("well", "Clock", "Running.")
        if machines.has_clock
        else Finding("act", "Clock", "None is running.", "Start `backline clock`.")
    )


def _address(app_url: str) -> Finding:
    """Asked as a platform asks: from the outside, as far as this machine can."""
    advice = "Start `backline web`, and see that the name and its certificate lead here."
    try:
        answer = requests.get(f"{app_url}/healthz", timeout=_WAIT_S, allow_redirects=False)
        is_ours = answer.ok and answer.json().get("status") == "ok"
    except (requests.RequestException, ValueError, AttributeError) as error:
        reason = type(error).__name__
        return Finding("act", "Address", f"{app_url} does not answer ({reason}).", advice)
    if not is_ours:
        said = f"{app_url} answers {answer.status_code}, and not as Backline does."
        return Finding("act", "Address", said, advice)
    return Finding("well", "Address", f"{app_url} answers.")


def _shops(runtime: Runtime) -> Iterator[Finding]:
    with runtime.sessions.begin() as session:
        found = shops.list_shops(session)
    if not found:
        advice = "Connect one: `backline shops connect`, or let a merchant install the app."
        yield Finding("look", "Shops", "None is connected.", advice)
    for shop in found:
        for finding in _shop(runtime, shop):
            yield replace(finding, name=f"{shop.domain}, {finding.name}")


def _shop(runtime: Runtime, shop: Shop) -> Iterator[Finding]:
    if shop.status != "active":
        tone = "look" if shop.status in ("removed", "erasing") else "act"
        text = shop.problem or f"The shop is {shop.status.replace('_', ' ')}."
        yield Finding(tone, "connection", text, "Connect the shop again to go on.")
        return
    yield _access(runtime, shop)
    yield _webhooks(runtime, shop)
    yield _inbox(runtime, shop)


def _access(runtime: Runtime, shop: Shop) -> Finding:
    """Asked of the platform now."""
    try:
        profile = runtime.connect(shop).fetch_profile()
    except (BacklineError, PlatformRefused) as error:
        advice = "If it stays, connect the shop again."
        return Finding("act", "access", first_line(error), advice)
    if profile.missing_scopes:
        missing = ", ".join(profile.missing_scopes)
        return Finding(
            "act", "scopes", f"Not granted: {missing}.", "Open Backline from the shop's admin."
        )
    return Finding("well", "scopes", "All are granted.")


def _webhooks(runtime: Runtime, shop: Shop) -> Finding:
    if shop.subscriptions:
        refused = "; ".join(f"{topic}: {reason}" for topic, reason in shop.subscriptions.items())
        return Finding("act", "webhooks", f"Refused: {refused}.", "Connect the shop again.")
    if shop.subscribed_at is None:
        return Finding("look", "webhooks", "Not registered yet.", "A worker does it first thing.")
    if runtime.clock() - shop.subscribed_at > _UNCHECKED:
        text = f"Last checked {shop.subscribed_at:%Y-%m-%d %H:%M} UTC; that is due every six hours."
        return Finding("act", "webhooks", text, "See that a worker and a clock run.")
    return Finding("well", "webhooks", f"All, last checked {shop.subscribed_at:%Y-%m-%d %H:%M} UTC.")


def _inbox(runtime: Runtime, shop: Shop) -> Finding:
    with runtime.sessions.begin() as session:
        inbox = read_inbox(session, shop.id)
    if inbox.oldest_due_at is not None and runtime.clock() - inbox.oldest_due_at > _SLOW:
        text = f"{inbox.due:,} webhooks wait, the oldest since {inbox.oldest_due_at:%H:%M} UTC."
        return Finding("act", "inbox", text, "Start a worker, or more of them.")
    if inbox.failed:
        advice = f"See why with `backline deliveries list {shop.domain}`, and replay them."
        return Finding("look", "inbox", f"{inbox.failed:,} webhooks could not be used.", advice)
    return Finding("well", "inbox", "All caught up.")
