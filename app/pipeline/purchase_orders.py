"""The orders to suppliers that the platform itself keeps, and the shipments that bring them.

Such an order names no day. Its shipments do, and stand nearer to the goods: they carry the order's name,
so that both count once (see `app.core.arrivals`). What no dated shipment brings yet is expected on the
day that the supplier's lead time teaches, and teaches it in turn once it has come.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import msgspec
from sqlalchemy.orm import Session

from app.core.item_codes import CodeKind, ItemCode
from app.db import inbound_feed, item_codes, unlisted
from app.db.inbound_feed import ReportedArrival
from app.pipeline.context import local_day
from app.platforms.base import Inbound, PurchaseLine, PurchaseOrder

SOURCE = "order"
_CAUSE = "purchase orders read"


@dataclass(frozen=True)
class Ordered:
    """Orders with the location that each goes to, and by the shipments that bring it. `is_asked`: the
    platform let us read them."""

    orders: Mapping[int, tuple[PurchaseOrder, int]]
    by_shipment: Mapping[int, int]
    is_asked: bool

    @classmethod
    def of(cls, found: Sequence[PurchaseOrder] | None, places: Sequence[int]) -> Self:
        """Those that go to a place where stock was seen; to the only one, where an order names none."""
        only = places[0] if len(places) == 1 else None
        located = ((one, one.location_id or only) for one in found or ())
        orders = {one.order_id: (one, place) for one, place in located if place in places}
        shipments = {
            shipment_id: one.order_id for one, _ in orders.values() for shipment_id in one.shipment_ids
        }
        return cls(orders, shipments, found is not None)  # type: ignore[arg-type]  # no place is None

    def places(self) -> dict[int, int]:
        """Where each shipment that brings an order goes."""
        return {shipment: self.orders[order][1] for shipment, order in self.by_shipment.items()}

    def supplier_of(self, shipment_id: int) -> str:
        """Who sends it, or nothing."""
        order_id = self.by_shipment.get(shipment_id)
        return "" if order_id is None else self.orders[order_id][0].supplier

    def named(self, inbound: Inbound) -> Inbound:
        """A shipment by the name of its order too, before any of its own."""
        order_id = self.by_shipment.get(inbound.shipment_id)
        if order_id is None or not inbound.names:
            return inbound
        name = self.orders[order_id][0].name
        return msgspec.structs.replace(inbound, names=(name, *inbound.names))


def record_orders(
    session: Session,
    shop_id: int,
    orders: Ordered,
    shipments: Sequence[Inbound],
    zone: str,
    *,
    now: datetime,
) -> None:
    """Take the orders into what is known; what an order lost, or an order that is no longer open, is
    cancelled. Nothing is where they could not be read."""
    if not orders.is_asked:
        return
    landed = _Landed(orders, shipments)
    lines = [
        _line(order, place, line, landed, zone)
        for order, place in orders.orders.values()
        for line in order.lines
    ]
    inbound_feed.upsert_arrivals(session, shop_id, lines, source=SOURCE, cause=_CAUSE, now=now)
    _learn_supplier_skus(session, shop_id, orders, now=now)
    named = {line.source_key for line in lines}
    unlisted.cancel_unnamed(
        session, shop_id, SOURCE, lambda reference, key: key not in named, cause=_CAUSE, now=now
    )


def _learn_supplier_skus(session: Session, shop_id: int, orders: Ordered, *, now: datetime) -> None:
    """What suppliers call the items of orders, by which their own files may name them."""
    told: dict[int, set[ItemCode]] = defaultdict(set)
    for order, _ in orders.orders.values():
        for line in order.lines:
            if line.supplier_sku:
                told[line.item_id].add(ItemCode(CodeKind.SUPPLIER_SKU, line.supplier_sku))
    for item_id, codes in told.items():
        told_by = item_codes.FROM_PURCHASE_ORDERS
        item_codes.keep_codes(session, shop_id, item_id, codes, told_by=told_by, now=now)


class _Landed:
    """What shipments brought of each order and item, or won't bring any more, and when the last came.
    Where an item stands on several lines of an order the first ones are served first."""

    def __init__(self, orders: Ordered, shipments: Sequence[Inbound]) -> None:
        self._units: dict[tuple[int, int], int] = defaultdict(int)
        self._at: dict[int, datetime] = {}
        for one in shipments:
            order_id = orders.by_shipment.get(one.shipment_id)
            if order_id is None:
                continue
            for line in one.lines:
                self._units[order_id, line.item_id] += line.quantity - line.unreceived
            if one.received_at is not None:
                self._at[order_id] = max(one.received_at, self._at.get(order_id, one.received_at))

    def take(self, order_id: int, line: PurchaseLine) -> int:
        """Units of a line that have come."""
        taken = min(line.quantity, self._units[order_id, line.item_id])
        self._units[order_id, line.item_id] -= taken
        return taken

    def at(self, order_id: int) -> datetime | None:
        """When the last of them came."""
        return self._at.get(order_id)


def _line(
    order: PurchaseOrder, place: int, line: PurchaseLine, landed: _Landed, zone: str
) -> ReportedArrival:
    received = landed.take(order.order_id, line)
    return ReportedArrival(
        source_key=f"{order.order_id}\t{line.line_id}",
        item_id=line.item_id,
        sku=line.sku,
        location_id=place,
        quantity=line.quantity,
        expected_on=None,
        received=received,
        received_at=landed.at(order.order_id) if received else None,
        ordered_on=local_day(order.ordered_at, zone),
        reference=order.name,
        supplier=order.supplier,
    )
