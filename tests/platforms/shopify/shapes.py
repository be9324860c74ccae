"""GraphQL nodes as Shopify answers them: a test names only what it is about."""

from typing import Any

QUANTITIES = ("available", "committed", "reserved", "damaged", "safety_stock", "quality_control")


def order(number: int = 1, **values: Any) -> dict[str, Any]:
    """An order without items or routing."""
    return {
        "id": f"gid://shopify/Order/{number}",
        "name": f"#{number}",
        "processedAt": "2026-11-20T09:00:00Z",
        "updatedAt": "2026-11-20T10:00:00Z",
        "cancelledAt": None,
    } | values


def line(number: int = 1, **values: Any) -> dict[str, Any]:
    """A line item of a blue mug: 3 ordered, 2 outstanding."""
    return {
        "id": f"gid://shopify/LineItem/{number}",
        "currentQuantity": 3,
        "unfulfilledQuantity": 2,
        "title": "Mug",
        "variantTitle": "Blue",
        "sku": "MUG",
        "variant": {"id": f"gid://shopify/ProductVariant/{number}"},
    } | values


def route(
    number: int, lines: dict[int, int], *, status: str = "OPEN", location: int | None = 7
) -> dict[str, Any]:
    """A fulfillment order: remaining quantities by item."""
    place = None if location is None else {"id": f"gid://shopify/Location/{location}"}
    nodes = [
        {"inventoryItemId": f"gid://shopify/InventoryItem/{item}", "remainingQuantity": quantity}
        for item, quantity in lines.items()
    ]
    return {
        "id": f"gid://shopify/FulfillmentOrder/{number}",
        "status": status,
        "assignedLocation": {"location": place},
        "lineItems": {"nodes": nodes},
    }


def nodes(*found: Any, more: str | None = None) -> dict[str, Any]:
    """A connection; `more` is the cursor of its next page."""
    return {"nodes": list(found), "pageInfo": {"hasNextPage": more is not None, "endCursor": more}}


def level(
    location: int = 7, *, on_hand: int | None = None, is_active: bool = True, **quantities: int
) -> dict[str, Any]:
    """An inventory level whose on-hand is the sum of its parts, unless said otherwise."""
    named = dict.fromkeys(QUANTITIES, 0) | quantities
    named["on_hand"] = sum(named.values()) if on_hand is None else on_hand
    return {
        "location": {
            "id": f"gid://shopify/Location/{location}",
            "name": f"Depot {location}",
            "isActive": is_active,
        },
        "quantities": [{"name": name, "quantity": quantity} for name, quantity in named.items()],
    }


def item(number: int, *levels: Any, tracked: bool = True) -> dict[str, Any]:
    """An inventory item with its levels."""
    return {
        "id": f"gid://shopify/InventoryItem/{number}",
        "sku": f"SKU-{number}",
        "tracked": tracked,
        "inventoryLevels": {"nodes": list(levels)},
    }


def number_in(gid: str) -> int:
    """The number of a global id."""
    return int(gid.rsplit("/", 1)[1])
