"""One order: its lines with their place in the queue, what it shows, and what happened to it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import Event, LineItemRow, LineRow, PoolRow, PromiseRow, StockItem, Variant

_EVENTS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of the units of a line at one location."""

    location: str
    short: int
    expected_on: date | None
    first_expected_on: date | None
    short_since: datetime
    basis: str
    words: str


@dataclass(slots=True)
class ItemOfOrder:
    """One item of an order, its line items taken together. `item` is None where the variant has no
    stock, or (`is_known` false) where nobody has asked yet. `may_wait_outside`: the platform may not
    have committed stock to it."""

    title: str
    sku: str
    item: StockItem | None
    is_known: bool
    ordered: int = 0
    outstanding: int = 0
    may_wait_outside: bool = False
    said: list[Said] = field(default_factory=list)

    @property
    def short(self) -> int:
        """Units that nothing on hand serves, all locations together."""
        return sum(one.short for one in self.said)


def read_items(session: Session, shop_id: int, order_id: int) -> list[ItemOfOrder]:
    """The items of an order, in the order of its lines."""
    names = sa.and_(Variant.shop_id == LineItemRow.shop_id, Variant.variant_id == LineItemRow.variant_id)
    sells = sa.and_(StockItem.shop_id == Variant.shop_id, StockItem.item_id == Variant.item_id)
    less = sa.exists().where(
        PoolRow.shop_id == StockItem.shop_id, PoolRow.item_id == StockItem.item_id, PoolRow.drift < 0
    )
    statement = (
        sa.select(LineItemRow, Variant, StockItem, less)
        .join(Variant, names)
        .outerjoin(StockItem, sells)
        .where(LineItemRow.shop_id == shop_id, LineItemRow.order_id == order_id)
        .order_by(LineItemRow.line_id)
    )
    found: dict[tuple[str, int], ItemOfOrder] = {}
    for row, variant, item, is_less_committed in session.execute(statement):
        key = ("item", item.item_id) if item else ("variant", variant.variant_id)
        one = found.setdefault(key, ItemOfOrder(row.title, row.sku, item, variant.is_resolved))
        one.ordered += row.ordered
        one.outstanding += row.outstanding
        one.may_wait_outside |= (row.selling_plan_id or 0) > 0 or bool(is_less_committed)
    _add_promises(session, shop_id, order_id, found)
    return list(found.values())


def _add_promises(
    session: Session, shop_id: int, order_id: int, found: dict[tuple[str, int], ItemOfOrder]
) -> None:
    pool = sa.and_(
        PoolRow.shop_id == PromiseRow.shop_id,
        PoolRow.item_id == PromiseRow.item_id,
        PoolRow.location_id == PromiseRow.location_id,
    )
    statement = (
        sa.select(PromiseRow, PoolRow.location_name)
        .outerjoin(PoolRow, pool)
        .where(PromiseRow.shop_id == shop_id, PromiseRow.order_id == order_id)
        .order_by(PromiseRow.location_id)
    )
    for row, name in session.execute(statement):
        if ("item", row.item_id) in found:
            found["item", row.item_id].said.append(
                Said(
                    name or str(row.location_id),
                    row.short,
                    row.expected_on,
                    row.first_expected_on,
                    row.short_since,
                    row.basis,
                    row.words,
                )
            )


def read_locations(session: Session, shop_id: int, order_id: int) -> dict[int, list[tuple[str, int]]]:
    """Where the open units of an order ship from, by item: names and units."""
    pool = sa.and_(
        PoolRow.shop_id == LineRow.shop_id,
        PoolRow.item_id == LineRow.item_id,
        PoolRow.location_id == LineRow.location_id,
    )
    statement = (
        sa.select(LineRow, PoolRow.location_name)
        .outerjoin(PoolRow, pool)
        .where(LineRow.shop_id == shop_id, LineRow.order_id == order_id, LineRow.quantity > 0)
        .order_by(LineRow.location_id)
    )
    found: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for row, name in session.execute(statement):
        found[row.item_id].append((name or str(row.location_id), row.quantity))
    return found


def read_events(session: Session, shop_id: int, order_id: int) -> Sequence[Event]:
    """What happened to the order, newest first."""
    where = (Event.shop_id == shop_id, Event.order_id == order_id)
    return session.scalars(
        sa.select(Event).where(*where).order_by(Event.id.desc()).limit(_EVENTS_SHOWN)
    ).all()
