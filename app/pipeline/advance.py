"""The story of one shop, on one screen.

absorb (deliveries → our copy) → settle (due items → who is short, until when) → write back (due
orders → what they show). One worker at a time per shop; every step is a row marked due in the
database, so a killed worker loses nothing.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session, sessionmaker

from app.core.retention import USUAL, Retention
from app.db import shops
from app.db.models import Shop
from app.db.shops import LeaseLostError
from app.errors import NeedsMerchant, NeedsOperator, TryLater
from app.pipeline.absorb import absorb
from app.pipeline.bulk import write_in_bulk
from app.pipeline.desk import Desk
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
) -> float | None:
    """Work on one shop until nothing is due or its slice of time is over.

    Returns after how many seconds it wants to be rung again: 0 is at once, None is when something
    happens.
    """
    desk = Desk(shop_id, owner, sessions, connect, clock, app_url, retention)
    with sessions.begin() as session:
        if not shops.take_lease(session, shop_id, owner, now=clock()):
            return BUSY_S if shops.exists(session, shop_id) else None
    is_served = False
    try:
        is_served = _work(desk)
    except LeaseLostError as lost:
        log.warning("lease lost", shop=shop_id, reason=str(lost))
    finally:
        with sessions.begin() as session:
            shops.end_lease(session, shop_id, owner)
    with sessions.begin() as session:
        if is_served:
            shops.forget_failures(session, shop_id, now=clock())
        next_at = shops.next_work_at(session, shop_id, now=clock())
    return None if next_at is None else max(0.0, (next_at - clock()).total_seconds())


def _work(desk: Desk) -> bool:
    """Do step after step; whether the platform has served one. A shop that must wait holds no worker,
    and one that needs its merchant says so and is left alone. New deliveries always come first, so that
    nothing is written from what was true before them."""
    until = desk.clock() + SLICE
    is_served = False
    try:
        while desk.clock() < until:
            if absorb(desk):
                continue
            if not _step(desk):
                break
            is_served = True
    except TryLater as wait:
        _wait(desk, wait, is_served=is_served)
    except NeedsMerchant as problem:
        log.warning("needs merchant", shop=desk.shop_id, reason=str(problem))
        with desk.transaction() as session:
            if not desk.is_replaced(session):
                shops.pause_shop(session, desk.shop_id, str(problem), now=desk.clock())
    return is_served


def _wait(desk: Desk, wait: TryLater, *, is_served: bool) -> None:
    """Leave the shop alone for as long as was asked for; ever longer while its platform fails."""
    reason = str(wait) if isinstance(wait, NeedsOperator) else ""
    with desk.transaction() as session:
        shop = shops.get_shop(session, desk.shop_id)
        shop.failures = failures = (0 if is_served else shop.failures) + 1 if wait.is_failure else 0
        after_s = grown_s(wait.after_s, failures)
        until = desk.clock() + timedelta(seconds=after_s)
        shops.wait(session, desk.shop_id, until=until, reason=reason)
    log.info("waiting", shop=desk.shop_id, after_s=after_s, reason=str(wait), failures=failures)


def _step(desk: Desk) -> bool:
    """The first thing that is due of what needs the platform."""
    return _may_call_the_platform(desk) and (
        check_first(desk)
        or import_step(desk)
        or hear_news(desk)
        or read_inbound(desk)
        or settle(desk)
        or write_in_bulk(desk)
        or write_back(desk)
        or reconcile(desk)
    )


def _may_call_the_platform(desk: Desk) -> bool:
    with desk.transaction() as session:
        shop = shops.get_shop(session, desk.shop_id)
        if shops.is_leaving(shop, now=desk.clock()):
            erased = shops.erase_shop(session, desk.shop_id)
            log.info("shop erased", shop=desk.shop_id, rows=erased)
            return False
        return shop.status == "active" and (shop.wait_until is None or shop.wait_until <= desk.clock())
