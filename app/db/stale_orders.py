"""Which of our copies of orders may be out of date."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import NAMES, LineItemRow, Order, Variant
from app.db.statements import chunks

# A copy made so soon after its change may miss what came after: a second, and one for two clocks.
_SAME_SECOND = timedelta(seconds=2)


def orders_by_id(session: Session, shop_id: int, order_ids: Collection[int]) -> dict[int, Order]:
    """Those of these orders that we know."""
    where = (Order.shop_id == shop_id, Order.order_id.in_(order_ids))
    return {order.order_id: order for order in session.scalars(sa.select(Order).where(*where))}


def mark_asked(session: Session, shop_id: int, order_ids: Collection[int], *, now: datetime) -> None:
    """The platform has been asked for these orders, whatever it answered."""
    session.execute(
        sa.update(Order)
        .where(Order.shop_id == shop_id, Order.order_id.in_(order_ids))
        .values(asked_at=now)
    )


def outdated_orders(
    session: Session,
    shop_id: int,
    updated_at: Mapping[int, datetime],
    item_ids: Collection[int],
    *,
    untouched: Mapping[int, int] = MappingProxyType({}),
    skew: timedelta = timedelta(),
) -> list[int]:
    """Those orders of which our copy is older than that, or that we have none of; of those that name
    these items, also the doubtful ones that were not asked for since: read again within one second they
    would be read many times while orders stream in, and what they hide then the books tell. One that
    is `untouched` (see `ChangedOrders`) and as large as our copy is not doubtful. The platform's clock,
    by which `updated_at` is, is ahead of ours by `skew`."""
    known = orders_by_id(session, shop_id, updated_at.keys())
    doubtful = {
        order_id
        for order_id, moment in updated_at.items()
        if order_id in known and _may_hide_more(known[order_id], moment, skew)
    }
    doubtful &= _orders_naming(session, shop_id, doubtful, item_ids)
    told = {order_id: untouched[order_id] for order_id in doubtful & untouched.keys()}
    doubtful -= as_untouched(session, shop_id, told)
    return [
        order_id
        for order_id, moment in updated_at.items()
        if order_id not in known or known[order_id].updated_at < moment or order_id in doubtful
    ]


def _may_hide_more(order: Order, changed_at: datetime, skew: timedelta) -> bool:
    is_asked = order.asked_at is not None and order.asked_at + skew >= changed_at
    return is_doubtful(changed_at, order.seen_at) and not is_asked


def as_untouched(session: Session, shop_id: int, units: Mapping[int, int]) -> set[int]:
    """Those of these orders, none of which was shipped, cancelled or edited, whose copies have as many
    units and say so too."""
    columns = (
        sa.func.sum(LineItemRow.ordered),
        sa.func.sum(LineItemRow.outstanding),
    )
    mine = sa.and_(Order.shop_id == LineItemRow.shop_id, Order.order_id == LineItemRow.order_id)
    statement = (
        sa.select(LineItemRow.order_id, *columns)
        .join(Order, mine)
        .where(LineItemRow.shop_id == shop_id, Order.is_cancelled.is_(False), Order.is_gone.is_(False))
        .group_by(LineItemRow.order_id)
    )
    found: set[int] = set()
    for some in chunks(units):
        for row in session.execute(statement.where(LineItemRow.order_id.in_(some))):
            order_id, ordered, outstanding = row
            found |= {order_id} if ordered == outstanding == units[order_id] else set()
    return found


def surely_as_known(
    session: Session, shop_id: int, updated_at: Mapping[int, datetime], *, untouched: Mapping[int, int]
) -> set[int]:
    """Those of these orders that have not changed since our copies of them, by the times of
    their last changes; a doubtful copy must say of an untouched order what is told of it now (see
    `outdated_orders`)."""
    known = orders_by_id(session, shop_id, updated_at.keys())
    same = {
        order_id: order
        for order_id, order in known.items()
        if order.updated_at == updated_at[order_id] and not order.is_stale
    }
    doubtful = {key for key, order in same.items() if is_doubtful(order.updated_at, order.seen_at)}
    told = {order_id: untouched[order_id] for order_id in doubtful & untouched.keys()}
    return same.keys() - (doubtful - as_untouched(session, shop_id, told))


def _orders_naming(
    session: Session, shop_id: int, order_ids: Collection[int], item_ids: Collection[int]
) -> set[int]:
    statement = (
        sa.select(LineItemRow.order_id)
        .join(Variant, NAMES)
        .where(LineItemRow.shop_id == shop_id, Variant.item_id.in_(item_ids))
    )
    found: set[int] = set()
    for some in chunks(order_ids):
        found |= set(session.scalars(statement.where(LineItemRow.order_id.in_(some))))
    return found


def is_doubtful(updated_at: datetime, seen_at: datetime) -> bool:
    """Whether an order may have changed after our copy of it and look as old, for platforms tell whole
    seconds; both moments are by the platform's clock. Most copies are so young, and hardly one is wrong:
    a webhook would have to be lost."""
    return seen_at < updated_at + _SAME_SECOND


def asked_since(session: Session, shop_id: int, moment: datetime) -> set[int]:
    """Orders that were read one by one since then."""
    where = (Order.shop_id == shop_id, Order.asked_at >= moment)
    return set(session.scalars(sa.select(Order.order_id).where(*where)))


def mark_open_stale(session: Session, shop_id: int) -> None:
    """The app was away: orders of which something was still to be shipped may have ended unheard. No
    list names one that was deleted: what is not told again must be asked for."""
    is_open = (
        sa.exists()
        .where(LineItemRow.shop_id == Order.shop_id, LineItemRow.order_id == Order.order_id)
        .where(LineItemRow.outstanding > 0)
        .correlate(Order)
    )
    where = (Order.shop_id == shop_id, Order.is_gone.is_(False), Order.is_cancelled.is_(False), is_open)
    session.execute(sa.update(Order).where(*where).values(is_stale=True, asked_at=None))


def mark_unseen_stale(
    session: Session, shop_id: int, order_ids: Collection[int], *, seen_before: datetime
) -> None:
    """Our copies of these orders may be stale, except those seen since then by the platform's clock."""
    for some in chunks(order_ids):
        where = (Order.shop_id == shop_id, Order.order_id.in_(some), Order.seen_at < seen_before)
        session.execute(sa.update(Order).where(*where).values(is_stale=True, asked_at=None))
