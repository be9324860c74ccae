"""What an order's promises come to, kept in the order."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.model import Basis
from app.db.models import NAMES, LineItemRow, Order, PromiseRow, Variant
from app.db.statements import chunks

_SUMS = ("short", "short_value", "short_since", "expected_on", "unbacked_on", "late_percent")


def sum_up(session: Session, shop_id: int, order_ids: Collection[int]) -> None:
    """Keep in each order what its promises come to (see `app.db.models.Order`)."""
    is_short = PromiseRow.short > 0
    since = sa.func.coalesce(PromiseRow.waiting_since, PromiseRow.short_since)
    dated, short_lines = sa.func.count(PromiseRow.expected_on), sa.func.count()
    for some in chunks(order_ids):
        prices = _prices(shop_id, some)
        # Worth nothing that anybody could say where one of the short items has no price.
        priced = sa.func.count(prices.c.unit_price).filter(is_short) == short_lines.filter(is_short)
        worth = sa.case((priced, sa.func.sum(PromiseRow.short * prices.c.unit_price)))
        sums = (
            sa.select(
                PromiseRow.order_id,
                sa.func.sum(PromiseRow.short).label("short"),
                sa.cast(worth, sa.BigInteger).label("short_value"),
                sa.func.min(since).filter(is_short).label("short_since"),
                sa.case(
                    (
                        dated.filter(is_short) == short_lines.filter(is_short),
                        sa.func.max(PromiseRow.expected_on).filter(is_short),
                    )
                ).label("expected_on"),
                sa.func.min(PromiseRow.expected_on)
                .filter(is_short, PromiseRow.basis == Basis.LEAD_TIME.value)
                .label("unbacked_on"),
                sa.func.max(PromiseRow.late_percent).filter(is_short).label("late_percent"),
            )
            .outerjoin(
                prices,
                sa.and_(
                    prices.c.order_id == PromiseRow.order_id, prices.c.item_id == PromiseRow.item_id
                ),
            )
            .where(PromiseRow.shop_id == shop_id, PromiseRow.order_id.in_(some))
            .group_by(PromiseRow.order_id)
            .subquery()
        )
        values = {name: sums.c[name] for name in _SUMS}
        where = (Order.shop_id == shop_id, Order.order_id == sums.c.order_id)
        session.execute(sa.update(Order).where(*where).values(**values))


def _prices(shop_id: int, order_ids: Collection[int]) -> sa.Subquery:
    """What a unit of each item costs in each of these orders; several lines may sell one item."""
    return (
        sa.select(
            LineItemRow.order_id,
            Variant.item_id,
            sa.func.avg(LineItemRow.unit_price).label("unit_price"),
        )
        .join(Variant, NAMES)
        .where(LineItemRow.shop_id == shop_id, LineItemRow.order_id.in_(order_ids))
        .group_by(LineItemRow.order_id, Variant.item_id)
        .subquery()
    )
