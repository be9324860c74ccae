"""How likely what was promised is to be late, kept with the promises and their orders."""

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.model import Line
from app.db.models import PromiseRow
from app.db.order_sums import sum_up
from app.db.promises import promises_of_item


def record_late_percents(
    session: Session, shop_id: int, item_id: int, percents: Mapping[tuple[int, int], int | None]
) -> None:
    """Keep the chance of each short line of the item, in percent, by order and location (missing or
    None: nothing is known of it, or nothing is short)."""
    changed = set()
    for key, row in promises_of_item(session, shop_id, item_id).items():
        percent = percents.get(key) if row.short else None
        if row.late_percent != percent:
            row.late_percent = percent
            changed.add(row.order_id)
    session.flush()
    sum_up(session, shop_id, changed)


def late_percents_of(session: Session, shop_id: int, lines: Collection[Line]) -> dict[int, int]:
    """The chance of each of these short lines, in percent, by order, where it is known; they are of one
    item at one location."""
    at = {(line.item_id, line.location_id) for line in lines}
    if len(at) != 1:
        return {}
    ((item_id, location_id),) = at
    row = PromiseRow
    where = (row.shop_id == shop_id, row.item_id == item_id, row.location_id == location_id)
    some = row.order_id.in_({line.order_id for line in lines})
    statement = sa.select(row.order_id, row.late_percent).where(*where, some, row.short > 0)
    return {order_id: percent for order_id, percent in session.execute(statement) if percent is not None}
