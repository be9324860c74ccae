"""What is read of draft orders and transfers: those that reserve now, and what is left of them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.platforms.base import Reservation, ReservationKind
from app.platforms.shopify.client import ShopifyClient
from app.platforms.shopify.reservations import fetch_reservations
from tests.platforms.shopify.wire import Wire

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
MADE = datetime(2026, 11, 24, 8, tzinfo=UTC)


def listed(*found: dict[str, Any]) -> dict[str, Any]:
    """A list of one page."""
    return {"nodes": list(found), "pageInfo": {"hasNextPage": False, "endCursor": None}}


def item(number: int) -> dict[str, str]:
    """A reference to an inventory item."""
    return {"id": f"gid://shopify/InventoryItem/{number}"}


def drafts(wire: Wire, until: str | None) -> None:
    """One draft order with two units of item 9, which reserves until then."""
    draft = {"id": "gid://shopify/DraftOrder/7", "name": "#D7", "createdAt": MADE.isoformat()}
    wire.answers["Drafts"] = lambda variables: {
        "draftOrders": listed(draft | {"reserveInventoryUntil": until})
    }
    line = {"quantity": 2, "variant": {"inventoryItem": item(9)}}
    custom = {"quantity": 1, "variant": None}
    wire.answers["DraftLines"] = lambda variables: {"node": {"lineItems": listed(line, custom)}}


def test_a_draft_that_reserves_is_read_with_its_lines(client: ShopifyClient, wire: Wire) -> None:
    drafts(wire, "2026-11-25T09:00:01Z")

    found = fetch_reservations(client, scopes=["read_draft_orders"], now=NOW)

    assert found == [Reservation(ReservationKind.DRAFT, 7, "#D7", 9, 2, MADE)]


@pytest.mark.parametrize("until", [None, "2026-11-25T09:00:00Z"])
def test_a_draft_that_reserves_no_more_is_left_out(
    until: str | None, client: ShopifyClient, wire: Wire
) -> None:
    drafts(wire, until)

    assert fetch_reservations(client, scopes=["read_draft_orders"], now=NOW) == []
    assert wire.names() == ["Drafts"]


def test_of_a_transfer_what_has_left_is_not_reserved_any_more(client: ShopifyClient, wire: Wire) -> None:
    origin = {"location": {"id": "gid://shopify/Location/6"}}
    transfer = {
        "id": "gid://shopify/InventoryTransfer/5",
        "name": "#T5",
        "dateCreated": MADE.isoformat(),
    }
    wire.answers["OpenTransfers"] = lambda variables: {
        "inventoryTransfers": listed(transfer | {"origin": origin})
    }
    line = {"totalQuantity": 5, "shippedQuantity": 2, "inventoryItem": item(9)}
    gone = {"totalQuantity": 4, "shippedQuantity": 4, "inventoryItem": item(8)}
    wire.answers["TransferLines"] = lambda variables: {"node": {"lineItems": listed(line, gone)}}

    found = fetch_reservations(client, scopes=["read_inventory_transfers"], now=NOW)

    assert found == [Reservation(ReservationKind.TRANSFER, 5, "#T5", 9, 3, MADE, location_id=6)]


def test_a_transfer_from_a_supplier_reserves_nothing_here(client: ShopifyClient, wire: Wire) -> None:
    transfer = {
        "id": "gid://shopify/InventoryTransfer/5",
        "name": "#T5",
        "dateCreated": MADE.isoformat(),
    }
    wire.answers["OpenTransfers"] = lambda variables: {
        "inventoryTransfers": listed(transfer | {"origin": None})
    }

    assert fetch_reservations(client, scopes=["read_inventory_transfers"], now=NOW) == []


def test_without_permissions_nothing_is_asked(client: ShopifyClient, wire: Wire) -> None:
    assert fetch_reservations(client, scopes=[], now=NOW) == []
    assert wire.names() == []
