"""What is expected in a shop's pools, and what came of it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.model import Arrival
from app.db.mirror import ask_for_look, lock_item
from app.db.models import ArrivalRow, Item


def expected_arrivals(session: Session, shop_id: int, item_id: int) -> dict[int, list[Arrival]]:
    """What is still to come of an item, by location."""
    where = (
        ArrivalRow.shop_id == shop_id,
        ArrivalRow.item_id == item_id,
        ArrivalRow.quantity > ArrivalRow.received,
    )
    found: dict[int, list[Arrival]] = defaultdict(list)
    for row in session.scalars(
        sa.select(ArrivalRow).where(*where).order_by(ArrivalRow.expected_on, ArrivalRow.id)
    ):
        units = row.quantity - row.received
        first = None if row.first_expected_on == row.expected_on else row.first_expected_on
        found[row.location_id].append(Arrival(row.id, units, row.expected_on, row.supplier, first))
    return found


def list_arrivals(session: Session, shop_id: int) -> Sequence[tuple[ArrivalRow, str]]:
    """Every arrival with its item's code, soonest first."""
    statement = (
        sa.select(ArrivalRow, Item.sku)
        .join(Item, sa.and_(Item.shop_id == ArrivalRow.shop_id, Item.item_id == ArrivalRow.item_id))
        .where(ArrivalRow.shop_id == shop_id)
        .order_by(ArrivalRow.expected_on, ArrivalRow.id)
    )
    return [(row, sku) for row, sku in session.execute(statement)]


def add_arrival(
    session: Session,
    item: Item,
    *,
    location_id: int,
    quantity: int,
    expected_on: date,
    reference: str,
    now: datetime,
) -> ArrivalRow:
    """A typed arrival; its item's promises are made anew."""
    item = lock_item(session, item.shop_id, item.item_id)
    arrival = ArrivalRow(
        shop_id=item.shop_id,
        item_id=item.item_id,
        sku=item.sku,
        location_id=location_id,
        quantity=quantity,
        received=0,
        expected_on=expected_on,
        first_expected_on=expected_on,
        reference=reference,
        created_at=now,
        updated_at=now,
    )
    session.add(arrival)
    session.flush()
    ask_for_look(item, at=now, cause=f"arrival {arrival.id}")
    return arrival


def find_arrival(session: Session, shop_id: int, arrival_id: int) -> ArrivalRow | None:
    """One arrival of this shop."""
    return session.scalar(
        sa.select(ArrivalRow).where(ArrivalRow.shop_id == shop_id, ArrivalRow.id == arrival_id)
    )


def change_arrival(session: Session, arrival: ArrivalRow, *, received: int, now: datetime) -> None:
    """Units of an arrival have landed (all of them: nothing more is expected of it)."""
    arrival.received, arrival.updated_at = received, now
    if received >= arrival.quantity:
        arrival.state, arrival.received_at = "received", now
    if arrival.item_id is not None:
        item = lock_item(session, arrival.shop_id, arrival.item_id)
        ask_for_look(item, at=now, cause=f"arrival {arrival.id}")
