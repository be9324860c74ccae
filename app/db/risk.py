"""How likely what was promised is to be late, kept with the promises and their orders."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import PromiseRow
from app.db.order_sums import sum_up
from app.db.statements import chunks


class Word(NamedTuple):
    """A promise that stands: whose, the first day that was said, and how likely it is to be late."""

    order_id: int
    location_id: int
    first_expected_on: date | None
    late_percent: int | None


def words_given(session: Session, shop_id: int, item_id: int) -> Sequence[Word]:
    """The item's promises that stand. No more is read of them: they may be many thousands."""
    row = PromiseRow
    columns = (row.order_id, row.location_id, row.first_expected_on, row.late_percent)
    where = (row.shop_id == shop_id, row.item_id == item_id, row.short > 0)
    return [Word(*each) for each in session.execute(sa.select(*columns).where(*where))]


def record_late_percents(
    session: Session, shop_id: int, item_id: int, percents: Mapping[tuple[int, int], int | None]
) -> None:
    """Keep the chances that have changed, in percent, by order and location (None: nothing is known)."""
    alike: dict[tuple[int, int | None], list[int]] = defaultdict(list)
    for (order_id, location_id), percent in percents.items():
        alike[location_id, percent].append(order_id)
    row = PromiseRow
    for (location_id, percent), order_ids in alike.items():
        where = (row.shop_id == shop_id, row.item_id == item_id, row.location_id == location_id)
        for some in chunks(order_ids):
            statement = sa.update(row).where(*where, row.order_id.in_(some)).values(late_percent=percent)
            session.execute(statement, execution_options={"synchronize_session": False})
    sum_up(session, shop_id, {order_id for order_id, _ in percents})


def late_percents_of(
    session: Session, shop_id: int, item_id: int, order_ids: Collection[int], *, location_id: int
) -> dict[int, int]:
    """The chance, in percent, that these orders' short lines of an item at a location are late, by
    order, where it is known."""
    row = PromiseRow
    where = (row.shop_id == shop_id, row.item_id == item_id, row.location_id == location_id)
    some = row.order_id.in_(order_ids)
    statement = sa.select(row.order_id, row.late_percent).where(*where, some, row.short > 0)
    return {order_id: percent for order_id, percent in session.execute(statement) if percent is not None}
