"""Moving units of an order to another location, within what Shopify allows.

https://shopify.dev/docs/api/admin-graphql/latest/mutations/fulfillmentOrderMove
"""

from typing import Any

from app.core.moving import Move
from app.platforms.shopify.aliases import Mutation, Part, send
from app.platforms.shopify.client import ShopifyClient
from app.platforms.shopify.ids import gid, gids
from app.platforms.shopify.queries import MOVABLE, movable_cost

MOVE = Mutation(
    "fulfillmentOrderMove",
    {
        "id": "ID!",
        "newLocationId": "ID!",
        "fulfillmentOrderLineItems": "[FulfillmentOrderLineItemInput!]",
    },
)


def move(client: ShopifyClient, wish: Move) -> str:
    """Move it if Shopify says that it can be moved there; why not in words, empty if it is done. Nobody
    is asked twice: what can't be moved now is left where it is."""
    problem = _problem(client, wish)
    if problem:
        return problem
    lines = [
        {"id": gid("FulfillmentOrderLineItem", number), "quantity": units}
        for number, units in wish.lines.items()
    ]
    values = {
        "id": gid("FulfillmentOrder", wish.part_id),
        "newLocationId": gid("Location", wish.to_id),
        "fulfillmentOrderLineItems": lines,
    }
    return send(client, [Part("m0", MOVE, values)]).get("m0", "")


def _problem(client: ShopifyClient, wish: Move) -> str:
    """Why it can't be moved there by what Shopify says now; empty if it can."""
    lines = gids("FulfillmentOrderLineItem", list(wish.lines))
    variables = {
        "id": gid("FulfillmentOrder", wish.part_id),
        "locations": gids("Location", [wish.to_id]),
        "lines": lines,
        "items": len(wish.lines),
    }
    data = client.execute(MOVABLE, variables, cost=movable_cost(len(wish.lines)))
    part = data["fulfillmentOrder"]
    if part is None:
        return "it is not there any more"
    if "MOVE" not in [one["action"] for one in part["supportedActions"]]:
        return "it can't be moved in its state"
    there = part["locationsForMove"]["nodes"]
    if not there:
        return "it can't be shipped from there"
    return _refusal(there[0], set(lines))


def _refusal(there: dict[str, Any], lines: set[str]) -> str:
    can_go = {node["id"] for node in there["availableLineItems"]["nodes"]}
    if there["movable"] and lines <= can_go:
        return ""
    return there["message"] or "it can't be shipped from there"
