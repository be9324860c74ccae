"""Orders in every state a list knows, written straight into the tables."""

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from app.core.model import Basis
from app.db.models import LineItemRow, Order, PromiseRow, Shop, StockItem, Variant
from tests.builders import ITEM, LOCATION, NOW, TODAY

VARIANT = 21


def sells(
    session: Session, shop: Shop, *, item: int = ITEM, title: str = "Blue Mug", sku: str = "MUG-BLUE"
) -> int:
    """An item, and the variant that sells it; returns the variant."""
    variant = VARIANT + item - ITEM
    session.add(
        StockItem(shop_id=shop.id, item_id=item, title=title, sku=sku, is_tracked=True, attempts=0)
    )
    session.add(
        Variant(shop_id=shop.id, variant_id=variant, item_id=item, is_resolved=True, product_id=None)
    )
    session.flush()
    return variant


def placed(
    session: Session,
    shop: Shop,
    order_id: int,
    *,
    short: int = 0,
    units: int | None = None,
    on: date | None = None,
    since: datetime = NOW,
    item: int = ITEM,
    basis: Basis = Basis.ARRIVAL,
    name: str = "",
    **columns: object,
) -> Order:
    """An order placed in the minute of its number, with one line; `short` units of it wait."""
    at = NOW - timedelta(days=1) + timedelta(minutes=order_id)
    order = Order(
        shop_id=shop.id,
        order_id=order_id,
        name=name or f"#{order_id}",
        placed_at=at,
        updated_at=at,
        first_seen_at=at,
        seen_at=at,
        short=short,
        short_since=since if short else None,
        expected_on=on if short else None,
        unbacked_on=on if short and basis is Basis.LEAD_TIME else None,
        attempts=0,
        priority=0,
    )
    for column, value in columns.items():
        setattr(order, column, value)
    session.add(order)
    session.flush()
    _add_line(session, shop, order_id, item=item, units=max(short, 1) if units is None else units)
    if short:
        _add_promise(session, shop, order_id, item=item, short=short, on=on, basis=basis, since=since)
    session.flush()
    return order


def _add_line(session: Session, shop: Shop, order_id: int, *, item: int, units: int) -> None:
    session.add(
        LineItemRow(
            shop_id=shop.id,
            order_id=order_id,
            line_id=1,
            variant_id=VARIANT + item - ITEM,
            ordered=units,
            outstanding=units,
            backordered=0,
            title="Blue Mug",
            sku="MUG-BLUE",
        )
    )


def _add_promise(
    session: Session,
    shop: Shop,
    order_id: int,
    *,
    item: int,
    short: int,
    on: date | None,
    basis: Basis,
    since: datetime,
) -> None:
    session.add(
        PromiseRow(
            shop_id=shop.id,
            order_id=order_id,
            item_id=item,
            location_id=LOCATION,
            short=short,
            expected_on=on,
            basis=(basis if on else Basis.UNKNOWN).value,
            words="nothing on hand",
            short_since=since,
            first_expected_on=on,
        )
    )


def in_days(days: int) -> date:
    """So many days after today."""
    return TODAY + timedelta(days=days)
