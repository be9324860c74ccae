"""The story of one shop, on one screen.

absorb (deliveries → our copy) → settle (due items → who is short, until when) → write back (due
orders → what they show). One worker at a time per shop; every step is a row marked due in the
database, so a killed worker loses nothing.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session, sessionmaker

from app.core.retention import USUAL, Retention
from app.db import due_work, shops
from app.db.due_work import DueWork
from app.db.models import Shop
from app.db.shops import LeaseLostError
from app.errors import NeedsMerchant, NeedsOperator, TryLater
from app.pipeline.absorb import absorb
from app.pipeline.bulk import write_in_bulk
from app.pipeline.desk import Desk
from app.pipeline.feeds.access import FeedAccess
from app.pipeline.feeds.run import read_feed
from app.pipeline.importer import import_step
from app.pipeline.inbound import read_inbound
from app.pipeline.reading import hear_news
from app.pipeline.reconcile import check_first, reconcile
from app.pipeline.settle import settle
from app.pipeline.write_back import write_back
from app.platforms.base import Platform
from app.platforms.http import grown_s

# A shop that has more to do goes to the back of its queue after so long.
SLICE = timedelta(seconds=5)

# How soon to come back to a shop that somebody else works on. Its worker looks once more after it has
# let go, so this is only for one that was killed.
BUSY_S = 5.0

log = structlog.get_logger()


def advance(
    shop_id: int,
    *,
    owner: str,
    sessions: sessionmaker[Session],
    connect: Callable[[Shop], Platform],
    clock: Callable[[], datetime],
    app_url: str,
    retention: Retention = USUAL,
    feed_access: FeedAccess = FeedAccess(),  # noqa: B008 -- it is frozen
    answered: Callable[[], int] = int,
) -> float | None:
    """Work on one shop until nothing is due or its slice of time is over. Where nothing is due now, one
    read says so. `answered` counts the calls that the platform has served.

    Returns after how many seconds it wants to be rung again: 0 is at once, None is when something
    happens.
    """
    with sessions.begin() as session:
        due = due_work.read(session, shop_id, now=clock())
    if due is None or not _has_step(due, clock()):
        return _next_wish_s(sessions, shop_id, clock)
    desk = Desk(shop_id, owner, sessions, connect, clock, app_url, retention, feed_access)
    with sessions.begin() as session:
        if not shops.take_lease(session, shop_id, owner, now=clock()):
            return BUSY_S if shops.exists(session, shop_id) else None
    is_served = False
    try:
        is_served = _work(desk, answered)
    except LeaseLostError as lost:
        log.warning("lease lost", shop=shop_id, reason=str(lost))
    finally:
        with sessions.begin() as session:
            shops.end_lease(session, shop_id, owner)
            if is_served:
                shops.forget_failures(session, shop_id, now=clock())
    return _next_wish_s(sessions, shop_id, clock)


def _next_wish_s(
    sessions: sessionmaker[Session], shop_id: int, clock: Callable[[], datetime]
) -> float | None:
    with sessions.begin() as session:
        due = due_work.read(session, shop_id, now=clock())
    next_at = None if due is None else due.next_at(clock())
    return None if next_at is None else max(0.0, (next_at - clock()).total_seconds())


def _work(desk: Desk, answered: Callable[[], int]) -> bool:
    """Do step after step; whether the platform has served one of our calls. A shop that must wait holds
    no worker, and one that needs its merchant says so and is left alone. New deliveries always come
    first, so that nothing is written from what was true before them."""
    until, before = desk.clock() + SLICE, answered()
    try:
        while desk.clock() < until:
            due = _read_due(desk)
            if due is None:
                break
            if due.is_told and absorb(desk):
                continue
            if not _step(desk, due):
                break
    except TryLater as wait:
        _wait(desk, wait, is_served=answered() > before)
    except NeedsMerchant as problem:
        log.warning("needs merchant", shop=desk.shop_id, reason=str(problem))
        with desk.transaction() as session:
            if not desk.is_replaced(session):
                shops.pause_shop(session, desk.shop_id, str(problem), now=desk.clock())
    return answered() > before


def _wait(desk: Desk, wait: TryLater, *, is_served: bool) -> None:
    """Leave the shop alone for as long as was asked for; ever longer while its platform serves none of
    our calls. One that serves some gets them: a step may take several, and fails if one of them does."""
    reason = str(wait) if isinstance(wait, NeedsOperator) else ""
    with desk.transaction() as session:
        shop = shops.get_shop(session, desk.shop_id)
        shop.failures = failures = (0 if is_served else shop.failures) + 1 if wait.is_failure else 0
        after_s = grown_s(wait.after_s, failures)
        until = desk.clock() + timedelta(seconds=after_s)
        shops.wait(session, desk.shop_id, until=until, reason=reason)
    log.info("waiting", shop=desk.shop_id, after_s=after_s, reason=str(wait), failures=failures)


def _read_due(desk: Desk) -> DueWork | None:
    with desk.transaction() as session:
        return due_work.read(session, desk.shop_id, now=desk.clock())


def _step(desk: Desk, due: DueWork) -> bool:
    """The first thing that is due of what needs the platform."""
    if due.is_leaving(desk.clock()):
        _erase(desk)
        return False
    wanted = due.steps(desk.clock()) if due.may_call(desk.clock()) else ()
    return any(step(desk) for name, step in _STEPS.items() if name in wanted)


def _has_step(due: DueWork, now: datetime) -> bool:
    is_wanted = due.may_call(now) and bool(due.steps(now))
    return due.is_told or due.is_leaving(now) or is_wanted


def _erase(desk: Desk) -> None:
    with desk.transaction() as session:
        erased = shops.erase_shop(session, desk.shop_id)
    log.info("shop erased", shop=desk.shop_id, rows=erased)


# In this order: what the steps before find out, those after need.
_STEPS: Mapping[str, Callable[[Desk], bool]] = {
    "check": check_first,
    "import": import_step,
    "news": hear_news,
    "inbound": read_inbound,
    "items": settle,
    "bulk": write_in_bulk,
    "orders": write_back,
    # Nobody waits at a stranger's server while there are orders to write.
    "feeds": read_feed,
    "hourly": reconcile,
}
