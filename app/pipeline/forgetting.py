"""What grows for ever is forgotten, a thousand rows at a time, so that nobody waits for it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import api_calls, audit, finished_orders, inbox, notices, refunds, statements, uploads
from app.db.statements import Rows
from app.pipeline.context import ShopContext

# An hour's share of one kind: a backlog of years is gone in days.
_MOST_STEPS = 50


def find_old(session: Session, context: ShopContext, *, now: datetime) -> list[str]:
    """The kinds of rows of which some are older than `context.retention` says; none, mostly."""
    found = session.execute(_WHICH, _told(context, now)).one()
    return [name for name, is_there in zip(KINDS, found, strict=True) if is_there]


def forget(context: ShopContext, old: Sequence[str], *, now: datetime) -> None:
    """Delete these, each thousand in a transaction of its own."""
    for name in old:
        for _ in range(_MOST_STEPS):
            with context.transaction() as session:
                gone = statements.delete_some(session, KINDS[name], _told(context, now))
            if gone < statements.AT_ONCE:
                break


def _told(context: ShopContext, now: datetime) -> dict[str, Any]:
    keep = context.retention
    return {
        "shop_id": context.shop_id,
        "deliveries": now - keep.deliveries,
        "failed_deliveries": now - keep.failed_deliveries,
        "finished_orders": now - keep.orders,
        "shown_orders": now - keep.released_orders,
        "events": now - keep.events,
        # They are records of what was done, as events are.
        "notices": now - keep.events,
        "refunds": now - keep.events,
        "uploads": now - uploads.KEPT,
        "calls": now - api_calls.KEPT,
    }


def _kinds() -> dict[str, Rows]:
    """Put together once: their names are those of what `_told` tells."""
    kinds = {
        "deliveries": inbox.old_deliveries,
        "failed_deliveries": inbox.old_failed_deliveries,
        "finished_orders": finished_orders.old_finished_orders,
        "shown_orders": finished_orders.old_shown_orders,
        "events": audit.old_events,
        "notices": notices.old_notices,
        "refunds": refunds.old_refunds,
        "uploads": uploads.old_uploads,
        "calls": api_calls.old_calls,
    }
    shop_id: sa.BindParameter[int] = sa.bindparam("shop_id")
    return {name: old(shop_id, before=sa.bindparam(name)) for name, old in kinds.items()}


KINDS = _kinds()
"""What is forgotten by its age, by name."""

_WHICH = statements.which_exist(KINDS.values())
