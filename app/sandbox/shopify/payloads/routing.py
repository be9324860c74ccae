"""Bodies about fulfillment orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from app.sandbox.shopify.payloads.words import Body, gid, stamp

if TYPE_CHECKING:
    from app.sandbox.shopify.books import Books
    from app.sandbox.shopify.records import FulfillmentLine, FulfillmentOrder, Hold


def _brief(one: FulfillmentOrder) -> Body:
    return {"id": gid("FulfillmentOrder", one.fulfillment_order_id), "status": one.status.lower()}


def routed(one: FulfillmentOrder) -> Body:
    """fulfillment_orders/order_routing_complete and hold_released."""
    return {"fulfillment_order": _brief(one)}


def cancelled(one: FulfillmentOrder) -> Body:
    """fulfillment_orders/cancelled: after a cancelled order nothing replaces it."""
    return {"fulfillment_order": _brief(one), "replacement_fulfillment_order": None}


def rescheduled(one: FulfillmentOrder) -> Body:
    """fulfillment_orders/rescheduled."""
    return {"fulfillment_order": _brief(one) | {"fulfill_at": stamp(one.fulfill_at)}}


def moved(
    source: FulfillmentOrder, target: FulfillmentOrder, *, origin: int, requested: Mapping[int, int]
) -> Body:
    """fulfillment_orders/moved."""
    return {
        "original_fulfillment_order": _brief(source)
        | {"assigned_location_id": gid("Location", source.location_id)},
        "moved_fulfillment_order": _brief(target)
        | {"assigned_location_id": gid("Location", target.location_id)},
        "destination_location_id": gid("Location", target.location_id),
        "fulfillment_order_line_items_requested": [_units(number, n) for number, n in requested.items()],
        "source_location": {"id": gid("Location", origin)},
    }


def _units(number: int, quantity: int) -> Body:
    return {"id": gid("FulfillmentOrderLineItem", number), "quantity": quantity}


def split(source: FulfillmentOrder, target: FulfillmentOrder, poured: Sequence[FulfillmentLine]) -> Body:
    """fulfillment_orders/split."""
    return {
        "split_line_items": [_units(part.fulfillment_line_id, part.total) for part in poured],
        "fulfillment_order": _brief(source),
        "remaining_fulfillment_order": _brief(target),
        "replacement_fulfillment_order": None,
    }


def merged(target: FulfillmentOrder, everyone: Sequence[FulfillmentOrder]) -> Body:
    """fulfillment_orders/merged: here, and only here, fulfillment orders go by number."""
    return {
        "merge_intents": [
            {
                "fulfillment_order_id": one.fulfillment_order_id,
                "fulfillment_order_line_items": [
                    {"id": part.fulfillment_line_id, "quantity": part.remaining} for part in one.lines
                ],
            }
            for one in everyone
        ],
        "fulfillment_order_merges": {"fulfillment_order": _brief(target)},
    }


def held(books: Books, one: FulfillmentOrder, hold: Hold, *, remaining: FulfillmentOrder | None) -> Body:
    """fulfillment_orders/placed_on_hold: sent for the first hold only."""
    return {
        "fulfillment_order": _brief(one)
        | {"fulfillment_holds": [_hold(books, each) for each in one.holds]},
        "remaining_fulfillment_order": remaining and _brief(remaining),
        "held_fulfillment_order_line_items": [
            _units(part.fulfillment_line_id, part.remaining) for part in one.lines
        ],
        "created_fulfillment_hold": _hold(books, hold),
    }


def hold_event(books: Books, one: FulfillmentOrder, hold: Hold) -> Body:
    """fulfillment_holds/added and released."""
    return {"fulfillment_order": _brief(one), "fulfillment_hold": _hold(books, hold)}


def _hold(books: Books, hold: Hold) -> Body:
    return {
        "id": gid("FulfillmentHold", hold.hold_id),
        "reason": hold.reason.lower(),
        "reason_notes": hold.notes,
        "held_by_requesting_app": False,
        "handle": hold.handle,
        "held_by_app": {"id": gid("App", books.app_id)} if hold.app == "us" else None,
    }
