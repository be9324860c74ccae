"""Changes to deliveries that a person can take back for ten minutes.

What a delivery was before is kept whole, and what it became: it is put back only while it still is
that, so that nothing that a file, a system or a colleague said meanwhile is lost. Promises are worked
out from deliveries, so that they are what they were once their items are looked at again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.arrivals import change_arrival, in_words, record_change
from app.db.due_items import ask_for_look, lock_item
from app.db.models import ArrivalRow, ArrivalUndoRow, StockItem
from app.db.statements import upsert

LIFE = timedelta(minutes=10)
_MOST_SHOWN = 5


class Said(msgspec.Struct, frozen=True):
    """All that a person can change of a delivery, and what follows from it."""

    location_id: int
    quantity: int
    received: int
    received_at: datetime | None
    expected_on: date
    first_expected_on: date
    reference: str
    supplier: str
    state: str


@dataclass(frozen=True, slots=True)
class Undoable:
    """A change that can still be taken back, until then. `title` is that of its item."""

    arrival: ArrivalRow
    title: str
    before: Said
    made_at: datetime
    until: datetime


def change_for_now(session: Session, arrival: ArrivalRow, *, now: datetime, **said: Any) -> None:
    """`change_arrival`, and what is needed to take it back."""
    before = _said_of(arrival)
    change_arrival(session, arrival, now=now, **said)
    after = _said_of(arrival)
    if after == before:
        return
    old = (ArrivalUndoRow.shop_id == arrival.shop_id, ArrivalUndoRow.made_at <= now - LIFE)
    session.execute(sa.delete(ArrivalUndoRow).where(*old))
    row = {
        "shop_id": arrival.shop_id,
        "arrival_id": arrival.id,
        "before": msgspec.to_builtins(before),
        "after": msgspec.to_builtins(after),
        "made_at": now,
    }
    upsert(session, ArrivalUndoRow, [row])


def undoable(session: Session, shop_id: int, *, now: datetime) -> Sequence[Undoable]:
    """The shop's latest changes that can still be taken back, newest first."""
    statement = (
        sa.select(ArrivalUndoRow, ArrivalRow, sa.func.coalesce(StockItem.title, ""))
        .join(
            ArrivalRow,
            (ArrivalRow.id == ArrivalUndoRow.arrival_id)
            & (ArrivalRow.shop_id == ArrivalUndoRow.shop_id),
        )
        .outerjoin(
            StockItem,
            (StockItem.shop_id == ArrivalRow.shop_id) & (StockItem.item_id == ArrivalRow.item_id),
        )
        .where(ArrivalUndoRow.shop_id == shop_id, ArrivalUndoRow.made_at > now - LIFE)
        .order_by(ArrivalUndoRow.made_at.desc(), ArrivalUndoRow.arrival_id)
        .limit(_MOST_SHOWN)
    )
    return [
        Undoable(arrival, title, _read(kept.before), kept.made_at, kept.made_at + LIFE)
        for kept, arrival, title in session.execute(statement)
        if _said_of(arrival) == _read(kept.after)
    ]


def take_back(session: Session, arrival: ArrivalRow, *, by: str, now: datetime) -> bool:
    """Put a delivery back to what it was before its last change; whether it could still be done."""
    if arrival.item_id is not None:
        item = lock_item(session, arrival.shop_id, arrival.item_id)
        _read_again(session, arrival)
    kept = session.get(ArrivalUndoRow, (arrival.shop_id, arrival.id))
    if kept is None or kept.made_at <= now - LIFE or _said_of(arrival) != _read(kept.after):
        return False
    was = in_words(arrival)
    for name, value in msgspec.structs.asdict(_read(kept.before)).items():
        setattr(arrival, name, value)
    arrival.updated_at = now
    session.delete(kept)
    record_change(session, arrival, "arrival restored", before=was, by=by, now=now)
    if arrival.item_id is not None:
        ask_for_look(item, at=now, cause=f"arrival {arrival.id}")
    return True


def _read_again(session: Session, arrival: ArrivalRow) -> None:
    """As it is now that nobody else can change it."""
    where = (ArrivalRow.shop_id == arrival.shop_id, ArrivalRow.id == arrival.id)
    session.scalars(sa.select(ArrivalRow).where(*where).execution_options(populate_existing=True)).one()


def _said_of(arrival: ArrivalRow) -> Said:
    return Said(*(getattr(arrival, name) for name in Said.__struct_fields__))


def _read(kept: dict[str, Any]) -> Said:
    return msgspec.convert(kept, Said)
