"""What grows for ever is forgotten, a thousand rows at a time, so that nobody waits for it."""

from collections.abc import Callable
from typing import TypeAlias

from sqlalchemy.orm import Session

from app.db import audit, finished_orders, inbox, statements
from app.pipeline.context import ShopContext

# An hour's share of one kind: a backlog of years is gone in days.
_MOST_STEPS = 50

_Step: TypeAlias = Callable[[Session], int]


def forget_old(context: ShopContext) -> None:
    """Delete what is older than `context.retention` says, each step in a transaction of its own."""
    for step in _steps(context):
        for _ in range(_MOST_STEPS):
            with context.transaction() as session:
                if step(session) < statements.AT_ONCE:
                    break


def _steps(context: ShopContext) -> tuple[_Step, ...]:
    shop_id, now, keep = context.shop_id, context.clock(), context.retention
    return (
        lambda session: inbox.forget_deliveries(session, shop_id, before=now - keep.deliveries),
        lambda session: inbox.forget_failed_deliveries(
            session, shop_id, before=now - keep.failed_deliveries
        ),
        lambda session: finished_orders.forget_finished_orders(
            session, shop_id, before=now - keep.orders
        ),
        lambda session: finished_orders.forget_shown_orders(
            session, shop_id, before=now - keep.released_orders
        ),
        lambda session: audit.forget_events(session, shop_id, before=now - keep.events),
    )
