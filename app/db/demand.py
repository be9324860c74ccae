"""What orders took of an item's figures, as far as readings may not show it yet, and the orders that
can't be judged until they do."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.freshness import DemandChange, happened_by
from app.core.taken import NOTHING, Took, Units, follow, together
from app.db.models import DemandChangeRow, DoubtRow, LineRow
from app.db.statements import chunks, upsert
from app.platforms.base import LineItem, LinePart, LocatedLine, OrderSeen

# So long at least are changes kept for which no reading asks any more.
_KEPT = timedelta(hours=1)

ItemLocation = tuple[int, int]
"""An item and a location."""


Parts = Mapping[int, Units]
"""The line items that name an item, by their ids."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A copy of an order, its lines before (as `lines_of` tells them), and its line items before and
    after. `is_begun`: it was placed before, however much of it was shipped since. `is_first`: nothing
    was known of the order."""

    copy: OrderSeen
    lines: Mapping[ItemLocation, Parts]
    before: Mapping[int, LineItem]
    after: Mapping[int, LineItem]
    is_begun: bool
    is_first: bool


def lines_of(
    session: Session, shop_id: int, order_ids: Collection[int]
) -> dict[int, dict[ItemLocation, Parts]]:
    """The lines of these orders by order, item and location, where it is remembered which of their units
    have lowered the figures."""
    found: dict[int, dict[ItemLocation, Parts]] = defaultdict(dict)
    for some in chunks(order_ids):
        where = (LineRow.shop_id == shop_id, LineRow.order_id.in_(some), LineRow.parts.is_not(None))
        for row in session.scalars(sa.select(LineRow).where(*where)):
            parts = {line_id: Units(*units) for line_id, *units in row.parts or ()}
            found[row.order_id][row.item_id, row.location_id] = parts
    return found


def remember_taken(
    session: Session, shop_id: int, copies: Sequence[Taken], *, seen_at: datetime
) -> None:
    """Note of each line of these copies which of its units have lowered the figures, and what changed of
    that. Where the platform counts by itself what orders take there is nothing to remember. `seen_at`,
    when the copies were seen, is by the platform's clock, as their own times are."""
    lines: list[dict[str, object]] = []
    changes: list[dict[str, object]] = []
    for one in copies:
        # Shopify commits to every open unit by itself, so there is nothing to remember of its orders.
        if not _depends_on_settings(one):
            continue
        key: dict[str, object] = {"shop_id": shop_id, "order_id": one.copy.order_id}
        at = happened_by(one.copy.updated_at, known_at=seen_at)
        for place, line, parts in _follow(one):
            at_place = key | {"item_id": place[0], "location_id": place[1]}
            took = together(parts.values())
            if line is not None:
                lines.append(at_place | _remembered(line, parts))
            told = [(took.units, took.short)] if took.is_change else []
            told += [(0, -took.sent_short)] if took.sent_short else []
            changes += [at_place | {"at": at, "units": units, "short": short} for units, short in told]
        changes += [key | back for back in _given_back_unseen(one, at)]
    _write(session, lines, changes)


def _given_back_unseen(one: Taken, at: datetime) -> Iterator[dict[str, object]]:
    """What an order gave back that was canceled before we first read it: figures of a while ago may
    still have it as taken, and nothing else tells by whom."""
    if one.is_first and one.copy.is_cancelled and one.copy.routing is not None:
        for line in one.copy.routing.lines:
            if line.lowers_stock:
                place = {"item_id": line.item_id, "location_id": line.location_id}
                yield place | {"at": at, "units": -line.quantity, "short": 0}


def _remembered(line: LocatedLine, parts: Mapping[int, Took]) -> dict[str, object]:
    return {
        "quantity": line.quantity,
        "backordered": line.backordered,
        "taken": sum(parts[one.line_id].taken for one in line.parts),
        "parts": [
            [one.line_id, one.quantity, one.backordered, parts[one.line_id].taken] for one in line.parts
        ],
    }


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
    return bool(one.lines) or any(line.lowers_stock is not None for line in routing.lines)


def _follow(one: Taken) -> Iterator[tuple[ItemLocation, LocatedLine | None, dict[int, Took]]]:
    """What becomes of each line of the order, by line item."""
    lines = () if one.copy.is_cancelled or one.copy.routing is None else one.copy.routing.lines
    found = {(line.item_id, line.location_id): line for line in lines}
    # What a whole order has not lowered yet it lowers as it is shipped; of others such units were added.
    lowers_when_sent = not any(part.taken for parts in one.lines.values() for part in parts.values())
    # Also places that the order has left: what it took there was given back, or shipped.
    for place in sorted(one.lines.keys() | found.keys()):
        line, before = found.get(place), one.lines.get(place, {})
        after = {part.line_id: part for part in line.parts} if line else {}
        lowers = _lowers(line, one)
        parts = {
            line_id: _follow_part(
                one,
                line_id,
                before.get(line_id, NOTHING),
                part,
                lowers=lowers,
                lowers_when_sent=lowers_when_sent,
            )
            for line_id in sorted(before.keys() | after.keys())
            for part in [after.get(line_id, LinePart(line_id, 0))]
        }
        yield place, line, parts


def _follow_part(
    one: Taken,
    line_id: int,
    before: Units,
    part: LinePart,
    *,
    lowers: bool,
    lowers_when_sent: bool,
) -> Took:
    was, now = one.before.get(line_id), one.after.get(line_id)
    more = (now.ordered if now else 0) - (was.ordered if was else 0)
    fewer = before.quantity - part.quantity
    return follow(
        before,
        part.quantity,
        part.backordered,
        lowers=lowers,
        lowers_when_sent=lowers_when_sent and not one.copy.is_cancelled,
        # Fewer ordered and fewer open: taken out. As many ordered and fewer open: shipped.
        gone=max(0, min(-more, fewer)),
        # Of a line item that we know for the first time nothing was added: all of it is new.
        come=max(0, more) if was else 0,
    )


def _lowers(line: LocatedLine | None, one: Taken) -> bool:
    """Whether units that come to a line lower the figures: those of an order that begins by one setting,
    those that staff add by another."""
    if line is None or not line.lowers_stock:
        return False
    return line.follows_edits or not one.is_begun


def forget_lines(
    session: Session, shop_id: int, order_ids: Collection[int], *, seen_at: datetime
) -> None:
    """These orders are gone, as was seen then by the platform's clock: what they had taken may have been
    given back."""
    gone: list[dict[str, object]] = [
        {
            "shop_id": shop_id,
            "order_id": order_id,
            "item_id": place[0],
            "location_id": place[1],
            "at": seen_at,
            "units": -taken,
            "short": 0,
        }
        for order_id, lines in lines_of(session, shop_id, order_ids).items()
        for place, parts in lines.items()
        if (taken := sum(units.taken for units in parts.values()))
    ]
    _write(session, [], gone)


def changes_since(
    session: Session,
    shop_id: int,
    item_id: int,
    *,
    since: datetime,
    skew: timedelta = timedelta(),
) -> list[DemandChange]:
    """What orders took of the item since then, by our clock, of which the platform's is ahead by `skew`;
    older changes of it are forgotten, every figure shows them."""
    since += skew
    mine = (DemandChangeRow.shop_id == shop_id, DemandChangeRow.item_id == item_id)
    session.execute(sa.delete(DemandChangeRow).where(*mine, DemandChangeRow.at < since - _KEPT))
    rows = session.scalars(
        sa.select(DemandChangeRow)
        .where(*mine, DemandChangeRow.at > since)
        .order_by(DemandChangeRow.at, DemandChangeRow.id)
    )
    return [
        DemandChange(row.order_id, row.location_id, row.at - skew, row.units, row.short) for row in rows
    ]


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


def doubts_about(
    session: Session, shop_id: int, order_ids: Collection[int]
) -> dict[int, dict[int, datetime]]:
    """By order: the items whose figures can't tell yet what is true of it, and until when each can't."""
    found: dict[int, dict[int, datetime]] = defaultdict(dict)
    for some in chunks(order_ids):
        where = (DoubtRow.shop_id == shop_id, DoubtRow.order_id.in_(some))
        for row in session.scalars(sa.select(DoubtRow).where(*where)):
            found[row.order_id][row.item_id] = row.until
    return dict(found)
