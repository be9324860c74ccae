"""What stock is committed to besides orders: draft orders, and transfers to other locations."""

from collections.abc import Collection, Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.reckoning import Claim
from app.db.models import ReservationRow
from app.db.statements import upsert
from app.platforms.base import Reservation


def replace_reservations(session: Session, shop_id: int, read: Iterable[Reservation]) -> None:
    """All that was read is all there is."""
    session.execute(sa.delete(ReservationRow).where(ReservationRow.shop_id == shop_id))
    rows: dict[tuple[str, int, int], dict[str, object]] = {}
    for one in read:
        key = (one.kind.value, one.source_id, one.item_id)
        row = rows.setdefault(key, _row(shop_id, one) | {"quantity": 0})
        row["quantity"] = int(str(row["quantity"])) + one.quantity
    if rows:
        upsert(session, ReservationRow, list(rows.values()))


def _row(shop_id: int, one: Reservation) -> dict[str, object]:
    return {
        "shop_id": shop_id,
        "kind": one.kind.value,
        "source_id": one.source_id,
        "item_id": one.item_id,
        "name": one.name,
        "location_id": one.location_id,
        "quantity": one.quantity,
        "placed_at": one.placed_at,
    }


def claims_on(session: Session, shop_id: int, item_id: int, kinds: Collection[str]) -> list[Claim]:
    """What units of the item are committed to, oldest first, of the kinds that we may read now."""
    where = (ReservationRow.shop_id == shop_id, ReservationRow.item_id == item_id)
    rows = session.scalars(
        sa.select(ReservationRow)
        .where(*where, ReservationRow.kind.in_(kinds))
        .order_by(ReservationRow.placed_at, ReservationRow.source_id, ReservationRow.kind)
    )
    return [
        Claim(f"{row.kind} {row.name}", row.quantity, row.placed_at, row.location_id, row.kind)
        for row in rows
    ]


def reserved_items(session: Session, shop_id: int) -> set[int]:
    """The items of which units are committed to something besides orders."""
    where = ReservationRow.shop_id == shop_id
    return set(session.scalars(sa.select(ReservationRow.item_id).where(where)))
