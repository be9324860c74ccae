"""How many units of a line a webhook's body leaves open, whatever `fulfillable_quantity` says."""

from typing import Any

import pytest

from app.platforms.base import OrderSeen, OrderTouched
from tests.platforms.shopify.test_shopify_webhooks import changed, facts_of

MUG = 11


def told(  # each part of a body is one keyword
    *,
    ordered: int,
    current: int | None = None,
    fulfillable: int,
    shipped: int = 0,
    status: str = "success",
    refunds: Any = (),
) -> tuple[int, bool]:
    """The open units of a body, and whether the order must be read besides."""
    line = {"id": MUG, "variant_id": 2, "title": "Mug", "quantity": ordered}
    line |= {"current_quantity": ordered if current is None else current}
    line |= {"fulfillable_quantity": fulfillable}
    parcel = {"status": status, "line_items": [{"id": MUG, "quantity": shipped}]}
    refund = [
        {"line_item_id": MUG, "quantity": units, "restock_type": restock} for restock, units in refunds
    ]
    body = changed(
        "orders/updated",
        line_items=[line],
        fulfillments=[parcel] if shipped else [],
        refunds=[{"refund_line_items": refund}],
    )
    order, *more = facts_of("orders/updated", body)
    assert isinstance(order, OrderSeen)
    assert order.items is not None
    assert more in ([], [OrderTouched(order.order_id)])
    return order.items[0].outstanding, bool(more)


@pytest.mark.parametrize(
    ("body", "open_units"),
    [
        ({"ordered": 3, "fulfillable": 3}, 3),
        ({"ordered": 3, "fulfillable": 0}, 3),
        ({"ordered": 3, "fulfillable": 1}, 3),
        ({"ordered": 3, "fulfillable": 0, "shipped": 1}, 2),
        ({"ordered": 3, "fulfillable": 2, "shipped": 1}, 2),
        ({"ordered": 3, "fulfillable": 0, "shipped": 3}, 0),
        ({"ordered": 3, "current": 2, "fulfillable": 0, "refunds": [("cancel", 1)]}, 2),
        ({"ordered": 3, "current": 2, "fulfillable": 0, "refunds": [("no_restock", 1)]}, 2),
        (
            {"ordered": 3, "current": 2, "fulfillable": 0, "shipped": 1, "refunds": [("return", 1)]},
            2,
        ),
        (
            {"ordered": 3, "current": 2, "fulfillable": 1, "shipped": 1, "refunds": [("cancel", 1)]},
            1,
        ),
        ({"ordered": 3, "fulfillable": 0, "shipped": 3, "status": "cancelled"}, 3),
    ],
    ids=str,
)
def test_open_is_what_was_ordered_less_what_was_taken_out_and_shipped(
    body: dict[str, Any], open_units: int
) -> None:
    assert told(**body) == (open_units, False)


@pytest.mark.parametrize("restock", ["no_restock", "legacy_restock"])
def test_a_refund_that_does_not_say_whether_its_units_had_been_shipped_has_the_order_read(
    restock: str,
) -> None:
    assert told(ordered=3, current=2, fulfillable=0, shipped=1, refunds=[(restock, 1)]) == (1, True)


def test_a_body_that_does_not_tell_what_was_shipped_has_the_order_read() -> None:
    line = {"id": 1, "variant_id": 2, "title": "Mug", "quantity": 3, "fulfillable_quantity": 1}

    order, *more = facts_of(
        "orders/updated", changed("orders/updated", line_items=[line], fulfillments=None)
    )

    assert isinstance(order, OrderSeen)
    assert more == [OrderTouched(order.order_id)]
