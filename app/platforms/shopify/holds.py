"""Fulfillment holds: reading the fulfillment orders of orders, placing holds and releasing our own.

https://shopify.dev/docs/api/admin-graphql/latest/mutations/fulfillmentOrderHold
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from app.core.holds import Hold, Lift, OrderParts, Part, PartLine
from app.core.moving import Move
from app.platforms.base.holds import HoldAnswer, HoldWish
from app.platforms.http import PlatformRefused
from app.platforms.shopify import moves, queries
from app.platforms.shopify.aliases import Mutation, document_of, in_words
from app.platforms.shopify.aliases import Part as Call
from app.platforms.shopify.answers import OVER, AssignedLocation, Nodes, typed
from app.platforms.shopify.client import ShopifyClient
from app.platforms.shopify.ids import gid, gids, number_of
from app.platforms.shopify.queries import MOST_POINTS, MUTATION_COST, OrderSize

# How many lines and fulfillment orders are asked of each order, until all of them fit.
SIZES = (OrderSize(items=3, routes=3), OrderSize(items=10, routes=10), OrderSize(items=40, routes=18))
# Before the goods are on their way to the parcel: those in progress may lie on a table already.
HOLDABLE = frozenset({"OPEN", "SCHEDULED"})
HOLD = Mutation(
    "fulfillmentOrderHold",
    {"id": "ID!", "fulfillmentHold": "FulfillmentOrderHoldInput!"},
    "fulfillmentHold { id } fulfillmentOrder { id } remainingFulfillmentOrder { id }",
)
RELEASE = Mutation("fulfillmentOrderReleaseHold", {"id": "ID!", "holdIds": "[ID!]"})


class _HoldNode(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    held_by_requesting_app: bool
    handle: str | None = None


class _LineNode(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    remaining_quantity: int
    total_quantity: int
    inventory_item_id: str | None = None


class _PartNode(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    status: str
    assigned_location: AssignedLocation
    fulfillment_holds: tuple[_HoldNode, ...]
    line_items: Nodes[_LineNode]


class _OrderNode(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    tags: tuple[str, ...]
    fulfillment_orders: Nodes[_PartNode]

    def fits(self, size: OrderSize) -> bool:
        """Whether none of its lists may go on."""
        parts = self.fulfillment_orders.nodes
        return len(parts) < size.routes and all(len(one.line_items.nodes) < size.items for one in parts)


class ShopifyHolds:
    """See `app.platforms.base.holds.Holder` for what each method promises."""

    def __init__(self, client: ShopifyClient) -> None:
        self._client = client

    def parts_of(self, order_ids: Sequence[int]) -> dict[int, OrderParts | None]:
        """With a point for each fulfillment order, its location, its holds and each of its lines."""
        found: dict[int, OrderParts | None] = {}
        waiting = list(order_ids)
        for size in SIZES:
            nodes = {
                one: node for some in _batches(waiting, size) for one, node in self._read(some, size)
            }
            found |= {
                order_id: OrderParts([_part(part) for part in node.fulfillment_orders.nodes], node.tags)
                for order_id, node in nodes.items()
                if node is not None and node.fits(size)
            }
            waiting = [one for one, node in nodes.items() if node is not None and one not in found]
        return found | dict.fromkeys(waiting)

    def _read(
        self, order_ids: Sequence[int], size: OrderSize
    ) -> Iterable[tuple[int, _OrderNode | None]]:
        variables = {"ids": gids("Order", order_ids), "items": size.items, "routes": size.routes}
        cost = len(order_ids) * queries.parts_cost(size)
        data = self._client.execute(queries.PARTS, variables, cost=cost)
        return zip(order_ids, typed(data["nodes"], list[_OrderNode | None]), strict=True)

    def move(self, wish: Move) -> str:
        """Where Shopify says that it may be moved."""
        return moves.move(self._client, wish)

    def send(
        self, puts: Sequence[HoldWish], lifts: Sequence[Lift]
    ) -> tuple[list[HoldAnswer], list[str]]:
        """New holds first: what replaces another must stand before that goes."""
        calls = [Call(f"h{n}", HOLD, _hold_input(one)) for n, one in enumerate(puts)]
        calls += [Call(f"r{n}", RELEASE, _release_input(one)) for n, one in enumerate(lifts)]
        variables = {f"{one.alias}_{name}": value for one in calls for name, value in one.values.items()}
        cost = len(calls) * MUTATION_COST
        answer = self._client.attempt(document_of(calls), variables, cost=cost)
        if answer.data is None:
            raise PlatformRefused(f"{self._client.domain} refused a hold: {answer.errors}")
        told = {error.path[0]: error.message for error in answer.errors if error.path}
        held = [_held(answer.data.get(f"h{n}"), told.get(f"h{n}")) for n in range(len(puts))]
        gone = [_refusal(answer.data.get(f"r{n}"), told.get(f"r{n}")) for n in range(len(lifts))]
        return held, gone


def _batches(order_ids: Sequence[int], size: OrderSize) -> Iterable[Sequence[int]]:
    count = max(1, MOST_POINTS // queries.parts_cost(size))
    return (order_ids[start : start + count] for start in range(0, len(order_ids), count))


def _part(node: _PartNode) -> Part:
    location = node.assigned_location.location
    return Part(
        part_id=number_of(node.id),
        # One whose location was deleted ships from nowhere, and can't be told from it by any number.
        location_id=0 if location is None else number_of(location.id),
        is_open=node.status in HOLDABLE,
        is_over=node.status in OVER,
        lines=[
            PartLine(
                number_of(line.id),
                number_of(line.inventory_item_id),
                line.remaining_quantity,
                line.total_quantity,
            )
            for line in node.line_items.nodes
            if line.inventory_item_id is not None
        ],
        holds=[
            Hold(number_of(hold.id), hold.handle or "", hold.held_by_requesting_app)
            for hold in node.fulfillment_holds
        ],
    )


def _hold_input(wish: HoldWish) -> dict[str, Any]:
    put = wish.put
    lines = [
        {"id": gid("FulfillmentOrderLineItem", number), "quantity": units}
        for number, units in put.lines.items()
    ]
    hold: dict[str, Any] = {
        "reason": "INVENTORY_OUT_OF_STOCK" if put.until else "UNKNOWN_DELIVERY_DATE",
        "reasonNotes": wish.words,
        "handle": put.handle,
        "notifyMerchant": False,
    }
    named = {"fulfillmentOrderLineItems": lines} if lines else {}
    return {"id": gid("FulfillmentOrder", put.part_id), "fulfillmentHold": hold | named}


def _release_input(lift: Lift) -> dict[str, Any]:
    """Named by its id: without, everybody's holds would be released."""
    return {
        "id": gid("FulfillmentOrder", lift.part_id),
        "holdIds": [gid("FulfillmentHold", lift.hold_id)],
    }


def _held(payload: dict[str, Any] | None, error: str | None) -> HoldAnswer:
    hold = (payload or {}).get("fulfillmentHold")
    if payload is None or hold is None:
        return HoldAnswer(error=_refusal(payload, error))
    parts = (payload["fulfillmentOrder"], payload["remainingFulfillmentOrder"])
    return HoldAnswer(
        hold_id=number_of(hold["id"]),
        part_ids=tuple(number_of(part["id"]) for part in parts if part is not None),
    )


def _refusal(payload: dict[str, Any] | None, error: str | None) -> str:
    if payload is None:
        return error or "Shopify did not answer this part"
    return "; ".join(map(in_words, payload["userErrors"]))
