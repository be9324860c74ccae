"""What a list of orders is narrowed to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.arrivals import same_reference
from app.db.arrivals import OPEN
from app.db.models import ArrivalRow, Order, PromiseRow, StockItem


@dataclass(frozen=True, slots=True)
class Filters:
    """What else the orders must have: something backordered of the item with this SKU, of what a
    supplier is to bring, at a location; an expected day no later than `by`; a wait of more than `over`
    days; a tag; or stock that came on `released_on`. Empty ones ask for nothing."""

    sku: str = ""
    supplier: str = ""
    location: int | None = None
    by: date | None = None
    over: int | None = None
    tag: str = ""
    released_on: date | None = None


NO_FILTERS = Filters()

_ITEMS_FOUND = 200


def conditions(shop_id: int, wanted: Filters, *, now: datetime | None) -> list[sa.ColumnElement[bool]]:
    """What an order must be. `now` is needed where waits are asked for."""
    found: list[sa.ColumnElement[bool]] = []
    if wanted.by is not None:
        found.append(Order.expected_on <= wanted.by)
    if wanted.over is not None and now is not None:
        found.append(Order.short_since <= now - timedelta(days=wanted.over))
    if wanted.tag:
        found.append(has_tag(wanted.tag))
    if wanted.released_on is not None:
        found.append(Order.released_on == wanted.released_on)
    lines = _lines(shop_id, wanted)
    if lines:
        mine = (PromiseRow.shop_id == shop_id, PromiseRow.short > 0)
        found.append(Order.order_id.in_(sa.select(PromiseRow.order_id).where(*mine, *lines)))
    return found


def _lines(shop_id: int, wanted: Filters) -> list[sa.ColumnElement[bool]]:
    """What must be true of one line of the order."""
    found: list[sa.ColumnElement[bool]] = []
    if wanted.sku:
        same = (StockItem.shop_id == shop_id, sa.func.lower(StockItem.sku) == wanted.sku.lower())
        found.append(PromiseRow.item_id.in_(sa.select(StockItem.item_id).where(*same)))
    if wanted.supplier:
        mine = (ArrivalRow.shop_id == shop_id, ArrivalRow.state.in_(OPEN))
        theirs = sa.func.lower(ArrivalRow.supplier) == wanted.supplier.lower()
        found.append(PromiseRow.item_id.in_(sa.select(ArrivalRow.item_id).where(*mine, theirs)))
    if wanted.location is not None:
        found.append(PromiseRow.location_id == wanted.location)
    return found


def has_tag(tag: str) -> sa.ColumnElement[bool]:
    """The order carries the tag (see `app.db.order_copies.kept_tags`)."""
    return Order.tags.contains(f"\n{tag.strip().lower()}\n", autoescape=True)


def items_coming(session: Session, shop_id: int, text: str) -> Sequence[int]:
    """The items that an open delivery of this purchase order, or from this supplier, brings."""
    same = same_reference(text)
    named = sa.or_(
        sa.func.lower(ArrivalRow.reference).in_((same, f"#{same}")),
        sa.func.lower(ArrivalRow.supplier) == text.lower(),
    )
    where = (ArrivalRow.shop_id == shop_id, ArrivalRow.state.in_(OPEN), named)
    found = session.scalars(sa.select(ArrivalRow.item_id).where(*where).distinct().limit(_ITEMS_FOUND))
    return [item_id for item_id in found if item_id is not None]
