"""The audit in words: what kinds of events there are, what changed, and what caused it.

Events are kept in few words that do not change; here they are said in the platforms' own terms, those
of earlier versions too.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from app.core.endings import SERVED, Ending
from app.core.states import QueueEvent, TurnEvent
from app.db.models import Event

KINDS: Mapping[str, str] = {
    "placed": "Order placed",
    "edited": "Order edited",
    "cancelled": "Order canceled",
    "refunded": "Items refunded or removed",
    "shipped": "Items shipped",
    "deleted": "Order deleted",
    "promise": "Expected date",
    "promise kept": "Date met",
    "promise broken": "Date missed",
    "shown": "Order updated",
    "notice": "Delay notice",
    "priority": "Priority changed",
    "held back": "Updates paused",
    "let go": "Updates resumed",
    "retry": "Retry requested",
    "arrival added": "Delivery added",
    "arrival changed": "Delivery changed",
    "arrival received": "Delivery received",
    "arrival cancelled": "Delivery canceled",
    "arrival restored": "Change to delivery undone",
    "arrivals imported": "Deliveries imported",
    "item changed": "Item changed",
    "drift": "Unexplained committed stock",
    QueueEvent.PASSED_OVER: "Passed over",
    QueueEvent.WENT_FIRST: "Served first, complete",
    TurnEvent.SHIPPED: "Shipped before orders that wait longer",
    TurnEvent.HOLD_LIFTED: "Hold released by somebody else",
    TurnEvent.HOLD_SHIPPED: "Shipped although on hold",
    "hold refused": "Hold refused",
    "moved": "Moved to another location",
    "move refused": "Move to another location refused",
    "selling stopped": "Selling when out of stock changed",
    "selling restored": "Selling when out of stock set back",
    "selling left": "Selling when out of stock changed by someone else",
    "units canceled": "Units canceled and refunded",
    "cancellation closed": "Cancellation closed, result not known",
    "selling refused": "Selling when out of stock could not be changed",
    "connected": "Shop connected",
    "disconnected": "Shop disconnected",
    "uninstalled": "App uninstalled",
    "needs merchant": "Action needed",
    "scopes changed": "Permissions changed",
    "setting changed": "Setting changed",
    "invited": "Staff invited",
    "access revoked": "Staff access revoked",
    "API token renewed": "API token created",
    "data request": "Customer data request",
    "redact customer": "Customer erasure request",
}

# What a webhook tells, by its topic on either platform.
_TOPICS = (
    (re.compile(r"orders/create|store/order/created"), "New order in {platform}"),
    (re.compile(r"orders/cancelled"), "Order canceled in {platform}"),
    (re.compile(r"orders/delete|store/order/archived"), "Order deleted in {platform}"),
    (re.compile(r"orders/edited"), "Order edited in {platform}"),
    (re.compile(r"refunds/.*|store/order/refund/.*"), "Refund in {platform}"),
    (re.compile(r"fulfillment.*|store/shipment/.*"), "Fulfillment changed in {platform}"),
    (re.compile(r"orders/.*|store/order/.*"), "Order changed in {platform}"),
    (
        re.compile(r"inventory_levels/.*|store/product/inventory/.*|store/sku/.*"),
        "Stock changed in {platform}",
    ),
    (re.compile(r"inventory_items/.*|products/.*|store/product/.*"), "Product changed in {platform}"),
    (
        re.compile(r"inventory_(shipments|transfers)/.*"),
        "Inbound shipment changed in {platform}",
    ),
    (re.compile(r"app/scopes_update"), "Permissions changed in {platform}"),
)
_CAUSES = (
    (re.compile(r"arrival (\d+)"), r"Delivery \1 was added or changed"),
    (re.compile(r"file (.+)"), r"Imported from \1"),
    (re.compile(r"the JSON address"), "Sent through the API"),
    (re.compile(r"first order of the item"), "First order for this item"),
    (re.compile(r"lead time set"), "Lead time changed"),
    (re.compile(r"item changed"), "Item settings changed"),
    (re.compile(r"webhooks named orders"), "Orders changed in {platform}"),
    (re.compile(r"hourly check"), "Hourly comparison with {platform}"),
    (re.compile(r"item \d+ is short|item \d+ is sold ahead"), "Checked while the item is backordered"),
    (re.compile(r"the books of item \d+ do not balance"), "Checked because stock and orders differ"),
    (re.compile(r"before orders are tagged or released"), "Checked before updating orders"),
    (re.compile(r"retry asked for by (.+)"), r"Retry requested by \1"),
    (re.compile(r"priority set by (.+)"), r"Priority changed by \1"),
)
_DELIVERY = re.compile(r"delivery (\d+) \((.+)\)")
_NOBODY = {"this machine": "local admin", "the command line": "command line"}
_WHO = re.compile(r"(?:decided |recorded |set )?by (.+)")
_SHORT = re.compile(r"(\d+) short, (.+)")
_COVERED = "covered"
_ENDINGS: Mapping[str, str] = {
    "covered by stock": "Covered by stock",  # as earlier versions kept it
    Ending.STOCK.value: "Stock arrived",
    Ending.FREED.value: "In stock; no delivery recorded",
    Ending.LEFT.value: "Canceled, or removed from the order",
    Ending.SHIPPED.value: "Shipped",
    Ending.UNCOUNTED.value: "Its stock is no longer tracked, or the item was deleted",
}
# What earlier versions kept is among them.
_COVERED_BY = frozenset({"covered by stock", *SERVED})


class Happened(NamedTuple):
    """One event as people read it. `source` is the webhook that told of it."""

    what: str
    before: str
    after: str
    why: str
    cause: str
    source: str = ""


def told(event: Event, platform: str) -> Happened | None:
    """An event in words; None for one that changed nothing anybody could see. `platform` is its name."""
    before, after = _state(event.before), _state(event.after)
    if event.kind == "promise":
        return _of_promise(event, before, after, platform)
    if event.kind == "shown" and event.before == event.after:
        if event.after in ("", "nothing"):
            return _said(event, "", "", platform) if event.why else None
        return _said(event, "", f"{after} (details only)", platform)
    return _said(event, before, after, platform)


def _of_promise(event: Event, before: str, after: str, platform: str) -> Happened | None:
    if event.before == event.after:
        return None
    if event.after != _COVERED or event.why in _COVERED_BY:
        return _said(event, before, after, platform)
    # What was shipped, taken out or cancelled has not been covered by any stock.
    return _said(event, before, "no longer backordered", platform)


def _said(event: Event, before: str, after: str, platform: str) -> Happened:
    found = _DELIVERY.fullmatch(event.cause or "")
    source = f"webhook {found[2]}, number {found[1]}" if found else ""
    cause = cause_in_words(event.cause, platform)
    return Happened(kind_in_words(event.kind), before, after, _why(event), cause, source)


def _why(event: Event) -> str:
    if event.kind in ("promise", "shown"):
        return _ENDINGS.get(event.why, event.why)
    found = _WHO.fullmatch(event.why)
    return f"By {_NOBODY.get(found[1], found[1])}" if found else event.why


def _state(text: str) -> str:
    """What an order shows, or what is said of an item of it."""
    found = _SHORT.fullmatch(text)
    if found:
        return f"{found[1]} backordered, {found[2]}"
    if text == _COVERED:
        return "in stock"
    if text == "nothing":
        return "no Backline tag or note"
    return (
        text.replace(" landed, received", " received")
        .replace(" landed", " received")
        .replace(", cancelled", ", canceled")
    )


def kind_in_words(kind: str) -> str:
    """What happened, in a few words."""
    return KINDS.get(kind, kind.capitalize())


def cause_in_words(cause: str | None, platform: str) -> str:
    """What made it happen."""
    said = _cause_in_words(cause or "").replace("{platform}", platform)
    return next((said.replace(raw, who) for raw, who in _NOBODY.items() if raw in said), said)


def _cause_in_words(cause: str) -> str:
    webhook = _DELIVERY.fullmatch(cause)
    if webhook:
        known = (words for topic, words in _TOPICS if topic.fullmatch(webhook[2]))
        return next(known, "Change in {platform}")
    found = ((pattern.fullmatch(cause), words) for pattern, words in _CAUSES)
    return next((match.expand(words) for match, words in found if match), cause[:1].upper() + cause[1:])
