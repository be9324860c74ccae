"""What became of an order at the platform stands in its history as what it was."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import Event, Shop
from app.db.order_history import changes_of, tell_of_changes
from app.platforms.base import LineItem
from tests.builders import NOW
from tests.db.waiting import placed, sells

AT = NOW - timedelta(seconds=3)


def mugs(ordered: int, outstanding: int | None = None) -> dict[int, LineItem]:
    """An order's only line item."""
    left = ordered if outstanding is None else outstanding
    return {
        1: LineItem(
            line_id=1, variant_id=21, ordered=ordered, outstanding=left, title="Blue Mug", sku="MUG-BLUE"
        )
    }


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (mugs(1), mugs(3), [("edited", "added 2 × Blue Mug")]),
        ({}, mugs(1), [("edited", "added 1 × Blue Mug")]),
        (mugs(0), mugs(1), []),
        (mugs(3), mugs(1), [("refunded", "2 × Blue Mug")]),
        (mugs(3), {}, [("refunded", "3 × Blue Mug")]),
        (mugs(3), mugs(3, 1), [("shipped", "2 × Blue Mug")]),
        (mugs(3, 1), mugs(2, 0), [("refunded", "1 × Blue Mug")]),
        (mugs(3), mugs(3), []),
    ],
)
def test_line_items_tell_what_happened(
    before: dict[int, LineItem], after: dict[int, LineItem], told: list[tuple[str, str]]
) -> None:
    found = changes_of(7, before, after, was_cancelled=False, is_cancelled=False, at=AT)

    assert [(event.kind, event.after) for event in found] == told


def test_a_cancelled_order_is_called_cancelled_and_nothing_else() -> None:
    found = changes_of(7, mugs(2), {}, was_cancelled=False, is_cancelled=True, at=AT)
    again = changes_of(7, {}, {}, was_cancelled=True, is_cancelled=True, at=AT)

    assert [event.kind for event in found] == ["cancelled"]
    assert again == []


def test_only_orders_that_were_spoken_of_have_a_history(session: Session, shop: Shop) -> None:
    sells(session, shop)
    placed(session, shop, 1, short=1)
    placed(session, shop, 2)
    changes = [
        event
        for order_id in (1, 2)
        for event in changes_of(order_id, mugs(1), {}, was_cancelled=False, is_cancelled=True, at=AT)
    ]

    tell_of_changes(session, shop.id, changes, now=NOW, cause="delivery 3 (orders/cancelled)")

    rows = session.scalars(sa.select(Event).where(Event.shop_id == shop.id)).all()
    assert [(row.order_id, row.kind, row.at) for row in rows] == [(1, "cancelled", AT)]
