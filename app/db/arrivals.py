"""What is expected in a shop's pools, and what came of it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.arrivals import Reported, count_once, same_reference
from app.core.bounds import is_possible
from app.core.model import Arrival
from app.core.states import ArrivalSource, ArrivalState
from app.db.audit import record_event
from app.db.due_items import ask_for_look, lock_item
from app.db.models import ArrivalRow, PoolRow, StockItem

RANKS: Mapping[str, int] = {
    ArrivalSource.ORDER: -1,
    ArrivalSource.TYPED: 0,
    ArrivalSource.CSV: 1,
    ArrivalSource.API: 1,
    ArrivalSource.ASN: 2,
    ArrivalSource.PLATFORM: 3,
}
"""How near a source is to the goods (see `app.core.arrivals.count_once`)."""

KEPT_THERE: Mapping[str, str] = {
    ArrivalSource.PLATFORM: "shipment",
    ArrivalSource.ORDER: "purchase order",
}
"""Sources that the platform itself keeps, and what it calls what they tell: changed there alone."""

OPEN = (ArrivalState.EXPECTED, ArrivalState.UNDATED)
"""The states of arrivals that still come, whether or not their day is known."""

_AT_ONCE = 500

# The platform's own orders to suppliers: they come, though no day is known (see `app.core.undated`).
_ORDERED = sa.and_(ArrivalRow.source == ArrivalSource.ORDER, ArrivalRow.state == ArrivalState.UNDATED)


def expected_arrivals(session: Session, shop_id: int, item_id: int) -> dict[int, list[Arrival]]:
    """What is still to come of an item, by location, soonest first; the same goods are counted once.
    What was told by its code before anybody knew the item is its own (see `adopt_arrivals`). Nothing is
    expected on a day that means "no date", which was kept before such days were known."""
    rows = _telling(session, shop_id, item_id)
    units = open_units(rows)
    found: dict[int, list[Arrival]] = defaultdict(list)
    for row in rows:
        if units[row.id] and is_possible(row.expected_on):
            first = None if row.first_expected_on == row.expected_on else row.first_expected_on
            ordered_on = row.ordered_on if _is_order(row) else None
            arrival = Arrival(row.id, units[row.id], row.expected_on, row.supplier, first)
            found[row.location_id].append(replace(arrival, ordered_on=ordered_on))
    return found


def open_units(rows: Collection[ArrivalRow]) -> dict[int, int]:
    """How many units of these arrivals of one item still count, by arrival. Of a cancelled one there
    was never more than what has landed."""
    return count_once(
        Reported(
            arrival_id=row.id,
            location_id=row.location_id,
            quantity=row.received if row.state == ArrivalState.CANCELLED else row.quantity,
            received=row.received,
            expected_on=row.expected_on,
            reference=row.reference,
            rank=RANKS[row.source],
            is_over=row.state != ArrivalState.EXPECTED and not _is_order(row),
        )
        for row in rows
    )


def _is_order(row: ArrivalRow) -> bool:
    return row.source == ArrivalSource.ORDER and row.state == ArrivalState.UNDATED


def units_that_count(session: Session, shop_id: int, item_ids: Collection[int | None]) -> dict[int, int]:
    """How many units still count of each arrival of these items, the same goods told twice once."""
    counts: dict[int, int] = {}
    for item_id in item_ids:
        if item_id is not None:
            counts |= open_units(_telling(session, shop_id, item_id))
    return counts


def _telling(session: Session, shop_id: int, item_id: int) -> Sequence[ArrivalRow]:
    """The open arrivals of an item, and the others that may speak of the same goods."""
    mine = (StockItem.shop_id == shop_id, StockItem.item_id == item_id, StockItem.sku != "")
    code = sa.select(sa.func.lower(StockItem.sku)).where(*mine).scalar_subquery()
    where = (
        ArrivalRow.shop_id == shop_id,
        sa.or_(
            ArrivalRow.item_id == item_id,
            sa.and_(ArrivalRow.item_id.is_(None), ArrivalRow.sku == code),
        ),
        sa.or_(
            ArrivalRow.state == ArrivalState.EXPECTED,
            _ORDERED,
            sa.and_(
                ArrivalRow.reference != "",
                sa.or_(ArrivalRow.state == ArrivalState.RECEIVED, ArrivalRow.received > 0),
            ),
        ),
    )
    by_date = (ArrivalRow.expected_on, ArrivalRow.id)
    return session.scalars(sa.select(ArrivalRow).where(*where).order_by(*by_date)).all()


def supply_awaiting_shipments(session: Session, shop_id: int, item_id: int) -> dict[int, int]:
    """The units in the item's pools when they were last read, by location; nothing where none of the
    platform's own shipments brings more of it."""
    comes = sa.exists().where(
        ArrivalRow.shop_id == shop_id,
        ArrivalRow.item_id == item_id,
        ArrivalRow.source == ArrivalSource.PLATFORM,
        ArrivalRow.state == ArrivalState.EXPECTED,
    )
    where = (PoolRow.shop_id == shop_id, PoolRow.item_id == item_id, comes)
    return dict(session.execute(sa.select(PoolRow.location_id, PoolRow.supply).where(*where)).all())


def awaiting_shipments(session: Session, shop_id: int, item_ids: Collection[int]) -> set[int]:
    """Which of these items the platform's own shipments are to bring."""
    where = (
        ArrivalRow.shop_id == shop_id,
        ArrivalRow.item_id.in_(item_ids),
        ArrivalRow.source == ArrivalSource.PLATFORM,
        ArrivalRow.state == ArrivalState.EXPECTED,
    )
    return {one for one in session.scalars(sa.select(ArrivalRow.item_id).where(*where)) if one}


def adopt_arrivals(session: Session, shop_id: int, item_id: int) -> None:
    """Arrivals told before anybody knew the item that has their code are its own from now on."""
    mine = (StockItem.shop_id == shop_id, StockItem.item_id == item_id, StockItem.sku != "")
    sku = sa.select(StockItem.sku).where(*mine).scalar_subquery()
    where = (ArrivalRow.shop_id == shop_id, ArrivalRow.item_id.is_(None))
    session.execute(
        sa.update(ArrivalRow)
        .where(*where, ArrivalRow.sku == sa.func.lower(sku))
        .values(item_id=item_id, sku=sku)
    )


def list_arrivals(
    session: Session, shop_id: int, *, is_open: bool = False
) -> Sequence[tuple[ArrivalRow, str]]:
    """Every arrival with its item's code, soonest first; only those still expected where asked."""
    statement = (
        sa.select(ArrivalRow, sa.func.coalesce(StockItem.sku, ArrivalRow.sku))
        .outerjoin(
            StockItem,
            sa.and_(StockItem.shop_id == ArrivalRow.shop_id, StockItem.item_id == ArrivalRow.item_id),
        )
        .where(ArrivalRow.shop_id == shop_id)
        .order_by(ArrivalRow.expected_on, ArrivalRow.id)
    )
    if is_open:
        statement = statement.where(ArrivalRow.state.in_(OPEN))
    return [(row, sku) for row, sku in session.execute(statement)]


def page_of_arrivals(
    session: Session,
    shop_id: int,
    *,
    states: Collection[str],
    sku: str | None = None,
    reference: str | None = None,
    after: int = 0,
    limit: int,
) -> Sequence[ArrivalRow]:
    """The next arrivals by number after one, of these states, and of this code and purchase order where
    they are given."""
    where = [ArrivalRow.shop_id == shop_id, ArrivalRow.id > after, ArrivalRow.state.in_(states)]
    if sku is not None:
        where.append(sa.func.lower(ArrivalRow.sku) == sku.lower())
    if reference is not None:
        same = same_reference(reference)
        where.append(sa.func.lower(ArrivalRow.reference).in_((same, f"#{same}")))
    return session.scalars(
        sa.select(ArrivalRow).where(*where).order_by(ArrivalRow.id).limit(limit)
    ).all()


def find_arrival(session: Session, shop_id: int, arrival_id: int) -> ArrivalRow | None:
    """One arrival of this shop."""
    return session.scalar(
        sa.select(ArrivalRow).where(ArrivalRow.shop_id == shop_id, ArrivalRow.id == arrival_id)
    )


def add_arrival(
    session: Session,
    item: StockItem,
    *,
    location_id: int,
    quantity: int,
    expected_on: date,
    reference: str,
    supplier: str = "",
    ordered_on: date | None = None,
    by: str = "",
    now: datetime,
) -> ArrivalRow:
    """A typed arrival; its item's promises are made anew. `by` is whoever typed it."""
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
        ordered_on=ordered_on,
        reference=reference,
        supplier=supplier,
        state=ArrivalState.EXPECTED,
        source=ArrivalSource.TYPED,
        created_at=now,
        updated_at=now,
    )
    session.add(arrival)
    session.flush()
    record_change(session, arrival, "arrival added", before="", by=by, now=now)
    ask_for_look(item, at=now, cause=f"arrival {arrival.id}")
    return arrival


def change_arrival(
    session: Session,
    arrival: ArrivalRow,
    *,
    now: datetime,
    by: str = "",
    quantity: int | None = None,
    received: int | None = None,
    expected_on: date | None = None,
    location_id: int | None = None,
    reference: str | None = None,
    supplier: str | None = None,
    is_over: bool = False,
    is_cancelled: bool = False,
) -> None:
    """A person says something else of an arrival, or that units of it have landed; its item's promises
    are made anew. Left out: as it was. `is_over`: what is missing will not come."""
    if arrival.item_id is not None:
        item = lock_item(session, arrival.shop_id, arrival.item_id)
        ask_for_look(item, at=now, cause=f"arrival {arrival.id}")
    before = in_words(arrival)
    said = {
        "quantity": quantity,
        "expected_on": expected_on,
        "location_id": location_id,
        "reference": reference,
        "supplier": supplier,
    }
    for name, value in said.items():
        if value is not None:
            setattr(arrival, name, value)
    if received is not None and received != arrival.received:
        arrival.received, arrival.received_at = received, now
    if expected_on is not None and arrival.state == ArrivalState.UNDATED:
        arrival.state, arrival.first_expected_on = ArrivalState.EXPECTED, expected_on
    _renew_state(arrival, is_over=is_over, is_cancelled=is_cancelled, now=now)
    if in_words(arrival) != before:
        kind = "arrival changed" if arrival.state in OPEN else f"arrival {arrival.state}"
        record_change(session, arrival, kind, before=before, by=by, now=now)


def _renew_state(arrival: ArrivalRow, *, is_over: bool, is_cancelled: bool, now: datetime) -> None:
    arrival.state = _state_of(arrival, is_over=is_over, is_cancelled=is_cancelled)
    if arrival.state == ArrivalState.RECEIVED and arrival.received_at is None:
        arrival.received_at = now
    arrival.updated_at = now


def _state_of(arrival: ArrivalRow, *, is_over: bool, is_cancelled: bool) -> ArrivalState:
    if is_cancelled:
        return ArrivalState.CANCELLED
    if is_over or arrival.received >= arrival.quantity:
        return ArrivalState.RECEIVED
    return ArrivalState.UNDATED if arrival.state == ArrivalState.UNDATED else ArrivalState.EXPECTED


def in_words(arrival: ArrivalRow) -> str:
    """An arrival for the audit: "40 on 2026-12-05, 10 landed (PO-17)"."""
    landed = f", {arrival.received} landed" if arrival.received else ""
    over = "" if arrival.state in OPEN else f", {arrival.state}"
    reference = f" ({arrival.reference})" if arrival.reference else ""
    day = (
        "without a date"
        if arrival.state == ArrivalState.UNDATED
        else f"on {arrival.expected_on.isoformat()}"
    )
    return f"{arrival.quantity} {day}{landed}{over}{reference}"


def record_change(
    session: Session,
    arrival: ArrivalRow,
    kind: str,
    *,
    before: str,
    now: datetime,
    by: str = "",
    cause: str | None = None,
) -> None:
    """Append to the audit what became of an arrival, by a person or for a cause."""
    record_event(
        session,
        arrival.shop_id,
        kind,
        at=now,
        item_id=arrival.item_id,
        before=before,
        after=in_words(arrival),
        why=f"by {by}" if by else "",
        cause=cause,
    )


def locations(session: Session, shop_id: int) -> dict[int, str]:
    """The places where a shop's stock was ever seen, with their names."""
    statement = sa.select(PoolRow.location_id, sa.func.max(PoolRow.location_name))
    rows = session.execute(
        statement.where(PoolRow.shop_id == shop_id).group_by(PoolRow.location_id)
    ).all()
    return dict(rows)


def has_locations(session: Session, shop_id: int) -> bool:
    """Whether stock was ever seen anywhere."""
    return bool(session.scalar(sa.select(sa.exists().where(PoolRow.shop_id == shop_id))))


def items_by_sku(
    session: Session, shop_id: int, skus: Collection[str] | None = None
) -> dict[str, list[int]]:
    """The items of each code in lower case; of all codes, or of these."""
    code = sa.func.lower(StockItem.sku)
    where = [StockItem.shop_id == shop_id, StockItem.sku != ""]
    if skus is not None:
        where.append(code.in_({sku.lower() for sku in skus}))
    found: dict[str, list[int]] = defaultdict(list)
    statement = sa.select(StockItem.sku, StockItem.item_id).where(*where)
    for sku, item_id in session.execute(statement.execution_options(yield_per=_AT_ONCE)):
        found[sku.lower()].append(item_id)
    return found
