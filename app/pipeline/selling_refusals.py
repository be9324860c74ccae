"""What the platform refused of selling: kept with the item, said once, and tried ever more seldom."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy.orm import Session

from app.db import audit, selling, shops
from app.db.models import Shop
from app.db.selling import DueCheck
from app.errors import TryLater
from app.logs import first_line
from app.pipeline.context import ShopContext
from app.pipeline.selling_permission import may_write

REFUSED = "selling refused"
# Soon a few times, for much passes by itself; then it is said, and tried once an hour, or when something
# happens to the item.
_FIRST_PAUSE, _LAST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
_SAID_AFTER = 4
# Where the platform failed it may work again at any moment.
_LONGEST_PUT_OFF = timedelta(minutes=5)


def conclude(
    session: Session,
    context: ShopContext,
    checks: Sequence[DueCheck],
    refused: Mapping[int, str],
    *,
    is_final: bool,
) -> None:
    """Be done with these items, but for those that were `refused`, by item. `is_final`: trying again
    soon is of no use; and if we thought that we may, what we may is asked anew, once."""
    shop = shops.get_shop(session, context.shop_id)
    fresh = [
        check
        for check in checks
        if check.item_id in refused
        and _try_again(session, context, shop, check, refused[check.item_id], is_final=is_final)
    ]
    for check in checks:
        if check.item_id not in refused:
            selling.done(session, shop.id, check)
    if fresh and is_final and may_write(shop):
        shops.ask_to_check(shop)


def _try_again(
    session: Session, context: ShopContext, shop: Shop, check: DueCheck, why: str, *, is_final: bool
) -> bool:
    """Whether it is said now: when it has lasted, and when the platform says something else."""
    now, failures = context.clock(), check.attempts + 1
    if is_final:
        failures = max(failures, _SAID_AFTER)
    lasts = failures >= _SAID_AFTER
    pause = _LAST_PAUSE if lasts else _FIRST_PAUSE * 2**check.attempts
    selling.refused(session, shop.id, check, why=why, failures=failures, again_at=now + pause)
    is_new = lasts and (check.attempts < _SAID_AFTER or check.problem != why)
    if is_new:
        audit.record_event(session, shop.id, REFUSED, at=now, item_id=check.item_id, why=why)
    return is_new


@contextmanager
def putting_off(context: ShopContext, checks: Sequence[DueCheck]) -> Iterator[None]:
    """Where the platform fails while these items are worked on, they come later: whatever else the shop
    has to do is not kept waiting by them. That the shop must wait is still told. Raises `TryLater`."""
    try:
        yield
    except TryLater as wait:
        if wait.is_failure:
            with context.transaction() as session:
                ids = [check.item_id for check in checks]
                selling.mark_written(session, context.shop_id, ids, now=context.clock())
                for check in checks:
                    _put_off(session, context, check, first_line(wait), is_alone=len(checks) == 1)
        raise


def _put_off(
    session: Session, context: ShopContext, check: DueCheck, why: str, *, is_alone: bool
) -> None:
    """It is the item's own failure only if it was `is_alone`. Said once: failures are numbered by the
    platform, so that no two have the same words."""
    now, failures = context.clock(), check.attempts + 1
    pause = min(_LONGEST_PUT_OFF, _FIRST_PAUSE * 2 ** min(check.attempts, _SAID_AFTER + 1))
    problem = why if is_alone else check.problem
    selling.refused(
        session, context.shop_id, check, why=problem, failures=failures, again_at=now + pause
    )
    if is_alone and failures >= _SAID_AFTER and (check.attempts < _SAID_AFTER or not check.problem):
        audit.record_event(session, context.shop_id, REFUSED, at=now, item_id=check.item_id, why=why)
