"""The story of one shop, on one screen.

absorb (deliveries → our copy) → settle (due items → who is short, until when) → write back (due
orders → what they show). One worker at a time per shop; every step is a row marked due in the
database, so a killed worker loses nothing.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session, sessionmaker

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
) -> float | None:
    """Work on one shop until nothing is due or its slice of time is over.

    Returns after how many seconds it wants to be rung again: 0 is at once, None is when something
    happens.
    """
    desk = Desk(shop_id, owner, sessions, connect, clock, app_url)
    with sessions.begin() as session:
        if not shops.take_lease(session, shop_id, owner, now=clock()):
            return BUSY_S if shops.exists(session, shop_id) else None
    try:
        _work(desk)
    except LeaseLostError as lost:
        log.warning("lease lost", shop=shop_id, reason=str(lost))
    finally:
        with sessions.begin() as session:
            shops.end_lease(session, shop_id, owner)
    with sessions.begin() as session:
        next_at = shops.next_work_at(session, shop_id, now=clock())
    return None if next_at is None else max(0.0, (next_at - clock()).total_seconds())


def _work(desk: Desk) -> None:
    """Do step after step. A shop that must wait holds no worker, and one that needs its merchant says
    so and is left alone."""
    until = desk.clock() + SLICE
    try:
        while desk.clock() < until and _step(desk):
            pass
    except TryLater as wait:
        log.info("waiting", shop=desk.shop_id, after_s=wait.after_s, reason=str(wait))
        until = desk.clock() + timedelta(seconds=wait.after_s)
        reason = str(wait) if isinstance(wait, NeedsOperator) else ""
        with desk.transaction() as session:
            shops.wait(session, desk.shop_id, until=until, reason=reason)
    except NeedsMerchant as problem:
        log.warning("needs merchant", shop=desk.shop_id, reason=str(problem))
        with desk.transaction() as session:
            if not desk.is_replaced(session):
                shops.pause_shop(session, desk.shop_id, str(problem), now=desk.clock())


def _step(desk: Desk) -> bool:
    """The first thing that is due. New deliveries always come first, so that nothing is written from
    what was true before them."""
    return absorb(desk) or (
        _may_call_the_platform(desk)
        and (
            check_first(desk)
            or import_step(desk)
            or hear_news(desk)
            or read_inbound(desk)
            or settle(desk)
            or write_in_bulk(desk)
            or write_back(desk)
            or reconcile(desk)
        )
    )


def _may_call_the_platform(desk: Desk) -> bool:
    with desk.transaction() as session:
        shop = shops.get_shop(session, desk.shop_id)
        if shops.is_leaving(shop, now=desk.clock()):
            erased = shops.erase_shop(session, desk.shop_id)
            log.info("shop erased", shop=desk.shop_id, rows=erased)
            return False
        return shop.status == "active" and (shop.wait_until is None or shop.wait_until <= desk.clock())
