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
from app.core.skew import Bounds
from app.db import due_work, shops
from app.db.due_sources import Step
from app.db.due_work import DueWork
from app.db.models import Shop
from app.db.shops import LeaseLostError
from app.db.statements import commit_each
from app.errors import NeedsMerchant, NeedsOperator, TryLater, TurnIsOver
from app.pipeline.absorb import absorb
from app.pipeline.ahead import settle_or_read_ahead
from app.pipeline.bulk import write_in_bulk
from app.pipeline.context import ShopContext
from app.pipeline.feeds.access import FeedAccess
from app.pipeline.holds import keep_holds
from app.pipeline.hourly_check import check_first, check_hourly
from app.pipeline.importer import import_step
from app.pipeline.inbound import read_inbound
from app.pipeline.reading import poll_changes
from app.pipeline.selling import keep_selling
from app.pipeline.write_back import write_back
from app.platforms.base import Platform
from app.platforms.http import grown_s

# A shop that has more to do goes to the back of its queue after so long.
SLICE = timedelta(seconds=2)

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
    bounds_of_skew: Callable[[], Bounds | None] = lambda: None,
    taken: Callable[[], None] = lambda: None,
    let_go: Callable[[], None] = lambda: None,
) -> float | None:
    """Work on one shop until nothing is due or its slice of time is over. Where nothing is due now, one
    read says so. `answered` counts the calls that the platform has served, `bounds_of_skew` tells how
    far the last of them lets its clock be ahead of ours; `taken` is called when the shop is ours,
    `let_go` when it is free again, before the last look at what is due.

    Returns after how many seconds it wants to be rung again: 0 is at once, None is when something
    happens.
    """
    with sessions.begin() as session:
        commit_each(session)
        due = due_work.read(session, shop_id, now=clock())
        if due is None or not _has_step(due, clock()):
            return _wish_s(due, clock())
        if not shops.take_lease(session, shop_id, owner, now=clock()):
            return BUSY_S if shops.exists(session, shop_id) else None
    context = ShopContext(
        *(shop_id, owner, sessions, connect, clock, app_url, retention, feed_access),
        kept_at=clock(),
        answered=answered,
        bounds_of_skew=bounds_of_skew,
    )
    taken()
    _work_and_let_go(context, let_go)
    return _ring_again_s(context)


def _work_and_let_go(context: ShopContext, let_go: Callable[[], None]) -> None:
    is_served = False
    try:
        is_served = _work(context)
    except LeaseLostError as lost:
        log.warning("lease lost", shop=context.shop_id, reason=str(lost))
    finally:
        with context.sessions.begin() as session:
            commit_each(session)
            shops.end_lease(session, context.shop_id, context.owner)
            if is_served:
                shops.forget_failures(session, context.shop_id, now=context.clock())
        let_go()


def _ring_again_s(context: ShopContext) -> float | None:
    with context.sessions.begin() as session:
        commit_each(session)
        due = due_work.read(session, context.shop_id, now=context.clock())
    return _wish_s(due, context.clock())


def _wish_s(due: DueWork | None, now: datetime) -> float | None:
    next_at = None if due is None else due.next_at(now)
    return None if next_at is None else max(0.0, (next_at - now).total_seconds())


def _work(context: ShopContext) -> bool:
    """Do step after step; whether the platform has served one of our calls. A shop that must wait holds
    no worker, and one that needs its merchant says so and is left alone. New deliveries always come
    first, so that nothing is written from what was true before them."""
    began, before = context.clock(), context.answered()
    try:
        while abs(context.clock() - began) < SLICE and _act(context):
            pass
    except TurnIsOver:
        log.info("turn is over", shop=context.shop_id)
    except TryLater as wait:
        _wait(context, wait, is_served=context.answered() > before)
    except NeedsMerchant as problem:
        log.warning("needs merchant", shop=context.shop_id, reason=str(problem))
        with context.transaction() as session:
            if not context.is_replaced(session):
                shops.pause_shop(session, context.shop_id, str(problem), now=context.clock())
    return context.answered() > before


def _wait(context: ShopContext, wait: TryLater, *, is_served: bool) -> None:
    """Leave the shop alone for as long as was asked for; ever longer while its platform serves none of
    our calls. One that serves some gets them: a step may take several, and fails if one of them does."""
    reason = str(wait) if isinstance(wait, NeedsOperator) else ""
    with context.transaction() as session:
        shop = shops.get_shop(session, context.shop_id)
        shop.failures = failures = (0 if is_served else shop.failures) + 1 if wait.is_failure else 0
        after_s = grown_s(wait.after_s, failures)
        until = context.clock() + timedelta(seconds=after_s)
        shops.wait(session, context.shop_id, until=until, reason=reason)
    log.info("waiting", shop=context.shop_id, after_s=after_s, reason=str(wait), failures=failures)


def _act(context: ShopContext) -> bool:
    """The first thing that is due."""
    with context.reading() as session:
        due = due_work.read(session, context.shop_id, now=context.clock())
    if due is None:
        return False
    wanted = due.steps(context.clock())
    if Step.ABSORB in wanted and absorb(context):
        return True
    if due.is_leaving(context.clock()):
        _erase(context)
        return False
    return any(step(context) for name, step in STEPS.items() if name in wanted)


def _read_feed(context: ShopContext) -> bool:
    from app.pipeline.feeds.run import read_feed  # noqa: PLC0415 -- 29 MiB that few shops use

    return read_feed(context)


def _has_step(due: DueWork, now: datetime) -> bool:
    return due.is_leaving(now) or bool(due.steps(now))


def _erase(context: ShopContext) -> None:
    with context.transaction() as session:
        erased = shops.erase_shop(session, context.shop_id)
    log.info("shop erased", shop=context.shop_id, rows=erased)


# In this order: what the steps before find out, those after need. Deliveries come before all of them.
STEPS: Mapping[Step, Callable[[ShopContext], bool]] = {
    Step.CHECK: check_first,
    Step.IMPORT: import_step,
    Step.CHANGES: poll_changes,
    Step.INBOUND: read_inbound,
    Step.ITEMS: settle_or_read_ahead,
    Step.BULK: write_in_bulk,
    Step.ORDERS: write_back,
    Step.HOLDS: keep_holds,
    Step.SELLING: keep_selling,
    # Nobody waits at a stranger's server while there are orders to write.
    Step.FEEDS: _read_feed,
    Step.HOURLY: check_hourly,
}
