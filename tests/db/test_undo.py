"""What a person changed of a delivery can be taken back for ten minutes, whole or not at all."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import arrivals, undo
from app.db.models import ArrivalRow, ArrivalUndoRow, Shop, StockItem
from tests.builders import LOCATION, NOW, day
from tests.db.stock import known_item

SOON = NOW + undo.LIFE - timedelta(seconds=1)


@pytest.fixture
def delivery(session: Session, shop: Shop) -> ArrivalRow:
    """Forty units, ten of which have come."""
    item = known_item(session, shop, has_queue=True)
    row = arrivals.add_arrival(
        session, item, location_id=LOCATION, quantity=40, expected_on=day("2026-12-05"),
        reference="PO-17", supplier="Acme", now=NOW - timedelta(days=9),
    )  # fmt: skip
    arrivals.change_arrival(session, row, received=10, now=NOW - timedelta(days=2))
    return row


def told(row: ArrivalRow) -> dict[str, object]:
    """All of the row that is not when it was written."""
    columns = sa.inspect(ArrivalRow).column_attrs.keys()
    return {name: getattr(row, name) for name in columns if name != "updated_at"}


CHANGES = {
    "canceled": {"is_cancelled": True},
    "received in full": {"received": 40},
    "moved": {"expected_on": day("2027-01-09"), "reference": "PO-18", "supplier": ""},
    "fewer": {"quantity": 12},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_delivery_is_put_back_exactly(
    session: Session, delivery: ArrivalRow, change: dict[str, object]
) -> None:
    before = told(delivery)
    undo.change_for_now(session, delivery, **change, by="Ann", now=NOW)
    assert told(delivery) != before

    assert undo.take_back(session, delivery, by="Ann", now=SOON)

    session.flush()
    session.expire_all()
    assert told(delivery) == before


def test_its_promises_are_made_anew(session: Session, shop: Shop, delivery: ArrivalRow) -> None:
    undo.change_for_now(session, delivery, is_cancelled=True, now=NOW)
    item = session.get_one(StockItem, (shop.id, delivery.item_id))
    item.stock_due_at = None

    undo.take_back(session, delivery, by="Ann", now=SOON)

    assert item.stock_due_at == SOON


def test_after_ten_minutes_nothing_is_taken_back(session: Session, delivery: ArrivalRow) -> None:
    undo.change_for_now(session, delivery, is_cancelled=True, now=NOW)

    assert undo.undoable(session, delivery.shop_id, now=NOW + undo.LIFE) == []
    assert not undo.take_back(session, delivery, by="Ann", now=NOW + undo.LIFE)
    assert delivery.state == "cancelled"


def test_what_can_not_be_taken_back_any_more_is_forgotten(
    session: Session, delivery: ArrivalRow
) -> None:
    undo.change_for_now(session, delivery, is_cancelled=True, now=NOW)
    item = session.get_one(StockItem, (delivery.shop_id, delivery.item_id))
    later = arrivals.add_arrival(
        session, item, location_id=LOCATION, quantity=1, expected_on=day("2026-12-05"), reference="",
        now=NOW,
    )  # fmt: skip

    undo.change_for_now(session, later, received=1, now=NOW + undo.LIFE)

    assert session.scalars(sa.select(ArrivalUndoRow.arrival_id)).all() == [later.id]


def test_what_somebody_said_since_is_not_lost(session: Session, delivery: ArrivalRow) -> None:
    undo.change_for_now(session, delivery, received=40, by="Ann", now=NOW)
    arrivals.change_arrival(session, delivery, quantity=60, by="a file", now=SOON)

    assert undo.undoable(session, delivery.shop_id, now=SOON) == []
    assert not undo.take_back(session, delivery, by="Ann", now=SOON)
    assert delivery.quantity == 60


def test_what_changes_nothing_leaves_the_last_change_to_be_taken_back(
    session: Session, delivery: ArrivalRow
) -> None:
    undo.change_for_now(session, delivery, quantity=12, now=NOW)

    undo.change_for_now(session, delivery, quantity=12, now=SOON)

    assert undo.take_back(session, delivery, by="Ann", now=SOON)
    assert delivery.quantity == 40


def test_nothing_is_taken_back_twice(session: Session, delivery: ArrivalRow) -> None:
    undo.change_for_now(session, delivery, quantity=12, now=NOW)
    undo.take_back(session, delivery, by="Ann", now=SOON)

    assert not undo.take_back(session, delivery, by="Ann", now=SOON)
