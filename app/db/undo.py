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

    @property
    def key(self) -> str:
        """Names this very change: another change of the delivery is none of it."""
        return f"{self.arrival.id} {self.made_at.timestamp():.6f}"


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


def undoable(
    session: Session,
    shop_id: int,
    *,
    now: datetime,
    item_id: int | None = None,
    arrival_id: int | None = None,
) -> Sequence[Undoable]:
    """All changes that can still be taken back, newest first: of the shop, of an item, or of one
    delivery."""
    wanted = [ArrivalUndoRow.shop_id == shop_id, ArrivalUndoRow.made_at > now - LIFE]
    if item_id is not None:
        wanted.append(ArrivalRow.item_id == item_id)
    if arrival_id is not None:
        wanted.append(ArrivalRow.id == arrival_id)
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
        .where(*wanted)
        .order_by(ArrivalUndoRow.made_at.desc(), ArrivalUndoRow.arrival_id)
    )
    return [
        Undoable(arrival, title, _read(kept.before), kept.made_at, kept.made_at + LIFE)
        for kept, arrival, title in session.execute(statement)
        if _said_of(arrival) == _read(kept.after)
    ]


def take_back_all(session: Session, changes: Sequence[Undoable], *, by: str, now: datetime) -> int:
    """Take back these changes, and no later ones; how many could still be. Items are locked in the order
    of their numbers, as by whoever else locks several."""
    in_turn = sorted(changes, key=lambda one: (one.arrival.item_id or 0, one.arrival.id))
    return sum(take_back(session, one.arrival, made_at=one.made_at, by=by, now=now) for one in in_turn)


def take_back(
    session: Session, arrival: ArrivalRow, *, made_at: datetime | None = None, by: str, now: datetime
) -> bool:
    """Put a delivery back to what it was before its last change, if it is that of `made_at`; whether it
    could still be done."""
    if arrival.item_id is not None:
        item = lock_item(session, arrival.shop_id, arrival.item_id)
        _read_again(session, arrival)
    kept = session.get(ArrivalUndoRow, (arrival.shop_id, arrival.id), populate_existing=True)
    if kept is None or made_at not in (None, kept.made_at) or kept.made_at <= now - LIFE:
        return False
    if _said_of(arrival) != _read(kept.after):
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
