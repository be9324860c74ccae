"""What became of orders at the platform, told in the audit: edited, cancelled, refunded, shipped."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.audit import record_event
from app.db.models import Order
from app.db.statements import chunks
from app.platforms.base import LineItem

Items = Mapping[int, LineItem]


class OrderEvent(NamedTuple):
    """One change of an order, at the platform's own moment."""

    order_id: int
    kind: str
    at: datetime
    before: str
    after: str


def changes_of(
    order_id: int, before: Items, after: Items, *, was_cancelled: bool, is_cancelled: bool, at: datetime
) -> list[OrderEvent]:
    """What the line items tell of what happened between two copies of an order. What was taken out and
    what was refunded look alike."""
    if is_cancelled and not was_cancelled:
        return [OrderEvent(order_id, "cancelled", at, "", "")]
    # What an order begins with, once it is paid, is no edit of it.
    if is_cancelled or (before and not any(item.ordered for item in before.values())):
        return []
    pairs = [(before.get(line_id), after.get(line_id)) for line_id in {**before, **after}]
    kinds = {"edited": _added(pairs), "refunded": _removed(pairs), "shipped": _shipped(pairs)}
    return [OrderEvent(order_id, kind, at, "", ", ".join(said)) for kind, said in kinds.items() if said]


_Pairs = Sequence[tuple[LineItem | None, LineItem | None]]


def _added(pairs: _Pairs) -> list[str]:
    return [
        f"added {now.ordered - (was.ordered if was else 0)} × {now.title}"
        for was, now in pairs
        if now is not None and now.ordered > (was.ordered if was else 0)
    ]


def _removed(pairs: _Pairs) -> list[str]:
    return [
        f"{was.ordered - (now.ordered if now else 0)} × {was.title}"
        for was, now in pairs
        if was is not None and was.ordered > (now.ordered if now else 0)
    ]


def _shipped(pairs: _Pairs) -> list[str]:
    found = []
    for was, now in pairs:
        if was is None or now is None:
            continue
        units = (now.ordered - now.outstanding) - (was.ordered - was.outstanding)
        if units > 0:
            found.append(f"{units} × {now.title}")
    return found


def tell_of_changes(
    session: Session, shop_id: int, events: Sequence[OrderEvent], *, now: datetime, cause: str
) -> None:
    """Append those of orders that anything was ever said about: nobody asks for the others' history."""
    if not events:
        return
    told = _spoken_of(session, shop_id, {event.order_id for event in events})
    for event in events:
        if event.order_id in told:
            record_event(
                session,
                shop_id,
                event.kind,
                at=min(event.at, now),
                order_id=event.order_id,
                before=event.before,
                after=event.after,
                cause=cause,
            )


def _spoken_of(session: Session, shop_id: int, order_ids: set[int]) -> set[int]:
    is_told = sa.or_(
        Order.short > 0,
        Order.waits_as != "",
        Order.released_on.is_not(None),
        Order.held_at.is_not(None),
        Order.is_ranked_by_hand,
    )
    found: set[int] = set()
    for some in chunks(order_ids):
        where = (Order.shop_id == shop_id, Order.order_id.in_(some), is_told)
        found |= set(session.scalars(sa.select(Order.order_id).where(*where)))
    return found
