"""One order: its lines with their place in the queue, what it shows, and what happened to it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.holds import STANDING
from app.db.models import (
    Event,
    HoldRow,
    LineItemRow,
    LineRow,
    PoolRow,
    PromiseRow,
    StockItem,
    Variant,
)

_EVENTS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of the units of a line at one location. `free_elsewhere`: other locations that have
    units of the item which serve nobody, and how many."""

    location: str
    short: int
    expected_on: date | None
    first_expected_on: date | None
    short_since: datetime
    basis: str
    words: str
    late_percent: int | None
    free_elsewhere: Sequence[tuple[str, int]] = ()


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


def line_titles(session: Session, shop_id: int, order_id: int) -> dict[int, str]:
    """What the order's line items are called, by their ids."""
    where = (LineItemRow.shop_id == shop_id, LineItemRow.order_id == order_id)
    return dict(session.execute(sa.select(LineItemRow.line_id, LineItemRow.title).where(*where)).all())


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
    free = _free_units(session, shop_id, [one.item.item_id for one in found.values() if one.item])
    for row, name in session.execute(statement):
        if ("item", row.item_id) in found:
            others = [pool for pool in free[row.item_id] if pool.location_id != row.location_id]
            found["item", row.item_id].said.append(
                Said(
                    name or str(row.location_id),
                    row.short,
                    row.expected_on,
                    row.first_expected_on,
                    row.short_since,
                    row.basis,
                    row.words,
                    row.late_percent,
                    [(pool.location_name or str(pool.location_id), pool.available) for pool in others],
                )
            )


def _free_units(
    session: Session, shop_id: int, item_ids: Collection[int]
) -> Mapping[int, Sequence[PoolRow]]:
    """The pools of these items that have more than open orders take, most first."""
    found: dict[int, list[PoolRow]] = defaultdict(list)
    where = (PoolRow.shop_id == shop_id, PoolRow.item_id.in_(item_ids), PoolRow.available > 0)
    for row in session.scalars(sa.select(PoolRow).where(*where).order_by(PoolRow.available.desc())):
        found[row.item_id].append(row)
    return found


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


class OnHold(NamedTuple):
    """Units that Backline holds back from shipping, and until when (None: no day is known)."""

    units: int
    until: date | None


def read_holds(session: Session, shop_id: int, order_id: int) -> list[OnHold]:
    """What of the order is on hold by us, what is let go first first. Where two holds of ours are on one
    part, the later one speaks."""
    where = (HoldRow.shop_id == shop_id, HoldRow.order_id == order_id, HoldRow.state.in_(STANDING))
    rows = session.scalars(sa.select(HoldRow).where(*where).order_by(HoldRow.id))
    latest = {row.part_id: row for row in rows}
    held = [OnHold(sum(units for _, units in row.units), row.until) for row in latest.values()]
    return sorted(held, key=lambda one: (one.until is None, one.until or date.max))


def read_events(session: Session, shop_id: int, order_id: int) -> Sequence[Event]:
    """What happened to the order, newest first."""
    where = (Event.shop_id == shop_id, Event.order_id == order_id)
    return session.scalars(
        sa.select(Event).where(*where).order_by(Event.id.desc()).limit(_EVENTS_SHOWN)
    ).all()
