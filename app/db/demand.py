"""What orders took of an item's figures, as far as readings may not show it yet, and the orders that
can't be judged until they do."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.freshness import DemandChange, happened_by
from app.core.taken import NOTHING, Took, Units, follow
from app.db.models import DemandChangeRow, DoubtRow, LineRow, Variant
from app.db.statements import chunks, upsert
from app.platforms.base import LocatedLine, OrderSeen

# So long at least are changes kept for which no reading asks any more.
_KEPT = timedelta(hours=1)

Place = tuple[int, int]
"""An item and a location."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A copy of an order, its lines before (as `lines_of` tells them), and the units of each variant
    that are no more part of it, without having been shipped. `is_begun`: something of it was open."""

    copy: OrderSeen
    before: Mapping[Place, Units]
    gone: Mapping[int, int]
    is_begun: bool


def lines_of(
    session: Session, shop_id: int, order_ids: Collection[int]
) -> dict[int, dict[Place, Units]]:
    """The lines of these orders by order, item and location, where it is remembered which of their units
    have lowered the figures."""
    found: dict[int, dict[Place, Units]] = defaultdict(dict)
    for some in chunks(order_ids):
        where = (LineRow.shop_id == shop_id, LineRow.order_id.in_(some), LineRow.taken.is_not(None))
        for row in session.scalars(sa.select(LineRow).where(*where)):
            units = Units(row.quantity, row.backordered, row.taken or 0)
            found[row.order_id][row.item_id, row.location_id] = units
    return found


def remember_taken(session: Session, shop_id: int, copies: Sequence[Taken], *, now: datetime) -> None:
    """Note of each line of these copies which of its units have lowered the figures, and what changed of
    that. Where the platform counts by itself what orders take there is nothing to remember."""
    told = [one for one in copies if _depends_on_settings(one)]
    items = _items_of(session, shop_id, {variant_id for one in told for variant_id in one.gone})
    lines: list[dict[str, object]] = []
    changes: list[dict[str, object]] = []
    for one in told:
        key: dict[str, object] = {"shop_id": shop_id, "order_id": one.copy.order_id}
        at = happened_by(one.copy.updated_at, known_at=now)
        for place, line, took in _follow(one, items):
            at_place = key | {"item_id": place[0], "location_id": place[1]}
            if line is not None:
                units = {"quantity": line.quantity, "backordered": line.backordered}
                lines.append(at_place | units | {"taken": took.taken})
            if took.is_change:
                changes.append(at_place | {"at": at, "units": took.units, "short": took.short})
    _write(session, lines, changes)


def _write(
    session: Session, lines: Sequence[dict[str, object]], changes: Sequence[dict[str, object]]
) -> None:
    if lines:
        upsert(session, LineRow, lines)
    if changes:
        session.execute(sa.insert(DemandChangeRow), changes)


def _depends_on_settings(one: Taken) -> bool:
    routing = one.copy.routing
    if routing is None:
        return False
    return bool(one.before) or any(line.lowers_stock is not None for line in routing.lines)


def _items_of(session: Session, shop_id: int, variant_ids: Collection[int]) -> dict[int, int | None]:
    found: dict[int, int | None] = {}
    for some in chunks(variant_ids):
        where = (Variant.shop_id == shop_id, Variant.variant_id.in_(some))
        found |= dict(
            session.execute(sa.select(Variant.variant_id, Variant.item_id).where(*where)).all()
        )
    return found


def _follow(
    one: Taken, items: Mapping[int, int | None]
) -> Iterator[tuple[Place, LocatedLine | None, Took]]:
    """What becomes of each line of the order."""
    gone: Counter[int] = Counter()
    for variant_id, units in one.gone.items():
        gone[items.get(variant_id) or 0] += units
    lines = () if one.copy.is_cancelled or one.copy.routing is None else one.copy.routing.lines
    after = {(line.item_id, line.location_id): line for line in lines}
    for place in sorted(one.before.keys() | after.keys()):
        before, line = one.before.get(place, NOTHING), after.get(place)
        now = (line.quantity, line.backordered) if line else (0, 0)
        out = min(gone[place[0]], before.quantity)
        gone[place[0]] -= out
        yield place, line, follow(before, *now, lowers=_lowers(line, one), gone=out)


def _lowers(line: LocatedLine | None, one: Taken) -> bool:
    """Whether units that come to a line lower the figures: those of an order that begins by one setting,
    those that staff add by another."""
    if line is None or not line.lowers_stock:
        return False
    return line.follows_edits or not one.is_begun


def forget_lines(session: Session, shop_id: int, order_ids: Collection[int], *, now: datetime) -> None:
    """These orders are gone: what they had taken may have been given back."""
    gone: list[dict[str, object]] = [
        {
            "shop_id": shop_id,
            "order_id": order_id,
            "item_id": place[0],
            "location_id": place[1],
            "at": now,
            "units": -units.taken,
            "short": 0,
        }
        for order_id, lines in lines_of(session, shop_id, order_ids).items()
        for place, units in lines.items()
        if units.taken
    ]
    _write(session, [], gone)


def changes_since(
    session: Session, shop_id: int, item_id: int, *, since: datetime
) -> list[DemandChange]:
    """What orders took of the item since; older changes of it are forgotten, every figure shows them."""
    mine = (DemandChangeRow.shop_id == shop_id, DemandChangeRow.item_id == item_id)
    session.execute(sa.delete(DemandChangeRow).where(*mine, DemandChangeRow.at < since - _KEPT))
    rows = session.scalars(
        sa.select(DemandChangeRow)
        .where(*mine, DemandChangeRow.at > since)
        .order_by(DemandChangeRow.at, DemandChangeRow.id)
    )
    return [DemandChange(row.order_id, row.location_id, row.at, row.units, row.short) for row in rows]


def keep_doubts(
    session: Session, shop_id: int, item_id: int, order_ids: Collection[int], *, until: datetime
) -> None:
    """These orders, and no others, can't be judged by the figures of the item before then."""
    mine = (DoubtRow.shop_id == shop_id, DoubtRow.item_id == item_id)
    session.execute(sa.delete(DoubtRow).where(*mine))
    session.add_all(
        DoubtRow(shop_id=shop_id, order_id=order_id, item_id=item_id, until=until)
        for order_id in order_ids
    )
    session.flush()


def doubts_about(session: Session, shop_id: int, order_ids: Collection[int]) -> dict[int, datetime]:
    """Until when each of these orders can't be judged by all its items; the others are missing."""
    found: dict[int, datetime] = {}
    for some in chunks(order_ids):
        where = (DoubtRow.shop_id == shop_id, DoubtRow.order_id.in_(some))
        latest = sa.select(DoubtRow.order_id, sa.func.max(DoubtRow.until)).where(*where)
        found |= dict(session.execute(latest.group_by(DoubtRow.order_id)).all())
    return found
