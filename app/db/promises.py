"""What we say about lines, and what orders show of it."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.desired import WAITING, Ending, ItemState, OrderState, Shown, ShownItem, still_to_ship
from app.core.foreign import Foreign
from app.core.model import Basis, Promise
from app.db.audit import record_event
from app.db.due_items import ask_for_look, lock_item
from app.db.due_orders import is_ready
from app.db.foreign import foreign_of
from app.db.models import (
    NAMES,
    SELLS,
    TAGGED,
    Item,
    LineRow,
    Order,
    OrderItemRow,
    PromiseRow,
    Shop,
    ShownRow,
    Variant,
)
from app.db.stale_orders import is_doubtful
from app.db.statements import chunks, upsert


@dataclass(frozen=True, slots=True)
class DueOrder:
    """An order that is due to be judged: its state, what it shows, what was about to be sent when we
    last heard nothing back, and what others did to it. `is_tagged`: its tags have been written in bulk
    as was intended, and nothing else has."""

    name: str
    is_located: bool
    state: OrderState
    shown: Shown
    intent: Shown | None
    is_tagged: bool = False
    foreign: Foreign = field(default=Foreign())

    @property
    def order_id(self) -> int:
        """The order's own number."""
        return self.state.order_id


def promises_of_item(session: Session, shop_id: int, item_id: int) -> dict[tuple[int, int], PromiseRow]:
    """What we say about the item's lines, by order and location."""
    where = (PromiseRow.shop_id == shop_id, PromiseRow.item_id == item_id)
    return {
        (row.order_id, row.location_id): row
        for row in session.scalars(sa.select(PromiseRow).where(*where))
    }


def record_promises(
    session: Session,
    shop_id: int,
    item_id: int,
    made: Iterable[tuple[Promise, str]],
    *,
    now: datetime,
    cause: str | None,
    held: Mapping[tuple[int, int], int] = MappingProxyType({}),
    today: date | None = None,
    is_counted: bool = True,
) -> None:
    """Say `made` (promises about short lines, with their words) of one item, and of every other line
    of it that it is covered. Orders of which something else is said now are due to be judged. Of a
    line in `held` (by order and location) fewer units short than these are not said yet. Of one that
    stock has come for it is noted whether that was by its first promised day, if it is told which day
    it is in the shop; nothing comes of an item that is not counted (`is_counted`)."""
    standing = promises_of_item(session, shop_id, item_id)
    changed = set()
    for promise, words in made:
        key = (promise.line.order_id, promise.line.location_id)
        row = standing.pop(key, None) or _first_promise(session, shop_id, promise, now)
        said = (promise.short, promise.expected_on, promise.basis)
        if promise.short < held.get(key, 0):
            said = (held[key], row.expected_on, Basis(row.basis))
        else:
            row.words = words
        if (row.short, row.expected_on, row.basis) != said:
            _say(session, row, said, now=now, cause=cause)
            changed.add(row.order_id)
    ended = _endings(session, shop_id, item_id, standing, is_counted=is_counted)
    for key, row in standing.items():
        if held.get(key, row.short) < row.short:
            _say(session, row, (held[key], row.expected_on, Basis(row.basis)), now=now, cause=cause)
            changed.add(row.order_id)
        if row.short > 0 and key not in held:
            why = ended[row.order_id]
            if today is not None and row.first_expected_on is not None and why is Ending.STOCK:
                _note_kept(session, row, row.first_expected_on, today=today, now=now, cause=cause)
            row.words = why.value
            _say(session, row, (0, None, Basis.ON_HAND), now=now, cause=cause)
            changed.add(row.order_id)
    session.flush()
    _sum_up(session, shop_id, changed)
    judge_orders(session, shop_id, changed, at=now)


def _endings(
    session: Session,
    shop_id: int,
    item_id: int,
    rows: Mapping[tuple[int, int], PromiseRow],
    *,
    is_counted: bool,
) -> dict[int, Ending]:
    """What became of the short units of the item, by order, where nothing of it is short any more."""
    short: Counter[int] = Counter()
    for row in rows.values():
        short[row.order_id] += row.short
    waiting = +short
    if not is_counted:
        return dict.fromkeys(waiting, Ending.UNCOUNTED)
    left, units = _left_of(session, shop_id, item_id, waiting)
    named = {order_id for order_id, one in units.items() if one.ordered}
    return {
        order_id: Ending.STOCK if left[order_id] else _without_stock(is_named=order_id in named)
        for order_id in waiting
    }


def _without_stock(*, is_named: bool) -> Ending:
    return Ending.SHIPPED if is_named else Ending.LEFT


class _Units(NamedTuple):
    """Of one item in one order, by its line items."""

    ordered: int
    outstanding: int


def _units_of_item(
    session: Session, shop_id: int, item_id: int, order_ids: Collection[int]
) -> dict[int, _Units]:
    """By order; what was cancelled or deleted has none."""
    found: dict[int, _Units] = {}
    columns = (
        OrderItemRow.order_id,
        sa.func.sum(OrderItemRow.ordered),
        sa.func.sum(OrderItemRow.outstanding),
    )
    mine = sa.and_(Order.shop_id == OrderItemRow.shop_id, Order.order_id == OrderItemRow.order_id)
    for some in chunks(order_ids):
        statement = (
            sa.select(*columns)
            .join(Variant, NAMES)
            .join(Order, mine)
            .where(
                OrderItemRow.shop_id == shop_id,
                OrderItemRow.order_id.in_(some),
                Variant.item_id == item_id,
                Order.is_cancelled.is_(False),
                Order.is_gone.is_(False),
            )
            .group_by(OrderItemRow.order_id)
        )
        found |= {row[0]: _Units(int(row[1]), int(row[2])) for row in session.execute(statement)}
    return found


def _note_kept(
    session: Session,
    row: PromiseRow,
    first: date,
    *,
    today: date,
    now: datetime,
    cause: str | None,
) -> None:
    record_event(
        session,
        row.shop_id,
        "promise kept" if today <= first else "promise broken",
        at=now,
        order_id=row.order_id,
        item_id=row.item_id,
        before=f"first promised {first.isoformat()}",
        after=f"served {today.isoformat()}",
        why=f"{abs((today - first).days)} days {'early' if today <= first else 'late'}",
        cause=cause,
    )


_SUMS = ("short", "short_value", "short_since", "expected_on", "unbacked_on")


def _sum_up(session: Session, shop_id: int, order_ids: Collection[int]) -> None:
    """Keep in each order what its promises come to (see `app.db.models.Order`)."""
    is_short = PromiseRow.short > 0
    dated, short_lines = sa.func.count(PromiseRow.expected_on), sa.func.count()
    for some in chunks(order_ids):
        prices = _prices(shop_id, some)
        # Worth nothing that anybody could say where one of the short items has no price.
        priced = sa.func.count(prices.c.unit_price).filter(is_short) == short_lines.filter(is_short)
        worth = sa.case((priced, sa.func.sum(PromiseRow.short * prices.c.unit_price)))
        sums = (
            sa.select(
                PromiseRow.order_id,
                sa.func.sum(PromiseRow.short).label("short"),
                sa.cast(worth, sa.BigInteger).label("short_value"),
                sa.func.min(PromiseRow.short_since).filter(is_short).label("short_since"),
                sa.case(
                    (
                        dated.filter(is_short) == short_lines.filter(is_short),
                        sa.func.max(PromiseRow.expected_on).filter(is_short),
                    )
                ).label("expected_on"),
                sa.func.min(PromiseRow.expected_on)
                .filter(is_short, PromiseRow.basis == Basis.LEAD_TIME.value)
                .label("unbacked_on"),
            )
            .outerjoin(
                prices,
                sa.and_(
                    prices.c.order_id == PromiseRow.order_id, prices.c.item_id == PromiseRow.item_id
                ),
            )
            .where(PromiseRow.shop_id == shop_id, PromiseRow.order_id.in_(some))
            .group_by(PromiseRow.order_id)
            .subquery()
        )
        values = {name: sums.c[name] for name in _SUMS}
        where = (Order.shop_id == shop_id, Order.order_id == sums.c.order_id)
        session.execute(sa.update(Order).where(*where).values(**values))


def _prices(shop_id: int, order_ids: Collection[int]) -> sa.Subquery:
    """What a unit of each item costs in each of these orders; several lines may sell one item."""
    return (
        sa.select(
            OrderItemRow.order_id,
            Variant.item_id,
            sa.func.avg(OrderItemRow.unit_price).label("unit_price"),
        )
        .join(Variant, NAMES)
        .where(OrderItemRow.shop_id == shop_id, OrderItemRow.order_id.in_(order_ids))
        .group_by(OrderItemRow.order_id, Variant.item_id)
        .subquery()
    )


def _first_promise(session: Session, shop_id: int, promise: Promise, now: datetime) -> PromiseRow:
    row = PromiseRow(
        shop_id=shop_id,
        order_id=promise.line.order_id,
        item_id=promise.line.item_id,
        location_id=promise.line.location_id,
        short=0,
        expected_on=None,
        basis=Basis.ON_HAND,
        words="",
        short_since=now,
        first_expected_on=promise.expected_on,
    )
    session.add(row)
    return row


def _say(
    session: Session,
    row: PromiseRow,
    said: tuple[int, date | None, Basis],
    *,
    now: datetime,
    cause: str | None,
) -> None:
    before = _in_words(row.short, row.expected_on)
    if row.short == 0:
        row.short_since, row.first_expected_on = now, said[1]
    elif row.first_expected_on is None:
        row.first_expected_on = said[1]
    row.short, row.expected_on, row.basis = said
    record_event(
        session,
        row.shop_id,
        "promise",
        at=now,
        order_id=row.order_id,
        item_id=row.item_id,
        before=before,
        after=_in_words(row.short, row.expected_on),
        why=row.words,
        cause=cause,
    )


def _in_words(short: int, expected_on: date | None) -> str:
    if short == 0:
        return "covered"
    return f"{short} short, " + (
        f"expected {expected_on.isoformat()}" if expected_on else "no date known"
    )


def judge_orders(
    session: Session, shop_id: int, order_ids: Collection[int], *, at: datetime | None
) -> None:
    """These orders must be compared with what they show (None: they need not any more)."""
    for some in chunks(order_ids):
        where = (Order.shop_id == shop_id, Order.order_id.in_(some))
        session.execute(sa.update(Order).where(*where).values(judge_at=at))


def judge_showing(session: Session, shop_id: int, item_id: int, *, at: datetime) -> None:
    """Orders that name this item and show something of ours must be compared with that."""
    mine = sa.and_(ShownRow.shop_id == OrderItemRow.shop_id, ShownRow.order_id == OrderItemRow.order_id)
    named = (
        sa.select(OrderItemRow.order_id)
        .join(Variant, NAMES)
        .join(ShownRow, mine)
        .where(Variant.shop_id == shop_id, Variant.item_id == item_id)
    )
    judge_orders(session, shop_id, set(session.scalars(named)), at=at)


def hasten_looks(session: Session, shop_id: int, *, now: datetime) -> None:
    """An order is judged from all its items together: look now at those of due orders that would be
    looked at later. Not while news are awaited, for which items may be waiting too."""
    news_at = session.scalar(sa.select(Shop.news_at).where(Shop.id == shop_id))
    if news_at is not None and news_at > now:
        return
    due = (
        sa.select(Variant.item_id)
        .join(OrderItemRow, NAMES)
        .join(
            Order,
            sa.and_(Order.shop_id == OrderItemRow.shop_id, Order.order_id == OrderItemRow.order_id),
        )
        .where(Variant.shop_id == shop_id, Order.judge_at <= now)
    )
    where = (
        Item.shop_id == shop_id,
        Item.look_at > now,
        Item.unbalanced_since.is_(None),
        Item.item_id.in_(due),
    )
    session.execute(sa.update(Item).where(*where).values(look_at=now))


_QUEUE = (Order.priority.desc(), Order.placed_at, Order.order_id)


def is_anything_due(session: Session, shop_id: int, *, now: datetime) -> bool:
    """Whether an item is to be looked at, or an order to be compared, by now."""
    items = sa.exists().where(Item.shop_id == shop_id, Item.look_at <= now)
    orders = sa.exists().where(Order.shop_id == shop_id, Order.judge_at <= now)
    return bool(session.scalar(sa.select(sa.or_(items, orders))))


def orders_to_judge(session: Session, shop_id: int, *, now: datetime, limit: int) -> list[DueOrder]:
    """Due orders none of whose items must still be looked at and that nobody holds back, longest
    waiting first."""
    where = (Order.shop_id == shop_id, Order.judge_at <= now, is_ready())
    orders = session.scalars(sa.select(Order).where(*where).order_by(*_QUEUE).limit(limit)).all()
    return _due_orders(session, shop_id, orders)


def count_changing_status(session: Session, shop_id: int, *, now: datetime, limit: int) -> int:
    """How many of the orders that are to be judged now, up to a limit, begin to wait or have waited."""
    some = _changing_status(shop_id, now).limit(limit).subquery()
    return session.scalars(sa.select(sa.func.count()).select_from(some)).one()


def orders_changing_status(
    session: Session, shop_id: int, *, now: datetime, limit: int
) -> list[DueOrder]:
    """Those orders, in the order of the queue."""
    ids = session.scalars(_changing_status(shop_id, now).order_by(*_QUEUE).limit(limit)).all()
    return due_orders(session, shop_id, ids, now=now)


def _changing_status(shop_id: int, now: datetime) -> sa.Select[int]:
    begins, ends = Order.short > 0, Order.short == 0
    turns = sa.or_(sa.and_(begins, Order.waits_as == ""), sa.and_(ends, Order.waits_as != ""))
    due = (Order.shop_id == shop_id, Order.judge_at <= now, is_ready(), Order.bulk == "")
    return sa.select(Order.order_id).where(*due, turns)


def due_orders(
    session: Session, shop_id: int, order_ids: Collection[int], *, now: datetime
) -> list[DueOrder]:
    """Those of these orders that are to be judged now."""
    due = (Order.shop_id == shop_id, Order.judge_at <= now, is_ready())
    orders = session.scalars(sa.select(Order).where(*due, Order.order_id.in_(order_ids))).all()
    return _due_orders(session, shop_id, orders)


def look_up_order(session: Session, shop_id: int, order_id: int) -> DueOrder | None:
    """One order as it would be judged, whether it is due or not."""
    orders = session.scalars(
        sa.select(Order).where(Order.shop_id == shop_id, Order.order_id == order_id)
    ).all()
    return next(iter(_due_orders(session, shop_id, orders)), None)


def _due_orders(session: Session, shop_id: int, orders: Sequence[Order]) -> list[DueOrder]:
    ids = [order.order_id for order in orders]
    items = _item_states(session, shop_id, ids)
    rows = session.scalars(
        sa.select(ShownRow).where(ShownRow.shop_id == shop_id, ShownRow.order_id.in_(ids))
    )
    shown = {row.order_id: row for row in rows}
    result = []
    for order in orders:
        row = shown.get(order.order_id)
        state = OrderState(
            order.order_id, order.is_cancelled or order.is_gone, items.get(order.order_id, [])
        )
        was = msgspec.convert(row.shown, Shown) if row else Shown()
        intent = msgspec.convert(row.intent, Shown) if row and row.intent else None
        due = DueOrder(
            order.name,
            order.is_located,
            state,
            was,
            intent,
            is_tagged=order.bulk == TAGGED,
            foreign=foreign_of(row),
        )
        result.append(due)
    return result


def _item_states(
    session: Session, shop_id: int, order_ids: Collection[int]
) -> dict[int, list[ItemState]]:
    """Every item of these orders with what is outstanding and short of it, in line order."""
    short = _short_by_item(session, shop_id, order_ids)
    located = _located_by_item(session, shop_id, order_ids)
    states: dict[int, dict[int, ItemState]] = defaultdict(dict)
    statement = (
        sa.select(OrderItemRow, Item.item_id, Item.kind, Item.is_tracked, Order.is_located)
        .join(Variant, NAMES)
        .join(Item, SELLS)
        .join(
            Order,
            sa.and_(Order.shop_id == OrderItemRow.shop_id, Order.order_id == OrderItemRow.order_id),
        )
        .where(OrderItemRow.shop_id == shop_id, OrderItemRow.order_id.in_(order_ids))
        .order_by(OrderItemRow.line_id)
    )
    for row, item_id, kind, is_tracked, is_located in session.execute(statement):
        units, expected_on = short.get((row.order_id, item_id), (0, None))
        was = states[row.order_id].get(item_id)
        told = row.outstanding + (was.outstanding if was else 0)
        states[row.order_id][item_id] = ItemState(
            item_id=item_id,
            title=row.title,
            sku=row.sku,
            ordered=row.ordered + (was.ordered if was else 0),
            outstanding=located.get((row.order_id, item_id), 0) if is_located else told,
            short=units,
            expected_on=expected_on,
            kind=kind,
            is_counted=is_tracked,
        )
    return {order_id: list(items.values()) for order_id, items in states.items()}


def _short_by_item(
    session: Session, shop_id: int, order_ids: Collection[int]
) -> dict[tuple[int, int], tuple[int, date | None]]:
    """Units short and the day the last of them is expected, by order and item, locations together."""
    where = (PromiseRow.shop_id == shop_id, PromiseRow.order_id.in_(order_ids), PromiseRow.short > 0)
    found: dict[tuple[int, int], tuple[int, date | None]] = {}
    for row in session.scalars(sa.select(PromiseRow).where(*where)):
        units, day = found.get((row.order_id, row.item_id), (0, date.min))
        latest = None if day is None or row.expected_on is None else max(day, row.expected_on)
        found[row.order_id, row.item_id] = (units + row.short, latest)
    return found


def _located_by_item(
    session: Session, shop_id: int, order_ids: Collection[int]
) -> dict[tuple[int, int], int]:
    statement = (
        sa.select(LineRow.order_id, LineRow.item_id, sa.func.sum(LineRow.quantity))
        .where(LineRow.shop_id == shop_id, LineRow.order_id.in_(order_ids))
        .group_by(LineRow.order_id, LineRow.item_id)
    )
    return {(order_id, item_id): int(units) for order_id, item_id, units in session.execute(statement)}


def orders_showing(session: Session, shop_id: int, order_ids: Collection[int]) -> set[int]:
    """Which of these orders show, by our doing, that they wait."""
    shown = _items_shown(session, shop_id, order_ids)
    return {order_id for order_id, items in shown.items() if items}


def _left_of(
    session: Session, shop_id: int, item_id: int, short: Mapping[int, int]
) -> tuple[dict[int, int], dict[int, _Units]]:
    """How many of the units that these orders are called short of are still to be shipped, as far as
    what they show of the item lets us tell, and all they have of it."""
    said = {
        order_id: next((each for each in items if each.item_id == item_id), None)
        for order_id, items in _items_shown(session, shop_id, short).items()
    }
    units = _units_of_item(session, shop_id, item_id, short)
    left = {}
    for order_id, count in short.items():
        was, has = said.get(order_id), units.get(order_id, _Units(0, 0))
        left[order_id] = (
            min(count, has.outstanding)
            if was is None
            else still_to_ship(was, ordered=has.ordered, outstanding=has.outstanding)
        )
    return left, units


def _items_shown(
    session: Session, shop_id: int, order_ids: Collection[int]
) -> dict[int, tuple[ShownItem, ...]]:
    """What these orders show of their short items, by our doing."""
    found: dict[int, tuple[ShownItem, ...]] = {}
    for some in chunks(order_ids):
        where = (ShownRow.shop_id == shop_id, ShownRow.order_id.in_(some))
        for order_id, kept in session.execute(
            sa.select(ShownRow.order_id, ShownRow.shown).where(*where)
        ):
            found[order_id] = msgspec.convert(kept, Shown).items
    return found


def stale_orders_shown(session: Session, shop_id: int, *, seen_since: datetime) -> list[int]:
    """The orders that show something of ours though what we know of them may be out of date: stale
    ones, and doubtful ones of those seen since that wait for nothing. Of one that waits the books of its
    item tell."""
    mine = (ShownRow.shop_id == Order.shop_id) & (ShownRow.order_id == Order.order_id)
    waits = sa.exists().where(
        PromiseRow.shop_id == Order.shop_id, PromiseRow.order_id == Order.order_id, PromiseRow.short > 0
    )
    may_be_doubtful = sa.and_(Order.seen_at >= seen_since, ~waits)
    statement = (
        sa.select(Order.order_id, Order.is_stale, Order.updated_at, Order.seen_at)
        .join(ShownRow, mine)
        .where(Order.shop_id == shop_id, Order.is_gone.is_(False), Order.is_stale | may_be_doubtful)
        .order_by(Order.order_id)
    )
    return [
        order_id
        for order_id, is_stale, updated_at, seen_at in session.execute(statement)
        if is_stale or is_doubtful(updated_at, seen_at)
    ]


def orders_saying_notice(session: Session, shop_id: int) -> set[int]:
    """The orders that say by our tag that their buyers must be told of the delay."""
    says = ShownRow.shown["owes_notice"].as_boolean()
    where = (ShownRow.shop_id == shop_id, says.is_(True))
    return set(session.scalars(sa.select(ShownRow.order_id).where(*where)))


def intend(session: Session, shop_id: int, intents: Sequence[tuple[int, Shown, Shown]]) -> None:
    """Before sending: keep what is about to be shown beside what was, by order id, so that what
    arrives without our hearing of it is known as ours."""
    rows = [
        {
            "shop_id": shop_id,
            "order_id": order_id,
            "shown": msgspec.to_builtins(shown),
            "intent": msgspec.to_builtins(intent),
        }
        for order_id, shown, intent in intents
    ]
    if rows:
        upsert(session, ShownRow, rows)


def record_shown(session: Session, shop_id: int, order_id: int, shown: Shown, *, now: datetime) -> None:
    """The order shows this now. Lines that are covered have been told so and are forgotten."""
    row = {
        "shop_id": shop_id,
        "order_id": order_id,
        "shown": msgspec.to_builtins(shown),
        "intent": None,
        "written_at": now,
    }
    upsert(session, ShownRow, [row])
    session.execute(
        sa.update(Order)
        .where(Order.shop_id == shop_id, Order.order_id == order_id)
        .values(
            released_on=shown.released_on,
            waits_as=shown.status.value if shown.status in WAITING else "",
        )
    )
    settle_order(session, shop_id, order_id)


def settle_order(session: Session, shop_id: int, order_id: int) -> None:
    """The order shows what it should: it is not due any more, and its covered lines are forgotten."""
    where = (PromiseRow.shop_id == shop_id, PromiseRow.order_id == order_id, PromiseRow.short == 0)
    session.execute(sa.delete(PromiseRow).where(*where))
    settled = {"judge_at": None, "attempts": 0, "problem": None, "bulk": ""}
    session.execute(
        sa.update(Order).where(Order.shop_id == shop_id, Order.order_id == order_id).values(**settled)
    )


def set_aside(session: Session, shop_id: int, order_id: int, problem: str, *, now: datetime) -> None:
    """One order could not be written: say why, and try it again later and later, at most hourly."""
    order = session.get_one(Order, (shop_id, order_id))
    order.problem, order.attempts, order.bulk = problem, order.attempts + 1, ""
    order.judge_at = now + timedelta(seconds=min(3600, 15 * 2**order.attempts))


def set_lead_time(session: Session, item: Item, days: int | None, *, now: datetime) -> None:
    """The item's own lead time in calendar days; its promises are made anew."""
    item = lock_item(session, item.shop_id, item.item_id)
    item.lead_time_days = days
    ask_for_look(item, at=now, cause="lead time set")


def set_shop_lead_time(session: Session, shop: Shop, days: int | None, *, now: datetime) -> None:
    """The lead time of every item that has none of its own."""
    shop.lead_time_days = days
    where = (Item.shop_id == shop.id, Item.has_queue)
    for item in session.scalars(sa.select(Item).where(*where).with_for_update()):
        ask_for_look(item, at=now, cause="lead time set")


def short_orders(
    session: Session, shop_id: int, *, limit: int = 200
) -> Sequence[tuple[PromiseRow, Order, Item]]:
    """Lines that are short now with their order and item, longest waiting first."""
    statement = (
        sa.select(PromiseRow, Order, Item)
        .join(Order, sa.and_(Order.shop_id == PromiseRow.shop_id, Order.order_id == PromiseRow.order_id))
        .join(Item, sa.and_(Item.shop_id == PromiseRow.shop_id, Item.item_id == PromiseRow.item_id))
        .where(PromiseRow.shop_id == shop_id, PromiseRow.short > 0)
        .order_by(Order.priority.desc(), Order.placed_at, Order.order_id)
        .limit(limit)
    )
    return [(promise, order, item) for promise, order, item in session.execute(statement)]


def short_of_others(
    session: Session, shop_id: int, order_ids: Collection[int], *, but_item: int
) -> set[int]:
    """Which of these orders are short of any other item."""
    found: set[int] = set()
    for some in chunks(order_ids):
        where = (
            PromiseRow.shop_id == shop_id,
            PromiseRow.order_id.in_(some),
            PromiseRow.item_id != but_item,
            PromiseRow.short > 0,
        )
        found |= set(session.scalars(sa.select(PromiseRow.order_id).where(*where)))
    return found


@dataclass(frozen=True, slots=True)
class ShortCount:
    """How much of a shop waits."""

    orders: int
    units: int


def count_short(session: Session, shop_id: int) -> ShortCount:
    """How many orders and units are short now."""
    statement = sa.select(
        sa.func.count(sa.distinct(PromiseRow.order_id)),
        sa.func.coalesce(sa.func.sum(PromiseRow.short), 0),
    ).where(PromiseRow.shop_id == shop_id, PromiseRow.short > 0)
    orders, units = session.execute(statement).one()
    return ShortCount(orders, int(units))
